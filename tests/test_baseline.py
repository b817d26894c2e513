"""What holds everywhere, swept over the whole product (group BS)."""
import datetime
import io
import ipaddress
import re
import ssl

from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import crypto
import outbox
from demo import PASSWORD, acting
from models import Message, PersonalEvent, Role, Session
from notices.channels import email
from organisations import invitations
from settings import setting
from tenancy import working_for
from tests.serving import free_port
from tests.test_pages import one_of_each


def test_bs_01_every_answer_says_what_it_is(app, browse):
    anne = browse("anne")
    for path in one_of_each(anne, "/o/lumen/", app.url_map.bind("localhost")).values():
        answer = anne.client.get(path, base_url=setting.base_url, headers={"callback": "x"})
        assert "charset=utf-8" in answer.headers["Content-Type"] or answer.mimetype.startswith("image/"), path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store" or answer.mimetype.startswith("image/")
        assert "Server" not in answer.headers or "ython" not in answer.headers["Server"]


def self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
                   .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
                                  critical=False).sign(key, hashes.SHA256()))
    file = folder / "self.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return file


def test_bs_04_a_mail_server_nobody_vouches_for_gets_nothing(cast, tmp_path, monkeypatch):
    seen = []

    class Sink:
        async def handle_DATA(self, _server, _session, envelope):
            seen.append(envelope)
            return "250 kept"

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    server = Controller(Sink(), hostname="127.0.0.1", port=free_port(), ssl_context=context)
    server.start()
    monkeypatch.setitem(outbox.channels, "email", email.plugin.send)
    with setting.changed(smtp_url=f"smtps://user:secret@127.0.0.1:{server.port}"):
        with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
            invitations.invite("new@lumen.example", Role.EXTERNAL)
        outbox.deliver_due()
    server.stop()
    message = Message.select().order_by(Message.id.desc()).get()
    assert message.state == "waiting"
    assert "CERTIFICATE" in message.error
    assert not seen


def test_bs_06_the_password_page_asks_for_the_present_one(browse):
    luc = browse("luc")
    page = luc.get("/account/password")
    assert [each["autocomplete"] for each in page.all("input") if each.get("type") == "password"] == [
        "current-password", "new-password"]
    luc.post("/account/password", expect=422, password="slow clouds over the harbour")
    luc.get("/account/password")
    luc.post("/account/password", expect=422, present="wrong", password="slow clouds over the harbour")
    luc.get("/account/password")
    luc.post("/account/password", present=PASSWORD, password="slow clouds over the harbour", everywhere_else="y")


def test_bs_07_sessions_are_listed_and_ended_at_once(browse, cast):
    here, there = browse("luc"), browse("luc")
    page = here.get("/account/sessions")
    assert page.html.count('/end"') == 3        # the other one, all others, everything
    other = next(session.public_id for session in Session.select().where(Session.ended.is_null()).order_by(Session.id)
                 if f"/account/sessions/{session.public_id}/end" in page.html)
    here.post(f"/account/sessions/{other}/end")
    assert there.client.get("/account", base_url=setting.base_url).status_code == 303
    there = browse("luc")
    here.get("/account/sessions")
    here.post("/account/sessions/others/end")
    assert there.client.get("/account", base_url=setting.base_url).status_code == 303
    here.get("/account")
    kinds = {event.kind for event in PersonalEvent.select().where(PersonalEvent.user == cast.people["luc"].id)}
    assert {"session.ended", "session.others_ended"} <= kinds


def test_bs_08_the_mailbox_alone_is_no_way_in(visitor, letters):
    browser = visitor()
    browser.get("/forgotten")
    browser.post("/forgotten", email="luc@lumen.example")
    ((_message, letter),) = letters("luc@lumen.example")[-1:]
    link = re.search(r"http://localhost:8000(/reset/\S+)", letter.text)[1]
    browser.get(link)
    browser.post(link, password="slow clouds over the harbour")
    assert browser.page.path == "/signin"       # and nobody is signed in
    assert browser.client.get("/account", base_url=setting.base_url).status_code == 303


def test_bs_11_what_a_role_does_not_see_is_not_in_its_pages(browse):
    for who in ("grace", "esteban"):
        page = browse(who).get("/o/lumen/")
        assert "chiara@onda.example" not in page.html
        assert "mara@bergquell.example" not in page.html


def test_bs_20_only_the_declared_cookies_and_nothing_after_signing_out(browse, visitor):
    luc = browse("luc")
    declared = visitor().get("/cookies").html
    for cookie in luc.client._cookies.values():
        assert cookie.key in declared
        assert cookie.http_only
        assert cookie.same_site == "Lax"
    luc.get("/account")
    answer = luc.post("/signout", follow=False, expect=303).answer
    assert "storage" in answer.headers["Clear-Site-Data"]
    assert luc.client.get("/account", base_url=setting.base_url).status_code == 303


def test_bs_26_nothing_is_handed_out_twice(cast):
    made = [crypto.token() for _ in range(1_000)] + [crypto.public_id() for _ in range(1_000)]
    assert len(set(made)) == 2_000
    assert all(len(each) >= 16 for each in made)
    assert sorted(made[1_000:]) != made[1_000:]


def test_bs_19_an_upload_is_bounded_and_named_by_us(browse):
    """The cap and one byte more, a name with tricks: see also WB-06."""
    anne = browse("anne")
    anne.get("/o/lumen/settings")
    anne.post("/o/lumen/settings/logo", expect=422,
              files={"logo": (io.BytesIO(b"\x89PNG" + b"x" * (2 << 20)), '..\\x"\r\n.png')})
