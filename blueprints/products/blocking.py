"""Blocking the management of a product and opening it again; maintenance of its service, and its end (G8)."""
from collections.abc import Callable
from typing import Any

from flask import Response, g

import formats
from accounts.sessions import PEOPLE
from blueprints.products._product import crumbs_of
from forms import Form, NothingForm, Text, required
from i18n import _, _l
from organisations.roles import Right
from pages import page
from products import audience, blocking, evidence, rehearsals
from products.kinds import USE
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("product_blocking", __name__)


class ReasonForm(Form):
    reason = Text(_l("Reason"), [required()])


@blueprint.page("/products/<id>/block", needs=Right.BLOCK_PRODUCTS, fresh=PEOPLE)
def block_form(id: str) -> Response:
    return asking(id, "block", ReasonForm())


@blueprint.action("/products/<id>/block", needs=Right.BLOCK_PRODUCTS, fresh=PEOPLE)
def block(id: str) -> Response:
    return doing(id, "block", ReasonForm(), blocking.block, _l("%(product)s is blocked."))


@blueprint.page("/products/<id>/unblock", needs=Right.BLOCK_PRODUCTS, fresh=PEOPLE)
def unblock_form(id: str) -> Response:
    return asking(id, "unblock", NothingForm())


@blueprint.action("/products/<id>/unblock", needs=Right.BLOCK_PRODUCTS, fresh=PEOPLE)
def unblock(id: str) -> Response:
    return doing(id, "unblock", NothingForm(), blocking.unblock, _l("%(product)s is no longer blocked."))


@blueprint.page("/products/<id>/maintenance", needs=Right.MAINTAIN_PRODUCTS, fresh=PEOPLE)
def maintain_form(id: str) -> Response:
    return asking(id, "maintenance", ReasonForm())


@blueprint.action("/products/<id>/maintenance", needs=Right.MAINTAIN_PRODUCTS, fresh=PEOPLE)
def maintain(id: str) -> Response:
    return doing(id, "maintenance", ReasonForm(), blocking.maintain, _l("%(product)s is in maintenance."))


@blueprint.page("/products/<id>/maintenance/end", needs=Right.MAINTAIN_PRODUCTS, fresh=PEOPLE)
def resume_form(id: str) -> Response:
    return asking(id, "maintenance_end", NothingForm())


@blueprint.action("/products/<id>/maintenance/end", needs=Right.MAINTAIN_PRODUCTS, fresh=PEOPLE)
def resume(id: str) -> Response:
    return doing(id, "maintenance_end", NothingForm(), blocking.resume,
                 _l("The maintenance of %(product)s has ended."))


def asking(id: str, question: str, form: Form, status: int = 200) -> Response:
    """Whoever may ask sees every product."""
    of = audience.opened(id)
    ours = evidence.ours(of.product.category.kind)
    closes = closing(of) if question == "maintenance" or question == "block" and ours else []
    return page(f"products/{question}.html", status, product=of.product, crumbs=crumbs_of(of.product), form=form,
                longest=blocking.LONGEST_REASON, ours=ours, closes=closes)


def closing(of: audience.Opened) -> list[str]:
    """To whom it is open, and would not be: a sentence with the first of them, or none."""
    found = audience.people(of, g.here.demands, rehearsals.NAMED + 1, granted=(USE,))
    names = [each.name for each in found if USE in each.decisions and each.decisions[USE].allowed]
    if not names:
        return []
    told = formats.list_of(names[:rehearsals.NAMED])
    return [_("These people can no longer open it: %(people)s.", people=told) if len(found) <= rehearsals.NAMED else
            _("These people can no longer open it: %(people)s, and others.", people=told)]


def doing(id: str, question: str, form: Form, verb: Callable[..., Any], said: Any) -> Response:
    if form.submit_to(lambda **reason: verb(id, **reason)):
        return done(str(said) % {"product": form.result.label}, "products.look", id=id)
    return asking(id, question, form, 422)
