"""Signing out: an application sends somebody here to do it, and is told when somebody did it here."""
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from accounts.sessions import SignedIn
from clock import epoch
from models import Message
from oidc import addresses, authorizations, keys, reading
from oidc.reading import Known
from settings import setting
from tenancy import number_at_work

LIFE = 120                                      # seconds that such a token is good for
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True)
class Wish:
    """What an application wants. `certain`: it proved that it means this very session, so that nobody need be asked."""

    client: Known | None = None
    back: str = ""
    certain: bool = False


def read(said: Mapping[str, str], who: SignedIn | None) -> Wish:
    """Nobody is led to an address that is not registered, to the letter, for the application that asks (OP-19)."""
    hint = keys.read(said.get("id_token_hint", "")) or {}
    if hint and hint.get("iss") != setting.base_url:
        hint = {}
    name = str(hint.get("aud") or said.get("client_id", ""))
    client = reading.client(name)
    if client is None or said.get("client_id", name) != name:
        return Wish()
    wanted = said.get("post_logout_redirect_uri", "")
    back = wanted if wanted and addresses.registered(wanted, client.logout_uris, public=client.public) else ""
    if back and said.get("state"):
        back += f"{'&' if urlsplit(back).query else '?'}{urlencode({'state': said['state']}, quote_via=quote)}"
    return Wish(client, back, bool(hint) and _means(hint, who, client))


def _means(hint: dict[str, Any], who: SignedIn | None, client: Known) -> bool:
    """Is it the session at hand, or is nobody signed in any more?"""
    return who is None or hint.get("sid") == authorizations.session_id(who.session_public_id, client.client_id)


def token(message: Message) -> str:
    """What an application is sent: made when it leaves, for two minutes; its number is the same at every try."""
    facts = message.facts or {}
    told = {"iss": setting.base_url, "aud": message.subject, "iat": epoch(), "exp": epoch() + LIFE,
            "jti": message.public_id, "sub": facts["sub"], "events": {EVENT: {}}}
    if facts.get("sid"):
        told["sid"] = facts["sid"]
    return keys.signed(told, facts["algorithm"], "logout+jwt")


def messages() -> Any:
    """What applications of the organisation at work were told, or are still to be told."""
    return all_messages().where(Message.organisation_id == number_at_work())


def all_messages() -> Any:
    """The same of the whole installation, for whoever runs it."""
    return Message.select().where(Message.channel == authorizations.CHANNEL)
