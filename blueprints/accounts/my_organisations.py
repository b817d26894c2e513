"""All of my organisations; or none yet, which is a state of its own (RI-8)."""
from flask import Response, g

from organisations import switching
from organisations.roles import LABELS
from pages import page
from web import SIGNED_IN, Blueprint

blueprint = Blueprint("my_organisations", __name__)


@blueprint.page("/account/organisations", needs=SIGNED_IN)
def show() -> Response:
    return page("accounts/organisations.html", places=switching.places(g.me.user_id), labels=LABELS)
