"""Dates, numbers and money, as the one we speak to writes them. (␣ stands for a no-break space, ⸱ for a narrow one.)"""
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from markupsafe import Markup

import formats
from i18n import Voice, speaking

FIRST, FOURTH = date(2026, 12, 1), date(2026, 12, 4)
AFTERNOON = datetime(2026, 12, 4, 13, 5, tzinfo=UTC)


def shown(text):
    return text.replace("\N{NO-BREAK SPACE}", "␣").replace("\N{NARROW NO-BREAK SPACE}", "⸱")


def each(*rows):
    """Rows of (language, country, what is written)."""
    return pytest.mark.parametrize(("language", "country", "written"), rows)


@each(("fr", "CH", ["4 déc. 2026", "1er déc. 2026", "1er décembre 2026", "4 décembre"]),
      ("fr", "", ["4 déc. 2026", "1er déc. 2026", "1er décembre 2026", "4 décembre"]),
      ("de", "CH", ["04.12.2026", "01.12.2026", "1. Dezember 2026", "4. Dezember"]),
      ("de", "DE", ["04.12.2026", "01.12.2026", "1. Dezember 2026", "4. Dezember"]),
      ("en", "CH", ["4 Dec 2026", "1 Dec 2026", "1 December 2026", "4 December"]),
      ("en", "US", ["Dec 4, 2026", "Dec 1, 2026", "December 1, 2026", "December 4"]),
      ("es", "ES", ["4 dic 2026", "1 dic 2026", "1 de diciembre de 2026", "4 de diciembre"]),
      ("es", "CH", ["4 dic 2026", "1 dic 2026", "1 de diciembre de 2026", "4 de diciembre"]),
      ("it", "CH", ["4 dic 2026", "1º dic 2026", "1º dicembre 2026", "4 dicembre"]))
def test_a_day(language, country, written):
    with speaking(Voice(language, country)):
        assert [formats.day(FOURTH), formats.day(FIRST), formats.day(FIRST, "long"),
                formats.day(FOURTH, "yearless")] == written


@each(("fr", "CH", ["1⸱249,00␣CHF", "−32,40␣CHF", "15,60␣€"]),
      ("fr", "FR", ["1⸱249,00␣CHF", "−32,40␣CHF", "15,60␣€"]),
      ("de", "CH", ["CHF␣1’249.00", "CHF␣−32.40", "EUR␣15.60"]),
      ("de", "DE", ["1.249,00␣CHF", "−32,40␣CHF", "15,60␣€"]),
      ("en", "CH", ["CHF␣1,249.00", "−CHF␣32.40", "€15.60"]),
      ("en", "GB", ["CHF␣1,249.00", "−CHF␣32.40", "€15.60"]),
      ("es", "ES", ["1.249,00␣CHF", "−32,40␣CHF", "15,60␣€"]),
      ("it", "CH", ["CHF␣1’249.00", "CHF␣−32.40", "€␣15.60"]),
      ("it", "IT", ["1.249,00␣CHF", "−32,40␣CHF", "15,60␣€"]))
def test_money(language, country, written):
    with speaking(Voice(language, country)):
        assert [shown(formats.money(*amount)) for amount in ((124900, "CHF"), (-3240, "CHF"), (1560, "EUR"))] == written


def test_a_currency_without_cents_has_none():
    with speaking(Voice("en", "GB")):
        assert formats.money(1500, "JPY") == "JP¥1,500"


@each(("fr", "CH", ["−12⸱345,5", "8,1␣%"]), ("de", "CH", ["−12’345.5", "8.1␣%"]), ("de", "DE", ["−12.345,5", "8,1␣%"]),
      ("en", "GB", ["−12,345.5", "8.1%"]), ("es", "ES", ["−12.345,5", "8,1␣%"]), ("it", "CH", ["−12’345.5", "8.1%"]))
def test_numbers_and_per_cent(language, country, written):
    with speaking(Voice(language, country)):
        assert [shown(formats.number(-12345.5)), shown(formats.percent(Decimal("0.081")))] == written


@each(("fr", "CH", "4 déc. 2026, 14:05 (heure normale d’Europe centrale)"),
      ("de", "CH", "04.12.2026, 14:05 (Mitteleuropäische Normalzeit)"),
      ("en", "GB", "4 Dec 2026, 14:05 (Central European Standard Time)"),
      ("es", "ES", "4 dic 2026, 14:05 (hora estándar de Europa central)"),
      ("it", "IT", "4 dic 2026, 14:05 (Ora standard dell’Europa centrale)"))
