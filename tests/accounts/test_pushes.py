"""Browsers that notify you when a sign-in waits: which, of what, how long, and what becomes of it."""
import socket
from contextlib import contextmanager

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec

import clock
import commands
import crypto
import outbox
from accounts import approvals, pushes, sessions
from db import transaction
from demo import PASSWORD, acting
from models import Credential, Device, Message, PersonalEvent, PushSubscription, Session, User
from notices.channels.push import plugin as channel
from notices.channels.push import sealing
from settings import Settings, setting
from tests.accounts.test_approvals import ADDRESS, address, asking, go_on, latest, signed_in, wrong
from tests.certificates import Authority
from tests.push_service import PushService, to_bytes, to_text

TOLD = "/account/security/told-browsers"
PAGE = "/account/security/two-factor"


@pytest.fixture(autouse=True)
def in_english(database):
    """Everybody reads what the test reads, and no letter of before is in the way."""
    User.update(language="en").execute()
    Message.delete().execute()


@pytest.fixture
def service(database, monkeypatch):
    """A push service that the operator has named."""
    monkeypatch.setitem(outbox.channels, "push", channel.send)
    with PushService() as service, setting.changed(push_services=("127.0.0.1",)):
        yield service


@pytest.fixture
def mara(cast, service):
    person = User.get_by_id(cast.people["mara"].id)
    with acting(person):
        approvals.switch(person, True)
    return person


@pytest.fixture
def phone(mara, browse):
    """A browser in which she is signed in, and which is told."""
    return browse("mara", **{"User-Agent": "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"})


@pytest.fixture
def listener(phone, service):
    return told(phone, service)


@pytest.fixture
def another(listener, browse, service):
    """Another of her browsers that is told: (browser, listener)."""
    Credential.update(counter=0).execute()      # the same code once more, within its half minute
    browser = browse("mara")
    return browser, told(browser, service)


def told(browser, service):
    """This browser is told from now on, as its script has it."""
    listener = service.listener(pushes.public_key())
    browser.get(PAGE)
    browser.post(TOLD, **listener.form)
    return listener


def deliver():
    outbox.deliver_due()


def posts():
    return Message.select().where(Message.channel == pushes.CHANNEL).order_by(Message.id)


def now_is():
    return posts().order_by(Message.id.desc()).get()


@contextmanager
def in_a_while(seconds):
    with time_machine.travel(clock.now() + seconds * clock.MINUTE / 60):
        yield


# --- the whole of it ---------------------------------------------------------------------------


def test_a_browser_is_told_and_lets_the_other_one_in(phone, listener, service, visitor):
    there = asking(visitor())
    assert "1 of your browsers notifies you." in there.page.text() and "On its way" in there.page.text()
    deliver()
    assert service.refused == []
    assert listener.shown == [{"title": "A sign-in is waiting for you",
                               "body": "Look at it within a minute. Approve it only if that is you.",
                               "path": address()}]
    assert "Sent" in there.get("/signin/second-step?with=approval").text()
    page = phone.get(listener.shown[0]["path"])
    assert "Application Kanton" in page.text() and "Network 127.0.0.0/24" in page.text()
    phone.post(address(), number=latest().number)
    go_on(there)
    assert signed_in(there)
    assert "last notified" in phone.get(PAGE).text()


def test_it_is_told_in_the_persons_language(mara, phone, listener, visitor):
    User.update(language="de").where(User.id == mara.id).execute()
    asking(visitor())
    deliver()
    assert listener.shown[0]["title"] == "Eine Anmeldung wartet auf Sie"


def test_it_is_told_nothing_that_is_a_secret(listener, visitor):
    asking(visitor())
    deliver()
    (shown,) = listener.shown
    assert set(shown) == {"title", "body", "path"}
    assert ADDRESS not in str(shown) and "Mara" not in str(shown)
    assert latest().number not in f"{shown['title']}{shown['body']}"
    assert len(listener.sealed[0]) < 500
    assert (listener.headers[0]["Urgency"], listener.headers[0]["Topic"]) == ("high", "sign-in")
    assert 50 <= int(listener.headers[0]["TTL"]) <= 60


