"""Did the applications learn that somebody signed out? What each was told, and what became of it."""
from flask import Response

import paging
from models import Message
from oidc import logout
from organisations.roles import Right
from pages import page
from web import OrganisationBlueprint

blueprint = OrganisationBlueprint("sign_outs", __name__)


@blueprint.page("/security/sign-outs", needs=Right.SEE_ALL_PRODUCTS)
def show() -> Response:
    return page("organisations/sign_outs.html", cut=paging.cut(logout.messages(), [(Message.id, False)], "sign-outs"))