def test_a_moment_in_the_readers_zone_which_is_named_for_a_deadline(language, country, written):
    with speaking(Voice(language, country, "Europe/Zurich")):
        assert formats.moment(AFTERNOON, zone=True) == written
        assert formats.moment(AFTERNOON) == written.partition(" (")[0]


def test_an_instant_falls_on_the_readers_day():
    with speaking(Voice("en", "GB", "Pacific/Auckland")):
        assert formats.day(AFTERNOON) == "5 Dec 2026"
        assert formats.moment(AFTERNOON) == "5 Dec 2026, 02:05"


@each(("fr", "CH", ["à l’instant", "il y a 12 minutes", "il y a 23 heures", "il y a 1 jour", "dans 2 jours",
                    "4 oct. 2026"]),
      ("de", "CH", ["gerade eben", "vor 12 Minuten", "vor 23 Stunden", "vor 1 Tag", "in 2 Tagen", "04.10.2026"]),
      ("en", "GB", ["just now", "12 minutes ago", "23 hours ago", "1 day ago", "in 2 days", "4 Oct 2026"]),
      ("es", "ES", ["ahora mismo", "hace 12 minutos", "hace 23 horas", "hace 1 día", "dentro de 2 días", "4 oct 2026"]),
      ("it", "IT", ["proprio ora", "12 minuti fa", "23 ore fa", "1 giorno fa", "tra 2 giorni", "4 ott 2026"]))
@time_machine.travel(AFTERNOON, tick=False)
def test_how_long_ago(language, country, written):
    with speaking(Voice(language, country)):
        assert [formats.ago(AFTERNOON + distance) for distance in (
            -timedelta(seconds=5), -timedelta(minutes=12, seconds=50), -timedelta(hours=23, minutes=59),
            -timedelta(hours=47), timedelta(days=2, hours=3), -timedelta(days=61))] == written


@each(("fr", "", "a, b et c"), ("de", "", "a, b und c"), ("en", "", "a, b and c"), ("es", "", "a, b y c"),
      ("it", "", "a, b e c"))
def test_a_list(language, country, written):
    with speaking(Voice(language, country)):
        assert formats.list_of(["a", "b", "c"]) == written
        assert formats.list_of(["a"]) == "a"
        assert formats.list_of([]) == ""


@pytest.mark.parametrize(("last", "written"), [
    ("Informes", "Personal e Informes"), ("Íñigo", "Personal e Íñigo"), ("Hilario", "Personal e Hilario"),
    ("hielo", "Personal y hielo"), ("Ventas", "Personal y Ventas"), ("Yolanda", "Personal y Yolanda"),
    (Markup("<b>Inés</b>"), "Personal e <b>Inés</b>")])
def test_spanish_does_not_say_the_same_sound_twice_in_a_list(last, written):
    with speaking(Voice("es")):
        assert formats.list_of(["Personal", last]) == written
        assert formats.list_of(["Ana", "Personal", last]) == f"Ana, {written}"


def test_a_list_of_markup_escapes_what_is_none():
    with speaking(Voice("en")):
        assert formats.list_of([Markup("<b>a</b>"), "<i>"]) == Markup("<b>a</b> and &lt;i&gt;")


def test_an_address_breaks_after_its_slashes_and_stays_one_otherwise():
    assert formats.breakable("https://kanton.example/gate/callback?a=<b>/") == Markup(
        "https://kanton.example/<wbr>gate/<wbr>callback?a=&lt;b&gt;/")


def test_nothing_is_written_for_no_date():
    assert formats.day(None) == formats.moment(None) == formats.ago(None) == ""


@each(("fr", "", ("Suisse", "Zurich (Suisse)")), ("de", "", ("Schweiz", "Zürich (Schweiz)")),
      ("en", "", ("Switzerland", "Zurich (Switzerland)")), ("es", "", ("Suiza", "Zúrich (Suiza)")),
      ("it", "", ("Svizzera", "Zurigo (Svizzera)")))
def test_countries_and_time_zones_are_named_and_sorted_in_the_language(language, country, written):
    with speaking(Voice(language, country)):
        countries, zones = formats.country_names(), formats.time_zones()
        assert (countries["CH"], dict(zones)["Europe/Zurich"]) == written
        assert list(countries.values()) == sorted(countries.values(), key=formats.folded)
        assert "UTC" in dict(zones)
        assert not {"ZZ", "001", "EU"} & set(countries)
