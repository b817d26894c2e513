"""What browsers fetch: complete, named by content, small, and free of anything the CSP forbids."""
import base64
import gzip
import hashlib
import json
import re
from itertools import chain

import pytest

import assets

TEMPLATES = sorted(path for path in assets._naming() if path.suffix == ".html")
PAGES = [path for path in TEMPLATES if path.parent.name != "notices"]       # a mail's styles stand in its tags


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    assets.build(folder)
    return folder


@pytest.fixture(scope="module")
def names(built):
    return json.loads((built / assets.MANIFEST).read_text())


def named(path):
    return path.relative_to(assets.ROOT).as_posix()


# --- what is shipped ---------------------------------------------------------------------------


def test_htmx_is_the_file_that_was_looked_at():
    recorded = (assets.SOURCES / "htmx.min.js.sha384").read_text().split()[0]
    content = (assets.SOURCES / "htmx.min.js").read_bytes()
    assert base64.b64encode(hashlib.sha384(content).digest()).decode() == recorded
    assert b"4.0.1" in content


def test_a_name_changes_with_the_content(built, names):
    for name, hashed in names.items():
        content = (built / hashed).read_bytes()
        assert hashlib.sha256(content).hexdigest()[:assets.HASH] in hashed, name


def test_the_compressed_copies_say_the_same(built, names):
    copies = [(built / hashed, built / f"{hashed}.gz") for hashed in names.values()]
    assert any(copy.exists() for _path, copy in copies)
    for path, copy in copies:
        assert not copy.exists() or gzip.decompress(copy.read_bytes()) == path.read_bytes()


def test_what_a_style_sheet_names_is_there(built, names):
    for hashed in (hashed for name, hashed in names.items() if name.endswith(".css")):
        addresses = re.findall(r'url\("([^"]+)"\)', (built / hashed).read_text())
        assert addresses
        assert all((built / address).exists() for address in addresses), addresses


def test_building_again_changes_nothing(built, names):
    before = {path.name: path.read_bytes() for path in built.iterdir()}
    assets.build(built)
    assert {path.name: path.read_bytes() for path in built.iterdir()} == before


def test_what_is_no_longer_wanted_goes_after_a_week(built, monkeypatch):
    old = built / "app-0123456789.css"
    old.write_text("a{}")
    assets.build(built)
    assert old.exists()
    monkeypatch.setattr(assets.time, "time", lambda: old.stat().st_mtime + assets.KEPT + 1)
    assets.build(built)
    assert not old.exists()


@pytest.mark.parametrize("name", ["../settings.py", "manifest.json", "app.css", "", ".", "/etc/passwd", "icons/x.svg"])
def test_only_built_files_are_found(name):
    assert assets.find(name, True) is None


def test_a_built_file_is_found_plain_and_compressed():
    name = assets.url("app.css").removeprefix("/static/")
    assert assets.find(name, False)[1:] == ("text/css", None)
    path, mimetype, encoding = assets.find(name, True)
    assert (path.suffix, mimetype, encoding) == (".gz", "text/css", "gzip")
    font = assets.url("inter.woff2").removeprefix("/static/")
    assert assets.find(font, True)[1:] == ("font/woff2", None)


def test_a_file_that_does_not_exist_has_no_address():
    with pytest.raises(LookupError, match=r"no 'nothing\.css' in static/"):
        assets.url("nothing.css")


def test_styles_lose_only_what_says_nothing():
    source = """
    /* a comment */
    @layer base, print;
    .a { color: red; & :is(.b, .c) > .d { inset: auto 0; } }
    .e::after { content: "a:  b, {c}; "; }
    """
    assert assets.tightened(assets.minified(source)) == (
        '@layer base,print;.a{color:red;& :is(.b,.c) > .d{inset:auto 0}}.e::after{content:"a:  b, {c}; "}')


