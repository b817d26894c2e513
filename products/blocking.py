"""Keeping a product's management as it is for a while, or its service from being used (G8). Neither takes a grant."""
from dataclasses import dataclass
from typing import Any

import audit
import outbox
import rules
from clock import now
from db import transaction
from i18n import _l
from models import Organisation, Product
from organisations.roles import Right, require
from products import audience, evidence, lifecycle
from rules import Refused
from tenancy import at_work

LONGEST_REASON = 300


@dataclass(frozen=True)
class Brake:
    """One of the two: who may pull it, which categories have it, where it is kept, and what it is called in books."""

    right: Right
    flag: str
    column: str
    on: str
    off: str
    cannot: Any


MANAGEMENT = Brake(Right.BLOCK_PRODUCTS, "blockable", "blocked", "blocked", "unblocked",
                   _l("Such products cannot be blocked."))
SERVICE = Brake(Right.MAINTAIN_PRODUCTS, "maintainable", "maintained", "maintained", "resumed",
                _l("Such products know no maintenance."))


def block(public_id: str, reason: str) -> Product:
    """Nobody manages it, whatever is granted, until it is unblocked. The service goes on (G8-R4), where it is not by a
    door of ours that people get to it: that is closed."""
    return _on(MANAGEMENT, public_id, reason)


def unblock(public_id: str) -> Product:
    return _off(MANAGEMENT, public_id)


def maintain(public_id: str, reason: str) -> Product:
    """Nobody gets to the service until it is resumed. Managing it goes on."""
    return _on(SERVICE, public_id, reason)


def resume(public_id: str) -> Product:
    return _off(SERVICE, public_id)


def _on(brake: Brake, public_id: str, reason: str) -> Product:
    """What is so already stays so, with the reason of before."""
    reason = rules.line(reason, "reason", longest=LONGEST_REASON)
    with transaction():
        require(brake.right)
        product = lifecycle.find(public_id)
        if getattr(product, brake.column) is not None:
            return product
        if not getattr(product.category, brake.flag):
            raise Refused(brake.cannot)
        if not reason:
            raise Refused(_l("Say in a few words why."), "reason")
        _set(brake, product, since=now(), reason=reason)
        _tell(product, brake.on, reason=reason)
        return product


def _off(brake: Brake, public_id: str) -> Product:
    with transaction():
        require(brake.right)
        product = lifecycle.find(public_id)
        if getattr(product, brake.column) is None:
            return product
        _set(brake, product, since=None, reason="")
        _tell(product, brake.off)
        return product


def _set(brake: Brake, product: Product, *, since: Any, reason: str) -> None:
    setattr(product, brake.column, since)
    setattr(product, f"{brake.column}_reason", reason)
    product.save()


def _tell(product: Product, what: str, **reason: str) -> None:
    actor = audit.record(f"product.{what}", product.public_id, product=product.label, **reason).actor
    organisation = Organisation.get_by_id(at_work().id).name
    for person in audience.listeners(product):
        outbox.post_to(person, f"product_{what}", organisation=organisation, product=product.label,
                       by=actor.name, ours=evidence.ours(product.category.kind), **reason)
