"""Signing in by an organisation's own provider: into that organisation, and nowhere else (group FD)."""
import contextlib
import json
from urllib.parse import parse_qsl, urlsplit

import pyotp
import pytest
import time_machine

import clock
import current
import limits
from accounts import devices, identities, links, lost_factor, recovery, second_factors, signin
from accounts.backends import Proof, Someone
from accounts.backends.oidc import lent
from demo import PASSWORD, SECRET, acting, protect
from models import Attempt, Identity, Link, Membership, Message, Organisation, PersonalEvent, Recovery, Session, User
from organisations import demands, invitations, members, protection, providers, vouching
from rules import NotHere, Refused, TooMany
from settings import setting
from tenancy import working_for
from tests.accounts.backends.test_oidc import tell
from tests.accounts.test_passkeys import asked, opens, registered
from tests.accounts.test_signin import attempt
from tests.authenticators import UP, UV, Authenticator
from tests.lending import come_back, connect, lenders, link, sign_in, way_out
from tests.provider import SECRET as THEIRS

pytestmark = pytest.mark.usefixtures("known_for_long")

GONE_WRONG = "That did not work. Try again, or choose another way."
AWAY = "acme login: no answer just now. Try again later, or choose another way."


@pytest.fixture
def two(database, tmp_path):
    with lenders(tmp_path, "acme", "onda") as running:
        yield running


@pytest.fixture
def acme(two):
    return two[0]


@pytest.fixture
def row(acme, cast):
    return connect(cast, acme)


@pytest.fixture
def chiara(row, cast):
    """Chiara, of Lumen and Onda, is Nora at the provider of Lumen."""
    return link(row, cast.people["chiara"])


def latest():
    return Session.select().order_by(Session.id.desc()).get()


def end(cast, row, verb, slug="lumen"):
    with working_for(cast.organisations[slug]), acting(cast.people["anne"], "password"):
        return verb(row.public_id)


# --- in ----------------------------------------------------------------------------------------


def test_a_member_comes_in_by_the_address_of_the_provider(visitor, acme, row, chiara):
    browser = visitor()
    page = sign_in(browser, acme, row)
    assert page.path == "/o/lumen/"
    session = latest()
    assert (session.user, session.proofs, session.elsewhere) == (chiara, f"upstream {row.way}", row.way)


def test_and_where_they_wanted_to_go(visitor, acme, row, chiara):
    browser = visitor()
    page = sign_in(browser, acme, row, path=f"/signin/with/{row.public_id}?next=/o/lumen/preferences")
    assert page.path == "/o/lumen/preferences"


def test_bs_21_the_way_out_is_a_link_that_names_where_it_leads(visitor, acme, row):
    page = visitor().get(f"/signin/with/{row.public_id}")
    assert "Atelier Lumen Sàrl" in page.text() and urlsplit(acme.issuer).netloc in page.text()
    link = next(each for each in page.all("a") if "/authorize?" in each.get("href", ""))
    assert link["rel"] == "noreferrer"


def test_the_sign_in_page_names_no_organisations_provider(visitor, row):
    assert row.public_id not in visitor().get("/signin").html


def test_each_attempt_comes_back_to_an_address_of_this_provider(visitor, acme, row):
    asked = dict(parse_qsl(urlsplit(way_out(visitor(), row)).query))
    assert asked["redirect_uri"] == f"{setting.base_url}/signin/with/{row.public_id}/callback"


def test_somebody_unknown_gets_no_account(visitor, acme, row):
    before = User.select().count()
    acme.who |= {"email": "luc@lumen.example"}
    sign_in(visitor(), acme, row, expect=403)
    assert User.select().count() == before and not Identity.select().exists()


# --- and nowhere else --------------------------------------------------------------------------


def test_the_other_organisation_stays_behind_the_wall_until_a_proof_of_ones_own(visitor, acme, row, chiara):
    browser = visitor()
    sign_in(browser, acme, row)
    wall = browser.get("/o/onda/?lang=en", expect=403)
    assert "another organisation" in wall.text() and "Chiara" not in wall.text("main")
    prove = next(each for each in wall.links if each.startswith("/prove"))
    browser.get(prove)
    assert browser.post(prove, password=PASSWORD).path == "/o/onda/"
    assert latest().proofs == "password"
    browser.get("/account")


