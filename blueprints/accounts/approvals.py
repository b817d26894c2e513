"""A sign-in elsewhere that waits for a yes here."""
from flask import Response

from accounts import agents, approvals
from accounts.sessions import PEOPLE
from forms import Form, Text, required
from i18n import _, _l
from pages import page
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
    return page("accounts/approval.html", status, form=form, approval=approvals.waiting(id), told=agents.told)
