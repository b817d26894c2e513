"""A forgotten password, or the forgotten address."""
from flask import Response

import entering
import i18n
from accounts import asked, recovery
from accounts.factors import sms
from forms import EmailAddress, Form, Secret, Text, blank, required
from i18n import _, _l
from limits import LINK_NETWORK, RESET_NETWORK
from pages import page
from rules import NotHere
from web import ANYONE, Blueprint, done

blueprint = Blueprint("recovery", __name__)


class AddressForm(Form):
    email = EmailAddress(_l("E-mail address"), [required()])


class PhoneForm(Form):
    phone = Text(_l("Recovery phone"), [required()])


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
    return address_page()


@blueprint.action("/forgotten/address", needs=ANYONE, limit=RESET_NETWORK)
def ask_address() -> Response:
    """Always the same answer, whoever has that recovery address (SP-10)."""
    form = AddressForm()
    if form.submit_to(lambda email: asked.note(asked.ADDRESS, email, i18n.voice().language)):
        return entering.written_to(form.email.data, ".written")
    return address_page(form=form)


@blueprint.action("/forgotten/address/phone", needs=ANYONE, limit=RESET_NETWORK)
def ask_by_phone() -> Response:
    """Always the same answer, whoever has that recovery phone (SP-10). Not there without a gateway."""
    if not sms.on():
        raise NotHere
    form = PhoneForm()
    if form.submit_to(lambda phone: asked.note_number(phone, i18n.voice().country)):
        return done(_("If this is the confirmed recovery phone of an account, a text message is on its way. It says "
                      "which address you sign in with."), "signin.form")
    return address_page(phone=form)


@blueprint.page("/forgotten/no-access", needs=ANYONE)
def no_access() -> Response:
    """What to do without password, mailbox, phone or key: in words, since people have to judge it."""
    return page("accounts/no_access.html")


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


def address_page(**refused: Form) -> Response:
    """Both forms as they stand, but the one that was refused."""
    forms = {"form": blank(AddressForm()), "phone": blank(PhoneForm())}
    return page("accounts/forgotten_address.html", 422 if refused else 200, gateway=sms.on(), **forms | refused)


def shown(token: str, form: NewPasswordForm, status: int = 200) -> Response:
    user = recovery.opened(token).user
    return page("accounts/reset.html", status, form=form, email=user.email_typed, two_factor=user.two_factor)
