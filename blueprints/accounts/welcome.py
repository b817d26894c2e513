"""The invitee's side of an invitation: look at it, accept, decline (G3)."""
from flask import Response, g, session

import entering
import formats
import i18n
from accounts import sessions, signin
from forms import Choice, Form, Secret, Text, required
from i18n import _, _l
from limits import LINK_NETWORK
from models import Invitation, User
from organisations import invitations, registration, switching
from organisations.policy import Demands
from organisations.roles import LABELS, MEANINGS
from pages import page
from rules import Forbidden, Gone
from web import ANYONE, SIGNED_IN, Blueprint, done, go

blueprint = Blueprint("welcome", __name__)


class JoinForm(Form):
    first_name = Text(_l("First name"), [required()])
    last_name = Text(_l("Last name"), [required()])
    password = Secret(_l("Password"), [required()])
    country = Choice(_l("Country"))

    def __init__(self, **start: object):
        super().__init__(**start)
        self.country.offer(formats.country_names().items())


@blueprint.page("/invitations/<token>", needs=ANYONE, limit=LINK_NETWORK)
def show(token: str) -> Response:
    """What is offered, by whom, and what this visitor can do about it. Uses nothing up (SU-11)."""
    invitation = invitations.opened(token)
    if not invitation.open:
        return over(invitation)
    invitations.seen(invitation)
    return invited(invitation)


@blueprint.action("/invitations/<token>/account", needs=ANYONE, limit=LINK_NETWORK)
def join(token: str) -> Response:
    """A new person makes the account and is in."""
    invitation = invitations.opened(token)
    form = JoinForm()
    if not form.submit_to(lambda **told: registration.join(
            token, language=i18n.voice().language, time_zone=formats.time_zone_of(told["country"]), **told)):
        return invited(invitation, form, 422)
    return entering.let_in(signin.welcome(form.result, "password", device=entering.this_device(),
                                          place=f"/o/{invitation.organisation.slug}/"))


@blueprint.action("/invitations/<token>/acceptance", needs=SIGNED_IN, fresh=sessions.PEOPLE)
def accept(token: str) -> Response:
    """A known person joins with the account they are signed in to; with another one they see whose it is (IN-01)."""
    invitation = invitations.opened(token)
    try:
        invitations.accept(token)
    except Forbidden:
        return invited(invitation, status=403)
    return done(_("You are now part of %(organisation)s.", organisation=invitation.organisation.name),
                "overview.show", organisation=invitation.organisation.slug)


@blueprint.action("/invitations/<token>/refusal", needs=ANYONE, limit=LINK_NETWORK)
def decline(token: str) -> Response:
    """No, thank you: needs no account."""
    session["declined"] = invitations.decline(token).organisation.name
    return go(".declined")


@blueprint.page("/invitations/declined", needs=ANYONE)
def declined() -> Response:
    return page("accounts/declined.html", organisation=session.pop("declined", ""))


@blueprint.action("/invitations/<token>/mail", needs=ANYONE, limit=LINK_NETWORK)
def mail(token: str) -> Response:
    """The link was handed over by hand: the one that proves the mailbox goes there (decision 14)."""
    invitation = invitations.mail_again(token)
    return entering.written_to(masked(invitation.email_typed), ".written")


@blueprint.page("/invitations/written", needs=ANYONE)
def written() -> Response:
    return entering.written()


@blueprint.action("/invitations/<token>/other-account", needs=SIGNED_IN)
def change_account(token: str) -> Response:
    """Sign out here, and look at the invitation again as nobody: from there one signs in, or makes an account."""
    invitation = invitations.opened(token)
    sessions.sign_out(g.me)
    return entering.let_out(go(".show", token=invitation.public_id))


def invited(invitation: Invitation, form: JoinForm | None = None, status: int = 200) -> Response:
    """Whether the address has an account is said to those alone who opened the mail that went to it."""
    form = form or JoinForm(first_name=invitation.first_name, last_name=invitation.last_name,
                            country=invitation.organisation.country)
    known = invitation.mailed and User.select().where(User.email == invitation.email).exists()
    mine = g.me is not None and User.get_by_id(g.me.user_id).email == invitation.email
    return page("accounts/invited.html", status, link=invitation.public_id, invitation=invitation, form=form,
                forced=Demands.of(invitation.organisation).two_factor,
                known=known, may_accept=mine or not invitation.exact_address, member=g.me and belongs(invitation),
                masked=masked(invitation.email_typed), role=LABELS[invitation.role], meaning=MEANINGS[invitation.role])


def over(invitation: Invitation) -> Response:
    """Answered already: for the person who did, on to the organisation; for everybody else the one page."""
    if g.me and invitation.state == Invitation.ACCEPTED and accepted_by_me(invitation):
        return done(_("You have already accepted this invitation."), "overview.show",
                    organisation=invitation.organisation.slug)
    raise Gone


def belongs(invitation: Invitation) -> bool:
    return any(place.id == invitation.organisation_id for place in switching.places(g.me.user_id))


def accepted_by_me(invitation: Invitation) -> bool:
    """Was it this person who accepted it?"""
    return any(place.membership_id == invitation.membership_id for place in switching.places(g.me.user_id))


def masked(email: str) -> str:
    """Enough for its owner to know it, too little for anybody else: n…@lumen.example."""
    local, _at, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"
