"""Teams: the list of them, one of them, who is in it, and what joining and leaving it opens and closes."""
from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, g, request, url_for

import paging
from accounts.sessions import PEOPLE
from forms import Choice, Form, NothingForm, Several, Text, required
from i18n import _, _l, ngettext
from models import Membership, Team
from organisations import directory, teams
from organisations.directory import Filter
from organisations.roles import LABELS, Right
from pages import page
from products import rehearsals, words
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("teams", __name__)


class TeamForm(Form):
    name = Text(_l("Name"), [required()])
    colour = Choice(_l("Colour"), choices=list(teams.COLOURS.items()), default=next(iter(teams.COLOURS)))


class PeopleForm(Form):
    m = Several(_l("People"))


class LeaderForm(Form):
    leader = Text("")


@blueprint.page("/teams", needs=Right.MANAGE_TEAMS)
def show() -> Response:
    return page("organisations/teams.html", teams=teams.all_of_them(), crumbs=((_("People"), None), (_("Teams"), None)))


@blueprint.page("/teams/new", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def new() -> Response:
    return form_page(TeamForm())


@blueprint.action("/teams", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def create() -> Response:
    form = TeamForm()
    if form.submit_to(teams.create):
        return done(_("The team %(team)s has been made.", team=form.result.name), ".look", id=form.result.public_id)
    return form_page(form, 422)


@blueprint.page("/teams/<id>", needs=Right.MANAGE_TEAMS)
def look(id: str) -> Response:
    """Its people, whom to ask, and what it carries."""
    return team_page(id)


@blueprint.page("/teams/<id>/change", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def changing(id: str) -> Response:
    team = teams.look(id)
    return form_page(TeamForm(name=team.name, colour=team.colour), team=team)


@blueprint.action("/teams/<id>/change", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def change(id: str) -> Response:
    team, form = teams.look(id), TeamForm()
    if form.submit_to(lambda **chosen: teams.change(id, **chosen)):
        return done(_("Saved."), ".look", id=id)
    return form_page(form, 422, team=team)


@blueprint.action("/teams/<id>/leader", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def lead(id: str) -> Response:
    """Whom to ask: one of them, or nobody."""
    form = LeaderForm()
    if form.submit_to(lambda leader: teams.lead(id, leader)):
        return done(_("Saved."), ".look", id=id)
    return team_page(id, 422, form)


# --- its people --------------------------------------------------------------------------------


@blueprint.page("/teams/<id>/people", needs=Right.MANAGE_TEAMS)
def choose(id: str) -> Response:
    """Looking for those who are to join."""
    team, q = teams.look(id), Filter.of(request.args).q
    found = directory.some(Filter(q=q), "name", paging.EACH + 1)
    return page("organisations/team_choose.html", team=team, q=q, found=found[:paging.EACH], labels=LABELS,
                more=len(found) > paging.EACH, crumbs=crumbs(team, _("Add people")))


@blueprint.page("/teams/<id>/joining", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def joining(id: str) -> Response:
    return people_page("joining", id, request.args.getlist("m"), PeopleForm())


@blueprint.action("/teams/<id>/joining", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def join(id: str) -> Response:
    return changed("joining", id, lambda m: teams.join(id, m or ()), lambda n: ngettext(
        "%(num)s person has joined the team.", "%(num)s people have joined the team.", n))


@blueprint.page("/teams/<id>/leaving", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def leaving(id: str) -> Response:
    return people_page("leaving", id, request.args.getlist("m"), PeopleForm())


@blueprint.action("/teams/<id>/leaving", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def leave(id: str) -> Response:
    return changed("leaving", id, lambda m: teams.leave(id, m or ()), lambda n: ngettext(
        "%(num)s person has left the team.", "%(num)s people have left the team.", n))


@blueprint.page("/teams/<id>/delete", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def deletion(id: str) -> Response:
    return deletion_page(id, NothingForm())


@blueprint.action("/teams/<id>/delete", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def delete(id: str) -> Response:
    form = NothingForm()
    if form.submit_to(lambda: teams.delete(id)):
        return done(_("The team %(team)s has been deleted.", team=form.result.name), ".show")
    return deletion_page(id, form, 422)


# --- what the views share ----------------------------------------------------------------------


def changed(what: str, id: str, verb: Callable[..., list[Membership]], told: Callable[[int], str]) -> Response:
    form = PeopleForm()
    if form.submit_to(verb):
        return done(told(len(form.result)), ".look", id=id)
    return people_page(what, id, form.m.data or (), form, 422)


def form_page(form: TeamForm, status: int = 200, *, team: Team | None = None) -> Response:
    return page("organisations/team_form.html", status, form=form, team=team,
                crumbs=crumbs(team, _("Change")) if team else ((_("Teams"), url_for(".show")), (_("New team"), None)))


def team_page(id: str, status: int = 200, form: LeaderForm | None = None) -> Response:
    team = teams.look(id)
    cut = paging.cut(teams.people(team), [(Membership.sort_name, True), (Membership.id, True)], "team")
    return page("organisations/team.html", status, team=team, cut=cut, labels=LABELS, form=form,
                carried=words.carried(team.grants), colours=teams.COLOURS,
                crumbs=((_("Teams"), url_for(".show")), (team.name, None)))


def people_page(what: str, id: str, people: Sequence[str], form: PeopleForm, status: int = 200) -> Response:
    """Whom it concerns, by name, and what it opens or closes for them."""
    team, joins = teams.look(id), what == "joining"
    found = [each for each in concerned(team, Membership.public_id.in_(list(people)), teams.AT_ONCE)
             if (team.id in each.in_teams) != joins]
    return page(f"organisations/team_{what}.html", status, team=team, form=form, found=found, labels=LABELS,
                crumbs=crumbs(team, _("Add people") if joins else _("Remove people")),
                **rehearsed(team, found, rehearsals.joining(team, team.grants) if joins else rehearsals.leaving(team)))


def deletion_page(id: str, form: NothingForm, status: int = 200) -> Response:
    team = teams.look(id)
    found = concerned(team, rehearsals.of_team(id), rehearsals.NAMED)
    return page("organisations/team_deletion.html", status, team=team, form=form, found=found, labels=LABELS,
                more=team.people - len(found), crumbs=crumbs(team, _("Delete the team")),
                **rehearsed(team, found, rehearsals.leaving(team)))


def concerned(team: Team, which: Any, most: int) -> list[Membership]:
    over = rehearsals.carried(team.grants)
    return rehearsals.people(which, most, over=None if over is None else [product.id for product in over])


def rehearsed(team: Team, found: list[Membership], change: rehearsals.Change) -> dict[str, Any]:
    """For the pages that ask first. What carries everything is said in one sentence, not door by door."""
    over = rehearsals.carried(team.grants)
    effects = rehearsals.effects(found, over or (), g.here.demands, change)
    return {"told": rehearsals.told(effects), "untold": max(len(effects) - rehearsals.NAMED, 0),
            "everything": over is None}


def crumbs(team: Team, last: Any) -> tuple[Any, ...]:
    return (_("Teams"), url_for(".show")), (team.name, url_for(".look", id=team.public_id)), (last, None)
