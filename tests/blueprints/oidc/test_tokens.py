"""What applications get, and when it opens nothing any more: at the next request, whatever ended it."""
import base64
import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine

import db
import limits
from accounts import sessions
from accounts.sessions import NEVER
from clock import now
from db import transaction
from demo import APP_BACK, APP_SECRET, acting
from models import Authorization, Grant, Membership, Product, Session, Team, Token, User
from oidc import authorizations, clients, consents, keys
from organisations import blocking, demands, members, operating, teams
from products import blocking as product_blocking
from products import grants, lifecycle, uses
from tenancy import across_organisations, working_for
from tests.applications import Application


@pytest.fixture
def chiara(browse):
    return browse("chiara")


def refused(answer, error="invalid_grant", status=400):
    assert answer.status_code == status and answer.json["error"] == error, answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def closed(planning, tokens):
    """Nothing of it opens anything."""
    assert planning.userinfo(tokens["access_token"]).status_code == 401
    assert planning.introspect(tokens["access_token"]) == {"active": False}
    assert planning.introspect(tokens["refresh_token"]) == {"active": False}
    refused(planning.refresh(tokens["refresh_token"]))


# --- codes -------------------------------------------------------------------------------------


def test_op_03_a_code_used_twice_ends_what_came_of_it(planning, chiara):
    code = planning.code(chiara)
    tokens = planning.exchange(code).json
    assert planning.userinfo(tokens["access_token"]).status_code == 200
    refused(planning.exchange(code))
    closed(planning, tokens)
    code = planning.code(chiara)
    tokens = planning.exchange(code).json
    with time_machine.travel(now() + timedelta(minutes=5), tick=False):     # long after it was good for anything
        refused(planning.exchange(code))
        closed(planning, tokens)


def test_op_05_a_code_is_for_one_application_address_and_verifier(app, planning, chiara, by, product):
    with by("anne"):
        client, secret = clients.create(product("Planning"), [APP_BACK], pkce=False)
    other = Application(app, client.client_id, secret)
    code = planning.code(chiara)
    refused(other.exchange(code, code_verifier=planning.verifier))
    refused(planning.exchange(code, redirect_uri=f"{APP_BACK}/"))
    refused(planning.exchange(code, redirect_uri=None))
    refused(planning.exchange(code, code_verifier="x" * 43))
    refused(planning.exchange("nothing"))
    refused(planning.exchange(None))
    with time_machine.travel(now() + timedelta(seconds=60), tick=False):
        refused(planning.exchange(code))
    assert planning.exchange(code).status_code == 200


def test_who_comes_in_is_counted_and_a_refresh_is_not(planning, chiara, browse, cast, by):
    tokens = planning.tokens(chiara)
    planning.refresh(tokens["refresh_token"])
    for browser in (chiara, browse("chiara"), browse("grace")):
        planning.tokens(browser)
    with by("anne"):
        found = uses.statistics(Product.get(Product.label == "Planning")).total
        assert (found.times, found.people, found.devices) == (4, 2, 3)
    refused(planning.exchange("nothing"))
    with by("anne"):
        assert uses.statistics(Product.get(Product.label == "Planning")).total == found


def test_op_06_a_verifier_and_a_challenge_go_together(planning, chiara):
    refused(planning.exchange(planning.code(chiara), code_verifier=None))
    refused(planning.exchange(planning.code(chiara), code_verifier=planning.verifier[:42]))
    bare = planning.code(chiara, code_challenge=None, code_challenge_method=None)
    refused(planning.exchange(bare))
    assert planning.exchange(bare, code_verifier=None).status_code == 200


def test_a_mail_server_that_asks_about_a_token_learns_whose_mail_it_opens(planning, chiara):
    """By their address Dovecot knows people; without its scope it is not told."""
    assert planning.introspect(planning.tokens(chiara)["access_token"])["email"] == "chiara@onda.example"
    assert "email" not in planning.introspect(planning.tokens(chiara, scope="openid profile")["access_token"])


# --- refreshing --------------------------------------------------------------------------------


