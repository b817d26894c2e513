"""Signing out: at the wish of an application, and applications being told of it."""
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlencode

import pytest
import time_machine
from joserfc import jwt

import outbox
from accounts import sessions
from clock import now
from demo import APP_BACK, acting
from models import Membership, Message, Session
from oidc import authorizations, clients, scopes
from organisations import blocking
from settings import setting

HOME = "http://localhost:9000/"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def chiara(browse):
    return browse("chiara")


def end_session(**said):
    return f"/oauth/end-session?{urlencode(said, quote_via=quote)}"


def in_(browser):
    return browser.get("/account").path == "/account"


# --- at the wish of an application -------------------------------------------------------------


def test_op_19_who_proves_which_session_is_meant_is_believed(planning, chiara):
    token = planning.tokens(chiara)["id_token"]
    page = chiara.get(end_session(id_token_hint=token, post_logout_redirect_uri=HOME, state="a b"), expect=303)
    assert page.answer.headers["Location"] == f"{HOME}?state=a%20b"
    assert not in_(chiara)


@pytest.mark.parametrize("said", [
    {}, {"client_id": "demo-app"}, {"id_token_hint": "nonsense"}, {"id_token_hint": "a.b.c"},
    {"client_id": "nobody", "post_logout_redirect_uri": HOME}])
def test_op_19_without_a_hint_the_person_is_asked(chiara, said):
    page = chiara.get(end_session(**said))
    assert "Sign out" in page.html or "Esci" in page.html
    assert in_(chiara)


def test_op_19_the_hint_of_another_session_is_none(planning, browse, chiara):
    for token in (planning.tokens(browse("grace"))["id_token"], planning.tokens(browse("chiara"))["id_token"]):
        assert chiara.get(end_session(id_token_hint=token, post_logout_redirect_uri=HOME)).status == 200
        assert in_(chiara)


def test_op_19_nobody_is_led_to_an_address_that_is_not_registered(planning, chiara, visitor):
    token = planning.tokens(chiara)["id_token"]
    for address in ("http://evil.example/", "javascript:alert(1)", f"{HOME}x", "http://localhost:9000", APP_BACK):
        page = visitor().get(end_session(id_token_hint=token, post_logout_redirect_uri=address))
        assert page.status == 200 and "evil" not in page.html and address not in page.links
        chiara.get(end_session(client_id="demo-app", post_logout_redirect_uri=address))
        assert in_(chiara)


def test_op_19_a_picture_of_another_site_signs_nobody_out(planning, chiara):
    planning.tokens(chiara)
    chiara.get(end_session(client_id="demo-app", post_logout_redirect_uri=HOME), **{"Sec-Fetch-Dest": "image"})
    assert in_(chiara)
    chiara.post("/oauth/end-session/yes", expect=403, token="forged")
    assert in_(chiara)


def test_op_19_the_click_signs_out_and_leads_back_by_a_link(planning, chiara):
    planning.tokens(chiara)
    page = chiara.get(end_session(client_id="demo-app", post_logout_redirect_uri=HOME, state="x"))
    action = next(form["action"] for form in page.all("form") if form.get("action", "").startswith("/oauth"))
    page = chiara.post(action)
    assert page.status == 200 and f"{HOME}?state=x" in page.links
    assert not in_(chiara)


