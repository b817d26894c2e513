"""Which application asks: by its secret, in one of two ways, or by its name alone where it keeps none (OP-15)."""
import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

import current
import limits
from accounts.sessions import network
from oidc import clients, reading, watching
from oidc.reading import Known
from oidc.refusals import invalid_client

METHODS = ("client_secret_basic", "client_secret_post", "none")


def client(authorization: str, form: Mapping[str, str]) -> Known:
    """The one that proves itself, and is switched on. Misses are counted by application and network."""
    name, secret = _said(authorization, form)
    subject = f"{name[:100]} {network(current.actor().address)}"
    limits.look(limits.CLIENT_SECRET, subject)
    found = reading.client(name)
    if found is None or found.disabled or not _proved(found, secret):
        limits.spend(limits.CLIENT_SECRET, subject)
        if found is not None:
            watching.unproved(found)
        raise invalid_client("The application is unknown, disabled, or did not prove itself.")
    return found


def _proved(found: Known, secret: str) -> bool:
    return not secret if found.public else bool(secret) and clients.right_secret(found, secret)


def _said(authorization: str, form: Mapping[str, str]) -> tuple[str, str]:
    """Name and secret. Two ways at once are none."""
    scheme, _blank, told = authorization.partition(" ")
    if not authorization:
        return form.get("client_id", ""), form.get("client_secret", "")
    if scheme.lower() != "basic" or "client_secret" in form:
        raise invalid_client("Say who you are in one way: with HTTP Basic, or in the form.")
    try:
        name, colon, secret = base64.b64decode(told.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise invalid_client("The Authorization header cannot be read.") from None
    name, secret = unquote_plus(name), unquote_plus(secret)
    if not colon or "\x00" in name + secret or form.get("client_id", name) != name:
        raise invalid_client("Say who you are in one way: with HTTP Basic, or in the form.")
    return name, secret