def test_the_sign_in_waits_for_no_network(listener, service, visitor):
    asking(visitor())
    assert service.knocks == 0                  # the worker sends
    assert posts().count() == 1


# --- TF-19 and TF-20, told by push -------------------------------------------------------------


def test_tf_19_three_in_ten_minutes_ring_and_no_fourth(listener, visitor):
    for _time in range(5):
        asking(visitor())
        deliver()
    assert len(listener.shown) == approvals.MOST == 3


def test_tf_19_this_is_not_me_tells_no_other_browser_any_more(mara, phone, listener, another, visitor):
    there = asking(visitor())
    phone.get(address())
    phone.post(f"{address()}/deny")
    deliver()
    assert listener.shown == another[1].shown == []
    assert [message.state for message in posts()] == [Message.FAILED] * 2
    go_on(there)
    assert not signed_in(there)
    User.update(must_renew=False).where(User.id == mara.id).execute()
    asking(visitor())
    assert posts().count() == 2                 # for ten minutes nobody is asked


def test_tf_20_three_wrong_numbers_where_it_was_told_cancel_the_sign_in(phone, listener, visitor):
    there = asking(visitor())
    deliver()
    phone.get(listener.shown[0]["path"])
    for expect in (422, 422, 409):
        phone.post(listener.shown[0]["path"], expect=expect, number=wrong(latest()))
    go_on(there)
    assert not signed_in(there)


def test_tf_20_after_its_minute_nobody_is_told(listener, service, visitor):
    asking(visitor())
    with in_a_while(70):
        deliver()
    assert service.knocks == 0
    assert now_is().state == Message.FAILED


def test_tf_20_after_its_minute_what_was_told_leads_nowhere(phone, listener, visitor):
    there = asking(visitor())
    deliver()
    phone.get(listener.shown[0]["path"])
    with in_a_while(70):
        phone.post(listener.shown[0]["path"], expect=410, number=latest().number)
    assert not signed_in(there)


def test_tf_20_the_browser_that_asks_is_not_told(phone, listener, another):
    phone.get("/cookies")
    phone.post("/signin", email=ADDRESS, password=PASSWORD)
    phone.get("/signin/second-step?with=approval")
    deliver()
    assert listener.shown == [] and len(another[1].shown) == 1


# --- what becomes of a message -----------------------------------------------------------------


def test_rt_31_a_service_that_is_away_is_tried_again_within_the_minute(listener, service, visitor, monkeypatch):
    service.answer, woken = 503, []
    monkeypatch.setattr(outbox, "wake", [lambda *seconds: woken.append(seconds)])
    there = asking(visitor())
    deliver()
    assert now_is().error == "NotTaken: 127.0.0.1 says 503"
    assert "Being tried again" in there.get("/signin/second-step?with=approval").text()
    (seconds,) = woken[-1]
    assert 10 <= seconds <= 15
    service.answer = 201
    with in_a_while(seconds + 1):
        deliver()
        assert len(listener.shown) == 1 and now_is().state == Message.SENT


def test_rt_31_without_the_service_the_other_ways_stand(phone, listener, service, visitor):
    service.answer = 500
    there = asking(visitor())
    deliver()
    assert "Authenticator app" in there.page.text()
    assert "A sign-in to your account is waiting for your approval" in phone.get("/account").text()
    phone.get(address())
    phone.post(address(), number=latest().number)
    go_on(there)
    assert signed_in(there)


def test_a_service_that_answers_nothing_is_given_up_with_the_minute(mara, phone, listener, service, visitor):
    service.__exit__()
    asking(visitor())
    deliver()
    assert now_is().error.startswith("NotTaken: 127.0.0.1: ")
    assert "/push/" not in now_is().error       # the address itself is a secret of the browser's
    with in_a_while(70):
        deliver()
        assert now_is().state == Message.FAILED
        assert not [line for line in commands._of_what_is_kept() if "given up" in line]
    assert PushSubscription.select().exists()   # it is not the browser's fault


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_its_service_knows_no_more_is_forgotten(listener, service, visitor, status):
    service.answer = status
    asking(visitor())
    deliver()
    assert not PushSubscription.select().exists()
    assert now_is().state == Message.FAILED


