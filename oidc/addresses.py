"""Which addresses an application may register, and that one that is asked for is one of them, to the letter."""
import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import egress
from i18n import _l
from rules import Refused
from settings import LOOPBACK, setting

MOST, LONGEST = 20, 500
_PLAIN = re.compile(r"[!-~]+")                  # no blank, no control character, nothing beyond ASCII
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")   # com.example.app (RFC 8252 §7.1)
_PORT = re.compile(r"^(http://(?:127\.0\.0\.1|\[::1\])):\d{1,5}(?=/|$)")
WRONG = _l("Enter complete https addresses, one a line, without * and #, for example https://app.domain.ch/callback.")


def redirects(lines: Iterable[str], *, public: bool) -> list[str]:
    """Where answers may go. At least one; an app on a telephone may use a scheme of its own."""
    found = _each(lines, "redirect_uris", own_scheme=public)
    if not found:
        raise Refused(WRONG, "redirect_uris")
    return found


def after_logout(lines: Iterable[str], *, public: bool) -> list[str]:
    return _each(lines, "logout_uris", own_scheme=public)


def backchannel(address: str) -> str:
    """Where the application is told of sign-outs, by us: no scheme of its own."""
    return next(iter(_each([address], "backchannel_uri")), "")


def registered(address: str, known: Iterable[str], *, public: bool) -> bool:
    """Is it one of these? An app on the same machine may listen at any port (RFC 8252 §7.3), nothing else differs."""
    known = set(known)
    return address in known or (public and bool(_PORT.match(address)) and _PORT.sub(r"\1", address) in known)


def _each(lines: Iterable[str], field: str, *, own_scheme: bool = False) -> list[str]:
    found = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if len(found) > MOST or not all(_fits(each, own_scheme) for each in found):
        raise Refused(WRONG, field)
    return found


def _fits(address: str, own_scheme: bool) -> bool:
    if len(address) > LONGEST or not _PLAIN.fullmatch(address) or set(address) & set("*#\\<>\"'`{}|^"):
        return False
    try:
        parts = urlsplit(address)
        _port = parts.port
    except ValueError:
        return False
    if own_scheme and _OWN_SCHEME.fullmatch(parts.scheme):
        return not parts.netloc and parts.path.startswith("/")
    if not parts.hostname or parts.username is not None or parts.password is not None or "/." in parts.path:
        return False
    return parts.scheme == "https" and _outside(parts.hostname) or (
        parts.scheme == "http" and parts.hostname in LOOPBACK and (own_scheme or setting.on_loopback))


def _outside(host: str) -> bool:
    """A name, or a number of the open internet."""
    try:
        number: Any = ip_address(host)
    except ValueError:
        return host not in LOOPBACK or setting.on_loopback
    return egress.public(number)
