"""The pages on which an organisation connects its own providers, and says whose second step counts."""
import pytest

from accounts.backends.oidc import lent
from models import Identity, Organisation
from organisations import providers
from settings import setting
from tenancy import working_for
from tests.doors import Visitor
from tests.lending import connect, lenders, link
from tests.provider import SECRET

AT = "/o/lumen/security/providers"
TYPED = {"name": "Lumen login", "client_id": "kanton", "client_secret": SECRET, "values": "mfa"}


@pytest.fixture
def acme(database, tmp_path):
    with lenders(tmp_path, "acme") as (running,):
        yield running


@pytest.fixture
def row(acme, cast):
    return connect(cast, acme)


@pytest.fixture
def anne(browse, acme):
    return browse("anne", **{"Accept-Language": "en"})


def said(page):
    return page.text("main")


def test_connected_from_the_page_it_shows_what_to_register(anne, acme):
    assert AT in anne.get("/o/lumen/security?lang=en").links
    assert f"{AT}/new" in anne.get(f"{AT}?lang=en").links
    anne.get(f"{AT}/new")
    page = anne.post(f"{AT}/new", issuer=acme.issuer, counts="y", **TYPED)
    assert page.path.startswith(f"{AT}/")
    public_id = page.path.rpartition("/")[2]
    shown = {field["value"] for field in page.all("input") if "readonly" in field}
    assert shown == {f"{setting.base_url}/signin/with/{public_id}{end}" for end in ("", "/callback", "/signed-out")}
    assert SECRET not in page.html
    page = anne.get(f"{AT}?lang=en")
    assert "Lumen login" in said(page) and "Its second factor is accepted here" in said(page)


def test_fd_11_and_wh_11_a_refusal_keeps_what_was_typed_and_says_one_sentence_by_the_field(anne, acme):
    anne.get(f"{AT}/new")
    answers = set()
    for issuer in ("https://127.0.0.1:1", "https://10.0.0.1", "ftp://acme.example", "https://acme.invalid"):
        page = anne.post(f"{AT}/new?lang=en", expect=422, issuer=issuer, **TYPED)
        assert issuer in page.html and "Lumen login" in page.html and SECRET not in page.html
        answers.add(page.errors)
    assert len(answers) == 1 and "No provider that can be used answers there" in answers.pop()


def test_wh_11_trying_addresses_out_has_an_end(anne, acme):
    anne.get(f"{AT}/new")
    for _ in range(20):
        anne.post(f"{AT}/new", expect=422, issuer="ftp://acme.example", **TYPED)
    anne.post(f"{AT}/new", expect=429, issuer=acme.issuer, **TYPED)
    assert not acme.asked


def test_changed_without_the_secret_it_keeps_it(anne, row, cast):
    page = anne.get(f"{AT}/{row.public_id}")
    assert SECRET not in page.html
    anne.post(f"{AT}/{row.public_id}", name="Another", client_id="other", values="", counts="y", expect=422)
    page = anne.post(f"{AT}/{row.public_id}?lang=en", name="Another", client_id="other", values="mfa")
    assert "Another" in said(page)
    anne.post(f"{AT}/{row.public_id}", name="Another", client_id="other", values="mfa", issuer="https://evil.example",
              expect=422)
    with working_for(cast.organisations["lumen"]):
        assert lent.described(providers.find(row.public_id)).client_secret == SECRET
        assert providers.find(row.public_id).issuer == row.issuer


def test_switched_off_and_on_and_removed_it_says_who_is_concerned(anne, row, cast):
    link(row, cast.people["luc"])
    page = anne.get(f"{AT}/{row.public_id}/off?lang=en")
    assert "1 member has linked it" in said(page)
    anne.post(f"{AT}/{row.public_id}/off")
    assert "acme login Off" in said(anne.get(f"{AT}/{row.public_id}?lang=en"))
    anne.post(f"{AT}/{row.public_id}/on")
    assert "acme login On" in said(anne.get(f"{AT}/{row.public_id}?lang=en"))
    assert "1 member has linked it" in said(anne.get(f"{AT}/{row.public_id}/remove?lang=en"))
    assert anne.post(f"{AT}/{row.public_id}/remove").path == AT
    anne.get(f"{AT}/{row.public_id}", expect=404)
    assert not Identity.select().exists()


def test_the_second_step_of_one_for_all_is_let_count(anne, acme, cast):
    known = acme.upstream(name="company", label="Company", trust_mfa=("mfa",))
    with setting.changed(upstreams=(known, acme.upstream(name="plain", label="Plain"))):
        page = anne.get(f"{AT}?lang=en")
        assert "Company" in said(page) and "Plain" in said(page)
        actions = [form["action"] for form in page.all("form") if "for-all" in form["action"]]
        assert actions == [f"{AT}/for-all/company"]             # nobody knows how the other one says so
        page = anne.post(f"{AT}/for-all/company", counts="y")
        assert Organisation.get_by_id(cast.organisations["lumen"].id).trusted_upstreams == ["company"]
        assert "Its second factor is accepted here" in said(anne.get(f"{AT}?lang=en"))
        anne.post(f"{AT}/for-all/company")
        assert Organisation.get_by_id(cast.organisations["lumen"].id).trusted_upstreams == []
        anne.post(f"{AT}/for-all/plain", counts="y", expect=404)


def test_the_activity_log_says_it_in_words(anne, row):
    assert "connected the identity provider acme login" in anne.get("/o/lumen/activity?lang=en").text("main")


def test_a_neighbours_is_nowhere(app, cast, row):
    visitor = Visitor(app, cast.people["mara"])
    for end in ("", "/off", "/remove"):
        assert visitor.get(f"/o/bergquell/security/providers/{row.public_id}{end}").status_code == 404
        assert visitor.post(f"/o/bergquell/security/providers/{row.public_id}{end}").status_code == 404
    assert visitor.get(f"{AT}/{row.public_id}").status_code == 200


def test_where_the_installation_does_not_speak_to_providers_there_is_no_such_page(anne, row):
    with setting.changed(backends=("password",)):
        assert AT not in anne.get("/o/lumen/security").links
        for path in (AT, f"{AT}/new", f"{AT}/{row.public_id}"):
            anne.get(path, expect=404)


def test_these_pages_ask_little(app, cast, row, count):
    link(row, cast.people["luc"])
    mara = Visitor(app, cast.people["mara"])
    for path in (AT, f"{AT}/new", f"{AT}/{row.public_id}", f"{AT}/{row.public_id}/off", f"{AT}/{row.public_id}/remove",
                 "/o/lumen/security", "/account/security", f"/account/security/elsewhere/{row.public_id}"):
        mara.get(path)
        count.clear()
        assert mara.get(path).status_code == 200, path
        assert len(count) <= 4, (path, count)
