"""The people of an organisation: the list of them, and what is done with several at once."""
from collections.abc import Callable
from typing import Any

from flask import Response, g, request, url_for

import formats
import limits
import paging
import sheets
import web
from accounts.sessions import PEOPLE
from forms import Choice, Form, Text, Tick
from i18n import _, _l, ngettext
from models import Membership
from organisations import directory, members, roles, teams
from organisations.directory import Filter, Person
from organisations.roles import LABELS, Right
from pages import page, tone
from products import rehearsals
from rules import NotHere, Refused
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("members", __name__)

SORT = "name"


@blueprint.page("/members", needs=Right.SEE_MEMBERS)
def show() -> Response:
    """Everybody present, searched and filtered by the address."""
    if elsewhere := web.tidy(sort=SORT):
        return elsewhere
    who, sort = Filter.of(request.args), sort_of(request.args.get("sort", ""))
    cut = people(who, sort)
    known = known_total(who, cut)
    named, counted = directory.teams(who, counted=not known)
    return page("organisations/members.html", cut=cut, lines=[line(each) for each in cut.rows], who=who, sorted=sort,
                labels=LABELS, states=directory.SOUGHT, total=known or counted, most=directory.COUNTED, teams=named,
                team=dict(named).get(who.team, "…"),
                crumbs=((_("People"), None), (_("Members"), None)))


@blueprint.page("/members.csv", needs=Right.SEE_MEMBERS, fresh=PEOPLE, limit=limits.EXPORT)
def export() -> Response:
    """What the list shows, as a file."""
    found = directory.export(Filter.of(request.args))
    head = [_("First name"), _("Last name"), _("E-mail address"), _("Role"), _("Accounting"), _("Status"),
            _("Two-factor authentication"), _("Joined"), _("Last seen"), _("Teams")]
    return sheets.sheet(f"{g.here.slug}-members", head, (
        [each.first_name, each.last_name, each.email, LABELS[each.role], yes(each.accounts),
         directory.STATES[each.status], yes(each.two_factor), each.since.isoformat(), each.seen.isoformat(),
         ", ".join(each.in_teams)]
        for each in found))


def people(who: Filter, sort: str) -> paging.Slice:
    """The page of the list that the request asks for."""
    name, key = f"members.{sort}", directory.SORTS[sort.lstrip("-")].name
    spot = paging.spot(name, 2)
    found = directory.some(who, sort, paging.EACH + 1, backwards=spot.backwards, edge=spot.edge)
    return paging.sliced(found, spot, [key, "id"], name)


def line(person: Person) -> tuple[Any, ...]:
    """A person as the list shows them: said here once, so that the template has nothing to look up."""
    state = "blocked" if person.status == Membership.BLOCKED else "on" if person.two_factor else "off"
    return (person.public_id, person.name, person.initials, tone(person.person_id), person.email, person.role,
            state, formats.ago(person.seen), formats.day(person.since), person.user_id == g.me.user_id,
            ", ".join(person.in_teams), person.locked, person.lost)


def known_total(who: Filter, cut: paging.Slice) -> int:
    """How many there are, from the page itself or from what the organisation keeps; 0 when they must be counted."""
    if cut.start == 1 and not cut.after:
        return len(cut.rows)
    kept = {(): g.here.people, (("role", "external"),): g.here.externals, (("two_factor", "off"),): g.here.unprotected}
    return kept.get(tuple(who.asked.items()), 0)


def sort_of(text: str) -> str:
    return text if text.removeprefix("-") in directory.SORTS else SORT


def yes(value: Any) -> str:
    return _("Yes") if value else _("No")


# --- several at once ---------------------------------------------------------------------------


class BulkForm(Form):
    do = Choice("", choices=[(name, name) for name in ("team", "alert", "role", "remove")])
    m = Text("")                                # the ids, one after the other
    role = Choice(_l("Role"), choices=[("", ""), *((role.value, label) for role, label in LABELS.items())], default="")
    team = Text(_l("Team"))
    sure = Tick(_l("I understand that this takes effect at once"))