def test_a_second_factor_beside_it_does_not_open_more(visitor, acme, cast):
    """Mara has an authenticator app, and Bergquell demands two factors: hers is right, and it is not enough."""
    row = connect(cast, acme)
    link(row, cast.people["mara"])
    browser = visitor()
    assert sign_in(browser, acme, row).path == "/signin/second-step"
    page = browser.post("/signin/second-step", factor="totp", code=pyotp.TOTP(SECRET).now())
    assert page.path == "/o/lumen/" and latest().proofs == f"upstream {row.way} totp"
    browser.get("/o/bergquell/", expect=403)
    assert browser.get("/account").path == "/prove"


CLOSED = ("/account", "/account/security", "/account/password", "/account/address", "/account/sessions",
          "/account/activity", "/account/app-passwords", "/account/recovery", "/account/notifications",
          "/account/support-code", "/account/organisations/new", "/account/security/two-factor",
          "/account/security/two-factor/app", "/account/secure")


def test_no_page_of_the_account_opens_by_it(visitor, app, acme, row, chiara):
    browser = visitor()
    sign_in(browser, acme, row)
    for path in (*CLOSED, f"/account/security/elsewhere/{row.public_id}",
                 f"/account/security/elsewhere/{row.public_id}/unlink"):
        assert browser.get(path).path == "/prove", path
    assert browser.get("/account/organisations").path == "/account/organisations"


def test_nothing_changes_by_it_that_asks_for_a_fresh_proof(visitor, acme, row, cast):
    """Not even in the organisation itself: its administrators could be any member there."""
    link(row, cast.people["anne"])
    browser = visitor()
    sign_in(browser, acme, row)
    for path in ("/o/lumen/members/invite", "/o/lumen/security/two-factor", "/o/lumen/security/providers/new",
                 f"/o/lumen/security/providers/{row.public_id}"):
        assert browser.get(path).path == "/prove", path
    for path in ("/o/lumen/invitations", f"/o/lumen/security/providers/{row.public_id}/remove", "/account/name",
                 "/account/password", f"/account/security/elsewhere/{row.public_id}/unlink",
                 "/account/organisations/new", "/account/sessions/end"):
        assert browser.post(path, email="x@y.example").path == "/prove", path
    assert Identity.select().exists() and signin.way(row.public_id)


def test_signing_in_there_once_more_is_no_fresh_proof(visitor, acme, row, chiara):
    browser = visitor()
    for _ in range(2):
        sign_in(browser, acme, row)
        assert browser.get("/account/address").path == "/prove"
    assert not [each for each in browser.page.links if row.public_id in each]


def test_an_operator_sees_nothing_of_the_console_by_it(visitor, acme, cast):
    row = connect(cast, acme)
    User.update(operator=True).where(User.id == cast.people["mara"].id).execute()
    link(row, cast.people["mara"])
    browser = visitor()
    sign_in(browser, acme, row)
    browser.post("/signin/second-step", factor="totp", code=pyotp.TOTP(SECRET).now())
    assert browser.get("/operator/").path == "/prove"


def test_an_invitation_elsewhere_is_not_accepted_by_it(visitor, acme, row, chiara, cast):
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"], "password", "totp"):
        token = invitations.invite("chiara@onda.example", "collaborator").copied_token
    browser = visitor()
    sign_in(browser, acme, row)
    browser.get(f"/invitations/{token}")
    assert browser.post(f"{browser.page.path}/acceptance").path == "/prove"
    with working_for(cast.organisations["bergquell"]):
        assert not Membership.select().where(Membership.user == chiara.id).exists()


