"""The door of applications: nobody is led astray, nobody is let in who may not, and what is said is true."""
from datetime import timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import time_machine

import demo
from clock import now
from db import transaction
from demo import APP_BACK
from models import Authorization, Category, Membership, Organisation, Product, Session, User
from oidc import clients, consents, scopes
from organisations import blocking, demands
from products import grants, lifecycle
from tenancy import across_organisations, working_for
from tests.applications import Application, arrived, asked, says_yes

BACK = APP_BACK
DENIED = {"error": "access_denied", "error_description": "This person has no access to this application."}
ASTRAY = (
    f"{BACK}/more", BACK[:-1], BACK.upper(), f"{BACK}/", f"{BACK}#x", "http://evil@localhost:9000/callback",
    "http://localhost:9000@evil.example/callback", f"{BACK}/..;/x", "http://localhost:9000/%2fcallback",
    "http://localhost:9000/%252fcallback", "http://localhost:9000\\callback", "http://localhost:9000/call\tback",
    f"{BACK}?x=1", "http://localhost:9001/callback", "http://localhost.evil.example:9000/callback",
    "http://127.0.0.1:9000/callback", "http://l\u043ecalhost:9000/callback", "//localhost:9000/callback",
    "javascript:alert(1)", "", None)


@pytest.fixture
def codes():
    """How many codes there ever were."""
    def count():
        with across_organisations("counting"):
            return Authorization.select().count()
    return count


@pytest.fixture
def chiara(browse):
    return browse("chiara")


@pytest.mark.parametrize("address", ASTRAY)
def test_op_01_no_address_but_the_registered_one_to_the_letter(planning, chiara, codes, address):
    for more in ({}, {"response_type": "token"}, {"prompt": "none"}, {"scope": "nothing"}):
        page = chiara.get(planning.asking(redirect_uri=address, **more), expect=400)
        assert "Location" not in page.answer.headers and "refresh" not in page.html
    assert codes() == 0


def test_op_01_the_address_named_twice_is_none(planning, chiara, codes):
    chiara.get(f"{planning.asking()}&redirect_uri={quote('http://evil.example')}", expect=400)
    chiara.get(f"{planning.asking(redirect_uri='http://evil.example')}&redirect_uri={quote(BACK)}", expect=400)
    chiara.get(f"{planning.asking()}&client_id=demo-app", expect=400)
    chiara.get(planning.asking(client_id="nobody"), expect=400)
    assert codes() == 0


def test_op_01_only_the_port_of_an_app_on_the_same_machine_may_differ(app, chiara, by, product):
    with by("anne"):
        native, _none = clients.create(product("Planning"), ["http://127.0.0.1/cb", "com.example.app:/cb"], public=True)
    phone = Application(app, native.client_id, "", "http://127.0.0.1:51234/cb")
    assert phone.code(chiara)
    for address in ("http://127.0.0.1:51234/other", "http://localhost:51234/cb", "https://127.0.0.1:51234/cb",
                    "http://127.0.0.1:51234@evil.example/cb", "http://127.0.0.1:512345/cb", "com.example.app:/other"):
        chiara.get(phone.asking(redirect_uri=address), expect=400)
    phone.back = "com.example.app:/cb"
    assert phone.code(chiara)


