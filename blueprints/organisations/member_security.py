"""What keeps an organisation safe from a member's account, and the account for its owner.

Kept out of the organisation, warned, opened again after a lock, vouched for.
"""
from flask import Response, g, request

from accounts.sessions import CREDENTIALS, PEOPLE
from blueprints.organisations._member import about, member_page, one, one_rehearsed, one_to_change
from forms import Form, NothingForm, Text, required
from i18n import _, _l
from models import Membership
from organisations import blocking, members, unlocking, vouching
from organisations.roles import Right
from products import rehearsals
from rules import Conflict, NotHere
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("member_security", __name__)


@blueprint.errorhandler(Conflict)
def overtaken(conflict: Conflict) -> Response:
    """Nothing to be done any more: the member's page says why."""
    return member_page((request.view_args or {})["id"], 409, conflict.why)


# --- blocking ----------------------------------------------------------------------------------


class BlockForm(Form):
    reason = Text(_l("Reason"), [required()])


@blueprint.page("/members/<id>/block", needs=Right.BLOCK_MEMBERS, fresh=PEOPLE)
def block_form(id: str) -> Response:
    return block_page(one_rehearsed(id, rehearsals.blocking), BlockForm())


@blueprint.action("/members/<id>/block", needs=Right.BLOCK_MEMBERS, fresh=PEOPLE)
def block(id: str) -> Response:
    member, form = one_rehearsed(id, rehearsals.blocking), BlockForm()
    if form.submit_to(lambda reason: blocking.block(id, reason)):
        return done(_("%(name)s is blocked.", name=member.user.name), "member.look", id=id)
    return block_page(member, form, 422)


def block_page(member: Membership, form: BlockForm, status: int = 200) -> Response:
    return about(member, "member_block", status, form=form, longest=blocking.LONGEST_REASON)


@blueprint.page("/members/<id>/unblock", needs=Right.BLOCK_MEMBERS, fresh=PEOPLE)
def unblock_form(id: str) -> Response:
    return about(one_to_change(id), "member_unblock", form=NothingForm())


@blueprint.action("/members/<id>/unblock", needs=Right.BLOCK_MEMBERS, fresh=PEOPLE)
def unblock(id: str) -> Response:
    member, form = one_to_change(id), NothingForm()
    if form.submit_to(lambda: blocking.unblock(id)):
        return done(_("%(name)s is no longer blocked.", name=member.user.name), "member.look", id=id)
    return about(member, "member_unblock", 422, form=form)


# --- alert, lock -------------------------------------------------------------------------------


@blueprint.page("/members/<id>/alert", needs=Right.ALERT_MEMBERS)
def alert_form(id: str) -> Response:
    return about(one(id), "member_alert")


@blueprint.action("/members/<id>/alert", needs=Right.ALERT_MEMBERS)
def alert(id: str) -> Response:
    member = members.alert(id)
    return done(_("The security alert to %(name)s is on its way.", name=member.user.name), "member.look", id=id)


@blueprint.page("/members/<id>/unlock", needs=Right.UNLOCK, fresh=PEOPLE)
def unlock_form(id: str) -> Response:
    return about(one(id), "member_unlock")


@blueprint.action("/members/<id>/unlock", needs=Right.UNLOCK, fresh=PEOPLE)
def unlock(id: str) -> Response:
    member = unlocking.unlock(id)
    return done(_("The account of %(name)s is open again.", name=member.user.name), "member.look", id=id)


# --- a lost factor -----------------------------------------------------------------------------


@blueprint.page("/members/<id>/vouch", needs=Right.VOUCH, fresh=CREDENTIALS)
def vouch_form(id: str) -> Response:
    return about(not_oneself(vouching.asking(id)), "member_vouch", form=NothingForm())


@blueprint.action("/members/<id>/vouch", needs=Right.VOUCH, fresh=CREDENTIALS)
def vouch(id: str) -> Response:
    member, form = one(id), NothingForm()
    if form.submit_to(lambda: vouching.vouch(id)):
        return done(_("You have vouched for %(name)s.", name=member.user.name), "member.look", id=id)
    return about(member, "member_vouch", 422, form=form)


@blueprint.page("/members/<id>/vouch/refusal", needs=Right.VOUCH, fresh=CREDENTIALS)
def refusal_form(id: str) -> Response:
    return about(not_oneself(vouching.under_way(id)), "member_refusal")


@blueprint.action("/members/<id>/vouch/refusal", needs=Right.VOUCH, fresh=CREDENTIALS)
def refuse(id: str) -> Response:
    member = vouching.refuse(id)
    return done(_("The request of %(name)s is refused.", name=member.user.name), "member.look", id=id)


def not_oneself(member: Membership) -> Membership:
    if member.user_id == g.me.user_id:
        raise NotHere
    return member
