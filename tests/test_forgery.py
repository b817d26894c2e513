"""Every address that changes something wants a token of its own session, sent by a page of ours (WB-01, WB-02)."""
import pytest

from demo import acting
from models import TABLES, Membership, Role
from organisations import invitations
from settings import setting
from tenancy import across_organisations, working_for
from tests.doors import Visitor
from tests.test_routes import path_of, routes

HTMX = {"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "body", "HX-Current-URL": "http://evil.example",
        "HX-Prompt": "yes"}
FOREIGN = ({"Origin": "http://evil.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
           {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "nonsense"},
           {"Origin": "http://localhost:8000.evil.example"}, {"Origin": "https://localhost:8000"},
           {"Sec-Fetch-Site": "cross-site", **HTMX})


def everything():
    """{table: its rows}: what a forged request must leave as it is."""
    with across_organisations("a test that compares everything"):
        return {table: list(table.select().order_by(table.id).tuples()) for table in TABLES}


@pytest.fixture
def doors(app):
    found = [path_of(rule) for rule, method, view in routes(app) if method == "POST" and not view.machine]
    assert len(found) > 40
    return found


def test_wb_01_no_token_no_deed(app, cast, doors):
    anne, mara, nobody = Visitor(app, cast.people["anne"]), Visitor(app, cast.people["mara"]), Visitor(app)
    tokens = ["", "nonsense", anne.token()[:-1], mara.token(), nobody.token()]
    before = everything()
    for path in doors:
        no = 404 if path.startswith("/operator/") else 403      # for her there is no console at all (BS-12)
        for token in tokens:
            assert anne.post(path, {"csrf_token": token}).status_code == no, (path, token)
        assert anne.client.post(path, base_url=setting.base_url, data={}).status_code == no, path
        assert anne.client.post(f"{path}?csrf_token={anne.token()}", base_url=setting.base_url).status_code == no, path
    assert everything() == before


def test_wb_01_and_wb_02_a_page_of_somebody_else_is_refused_with_any_token(app, cast, doors):
    anne = Visitor(app, cast.people["anne"])
    before = everything()
    for path in doors:
        for headers in FOREIGN:
            assert anne.post(path, **headers).status_code == 403, (path, headers)
    assert everything() == before


def test_wb_01_a_browser_that_tells_nothing_of_itself_is_believed_by_its_token(app, cast):
    anne = Visitor(app, cast.people["anne"])
    form = {"first_name": "Anne", "last_name": "Montmollin"}
    assert anne.post("/account/name", form).status_code == 303
    for headers in ({"Origin": setting.base_url}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
                    {"Origin": "null", "Sec-Fetch-Site": "same-origin"}):
        assert anne.post("/account/name", form, **headers).status_code == 303, headers


def test_wb_01_the_token_of_before_signing_in_is_void_after_it(visitor):
    browser = visitor()
    early = browser.get("/signin").token
    browser.sign_in("luc")
    browser.post("/account/name", expect=403, token=early, first_name="X", last_name="Y")


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/xml", ""])
def test_wb_02_another_kind_of_body_is_no_form(app, cast, kind):
    anne = Visitor(app, cast.people["anne"])
    body = f"csrf_token={anne.token()}&first_name=X&last_name=Y"
    answer = anne.client.post("/account/name", base_url=setting.base_url, data=body, content_type=kind)
    assert answer.status_code == 403


def test_wb_02_a_part_is_harmless_as_a_page(app, cast):
    """A fragment's address opened in the window is the whole page; its words are text in both."""
    anne, evil = Visitor(app, cast.people["anne"]), "%3Cimg%20src=x%20onerror=alert(1)%3E"
    whole = anne.get(f"/o/lumen/members?q={evil}")
    part = anne.get(f"/o/lumen/members?q={evil}", **HTMX | {"HX-Target": "div#people"})
    assert "<html" in whole.text and "<html" not in part.text
    for answer in (whole, part):
        assert "<img src=x" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


def test_looking_changes_nothing(app, cast):
    """ASVS 3.5.3: no link deletes, accepts, signs out or is written down, of what is there as of what is not.

    Files are written down, as they leave the house; no more.
    """
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        ids = {"members": Membership.get(Membership.user == cast.people["luc"].id).public_id,
               "invitations": invitations.invite("nea@lumen.example", Role.EXTERNAL).public_id}
    anne = Visitor(app, cast.people["anne"])
    anne.get("/o/lumen/")
    before, found = everything(), 0
    for rule, method, _view in routes(app):
        if method == "GET" and not rule.rule.endswith(".csv"):
            theirs = ids.get(rule.rule.removeprefix("/o/<organisation>/").partition("/")[0], "none")
            for path in (path_of(rule), path_of(rule, id=theirs)):
                anne.open("HEAD", path)
                found += anne.get(path).status_code == 200
    assert found > 50
    assert everything() == before
