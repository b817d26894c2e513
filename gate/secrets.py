"""Setting up a gate: who looks after the product makes the secrets that its proxy proves itself with."""
from typing import Any

from peewee import JOIN

import audit
import crypto
from clock import DAY, now
from db import transaction
from i18n import _l
from models import ConnectionTest, Gate, GateSecret, Product, User
from products import catalogue, connections, lifecycle
from products.managing import manager
from rules import NotHere, Refused

PREFIX, SHOWN = "kgs_", 4                       # by which scanners know a secret; so many symbols are shown ever after
OVERLAP = 7 * DAY                               # so long an older secret is good beside the next
MOST = 5
DOOR = "gate"                                   # what kinds of products call it


def add(product: str, secret: str = "") -> str:
    """A secret of a product's gate, said once; the gate is there with its first. Others are good for a week more.

    `secret` is made here, except where everybody knows it: in the demonstration.
    """
    with transaction():
        found = managed(product)
        gate, _new = Gate.get_or_create(product=found.id)
        if _living(gate).count() >= MOST:
            raise Refused(_l("There are %(n)s secrets. End one first.", n=MOST))
        GateSecret.update(expires=now() + OVERLAP).where(
            GateSecret.gate == gate.id, GateSecret.expires.is_null()).execute()
        secret = secret or PREFIX + crypto.token()
        GateSecret.create(gate=gate, digest=crypto.digest(secret), hint=secret[:len(PREFIX) + SHOWN])
        audit.record("gate.secret_made", product, product=found.label)
        return secret


def end(product: str, public_id: str) -> None:
    """This one is good no longer, from the next request on."""
    with transaction():
        found = managed(product)
        if not GateSecret.update(expires=now()).where(
                GateSecret.public_id == public_id,
                GateSecret.id.in_(_living(_gate(found)).select(GateSecret.id))).execute():
            raise NotHere
        audit.record("gate.secret_ended", product, product=found.label)


def living(product: str) -> list[GateSecret]:
    """Those that open something, the latest first."""
    return list(_living(_gate(managed(product))))


def standing(product: Product) -> tuple[list[GateSecret], ConnectionTest | None]:
    """Of a product's gate, for a page about it: the secrets that open something, and the latest test. In one
    statement; nothing where there is no gate yet."""
    rows = list(Gate.select(Gate, GateSecret, *connections.TOLD)
                .join(GateSecret, JOIN.LEFT_OUTER, attr="secret", on=(GateSecret.gate == Gate.id) & _opens())
                .switch(Gate)
                .join(ConnectionTest, JOIN.LEFT_OUTER, attr="test", on=ConnectionTest.product == Gate.product)
                .join(User, JOIN.LEFT_OUTER, on=ConnectionTest.user == User.id)
                .where(Gate.product == product.id).order_by(GateSecret.id.desc()))
    found = [row.secret for row in rows if connections.joined(row, "secret")]
    return found, connections.joined(rows[0], "test") if rows else None


def take_app_passwords(product: str, yes: bool = True) -> None:
    """May programs come in with an app password, where no page can ask them to sign in?"""
    with transaction():
        found = managed(product)
        Gate.update(app_passwords=yes).where(Gate.id == _gate(found).id).execute()
        audit.record("gate.app_passwords_on" if yes else "gate.app_passwords_off", product, product=found.label)


def managed(product: str) -> Product:
    """One that the acting person manages, and that a gate can stand before."""
    found = manager(lifecycle.find(product), "technical")
    if catalogue.kind_of(found.category).door != DOOR:
        raise NotHere
    return found


def _gate(product: Product) -> Gate:
    gate = Gate.get_or_none(Gate.product == product.id)
    if gate is None:
        raise NotHere
    return gate  # type: ignore[no-any-return]


def _living(gate: Gate) -> Any:
    return GateSecret.select().where(GateSecret.gate == gate.id, _opens()).order_by(GateSecret.id.desc())


def _opens() -> Any:
    return GateSecret.expires.is_null() | (GateSecret.expires > now())
