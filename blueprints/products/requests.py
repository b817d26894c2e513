"""Asking for access to a product, and answering."""
from typing import Any

from flask import Response, g, request, url_for
from wtforms import validators

import limits
import paging
from accounts.sessions import PEOPLE
from forms import Choice, Day, Form, Text, required
from i18n import _, _l
from models import AccessRequest
from organisations.roles import Right
from pages import page
from products import holdings, requests
from rules import Conflict
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("requests", __name__)


class AskForm(Form):
    product = Choice(_l("Product"))
    reason = Text(_l("Reason"), [required()])


class GrantForm(Form):
    until = Day(_l("Last day"), [validators.Optional()])


class RefusalForm(Form):
    answer = Text(_l("Reason"), [required()])


@blueprint.errorhandler(Conflict)
def overtaken(conflict: Conflict) -> Response:
    """Somebody was faster: the list as it now is."""
    return list_page(409, conflict.why) if g.may(Right.EDIT_ACCESS) else ask_page(AskForm(), 409, conflict.why)


# --- asking ------------------------------------------------------------------------------------


@blueprint.page("/products/ask", needs=Right.ASK_ACCESS)
def ask_form() -> Response:
    return ask_page(AskForm(product=request.args.get("product", "")))


@blueprint.action("/products/ask", needs=Right.ASK_ACCESS, limit=limits.ASK_ACCESS)
def ask() -> Response:
    form = AskForm()
    form.product.offer([(form.product.data, "")])   # which there are, the verb knows
    if form.submit_to(requests.ask):
        return done(_("Your request is on its way. The answer comes by e-mail."), ".ask_form")
    return ask_page(form, 422)


@blueprint.action("/requests/<id>/withdrawal", needs=Right.ASK_ACCESS)
def withdraw(id: str) -> Response:
    requests.withdraw(id)
    return done(_("The request is withdrawn."), ".ask_form")


def ask_page(form: AskForm, status: int = 200, why: Any = "") -> Response:
    """What there is to ask for: not what one may use already, nor what one has asked for."""
    mine = holdings.used_by(g.here.membership_id)
    there = requests.to_ask_for(g.here.membership_id)
    asked = [product for product in there if _asked(product)]
    form.product.offer([("", _("Choose a product")), *(
        (product.public_id, product.label) for product in there if product not in asked and not mine(product))])
    return page("products/ask.html", status, form=form, asked=asked, why=why, longest=requests.LONGEST,
                offered=len(form.product.choices) > 1,
                crumbs=((_("All products"), url_for("products.show")), (_("Ask for access"), None)))


def _asked(product: Any) -> bool:
    found = getattr(product, "asked", None)
    return found is not None and found.id is not None


# --- answering ---------------------------------------------------------------------------------


@blueprint.page("/requests", needs=Right.EDIT_ACCESS)
def show() -> Response:
    return list_page()


@blueprint.page("/requests/<id>", needs=Right.EDIT_ACCESS, fresh=PEOPLE)
def look(id: str) -> Response:
    return answer_page(requests.one(id), GrantForm(), RefusalForm())


@blueprint.action("/requests/<id>/grant", needs=Right.EDIT_ACCESS, fresh=PEOPLE)
def grant(id: str) -> Response:
    form = GrantForm()
    if form.submit_to(lambda until: requests.grant(id, until)):
        return done(_("%(name)s may use %(product)s.", name=form.result.membership.user.name,
                      product=form.result.product.label), ".show")
    return answer_page(requests.one(id), form, RefusalForm(), 422)


@blueprint.action("/requests/<id>/refusal", needs=Right.EDIT_ACCESS, fresh=PEOPLE)
def refuse(id: str) -> Response:
    form = RefusalForm()
    if form.submit_to(lambda answer: requests.refuse(id, answer)):
        return done(_("The request is refused."), ".show")
    return answer_page(requests.one(id), GrantForm(), form, 422)


def answer_page(asked: AccessRequest, form: GrantForm, refusal: RefusalForm, status: int = 200) -> Response:
    return page("products/request.html", status, asked=asked, form=form, refusal=refusal, longest=requests.LONGEST,
                crumbs=((_("Requests for access"), url_for(".show")), (asked.membership.user.name, None)))


def list_page(status: int = 200, why: Any = "") -> Response:
    cut = paging.cut(requests.waiting(), [(AccessRequest.created, True), (AccessRequest.id, True)], "requests")
    return page("products/requests.html", status, cut=cut, why=why,
                crumbs=((_("All products"), url_for("products.show")), (_("Requests for access"), None)))
