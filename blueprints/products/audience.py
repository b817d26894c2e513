"""Who can open one product, and why."""
from flask import Response, g, url_for

import limits
import paging
import sheets
from accounts.sessions import PEOPLE
from i18n import _
from organisations.roles import LABELS, Right
from pages import page
from products import audience, words
from web import OrganisationBlueprint

blueprint = OrganisationBlueprint("audience", __name__)


@blueprint.page("/products/<id>/access", needs=Right.EDIT_ACCESS)
def show(id: str) -> Response:
    """Everybody with any right over it, by name; of each right whether it is open, by what, or for want of what."""
    of, here = audience.opened(id), paging.spot("audience", 2)
    found = audience.people(of, g.here.demands, paging.EACH + 1, backwards=here.backwards, edge=here.edge)
    cut = paging.sliced(found, here, ["sort_name", "id"], "audience")
    product = of.product
    return page("products/audience.html", product=product, cut=cut, labels=LABELS, why=words.why,
                title=lambda right: words.right(right, product.category.kind),
                crumbs=((_("All products"), url_for("products.show")),
                        (product.label, url_for("products.look", id=id)), (_("Who can open it"), None)))


@blueprint.page("/products/<id>/access.csv", needs=Right.EDIT_ACCESS, fresh=PEOPLE, limit=limits.EXPORT)
def export(id: str) -> Response:
    head = [_("Name"), _("E-mail address"), _("Role"), _("Right"), _("Open"), _("Why")]
    return sheets.sheet(f"{g.here.slug}-product-access", head, audience.export(id, g.here.demands))