def test_the_provider_of_one_is_nothing_in_the_other_although_one_is_linked_to_both(visitor, two, cast):
    acme, onda = two
    lumens, ondas = connect(cast, acme), connect(cast, onda, "onda", "chiara")
    chiara = cast.people["chiara"]
    link(lumens, chiara)
    link(ondas, chiara)
    for provider, row, mine, theirs in ((acme, lumens, "lumen", "onda"), (onda, ondas, "onda", "lumen")):
        browser = visitor()
        assert sign_in(browser, provider, row).path == f"/o/{mine}/"
        browser.get(f"/o/{theirs}/", expect=403)
        browser.get(f"/o/{theirs}/members", expect=403)


def test_it_is_no_way_into_an_account(acme, row, chiara):
    """A password may be reset, and the last passkey stays, although something is linked."""
    User.update(password=None).where(User.id == chiara.id).execute()
    chiara = User.get_by_id(chiara.id)
    assert identities.elsewhere(chiara) == []
    recovery.ask("chiara@onda.example", "en")
    assert Message.select().where(Message.notice == "reset").exists() and Link.select().exists()
    assert second_factors.only_way_in(chiara, second_factors.begin(chiara, "totp"))


# --- who is let in -----------------------------------------------------------------------------


@pytest.mark.parametrize("state", [Membership.BLOCKED, Membership.REMOVED])
def test_who_is_no_active_member_does_not_come_in(visitor, acme, row, chiara, cast, state):
    with working_for(cast.organisations["lumen"]):
        Membership.update(status=state, ended=None if state == Membership.BLOCKED else clock.now()).where(
            Membership.user == chiara.id).execute()
    browser = visitor()
    page = sign_in(browser, acme, row)
    assert page.path == "/signin" and page.flash == GONE_WRONG
    assert not Session.select().where(Session.elsewhere != "").exists()


def test_who_left_and_comes_back_links_it_anew(visitor, acme, row, chiara, cast):
    with working_for(cast.organisations["lumen"]), acting(chiara):
        members.leave()
        with acting(cast.people["anne"]):
            members.add(chiara, "collaborator")
    sign_in(visitor(), acme, row, expect=403)


def test_blocked_while_in_there_is_nothing_left_to_see(visitor, acme, row, chiara, cast):
    browser = visitor()
    sign_in(browser, acme, row)
    with working_for(cast.organisations["lumen"]):
        Membership.update(status=Membership.BLOCKED).where(Membership.user == chiara.id).execute()
    assert "Luc" not in browser.get("/o/lumen/members", expect=403).text()
    browser.get("/o/onda/", expect=403)


def test_a_suspended_account_stays_out(visitor, acme, row, chiara):
    User.update(suspended=clock.now()).where(User.id == chiara.id).execute()
    assert sign_in(visitor(), acme, row).path == "/signin"


# --- its second step ---------------------------------------------------------------------------


@pytest.fixture
def forced(cast):
    with working_for(cast.organisations["lumen"]), acting(cast.people["mara"], "password", "totp"):
        demands.force()


def test_fd_14_its_second_step_counts_where_its_organisation_says_so(visitor, acme, row, chiara, cast, forced):
    acme.claims = {"amr": ["pwd", "mfa"]}
    browser = visitor()
    sign_in(browser, acme, row, expect=403)
    end(cast, row, lambda id: providers.change(id, "acme login", "kanton", "", "mfa", counts=True))
    browser = visitor()
    assert sign_in(browser, acme, row).path == "/o/lumen/"
    assert latest().proofs == f"upstream {row.way} mfa"
    end(cast, row, lambda id: providers.change(id, "acme login", "kanton", "", "mfa", counts=False))
    browser.get("/o/lumen/", expect=403)


@pytest.mark.parametrize("claims", [{}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"acr": "0"}])
def test_fd_14_one_step_there_is_one_step_here(visitor, acme, cast, claims):
    row = connect(cast, acme, counts=True)
    link(row, cast.people["mara"])
    acme.claims = claims
    assert sign_in(visitor(), acme, row).path == "/signin/second-step"


# --- off ---------------------------------------------------------------------------------------


def test_fd_10_switched_off_between_going_and_coming_back(visitor, acme, row, chiara, cast):
    browser = visitor()
    back = acme.sign_in(way_out(browser, row))
    end(cast, row, lambda id: providers.switch(id, False))
    come_back(browser, back, expect=404)
    browser.get(f"/signin/with/{row.public_id}", expect=404)
    assert "/token" not in acme.asked


