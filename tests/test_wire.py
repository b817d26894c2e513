"""What comes over the wire: forged, oversized, smuggled, nonsense (group WB)."""
import io
import re

import pytest
from PIL import Image

import web
from demo import acting
from models import Invitation, Message, Organisation, Picture
from organisations import lifecycle
from settings import setting
from tenancy import working_for

POSTS = [("/o/lumen/invitations", {"email": "new@lumen.example", "role": "external", "language": "de"}),
         ("/account/name", {"first_name": "X", "last_name": "Y"}),
         ("/account/organisations/new", {"name": "New", "kind": "other", "country": "CH", "slug": ""})]


def picture(kind="PNG", size=(8, 8), **more):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize("path", [path for path, _fields in POSTS])
def test_wb_01_a_form_without_our_token_or_from_elsewhere_changes_nothing(browse, cast, path):
    fields = dict(POSTS)[path]
    anne = browse("anne")
    anne.get("/account")
    forged = [{"token": ""}, {"token": "x" * 40}, {"headers": {"Origin": "http://evil.example"}},
              {"headers": {"Sec-Fetch-Site": "cross-site"}}, {"headers": {"Sec-Fetch-Site": "same-site"}}]
    before = Message.select().count()
    for more in forged:
        anne.post(path, expect=403, **fields, **more)
        anne.get("/account")
    assert Message.select().count() == before
    assert Organisation.select().count() == 4


def test_wb_01_the_token_of_somebody_else_opens_nothing(browse):
    anne, mara = browse("anne"), browse("mara")
    anne.get("/account")
    mara.get("/account")
    mara.post("/account/name", expect=403, token=anne.page.token, first_name="X", last_name="Y")


def test_wb_02_what_htmx_says_is_no_shortcut(browse, visitor):
    htmx = {"HX-Request": "true", "HX-Target": "section#people", "HX-Boosted": "true", "HX-Current-URL": "//evil"}
    answer = visitor().get("/o/lumen/members", expect=401, follow=False, **htmx).answer
    assert answer.headers["HX-Redirect"].startswith("/signin?next=")
    anne = browse("anne")
    part = anne.get("/o/lumen/members?q=<b>x</b>", **htmx)
    assert "<html" not in part.html
    assert "<b>x</b>" not in part.html
    assert part.answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\" onmouseover=alert(1) x=\"", "<img src=x hx-get=/a>",
                                  "{{ 7*7 }}", "{% raw %}", "${7*7}", "{0.__class__}", "%(x)s", "{{ config }}"])
def test_wb_03_and_wb_12_what_people_write_is_text(browse, cast, name):
    """Also WB-12: template strings stay what they are."""
    anne = browse("anne")
    anne.get("/account")
    anne.post("/account/name", first_name=name, last_name="Test")
    for path in ("/account", "/o/lumen/", "/o/lumen/members", "/o/lumen/activity", "/account/activity"):
        page = anne.get(path)
        if path == "/o/lumen/members":
            assert f"{name} Test" in page.text()
        assert not [each for each in page.elements if "hx-get" in each and each["hx-get"] == "/a"]
        assert not [each for each in page.all("script") if not each.get("src", "").startswith("/static/")]


@pytest.mark.parametrize(("path", "status"), [("/signin", 200), ("/", 303), ("/nothing", 404), ("/o/lumen/", 303),
                                              ("/healthz", 200), ("/reset/x", 410)])
def test_wb_04_and_wb_09_every_answer_carries_the_policy(visitor, path, status):
    answer = visitor().get(path, expect=status, follow=False).answer
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy       # WB-09
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_wb_05_htmx_speaks_to_us_only(visitor):
    page = visitor().get("/signin")
    assert "hx-on" not in page.html
    assert "js:" not in page.html


