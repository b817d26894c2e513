"""The five languages."""
import threading
from datetime import date

import pytest

import catalogues
import formats
import i18n
import stories
from i18n import LANGUAGES, Voice, _, _l, choose, country_of, mail_language, ngettext, speaking, voice

INSTALLATION = LANGUAGES[0]


@pytest.fixture
def translations(tmp_path, monkeypatch):
    """Writes a French catalogue of its own: `translations(text of a .po)`."""
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)

    def write(entries):
        (folder / "messages.po").write_text(catalogues._header("fr") + entries)
        i18n.words.cache_clear()
        return folder
    yield write
    i18n.words.cache_clear()


HELLO = 'msgid "Hello, %(name)s"\nmsgstr "Bonjour, %(name)s"\n'


# Choosing


@pytest.mark.parametrize(("asked", "stored", "cookie", "accept", "chosen"), [
    ("de", "fr", "it", "es", "de"),
    (None, "fr", "it", "es", "fr"),
    (None, None, "it", "es", "it"),
    (None, None, None, "es", "es"),
    (None, None, None, None, INSTALLATION),
    ("xx", "", None, "de", "de"),
    ("../../etc/passwd", "fr/..", "FR", None, INSTALLATION),
])
def test_a_page_speaks_the_language_asked_for_then_the_persons_the_cookies_the_browsers_the_installations(
        asked, stored, cookie, accept, chosen):
    assert choose(asked, stored, cookie, accept) == chosen


@pytest.mark.parametrize(("header", "chosen"), [
    ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
    ("nl, de-AT;q=0.4, it;q=0.6", "it"),
    ("DE-ch", "de"),
    ("es;q=0, it;q=0.1", "it"),
    ("fr;q=nonsense, de", "de"),
    ("nl, pl", INSTALLATION),
    (",;q=,;;", INSTALLATION),
    ("x" * 100_000 + ",de", INSTALLATION),
])
def test_the_best_of_the_browsers_languages_is_spoken(header, chosen):
    assert choose(accept=header) == chosen


def test_a_visitor_is_at_home_where_the_browser_says():
    homes = ["de-CH, de;q=0.9", "fr-fr", "de", "zh-Hant-TW", "", None, "de-1996"]
    assert [country_of(header) for header in homes] == ["CH", "FR", "", "", "", "", ""]


def test_a_mail_speaks_the_persons_language_then_the_inviters_choice_then_the_organisations():
    assert mail_language("it", "de", "fr") == "it"
    assert mail_language(None, "de", "fr") == "de"
    assert mail_language(None, None, "fr") == "fr"
    assert mail_language("xx", "", None) == INSTALLATION


# Speaking


def test_what_is_said_follows_the_one_spoken_to():
    said = []
    for language in ("en", "fr", "de", "es", "it"):
        with speaking(Voice(language)):
            said.append(_("just now"))
    assert said == ["just now", "à l’instant", "gerade eben", "ahora mismo", "proprio ora"]


def test_a_voice_ends_with_its_block_and_is_not_heard_in_another_thread():
    heard = []
    before = voice()
    with speaking(Voice("it")):
        with speaking(Voice("de")):
            assert voice().language == "de"
        assert voice().language == "it"
        thread = threading.Thread(target=lambda: heard.append(voice()))
        thread.start()
        thread.join()
    assert voice() == before
    assert heard == [Voice()]


def test_a_lazy_sentence_is_said_when_it_is_shown():
    label = _l("just now")
    with speaking(Voice("de")):
        assert str(label) == f"{label}" == label == "gerade eben"
        assert label.upper() == "GERADE EBEN"
        assert "weit " + label + "!" == "weit gerade eben!"
    with speaking(Voice("fr")):
        assert str(label) == "à l’instant"
    assert {label: 1}[label] == 1


def test_values_are_filled_in_and_a_sentence_without_values_is_taken_as_it_is():
    with speaking(Voice("en")):
        assert _("100 %") == "100 %"
        assert _("100 %% of %(what)s", what="all") == "100 % of all"
        assert str(_l("Hello, %(name)s", name=_l("just now"))) == "Hello, just now"