def test_op_07_a_refresh_token_used_twice_ends_the_family_and_is_told(planning, chiara, cast, letters):
    first = planning.tokens(chiara)
    second = planning.refresh(first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]
    refused(planning.refresh(first["refresh_token"]))
    closed(planning, second)
    written = [letter for message, letter in letters("chiara@onda.example") if message.notice == "application_reused"]
    assert len(written) == 1 and "Planning" in written[0].text and "http" not in written[0].text.split("\n-- ")[0]


def test_op_07_a_family_has_an_end_whatever_is_refreshed(planning, chiara, cast):
    tokens = planning.tokens(chiara, scope="openid offline_access")
    start = now()
    for day in (30, 60, 89):
        with time_machine.travel(start + timedelta(days=day), tick=False):
            tokens = planning.refresh(tokens["refresh_token"]).json
    with time_machine.travel(start + timedelta(days=90, seconds=1), tick=False):
        refused(planning.refresh(tokens["refresh_token"]))


def test_op_10_a_refresh_never_widens(planning, chiara, by):
    tokens = planning.tokens(chiara, scope="openid email")
    refused(planning.refresh(tokens["refresh_token"], scope="openid email groups"), "invalid_scope")
    narrow = planning.refresh(tokens["refresh_token"], scope="openid").json
    assert narrow["scope"] == "openid" and "email" not in planning.userinfo(narrow["access_token"]).json
    wide = planning.refresh(narrow["refresh_token"]).json
    assert wide["scope"] == "openid email"
    with by("anne"):
        clients.change("demo-app", 0, [APP_BACK], pkce=False, asks=["openid"])
    assert "email" not in planning.userinfo(wide["access_token"]).json
    assert planning.refresh(wide["refresh_token"]).json["scope"] == "openid"


def test_an_access_token_lives_ten_minutes(planning, chiara):
    tokens = planning.tokens(chiara)
    with time_machine.travel(now() + timedelta(minutes=10), tick=False):
        assert planning.userinfo(tokens["access_token"]).status_code == 401
        assert planning.refresh(tokens["refresh_token"]).status_code == 200


# --- whatever ends it --------------------------------------------------------------------------


def end_session(cast, by, product):
    session = Session.select().where(Session.user == cast.people["chiara"].id).order_by(Session.id.desc()).get()
    with acting(cast.people["chiara"]):
        sessions.end(session.public_id)


def sign_out(cast, by, product):
    session = Session.select().where(Session.user == cast.people["chiara"].id).order_by(Session.id.desc()).get()
    sessions.sign_out(SimpleNamespace(session_id=session.id, session_public_id=session.public_id,
                                      user_id=session.user_id))


def suspend(cast, by, product):
    with acting(cast.people["otto"], "password", "totp"):
        operating.suspend(cast.people["chiara"].public_id, "for a while")


def new_password(cast, by, product):
    with acting(cast.people["chiara"]), transaction():
        sessions.end_everything(User.get_by_id(cast.people["chiara"].id), "password")


def block(cast, by, product):
    with by("anne"):
        blocking.block(Membership.get(Membership.user == cast.people["chiara"].id).public_id, "for a while")


def remove(cast, by, product):
    with by("anne"):
        members.remove(Membership.get(Membership.user == cast.people["chiara"].id).public_id)


def take(cast, by, product):
    with by("anne"):
        subject = grants.of_member(Membership.get(Membership.user == cast.people["chiara"].id).public_id)
        grants.save(subject, "application-with-single-sign-on", [])


def maintain(cast, by, product):
    with across_organisations("a test: its category knows no maintenance"), transaction():
        Product.update(maintained=now()).where(Product.label == "Planning").execute()


def block_product(cast, by, product):
    with by("anne"):
        product_blocking.block(product("Planning"), "Under review")


def end_product(cast, by, product):
    with by("anne"):
        lifecycle.end(product("Planning"))


def demand(cast, by, product):
    with by("mara"):
        demands.force()


def disable(cast, by, product):
    with by("anne"):
        clients.disable("demo-app")


def withdraw(cast, by, product):
    with acting(cast.people["chiara"]):
        consents.withdraw(consents.listed(cast.people["chiara"].id)[0].public_id)


