"""Asking people in, and what became of it."""
from typing import Any

from flask import Response, g, url_for

import limits
import paging
from accounts.sessions import PEOPLE
from forms import Choice, EmailAddress, Form, Lines, Several, Text, Tick, required
from i18n import NAMES, _, _l, ngettext
from models import Invitation, Message, Organisation, Role, User
from organisations import guest_list, invitations, roles, teams
from organisations.roles import Right
from pages import page
from rules import Conflict, Forbidden, NotHere
from settings import setting
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("invitations", __name__)


class InviteForm(Form):
    email = EmailAddress(_l("E-mail address"), [required()])
    first_name = Text(_l("First name"))
    last_name = Text(_l("Last name"))
    role = Choice(_l("Role"), choices=[(role.value, label) for role, label in roles.LABELS.items()],
                  default=Role.COLLABORATOR.value)
    accounting = Tick(_l("May see and pay invoices"))
    pref_billing = Tick(_l("Gets reminders about billing"))
    pref_product_events = Tick(_l("Is told about products and new members"))
    exact_address = Tick(_l("Only this address may accept"), default=True)
    language = Choice(_l("Language of the e-mail"), choices=[(code, NAMES[code]) for code in NAMES])
    note = Text(_l("A personal message"))
    teams = Several(_l("Teams"))
    then = Text("")                             # access: goes on to what they may do with which product


@blueprint.page("/members/invite", needs=Right.INVITE, fresh=PEOPLE)
def new() -> Response:
    return invitation_page(InviteForm(language=Organisation.get_by_id(g.here.id).language))


@blueprint.action("/invitations", needs=Right.INVITE, fresh=PEOPLE, limit=limits.INVITE_ORGANISATION)
def invite() -> Response:
    form = InviteForm()
    if form.submit_to(lambda then, teams, **asked: invitations.invite(teams=teams or (), **asked)):
        told = _("The invitation to %(email)s is on its way.", email=form.result.email_typed)
        if form.then.data == "access":
            return done(told, "access.show", whose="invitations", id=form.result.public_id)
        return done(told, ".pending")
    return invitation_page(form, 422)


class SeveralForm(Form):
    people = Lines(_l("People"), [required()])
    role = Choice(_l("Role"), choices=[(role.value, label) for role, label in roles.LABELS.items()],
                  default=Role.COLLABORATOR.value)
    language = Choice(_l("Language of the e-mail"), choices=[(code, NAMES[code]) for code in NAMES])
    note = Text(_l("A personal message"))
    teams = Several(_l("Teams"))


@blueprint.page("/members/invite/several", needs=Right.INVITE, fresh=PEOPLE)
def several() -> Response:
    return several_page(SeveralForm(language=Organisation.get_by_id(g.here.id).language))


@blueprint.action("/members/invite/several", needs=Right.INVITE, fresh=PEOPLE)
def invite_several() -> Response:
    """Whoever could not be asked stays in the list, with the reason."""
    form = SeveralForm()
    guests = guest_list.read(form.people.data or "")
    if not form.submit_to(lambda people, teams, **more: guest_list.invite(guests, teams=teams or (), **more)):
        return several_page(form, 422)
    refused: dict[str, Any] = form.result
    if refused:
        form.people.data = "\n".join(refused)
        return several_page(form, 422, refused=refused, sent=len(guests) - len(refused))
    return done(ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", len(guests)),
                ".pending")


def several_page(form: SeveralForm, status: int = 200, **more: Any) -> Response:
    return page("organisations/invite_several.html", status, form=form, roles=roles.choices(g.here.standing),
                teams=teams.all_of_them(), crumbs=((_("Members"), url_for("members.show")),
                                                   (_("Invite several people"), None)), **more)


@blueprint.page("/invitations", needs=Right.INVITE)
def pending() -> Response:
    """Invitations nobody has answered yet, the latest first; their mails' state with them."""
    return pending_page()


class ChangeForm(Form):
    role = Choice(_l("Role"), choices=[(role.value, label) for role, label in roles.LABELS.items()])
    accounting = Tick(_l("May see and pay invoices"))
    pref_billing = Tick(_l("Gets reminders about billing"))
    pref_product_events = Tick(_l("Is told about products and new members"))
    teams = Several(_l("Teams"))


@blueprint.page("/invitations/<id>/change", needs=Right.INVITE, fresh=PEOPLE)
def amending(id: str) -> Response:
    """What the invitee will be, until they answer (G3-R6)."""
    invitation = open_one(id)
    return amending_page(invitation, ChangeForm(
        role=invitation.role, accounting=invitation.accounting, pref_billing=invitation.pref_billing,
        pref_product_events=invitation.pref_product_events, teams=invitation.teams))


