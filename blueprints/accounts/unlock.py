"""A locked account, opened again by its owner (G4-R6)."""
from flask import Response

import entering
import i18n
from accounts import asked, locking
from forms import EmailAddress, Form, required
from i18n import _, _l
from limits import LINK_NETWORK, RESET_NETWORK
from pages import page
from web import ANYONE, Blueprint, done

blueprint = Blueprint("unlock", __name__)


class AddressForm(Form):
    email = EmailAddress(_l("E-mail address"), [required()])


@blueprint.page("/unlock", needs=ANYONE)
def form() -> Response:
    return page("accounts/unlock.html", form=AddressForm())


@blueprint.action("/unlock", needs=ANYONE, limit=RESET_NETWORK)
def ask() -> Response:
    """Always the same answer, whoever has that address, locked or not (SP-10)."""
    entry = AddressForm()
    if entry.submit_to(lambda email: asked.note(asked.UNLOCK, email, i18n.voice().language)):
        return entering.written_to(entry.email.data, ".written")
    return page("accounts/unlock.html", 422, form=entry)


@blueprint.page("/unlock/written", needs=ANYONE)
def written() -> Response:
    return entering.written()


@blueprint.page("/unlock/<token>", needs=ANYONE, limit=LINK_NETWORK)
def opened(token: str) -> Response:
    """Looking unlocks nothing: programs that read mail follow links, too."""
    return page("accounts/unlock_confirm.html", email=locking.opened(token).user.email_typed)


@blueprint.action("/unlock/<token>", needs=ANYONE, limit=LINK_NETWORK)
def unlock(token: str) -> Response:
    """Open again; whoever is not sure whose the wrong passwords were chooses a new one."""
    locking.unlock(token)
    return done(_("Your account is open again. If the wrong passwords were not yours, choose a new one now."),
                "recovery.forgotten")
