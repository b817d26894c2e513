"""Dates, numbers and money, as the one we speak to writes them."""
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, localedata
from babel.core import get_global
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_timezone_location,
    get_timezone_name,
)
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from markupsafe import Markup, escape

import clock
from i18n import _, voice

# Where English is at home; elsewhere we write it as in Britain, whatever CLDR makes of «English in France».
ENGLISH = {"AU", "CA", "GB", "IE", "IN", "MT", "NZ", "SG", "US", "ZA"}
MINUS = "\N{MINUS SIGN}"
SOUNDS_LIKE_Y = re.compile(r"(?:<[^>]*>)*(?:[ií]|h[ií](?![ae]))", re.IGNORECASE)     # before which Spanish says «e»
AFTER_A_SLASH = re.compile(r"(?<=[^/]/)(?=[^/])")
NO_BREAK = "\N{NO-BREAK SPACE}"


def locale() -> Locale:
    spoken = voice()
    return _locale(spoken.language, spoken.country)


def day(value: date | datetime | None, style: str = "medium", there: str = "") -> str:
    """4 Dec 2026; `long`: 4 December 2026; `yearless`: 4 December.

    An instant is its day in the reader's zone, or `there`, where all readers are to be told the same.
    """
    if value is None:
        return ""
    return _day(locale(), local(value, there).date() if isinstance(value, datetime) else value, style)


def moment(value: datetime | None, zone: bool = False, there: str = "") -> str:
    """4 Dec 2026, 14:05; with its zone where a deadline is told. `there`: on that zone's clock, not the reader's."""
    if value is None:
        return ""
    told = local(value, there)
    text = f"{_day(locale(), told.date(), 'medium')}, {_hour(locale(), told.hour, told.minute)}"
    return f"{text} ({get_timezone_name(told, locale=locale())})" if zone else text


def clock_time(value: datetime) -> str:
    """14:05:09 (Central European Time): to compare two clocks by."""
    there = local(value)
    return f"{format_time(there.time(), 'medium', locale=locale())} ({get_timezone_name(there, locale=locale())})"


def ago(value: datetime | None) -> str:
    """«12 minutes ago», «in 2 days»; beyond a month, the day."""
    if value is None:
        return ""
    distance = value - clock.now()
    if abs(distance) >= timedelta(days=30):
        return day(value)
    if abs(distance) < timedelta(minutes=1):
        return _("just now")
    return _distance(locale(), _rounded(distance))


def number(value: int | float | Decimal) -> str:
    return _number(locale(), value)


def money(minor: int, currency: str) -> str:
    """An amount in minor units (12490 CHF are a hundred and twenty-four francs ninety)."""
    return _money(locale(), minor, currency)


def percent(fraction: float | Decimal) -> str:
    """0.081 is 8.1 %."""
    return _percent(locale(), fraction)


def list_of(items: Sequence[object]) -> str:
    """«a, b and c»."""
    if any(hasattr(item, "__html__") for item in items):
        return Markup(_list_of([str(escape(item)) for item in items]))  # noqa: S704 (escaped)
    return _list_of([str(item) for item in items])


def _list_of(items: list[str]) -> str:
    told = format_list(items, locale=locale())
    if voice().language == "es" and len(items) > 1 and SOUNDS_LIKE_Y.match(items[-1]):
        return f"{told.removesuffix(f' y {items[-1]}')} e {items[-1]}"
    return told


def breakable(address: object) -> Markup:
    """An address that may break after its slashes, and not in the middle of a word."""
    return Markup(AFTER_A_SLASH.sub("<wbr>", str(escape(address))))  # noqa: S704 (escaped)


def country_names() -> dict[str, str]:
    """Code and name, sorted by name."""
    return _countries(voice().language)


def time_zones() -> list[tuple[str, str]]:
    """IANA name and what people call it, sorted by the latter."""
    return _zones(voice().language)


def time_zone_of(country: str) -> str:
    """The first zone of a country, to begin with; UTC where there is none."""
    zones = get_global("territory_zones").get(country)
    return str(zones[0]) if zones else "UTC"


def local(value: datetime, there: str = "") -> datetime:
    """The same instant on the reader's clock, or on that of a zone."""
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(there or voice().time_zone))


@lru_cache
def _locale(language: str, country: str) -> Locale:
    if language == "en" and country not in ENGLISH:
        country = "GB"
    full = f"{language}_{country}"
    return Locale.parse(full if localedata.exists(full) else language)


@lru_cache(4096)
def _day(where: Locale, value: date, style: str) -> str:
    if style == "yearless":
        text = format_skeleton("MMMMd", value, locale=where)
    else:
        text = format_date(value, style, locale=where)
    # CLDR writes «1 décembre», «1 dicembre».
    if first := {"fr": "1er ", "it": "1º "}.get(where.language):
        text = re.sub(r"^1 ", first, text)
    return text


@lru_cache(4096)
def _hour(where: Locale, hour: int, minute: int) -> str:
    return format_time(datetime(2000, 1, 1, hour, minute), "short", locale=where)


def _rounded(distance: timedelta) -> timedelta:
    """Whole days, hours or minutes, never more than have passed: what is cached stays small."""
    sign, length = (-1, -distance) if distance < timedelta() else (1, distance)
    for unit in (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)):
        if length >= unit:
            return sign * (length // unit) * unit
    return timedelta()


@lru_cache(1024)
def _distance(where: Locale, distance: timedelta) -> str:
    # A threshold above one keeps 23 hours from being called a day.
    return format_timedelta(distance, add_direction=True, threshold=1, granularity="minute", locale=where)


@lru_cache(4096)
def _number(where: Locale, value: int | float | Decimal) -> str:
    return format_decimal(value, locale=where).replace("-", MINUS)


@lru_cache(4096)
def _money(where: Locale, minor: int, currency: str) -> str:
    amount = Decimal(abs(minor)).scaleb(-get_currency_precision(currency))
    # CLDR writes «CHF1,249.00» in English.
    text = re.sub(r"([A-Z]{2})(?=\d)", rf"\1{NO_BREAK}", format_currency(amount, currency, locale=where))
    if minor >= 0:
        return text
    # And «CHF-32.40» in Switzerland.
    if where.territory in ("CH", "LI") and not text[0].isdigit():
        return re.sub(r"(?=\d)", MINUS, text, count=1)
    return MINUS + text


@lru_cache(1024)
def _percent(where: Locale, fraction: float | Decimal) -> str:
    # The language's own: CLDR takes the space before % away in Switzerland.
    pattern = re.sub(r"0(?=\D*$)", "0.##", Locale(where.language).percent_formats[None].pattern)
    return format_percent(fraction, pattern, locale=where).replace("-", MINUS)


@lru_cache
def _countries(language: str) -> dict[str, str]:
    names = Locale(language).territories
    # Where a clock hangs, people live: this leaves out «Europe», «Euro zone» and the like.
    inhabited = set(get_global("zone_territories").values()) - {"001", "ZZ"}
    return dict(sorted(((code, names[code]) for code in inhabited), key=lambda pair: folded(pair[1])))


@lru_cache
def _zones(language: str) -> list[tuple[str, str]]:
    where, countries = Locale(language), _countries(language)
    named = [(zone, f"{get_timezone_location(zone, locale=where, return_city=True)} ({countries[country]})")
             for zone, country in get_global("zone_territories").items() if country in countries]
    return [*sorted(named, key=lambda pair: folded(pair[1])), ("UTC", "UTC")]


def folded(name: str) -> str:
    """For sorting: without case and accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).casefold()