@blueprint.action("/invitations/<id>/change", needs=Right.INVITE, fresh=PEOPLE)
def amend(id: str) -> Response:
    invitation, form = one(id), ChangeForm()
    if form.submit_to(lambda teams, **chosen: invitations.change(id, teams=teams or (), **chosen)):
        return done(_("The invitation to %(email)s has been changed.", email=invitation.email_typed), ".pending")
    return amending_page(invitation, form, 422)


@blueprint.action("/invitations/<id>/resend", needs=Right.INVITE, fresh=PEOPLE, limit=limits.INVITE_ORGANISATION)
def resend(id: str) -> Response:
    invitation = invitations.resend(id)
    return done(_("The invitation to %(email)s is on its way again.", email=invitation.email_typed), ".pending")


@blueprint.action("/invitations/<id>/withdraw", needs=Right.INVITE, fresh=PEOPLE)
def withdraw(id: str) -> Response:
    invitation = invitations.withdraw(id)
    return done(_("The invitation to %(email)s has been withdrawn.", email=invitation.email_typed), ".pending")


@blueprint.page("/invitations/<id>/link", needs=Right.INVITE, fresh=PEOPLE)
def link(id: str) -> Response:
    """Before it is shown, which is written down: looking changes nothing."""
    invitation = open_one(id)
    return page("organisations/invitation_link.html", invitation=invitation, crumbs=crumbs(invitation.name))


@blueprint.action("/invitations/<id>/link", needs=Right.INVITE, fresh=PEOPLE)
def show_link(id: str) -> Response:
    """The link itself, to be handed over in another way (decision 14). Said on the answer to the POST itself."""
    invitation = invitations.link(id)
    address = f"{setting.base_url}{url_for('welcome.show', token=invitation.copied_token)}"
    return page("organisations/invitation_link_shown.html", invitation=invitation, address=address,
                crumbs=crumbs(invitation.name))


def one(id: str) -> Invitation:
    invitation = Invitation.get_or_none(Invitation.public_id == id)
    if invitation is None:
        raise NotHere
    return invitation  # type: ignore[no-any-return]


def open_one(id: str) -> Invitation:
    """One that still waits for its answer, and whose role is this person's to give."""
    invitation = one(id)
    if not invitation.open:
        raise Conflict(_l("This invitation has been answered or withdrawn in the meantime."))
    if invitation.role == Role.LEGAL and not g.may(Right.GIVE_LEGAL):
        raise Forbidden(Right.GIVE_LEGAL)
    return invitation


def amending_page(invitation: Invitation, form: ChangeForm, status: int = 200) -> Response:
    if invitation.role == Role.LEGAL and not g.may(Right.GIVE_LEGAL):
        raise Forbidden(Right.GIVE_LEGAL)
    return page("organisations/invitation_change.html", status, invitation=invitation, form=form,
                roles=roles.choices(g.here.standing), teams=teams.all_of_them(), crumbs=crumbs(invitation.name))


def crumbs(last: str) -> tuple[tuple[str, str | None], ...]:
    return (_("Invitations"), url_for(".pending")), (last, None)


def invitation_page(form: InviteForm, status: int = 200) -> Response:
    return page("organisations/invite.html", status, form=form, roles=roles.choices(g.here.standing),
                teams=teams.all_of_them(),
                crumbs=((_("Members"), url_for("members.show")), (_("Invite a member"), None)))


def pending_page(status: int = 200) -> Response:
    waiting = (Invitation.select(Invitation, User).join(User, on=Invitation.inviter)
               .where(Invitation.state.in_((Invitation.PENDING, Invitation.EXPIRED))))
    cut = paging.cut(waiting, [(Invitation.created, False), (Invitation.id, False)], "invitations")
    return page("organisations/invitations.html", status, cut=cut, mails=mails_of(cut.rows), labels=roles.LABELS,
                crumbs=((_("People"), None), (_("Invitations"), None)))


def mails_of(rows: list[Invitation]) -> dict[str, Message]:
    """The latest mail of each invitation: waiting, sent, or given up."""
    mails = (Message.select(Message.subject, Message.state, Message.error, Message.sent, Message.attempts)
             .where(Message.subject.in_([row.public_id for row in rows])).order_by(Message.id))
    return {mail.subject: mail for mail in mails}