def test_rl_11_unblocking_revives_no_token(planning, chiara, cast, by, product):
    tokens = planning.tokens(chiara)
    block(cast, by, product)
    with time_machine.travel(now() + timedelta(minutes=1)):
        with by("anne"):
            blocking.unblock(Membership.get(Membership.user == cast.people["chiara"].id).public_id)
        closed(planning, tokens)
        assert planning.userinfo(planning.tokens(chiara)["access_token"]).status_code == 200


@pytest.mark.parametrize("what", [end_session, suspend, new_password, block, remove, take, maintain,
                                  block_product, end_product, demand, withdraw])
def test_op_09_at_the_next_request_nothing_opens(planning, chiara, cast, by, product, what):
    tokens = planning.tokens(chiara)
    assert planning.introspect(tokens["access_token"])["active"]
    what(cast, by, product)
    closed(planning, tokens)


@pytest.mark.parametrize("what", [suspend, new_password, block, remove, take, block_product, end_product, demand,
                                  withdraw])
def test_op_09_nor_what_lives_on_without_a_session(planning, chiara, cast, by, product, what):
    tokens = planning.tokens(chiara, scope="openid offline_access")
    sign_out(cast, by, product)
    assert planning.userinfo(tokens["access_token"]).status_code == 200
    what(cast, by, product)
    closed(planning, tokens)


def test_what_lives_on_ends_with_a_session_that_is_ended_from_another(planning, chiara, cast, by, product):
    """The browser may be a stolen one, and so may what it let in."""
    tokens = planning.tokens(chiara, scope="openid offline_access")
    end_session(cast, by, product)
    closed(planning, tokens)
    assert authorizations.end_with_sessions() == 1


def test_op_09_leaving_the_team_by_which_one_comes_in_closes_it(planning, chiara, cast, by, product):
    with by("anne"):
        bureau = Team.get(Team.key == "bureau").public_id
        grants.give(grants.of_team(bureau), lifecycle.find(product("Planning")), Grant.USE)
    take(cast, by, product)
    tokens = planning.tokens(chiara)
    with by("anne"):
        teams.leave(bureau, [Membership.get(Membership.user == cast.people["chiara"].id).public_id])
    closed(planning, tokens)


def test_op_09_a_disabled_application_is_nobody(planning, chiara, cast, by, product):
    tokens = planning.tokens(chiara)
    disable(cast, by, product)
    refused(planning.refresh(tokens["refresh_token"]), "invalid_client", 401)
    assert planning.userinfo(tokens["access_token"]).status_code == 401
    assert planning.answer(chiara.get(planning.asking(), expect=403))["error"] == "access_denied"
    with by("anne"):
        clients.enable("demo-app")
    closed(planning, tokens)
    assert planning.tokens(chiara)


def test_op_09_a_code_is_worth_nothing_once_access_is_gone(planning, chiara, cast, by, product):
    code = planning.code(chiara)
    take(cast, by, product)
    refused(planning.exchange(code))


def test_a_session_left_alone_does_not_end_what_goes_on_in_an_application(planning, chiara):
    tokens = planning.tokens(chiara)
    start = now()
    with time_machine.travel(start + timedelta(hours=2), tick=False):
        assert chiara.get("/account").path == "/signin"
        tokens = planning.refresh(tokens["refresh_token"]).json
    with time_machine.travel(start + timedelta(hours=25), tick=False):
        refused(planning.refresh(tokens["refresh_token"]))


def test_an_organisation_that_shortens_sessions_shortens_them_here(planning, chiara, by):
    tokens = planning.tokens(chiara)
    with by("mara"):
        demands.limit_sessions(4, trusts_browsers=True)
    with time_machine.travel(now() + timedelta(hours=5), tick=False):
        refused(planning.refresh(tokens["refresh_token"]))