def test_a_service_that_says_no_again_and_again_is_asked_no_more(listener, service, visitor):
    service.answer = 403
    asking(visitor())
    deliver()
    assert PushSubscription.get().failures == 1
    PushSubscription.update(failures=pushes.PATIENCE - 1).execute()
    asking(visitor())
    deliver()
    assert not PushSubscription.select().exists()


def test_one_that_says_yes_begins_anew(listener, visitor):
    PushSubscription.update(failures=5).execute()
    asking(visitor())
    deliver()
    assert PushSubscription.get().failures == 0 and PushSubscription.get().last_used


def test_bs_04_a_service_whose_certificate_is_not_believed_gets_nothing(phone, visitor, tmp_path):
    with PushService(Authority(tmp_path).sign("127.0.0.1")) as false:
        told(phone, false)
        asking(visitor())
        deliver()
        assert "CERTIFICATE_VERIFY_FAILED" in now_is().error
        assert false.knocks == 0 and now_is().state == Message.WAITING


# --- which browsers ----------------------------------------------------------------------------


def test_it_is_said_which_browsers_are_told_and_one_is_told_no_longer(phone, listener, visitor):
    page = phone.get(PAGE)
    assert "Firefox, Android This one" in page.text() and "not notified yet" in page.text()
    (subscription,) = PushSubscription.select()
    phone.post(f"{TOLD}/{subscription.public_id}/remove")
    assert "That browser no longer notifies you." in phone.page.flash
    assert "This one" not in phone.page.text()
    asking(visitor())
    assert not posts().exists()
    assert [event.kind for event in PersonalEvent.select().where(PersonalEvent.kind.startswith("push"))] == [
        "push.on", "push.off"]


def test_one_subscription_a_browser(phone, listener, service):
    again = told(phone, service)
    assert [each.endpoint for each in PushSubscription.select()] == [again.endpoint]


def test_a_browser_belongs_to_whoever_said_so_last(listener, browse):
    luc = browse("luc")
    luc.get(PAGE)
    luc.post(TOLD, **listener.form)
    assert [each.user.email for each in PushSubscription.select()] == ["luc@lumen.example"]


def test_somebody_elses_is_not_there(listener, browse):
    luc = browse("luc")
    luc.get("/account")
    luc.post(f"{TOLD}/{PushSubscription.get().public_id}/remove", expect=404)
    assert PushSubscription.select().exists()


def test_ten_and_no_more(mara, phone, listener, service):
    (mine,) = PushSubscription.select()
    for number in range(pushes.MOST - 1):
        device = Device.create(token_hash=str(number), user=mara, epoch=User.get_by_id(mara.id).epoch)
        PushSubscription.create(user=mara, device=device, endpoint=f"{number}", key=b"", secret=b"")
    told(phone, service)                        # in place of its own
    PushSubscription.update(device=Device.create(token_hash="x", user=mara, epoch=User.get_by_id(mara.id).epoch)).where(
        PushSubscription.device == mine.device_id).execute()
    phone.get(PAGE)
    page = phone.post(TOLD, expect=422, **service.listener(pushes.public_key()).form)
    assert "10 browsers notify you already" in page.errors
    assert PushSubscription.select().count() == pushes.MOST


def test_signing_out_ends_it(phone, listener):
    phone.post("/signout")
    assert not PushSubscription.select().exists()


def test_ending_its_session_from_elsewhere_ends_it_and_no_other(phone, listener, another):
    browser, _listener = another
    mine = PushSubscription.select().order_by(PushSubscription.id).first()
    session = Session.get(Session.device == mine.device_id, Session.ended.is_null())
    browser.get("/account/sessions")
    browser.post(f"/account/sessions/{session.public_id}/end")
    assert [each.endpoint for each in PushSubscription.select()] == [another[1].endpoint]


