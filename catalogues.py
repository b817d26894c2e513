"""The translators' desk: what the sources say, what each language still lacks, what goes into a .mo.

    python -m catalogues               bring the five .po up to date with the sources, list what is missing
    python -m catalogues check         list what is missing, change nothing
    python -m catalogues add FILE.json translate; FILE says {"Save": {"fr": "Enregistrer", "de": "Speichern", …},
        "%(num)s team": {"plural": "%(num)s teams", "fr": ["%(num)s équipe", "%(num)s équipes"], …}};
        "=" is the same word as in English on purpose; a context stands before the msgid: "verb|Open"

The .po are written so that branches merge: sorted, one line a string, no places, no dates.
"""
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import wtforms  # type: ignore[import-untyped]
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from settings import alone_in

ROOT = Path(__file__).parent
FOLDER = ROOT / "translations"
LANGUAGES = ("de", "es", "fr", "it")

# Singular and plural, everywhere: CLDR's third form of French, Spanish and Italian is for round millions only.
PLURALS = {"fr": "nplurals=2; plural=(n > 1);"}
PLURAL = "nplurals=2; plural=(n != 1);"

KEYWORDS: dict[str, Any] = {
    "_": None, "_l": None, "gettext": None, "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}
NOT_OURS = {"tests", "migrations", "data", "built", "bench", "static", "node_modules"}
SAME = "the same in this language"
PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[-+ #0]*\d*(?:\.\d+)?([a-zA-Z%])")


def extract(sources: Iterable[Path] | None = None) -> Catalog:
    """Every sentence of the sources: Python, templates, and what WTForms says by itself."""
    found = Catalog()
    for path in sources or [*ours(), *_of_wtforms()]:
        for _line, message, comments, context in _said_in(path, path.stat().st_mtime_ns):
            found.add(message, context=context, auto_comments=comments)
    return found


@cache
def _said_in(path: Path, _as_of: int) -> list[Any]:
    """Read once, as long as it is not changed."""
    method: Any = "python" if path.suffix == ".py" else babel_extract
    options = {"silent": "false", "trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
    return list(extract_from_file(method, path, KEYWORDS, ("Translators:",), options))


def ours() -> Iterator[Path]:
    for path in sorted([*ROOT.rglob("*.py"), *ROOT.rglob("*.html")]):
        inside = path.relative_to(ROOT).parts
        if not NOT_OURS & set(inside) and not any(part.startswith(".") for part in inside):
            yield path


def _of_wtforms() -> list[Path]:
    folder = Path(wtforms.__file__).parent
    return [folder / "validators.py", *sorted((folder / "fields").glob("*.py")), folder / "csrf" / "core.py"]


def read(language: str) -> Catalog:
    path = _path(language)
    if not path.exists():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language, ignore_obsolete=True)


def write(language: str, catalog: Catalog) -> None:
    for message in catalog:
        message.flags.discard("python-format")
    text = io.BytesIO()
    write_po(text, catalog, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    path = _path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = (_header(language) + text.getvalue().decode()).rstrip("\n") + "\n"
    if not path.exists() or path.read_text() != new:
        path.write_text(new)


def update() -> None:
    """New sentences come in empty, those the sources no longer say go out."""
    FOLDER.mkdir(exist_ok=True)
    with alone_in(FOLDER):
        said = extract()
        for language in LANGUAGES:
            write(language, _matched(said, read(language), language))


def is_up_to_date(language: str) -> bool:
    said, kept = extract(), read(language)
    return {_key(message) for message in _entries(said)} == {_key(message) for message in _entries(kept)}


def missing(language: str) -> list[Message]:
    return [message for message in _entries(read(language)) if not _complete(message)]


def add(translations: dict[str, dict[str, Any]]) -> list[str]:
    """Take translations in; gives back the msgids that the sources do not have (in that form)."""
    update()
    unknown = set()
    with alone_in(FOLDER):
        for language in LANGUAGES:
            catalog = read(language)
            for key, entry in translations.items():
                context, bar, msgid = key.partition("|") if "|" in key and key not in catalog else ("", "", key)
                message = catalog.get(msgid, context if bar else None)
                if message is None or message.pluralizable != ("plural" in entry):
                    unknown.add(key)
                elif text := entry.get(language):
                    _say(message, text, language)
            write(language, catalog)
    return sorted(unknown)


def compiled(language: str) -> io.BytesIO:
    """The .mo of a language, without what would break: such a sentence is said in English (ML-06)."""
    whole, kept = read(language), _empty(language)
    for message in _entries(whole):
        if _complete(message) and not message.fuzzy and is_sound(message):
            kept.add(message.id, message.string, context=message.context)
    file = io.BytesIO()
    write_mo(file, kept)
    file.seek(0)
    return file


def is_sound(message: Message) -> bool:
    """Does the translation fill in what the source fills in? «One member» may leave out the number."""
    english, said = _forms(message.id), _forms(message.string)
    if len(english) == 1:
        # Without placeholders a sentence is not filled in: «100 %» is fine.
        wanted = placeholders(english[0])
        return placeholders(said[0]) == wanted or not named(wanted) and not named(placeholders(said[0]))
    singular, plural = (placeholders(text) for text in english)
    one, many = (placeholders(text) for text in said)
    return many == plural and one in (singular, plural, plural - {("num", "s")})


def placeholders(text: str) -> set[tuple[str, str]]:
    return {found for found in PLACEHOLDER.findall(text) if found != ("", "%")}


def named(found: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(name, kind) for name, kind in found if name}


def _forms(said: Any) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


def _entries(catalog: Catalog) -> Iterable[Message]:
    return (message for message in catalog if message.id)


def _key(message: Message) -> tuple[Any, str | None]:
    return message.id, message.context


def _complete(message: Message) -> bool:
    return all(_forms(message.string))


def _matched(said: Catalog, known: Catalog, language: str) -> Catalog:
    result = _empty(language)
    for message in _entries(said):
        before = known.get(message.id, message.context)
        if before is None or before.id != message.id:
            before = Message(message.id, ("", "") if message.pluralizable else "")
        result.add(message.id, before.string, context=message.context, auto_comments=message.auto_comments,
                   user_comments=before.user_comments)
    return result


def _say(message: Message, text: Any, language: str) -> None:
    if text == "=":
        message.string, message.user_comments = message.id, [SAME]
    else:
        set_ = tuple(typeset(form, language) for form in _forms(text))
        message.string = set_ if message.pluralizable else set_[0]
        message.user_comments = []


def typeset(text: str, language: str) -> str:
    """With the apostrophe of print, and the no-break spaces of French, which no keyboard has."""
    pieces = re.split(r"(<[^>]*>)", text)
    pieces[::2] = [piece.replace("'", "’") for piece in pieces[::2]]
    if language == "fr":
        pieces[::2] = [_french(piece) for piece in pieces[::2]]
    return "".join(pieces)


def _french(text: str) -> str:
    text = re.sub(r"\s+(?=[;!?](\W|$))", "\N{NARROW NO-BREAK SPACE}", text)
    text = re.sub(r"\s+(?=:(\W|$))", "\N{NO-BREAK SPACE}", text)
    return re.sub(r"\s*»", "\N{NO-BREAK SPACE}»", re.sub(r"«\s*", "«\N{NO-BREAK SPACE}", text))


def _empty(language: str) -> Catalog:
    with io.StringIO(_header(language)) as header:
        return read_po(header, locale=language)


def _header(language: str) -> str:
    return (f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
            f'"Plural-Forms: {PLURALS.get(language, PLURAL)}\\n"\n\n')


def _path(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def main(arguments: list[str]) -> int:
    unknown: list[str] = []
    match arguments:
        case ["add", file]:
            unknown = add(json.loads(Path(file).read_text()))
        case ["check"]:
            pass
        case []:
            update()
        case _:
            raise SystemExit(__doc__)
    for msgid in unknown:
        print(f"not in the sources: {msgid!r}")
    lacking: dict[str, list[str]] = {}
    for language in LANGUAGES:
        absent = missing(language)
        print(f"{language}: {len(absent)} missing")
        for message in absent:
            said = " / ".join(_forms(message.id))
            lacking.setdefault(f"{message.context}|{said}" if message.context else said, []).append(language)
    for msgid, languages in sorted(lacking.items()):
        print(f"    {' '.join(languages)}  {msgid!r}")
    return 1 if unknown or lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