def test_none_is_singular_in_french_and_plural_in_german(translations):
    translations('msgid "%(num)s team"\nmsgid_plural "%(num)s teams"\n'
                 'msgstr[0] "%(num)s équipe"\nmsgstr[1] "%(num)s équipes"\n')
    def teams():
        return [ngettext("%(num)s team", "%(num)s teams", n) for n in (0, 1, 2)]
    with speaking(Voice("fr")):
        assert teams() == ["0 équipe", "1 équipe", "2 équipes"]
    with speaking(Voice("en")):
        assert teams() == ["0 teams", "1 team", "2 teams"]


def test_swiss_german_knows_no_eszett_and_other_quotes():
    assert i18n.swiss("Schließen Sie „Größe“") == "Schliessen Sie «Grösse»"
    assert [Voice("de", country).words for country in ("CH", "LI", "DE", "")] == ["de-CH", "de-CH", "de", "de"]
    assert Voice("fr", "CH").words == "fr"
    entry = "'%(value)s' is not a valid choice for this field.", "'%(value)s' are not valid choices for this field."
    with speaking(Voice("de", "CH")):
        # What people have typed stays as it is.
        assert ngettext(*entry, 1, value="Weiß") == "«Weiß» steht hier nicht zur Wahl."
    with speaking(Voice("de", "DE")):
        assert ngettext(*entry, 1, value="Weiß") == "„Weiß“ steht hier nicht zur Wahl."


# Catalogues


def test_a_catalogue_is_spoken_before_it_is_compiled_and_after(translations):
    folder = translations(HELLO)
    with speaking(Voice("fr")):
        assert _("Hello, %(name)s", name="Luc") == "Bonjour, Luc"
        assert not (folder / "messages.mo").exists()
        assert i18n.compile_catalogues() == ["fr"]
        assert (folder / "messages.mo").exists()
        assert _("Hello, %(name)s", name="Luc") == "Bonjour, Luc"


@pytest.mark.parametrize("broken", [
    "Bonjour, %(nom)s", "Bonjour", "Bonjour, %(name)", "Bonjour, %(name)s %", "%(name)d", "%(name)s %(other)s", ""])
@pytest.mark.parametrize("compiled", [False, True])
def test_ml_06_a_broken_placeholder_is_said_in_english(translations, broken, compiled):
    translations(f'msgid "Hello, %(name)s"\nmsgstr "{broken}"\n')
    if compiled:
        i18n.compile_catalogues()
    with speaking(Voice("fr")):
        assert _("Hello, %(name)s", name="Luc") == "Hello, Luc"


def test_ml_06_a_catalogue_compiled_elsewhere_does_not_break_a_sentence_either():
    assert i18n.filled("Bonjour, %(nom)s", "Hello, %(name)s", {"name": "Luc"}) == "Hello, Luc"
    assert i18n.filled("Bonjour %", "Hello, %(name)s", {"name": "Luc"}) == "Hello, Luc"


@pytest.mark.parametrize(("article", "before_eight"), [
    ("il", "l’"), ("dal", "dall’"), ("al", "all’"), ("del", "dell’"), ("nel", "nell’"), ("sul", "sull’"), ("Il", "L’"),
    ("Dal", "Dall’"), ("Al", "All’")])
def test_italian_shortens_an_article_before_eight_and_eleven(article, before_eight):
    for number in range(1, 32):
        vowel = number in (8, 11)
        assert i18n.elided(article, f"{number} marzo") == (before_eight if vowel else f"{article} "), number
    assert i18n.elided(article, "1º marzo") == f"{article} "
    assert i18n.elided(article, "<time>8 marzo</time>") == before_eight


def test_an_italian_sentence_says_its_day_aloud():
    sentence, event = "Until %(day)s", "organisation.two_factor_announced"
    with speaking(Voice("it")):
        assert _(sentence, day=formats.day(date(2026, 3, 8))) == "Fino all’8 mar 2026"
        assert _(sentence, day=formats.day(date(2026, 3, 7))) == "Fino al 7 mar 2026"
        assert str(_l(sentence, day="11 marzo")) == "Fino all’11 marzo"
        told = stories.told(stories.ORGANISATION, event, {"by": "Anne", "at": 1773144000 + 86_400})
        assert told.endswith("obbligatoria dall’11 mar 2026")
    with speaking(Voice("fr")):
        assert _(sentence, day=formats.day(date(2026, 3, 1), "long")) == "Jusqu’au 1er mars 2026"
    with speaking(Voice("es")):
        assert i18n.filled("al %(day)s", "", {"day": "8 de marzo"}) == "al 8 de marzo"


def test_no_language_is_a_path():
    assert i18n.words("../../x").gettext("Save") == "Save"