@pytest.mark.parametrize(("content", "said"), [
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "PNG"),
    (b"<html><script>alert(1)</script></html>", "PNG"), (b"", "leer|empty|vide"), (picture("TIFF"), "PNG"),
    (picture("GIF"), "PNG"), (b"\x89PNG\r\n\x1a\n" + b"x" * 500, "PNG"), (b"x" * (2 << 20) + b"y", "2")])
def test_wb_06_only_pictures_are_taken(browse, cast, content, said):
    anne = browse("anne")
    anne.get("/o/lumen/settings")
    page = anne.post("/o/lumen/settings/logo", expect=422, files={"logo": (io.BytesIO(content), "../../x.png")})
    assert re.search(said, page.text())
    with working_for(cast.organisations["lumen"]):
        assert not Picture.select().exists()


def test_wb_06_a_picture_is_drawn_anew(browse, cast):
    anne = browse("anne")
    anne.get("/o/lumen/settings")
    content = picture("JPEG", (1200, 300), exif=b"Exif\x00\x00GPS secret place", comment=b"<script>") + b"<?php evil"
    anne.post("/o/lumen/settings/logo", files={"logo": (io.BytesIO(content), "x.jpg")})
    digest = Organisation.get(Organisation.slug == "lumen").logo
    answer = anne.client.get(f"/o/lumen/logo/{digest}", base_url=setting.base_url)
    assert answer.mimetype == "image/png"
    assert b"secret" not in answer.data
    assert b"php" not in answer.data
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert Image.open(io.BytesIO(answer.data)).size == (512, 128)
    assert browse("grace").client.get(f"/o/lumen/logo/{digest}", base_url=setting.base_url).status_code == 200
    anne.get("/o/lumen/settings")
    anne.post("/o/lumen/settings/logo/removal")
    assert not Organisation.get(Organisation.slug == "lumen").logo


def test_wb_06_a_bomb_is_not_unpacked(browse, cast):
    anne = browse("anne")
    anne.get("/o/lumen/settings")
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    anne.post("/o/lumen/settings/logo", expect=422, files={"logo": (io.BytesIO(out.getvalue()), "x.png")})


@pytest.mark.parametrize("place", ["//evil.example", "/\\evil.example", "\\/evil", "////evil", "/%09/evil.example",
                                   "https:evil.example", "/%2f%2fevil", "javascript:alert(1)", "／／evil", "/.evil",
                                   "@evil", "/signout", "http://evil.example/o/lumen/", "/o/lumen/\r\nX: y"])
def test_wb_07_and_wb_08_only_a_page_of_ours_is_gone_back_to(app, visitor, cast, place):
    with app.test_request_context("/", base_url=setting.base_url):
        found = web.local(place)
    assert found is None or found.startswith("/") and "evil.example" not in found.split("?")[0].replace("/%", "")
    browser = visitor()
    browser.get("/signin", expect=200)
    page = browser.client.get("/signin", query_string={"next": place}, base_url=setting.base_url)
    assert page.status_code == 200


@pytest.mark.parametrize("path", ["/account/security.css", "/account/..%2fstatic/x.js", "/account;x.png",
                                  "/o/lumen/members.js", "/static/../app.py", "/static/%2e%2e/app.py",
                                  "/static/..%2fapp.py", "/static/manifest.json%00.css"])
def test_wb_10_and_wb_13_no_page_hides_behind_a_file_name(browse, path):
    answer = browse("anne").client.get(path, base_url=setting.base_url)
    assert answer.status_code in (400, 404)
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_wb_11_no_header_is_smuggled_in(browse, cast):
    anne = browse("anne")
    for path in ("/o/lumen/members?q=a%0d%0aX-Evil:%20y", "/signin?lang=de%0d%0aX-Evil:%20y",
                 "/signin?next=/account%0d%0aX-Evil:%20y"):
        answer = anne.client.get(path, base_url=setting.base_url)
        assert "X-Evil" not in answer.headers
        assert answer.status_code < 500


@pytest.mark.parametrize("lang", ["../../etc/passwd", "xx", "DE", "de\x00", "d" * 5000, "%E0%A4"])
def test_wb_13_a_language_is_one_of_five(visitor, lang):
    assert visitor().client.get("/signin", query_string={"lang": lang}, base_url=setting.base_url).status_code == 200


