"""Accounts as whoever runs the installation sees them: found, looked at, suspended, let in again, unlocked."""
from typing import Any

from flask import Response, g, request

import paging
import plugins
import rules
import web
from accounts import sessions, support
from accounts.sessions import CREDENTIALS
from forms import Form, Text, blank, required
from i18n import _, _l
from models import User
from organisations import operating
from organisations.details import phone_told
from organisations.operating import Filter
from organisations.roles import LABELS
from pages import page
from web import OPERATOR, Blueprint, done

blueprint = Blueprint("accounts", __name__)


class ReasonForm(Form):
    reason = Text(_l("Reason"), [required()])


class CodeForm(Form):
    code = Text(_l("Support code"), [required()])


@blueprint.page("/operator/accounts", needs=OPERATOR)
def show() -> Response:
    """Who has one, the newest first; the filters are the address."""
    if elsewhere := web.tidy():
        return elsewhere
    asked = Filter.of(request.args)
    cut = paging.cut(operating.accounts(asked), [(User.id, False)], "operator accounts")
    return page("operator/accounts.html", cut=cut, asked=asked, chips=chips(asked),
                states=[(name, label) for name, (label, _which) in operating.STATES.items()])


@blueprint.page("/operator/accounts/<id>", needs=OPERATOR)
def look(id: str) -> Response:
    return account_page(operating.one(id), ReasonForm())


@blueprint.action("/operator/accounts/<id>/recovery", needs=OPERATOR, fresh=CREDENTIALS)
def show_recovery(id: str) -> Response:
    """On the answer itself: there is no address under which it could be looked at unwritten."""
    operating.show_recovery(id)
    return account_page(operating.one(id), blank(ReasonForm()), in_full=True)


@blueprint.action("/operator/accounts/<id>/suspension", needs=OPERATOR, fresh=CREDENTIALS)
def suspend(id: str) -> Response:
    form = ReasonForm()
    if form.submit_to(lambda reason: operating.suspend(id, reason)):
        return done(_("The account is suspended."), ".look", id=id)
    return account_page(operating.one(id), form, 422)


@blueprint.action("/operator/accounts/<id>/reinstatement", needs=OPERATOR, fresh=CREDENTIALS)
def reinstate(id: str) -> Response:
    operating.reinstate(id)
    return done(_("The suspension is lifted."), ".look", id=id)


@blueprint.action("/operator/accounts/<id>/unlocking", needs=OPERATOR, fresh=CREDENTIALS)
def unlock(id: str) -> Response:
    operating.unlock(id)
    return done(_("The account is unlocked."), ".look", id=id)


@blueprint.page("/operator/support", needs=OPERATOR)
def ask() -> Response:
    return support_page(CodeForm())


@blueprint.action("/operator/support", needs=OPERATOR)
def check() -> Response:
    """With whom one speaks: a name and the organisations, no more (SP-01)."""
    form = CodeForm()
    if form.submit_to(support.person_of):
        return support_page(form, person=form.result)
    return support_page(form, 422)


def support_page(form: CodeForm, status: int = 200, person: User | None = None) -> Response:
    return page("operator/support.html", status, form=form, person=person, labels=LABELS,
                memberships=operating.memberships(person) if person else ())


def account_page(person: User, form: Form, status: int = 200, *, in_full: bool = False) -> Response:
    kinds = [str(plugins.find("accounts.factors", kind).label) for kind in person.kinds]
    return page("operator/account.html", status, form=form, person=person, kinds=kinds, labels=LABELS,
                memberships=operating.memberships(person), sessions=len(sessions.living(person.id)),
                mine=person.id == g.me.user_id, in_full=in_full,
                phone=(phone_told if in_full else rules.masked_phone)(person.recovery_phone))


def chips(asked: Filter) -> list[tuple[Any, str]]:
    """What is filtered, in words, and the parameter that says so."""
    told = [(asked.q, "q"), (operating.STATES[asked.state][0] if asked.state else "", "state")]
    return [(words, name) for words, name in told if words]
