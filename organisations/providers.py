"""An organisation's own OpenID providers, and whose second step counts in it.

Whoever runs a provider could have it say that they are any member linked to it.
What it proves thus opens this organisation alone (policy), and is no fresh proof
of anything, here or elsewhere (`sessions.lent_by`).
"""
import logging
import re
from typing import Any
from urllib.parse import urlsplit

import audit
import crypto
import plugins
import rules
from accounts import identities
from accounts.backends import Untrusted
from db import transaction
from i18n import _l
from models import Organisation, Provider
from organisations import members
from organisations.demands import held
from organisations.roles import Right
from rules import NotHere, Refused
from settings import Upstream, setting
from tenancy import at_work

log = logging.getLogger(__name__)

KIND = "oidc"                                   # the folder that knows how to speak to them
MOST = 10                                       # of one organisation
LONGEST = 500                                   # characters of an address, a name there and a secret
MOST_VALUES = 10
UNANSWERED = _l("No provider that can be used answers there under exactly this address. Compare it with what the "
                "provider says of itself.")


def offered() -> bool:
    """May organisations bring providers along? Whoever runs the installation says so (BACKENDS)."""
    return KIND in setting.backends


def own() -> list[Provider]:
    """Those of the organisation at work."""
    if not offered():
        raise NotHere
    return list(Provider.select(Provider, Organisation).join(Organisation).order_by(Provider.name, Provider.id))


def find(public_id: str) -> Provider:
    """One of them; NotHere for any other."""
    found = next((provider for provider in own() if provider.public_id == public_id), None)
    if found is None:
        raise NotHere
    return found


def for_all() -> list[Upstream]:
    """Those that whoever runs the installation has named: for everybody, in every organisation."""
    return list(setting.upstreams)


def add(name: str, issuer: str, client_id: str, client_secret: str, values: str, *, counts: bool) -> Provider:
    """One more. Its description is fetched first; every trouble with that is one sentence (FD-11, WH-11)."""
    told = _told(name, client_id, client_secret, values, counts)
    _answers(issuer, told["client_id"])
    with transaction():
        organisation = held(Right.FORCE_TWO_FACTOR)
        if len(own()) >= MOST:
            raise Refused(_l("An organisation has at most %(n)s providers. Remove one first.", n=MOST))
        provider = Provider(public_id=crypto.public_id(), organisation=organisation, issuer=issuer, **told)
        provider.client_secret = _sealed(provider, client_secret)
        provider.save(force_insert=True)
        _count(organisation, provider.way, counts)
        _tell("added", provider.public_id, provider.name, counts=counts)
        return provider


def change(public_id: str, name: str, client_id: str, client_secret: str, values: str, *, counts: bool) -> Provider:
    """All but the issuer: who people are there says nothing at another. No secret given: it stays as it is."""
    told = _told(name, client_id, client_secret, values, counts)
    with transaction():
        organisation, provider = held(Right.FORCE_TWO_FACTOR), find(public_id)
        Provider.update(client_secret=_sealed(provider, client_secret) or provider.client_secret, **told).where(
            Provider.id == provider.id).execute()
        _count(organisation, provider.way, counts)
        _tell("changed", public_id, told["name"], counts=counts)
        return find(public_id)


def switch(public_id: str, on: bool) -> Provider:
    """Off: nobody comes in by it any more, and whoever did is out at the next request. The links to it stay (FD-10)."""
    with transaction():
        held(Right.FORCE_TWO_FACTOR)
        provider = find(public_id)
        if provider.active != on:
            Provider.update(active=on).where(Provider.id == provider.id).execute()
            _tell("on" if on else "off", public_id, provider.name)
            if not on:
                identities.close(provider.way, provider.name)
        return provider


def remove(public_id: str) -> Provider:
    """For good: with who people are there, and with what they opened by it."""
    with transaction():
        organisation, provider = held(Right.FORCE_TWO_FACTOR), find(public_id)
        _count(organisation, provider.way, False)
        _tell("removed", public_id, provider.name)
        identities.close(provider.way, provider.name)
        identities.drop(provider.way)
        Provider.delete().where(Provider.id == provider.id).execute()
        return provider


def count(name: str, counts: bool) -> Upstream:
    """Does the second step of a provider for all count here? Only where it is known how that provider says so."""
    with transaction():
        organisation = held(Right.FORCE_TWO_FACTOR)
        upstream = next((each for each in for_all() if each.name == name and each.trust_mfa), None)
        if upstream is None:
            raise NotHere
        if (name in organisation.trusted_upstreams) != counts:
            _count(organisation, name, counts)
            _tell("counted" if counts else "not_counted", "", upstream.label or name)
        return upstream


def _told(name: str, client_id: str, client_secret: str, values: str, counts: bool) -> dict[str, Any]:
    """What is typed, as it is kept."""
    said = values.replace(",", " ").split()
    name = rules.name(name, "name", longest=60)
    if not name:
        raise Refused(_l("Fill in this field."), "name")
    if not _usable(client_id):
        raise Refused(_l("Enter it as the provider shows it."), "client_id")
    if client_secret and not _usable(client_secret):
        raise Refused(_l("Enter it as the provider shows it."), "client_secret")
    if len(said) > MOST_VALUES or not all(map(_usable, said)):
        raise Refused(_l("Use at most %(n)s values, with blanks between.", n=MOST_VALUES), "values")
    if counts and not said:
        raise Refused(_l("First say which values the provider uses for two-factor sign-in."), "values")
    return {"name": name, "client_id": client_id, "trust_mfa": said}


def _usable(text: str) -> bool:
    return bool(re.fullmatch(r"[\x20-\x7e]+", text)) and len(text) <= LONGEST


def _answers(issuer: str, client_id: str) -> None:
    """Is there a provider that calls itself so? Why not stands in the log alone."""
    if not offered():
        raise NotHere
    upstream = Upstream(name="new", issuer=issuer, client_id=client_id, networks=setting.provider_networks,
                        ca=setting.provider_ca, organisation=at_work().public_id)
    try:
        if not _plain(issuer):
            raise Untrusted(f"{issuer[:200]!r} is no plain address")
        plugins.find("accounts.backends", KIND).try_out(upstream)
    except Untrusted as trouble:
        log.warning("a provider was refused: %s", trouble)
        raise Refused(UNANSWERED, "issuer") from trouble


def _plain(issuer: str) -> bool:
    """https, a name and a path, nothing more."""
    try:
        address = urlsplit(issuer)
        return (_usable(issuer) and " " not in issuer and address.scheme == "https" and bool(address.hostname)
                and "@" not in address.netloc and not address.query and not address.fragment and address.port != 0)
    except ValueError:
        return False


def _sealed(provider: Provider, secret: str) -> bytes | None:
    return crypto.seal(secret.encode(), provider.place) if secret else None


def _count(organisation: Organisation, name: str, counts: bool) -> None:
    """The second step of this provider counts here, or no longer."""
    others = [each for each in organisation.trusted_upstreams if each != name]
    Organisation.update(trusted_upstreams=[*others, name] if counts else others).where(
        Organisation.id == organisation.id).execute()


def _tell(what: str, public_id: str, provider: str, **facts: Any) -> None:
    """The book, and those who answer for the organisation."""
    audit.record(f"organisation.provider_{what}", public_id, provider=provider, **facts)
    members.tell_legal("provider_changed", what=what, provider=provider)
