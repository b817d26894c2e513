"""The catalogue: what organisations of this installation can have (domain §3.6). Whoever runs it keeps it."""
from typing import Any, NamedTuple

from flask import Response, request, url_for

from accounts.sessions import PEOPLE
from forms import Choice, Form, Several, Text, Tick
from i18n import NAMES, _, _l
from models import Category, Family
from pages import page
from products import catalogue, words
from products.kinds import Kind
from rules import NotHere
from settings import setting
from web import OPERATOR, Blueprint, done

blueprint = Blueprint("catalogue", __name__)


class Picture(NamedTuple):
    """What stands before a family's name."""

    icon: str
    label: Any


PICTURES = (
    Picture(icon="package", label=_l("Parcel")), Picture(icon="mail", label=_l("Letter")),
    Picture(icon="message-square-text", label=_l("Speech bubble")), Picture(icon="globe", label=_l("Globe")),
    Picture(icon="cloud", label=_l("Cloud")), Picture(icon="folder", label=_l("Folder")),
    Picture(icon="server", label=_l("Server")), Picture(icon="ticket", label=_l("Ticket")),
    Picture(icon="plug", label=_l("Plug")), Picture(icon="life-buoy", label=_l("Lifebuoy")),
    Picture(icon="star", label=_l("Star")))
MERGES = {Category.UNION: _l("Rights of teams count beside a person’s own"),
          Category.INDIVIDUAL: _l("A person’s own rights stand instead of those of teams")}
FLAGS = {"used": _l("People use it"), "blockable": _l("It can be blocked"),
         "maintainable": _l("It can be put into maintenance"), "seated": _l("Seats are counted")}


class NamesForm(Form):
    """A name in each language of the installation."""

    def __init__(self, **start: Any):
        super().__init__(**start)
        for language in set(NAMES) - set(setting.languages):
            del self[f"name_{language}"]

    @property
    def names(self) -> dict[str, str]:
        return {language: self[f"name_{language}"].data for language in setting.languages}

    @property
    def name_fields(self) -> list[Any]:
        return [self[f"name_{language}"] for language in setting.languages]

    @property
    def chosen(self) -> dict[str, Any]:
        """What is said besides the names."""
        return {name: value for name, value in self.data.items() if not name.startswith("name_")}


for _code, _name in NAMES.items():
    setattr(NamesForm, f"name_{_code}", Text(_l("Name – %(language)s", language=_name)))


class FamilyForm(NamesForm):
    icon = Choice(_l("Picture"), choices=PICTURES)


class CategoryForm(NamesForm):
    kind = Text("")
    rights = Several(_l("Rights over its management"))
    used, blockable, maintainable, seated = (Tick(label) for label in FLAGS.values())
    team_merge = Choice(_l("How rights come together"), choices=MERGES.items())


@blueprint.page("/operator/catalogue", needs=OPERATOR)
def show() -> Response:
    return page("operator/catalogue.html", families=catalogue.families(), told=catalogue.told,
                kinds=catalogue.kinds(), kind_of=catalogue.kind_of, rights=rights_of)


@blueprint.action("/operator/catalogue/neutral", needs=OPERATOR, fresh=PEOPLE)
def take_neutral() -> Response:
    catalogue.take_neutral()
    return done(_("The catalogue is filled. Change it as you like."), ".show")


# --- families ----------------------------------------------------------------------------------


@blueprint.page("/operator/catalogue/families/new", needs=OPERATOR, fresh=PEOPLE)
def new_family() -> Response:
    return family_page(FamilyForm(icon="package"))


@blueprint.action("/operator/catalogue/families/new", needs=OPERATOR, fresh=PEOPLE)
def add_family() -> Response:
    form = FamilyForm()
    if form.submit_to(lambda **_all: catalogue.add_family(form.names, form.icon.data)):
        return done(_("%(name)s has been added.", name=catalogue.told(form.result)), ".show")
    return family_page(form, status=422)


@blueprint.page("/operator/catalogue/families/<code>", needs=OPERATOR, fresh=PEOPLE)
def family(code: str) -> Response:
    found = catalogue.family(code)
    return family_page(FamilyForm(icon=found.icon, **named(found)), found)


