"""Mail by SMTP; without SMTP_URL it is kept in DATA/mail, one file a letter."""
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import idna

from clock import now
from models import Message
from notices import letters
from outbox import Undeliverable, Unreachable
from settings import private, setting

TIMEOUT = 20                                    # seconds for each answer of the server
ON_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")     # where nobody listens in: no TLS is asked for
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]|=(?=\?)")
OURS = ("Message-ID", "Date", "From", "To", "Subject", "Reply-To", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Language")


class Email:
    def send(self, message: Message) -> None:
        """One recipient a letter. Undeliverable when the server says never (5xx for the recipient)."""
        letter = compose(message)
        if setting.smtp_url:
            _hand_over(letter, _reachable(message.recipient))
        else:
            _keep(letter, message)


def compose(message: Message) -> EmailMessage:
    """Text first, then HTML; the same Message-ID at every try."""
    letter = letters.write(message)
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = f"<{message.public_id}@{urlsplit(setting.base_url).hostname}>"
    mail["Date"] = format_datetime(now())
    mail["From"] = _address(setting.instance, setting.sender)
    mail["To"] = _address(message.name, message.recipient)
    mail["Subject"] = _CONTROL.sub(" ", letter.subject)
    if setting.support:
        mail["Reply-To"] = setting.support
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    mail["Content-Language"] = message.language     # last: filling a letter takes such headers away
    return _whole(mail)


def _whole(mail: EmailMessage) -> EmailMessage:
    """The letter, if what leaves has the headers we gave it and no other. Undeliverable when it was broken open.

    An encoded word in a name (RFC 2047) was once decoded on its way into the bytes, line breaks and all (ML-01).
    """
    names = message_from_bytes(mail.as_bytes(), policy=SMTP).keys()
    if set(names) - set(OURS) or len(names) > len(set(names)):
        raise Undeliverable(f"its headers were broken open: {', '.join(names)}")
    return mail


def _address(name: str, address: str) -> Address:
    """A header with one address in it, whatever the name contains (ML-01)."""
    local, _at, domain = _reachable(address).rpartition("@")
    return Address(_CONTROL.sub(" ", name), local, domain)


def _reachable(address: str) -> str:
    """With the domain as the network knows it: every server takes müller.example in its other spelling."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"


def _hand_over(mail: EmailMessage, recipient: str) -> None:
    """Unreachable when the server does not answer, is not whom its certificate must name, or turns us away."""
    try:
        with _server() as server:
            server.send_message(mail, setting.sender, [recipient])
    except smtplib.SMTPRecipientsRefused as refusal:
        _judge(*next(iter(refusal.recipients.values())))
        raise
    except smtplib.SMTPDataError as refusal:
        _judge(refusal.smtp_code, refusal.smtp_error)
        raise
    except smtplib.SMTPNotSupportedError as lack:
        if recipient.isascii():
            raise Unreachable(str(lack)) from lack
        raise Undeliverable(str(lack)) from lack    # a mailbox with an accent, a server that knows none
    except OSError as error:                        # what smtplib raises is an OSError, too
        raise Unreachable(f"{type(error).__name__}: {error}") from error


@contextmanager
def _server() -> Iterator[smtplib.SMTP]:
    url = urlsplit(setting.smtp_url)
    host, context = url.hostname or "localhost", ssl.create_default_context()
    ours = urlsplit(setting.base_url).hostname
    if url.scheme == "smtps":
        server: smtplib.SMTP = _AnsweringTls(host, url.port or 465, ours, timeout=TIMEOUT, context=context)
    else:
        server = _Answering(host, url.port or 587, ours, timeout=TIMEOUT)
    try:
        if url.scheme == "smtp" and host not in ON_THIS_MACHINE:
            server.starttls(context=context)    # refuses a stripped or untrusted TLS (BS-04)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        yield server
    finally:
        with suppress(OSError):                 # what was taken is taken, however the server says goodbye
            server.quit()
        server.close()


def _judge(code: int, text: bytes | str) -> None:
    """5xx is never, 4xx is not now; a server that wants to know first who we are says nothing of the recipient."""
    if code not in (530, 535, 538) and 500 <= code < 600:
        raise Undeliverable(f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}")


class _Answering(smtplib.SMTP):
    """TIMEOUT is for a whole answer: a server that drips does not hold the worker (RT-26)."""

    def getreply(self) -> tuple[int, bytes]:
        cut = threading.Timer(TIMEOUT, _cut, (self,))
        cut.daemon = True
        cut.start()
        try:
            return super().getreply()
        finally:
            cut.cancel()


class _AnsweringTls(_Answering, smtplib.SMTP_SSL):
    pass


def _cut(server: smtplib.SMTP) -> None:
    with suppress(OSError):
        if server.sock:
            server.sock.shutdown(socket.SHUT_RDWR)


def _keep(mail: EmailMessage, message: Message) -> None:
    """Written whole or not at all."""
    folder = private(private(setting.data) / "mail")
    path: Path = folder / f"{message.id:08}-{message.public_id}.eml"
    half = path.with_suffix(".half")
    half.write_bytes(mail.as_bytes())
    half.replace(path)


plugin = Email()
