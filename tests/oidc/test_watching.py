"""«Test now» of an application with OpenID: only what it really did here is noted, and only for who tests."""
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine

import outbox
from clock import now
from demo import APP_BACK
from models import ConnectionTest
from oidc import authorizations, clients, scopes, watching
from products import grants
from tenancy import across_organisations
from tests.applications import says_yes
from tests.blueprints.oidc.test_end_session import HOME, Told
from tests.gate.test_gate import member


@pytest.fixture
def anne(browse, by):
    """Who tests the connection of the planning."""
    with by("anne"):
        watching.begin("demo-app")
    return browse("anne")


def seen():
    """{step: what was wrong, or nothing}"""
    with across_organisations("a test looks at all"):
        return {step: what for step, (what, _detail) in ConnectionTest.get().seen.items()}


def refused(planning, browser):
    """The first sign-in of a test: consent is asked for as always, and then the answer is no."""
    return planning.answer(says_yes(browser, browser.get(planning.asking(), expect=None)))


def sent_away(browser, tokens, back):
    said = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": back}
    return browser.get(f"/oauth/end-session?{urlencode(said)}", expect=None)


def test_each_step_is_noted_when_it_happens(planning, anne, by, one_app):
    outbox.open_channels()
    assert seen() == {}
    with Told() as listening:
        with by("anne"):
            clients.change("demo-app", 0, [APP_BACK], pkce=False, asks=scopes.ALL, logout_uris=[HOME],
                           backchannel_uri=listening.address)
        assert refused(planning, anne)["error"] == "access_denied"
        assert seen() == {"asked": "", "refused": ""}
        tokens = planning.tokens(anne)
        assert seen() == {"asked": "", "refused": "", "exchanged": ""}
        assert planning.userinfo(tokens["access_token"]).status_code == 200
        assert sent_away(anne, tokens, HOME).status == 303
        assert seen() == dict.fromkeys(("asked", "refused", "exchanged", "used", "left"), "")
        authorizations.end_with_sessions()
        listening.status = 500
        outbox.deliver_due()
        assert seen()["told"] == "answer"
        listening.status = 200
        with time_machine.travel(now() + timedelta(minutes=2), tick=False):
            outbox.deliver_due()
    assert seen() == dict.fromkeys(watching.STEPS, "")


def test_what_is_wrong_is_noted_until_it_is_right(planning, anne, by, cast):
    anne.get(planning.asking(redirect_uri="http://localhost:9000/elsewhere"), expect=400)
    assert seen() == {"asked": "address"}
    anne.get(planning.asking(response_type="token"), expect=303)
    assert seen() == {"asked": "malformed"}
    refused(planning, anne)
    code, secret = planning.code(anne), planning.secret
    planning.secret = "kcs_wrong"
    assert planning.exchange(code).status_code == 401 and seen()["exchanged"] == "client"
    planning.secret = secret
    assert planning.exchange(code, code_verifier="x" * 43).status_code == 400 and seen()["exchanged"] == "verifier"
    assert planning.exchange(code, redirect_uri=HOME).status_code == 400 and seen()["exchanged"] == "code"
    tokens = planning.exchange(code).json
    assert seen()["exchanged"] == ""
    planning.exchange(code, code_verifier="x" * 43)
    assert seen()["exchanged"] == "", "what was seen right stays right"
    sent_away(anne, tokens, "http://elsewhere.example/")
    assert seen()["left"] == "back"


def test_who_may_not_use_it_is_told_so(planning, anne, by, cast):
    with by("anne"):
        grants.save(grants.of_member(member(cast, "anne")), "application-with-single-sign-on", [])
    assert planning.answer(anne.get(planning.asking(), expect=403))["error"] == "access_denied"
    assert seen() == {"asked": "", "exchanged": "no_access"}


def test_others_come_in_meanwhile_and_are_neither_refused_nor_noted(planning, anne, browse):
    tokens = planning.tokens(browse("chiara"))
    planning.userinfo(tokens["access_token"])
    assert seen() == {}


def test_after_ten_minutes_nothing_is_noted_and_nobody_refused(planning, anne):
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        assert planning.tokens(anne)
    assert seen() == {}
