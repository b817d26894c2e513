"""Who may do what with which product: of a member, a team, or somebody invited (G2)."""
from collections.abc import Sequence
from typing import Any

from flask import Response, g, url_for

import limits
import sheets
from accounts.sessions import PEOPLE
from forms import Form, NothingForm, Several, Text, required
from i18n import _, _l
from organisations.roles import LABELS, Right
from pages import page
from products import doors, editor, grants, rehearsals, words
from products.editor import Access
from products.grants import Box, Changes, Ticked
from rules import Refused
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("access", __name__)

READ = {"members": editor.of_member, "teams": editor.of_team, "invitations": editor.of_invitation}
SUBJECT = {"members": grants.of_member, "teams": grants.of_team, "invitations": grants.of_invitation}


def of_each(below: str = "") -> dict[str, dict[str, str]]:
    """The same page for each kind of subject."""
    return {f"/{whose}/<id>/access{below}": {"whose": whose} for whose in READ}


class CategoryForm(Form):
    """The boxes of one category: `box` says «product right».

    `shown` and `shown_future` say what was ticked when the form was written; the first of `shown` is empty and says
    that they do.
    """

    category = Text(_l("Category"), [required()])
    box = Several(_l("Rights"))
    future = Several(_l("Future products"))
    shown = Several(_l("Rights"))
    shown_future = Several(_l("Future products"))

    @property
    def ticked(self) -> Ticked:
        return _boxes(self.box), set(self.future.data or ())

    @property
    def before(self) -> Ticked | None:
        """What was ticked when the form was written, if it says so."""
        return (_boxes(self.shown), set(self.shown_future.data or ())) if self.shown.data else None

    def meant(self, section: editor.Section) -> Ticked:
        """What saving would leave ticked."""
        return grants.meant(section.ticked, self.before, self.ticked)


def _boxes(field: Several) -> set[Box]:
    boxes = (each.partition(" ") for each in field.data or () if each)
    return {(product, right) for product, _blank, right in boxes}


@blueprint.page(of_each(), needs=Right.EDIT_ACCESS, fresh=PEOPLE)
def show(whose: str, id: str) -> Response:
    return access_page(whose, READ[whose](id))


@blueprint.action(of_each("/preview"), needs=Right.EDIT_ACCESS, fresh=PEOPLE)
def preview(whose: str, id: str) -> Response:
    """What saving this category would change. Nothing is changed."""
    access, form = READ[whose](id), CategoryForm()
    if not form.validate():
        raise Refused(form.form_errors[0] if form.form_errors else _("Load the page again."))
    section = access.section(form.category.data)
    after = form.meant(section)
    return access_page(whose, access, form=form, changes=section.changes(after),
                       people=people_of(access, section, after[0]) if whose == "teams" else ())


@blueprint.action(of_each(), needs=Right.EDIT_ACCESS, fresh=PEOPLE)
def save(whose: str, id: str) -> Response:
    """One category; the others stay as they are (G2-R6)."""
    form = CategoryForm()
    subject = SUBJECT[whose](id)
    if form.submit_to(lambda category, **_boxes: grants.save(subject, category, *form.ticked, shown=form.before)):
        return done(_("The access of %(name)s has been saved.", name=subject.name), ".show", whose=whose, id=id)
    return access_page(whose, READ[whose](id), 422, form=form)


@blueprint.page(of_each("/everything"), needs=Right.EDIT_ACCESS, fresh=PEOPLE)
def everything(whose: str, id: str) -> Response:
    return everything_page(whose, READ[whose](id), NothingForm())


@blueprint.action(of_each("/everything"), needs=Right.EDIT_ACCESS, fresh=PEOPLE)
def give_everything(whose: str, id: str) -> Response:
    subject, form = SUBJECT[whose](id), NothingForm()
    if form.submit_to(lambda: grants.give_everything(subject)):
        return done(_("%(name)s has all rights over all products.", name=subject.name), ".show", whose=whose, id=id)
    return everything_page(whose, READ[whose](id), form, 422)


@blueprint.action(of_each("/everything/withdraw"), needs=Right.EDIT_ACCESS, fresh=PEOPLE)
def take_everything(whose: str, id: str) -> Response:
    subject = SUBJECT[whose](id)
    grants.take_everything(subject)
    return done(_("%(name)s has what is granted one by one.", name=subject.name), ".show", whose=whose, id=id)


@blueprint.page("/members/<id>/access/effective", needs=Right.EDIT_ACCESS)
def effective(id: str) -> Response:
    """Every right over every product: open, by what; or closed, for want of what."""
    access = editor.of_member(id)
    return page("products/effective.html", access=access, lines=doors.of(access, g.here.demands), why=words.why,
                labels=LABELS, crumbs=(*crumbs_of("members", access), (_("Effective access"), None)))


@blueprint.page("/members/<id>/access/effective.csv", needs=Right.EDIT_ACCESS, fresh=PEOPLE, limit=limits.EXPORT)
def export_effective(id: str) -> Response:
    access = editor.of_member(id)
    head = [_("Product"), _("Category"), _("Right"), _("Open"), _("Why")]
    return sheets.sheet(f"{g.here.slug}-access", head, (
        [line.product.label, line.category, line.title, words.state(line.decision),
         " ".join(words.why(line.decision, access.role))] for line in doors.of(access, g.here.demands)))


def people_of(team: Access, section: editor.Section, boxes: set[Box]) -> list[tuple[str, list[str]]]:
    """For the first people of a team, what opens and closes when it carries that much of a category."""
    over = [row.product for row in section.rows]
    found = rehearsals.people(rehearsals.of_team(team.public_id), rehearsals.NAMED, over=[each.id for each in over])
    return [(effect.member.user.name, doors.told(effect.change)) for effect in rehearsals.effects(
        found, over, g.here.demands, rehearsals.carrying(team.name, section, boxes))]


def access_page(whose: str, access: Access, status: int = 200, *, form: CategoryForm | None = None,
                changes: Changes | None = None, people: Sequence[tuple[str, list[str]]] = ()) -> Response:
    """`form`: what was ticked in it, and what others have changed since it was written."""
    of = form.category.data if form else ""
    ticked = (of, *form.meant(access.section(of))) if form and of else ("", (), ())
    return page("products/access.html", status, whose=whose, access=access, form=form, people=people,
                crumbs=crumbs_of(whose, access), labels=LABELS, changes=told(changes) if changes is not None else None,
                ticked=ticked)


def everything_page(whose: str, access: Access, form: NothingForm, status: int = 200) -> Response:
    new = [(row.product.label, section.title(cell.right)) for part in access.parts for section in part.sections
           for row in section.rows for cell in row.cells if not (cell.own or cell.locked)]
    return page("products/everything.html", status, whose=whose, access=access, form=form, new=new,
                products=len({label for label, _right in new}), crumbs=crumbs_of(whose, access))


def told(changes: Changes) -> dict[str, list[tuple[str, str]]]:
    return {what: words.changes(rows) for what, rows in changes.facts.items()}


def crumbs_of(whose: str, access: Access) -> tuple[Any, ...]:
    above = {"members": (_("Members"), "members"), "teams": (_("Teams"), "teams"),
             "invitations": (_("Invitations"), "invitations")}[whose]
    at = f"/o/{g.here.slug}/{above[1]}"
    own = at if whose == "invitations" else f"{at}/{access.public_id}"
    return ((above[0], at), (access.name, own), (_("Product access"), url_for(".show", whose=whose,
                                                                            id=access.public_id)))