# --- icons -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "icons"), [
    ('{{ icon("mail") }}', {"mail"}),
    ("{{ icon('mail', 'kind') }}", {"mail"}),
    ('{{ icon("check" if state == "done" else "clock", "big") }}', {"check", "clock"}),
    ('{{ icon("info" if kind in ("a", "b") else "x") }}', {"info", "x"}),
    ('{{ icon(entry.icon) }}', set()),
    ('{{ empty("users", _("Nobody.")) }}', {"users"}),
    ('Entry(label, icon="key-round")', {"key-round"}),
    ('icon = "key-round"', {"key-round"}),
    ('icon: str = "key-round"', {"key-round"}),
    ('{"icon": "globe"}', {"globe"}),
    ('{{ asks(url_for("member.removal", id=id), "log-out", _("Remove")) }}', {"log-out"}),
    ('{{ submit(_("Confirm"), sign="fingerprint") }}', {"fingerprint"}),
])
def test_icons_are_recognised_where_they_are_named(text, icons):
    assert set(assets.icons_in(text)) == icons


def test_the_sprite_has_every_icon_that_is_named(built, names):
    symbols = set(re.findall(r'<symbol id="([^"]+)"', (built / names[assets.SPRITE]).read_text()))
    assert symbols == assets.icons_named()


def test_an_icon_that_is_missing_stops_the_build_with_a_sentence(monkeypatch):
    monkeypatch.setattr(assets, "icons_named", lambda: {"unicorn"})
    with pytest.raises(SystemExit, match=r"names the icon 'unicorn', but there is no static/icons/unicorn\.svg"):
        assets.sprite()


def test_an_icon_that_is_not_in_the_sprite_is_not_drawn_as_a_hole():
    assert '#mail"' in assets.drawn("mail")
    with pytest.raises(LookupError, match="no icon 'unicorn' in the sprite"):
        assets.drawn("unicorn")


# --- what the CSP forbids ----------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_no_template_has_inline_styles_or_scripts(path):
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\son\w+\s*=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"\b(?:data-)?hx-on\b", text)
    assert "javascript:" not in text


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_no_template_has_htmx_that_evaluates(path):
    for attribute, value in re.findall(r"""\b(hx-[\w:-]+)\s*=\s*["']([^"']*)["']""", path.read_text()):
        assert not value.lstrip().startswith("js:"), attribute
        assert attribute != "hx-trigger" or "[" not in value, "trigger filters are evaluated"


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_htmx_only_gets_and_posts_and_never_boosts(path):
    used = set(re.findall(r"\bhx-(put|patch|delete|query|boost)\b", path.read_text()))
    assert not used


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_nothing_is_fetched_from_elsewhere(path):
    text = path.read_text()
    fetched = chain(re.findall(r"""<(?:script|img|iframe|source)[^>]*\ssrc=["']([^"']+)""", text),
                    re.findall(r"""<link[^>]*\shref=["']([^"']+)""", text))
    assert all(address.startswith(("{{", "/")) for address in fetched)


# --- styles ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_class_a_template_uses_has_a_style(path):
    styled = set(re.findall(r"\.([a-z][\w-]*)", (assets.SOURCES / "app.css").read_text()))
    text = re.sub(r"\{%.*?%\}", " ", re.sub(r"\{\{.*?\}\}", "{}", path.read_text(), flags=re.S), flags=re.S)
    used = {word for classes in re.findall(r'class="([^"]*)"', text) for word in classes.split() if "{" not in word}
    assert used <= styled


# --- how much it is ----------------------------------------------------------------------------


def weight(built, *names):
    return sum(len(gzip.compress((built / name).read_bytes(), 9)) for name in names)


def test_the_styles_stay_within_their_budget(built, names):
    assert weight(built, names["app.css"]) <= 10_000


def test_the_scripts_of_a_page_stay_within_their_budget(built, names):
    assert weight(built, names["htmx.min.js"], names["app.js"]) <= 16_000


def test_the_sprite_and_the_font_stay_within_their_budget(built, names):
    assert weight(built, names[assets.SPRITE]) <= 4_000
    assert (built / names["inter.woff2"]).stat().st_size <= 30_000


def test_a_first_visit_to_the_sign_in_page_stays_within_its_budget(built, names):
    files = weight(built, *(names[name] for name in ("app.css", "app.js", "art.svg", "mark.svg", assets.SPRITE)))
    assert files + (built / names["inter.woff2"]).stat().st_size <= 60_000 - 4_000      # and 4 kB for the page itself
