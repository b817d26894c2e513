"""The applications one lets sign oneself in: what each may know, and that being taken back."""
from flask import Response, g

from accounts.sessions import PEOPLE
from forms import NothingForm
from i18n import _
from oidc import consents, scopes
from pages import page
from web import SIGNED_IN, Blueprint, done

blueprint = Blueprint("applications", __name__)


@blueprint.page("/account/applications", needs=SIGNED_IN)
def show() -> Response:
    return page("accounts/applications.html", consents=consents.listed(g.me.user_id), sentences=scopes.SENTENCES)


@blueprint.page("/account/applications/<id>/withdraw", needs=SIGNED_IN, fresh=PEOPLE)
def leave(id: str) -> Response:
    return page("accounts/application_withdraw.html", consent=consents.own(g.me.user_id, id), form=NothingForm())


@blueprint.action("/account/applications/<id>/withdraw", needs=SIGNED_IN, fresh=PEOPLE)
def withdraw(id: str) -> Response:
    found = consents.withdraw(id)
    return done(_("%(application)s can no longer sign you in by itself.", application=found.product.label), ".show")
