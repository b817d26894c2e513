"""Letters leave by SMTP, or are kept; what the server says decides what becomes of them (RT-25 to RT-28)."""
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from ipaddress import ip_address

import pytest
import time_machine
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import outbox
from accounts import recovery, signup
from clock import now
from db import transaction
from demo import acting
from models import Message, Role
from notices.channels.email import plugin
from organisations import invitations
from settings import setting
from tenancy import working_for
from tests.serving import Sink, free_port

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

ELSEWHERE = "127.0.0.2"                         # also this machine, but not one of the names TLS is forgone for


@pytest.fixture
def post(cast, monkeypatch):
    """Empties the outbox, then writes letters: post("a@b.example", …) gives their rows."""
    monkeypatch.setitem(outbox.channels, "email", plugin.send)
    Message.delete().execute()

    def write(*recipients, notice="left", **facts):
        with transaction():
            return [outbox.post(notice, to, language="fr", name="Zoë", organisation="Lumen", **facts)
                    for to in recipients]
    return write


@contextmanager
def delivered_to(sink, times=1):
    with sink, setting.changed(smtp_url=sink.url):
        for _ in range(times):
            outbox.deliver_due()
        yield sink


def now_is(message):
    return Message.get_by_id(message.id)


def certificate(folder, name):
    """One that vouches for itself, as a stranger's would: its file, and a server's context with it."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))])
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(1).not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=9))
            .add_extension(host, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256()))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return folder / "cert.pem", context


# --- what leaves -------------------------------------------------------------------------------


def test_ml_01_a_letter_has_one_recipient_in_the_envelope_and_in_the_header(post):
    message, _other = post("zoe@lumen.example", "luc@lumen.example")
    with delivered_to(Sink()) as sink:
        assert [letter.envelope for letter in sink.letters] == [["zoe@lumen.example"], ["luc@lumen.example"]]
    letter = sink.letters[0]
    assert [address.addr_spec for address in letter["To"].addresses] == ["zoe@lumen.example"]
    assert letter["Message-ID"] == f"<{message.public_id}@localhost>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "fr"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert "vous avez quitté" in letter.get_body(("plain",)).get_content().lower() + letter["Subject"].lower()


def test_what_the_verbs_write_to_strangers_leaves(post):
    signup.ask("new@lumen.example", "de")
    signup.ask("anne@lumen.example", "de")
    recovery.ask("nobody@lumen.example", "it")
    recovery.ask("anne@lumen.example", "it")
    with delivered_to(Sink()) as sink:
        assert [letter["To"].addresses[0].addr_spec for letter in sink.letters] == [
            "new@lumen.example", "anne@lumen.example", "nobody@lumen.example", "anne@lumen.example"]


def test_ml_05_what_was_sent_forgets_what_it_was_about(post):
    (message,) = post("zoe@lumen.example")
    with delivered_to(Sink()):
        assert (now_is(message).state, now_is(message).facts, now_is(message).sent is not None) == ("sent", None, True)


def test_a_domain_with_an_umlaut_is_sent_as_the_network_spells_it(post):
    post("zoe@müller.example")
    with delivered_to(Sink()) as sink:
        assert sink.letters[0].envelope == ["zoe@xn--mller-kva.example"]


def test_a_mailbox_with_an_accent_goes_only_where_accents_are_known(post):
    (message,) = post("zoé@lumen.example")
    with delivered_to(Sink(enable_SMTPUTF8=True)) as sink:
        assert sink.letters[0].envelope == ["zoé@lumen.example"]
    assert now_is(message).state == "sent"
    (message,) = post("chloé@lumen.example")
    with delivered_to(Sink(enable_SMTPUTF8=False)):
        assert now_is(message).state == "failed"


def test_without_a_server_letters_are_kept_whole(post):
    message, *_more = post("zoe@lumen.example", "luc@lumen.example")
    outbox.deliver_due()
    first, second = sorted((setting.data / "mail").iterdir())
    kept = message_from_bytes(first.read_bytes(), policy=policy.default)
    assert kept["To"].addresses[0].addr_spec == "zoe@lumen.example"
    assert message.public_id in first.name
    assert second.suffix == ".eml"


# --- what the server says ----------------------------------------------------------------------


@pytest.mark.parametrize("refused_at", ["nobody@lumen.example", "DATA"])
def test_rt_28_never_is_never_and_stops_nobody_else(post, refused_at):
    refused, other = post("nobody@lumen.example", "luc@lumen.example")
    with delivered_to(Sink(answers={refused_at: "550 5.1.1 no such mailbox"})) as sink:
        assert (now_is(refused).state, now_is(refused).error) == ("failed", "550 5.1.1 no such mailbox")
        assert now_is(refused).facts is None
        assert refused_at == "DATA" or [letter.envelope for letter in sink.letters] == [[other.recipient]]


@pytest.mark.parametrize("refused_at", ["busy@lumen.example", "DATA"])
def test_rt_28_not_now_is_tried_again(post, refused_at):
    waiting, _other = post("busy@lumen.example", "luc@lumen.example")
    sink = Sink(answers={refused_at: "451 4.7.1 later"})
    with delivered_to(sink, times=2), setting.changed(smtp_url=sink.url):
        assert (now_is(waiting).state, now_is(waiting).attempts) == ("waiting", 1)
        assert now_is(waiting).due > now()
        assert refused_at == "DATA" or len(sink.letters) == 1
        sink.answers.clear()
        with time_machine.travel(now() + timedelta(minutes=2)):
            outbox.deliver_due()
        assert now_is(waiting).state == "sent"
    assert [letter["Message-ID"] for letter in sink.letters].count(f"<{waiting.public_id}@localhost>") == 1


def test_a_rude_goodbye_does_not_send_twice(post):
    (message,) = post("zoe@lumen.example")

    class Rude(Sink):
        async def handle_QUIT(self, *_):
            return "554 never again"
    with delivered_to(Rude(), times=2) as sink:
        assert len(sink.letters) == 1
        assert now_is(message).state == "sent"


# --- a server that is away ---------------------------------------------------------------------


def test_rt_25_a_dead_server_loses_nothing_and_is_asked_ever_more_rarely(post):
    (message,) = post("zoe@lumen.example")
    start, asked = now(), []
    with setting.changed(smtp_url=f"smtp://127.0.0.1:{free_port()}"), time_machine.travel(start, tick=False) as clock:
        while now_is(message).state == "waiting":
            asked.append(now() - start)
            outbox.deliver_due()
            clock.move_to(now_is(message).due)
    pauses = [after - before for before, after in zip(asked, asked[1:], strict=False)]
    assert [pause.total_seconds() / 60 for pause in pauses[:6]] == [1, 2, 4, 8, 16, 32]
    assert max(pauses) == outbox.LONGEST_PAUSE
    assert timedelta(days=2) < asked[-1] < timedelta(days=3)
    assert now_is(message).state == "failed"
    assert "ConnectionRefused" in now_is(message).error


def test_rt_25_back_after_a_day_everything_leaves_in_order(post):
    names = [f"n{number}@lumen.example" for number in range(5)]
    post(*names)
    start = now()
    with setting.changed(smtp_url=f"smtp://127.0.0.1:{free_port()}"), time_machine.travel(start) as clock:
        for hour in range(24):
            clock.move_to(start + timedelta(hours=hour))
            outbox.deliver_due()
    with time_machine.travel(start + timedelta(hours=24) + outbox.LONGEST_PAUSE), delivered_to(Sink()) as sink:
        assert [letter["To"].addresses[0].addr_spec for letter in sink.letters] == names


def test_rt_25_a_link_that_has_ended_is_not_sent(post):
    (message,) = post("zoe@lumen.example", notice="reset", until=int((now() + timedelta(hours=1)).timestamp()),
                      token=["reset", "0" * 16])
    with time_machine.travel(now() + timedelta(hours=2)), delivered_to(Sink()) as sink:
        assert (now_is(message).state, sink.letters) == ("failed", [])


def test_one_knock_tells_for_all_that_nobody_answers(post):
    messages = post(*(f"n{number}@lumen.example" for number in range(20)))
    with delivered_to(Sink(auth_required=True, auth_require_tls=False)) as sink:
        assert sink.knocks == 1                 # it wants to know who we are, and we do not say
    assert {now_is(message).attempts for message in messages} == {1}
    assert {now_is(message).state for message in messages} == {"waiting"}
    assert all("Authentication required" in now_is(message).error for message in messages)


@pytest.mark.parametrize("answer", ["530 5.7.0 authentication required", "538 5.7.11 encryption required"])
def test_a_server_that_asks_who_we_are_says_nothing_of_the_recipient(post, answer):
    (message,) = post("zoe@lumen.example")
    with delivered_to(Sink(answers={"zoe@lumen.example": answer})):
        assert now_is(message).state == "waiting"


def test_a_wrong_password_for_the_server_is_tried_again(post):
    (message,) = post("zoe@lumen.example")
    sink = Sink(auth_require_tls=False, authenticator=lambda *_: AuthResult(success=False, handled=False))
    with sink, setting.changed(smtp_url=sink.url.replace("//", "//kanton:wrong@")):
        outbox.deliver_due()
    assert now_is(message).state == "waiting"
    assert "535" in now_is(message).error


def test_rt_26_a_server_that_drips_is_cut_off(post, monkeypatch):
    monkeypatch.setattr("notices.channels.email.TIMEOUT", 0.4)
    (message,) = post("zoe@lumen.example")
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip():
        peer, _address = listener.accept()
        for byte in b"220 " + b"x" * 500:
            if over.wait(0.05):
                break
            try:
                peer.send(bytes([byte]))
            except OSError:
                break
        peer.close()
    thread = threading.Thread(target=drip)
    thread.start()
    with setting.changed(smtp_url=f"smtp://127.0.0.1:{listener.getsockname()[1]}"):
        before = datetime.now(UTC)
        outbox.deliver_due()
        took = datetime.now(UTC) - before
    over.set()
    thread.join()
    listener.close()
    assert took < timedelta(seconds=3)
    assert now_is(message).state == "waiting"


# --- who listens in ----------------------------------------------------------------------------


def test_bs_04_a_certificate_nobody_vouches_for_is_refused(post, tmp_path):
    (message,) = post("zoe@lumen.example")
    _file, context = certificate(tmp_path, ELSEWHERE)
    for sink in (Sink(host=ELSEWHERE, scheme="smtps", ssl_context=context),
                 Sink(host=ELSEWHERE, tls_context=context)):
        Message.update(due=now(), attempts=0).execute()
        with delivered_to(sink):
            assert sink.letters == []
        assert now_is(message).state == "waiting"
        assert "CERTIFICATE_VERIFY_FAILED" in now_is(message).error


def test_bs_04_a_file_of_our_own_authority_makes_it_good(post, tmp_path, monkeypatch):
    file, context = certificate(tmp_path, ELSEWHERE)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    for sink in (Sink(host=ELSEWHERE, scheme="smtps", ssl_context=context),
                 Sink(host=ELSEWHERE, tls_context=context, require_starttls=True)):
        (message,) = post("zoe@lumen.example")
        with delivered_to(sink):
            assert len(sink.letters) == 1
        assert now_is(message).state == "sent"


def test_bs_04_the_certificate_of_somebody_else_is_refused(post, tmp_path, monkeypatch):
    file, context = certificate(tmp_path, "127.0.0.9")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    (message,) = post("zoe@lumen.example")
    with delivered_to(Sink(host=ELSEWHERE, scheme="smtps", ssl_context=context)) as sink:
        assert sink.letters == []
    assert "CERTIFICATE_VERIFY_FAILED" in now_is(message).error


def test_bs_04_without_tls_nothing_is_said_to_a_server_elsewhere(post):
    seen = []
    (message,) = post("zoe@lumen.example")
    sink = Sink(host=ELSEWHERE, auth_require_tls=False, authenticator=lambda *told: seen.append(told))
    with sink, setting.changed(smtp_url=sink.url.replace("//", "//kanton:secret@")):
        outbox.deliver_due()
    assert (sink.letters, seen) == ([], [])
    assert "STARTTLS" in now_is(message).error


def test_the_server_is_told_who_we_are(post):
    told = []

    def who(_server, _session, _envelope, _mechanism, data):
        told.append((data.login, data.password))
        return AuthResult(success=True)
    (message,) = post("zoe@lumen.example")
    sink = Sink(auth_required=True, auth_require_tls=False, authenticator=who)
    with sink, setting.changed(smtp_url=sink.url.replace("//", "//kanton%40lumen:p%2Fw@")):
        outbox.deliver_due()
    assert told == [(b"kanton@lumen", b"p/w")]
    assert now_is(message).state == "sent"


# --- who is told -------------------------------------------------------------------------------


def test_whoever_invited_sees_what_became_of_the_mail(post, cast, browse):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        for name in ("nobody", "busy", "fine"):
            invitations.invite(f"{name}@new.example", Role.EXTERNAL)
    anne = browse("anne", **{"Accept-Language": "en"})
    assert anne.get("/o/lumen/invitations?lang=en").text("people").count("On its way") == 3
    with delivered_to(Sink(answers={"nobody@new.example": "550 no", "busy@new.example": "451 later"})):
        people = anne.get("/o/lumen/invitations?lang=en").text("people")
    assert [people.count(state) for state in ("Sent", "Not delivered", "Being tried again")] == [1, 1, 1]
