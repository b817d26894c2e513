"""What browsers fetch: hashed names, the icon sprite, compressed copies (decision 23).

    url("app.css")      /static/app-3f9c1d2e.css; the name changes with the content, so it may be kept for ever
    find(name, gzip)    the built file behind that address

`built/` is made from `static/` and from the icons that templates and code name:
`icon("mail")`, `icon="mail"`. Nothing in it is written by hand.
"""
import gzip
import hashlib
import json
import mimetypes
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from markupsafe import Markup

ROOT = Path(__file__).parent
SOURCES = ROOT / "static"
BUILT = ROOT / "built"
SPRITE = "icons.svg"
MANIFEST = "manifest.json"

HASH = 10                        # hexadecimal digits of a name, 40 bits
COMPRESSED = {".css", ".js", ".svg", ".txt", ".json"}
KEPT = 7 * 86400                 # seconds: a page opened before an update still finds its files
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2",
         ".txt": "text/plain", ".webp": "image/webp"}
LEFT_OUT = {"tests", "data", "built", "bench", "migrations", "translations", "node_modules"}


# --- asked by pages and by the route that serves -----------------------------------------------


def url(name: str) -> str:
    """The address of a file of `static/`, or of the sprite, by its plain name."""
    try:
        return _urls()[name]
    except KeyError:
        raise LookupError(f"There is no {name!r} in {SOURCES.name}/.") from None


MIRRORED = {"chevron-left", "chevron-right", "arrow-left", "arrow-right", "log-out", "log-in", "send", "undo-2",
            "external-link"}


@cache
def drawn(name: str, kind: str = "") -> Markup:
    """An icon of the sprite. It is decoration: words stand beside it."""
    if name not in _drawable():
        raise LookupError(f"There is no icon {name!r} in the sprite: name it where `icons_in` sees it.")
    kinds = f"i{' ' + kind if kind else ''}{' flip' if name in MIRRORED else ''}"
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>').format(kinds, url(SPRITE), name)


def find(name: str, accepts_gzip: bool) -> tuple[Path, str, str | None] | None:
    """A built file by its hashed name: path, media type, and `gzip` if it is the compressed copy."""
    if name not in _served():
        return None
    path = BUILT / name
    mimetype = TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    if accepts_gzip and f"{name}.gz" in _served():
        return BUILT / f"{name}.gz", mimetype, "gzip"
    return path, mimetype, None


def prepare() -> None:
    """Build if a source is newer than what was built. For the start of a process, not for requests."""
    if _stale():
        try:
            build()
        except PermissionError:
            # An installation that may only be read runs with what was built when it was packed.
            if not (BUILT / MANIFEST).exists():
                raise


@cache
def _urls() -> dict[str, str]:
    if not (BUILT / MANIFEST).exists():
        build()
    return {name: f"/static/{hashed}" for name, hashed in json.loads((BUILT / MANIFEST).read_text()).items()}


@cache
def _drawable() -> frozenset[str]:
    built = BUILT / url(SPRITE).removeprefix("/static/")
    return frozenset(re.findall(r'<symbol id="([^"]+)"', built.read_text(encoding="utf-8")))


@cache
def _served() -> frozenset[str]:
    _urls()
    return frozenset(path.relative_to(BUILT).as_posix() for path in _files(BUILT)) - {MANIFEST}


def _stale() -> bool:
    manifest = BUILT / MANIFEST
    if not manifest.exists():
        return True
    built = manifest.stat().st_mtime
    sources = [*_files(SOURCES), *_naming()]
    return any(path.stat().st_mtime > built for path in sources)


# --- build -------------------------------------------------------------------------------------


def build(target: Path = BUILT) -> None:
    """Write everything into `target`, the manifest last: whoever reads meanwhile sees the old or the new."""
    target.mkdir(parents=True, exist_ok=True)
    names: dict[str, str] = {}
    # Style sheets last: they name the others.
    for path in sorted(_shipped(), key=lambda path: (path.suffix == ".css", path)):
        name = path.relative_to(SOURCES).as_posix()
        names[name] = _put(target, name, _content(path, names))
    names[SPRITE] = _put(target, SPRITE, sprite().encode())
    _write(target / MANIFEST, json.dumps(dict(sorted(names.items())), indent=1).encode())
    _sweep(target, {*names.values(), MANIFEST})
    _urls.cache_clear()
    _drawable.cache_clear()
    _served.cache_clear()