@blueprint.page("/members/bulk", needs=Right.SEE_MEMBERS, fresh=PEOPLE)
def bulk() -> Response:
    """Whom it concerns, by name, and what will happen. `all`: everybody the filter finds, not only those ticked."""
    do = request.args.get("do", "")
    if do not in DONE:
        raise NotHere
    if request.args.get("all"):
        found = directory.some(Filter.of(request.args), SORT, members.MOST + 1)
    else:
        found = directory.named(request.args.getlist("m")[:members.MOST])
    return bulk_page(BulkForm(do=do, m=" ".join(each.public_id for each in found)), found)


@blueprint.action("/members/bulk", needs=Right.SEE_MEMBERS, fresh=PEOPLE)
def do_bulk() -> Response:
    form = BulkForm()
    found = directory.named((form.m.data or "").split()[:members.MOST])
    if not form.submit_to(lambda **chosen: members.each([each.public_id for each in found], verb_of(**chosen))):
        return bulk_page(form, found, 422)
    refused = form.result
    if refused:
        return page("organisations/bulk_report.html", 422, do=form.do.data, refused=refused,
                    done=[each for each in found if each.public_id not in refused],
                    not_done=[each for each in found if each.public_id in refused])
    return done(DONE[form.do.data](len(found)), ".show")


@blueprint.action("/members/bulk/preview", needs=Right.SEE_MEMBERS, fresh=PEOPLE)
def rehearse_bulk() -> Response:
    """Which doors would open and close, for the first of them. Nothing is changed."""
    form = BulkForm()
    found = directory.named((form.m.data or "").split()[:members.MOST])
    if not form.submit_to(lambda do, m, role, team, sure: change_of(do, role, team)):
        return bulk_page(form, found, 422)
    some = rehearsals.people(Membership.public_id.in_([each.public_id for each in found]), rehearsals.NAMED)
    effects = rehearsals.effects(some, rehearsals.products(), g.here.demands, form.result)
    return bulk_page(form, found, told=rehearsals.told(effects), unseen=len(found) - len(some))


def change_of(do: str, role: str, team: str) -> rehearsals.Change:
    if do == "role" and not role:
        raise Refused(_l("Choose a role."), "role")
    if do == "team" and not team:
        raise Refused(_l("Choose a team."), "team")
    if do == "team":
        joined = teams.look(team)
        return rehearsals.joining(joined, joined.grants)
    return {"remove": rehearsals.going, "role": rehearsals.role(role)}.get(do, rehearsals.nothing)


def verb_of(do: str, m: str, role: str, team: str, sure: bool) -> Callable[[str], Any]:
    """What is done with each; Refused when something for it is missing."""
    if do == "role" and not role:
        raise Refused(_l("Choose a role."), "role")
    if do == "team" and not team:
        raise Refused(_l("Choose a team."), "team")
    if do == "remove" and not sure:
        raise Refused(_l("Tick this box to go on."), "sure")
    return {"alert": members.alert, "remove": members.remove,
            "role": lambda id: members.change_role(id, role), "team": lambda id: teams.join(team, [id])}[do]


def bulk_page(form: BulkForm, found: list[Person], status: int = 200, *, told: dict[str, list[str]] | None = None,
              unseen: int = 0) -> Response:
    return page("organisations/bulk.html", status, form=form, do=form.do.data, told=told, unseen=unseen,
                people=found[:members.MOST], too_many=len(found) > members.MOST, most=members.MOST, labels=LABELS,
                roles=roles.choices(g.here.standing), teams=teams.all_of_them() if form.do.data == "team" else (),
                crumbs=((_("Members"), url_for(".show")), (_("Several"), None)))


DONE: dict[str, Callable[[int], str]] = {
    "team": lambda n: ngettext("One person is in the team.", "%(num)s people are in the team.", n),
    "alert": lambda n: ngettext("The security alert is on its way.", "%(num)s security alerts are on their way.", n),
    "role": lambda n: ngettext("The role has been changed.", "The roles of %(num)s people have been changed.", n),
    "remove": lambda n: ngettext("One person is no longer a member.", "%(num)s people are no longer members.", n),
}
