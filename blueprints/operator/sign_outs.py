"""What applications of all organisations were told of sign-outs: addresses and what became of it, nobody's name."""
from flask import Response

import paging
from models import Message
from oidc import logout
from pages import page
from web import OPERATOR, Blueprint

blueprint = Blueprint("all_sign_outs", __name__)


@blueprint.page("/operator/sign-outs", needs=OPERATOR)
def show() -> Response:
    cut = paging.cut(logout.all_messages(), [(Message.id, False)], "operator sign-outs")
    return page("operator/sign_outs.html", cut=cut)