def sprite() -> str:
    """One symbol for each icon that is named somewhere."""
    symbols = "".join(_symbol(name) for name in sorted(icons_named()))
    return f'<!-- Lucide, ISC licence --><svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>'


def icons_named() -> set[str]:
    """Every icon that a template or a line of Python names by a literal."""
    return {name for path in _naming() for name in icons_in(path.read_text(encoding="utf-8"))}


def icons_in(text: str) -> Iterator[str]:
    """`icon("mail")`, `icon("check" if done else "clock")`, `icon="mail"`, `"icon": "mail"`, `empty("mail", …)`,
    `asks(address, "mail", …)`, `badge(words, "ok", "mail")`, `submit(…, sign="mail")`."""
    for argument in re.findall(r"\b(?:icon|empty|banner)\(((?:[^(),]|\([^)]*\))*)", text):
        yield from re.findall(r"""(?:^|\belse )["']([a-z][a-z0-9-]*)["']""", argument)
    yield from re.findall(r"""\basks\((?:[^(),]|\([^)]*\))*,\s*"([a-z][a-z0-9-]*)\"""", text)
    yield from re.findall(r"""\bbadge\((?:[^(),]|\([^)]*\))*,\s*"[a-z]*",\s*"([a-z][a-z0-9-]*)\"""", text)
    yield from re.findall(r"""\b(?:icon|sign)["']?\s*(?::\s*str\s*)?[=:]\s*["']([a-z][a-z0-9-]*)["']""", text)


def minified(text: str) -> str:
    """A style sheet or script without comments, indentation and empty lines; what a line says stays as it is."""
    lines = (line.strip() for line in re.sub(r"/\*.*?\*/", "", text, flags=re.S).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def tightened(css: str) -> str:
    """Without the blanks around braces, semicolons and commas and after colons; strings stay as they are."""
    pieces = re.split(r'("[^"]*")', css)
    for place in range(0, len(pieces), 2):
        pieces[place] = re.sub(r":\s+", ":", re.sub(r"\s*([{};,])\s*", r"\1", pieces[place])).replace(";}", "}")
    return "".join(pieces)


def _content(path: Path, names: dict[str, str]) -> bytes:
    if path.suffix not in (".css", ".js") or ".min." in path.name:
        return path.read_bytes()
    text = minified(path.read_text(encoding="utf-8"))
    if path.suffix == ".js":
        return text.encode()
    text = tightened(text)

    def hashed(match: "re.Match[str]") -> str:
        name = match[1].strip("\"'")
        if name not in names:
            raise SystemExit(f"{path.relative_to(ROOT)} wants {name!r}, which is not in {SOURCES.name}/.")
        return f'url("{names[name]}")'

    return re.sub(r"url\(([^)]+)\)", hashed, text).encode()


def _symbol(name: str) -> str:
    path = SOURCES / "icons" / f"{name}.svg"
    if not path.exists():
        raise SystemExit(f"A template or a line of code names the icon {name!r}, but there is no "
                         f"{path.relative_to(ROOT)}. Take it from lucide.dev.")
    inside = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(encoding="utf-8"), re.S)
    if inside is None:
        raise SystemExit(f"{path.relative_to(ROOT)} is not an SVG file.")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(inside[1].split())}</symbol>'


def _put(target: Path, name: str, content: bytes) -> str:
    plain = Path(name)
    hashed = plain.with_name(f"{plain.stem}-{hashlib.sha256(content).hexdigest()[:HASH]}{plain.suffix}").as_posix()
    _write(target / hashed, content)
    if plain.suffix in COMPRESSED:
        smaller = gzip.compress(content, 9, mtime=0)
        if len(smaller) < len(content):
            _write(target / f"{hashed}.gz", smaller)
    return hashed


def _write(path: Path, content: bytes) -> None:
    """All at once, so that several processes may build at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(content)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def _sweep(target: Path, wanted: set[str]) -> None:
    for path in _files(target):
        name = path.relative_to(target).as_posix().removesuffix(".gz")
        if name not in wanted and time.time() - path.stat().st_mtime > KEPT:
            path.unlink(missing_ok=True)


def _shipped() -> Iterator[Path]:
    """What is served: all of `static/` but the single icons (they are in the sprite) and our own records."""
    for path in _files(SOURCES):
        if path.parent.name != "icons" and path.suffix != ".sha384":
            yield path


def _naming() -> Iterator[Path]:
    """Files that may name an icon: templates, wherever a plug-in keeps them, and Python."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.startswith((".", "_"))]
        for file in files:
            if file.endswith((".html", ".py")):
                yield Path(folder, file)


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