@blueprint.action("/operator/catalogue/families/<code>", needs=OPERATOR, fresh=PEOPLE)
def change_family(code: str) -> Response:
    found, form = catalogue.family(code), FamilyForm()
    if form.submit_to(lambda **_all: catalogue.change_family(code, form.names, form.icon.data)):
        return done(_("%(name)s has been changed.", name=catalogue.told(form.result)), ".show")
    return family_page(form, found, 422)


# --- categories --------------------------------------------------------------------------------


@blueprint.page("/operator/catalogue/families/<code>/new", needs=OPERATOR, fresh=PEOPLE)
def new_category(code: str) -> Response:
    """First the kind; then, with `?kind=`, its rights and what else can be chosen, as the kind begins with."""
    found = catalogue.family(code)
    name = request.args.get("kind", "")
    if not name:
        return page("operator/kinds.html", family=found, kinds=catalogue.kinds(), crumbs=crumbs(catalogue.told(found)))
    kind = kind_named(name)
    begins = {flag: getattr(kind, flag) for flag in (*FLAGS, "team_merge")}
    return category_page(CategoryForm(kind=name, rights=list(kind.rights), **begins), kind, family=found)


@blueprint.action("/operator/catalogue/families/<code>/new", needs=OPERATOR, fresh=PEOPLE)
def add_category(code: str) -> Response:
    found, form = catalogue.family(code), CategoryForm()
    kind = kind_named(form.kind.data)
    if form.submit_to(lambda **_all: catalogue.add_category(code, names=form.names, **form.chosen)):
        return done(_("%(name)s has been added.", name=catalogue.told(form.result)), ".show")
    return category_page(form, kind, 422, family=found)


@blueprint.page("/operator/catalogue/categories/<code>", needs=OPERATOR, fresh=PEOPLE)
def category(code: str) -> Response:
    found = catalogue.category(code)
    begins = {name: getattr(found, name) for name in (*FLAGS, "kind", "rights", "team_merge")}
    return category_page(CategoryForm(**begins, **named(found)), catalogue.kind_of(found), category=found)


@blueprint.action("/operator/catalogue/categories/<code>", needs=OPERATOR, fresh=PEOPLE)
def change_category(code: str) -> Response:
    found, form = catalogue.category(code), CategoryForm()
    if form.submit_to(lambda kind, **_all: catalogue.change_category(code, form.names, **form.chosen)):
        return done(_("%(name)s has been changed.", name=catalogue.told(form.result)), ".show")
    return category_page(form, catalogue.kind_of(found), 422, category=found)


@blueprint.action("/operator/catalogue/categories/<code>/retirement", needs=OPERATOR, fresh=PEOPLE)
def retire(code: str) -> Response:
    found = catalogue.retire(code)
    return done(_("%(name)s is off the catalogue. Products there are stay.", name=catalogue.told(found)), ".show")


@blueprint.action("/operator/catalogue/categories/<code>/return", needs=OPERATOR, fresh=PEOPLE)
def bring_back(code: str) -> Response:
    found = catalogue.bring_back(code)
    return done(_("%(name)s is in the catalogue again.", name=catalogue.told(found)), ".show")


# --- what they share ---------------------------------------------------------------------------


def kind_named(name: str | None) -> Kind:
    kind = catalogue.kinds().get(name or "")
    if kind is None:
        raise NotHere
    return kind


def named(found: Family | Category) -> dict[str, str]:
    """Its names as the fields have them."""
    return {f"name_{language}": found.names.get(language, "") for language in setting.languages}


def rights_of(found: Category) -> list[str]:
    return [words.right(right, found.kind) for right in found.rights]


def family_page(form: FamilyForm, found: Family | None = None, status: int = 200) -> Response:
    title = _("Change %(name)s", name=catalogue.told(found)) if found else _("Add a family")
    return page("operator/family.html", status, form=form, title=title, crumbs=crumbs(title))


def category_page(form: CategoryForm, kind: Kind, status: int = 200, *, family: Family | None = None,
                  category: Category | None = None) -> Response:
    title = (_("Change %(name)s", name=catalogue.told(category)) if category
             else _("Add a category: %(family)s", family=catalogue.told(family)) if family else "")
    return page("operator/category.html", status, form=form, kind=kind, title=title, flags=FLAGS,
                rights=[(right, kind.title(right)) for right in kind.rights], crumbs=crumbs(title))


def crumbs(title: str) -> tuple[Any, ...]:
    return ((_("Operator’s console"), url_for("operator.show")), (_("Catalogue"), url_for(".show")), (title, None))