@pytest.mark.parametrize("everything", [False, True])
def test_ending_all_others_leaves_this_one(phone, listener, another, mara, everything):
    browser, mine = another
    browser.get("/account/sessions")
    if everything:
        with transaction():
            sessions.end_everything(User.get_by_id(mara.id), "password", keep=Session.select().order_by(
                Session.id.desc()).get().id)
    else:
        browser.post("/account/sessions/others/end")
    assert [each.endpoint for each in PushSubscription.select()] == [mine.endpoint]


def test_ending_everything_ends_all(mara, phone, listener, another):
    """Also where the session ran out long ago."""
    Session.update(ended=clock.now(), ended_by="expired").execute()
    with transaction():
        sessions.end_everything(User.get_by_id(mara.id), "reset")
    assert not PushSubscription.select().exists()


def test_a_session_that_ran_out_ends_nothing(phone, listener, visitor):
    with in_a_while(2 * 86_400):
        phone.get("/account/sessions")
        assert phone.page.path == "/signin"
        assert PushSubscription.select().exists()
        asking(visitor())
        deliver()
        assert phone.get(listener.shown[0]["path"]).path == "/signin"


def test_it_goes_with_the_way_it_belongs_to(phone, listener, mara):
    with acting(mara):
        approvals.switch(mara, False)
    assert not PushSubscription.select().exists()
    assert "Notify me in this browser" not in phone.get(PAGE).text()


def test_where_nothing_is_pushed_nothing_is_offered(phone, listener, visitor):
    with setting.changed(channels=("email",)):
        assert "Notify me in this browser" not in phone.get(PAGE).text()
        asking(visitor())
        assert not posts().exists()


def test_the_page_asks_little_however_many_there_are(phone, listener, another, count):
    phone.get(PAGE)
    count.clear()
    phone.get(PAGE)
    assert len(count) <= 4, count


def test_an_old_proof_is_asked_for_again(phone, service):
    form = service.listener(pushes.public_key()).form
    phone.get(PAGE)
    Session.update(proved=clock.now() - clock.HOUR).execute()
    phone.post(TOLD, **form)
    assert phone.page.path == "/prove"
    assert not PushSubscription.select().exists()


# --- where we go -------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", [
    "http://fcm.googleapis.com/x", "ftp://fcm.googleapis.com/x", "https://fcm.googleapis.com:22/x",
    "https://fcm.googleapis.com:bad/x", "https://user@fcm.googleapis.com/x", "https://fcm.googleapis.com.evil.example/",
    "https://evilfcm.googleapis.com/", "https://evil.example/fcm.googleapis.com", "https://fcm.googleapis.com/a b",
    "https://fcm.googleapis.com/\r\nX: y", "https://fcm.googleapis.com/é", "https://[::1]/", "https://10.0.0.1/",
    "https://169.254.169.254/latest", "file:///etc/passwd", "https://[", "", "x",
    "https://fcm.googleapis.com/" + "x" * 4096])
