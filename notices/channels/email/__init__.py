"""Mail by SMTP; without SMTP_URL it is kept in DATA/mail, one file a letter."""
import re
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from clock import now
from models import Message
from notices import letters
from outbox import Undeliverable
from settings import setting

TIMEOUT = 20                                    # seconds for each answer of the server
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Email:
    def send(self, message: Message) -> None:
        """One recipient a letter. Undeliverable when the server says never (5xx for the recipient)."""
        letter = compose(message)
        if setting.smtp_url:
            _hand_over(letter, message.recipient)
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
    return mail


def _address(name: str, address: str) -> Address | str:
    """A header with one address in it, whatever the name contains (ML-01)."""
    local, _at, domain = address.rpartition("@")
    return Address(_CONTROL.sub(" ", name), local, domain)


def _hand_over(mail: EmailMessage, recipient: str) -> None:
    url = urlsplit(setting.smtp_url)
    context = ssl.create_default_context()
    host, local = url.hostname or "localhost", url.hostname in ("localhost", "127.0.0.1", "::1")
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, url.port or 465, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, url.port or 587, timeout=TIMEOUT)
    with server:
        if url.scheme == "smtp" and not local:
            server.starttls(context=context)    # refuses a stripped or untrusted TLS (BS-04)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        try:
            server.send_message(mail, setting.sender, [recipient])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, text = refusal.recipients[recipient]
            if 500 <= code < 600:
                raise Undeliverable(f"{code} {text.decode(errors='replace')}") from refusal
            raise


def _keep(mail: EmailMessage, message: Message) -> None:
    """Written whole or not at all."""
    folder = setting.data / "mail"
    folder.mkdir(parents=True, exist_ok=True)
    path: Path = folder / f"{message.id:08}-{message.public_id}.eml"
    half = path.with_suffix(".half")
    half.write_bytes(mail.as_bytes())
    half.replace(path)


plugin = Email()
