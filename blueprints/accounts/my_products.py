"""All that I may use, across my organisations."""
from flask import Response, g

from models import Role
from organisations import policy
from pages import page
from products import mine, words
from web import SIGNED_IN, Blueprint

blueprint = Blueprint("my_products", __name__)


@blueprint.page("/account/products", needs=SIGNED_IN)
def show() -> Response:
    """What is open, what is a step away, and what is closed for now; and where one can ask for more."""
    found = mine.of(g.me.user_id, g.me.two_factor, policy.proved_by(g.me))
    return page("accounts/products.html", mine=found, refusals=words.REFUSALS, steps=words.STEPS,
                set_up=policy.Step.SET_UP, ask=[home for home in found.homes if home.role == Role.COLLABORATOR])