def test_wh_04_only_to_push_services(phone, mara, endpoint, monkeypatch):
    """Wherever a name may lead: here every one is a public address."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [(0, 0, 0, "", ("9.9.9.9", 443))])
    form = {"key": pushes.public_key(), "secret": "A" * 22}
    with setting.changed(push_services=Settings().push_services):
        phone.get(PAGE)
        phone.post(TOLD, expect=422, endpoint=endpoint, **form)
    assert "This browser cannot notify you" in phone.page.errors
    assert not PushSubscription.select().exists()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "64:ff9b::7f00:1", "fd00::1"])
def test_wh_04_a_service_whose_name_leads_inside_is_not_gone_to(phone, listener, visitor, monkeypatch, address):
    """On saving, and again on sending: the name may mean something else by then (RT-34)."""
    asking(visitor())
    with setting.changed(push_services=("push.example",)):
        PushSubscription.update(endpoint="https://push.example/x").execute()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [(0, 0, 0, "", (address, 443))])
        deliver()
        assert "not a public address" in now_is().error
        phone.get(PAGE)
        phone.post(TOLD, expect=422, **listener.form | {"endpoint": "https://push.example/y"})


@pytest.mark.parametrize("spoilt", [
    {"key": ""}, {"key": "AAAA"}, {"key": to_text(b"\x04" + b"\x01" * 64)}, {"key": "é"}, {"secret": ""},
    {"secret": "A" * 21}, {"secret": "A" * 40}, {"secret": "!" * 22}])
def test_keys_that_are_none_are_refused(phone, service, spoilt):
    phone.get(PAGE)
    phone.post(TOLD, expect=422, **service.listener(pushes.public_key()).form | spoilt)
    assert "cannot read" in phone.page.errors
    assert not PushSubscription.select().exists()


def test_without_a_service_there_is_no_push():
    with pytest.raises(SystemExit, match="PUSH_SERVICES"):
        Settings.from_environment({"PUSH_SERVICES": ""})
    assert Settings.from_environment({"PUSH_SERVICES": "", "CHANNELS": "email"}).channels == ("email", "backchannel")


# --- another address ---------------------------------------------------------------------------


def renewed(visitor, before, proof, listener):
    return visitor().client.post("/push/renewed", base_url=setting.base_url, data={
        "before": before.endpoint, "proof": proof, **listener.form}).status_code


def test_a_browser_says_that_its_address_changed(mara, listener, service, visitor):
    new = service.listener(pushes.public_key())
    assert renewed(visitor, listener, to_text(listener.secret), new) == 204
    asking(visitor())
    deliver()
    assert len(new.shown) == 1 and listener.shown == []


def test_whoever_does_not_know_its_secret_changes_nothing(listener, service, visitor):
    new = service.listener(pushes.public_key())
    for proof, status in ((to_text(b"x" * 16), 404), ("x", 422), ("", 422)):
        assert renewed(visitor, listener, proof, new) == status
    assert renewed(visitor, new, to_text(listener.secret), new) == 404
    new.endpoint = "https://10.0.0.1/"
    assert renewed(visitor, listener, to_text(listener.secret), new) == 422
    assert PushSubscription.get().endpoint == listener.endpoint


# --- sealed, signed ----------------------------------------------------------------------------


def test_its_secret_is_sealed_and_bound_to_its_row(listener):
    (subscription,) = PushSubscription.select()
    assert pushes.secret_of(subscription) == listener.secret
    assert listener.secret not in bytes(subscription.secret)
    subscription.public_id = "x"
    with pytest.raises(crypto.Unsealable):
        pushes.secret_of(subscription)


def test_a_message_is_sealed_as_the_standard_shows():
    """RFC 8291, appendix A."""
    def key(text):
        return ec.derive_private_key(int.from_bytes(to_bytes(text)), ec.SECP256R1())
    sealed = sealing.sealed_by(
        key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), to_bytes("DGv6ra1nlYgDCS1FRnbzlw"),
        b"When I grow up, I want to be a watermelon", key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94").public_key(),
        to_bytes("BTBZMqHH6r4Tts7J_aSIgg"))
    assert to_text(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru"
        "3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")


def test_two_messages_have_nothing_in_common(listener, visitor):
    for _time in range(2):
        asking(visitor())
        deliver()
    first, second = listener.sealed
    assert first[:16] != second[:16] and first[21:86] != second[21:86]


def test_a_message_signed_by_another_installation_is_not_taken(listener, service, visitor):
    with setting.changed(secret_key="the key of another installation, or a later one"):
        assert pushes.public_key() != listener.application
    listener.application = "another"
    asking(visitor())
    deliver()
    assert len(service.refused) == 1 and listener.shown == []


def test_push_services_know_whom_to_write_to():
    with setting.changed(support="help@kanton.example"):
        claims = sealing.authorization("https://push.example:8443/x").split(".")[1]
    assert b'"sub":"mailto:help@kanton.example"' in to_bytes(claims)
    assert b'"aud":"https://push.example:8443"' in to_bytes(claims)


def test_the_script_that_shows_it_stands_at_the_root(visitor):
    answer = visitor().client.get("/push-worker.js", base_url=setting.base_url)
    assert answer.mimetype == "text/javascript" and "notificationclick" in answer.text
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