@pytest.mark.parametrize("verb", [lambda id: providers.switch(id, False), providers.remove], ids=["off", "removed"])
def test_fd_10_who_came_in_by_it_is_out_at_the_next_request(visitor, acme, row, chiara, cast, verb):
    browser, own = visitor(), visitor()
    sign_in(browser, acme, row)
    own.sign_in("chiara")
    end(cast, row, verb)
    assert browser.get("/o/lumen/").path == "/signin"
    own.get("/o/lumen/")
    event = PersonalEvent.select().where(PersonalEvent.kind == "session.ended_elsewhere").get()
    assert event.user == chiara
    assert "acme login" in own.get("/account/activity?lang=en").text()


def test_fd_10_half_way_in_is_not_in(visitor, acme, cast):
    row = connect(cast, acme)
    link(row, cast.people["mara"])
    browser = visitor()
    sign_in(browser, acme, row)
    end(cast, row, lambda id: providers.switch(id, False))
    assert not Attempt.select().exists()
    assert browser.post("/signin/second-step", factor="totp", code=pyotp.TOTP(SECRET).now()).path == "/signin"


def test_fd_10_where_such_providers_are_off_altogether_so_is_what_they_opened(visitor, acme, row, chiara):
    browser = visitor()
    sign_in(browser, acme, row)
    with setting.changed(backends=("password",)):
        assert browser.get("/o/lumen/").path == "/signin"
    assert browser.get("/o/lumen/").path == "/signin"           # for good


def test_fd_10_a_closed_organisation_has_no_door(visitor, row, cast):
    Organisation.update(status="closed").where(Organisation.id == cast.organisations["lumen"].id).execute()
    visitor().get(f"/signin/with/{row.public_id}", expect=404)


# --- signed out there --------------------------------------------------------------------------


def test_fd_13_signed_out_there_is_signed_out_here_and_only_there(visitor, two, cast):
    acme, onda = two
    lumens, ondas = connect(cast, acme), connect(cast, onda, "onda", "chiara")
    for row in (lumens, ondas):
        link(row, cast.people["chiara"])
    browser = visitor()
    sign_in(browser, acme, lumens)
    sign_in(visitor(), onda, ondas)
    assert tell(visitor, onda.logout_token(sub="nora-at-acme"), lumens.public_id) == 400      # not its word
    browser.get("/o/lumen/")
    assert tell(visitor, acme.logout_token(sub="nora-at-acme"), lumens.public_id) == 200
    assert browser.get("/o/lumen/").path == "/signin"
    living = Session.select().where(Session.elsewhere != "", Session.ended.is_null())
    assert [session.elsewhere for session in living] == [ondas.way]


# --- everything wrong --------------------------------------------------------------------------


@pytest.mark.parametrize("who", [{"sub": "a\x00b"}, {"sub": "x" * 256}, {"sub": ""}, {"sub": 7}])
def test_fd_09_nobody_is_called_so(visitor, acme, row, chiara, who):
    acme.who |= who
    page = sign_in(visitor(), acme, row)
    assert page.path == "/signin" and page.flash == AWAY


@pytest.mark.parametrize("claims", [
    {"email": "a\x00b"}, {"email": "x" * 5000}, {"groups": ["a\x00b", {"x": "\x00"}, 7]}, {"sid": "a\x00b"},
    {"auth_time": 10 ** 30}, {"auth_time": "now"}, {"auth_time": -10 ** 18}, {"auth_time": []}, {"amr": [["x"]]}])
def test_fd_16_whatever_else_it_says_is_no_trouble(visitor, acme, row, chiara, claims):
    acme.claims = claims
    assert sign_in(visitor(), acme, row).path == "/o/lumen/"


def test_fd_08_the_answer_of_one_is_none_of_the_others(visitor, two, cast):
    acme, onda = two
    lumens, ondas = connect(cast, acme), connect(cast, onda, "onda", "chiara")
    link(lumens, cast.people["chiara"])
    browser = visitor()
    back = onda.sign_in(way_out(browser, ondas)).replace(ondas.public_id, lumens.public_id)
    assert come_back(browser, back).path == "/signin"
    assert "/token" not in acme.asked and "/token" not in onda.asked