def test_in_a_browser_that_spared_the_second_step_a_session_is_as_old_as_it_is(planning, chiara, cast, by):
    """Its proof is never fresh; that does not make it a session of long ago."""
    Session.update(proofs="password trusted", proved=NEVER).where(Session.user == cast.people["chiara"].id).execute()
    with by("mara"):
        demands.limit_sessions(4, trusts_browsers=True)
    tokens = planning.tokens(chiara)
    assert planning.userinfo(tokens["access_token"]).status_code == 200
    with time_machine.travel(now() + timedelta(hours=5), tick=False):
        refused(planning.refresh(tokens["refresh_token"]))


def test_and_its_tokens_that_outlive_it_are_as_old_as_it_was(planning, chiara, cast, by):
    Session.update(proofs="password trusted", proved=NEVER).where(Session.user == cast.people["chiara"].id).execute()
    with by("mara"):
        demands.limit_sessions(4, trusts_browsers=True)
    tokens = planning.tokens(chiara, scope="openid offline_access")
    for later in (timedelta(hours=5), timedelta(hours=25), timedelta(days=30)):
        with time_machine.travel(now() + later, tick=False):
            refused(planning.refresh(tokens["refresh_token"]))


# --- one token is not another ------------------------------------------------------------------


def test_op_11_a_token_is_good_for_what_it_was_made(app, planning, chiara, by, product):
    with by("anne"):
        elsewhere = lifecycle.add("application-with-single-sign-on", "Other", address="https://other.lumen.example")
        client, secret = clients.create(elsewhere.public_id, [APP_BACK])
    other = Application(app, client.client_id, secret)
    tokens = planning.tokens(chiara)
    for wrong in (tokens["id_token"], tokens["refresh_token"], tokens["access_token"][:-1], "", "kat_", "x" * 5000):
        answer = planning.userinfo(wrong)
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert other.introspect(tokens["access_token"]) == {"active": False}
    refused(other.refresh(tokens["refresh_token"]))
    refused(planning.refresh(tokens["access_token"]))
    other.post("/oauth/revoke", token=tokens["refresh_token"])
    assert planning.introspect(tokens["access_token"])["active"]
    answer = app.test_client().get(f"/oauth/userinfo?access_token={tokens['access_token']}",
                                   base_url="http://localhost:8000")
    assert answer.status_code == 401, "a token in an address is none"


def test_a_revoked_token_is_over(planning, chiara):
    tokens = planning.tokens(chiara)
    assert planning.post("/oauth/revoke", token=tokens["access_token"]).status_code == 200
    assert planning.userinfo(tokens["access_token"]).status_code == 401
    tokens = planning.refresh(tokens["refresh_token"]).json
    assert planning.post("/oauth/revoke", token=tokens["refresh_token"]).status_code == 200
    closed(planning, tokens)
    assert planning.post("/oauth/revoke", token="nobody's").status_code == 200


def test_tokens_and_codes_are_kept_as_digests(planning, chiara):
    code = planning.code(chiara)
    tokens = planning.exchange(code).json
    with across_organisations("looking at all that is kept"):
        kept = str([list(table.select().tuples()) for table in (Token, Authorization)])
    assert not [secret for secret in (code, tokens["access_token"], tokens["refresh_token"]) if secret in kept]


# --- which application -------------------------------------------------------------------------


def basic(name, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def test_op_15_an_application_proves_itself_in_one_way(app, planning, chiara, by, product):
    with by("anne"):
        client, secret = clients.create(product("Planning"), [APP_BACK])
    code = planning.code(chiara)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": APP_BACK,
            "code_verifier": planning.verifier}
    named = {"client_id": "demo-app", "client_secret": APP_SECRET}
    web = app.test_client()

    def ask(data, headers=None, path="/oauth/token"):
        return web.post(path, data=data, headers=headers, base_url="http://localhost:8000")
    for wrong in (
            ask(form), ask(form | {"client_id": "demo-app"}), ask(form | named | {"client_secret": secret}),
            ask(form | named, basic("demo-app", APP_SECRET)), ask(form, basic("demo-app", "")),
            ask(form | {"client_id": client.client_id}, basic("demo-app", APP_SECRET)),
            ask(form, {"Authorization": "Basic ???"}), ask(form, {"Authorization": f"Bearer {APP_SECRET}"}),
            ask(form, path=f"/oauth/token?client_id=demo-app&client_secret={APP_SECRET}"),
            ask(form | {"client_assertion": "x", "client_assertion_type": "jwt", "client_id": "demo-app"})):
        refused(wrong, "invalid_client", 401)
        assert wrong.headers["WWW-Authenticate"].startswith("Basic")
    assert ask(form | named).status_code == 200


