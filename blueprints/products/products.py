"""What an organisation has: the list, one of them, a new one, its details, and giving it up (domain §3.6)."""
from itertools import groupby
from typing import Any

from flask import Response, request, url_for
from wtforms import IntegerField, validators

import paging
import web
from accounts.sessions import PEOPLE
from blueprints.products._product import about, one, overtaken, product_page, seer
from forms import Form, Text, Tick, Version, required
from i18n import _, _l
from models import Category
from organisations.roles import Right
from pages import page
from products import audience, catalogue, holdings, lifecycle, managing
from products.holdings import Holding
from rules import Conflict, Forbidden, NotHere
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("products", __name__)
blueprint.register_error_handler(Conflict, overtaken)

EACH = 50
SHOWN = 10                                      # of those who lose something


class DetailsForm(Form):
    category = Text("")
    version = Version()
    label = Text(_l("Name"), [required()])
    technical_name = Text(_l("Technical name"))
    address = Text(_l("Web address"))
    seats = IntegerField(_l("Seats"), [validators.Optional()])


class EndForm(Form):
    sure = Tick(_l("I understand that this takes effect at once"), [required(_l("Tick this box to go on."))])


@blueprint.page("/products", needs=Right.SEE_ORGANISATION)
def show() -> Response:
    """By family and category: all of them for administration, for others what they have any right over (D1)."""
    if elsewhere := web.tidy():
        return elsewhere
    asked, everything = request.args.get("category", ""), holdings.of(seer())
    categories = {held.product.category.code: catalogue.told(held.product.category) for held in everything}
    shown = [held for held in everything if asked not in categories or held.product.category.code == asked]
    cut = paging.cut_of(shown, f"products.{asked}", EACH)
    families = [(catalogue.told(family), list(those)) for family, those in
                groupby(cut.rows, key=lambda held: held.product.category.family)]
    return page("products/products.html", families=families, cut=cut, total=len(shown), categories=categories,
                asked=asked if asked in categories else "", told=catalogue.told)


@blueprint.page("/products/<id>", needs=Right.SEE_ORGANISATION)
def look(id: str) -> Response:
    """Its details, what one may do with it, and by what."""
    return product_page(one(id))


# --- a new one ---------------------------------------------------------------------------------


@blueprint.page("/products/new", needs=Right.ADD_PRODUCTS, fresh=PEOPLE)
def new() -> Response:
    """First what it is; then, with `?category=`, its details."""
    if code := request.args.get("category"):
        return new_page(on_offer(code), DetailsForm(category=code))
    families = [(catalogue.told(family), offered) for family in catalogue.families()
                if (offered := [each for each in family.all if each.retired is None])]
    return page("products/choose.html", families=families, told=catalogue.told, kind_of=catalogue.kind_of,
                crumbs=new_crumbs())


@blueprint.action("/products/new", needs=Right.ADD_PRODUCTS, fresh=PEOPLE)
def add() -> Response:
    form = DetailsForm()
    if form.submit_to(lambda version, **details: lifecycle.add(**details)):
        return done(_("%(product)s has been added.", product=form.result.label), ".look", id=form.result.public_id)
    return new_page(on_offer(form.category.data), form, 422)


def on_offer(code: str) -> Category:
    found = catalogue.category(code)
    if found.retired is not None:
        raise NotHere
    return found


def new_page(category: Category, form: DetailsForm, status: int = 200) -> Response:
    return page("products/new.html", status, form=form, category=category, kind=catalogue.kind_of(category),
                title=catalogue.told(category), crumbs=new_crumbs())


def new_crumbs() -> tuple[Any, ...]:
    return ((_("All products"), url_for(".show")), (_("Add a product"), url_for(".new")))


# --- changing and giving up --------------------------------------------------------------------


@blueprint.page("/products/<id>/details", needs=Right.SEE_ORGANISATION, fresh=PEOPLE)
def details(id: str) -> Response:
    held = managed(id)
    product = held.product
    return details_page(held, DetailsForm(version=product.version, label=product.label, address=product.address,
                                          technical_name=product.technical_name, seats=product.seats))


@blueprint.action("/products/<id>/details", needs=Right.SEE_ORGANISATION, fresh=PEOPLE)
def change(id: str) -> Response:
    """What somebody else has saved, or blocked, in the meantime is shown beside what was typed (409)."""
    form = DetailsForm()
    try:
        if form.submit_to(lambda category, version, **details: lifecycle.change(id, version, **details)):
            return done(_("%(product)s has been changed.", product=form.result.label), ".look", id=id)
    except Conflict as conflict:
        held = one(id)
        form.form_errors.append(conflict.why)
        form.version.data = held.product.version    # saved once more, it replaces what is there now
        return details_page(held, form, 409, meanwhile=differences(held, form))
    return details_page(one(id), form, 422)


def managed(id: str) -> Holding:
    """One that this person may change; Conflict while its management is blocked."""
    held = one(id)
    if held.may("technical"):
        return held
    if held.product.blocked and "technical" in held.held:
        raise Conflict(managing.BLOCKED)
    raise Forbidden("technical")


def differences(held: Holding, form: DetailsForm) -> list[tuple[Any, Any, Any]]:
    """What is saved by now where this person has typed something else: field, saved, typed."""
    names = ("label", "technical_name", "address", "seats")
    return [(form[name].label.text, getattr(held.product, name), form[name].data) for name in names
            if (getattr(held.product, name) or "") != (form[name].data or "")]


def details_page(held: Holding, form: DetailsForm, status: int = 200, meanwhile: Any = ()) -> Response:
    return about(held, "details", status, form=form, meanwhile=meanwhile, kind=held.kind,
                 category=held.product.category)


@blueprint.page("/products/<id>/give-up", needs=Right.ADD_PRODUCTS, fresh=PEOPLE)
def ending(id: str) -> Response:
    held = one(id)
    if held.product.blocked:
        raise Conflict(managing.BLOCKED)
    return ending_page(held, EndForm())


@blueprint.action("/products/<id>/give-up", needs=Right.ADD_PRODUCTS, fresh=PEOPLE)
def end(id: str) -> Response:
    form = EndForm()
    if form.submit_to(lambda sure: lifecycle.end(id)):
        return done(_("%(product)s has been given up.", product=form.result.label), ".show")
    return ending_page(one(id), form, 422)


def ending_page(held: Holding, form: EndForm, status: int = 200) -> Response:
    losers = audience.granted(held.product)
    return about(held, "end", status, form=form, losers=losers[:SHOWN], more=len(losers[SHOWN:]))