def test_fd_11_what_moved_inside_after_it_was_saved_is_not_asked(visitor, acme, row):
    with setting.changed(provider_networks=()):
        page = visitor().get(f"/signin/with/{row.public_id}")
    assert page.path == "/signin" and page.flash == AWAY


def test_fd_12_what_is_not_answered_is_not_asked_again_by_everybody(visitor, acme, row):
    acme.bodies = {"/.well-known/openid-configuration": lambda handler: handler.send_error(500)}
    acme.asked.clear()
    for _ in range(3):
        assert visitor().get(f"/signin/with/{row.public_id}").flash == AWAY
    assert acme.asked == {"/.well-known/openid-configuration": 1}
    acme.bodies = {}
    with time_machine.travel(clock.now() + clock.MINUTE):
        assert way_out(visitor(), row)


def waiting_for(*organisations, times):
    """So many wait already for the providers of each of these."""
    waits = contextlib.ExitStack()
    for organisation in organisations:
        for _ in range(times):
            waits.enter_context(lent.one_of_few(organisation))
    return waits


def test_fd_12_who_waits_for_a_slow_one_holds_up_nobody_else(visitor, two, cast):
    """Two wait; the third is told at once. Another organisation's provider, and any other way, notice nothing."""
    acme, onda = two
    lumens, ondas = connect(cast, acme), connect(cast, onda, "onda", "chiara")
    with waiting_for(cast.organisations["lumen"].public_id, times=lent.EACH):
        assert visitor().get(f"/signin/with/{lumens.public_id}").flash == AWAY
        assert way_out(visitor(), ondas)
        assert visitor().sign_in("luc").get("/account").status == 200
    assert way_out(visitor(), lumens)


def test_fd_12_all_of_them_together_hold_up_no_more_than_a_quarter(visitor, acme, row, cast):
    with waiting_for("one", "two", "three", "four", times=lent.EACH):
        assert visitor().get(f"/signin/with/{row.public_id}").flash == AWAY
        assert visitor().sign_in("luc").get("/account").status == 200
    assert way_out(visitor(), row)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks", "/userinfo"])
def test_fd_12_what_is_nested_too_deep_is_no_answer(visitor, acme, row, chiara, path):
    acme.bodies = {path: deep}
    acme.claims = {"email": None}               # so that it is asked for more
    browser = visitor()
    if path.startswith("/.well-known"):
        assert browser.get(f"/signin/with/{row.public_id}").flash == AWAY
    else:
        assert sign_in(browser, acme, row).flash == AWAY


def deep(handler):
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b'{"keys": ' + b"[" * 100_000)


@pytest.mark.parametrize("key", [{"kty": "RSA"}, {"kty": "EC", "crv": "P-256", "x": [], "y": 1}])
def test_fd_11_a_provider_with_keys_nobody_can_read_is_refused(acme, cast, key):
    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(json.dumps({"keys": [key]}).encode())
    acme.bodies = {"/jwks": answer}
    with pytest.raises(Refused):
        connect(cast, acme)


def test_fd_10_a_provider_for_all_that_is_switched_off_ends_what_it_opened(visitor, acme, cast):
    company = {"upstreams": (acme.upstream(name="company", ca=setting.provider_ca),), "upstream_oidc": ("company",)}
    with setting.changed(**company):
        luc = cast.people["luc"]
        with acting(luc):
            identities.link(luc.id, signin.backends()["company"], Someone("nora-at-acme"), keep=None)
        browser, own = visitor(), visitor().sign_in("luc")
        there = browser.get("/signin/with/company", expect=303, follow=False).answer.headers["Location"]
        come_back(browser, acme.sign_in(there))
        assert browser.get("/account").path == "/account"
    assert browser.get("/account").path == "/signin"
    with setting.changed(**company):
        assert browser.get("/account").path == "/signin"        # for good
    assert own.get("/account").path == "/account"


