"""What all pages about one product share."""
from typing import Any

from flask import Response, g, request, url_for

from i18n import _
from models import AccessRequest, Product
from organisations import policy
from organisations.roles import Right
from pages import page
from products import catalogue, holdings, requests
from products.holdings import Holding, Seer
from rules import Conflict


def seer() -> Seer:
    """Whoever looks."""
    return Seer(g.here.membership_id, g.here.role, g.me.two_factor, g.may(Right.SEE_ALL_PRODUCTS), g.here.demands,
                policy.proved_by(g.me))


def one(id: str) -> Holding:
    return holdings.one(id, seer())


def about(held: Holding, template: str, status: int = 200, **more: Any) -> Response:
    """A page about a product, below its own."""
    return page(f"products/{template}.html", status, held=held, product=held.product, crumbs=crumbs_of(held.product),
                **more)


def product_page(held: Holding, status: int = 200, why: Any = "") -> Response:
    waiting = list(requests.waiting().where(AccessRequest.product == held.product.id)) if g.may(
        Right.EDIT_ACCESS) else []
    return about(held, "product", status, why=why, told=catalogue.told, waiting=waiting)


def overtaken(conflict: Conflict) -> Response:
    """Not any more, or not now: the product's page says why."""
    return product_page(one((request.view_args or {})["id"]), 409, conflict.why)


def crumbs_of(product: Product) -> tuple[Any, ...]:
    return ((_("All products"), url_for("products.show")),
            (product.label, url_for("products.look", id=product.public_id)))
