"""The five languages: choose one, and speak it. (Dates, numbers and money are in `formats`.)"""
import gettext as gnu
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from settings import setting

NAMES = {"de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "it": "Italiano"}
LANGUAGES: tuple[str, ...] = setting.languages
FOLDER = Path(__file__).parent / "translations"


@dataclass(frozen=True)
class Voice:
    """How we speak to somebody: `country` is ISO 3166 or empty, `time_zone` an IANA name."""
    language: str = LANGUAGES[0]
    country: str = ""
    time_zone: str = "Europe/Zurich"

    @property
    def words(self) -> str:
        """Whose words: the language, or de-CH, the German that knows no ß."""
        return "de-CH" if self.language == "de" and self.country in ("CH", "LI") else self.language


_voice: ContextVar[Voice] = ContextVar("voice", default=Voice())  # noqa: B039 (frozen)


def voice() -> Voice:
    return _voice.get()


@contextmanager
def speaking(voice: Voice) -> Iterator[None]:
    token = _voice.set(voice)
    try:
        yield
    finally:
        _voice.reset(token)


# What is said


def gettext(message: str, /, **values: Any) -> str:
    """The sentence in the language spoken, its %(names)s filled in; without values it is taken as it is."""
    text = words(_voice.get().words).gettext(message)
    return filled(text, message, values) if values else text


def ngettext(singular: str, plural: str, n: int, /, **values: Any) -> str:
    """The sentence for so many; %(num)s is the number."""
    text = words(_voice.get().words).ngettext(singular, plural, n)
    return filled(text, singular if n == 1 else plural, {"num": n} | values)


def pgettext(context: str, message: str, /, **values: Any) -> str:
    """A word that means two things in English: `context` says which."""
    text = words(_voice.get().words).pgettext(context, message)
    return filled(text, message, values) if values else text


def filled(text: str, english: str, values: Any) -> str:
    """A translation whose placeholders are broken says it in English instead (ML-06)."""
    try:
        if _voice.get().language == "it":
            text = _BEFORE_VALUE.sub(lambda found: elided(found[1], values[found[2]]) + f"%({found[2]})s", text)
        return text % values
    except (KeyError, TypeError, ValueError):
        return english % values


# «il», or one of the prepositions it has grown together with.
ARTICLE = r"\b([Ii]l|(?:[Dd]?[Aa]|[Dd]e|[Nn]e|[Ss]u)l) "
_BEFORE_VALUE = re.compile(ARTICLE + r"%\((\w+)\)s")
_OTTO_OR_UNDICI = re.compile(r"(?:<[^>]*>)*(?:8|11)(?!\d)")


def elided(article: str, value: Any) -> str:
    """What stands before a day in Italian: «il 7 marzo», «l’8 marzo», «dall’11 marzo»."""
    if not _OTTO_OR_UNDICI.match(str(value)):
        return f"{article} "
    return {"il": "l’", "Il": "L’"}.get(article, f"{article}l’")


class Lazy:
    """A sentence said later, in the language spoken then."""
    __slots__ = ("message", "values")

    def __init__(self, message: str, /, **values: Any) -> None:
        self.message, self.values = message, values

    def __str__(self) -> str:
        return gettext(self.message, **self.values)

    def __repr__(self) -> str:
        return f"_l({self.message!r})"

    def __format__(self, wanted: str) -> str:
        return format(str(self), wanted)

    def __len__(self) -> int:
        return len(str(self))

    def __add__(self, other: Any) -> str:
        return str(self) + str(other)

    def __radd__(self, other: Any) -> str:
        return str(other) + str(self)

    def __mod__(self, values: Any) -> str:
        return filled(str(self), self.message, values)

    def __contains__(self, part: str) -> bool:
        return part in str(self)

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, str | Lazy) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        return str(self) < str(other)

    # By what was written, as what is said changes with the language.
    def __hash__(self) -> int:
        return hash(self.message)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(str(self), name)


_, _l = gettext, Lazy


# Which language


def choose(asked: str | None = None, stored: str | None = None, cookie: str | None = None,
           accept: str | None = None) -> str:
    """The language of a page: `?lang`, the person's, the cookie's, the browser's, the installation's."""
    for wish in (asked, stored, cookie):
        if wish in LANGUAGES:
            return wish
    return _accepted((accept or "")[:200]) or LANGUAGES[0]


def mail_language(person: str | None = None, inviter_choice: str | None = None,
                  organisation: str | None = None) -> str:
    return next((wish for wish in (person, inviter_choice, organisation) if wish in LANGUAGES), LANGUAGES[0])


@lru_cache(256)
def _accepted(header: str) -> str | None:
    """The best of ours in an Accept-Language (RFC 9110 §12.5.4); of equals, the first."""
    best, height = None, 0.0
    for wish in header.lower().split(","):
        tag, _sep, weight = wish.partition(";")
        language = tag.strip().partition("-")[0]
        if language in LANGUAGES and (quality := _quality(weight)) > height:
            best, height = language, quality
    return best


def country_of(accept: str | None) -> str:
    """Where a visitor's browser says it is at home: CH of «de-CH, de;q=0.9»; empty if it does not."""
    home = re.match(r"\s*[A-Za-z]{2}-([A-Za-z]{2})\b", accept or "")
    return home[1].upper() if home else ""


def _quality(weight: str) -> float:
    try:
        return float(weight.strip().removeprefix("q=")) if weight.strip() else 1.0
    except ValueError:
        return 0.0


# Where the words are


@cache
def words(language: str) -> gnu.NullTranslations:
    """The catalogue of a language or de-CH; sentences go in as they stand in the source, and come out unfilled.

    English needs none: the source is English. WTForms takes this as its translations.
    """
    if language == "de-CH":
        return Swiss(words("de"))
    if language == "en" or language not in NAMES or not _source(language).exists():
        return gnu.NullTranslations()
    if _stale(language):
        return gnu.GNUTranslations(_compiler()(language))
    with _compiled(language).open("rb") as file:
        return gnu.GNUTranslations(file)


class Swiss(gnu.NullTranslations):
    """Our German as Switzerland and Liechtenstein write it. Only our words: a Mr Weiß keeps his name."""

    def __init__(self, german: gnu.NullTranslations) -> None:
        super().__init__()
        self.german = german

    def gettext(self, message: str) -> str:
        return swiss(self.german.gettext(message))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return swiss(self.german.ngettext(singular, plural, n))

    def pgettext(self, context: str, message: str) -> str:
        return swiss(self.german.pgettext(context, message))


def swiss(text: str) -> str:
    return text.replace("ß", "ss").replace("„", "«").replace("“", "»")


def compile_catalogues() -> list[str]:
    """Write the messages.mo of each messages.po that is newer; the languages written."""
    written = [language for language in NAMES if language != "en" and _stale(language)]
    for language in written:
        _compiled(language).write_bytes(_compiler()(language).getvalue())
    words.cache_clear()
    return written


def _source(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def _compiled(language: str) -> Path:
    return _source(language).with_suffix(".mo")


def _stale(language: str) -> bool:
    source, compiled = _source(language), _compiled(language)
    return source.exists() and (not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime)


def _compiler() -> Callable[[str], Any]:
    # Babel's part of this is only needed when a catalogue has changed.
    from catalogues import compiled

    return compiled