@pytest.mark.parametrize("more", [
    {"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"code_challenge": None},
    {"code_challenge": "too-short"}, {"code_challenge": "x" * 44},
    {"code_challenge": "é" * 43}, {"code_challenge": "x" * 42 + "="}, {"code_challenge": "x" * 42 + "\n"}])
def test_op_06_a_challenge_is_s256_or_none(planning, chiara, more, codes):
    assert planning.answer(chiara.get(planning.asking(**more), expect=303))["error"] == "invalid_request"
    assert codes() == 0


def test_op_06_a_public_application_must_prove_that_it_began(app, chiara, by, product):
    with by("anne"):
        client, _none = clients.create(product("Planning"), [BACK], public=True, pkce=False)
    alone = Application(app, client.client_id, "")
    page = chiara.get(alone.asking(code_challenge=None, code_challenge_method=None), expect=303)
    assert alone.answer(page)["error"] == "invalid_request"


@pytest.mark.parametrize("more", [
    {"response_type": "token"}, {"response_type": "id_token"}, {"response_type": "none"},
    {"response_type": "code id_token"}])
def test_op_13_nothing_but_a_code(planning, chiara, more, codes):
    assert planning.answer(chiara.get(planning.asking(**more), expect=303))["error"] == "unsupported_response_type"
    assert codes() == 0


@pytest.mark.parametrize("mode", ["form_post", "fragment", "web_message", "nonsense"])
def test_op_13_no_other_way_back(planning, chiara, mode, codes):
    assert planning.answer(chiara.get(planning.asking(response_mode=mode), expect=303))["error"] == "invalid_request"
    chiara.get(planning.asking(response_mode=mode, redirect_uri="javascript:alert(1)"), expect=400)
    assert codes() == 0


def test_op_18_nothing_is_fetched_and_nothing_is_unpacked(planning, chiara, codes):
    for name in ("request", "request_uri"):
        answer = planning.answer(chiara.get(planning.asking(**{name: "http://127.0.0.1:1/internal"}), expect=303))
        assert answer["error"] == f"{name}_not_supported"
    bomb = planning.answer(chiara.get(planning.asking(claims="{" * 5000), expect=303))
    assert bomb["error"] == "invalid_request"
    assert codes() == 0


def test_op_10_more_than_registered_is_left_out(app, planning, chiara, by):
    with by("anne"):
        clients.change("demo-app", 0, [BACK], pkce=False, asks=["openid", "email"])
    tokens = planning.tokens(chiara, scope="openid email profile groups admin offline_access *")
    assert tokens["scope"] == "openid email"
    assert planning.answer(chiara.get(planning.asking(scope="profile"), expect=303))["error"] == "invalid_scope"


def test_op_22_a_claim_without_its_scope_is_not_there(planning, chiara, cast):
    claims = planning.claims(planning.tokens(chiara, scope="openid"))
    assert not {"name", "email", "organisation", "role", "groups", "preferred_username"} & set(claims)
    page = chiara.get(planning.asking(organisation=cast.organisations["onda"].public_id), expect=403)
    assert "Planning" not in page.text(), "it is nobody's product there"
    assert planning.answer(page)["error"] == "access_denied"


def test_who_was_not_granted_it_is_denied(planning, browse, codes):
    for who in ("luc", "esteban", "mara"):
        browser = browse(who)
        page = browser.get(planning.asking(), expect=403)
        assert planning.answer(page) == DENIED and page.answer.headers["Referrer-Policy"] == "no-referrer"
        assert planning.answer(browser.get(planning.asking(prompt="none"), expect=303)) == DENIED
    assert codes() == 0


def test_who_is_not_let_in_reads_why_and_what_to_do(planning, browse, cast, by, product):
    luc = browse("luc")
    page = luc.get(f"{planning.asking()}&lang=en", expect=403)
    for told in ("You have no access to Planning", "Not granted.", "Planning belongs to Atelier Lumen Sàrl.",
                 "You are signed in as luc@lumen.example."):
        assert told in page.text("main")
    assert "/account/products" in page.links and "/signout" in [form.get("action") for form in page.all("form")]
    ask = luc.get(next(link for link in page.links if link.startswith("/o/lumen/products/ask")), expect=200)
    assert "Planning" in ask.text("main")
    take_anne(cast, by)
    page = browse("anne").get(planning.asking(), expect=403)
    assert f"/o/lumen/products/{product('Planning')}/access" in page.links
    assert not [link for link in page.links if "/products/ask" in link]
    with by("anne"):
        blocking.block(Membership.get(Membership.user == cast.people["luc"].id).public_id, "for a while")
    page = luc.get(f"{planning.asking()}&lang=en", expect=403)
    assert "Blocked in the organisation." in page.text("main")
    assert not [link for link in page.links if "/o/lumen" in link]


def test_a_stranger_is_told_of_no_product(planning, browse):
    page = browse("otto").get(f"{planning.asking()}&lang=en", expect=403)
    assert planning.answer(page) == DENIED
    assert "You have no access to this application" in page.text("main")
    assert "Planning" not in page.text() and "Lumen" not in page.text() and not [
        link for link in page.links if "/o/" in link]


def take_anne(cast, by):
    with by("anne"):
        subject = grants.of_member(Membership.get(Membership.user == cast.people["anne"].id).public_id)
        grants.save(subject, "application-with-single-sign-on", [])


def test_what_the_organisation_demands_is_asked_for_at_this_door_too(planning, browse, cast, by):
    chiara = browse("chiara")
    with by("mara"):
        demands.force()
    wall = chiara.get(planning.asking(), expect=403)
    onward = next(link for link in wall.links if link.startswith("/account/security/two-factor"))
    assert "/oauth/authorize" in dict(parse_qsl(urlsplit(onward).query))["next"]
    silent = chiara.get(planning.asking(prompt="none"), expect=303)
    assert planning.answer(silent)["error"] == "interaction_required"


# --- consent -----------------------------------------------------------------------------------


def test_consent_says_who_asks_for_what_and_is_asked_once(planning, chiara):
    page = chiara.get(f"{planning.asking(scope='openid email')}&lang=en")
    assert "Planning" in page.text("main") and "Atelier Lumen" in page.text("main")
    assert "Know your e-mail address" in page.text("main") and "teams" not in page.text("main")
    assert planning.answer(says_yes(chiara, page))["code"]
    assert planning.answer(chiara.get(planning.asking(scope="openid email"), expect=303))["code"]
    assert chiara.get(planning.asking(scope="openid email groups")).status == 200
    assert chiara.get(planning.asking(scope="openid email", prompt="consent")).status == 200
    assert planning.code(chiara, prompt="consent")


def test_a_no_is_told(planning, chiara, codes):
    page = chiara.get(planning.asking())
    answer = chiara.post("/oauth/authorize/consent", **asked(page), answer="refuse")
    assert planning.answer(answer)["error"] == "access_denied"
    assert codes() == 0 and not consents.listed(chiara.cast.people["chiara"].id)


def test_op_16_without_consent_nothing_is_answered_silently(planning, chiara, visitor, codes):
    assert planning.answer(chiara.get(planning.asking(prompt="none"), expect=303))["error"] == "consent_required"
    assert planning.answer(visitor().get(planning.asking(prompt="none"), expect=303))["error"] == "login_required"
    assert codes() == 0


def test_op_16_a_question_is_answered_once_and_by_whom_it_was_asked(planning, browse, visitor, chiara, codes):
    question = asked(chiara.get(planning.asking()))
    other = browse("grace")
    other.get("/account")
    other.post("/oauth/authorize/consent", expect=409, **question, answer="allow")
    stranger = visitor()
    stranger.get("/signin")
    assert stranger.post("/oauth/authorize/consent", **question, answer="allow").path == "/signin"
    chiara.post("/oauth/authorize/consent", expect=403, token="forged", **question, answer="allow")
    assert codes() == 0
    chiara.get("/account")
    assert chiara.post("/oauth/authorize/consent", **question, answer="allow").status == 200
    chiara.get("/account")
    chiara.post("/oauth/authorize/consent", expect=409, **question, answer="allow")
    assert codes() == 1


def test_op_16_a_yes_of_another_session_is_none(planning, browse, chiara, codes):
    """What goes round with the request after a yes is bound to the session in which it was said."""
    page = chiara.get(planning.asking(prompt="consent"))
    answer = chiara.post("/oauth/authorize/consent", follow=False, expect=303, **asked(page), answer="allow")
    onward = answer.answer.headers["Location"]
    assert 'name="question"' in browse("chiara").get(onward).html
    assert codes() == 0
    assert "refresh" in chiara.get(onward).html
    assert 'name="question"' in chiara.get(onward).html, "a yes is good once"
    assert codes() == 1


def test_op_16_the_page_cannot_be_framed(planning, chiara):
    page = chiara.get(planning.asking())
    assert "frame-ancestors 'none'" in page.answer.headers["Content-Security-Policy"]


def test_op_27_a_form_never_ends_elsewhere(planning, visitor, cast):
    """Whoever signs in on the way comes to a page of ours that leads on; the policy is the same as everywhere."""
    browser = visitor()
    page = browser.get(planning.asking())
    assert page.path == "/signin"
    onward = browser.page.all("form")
    action = next(form["action"] for form in onward if "/signin" in form.get("action", ""))
    page = browser.post(action, email="grace@field.example", password=demo.PASSWORD)
    page = says_yes(browser, page)
    assert page.status == 200 and "form-action 'self';" in page.answer.headers["Content-Security-Policy"]
    assert page.answer.headers["Referrer-Policy"] == "no-referrer"
    assert planning.exchange(planning.answer(page)["code"]).status_code == 200


def test_op_25_after_a_post_it_is_303(planning, visitor, chiara, app):
    page = chiara.get(planning.asking())
    answer = chiara.post("/oauth/authorize/consent", follow=False, expect=303, **asked(page), answer="allow")
    assert answer.answer.headers["Location"].startswith("/oauth/authorize")
    client = app.test_client()
    path, _mark, query = planning.asking().partition("?")
    by_form = client.post(path, data=dict(parse_qsl(query)), base_url="http://localhost:8000",
                          headers={"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:9000"})
    assert by_form.status_code == 303 and by_form.headers["Location"].startswith("/oauth/authorize?client_id=demo-app")


# --- who is here -------------------------------------------------------------------------------


def test_op_17_login_is_asked_for_again_and_cancelling_gives_nothing(planning, chiara, codes):
    planning.code(chiara)
    before = codes()
    page = chiara.get(planning.asking(prompt="login"))
    assert page.path == "/prove" and codes() == before
    assert chiara.get("/account").status == 200, "the session is as before"
    assert planning.answer(chiara.get(planning.asking(), expect=303))["code"]


def test_op_17_auth_time_is_when_it_was_proved(planning, chiara):
    first = planning.claims(planning.tokens(chiara))["auth_time"]
    with time_machine.travel(now() + timedelta(minutes=30), tick=False):
        assert planning.claims(planning.tokens(chiara))["auth_time"] == first
        page = chiara.get(planning.asking(max_age=60))
        assert page.path == "/prove"
        page = chiara.post(proof_form(page), password=demo.PASSWORD)
        later = planning.exchange(planning.answer(page)["code"]).json
        assert planning.claims(later)["auth_time"] == int(now().timestamp()) > first


def test_op_17_one_proof_and_one_yes_are_enough(planning, chiara):
    """Both asked for at once, and slowly answered: neither is asked for twice."""
    with time_machine.travel(now() + timedelta(minutes=30)) as clock:
        page = chiara.get(planning.asking(prompt="login consent", max_age=120))
        assert page.path == "/prove"
        clock.shift(60)
        page = chiara.post(proof_form(page), password=demo.PASSWORD)
        clock.shift(240)
        page = says_yes(chiara, page)
        claims = planning.claims(planning.exchange(planning.answer(page)["code"]).json)
        assert now().timestamp() - claims["auth_time"] >= 240


def test_op_17_a_question_is_no_answer(planning, chiara):
    page = chiara.get(planning.asking(prompt="consent"))
    said = asked(page)
    again = chiara.get(f"/oauth/authorize?{said['query']}&asked={said['question']}")
    assert 'name="question"' in again.html


def proof_form(page):
    return next(form["action"] for form in page.all("form") if form.get("action", "").startswith("/prove"))


def test_op_17_going_back_gives_no_second_code(planning, chiara, codes):
    planning.code(chiara)
    before = codes()
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        page = chiara.get(planning.asking(max_age=0))
        form = proof_form(page)
        place = dict(parse_qsl(urlsplit(form).query))["next"]
        assert "refresh" in chiara.post(form, password=demo.PASSWORD).html
        assert codes() == before + 1
    with time_machine.travel(now() + timedelta(minutes=3), tick=False):
        assert chiara.get(place).path == "/prove"
        assert codes() == before + 1


def test_op_17_a_forged_word_of_a_detour_says_nothing(planning, chiara):
    planning.code(chiara)
    asking = planning.asking(prompt="login")
    signature = "A" * 22
    for word in ("1.detour.x", f"{int(now().timestamp())}.detour.{signature}", f"{'9' * 12}.yes.{signature}", "yes",
                 "..", f"{'9' * 40}.detour.x", f"{int(now().timestamp())}.nonsense.{signature}"):
        assert chiara.get(f"{asking}&asked={word}").path == "/prove", word


def test_op_17_whoever_is_expected_is_asked_for(planning, chiara, codes):
    planning.code(chiara)
    before = codes()
    assert 'name="question"' in chiara.get(planning.asking(login_hint="grace@field.example")).html
    answer = planning.answer(chiara.get(planning.asking(login_hint="grace@field.example", prompt="none"), expect=303))
    assert answer["error"] == "login_required" and codes() == before
    assert planning.answer(chiara.get(planning.asking(login_hint="chiara@onda.example"), expect=303))["code"]
    assert 'name="question"' in chiara.get(planning.asking(prompt="select_account")).html


def test_op_17_another_account_on_the_way_is_the_one_that_is_asked(planning, browse, chiara, cast):
    """The consent page of one, answered after another signed in here: nothing; and the next answer is the other's."""
    question = asked(chiara.get(planning.asking()))
    chiara.get("/account")
    chiara.post("/signout")
    chiara.sign_in("grace")
    chiara.post("/oauth/authorize/consent", expect=409, **question, answer="allow")
    assert planning.claims(planning.tokens(chiara))["email"] == "grace@field.example"


@pytest.mark.parametrize("more", [{"prompt": "none login"}, {"prompt": "dance"}, {"max_age": "soon"},
                                  {"max_age": "-1"}])
def test_what_makes_no_sense_is_told(planning, chiara, more):
    assert planning.answer(chiara.get(planning.asking(**more), expect=303))["error"] == "invalid_request"


def test_acr_and_amr_are_what_this_session_did(planning, browse, cast, by, product):
    claims = planning.claims(planning.tokens(browse("chiara")))
    assert (claims["acr"], claims["amr"]) == ("https://refeds.org/profile/sfa", ["pwd"])
    with by("anne"):
        grants.give(grants.of_member(Membership.get(Membership.user == cast.people["mara"].id).public_id),
                    lifecycle.find(product("Planning")), "use")
    claims = planning.claims(planning.tokens(browse("mara")))
    assert (claims["acr"], claims["amr"]) == ("https://refeds.org/profile/mfa", ["pwd", "otp", "mfa"])


def test_a_remembered_browser_is_no_second_step_for_an_application(planning, browse, cast, by, product):
    with by("anne"):
        grants.give(grants.of_member(Membership.get(Membership.user == cast.people["mara"].id).public_id),
                    lifecycle.find(product("Planning")), "use")
    mara = browse("mara")
    Session.update(proofs="password trusted").where(Session.user == cast.people["mara"].id).execute()
    claims = planning.claims(planning.tokens(mara))
    assert (claims["acr"], claims["amr"]) == ("https://refeds.org/profile/sfa", ["pwd"])


# --- which organisation ------------------------------------------------------------------------


@pytest.fixture
def shared(cast, by, product):
    """Mara looks after an application that people of Lumen and of Bergquell use."""
    with working_for(cast.organisations["bergquell"]), demo.acting(cast.people["mara"], "password", "totp"):
        category = Category.get(Category.kind == "oidc_app").code
        other = lifecycle.add(category, "Agenda", address="https://agenda.bergquell.example")
        grants.give(grants.of_member(Membership.get(Membership.user == cast.people["mara"].id).public_id), other, "use")
        clients.share("demo-app", cast.organisations["lumen"], other.public_id)
    with by("anne"):
        grants.give(grants.of_member(Membership.get(Membership.user == cast.people["mara"].id).public_id),
                    lifecycle.find(product("Planning")), "use")
    return other


def test_a_chooser_appears_only_where_there_is_a_choice(planning, browse, cast, shared):
    mara = browse("mara")
    page = mara.get(planning.asking())
    assert page.path == "/oauth/authorize" and "Verein Bergquell" in page.text("main")
    chosen = next(link for link in page.links if cast.organisations["bergquell"].public_id in link)
    code = planning.answer(says_yes(mara, mara.get(chosen)))["code"]
    tokens = planning.exchange(code).json
    assert planning.claims(tokens)["organisation"]["name"] == "Verein Bergquell"
    assert planning.claims(tokens)["role"] == "legal"
    again = planning.refresh(tokens["refresh_token"]).json
    assert planning.userinfo(again["access_token"]).json["organisation"]["name"] == "Verein Bergquell"
    silent = planning.answer(mara.get(planning.asking(prompt="none"), expect=303))
    assert silent["error"] == "account_selection_required"
    chiara = browse("chiara")
    assert 'name="question"' in chiara.get(planning.asking()).html, "one organisation only: no choice"


def test_sharing_asks_for_both_products(cast, by, product):
    from rules import Forbidden, NotHere
    with by("chiara", "onda"):
        category = Category.get(Category.kind == "oidc_app").code
        mine = lifecycle.add(category, "Mia", address="https://mia.onda.example")
        with pytest.raises((Forbidden, NotHere)):
            clients.share("demo-app", cast.organisations["lumen"], mine.public_id)


def test_a_blocked_member_and_an_ended_product_open_nothing(planning, browse, cast, by, product):
    grace = browse("grace")
    planning.code(grace)
    with by("anne"):
        blocking.block(Membership.get(Membership.user == cast.people["grace"].id).public_id, "for a while")
    assert planning.answer(grace.get(planning.asking(), expect=403))["error"] == "access_denied"
    chiara = browse("chiara")
    with by("anne"):
        lifecycle.end(product("Planning"))
    assert planning.answer(chiara.get(planning.asking(), expect=403))["error"] == "access_denied"
    assert arrived(chiara.get(planning.asking(), expect=403), BACK)


def test_op_23_every_answer_says_whose_it_is(planning, chiara):
    page = chiara.get(planning.asking(response_type="token"), expect=303)
    assert dict(parse_qsl(urlsplit(arrived(page, BACK)).query))["iss"] == "http://localhost:8000"


def test_offline_is_a_scope_like_another(planning, chiara):
    page = chiara.get(f"{planning.asking(scope='openid offline_access')}&lang=en")
    assert str(scopes.SENTENCES["offline_access"]) in page.text("main")


def test_who_must_renew_the_password_does_that_first(planning, chiara, cast, codes):
    with transaction():
        User.update(must_renew=True).where(User.id == cast.people["chiara"].id).execute()
    assert chiara.get(planning.asking()).path != "/oauth/authorize"
    assert codes() == 0


def test_the_organisation_is_really_the_one_of_the_product(cast, product):
    with across_organisations("a test"):
        assert Product.get(Product.label == "Planning").organisation_id == Organisation.get(
            Organisation.slug == "lumen").id


def test_op_17_the_hint_of_another_person_is_not_answered_for_this_one(planning, chiara, browse, codes):
    token = planning.tokens(browse("grace"))["id_token"]
    own = planning.tokens(chiara)["id_token"]
    before = codes()
    answer = planning.answer(chiara.get(planning.asking(id_token_hint=token, prompt="none"), expect=303))
    assert answer["error"] == "login_required" and codes() == before
    assert planning.answer(chiara.get(planning.asking(id_token_hint=own, prompt="none"), expect=303))["code"]


def test_an_application_may_ask_for_two_steps(planning, browse, cast, by, product):
    with by("anne"):
        grants.give(grants.of_member(Membership.get(Membership.user == cast.people["mara"].id).public_id),
                    lifecycle.find(product("Planning")), "use")
    mara, chiara = browse("mara"), browse("chiara")
    two = {"acr_values": "https://refeds.org/profile/mfa"}
    planning.code(mara, **two)
    Session.update(proofs="password").where(Session.user == cast.people["mara"].id).execute()
    assert mara.get(planning.asking(**two)).path == "/prove"
    assert planning.claims(planning.tokens(chiara, **two))["amr"] == ["pwd"], "who has no factor is told as it is"


def test_op_16_what_lives_on_without_a_session_is_ones_own_yes(planning, chiara, cast):
    with demo.acting(cast.people["otto"], "password", "totp"):
        clients.trust("demo-app")
    answer = planning.answer(chiara.get(planning.asking(scope="openid offline_access"), expect=303))
    assert planning.exchange(answer["code"]).json["scope"] == "openid"
