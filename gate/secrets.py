"""Setting up a gate: who looks after the product makes the secrets that its proxy proves itself with."""
from peewee import JOIN

import audit
from db import transaction
from models import ConnectionTest, Gate, GateSecret, Product, User
from products import catalogue, connections, lifecycle
from products.kinds import GATE
from products.managing import manager
from products.secrets import Secrets
from rules import NotHere

SECRETS = Secrets(GateSecret, GateSecret.gate, "kgs_")


def add(product: str, secret: str = "") -> str:
    """A secret of a product's gate, said once; the gate is there with its first. Others are good for a week more.

    `secret` is made here, except where everybody knows it: in the demonstration.
    """
    with transaction():
        found = managed(product)
        gate, _new = Gate.get_or_create(product=found.id)
        audit.record("gate.secret_made", product, product=found.label)
        return SECRETS.add(gate, secret)


def end(product: str, public_id: str) -> None:
    """This one is good no longer, from the next request on."""
    with transaction():
        found = managed(product)
        SECRETS.end(_gate(found), public_id)
        audit.record("gate.secret_ended", product, product=found.label)


def of_product(product: Product) -> Gate | None:
    """Its gate, if there is one yet, with `living`, its secrets that open something, and with `tested`, the latest test
    of the connection. In one statement."""
    rows = list(Gate.select(Gate, GateSecret, *connections.TOLD)
                .join(GateSecret, JOIN.LEFT_OUTER, attr="secret", on=(GateSecret.gate == Gate.id) & SECRETS.opening())
                .switch(Gate)
                .join(ConnectionTest, JOIN.LEFT_OUTER, attr="test", on=ConnectionTest.product == Gate.product)
                .join(User, JOIN.LEFT_OUTER, on=ConnectionTest.user == User.id)
                .where(Gate.product == product.id).order_by(GateSecret.id.desc()))
    if not rows:
        return None
    gate: Gate = rows[0]
    gate.living = [row.secret for row in rows if connections.joined(row, "secret")]
    gate.tested = connections.joined(gate, "test")
    return gate


def take_app_passwords(product: str, yes: bool = True) -> None:
    """May programs come in with an app password, where no page can ask them to sign in?"""
    with transaction():
        found = managed(product)
        Gate.update(app_passwords=yes).where(Gate.id == _gate(found).id).execute()
        audit.record("gate.app_passwords_on" if yes else "gate.app_passwords_off", product, product=found.label)


def managed(product: str) -> Product:
    """One that the acting person manages, and that a gate can stand before."""
    found = manager(lifecycle.find(product), "technical")
    if catalogue.kind_of(found.category).door != GATE:
        raise NotHere
    return found


def _gate(product: Product) -> Gate:
    gate = Gate.get_or_none(Gate.product == product.id)
    if gate is None:
        raise NotHere
    return gate  # type: ignore[no-any-return]