def test_op_15_guesses_are_counted(planning):
    planning.secret = "a guess"
    for _time in range(limits.CLIENT_SECRET.times):
        refused(planning.exchange("x"), "invalid_client", 401)
    answer = planning.exchange("x")
    assert answer.status_code == 429 and answer.headers["Retry-After"]
    planning.secret = APP_SECRET
    assert planning.exchange("x").status_code == 429, "not even looked at"


def test_what_comes_twice_is_refused(app, chiara):
    answer = app.test_client().post("/oauth/token", data="grant_type=refresh_token&grant_type=authorization_code",
                                    content_type="application/x-www-form-urlencoded", base_url="http://localhost:8000")
    refused(answer, "invalid_request")


def test_other_grants_are_unknown(planning):
    refused(planning.post("/oauth/token", grant_type="password", username="a", password="b"), "unsupported_grant_type")
    refused(planning.post("/oauth/token", grant_type="implicit"), "unsupported_grant_type")
    refused(planning.post("/oauth/token"), "invalid_request")


# --- in its own name ---------------------------------------------------------------------------


def test_op_10_a_service_reaches_nothing_of_people(app, by, product):
    with by("anne"):
        client, secret = clients.create(product("Planning"), [APP_BACK], service=True)
    service = Application(app, client.client_id, secret)
    for scope in ("openid", "email", "offline_access", "organisation email"):
        refused(service.post("/oauth/token", grant_type="client_credentials", scope=scope), "invalid_scope")
    tokens = service.post("/oauth/token", grant_type="client_credentials", scope="organisation").json
    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope"}
    told = service.introspect(tokens["access_token"])
    assert told["active"] and told["sub"] == client.client_id and "role" not in told
    refused(service.userinfo(tokens["access_token"]), "insufficient_scope", 403)
    with by("anne"):
        lifecycle.end(product("Planning"))
    assert service.introspect(tokens["access_token"]) == {"active": False}


def test_an_application_acts_in_its_own_name_only_where_it_may(planning):
    refused(planning.post("/oauth/token", grant_type="client_credentials"), "unauthorized_client")


# --- races -------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["code", "refresh"])
def test_op_04_of_many_at_once_one_at_most_gets_something(app, planning, chiara, what):
    given = planning.code(chiara) if what == "code" else planning.tokens(chiara)["refresh_token"]
    start, answers = threading.Barrier(20), []

    def knock():
        try:
            own = Application(app)
            own.verifier = planning.verifier
            start.wait()
            answers.append(own.exchange(given) if what == "code" else own.refresh(given))
        finally:
            db.database.close()
    threads = [threading.Thread(target=knock) for _each in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(answers) == 20 and len(good) == 1
    closed(planning, good[0].json)


def test_op_24_old_tokens_are_read_until_they_end_and_a_lost_key_is_not(planning, chiara, cast):
    tokens = planning.tokens(chiara)
    with acting(cast.people["otto"]):
        keys.renew("ES256")
    planning.claims(tokens)
    assert len(planning.keys().keys) == 2
    with acting(cast.people["otto"]):
        keys.renew("ES256", at_once=True)
    assert len(planning.keys().keys) == 1
    with pytest.raises(Exception):
        planning.claims(tokens)
    planning.claims(planning.tokens(chiara))
    assert keys.read(tokens["id_token"]) is None


def test_a_product_has_its_own_people_and_not_its_neighbours(cast, planning, chiara, product):
    tokens = planning.tokens(chiara)
    with working_for(cast.organisations["onda"]):
        assert not list(Token.select()) and not list(Authorization.select())
    with working_for(cast.organisations["lumen"]):
        assert Token.select().count() == 2 and Product.select().count()
    assert tokens