def test_no_secret_of_ours_reaches_another_provider(acme, row):
    with pytest.raises(Refused), setting.changed(provider_ca=""):
        lent.at(row.public_id).begin()
    assert THEIRS not in repr(lent.at(row.public_id).row.__data__)


# --- no standing -------------------------------------------------------------------------------


def typed(browser, password, expect=422):
    browser.get("/signin")
    return browser.post("/signin", expect=expect, email="chiara@onda.example", password=password)


def new_sign_ins():
    return Message.select().where(Message.notice == "new_sign_in").count()


def test_fd_14_and_lg_18_a_browser_that_came_in_by_it_passes_no_lock(visitor, acme, row, chiara):
    browser = visitor()
    sign_in(browser, acme, row)
    assert len(devices.all_of(chiara.id)) == 0
    browser.post("/signout")
    for _ in range(limits.SIGN_IN_ACCOUNT.times):
        typed(browser, "wrong wrong wrong")
    assert User.get_by_id(chiara.id).locked
    typed(browser, PASSWORD, expect=429)
    with time_machine.travel(clock.now() + clock.HOUR):
        typed(browser, PASSWORD)                # still locked, as it is for strangers
        assert sign_in(browser, acme, row).path == "/o/lumen/"      # what is not typed passes the lock


def test_fd_14_a_browser_known_by_a_proof_of_ones_own_stays_so(visitor, acme, row, chiara):
    browser = visitor()
    browser.sign_in("chiara")
    browser.post("/signout")
    sign_in(browser, acme, row)
    assert len(devices.all_of(chiara.id)) == 1 and latest().device


def test_fd_14_its_owner_is_told_of_a_browser_again_when_the_password_is_used_in_it(visitor, acme, row, chiara):
    visitor().sign_in("chiara")
    browser = visitor()
    for _ in range(2):
        sign_in(browser, acme, row)
        browser.post("/signout")
        assert new_sign_ins() == 1              # once, however often one comes in by it
    typed(browser, PASSWORD, expect=200)
    assert new_sign_ins() == 2 and len(devices.all_of(chiara.id)) == 2
    browser.post("/signout")
    typed(browser, PASSWORD, expect=200)
    assert new_sign_ins() == 2


def test_fd_14_many_sessions_by_it_have_the_guesses_of_one_and_lock_the_account(visitor, acme, row, chiara):
    def guess(expect):
        browser = visitor()
        sign_in(browser, acme, row)
        browser.get("/prove")
        return browser.post("/prove", expect=expect, password="wrong wrong wrong")
    for _ in range(limits.PROOF.times):
        guess(422)
    guess(429)
    assert User.get_by_id(chiara.id).locked
    with time_machine.travel(clock.now() + clock.HOUR):
        browser = visitor()
        sign_in(browser, acme, row)
        browser.get("/prove")
        browser.post("/prove", expect=422, password=PASSWORD)


def test_fd_14_and_tf_14_no_browser_is_remembered_by_it(visitor, acme, cast):
    row = connect(cast, acme)
    link(row, cast.people["mara"])
    browser = visitor()
    assert 'name="remember"' not in sign_in(browser, acme, row).html
    browser.post("/signin/second-step", factor="totp", code=pyotp.TOTP(SECRET).now(), remember="y")
    assert not devices.remembered(cast.people["mara"].id)
    browser.post("/signout")
    assert sign_in(browser, acme, row).path == "/signin/second-step"


# --- a lost factor -----------------------------------------------------------------------------


@pytest.fixture
def maras(visitor, acme, cast):
    """A browser in which somebody is half-way in as Mara, by the provider of Lumen."""
    row = connect(cast, acme)
    link(row, cast.people["mara"])
    protect(User.get_by_id(cast.people["anne"].id))
    browser = visitor(**{"Accept-Language": "en"})
    sign_in(browser, acme, row)
    return browser


def own_half_way():
    return signin.half_way(attempt("mara@bergquell.example", PASSWORD).attempt)


