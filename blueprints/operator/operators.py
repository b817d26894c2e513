"""Those who run the installation: who they are, and that somebody no longer is one of them.

Somebody becomes one at the machine only (`flask operator add`): a session in the wrong hands makes no other.
"""
from flask import Response, g

import paging
from accounts.sessions import CREDENTIALS
from forms import Form
from i18n import _
from models import User
from organisations import operating
from organisations.operating import Filter
from pages import page
from rules import NotHere
from web import OPERATOR, Blueprint, done

blueprint = Blueprint("operators", __name__)


@blueprint.page("/operator/operators", needs=OPERATOR)
def show() -> Response:
    cut = paging.cut(operating.accounts(Filter(state="operator")), [(User.id, True)], "operators")
    return page("operator/operators.html", cut=cut)


@blueprint.page("/operator/operators/<id>/removal", needs=OPERATOR, fresh=CREDENTIALS)
def ask(id: str) -> Response:
    return question(operating.one(id), Form())


@blueprint.action("/operator/operators/<id>/removal", needs=OPERATOR, fresh=CREDENTIALS)
def remove(id: str) -> Response:
    person, form = operating.one(id), Form()
    if not form.submit_to(lambda: operating.remove_operator(id)):
        return question(person, form, 422)
    return done(_("%(name)s is no longer an operator.", name=person.name),
                "profile.show" if person.id == g.me.user_id else ".show")


def question(person: User, form: Form, status: int = 200) -> Response:
    if not person.operator:
        raise NotHere
    return page("operator/operator_remove.html", status, form=form, person=person, mine=person.id == g.me.user_id)
