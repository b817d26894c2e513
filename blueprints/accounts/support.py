"""The person's support code: made when it is wanted, shown once."""
from flask import Response

from accounts import support
from accounts.sessions import CREDENTIALS
from pages import page
from web import SIGNED_IN, Blueprint

blueprint = Blueprint("support_code", __name__)


@blueprint.page("/account/support-code", needs=SIGNED_IN, fresh=CREDENTIALS)
def show() -> Response:
    return page("accounts/support_code.html", code="")


@blueprint.action("/account/support-code", needs=SIGNED_IN, fresh=CREDENTIALS)
def new_code() -> Response:
    """Said on the answer to the POST itself: there is no address under which it could be seen again."""
    return page("accounts/support_code.html", code=support.new_code())