def test_tf_25_and_fd_14_it_opens_no_request_for_a_lost_factor(maras):
    page = maras.get("/signin/lost-factor")
    assert "a proof of your own" in page.text() and not page.all("button[value]")
    assert "a proof of your own" in maras.post("/signin/lost-factor", expect=422).text()
    assert not Recovery.select().exists() and not Message.select().where(Message.notice == "factor_lost").exists()


def test_tf_25_and_fd_14_it_sends_no_link_and_uses_none(maras, cast):
    lost_factor.open_for(own_half_way())
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"], "password", "totp"):
        vouching.vouch(Membership.get(Membership.user == cast.people["mara"].id).public_id)
    with time_machine.travel(clock.now() + clock.DAY + clock.HOUR):
        Attempt.update(expires=clock.now() + clock.HOUR).execute()
        maras.get("/signin/lost-factor")
        maras.post("/signin/lost-factor", expect=422)
        assert not Link.select().where(Link.purpose == links.FACTOR_LOST).exists()
        lost_factor.send(own_half_way())
        token = Link.select().where(Link.purpose == links.FACTOR_LOST).get().token
        maras.get(f"/signin/lost-factor/{token}")
        assert "a proof of your own" in maras.post(f"/signin/lost-factor/{token}", expect=422).text()
    assert User.get(User.email == "mara@bergquell.example").two_factor


def test_fd_10_a_provider_for_all_ends_what_a_recovery_opened_by_it(visitor, acme, cast):
    company = {"upstreams": (acme.upstream(name="company", ca=setting.provider_ca),), "upstream_oidc": ("company",)}
    protect(User.get_by_id(cast.people["anne"].id))
    mara = User.get_by_id(cast.people["mara"].id)
    with setting.changed(**company):
        proof = Proof(mara, "upstream company", elsewhere="company 5f2c")
        lost_factor.open_for(signin.half_way(signin.proved(proof).attempt))
        with working_for(cast.organisations["lumen"]), acting(cast.people["anne"], "password", "totp"):
            vouching.vouch(Membership.get(Membership.user == mara.id).public_id)
        with time_machine.travel(clock.now() + clock.DAY + clock.HOUR):
            lost_factor.send(signin.half_way(signin.proved(proof).attempt))
            token = Link.select().where(Link.purpose == links.FACTOR_LOST).get().token
            protection.enter_without(token, signin.proved(proof).attempt)
    assert (latest().proofs, latest().elsewhere) == ("upstream company recovery", "company 5f2c")


def test_fd_14_and_wa_05_a_key_found_and_given_a_pin_is_no_passkey_by_it(visitor, acme, row, chiara):
    key = registered(User.get_by_id(chiara.id), Authenticator(flags=UP))
    key.flags = UP | UV
    browser = visitor()
    assert sign_in(browser, acme, row).path == "/signin/second-step"
    options = asked(browser, "/signin/second-step?with=webauthn")
    assert browser.post("/signin/second-step", factor="webauthn", code=key.get(options)).path == "/o/lumen/"
    assert not opens(key)


def test_fd_14_it_neither_reads_the_invitations_of_others_nor_sets_the_language(visitor, acme, row, chiara, cast):
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"], "password", "totp"):
        invitations.invite(chiara.email, "admin")
    browser = visitor()
    sign_in(browser, acme, row)
    assert "Bergquell" not in browser.get("/account/organisations").text()
    browser.post("/language", language="de", back="/o/lumen/")
    assert User.get_by_id(chiara.id).language == chiara.language != "de"


def test_fd_14_and_tf_04_wrong_codes_beside_it_do_not_pause_the_owners(acme, row, cast):
    mara = link(row, cast.people["mara"])
    for _sign_in in range(2):
        with current.acting_as(current.Actor(kind="visitor", address="192.0.2.66")):
            half_way = signin.proved(Proof(mara, f"upstream {row.way}", elsewhere=row.way)).attempt
            for _code in range(signin.TRIES):
                with contextlib.suppress(Refused, TooMany, NotHere):
                    signin.with_second_step(half_way, "totp", "000000")
    own = attempt(mara.email, PASSWORD).attempt
    assert signin.with_second_step(own, "totp", pyotp.TOTP(SECRET).now()).session
