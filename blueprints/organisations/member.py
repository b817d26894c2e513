"""One member: what they are here, what they are written about, and removing them."""
from collections.abc import Sequence

from flask import Response, g

from accounts.sessions import PEOPLE
from blueprints.organisations._member import (
    about,
    member_page,
    one,
    one_rehearsed,
    one_to_change,
    one_with_teams,
)
from forms import Choice, Form, Several, Tick, required
from i18n import _, _l
from models import Membership, Role
from organisations import members, roles, teams
from organisations.members import others_legal
from organisations.roles import LABELS, Right
from organisations.teams import set_of
from products import rehearsals
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("member", __name__)


class RoleForm(Form):
    role = Choice(_l("Role"), choices=[(role.value, label) for role, label in LABELS.items()])
    accounting = Tick(_l("May see and pay invoices"))


class PreferencesForm(Form):
    accounting = Tick(_l("May see and pay invoices"))
    pref_billing = Tick(_l("Gets reminders about billing"))
    pref_product_events = Tick(_l("Is told about products and new members"))


class RemovalForm(Form):
    sure = Tick(_l("I understand that this takes effect at once"), [required(_l("Tick this box to go on."))])


@blueprint.page("/members/<id>", needs=Right.SEE_MEMBERS)
def look(id: str) -> Response:
    """One of them: what one is here, and what one is written about."""
    return member_page(id)


@blueprint.page("/members/<id>/role", needs=Right.CHANGE_ROLES, fresh=PEOPLE)
def role(id: str) -> Response:
    member = one_to_change(id)
    return role_page(member, RoleForm(role=member.role, accounting=member.accounting))


@blueprint.action("/members/<id>/role", needs=Right.CHANGE_ROLES, fresh=PEOPLE)
def change_role(id: str) -> Response:
    member, form = one_to_change(id), RoleForm()
    if form.submit_to(lambda role, accounting: members.change_role(id, role, accounting=accounting)):
        if member.user_id == g.me.user_id:
            return done(_("Your role has been changed."), "overview.show")
        return done(_("The role of %(name)s has been changed.", name=member.user.name), ".look", id=id)
    return role_page(member, form, 422)


@blueprint.action("/members/<id>/role/preview", needs=Right.CHANGE_ROLES, fresh=PEOPLE)
def rehearse_role(id: str) -> Response:
    """What the chosen role would open and close. Nothing is changed."""
    form = RoleForm()
    if not form.validate():
        return role_page(one_to_change(id), form, 422)
    member = one_rehearsed(id, rehearsals.role(form.role.data))
    return role_page(member, form, effects=member.effects)


@blueprint.page("/members/<id>/preferences", needs=Right.SET_PREFERENCES, fresh=PEOPLE)
def preferences(id: str) -> Response:
    member = one(id)
    return about(member, "member_preferences", form=PreferencesForm(
        accounting=member.accounting, pref_billing=member.pref_billing,
        pref_product_events=member.pref_product_events))


@blueprint.action("/members/<id>/preferences", needs=Right.SET_PREFERENCES, fresh=PEOPLE)
def set_preferences(id: str) -> Response:
    member, form = one(id), PreferencesForm()
    if form.submit_to(lambda **chosen: members.set_preferences(id, **chosen)):
        return done(_("Saved."), ".look", id=id)
    return about(member, "member_preferences", 422, form=form)


@blueprint.page("/members/<id>/remove", needs=Right.REMOVE_MEMBERS, fresh=PEOPLE)
def removal(id: str) -> Response:
    return about(one_rehearsed(id, rehearsals.going), "member_removal", form=RemovalForm())


@blueprint.action("/members/<id>/remove", needs=Right.REMOVE_MEMBERS, fresh=PEOPLE)
def remove(id: str) -> Response:
    member, form = one_rehearsed(id, rehearsals.going), RemovalForm()
    if form.submit_to(lambda sure: members.remove(id)):
        return done(_("%(name)s is no longer a member.", name=member.user.name), "members.show")
    return about(member, "member_removal", 422, form=form)


# --- teams -------------------------------------------------------------------------------------


class TeamsForm(Form):
    teams = Several(_l("Teams"))


@blueprint.page("/members/<id>/teams", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def teams_of(id: str) -> Response:
    member = one_with_teams(id)
    return teams_page(member, TeamsForm(teams=[team.public_id for team in member.in_teams]))


@blueprint.action("/members/<id>/teams", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def set_teams(id: str) -> Response:
    member, form = one(id), TeamsForm()
    if form.submit_to(lambda teams: set_of(id, teams or ())):
        return done(_("The teams of %(name)s have been changed.", name=member.user.name), ".look", id=id)
    return teams_page(member, form, 422)


@blueprint.action("/members/<id>/teams/preview", needs=Right.MANAGE_TEAMS, fresh=PEOPLE)
def rehearse_teams(id: str) -> Response:
    """What these teams would open and close. Nothing is changed."""
    form = TeamsForm()
    if not form.validate():
        return teams_page(one(id), form, 422)
    member = one_rehearsed(id, rehearsals.teams_of(form.teams.data or ()))
    return teams_page(member, form, effects=member.effects)


def teams_page(member: Membership, form: TeamsForm, status: int = 200, effects: Sequence[str] = ()) -> Response:
    return about(member, "member_teams", status, form=form, effects=effects, teams=teams.all_of_them())


# --- what the views share ----------------------------------------------------------------------


def role_page(member: Membership, form: RoleForm, status: int = 200, effects: Sequence[str] = ()) -> Response:
    return about(member, "member_role", status, form=form, effects=effects, roles=roles.choices(g.here.standing),
                 stays=member.role == Role.LEGAL and not others_legal(member))
