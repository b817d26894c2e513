"""How much one product is used."""
from flask import Response

from blueprints.products._product import about, one
from i18n import _
from organisations.roles import Right
from products import managing, uses
from products.kinds import STATISTICS
from rules import Conflict, Forbidden, NotHere
from web import OrganisationBlueprint

blueprint = OrganisationBlueprint("statistics", __name__)


@blueprint.page("/products/<id>/statistics", needs=Right.SEE_ORGANISATION)
def show(id: str) -> Response:
    """Sign-ins, people and browsers of the last days, for who has the right to see them (D4)."""
    held = one(id)
    if STATISTICS not in held.decisions:
        raise NotHere
    if not held.may(STATISTICS):
        if held.product.blocked and STATISTICS in held.held:
            raise Conflict(managing.BLOCKED)
        raise Forbidden(STATISTICS)
    figures = uses.statistics(held.product)
    charts = [("times", _("Sign-ins a day")), ("people", _("People a day")), ("devices", _("Browsers a day"))]
    return about(held, "statistics", figures=figures, charts=charts, title=held.title(STATISTICS))
