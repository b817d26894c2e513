"""A forgotten password, or the forgotten address."""
from flask import Response

import entering
import i18n
from accounts import asked, recovery
from forms import EmailAddress, Form, Secret, required
from i18n import _, _l
from limits import LINK_NETWORK, RESET_NETWORK
from pages import page
from web import ANYONE, Blueprint, done

blueprint = Blueprint("recovery", __name__)


class AddressForm(Form):
    email = EmailAddress(_l("E-mail address"), [required()])


class NewPasswordForm(Form):
    password = Secret(_l("New password"), [required()])


@blueprint.page("/forgotten", needs=ANYONE)
def forgotten() -> Response:
    return page("accounts/forgotten.html", form=AddressForm())


@blueprint.action("/forgotten", needs=ANYONE, limit=RESET_NETWORK)
def ask() -> Response:
    """Always the same answer, whoever has that address (RS-10)."""
    form = AddressForm()
    if form.submit_to(lambda email: asked.note(asked.PASSWORD, email, i18n.voice().language)):
        return entering.written_to(form.email.data, ".written")
    return page("accounts/forgotten.html", 422, form=form)


@blueprint.page("/forgotten/address", needs=ANYONE)
def forgotten_address() -> Response:
    return page("accounts/forgotten_address.html", form=AddressForm())


@blueprint.action("/forgotten/address", needs=ANYONE, limit=RESET_NETWORK)
def ask_address() -> Response:
    """Always the same answer, whoever has that recovery address (SP-10)."""
    form = AddressForm()
    if form.submit_to(lambda email: asked.note(asked.ADDRESS, email, i18n.voice().language)):
        return entering.written_to(form.email.data, ".written")
    return page("accounts/forgotten_address.html", 422, form=form)


@blueprint.page("/forgotten/written", needs=ANYONE)
def written() -> Response:
    return entering.written()


@blueprint.page("/reset/<token>", needs=ANYONE, limit=LINK_NETWORK)
def opened(token: str) -> Response:
    return shown(token, NewPasswordForm())


@blueprint.action("/reset/<token>", needs=ANYONE, limit=LINK_NETWORK)
def renew(token: str) -> Response:
    """Signs nobody in: the second factor is still to be asked for (RS-05)."""
    form = NewPasswordForm()
    if form.submit_to(lambda password: recovery.renew(token, password)):
        return done(_("Your password is changed. Sign in with the new one."), "signin.form")
    return shown(token, form, 422)


def shown(token: str, form: NewPasswordForm, status: int = 200) -> Response:
    user = recovery.opened(token).user
    return page("accounts/reset.html", status, form=form, email=user.email_typed, two_factor=user.two_factor)
