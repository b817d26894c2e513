"""What every answer tells a browser, whatever its status (WB-04): page, part, file, picture, redirect, error."""
import io
import re

import peewee
import pytest
from PIL import Image

import limits
from models import Organisation
from settings import setting
from tests.doors import Visitor

HTMX = {"HX-Request": "true", "HX-Target": "section#people"}


@pytest.fixture
def anne(app, cast):
    return Visitor(app, cast.people["anne"])


@pytest.fixture
def answers(app, cast, anne, monkeypatch):
    """One of each status that a browser can meet."""
    visitor, chiara = Visitor(app), Visitor(app, cast.people["chiara"])
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    anne.post("/o/lumen/settings/logo", {"logo": (io.BytesIO(out.getvalue()), "x.png")})
    logo = Organisation.get(Organisation.slug == "lumen").logo
    sheet = re.search(r'href="(/static/[^"]+\.css)"', visitor.get("/signin").text)[1]
    found = {
        "a page": visitor.get("/signin"), "a page inside": anne.get("/o/lumen/"), "a part": anne.get(
            "/o/lumen/members", **{"HX-Request": "true", "HX-Target": "div#people"}),
        "a file": visitor.get(sheet), "a picture": anne.get(f"/o/lumen/logo/{logo}"),
        "a sheet": anne.get("/o/lumen/members.csv"), "health": visitor.get("/healthz"),
        303: visitor.get("/o/lumen/"), 400: visitor.get("/signin", Host="evil.example"),
        401: visitor.get("/o/lumen/members", **HTMX), 403: chiara.get("/o/lumen/members"), 404: visitor.get("/nothing"),
        405: visitor.open("DELETE", "/signin"),
        410: visitor.client.get("/reset/0000000000000000.x", base_url=setting.base_url, follow_redirects=True),
        413: visitor.post("/signin", {"email": "x" * (5 << 20)}), 422: visitor.post("/signin", {"email": ""})}
    found[409] = anne.post("/o/lumen/settings", {
        "version": "7", "name": "Lumen", "kind": "other", "country": "CH", "language": "fr",
        "time_zone": "Europe/Zurich", **dict.fromkeys(("street", "house_number", "address_line", "postcode", "town",
                                                       "region", "phone", "vat_number"), "")})
    for _time in range(limits.EXPORT.times):
        found[429] = anne.get("/o/lumen/members.csv")

    def fails(error):
        def view(**_more):
            raise error
        return view
    monkeypatch.setitem(app.view_functions, "signup.form", fails(ValueError("secret detail")))
    found[500] = visitor.get("/signup")
    monkeypatch.setitem(app.view_functions, "signup.form", fails(peewee.OperationalError("secret detail")))
    found[503] = visitor.get("/signup")
    return found


def test_wb_04_every_answer_has_them_all(answers):
    for what, answer in answers.items():
        headers = answer.headers
        assert answer.status_code == (what if isinstance(what, int) else 200), what
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
                      if " " in part.strip())
        assert policy["default-src"] == "'none'", what
        assert not re.search(r"unsafe|\*|data:|https?:", headers["Content-Security-Policy"]), what
        if what != "a picture":                     # which is a sandbox, and nothing else
            assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'"), what
            assert policy["frame-ancestors"] == policy["base-uri"] == "'none'", what
            assert policy["form-action"] == "'self'", what
        assert headers["X-Content-Type-Options"] == "nosniff", what
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer"), what
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin", what
        assert "camera=()" in headers["Permissions-Policy"], what
        assert "Access-Control-Allow-Origin" not in headers, what
        assert "Server" not in headers and "X-Powered-By" not in headers, what


def test_wb_10_what_is_somebodys_is_not_kept_by_anybody(answers):
    for what, answer in answers.items():
        if what == "a file":
            assert "immutable" in answer.headers["Cache-Control"]
        elif what == "a picture":
            assert answer.headers["Cache-Control"].startswith("private")
        elif what != "health":
            assert answer.headers["Cache-Control"] == "no-store", what
            assert {"Cookie", "HX-Request", "HX-Target"} <= set(answer.vary), what


def test_wb_18_an_error_says_its_number_and_nothing_of_itself(answers):
    for status in (400, 403, 404, 405, 410, 413, 422, 429, 500, 503):
        text = answers[status].text
        assert "secret detail" not in text
        assert not re.search(r"Traceback|werkzeug|File &#34;|\.py\b|peewee", text), status
    assert answers[500].headers["X-Request-Id"] in answers[500].text
    assert answers[503].headers["Retry-After"] and answers[429].headers["Retry-After"]


def test_wb_04_over_tls_the_browser_is_to_stay_there(app, cast):
    with setting.changed(base_url="https://kanton.example"):
        answer = app.test_client().get("/signin", base_url="https://kanton.example")
        lost = app.test_client().get("/nothing", base_url="https://kanton.example")
    for each in (answer, lost):
        assert each.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_wb_05_htmx_is_set_to_speak_to_us_only(anne):
    page = anne.get("/o/lumen/members").text
    assert re.search(r'<meta name="htmx-config" content=\'\{"includeIndicatorCSS":false', page)
    assert not re.search(r'hx-on|hx-vals|js:|hx-[a-z]+="(https?:)?//', page)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)
