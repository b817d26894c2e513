"""How an organisation comes to a product, changes it, and gives it up (domain §3.6)."""
from typing import Any
from urllib.parse import urlsplit

import audit
import db
import rules
from accounts import acting
from clock import now
from db import transaction
from i18n import _l
from models import AccessRequest, Category, Grant, Product
from organisations import members
from organisations.roles import Right, require
from products import catalogue
from products.kinds import GATE, OPENID
from products.managing import BLOCKED, manager
from rules import Conflict, NotHere, Refused
from settings import LOOPBACK, setting
from tenancy import at_work

MOST = 1_000                                    # products of one organisation
MOST_SEATS = 100_000
UNWRITTEN = set(" \\\"'`<>{}|^")                # what an address never has: browsers write it in another way
CHANGED = _l("Somebody has changed this product in the meantime. Look at what it is now, and change it again.")


def add(category: str, label: str, *, technical_name: str = "", address: str = "", seats: int | None = None) -> Product:
    """A new one. Who has a rule about future products of its category has rights over it at once (G2-R4)."""
    with transaction():
        adder = require(Right.ADD_PRODUCTS)
        what = Category.get_or_none(Category.code == category, Category.retired.is_null())
        if what is None:
            raise Refused(_l("Choose what it is."), "category")
        db.exclusively(f"products of {at_work().id}")
        if Product.present().count() >= MOST:
            raise Refused(_l("An organisation has at most %(n)s products.", n=MOST))
        product = Product.create(category=what, **_details(what, label, technical_name, address, seats))
        _follow_rules(product)
        audit.record("product.added", product.public_id, product=product.label, category=what.code,
                     by_role=adder.role)
        return product  # type: ignore[no-any-return]


def change(public_id: str, version: int, label: str, *, technical_name: str, address: str,
           seats: int | None) -> Product:
    """Its details. Asks for technical rights over it; a blocked one is changed by nobody."""
    with transaction():
        product = manager(find(public_id), "technical")
        told = _details(product.category, label, technical_name, address, seats)
        if not Product.update(**told, version=version + 1).where(
                Product.id == product.id, Product.version == version).execute():
            raise Conflict(CHANGED)
        audit.record("product.changed", public_id, product=told["label"], changes=audit.changed(product, told))
        return find(public_id)


def end(public_id: str) -> Product:
    """It is there no more. Its grants go with it: nothing comes back with a product of the same name."""
    with transaction():
        require(Right.ADD_PRODUCTS)
        product = find(public_id)
        if product.blocked:
            raise Conflict(BLOCKED)
        Product.update(status=Product.ENDED, ended=now()).where(Product.id == product.id).execute()
        Grant.delete().where(Grant.product == product.id).execute()
        members.close_requests(AccessRequest.product == product.id)
        audit.record("product.ended", public_id, product=product.label)
        return product


def find(public_id: str) -> Product:
    """One of the organisation at work with its category, held until the transaction ends, after the account of whoever
    acts; NotHere otherwise."""
    acting.require_open()
    found = db.locked(Product.present().where(Product.public_id == public_id)).first()
    if found is None:
        raise NotHere
    return found  # type: ignore[no-any-return]


def _follow_rules(product: Product) -> None:
    """What rules about future products of this category say becomes grants of its own."""
    rules_about_it = Grant.select().where(Grant.category == product.category_id)
    for each in rules_about_it:
        Grant.create(membership=each.membership_id, team=each.team_id, invitation=each.invitation_id,
                     product=product, right=each.right, by_rule=True, by=each.by_id, until=each.until)


def _details(what: Category, label: str, technical_name: str, address: str, seats: int | None) -> dict[str, Any]:
    label = rules.line(label, "label", longest=80)
    if not label:
        raise Refused(_l("Enter a name."), "label")
    if seats is not None and not (what.seated and 0 < seats <= MOST_SEATS):
        raise Refused(_l("Enter a number of seats, or none."), "seats")
    return {"label": label, "technical_name": rules.line(technical_name, "technical_name", longest=120),
            "address": _web_address(what, address), "seats": seats}


def _web_address(what: Category, address: str) -> str:
    """Where one uses it: https, or http on this machine. What people get to by us needs one, with a host that a proxy
    can be told of to the letter."""
    address, door = rules.line(address, "address", longest=300), catalogue.kind_of(what).door
    if not address:
        if door:
            raise Refused(_l("Enter the web address where people can reach it."), "address")
        return ""
    host = rules.plain_host(address, ascii=door in (GATE, OPENID))
    local = host.strip("[]") in LOOPBACK and setting.on_loopback
    scheme = urlsplit(address).scheme if host else ""
    if scheme not in (("https", "http") if local else ("https",)) or set(address) & UNWRITTEN:
        raise Refused(_l("Enter a web address that begins with https://, for example https://wiki.domain.ch."),
                      "address")
    return address