def test_wb_15_too_much_is_refused_before_it_is_read(browse, cast):
    anne = browse("anne")
    anne.get("/account")
    huge = anne.client.post("/account/name", data={"csrf_token": anne.page.token, "first_name": "x" * (5 << 20)},
                            base_url=setting.base_url)
    assert huge.status_code == 413
    many = anne.client.post("/account/name", data={f"f{n}": "x" for n in range(2_000)} | {
        "csrf_token": anne.page.token, "file": (io.BytesIO(b"x"), "x")}, base_url=setting.base_url,
        content_type="multipart/form-data")
    assert many.status_code in (413, 422)


def test_wb_17_the_same_form_twice_has_one_effect(browse, cast):
    anne = browse("anne")
    page = anne.get("/o/lumen/members/invite")
    fields = {"email": "twice@lumen.example", "role": "external", "language": "de"}
    anne.post("/o/lumen/invitations", token=page.token, **fields)
    anne.post("/o/lumen/invitations", expect=422, token=page.token, **fields)
    with working_for(cast.organisations["lumen"]):
        assert Invitation.select().where(Invitation.email == "twice@lumen.example").count() == 1


def test_wb_18_an_error_tells_its_number_only(visitor, app, monkeypatch):
    page = visitor().get("/nothing?__debugger__=yes&cmd=resource&f=debugger.js", expect=404)
    assert page.answer.headers["X-Request-Id"] in page.text()
    assert visitor().client.open("/signin", method="TRACE", base_url=setting.base_url).status_code == 405
    monkeypatch.setattr("blueprints.accounts.signin.SignInForm", None)      # something of ours breaks
    page = visitor().get("/signin", expect=500)
    assert "Traceback" not in page.html
    assert "NoneType" not in page.html


@pytest.mark.parametrize("junk", ["/o/\xff\xfe/", "/signin?email=%ff%fe", "/o/lumen/members?q=%ff",
                                  "/invitations/%ff.%ff", "/account/sessions/%00", "/o/" + "x" * 4000 + "/"])
def test_nonsense_in_an_address_is_no_error_of_ours(browse, junk):
    assert browse("anne").client.get(junk, base_url=setting.base_url).status_code < 500


def test_nonsense_in_a_form_is_refused_in_words(browse, cast):
    anne = browse("anne")
    page = anne.get("/account")
    for data in (b"csrf_token=%s&first_name=%ff%fe&last_name=x", b"csrf_token=%s&first_name=a%00b&last_name=x"):
        answer = anne.client.post("/account/name", data=data.replace(b"%s", page.token.encode(), 1),
                                  base_url=setting.base_url, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in (303, 400, 422)


def test_a_strange_host_is_answered_with_nothing(app):
    """RS-01: no page and no mail is built from it."""
    for host in ("evil.example", "localhost:8000@evil.example", "evil.example:8000"):
        assert app.test_client().get("/forgotten", base_url=setting.base_url,
                                     headers={"Host": host}).status_code == 400


def test_two_editors_do_not_overwrite_each_other(browse, cast):
    with acting(cast.people["anne"]):
        lifecycle.create("Spare", slug="spare", country="CH")
    first, second = browse("anne"), browse("anne")
    fields = {"version": "0", "kind": "other", "street": "", "house_number": "", "address_line": "", "postcode": "",
              "town": "", "region": "", "country": "CH", "phone": "", "vat_number": "", "language": "fr",
              "time_zone": "Europe/Zurich"}
    first.get("/o/spare/settings")
    second.get("/o/spare/settings")
    first.post("/o/spare/settings", **fields, name="First")
    page = second.post("/o/spare/settings", expect=409, **fields, name="Second")
    assert "Second" in page.html                # what was typed is kept
    assert Organisation.get(Organisation.slug == "spare").name == "First"
