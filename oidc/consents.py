"""What people let applications know: given once for each application and organisation, listed, withdrawn."""
from typing import Any

import audit
import current
import db
from accounts import acting
from clock import MINUTE, now
from db import transaction
from models import Authorization, Client, Consent, Organisation, Product
from oidc import authorizations, reading
from oidc.reading import Known, Let, Place
from rules import NotHere
from tenancy import across_organisations, working_for


def lacking(found: Let | None, client: Known, scopes: list[str]) -> list[str]:
    """Those of the scopes that are not let yet. Of an application the operator vouches for nobody is asked."""
    return [] if client.trusted else [each for each in scopes if found is None or each not in found.scopes]


def give(client: Known, place: Place, scopes: list[str]) -> None:
    """By the acting person. What was let before stays let."""
    user_id = current.actor().user_id
    with transaction(), working_for(place):
        acting.require_open()
        db.exclusively(f"consents of {user_id}")
        found = reading.consent(user_id or 0, client.number, place.product_id)
        if found:
            both = sorted({*found.scopes, *scopes})
            Consent.update(scopes=both, given=now()).where(Consent.id == found.number).execute()
        else:
            Consent.create(user=user_id, client=client.number, product=place.product_id, scopes=scopes)
        audit.record_for(user_id, "application.let", application=client.label, organisation=place.name)


def note_use(found: Let | None, place: Place) -> None:
    """When it was used last, to the minute. In a transaction."""
    if found and (found.last_used is None or now() - found.last_used >= MINUTE):
        with working_for(place):
            Consent.update(last_used=now()).where(Consent.id == found.number).execute()


def listed(user_id: int) -> list[Consent]:
    """What a person lets applications know, wherever, the latest first."""
    with across_organisations("a person's own consents"):
        return list(_own(user_id).order_by(Consent.given.desc(), Consent.id.desc()))


def own(user_id: int, public_id: str) -> Consent:
    """One of a person's own; NotHere for anybody else's."""
    with across_organisations("a person's own consent"):
        found = _own(user_id).where(Consent.public_id == public_id).first()
    if found is None:
        raise NotHere
    return found  # type: ignore[no-any-return]


def withdraw(public_id: str) -> Consent:
    """By the acting person: nothing the application holds opens anything any more, from the next request on."""
    user_id = current.actor().user_id or 0
    with transaction():
        acting.require_open()
        found = own(user_id, public_id)
        with working_for(found.organisation):
            Consent.update(withdrawn=now()).where(Consent.id == found.id).execute()
            authorizations.end("withdrawn", Authorization.client == found.client_id,
                               Authorization.product == found.product_id, Authorization.user == user_id)
        audit.record_for(user_id, "application.withdrawn", application=found.product.label,
                         organisation=found.organisation.name)
        return found


def _own(user_id: int) -> Any:
    return (Consent.select(Consent, Client, Product, Organisation).join(Client).switch(Consent).join(Product)
            .switch(Consent).join(Organisation, on=(Consent.organisation == Organisation.id))
            .where(Consent.user == user_id, Consent.withdrawn.is_null()))