def test_an_application_may_send_its_wish_as_a_form(app):
    answer = app.test_client().post("/oauth/end-session", data={"client_id": "demo-app"}, base_url=setting.base_url,
                                    headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 303 and answer.headers["Location"] == "/oauth/end-session?client_id=demo-app"


# --- applications are told ---------------------------------------------------------------------


class Told:
    """An application's address for sign-outs, that can be made to answer anything."""

    def __init__(self):
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                told.tokens.append(parse_qs(body)["logout_token"][0])
                self.send_response(told.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Nothing."""
        self.tokens, self.status = [], 200
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/signed-out"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def told(by, one_app):
    outbox.open_channels()
    with Told() as listening:
        with by("anne"):
            clients.change("demo-app", 0, [APP_BACK], pkce=False, asks=scopes.ALL,
                           backchannel_uri=listening.address)
        yield listening


def work():
    """As the worker does, each minute and whenever it is woken."""
    authorizations.end_with_sessions()
    outbox.deliver_due()


def test_op_20_what_an_application_is_told(planning, chiara, told):
    claims = planning.claims(planning.tokens(chiara))
    planning.tokens(chiara)
    chiara.post("/signout")
    work()
    assert len(told.tokens) == 1, "once for a session, however often it was let in"
    read = jwt.decode(told.tokens[0], planning.keys(), algorithms=["ES256"])
    assert read.header["typ"] == "logout+jwt"
    said = read.claims
    assert said["sid"] == claims["sid"] and said["sub"] == claims["sub"]
    assert said["iss"] == setting.base_url and said["aud"] == "demo-app" and said["jti"]
    assert 0 < said["exp"] - said["iat"] <= 120 and said["events"] == {EVENT: {}} and "nonce" not in said
    work()
    assert len(told.tokens) == 1


def test_op_20_a_deaf_application_is_told_again_and_others_do_not_wait(planning, chiara, told):
    planning.tokens(chiara)
    told.status = 500
    chiara.post("/signout")
    work()
    message = Message.get(Message.channel == "backchannel")
    assert (message.state, message.attempts) == ("waiting", 1) and "500" in message.error
    work()
    assert len(told.tokens) == 1, "not before its time"
    first = jwt.decode(told.tokens[0], planning.keys()).claims["jti"]
    told.status = 200
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        work()
    assert Message.get_by_id(message.id).state == "sent"
    assert jwt.decode(told.tokens[1], planning.keys()).claims["jti"] == first, "known again at another try"


@pytest.mark.parametrize("answer", [400, 500, 503])
def test_op_20_who_cannot_read_it_just_then_is_told_again(planning, chiara, told, answer):
    planning.tokens(chiara)
    told.status = answer
    chiara.post("/signout")
    work()
    message = Message.get(Message.channel == "backchannel")
    assert message.state == "waiting" and str(answer) in message.error
    told.status = 200
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        work()
    assert Message.get_by_id(message.id).state == "sent"


def test_op_20_what_is_given_up_stands_where_administration_sees_it(planning, chiara, told, browse):
    planning.tokens(chiara)
    told.status = 400
    chiara.post("/signout")
    start = now()
    for minutes in (0, 1, 3, 7, 15, 31):
        with time_machine.travel(start + timedelta(minutes=minutes, seconds=1), tick=False):
            work()
    assert Message.get(Message.channel == "backchannel").state == "failed" and len(told.tokens) == 6
    mara = browse("mara")
    page = mara.get("/o/lumen/security/sign-outs?lang=en")
    assert told.address in page.text("main") and "Not delivered" in page.text("main")
    browse("chiara").get("/o/lumen/security/sign-outs", expect=403)
    assert told.address not in mara.get("/o/bergquell/security/sign-outs").text("main")


def test_op_20_the_way_out_leads_to_no_inside_address(planning, chiara, told, by):
    planning.tokens(chiara)
    chiara.post("/signout")
    with setting.changed(base_url="https://kanton.example"):
        work()
    assert not told.tokens and "127.0.0.1" in Message.get(Message.channel == "backchannel").error


@pytest.mark.parametrize("how", ["elsewhere", "everything", "expired"])
def test_op_20_however_a_session_ends_its_applications_hear_of_it(planning, chiara, told, cast, how):
    planning.tokens(chiara)
    session = Session.select().where(Session.user == cast.people["chiara"].id).order_by(Session.id.desc()).get()
    with acting(cast.people["chiara"]):
        if how == "elsewhere":
            sessions.end(session.public_id)
        elif how == "everything":
            sessions.end_all()
    with time_machine.travel(now() + timedelta(hours=25 if how == "expired" else 0), tick=False):
        work()
    assert len(told.tokens) == 1


def test_op_20_a_blocked_member_is_signed_out_of_applications(planning, chiara, told, by, cast):
    planning.tokens(chiara)
    authorizations.look_again()
    work()
    assert not told.tokens
    with by("anne"):
        blocking.block(Membership.get(Membership.user == cast.people["chiara"].id).public_id, "for a while")
    authorizations.look_again()
    work()
    assert len(told.tokens) == 1


def test_what_lives_on_without_a_session_is_not_ended_with_it(planning, chiara, told):
    tokens = planning.tokens(chiara, scope="openid offline_access")
    chiara.post("/signout")
    work()
    assert planning.refresh(tokens["refresh_token"]).status_code == 200 and not told.tokens


def test_an_application_that_did_not_ask_is_not_told(planning, chiara, cast):
    planning.tokens(chiara)
    chiara.post("/signout")
    authorizations.end_with_sessions()
    assert not Message.select().where(Message.channel == "backchannel").exists()
