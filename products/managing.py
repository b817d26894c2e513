"""Who manages a product: asked of the same function as at every door."""
import current
from i18n import _l
from models import Product
from organisations.policy import Proved
from products import evidence
from products.access import Why
from rules import Conflict, Forbidden, NotHere

BLOCKED = _l("This product is blocked. Unblock it first.")


def manager(product: Product, right: str) -> Product:
    """The product, if the acting person has that right over it now. Conflict while its management is blocked.

    NotHere for whom it does not exist: somebody without any right over it. What the organisation demands of a
    session was asked at the door of the page.
    """
    who = current.actor()
    found = evidence.at_a_door(who.user_id or 0, product.public_id)
    answer = found.decide(right, Proved(who.proofs))
    if not answer.refusals:
        return product
    if answer.refusals == (Why.PRODUCT_BLOCKED,):
        raise Conflict(BLOCKED)
    if any(found.decide(other, Proved(who.proofs)).sources for other in found.product.rights):
        raise Forbidden(right)
    raise NotHere
