"""The rules say no; and the few rules every room shares: addresses, names, phone numbers, plain text."""
import re
import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import idna
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from i18n import _l


class Refused(Exception):
    """A rule says no. `why` is shown to the person, by the field it is about. 422."""

    def __init__(self, why: Any, field: str | None = None):
        super().__init__(why)
        self.why, self.field = why, field


class Conflict(Exception):
    """A race was lost, or the state has moved on: nothing was done, the page is shown as it now is. 409."""

    def __init__(self, why: Any):
        super().__init__(why)
        self.why = why


class Forbidden(Exception):
    """Theirs to see, not theirs to do. 403."""


class SignedOut(Exception):
    """The session that somebody acts in has ended meanwhile: nothing was done, they sign in first. 303."""


class NotHere(Exception):
    """Not there, or not for this person: they look alike. 404."""


class Gone(Exception):
    """A link that is unknown, used, expired, withdrawn or replaced: they look alike. 410."""


class TooMany(Exception):
    """A limit bit. `wait` is in seconds; `why` where waiting is not the way on. 429."""

    def __init__(self, wait: int, why: Any = None):
        super().__init__(wait)
        self.wait, self.why = wait, why


class Busy(Exception):
    """We cannot take more just now; nothing was done. 503."""

    wait = 5


@dataclass(frozen=True)
class Address:
    """An e-mail address as typed, and the key under which it is the same as its variants."""

    typed: str
    key: str


_INVISIBLE = re.compile(r"[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
# An encoded word (RFC 2047): decoded by some reader of the mail it gets into, it could be a header of its own (ML-01).
_LOOK_ALIKE = re.compile(r"=\?|[\u3002\uff0e\uff61]")
_LINK = re.compile(r"https?:|www\.|//|mailto:|@|=\?|xn--|\d+\.\d+\.\d+\.\d+"
                   r"|[a-z0-9-]\.(com|net|org|info|biz|io|ch|de|fr|it|es|eu|test|example)\b", re.I)
_DOTTED = re.compile(r"\w\.(\w\w+)")
_HOST = re.compile(r"(?!-)[\w-]+(\.[\w-]+)*|\[[0-9a-f:.]+\]")
_ASCII_HOST = re.compile(_HOST.pattern, re.ASCII)
_DOTS = str.maketrans("\u3002\uff0e\uff61\u2024", "....")


def address(text: str, field: str = "email") -> Address:
    """A mailbox's address, or Refused. Look-alikes are refused rather than folded together (SU-02)."""
    text = unicodedata.normalize("NFC", text.strip())
    local, at, domain = text.rpartition("@")
    if (not at or len(text) > 254 or len(local) > 64 or any(sign in local for sign in "@ ,") or " " in domain
            or _INVISIBLE.search(text)):
        raise Refused(_l("Enter a complete address, for example name@domain.ch."), field)
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True)
        ascii_domain = idna.encode(domain.lower(), uts46=True).decode() if not domain.isascii() else domain.lower()
    except (EmailNotValidError, idna.IDNAError) as error:
        raise Refused(_l("Enter a complete address, for example name@domain.ch."), field) from error
    local = unicodedata.normalize("NFC", checked.local_part)
    if _LOOK_ALIKE.search(text) or any(unicodedata.normalize("NFKC", part) != part for part in (local, domain)):
        raise Refused(_l("This address has a character that looks like another one."), field)
    # In small letters, not folded: ß is not ss, they are two mailboxes.
    return Address(typed=f"{local}@{domain}", key=f"{local.lower()}@{ascii_domain.rstrip('.')}")


def name(text: str, field: str, *, longest: int = 80) -> str:
    """A name as people write it: no control characters, and no link, since it goes into mails (ML-02)."""
    text = line(text, field, longest=longest)
    if like_an_address(text):
        raise Refused(_l("A name cannot contain a web address."), field)
    return text


def note(text: str, field: str = "note", *, longest: int = 300) -> str:
    """A word of one's own in a mail of ours: it leads nowhere, for strangers read it under our name (IN-11)."""
    text = line(text, field, longest=longest)
    if like_an_address(text):
        raise Refused(_l("A note cannot contain a web or e-mail address."), field)
    return text


def like_an_address(text: str) -> bool:
    """Is there something in it that a program reading mail makes a link of? «evil.zip» is, «St.Gallen» is not."""
    text = unicodedata.normalize("NFKC", text.translate(_DOTS))
    return bool(_LINK.search(text)) or any(after[0].islower() for after in _DOTTED.findall(text))


def line(text: str, field: str, *, longest: int = 200) -> str:
    """One line of text in NFC, or Refused."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if _INVISIBLE.search(text):
        raise Refused(_l("This text has invisible characters. Type it again."), field)
    if len(text) > longest:
        raise Refused(_l("Use at most %(n)s characters.", n=longest), field)
    return text


def plain_host(address: str, *, ascii: bool = True) -> str:
    """The host of a web address, if it is a name of letters, digits, dots and hyphens, or a number, and stands alone
    but for a port; or nothing. Such a one can be put into anybody's configuration."""
    try:
        parts = urlsplit(address)
        host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
        alone = parts.netloc.lower() in (host, f"{host}:{parts.port}") and parts.port != 0
    except ValueError:
        return ""
    return host if alone and (_ASCII_HOST if ascii else _HOST).fullmatch(host) else ""


def phone(text: str, country: str, field: str = "phone") -> str:
    """E.164, or Refused. Without a prefix it is one of that country."""
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise Refused(_l("This is no phone number. Enter it with the country code, for example +41 32 555 01 23."),
                      field) from None
    if not phonenumbers.is_possible_number(number):
        raise Refused(_l("This phone number has too few or too many digits."), field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def masked_phone(number: str) -> str:
    """What is shown of one in E.164 anywhere: its country and the last two digits. Nothing of none."""
    return f"+{phonenumbers.parse(number).country_code} … {number[-2:]}" if number else ""


def fold(text: str) -> str:
    """The text without case and accents: for searching, and for sorting alike on both databases."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return plain.casefold().replace("œ", "oe").replace("æ", "ae").replace("ø", "o").strip()
