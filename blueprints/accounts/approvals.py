"""A sign-in elsewhere that waits for a yes here."""
from flask import Response

from accounts import agents, approvals
from accounts.sessions import PEOPLE
from forms import Form, Text, required
from gate import reading
from i18n import _, _l
from oidc import asking
from organisations import switching
from pages import page
from settings import setting
from web import SIGNED_IN, Blueprint, done

blueprint = Blueprint("approvals", __name__)


class NumberForm(Form):
    number = Text(_l("Number"), [required()])


@blueprint.page("/account/approvals/<id>", needs=SIGNED_IN, fresh=PEOPLE)
def show(id: str) -> Response:
    return shown(id, NumberForm())


@blueprint.action("/account/approvals/<id>", needs=SIGNED_IN, fresh=PEOPLE)
def approve(id: str) -> Response:
    form = NumberForm()
    if form.submit_to(lambda number: approvals.approve(id, number)):
        return done(_("The sign-in is approved."), "sessions.show")
    return shown(id, form, 422)


@blueprint.action("/account/approvals/<id>/deny", needs=SIGNED_IN)
def deny(id: str) -> Response:
    """«This was not me»: a no is never made hard."""
    approvals.deny(id)
    return done(_("That sign-in is stopped."), "profile.password")


def shown(id: str, form: NumberForm, status: int = 200) -> Response:
    approval = approvals.waiting(id)
    return page("accounts/approval.html", status, form=form, approval=approval, told=agents.told,
                application=application(approval.attempt.place, approval.user_id))


def application(place: str, user_id: int) -> str:
    """What the sign-in leads to: an application of an organisation of the person's own, by the names both have, or this
    installation. What strangers call theirs is not shown, as it could say anything (TF-20)."""
    label, homes = asking.application_at(place)
    if not label:
        label, homes = reading.application_at(place)
    mine = [each.name for each in switching.places(user_id) if each.id in homes] if label else []
    return f"{label} ({mine[0]})" if mine else setting.instance
