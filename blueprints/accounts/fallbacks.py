"""A second address and a phone number, for the day password or mailbox are lost (G6)."""
from flask import Response, g

from accounts import fallbacks
from accounts.factors import sms
from accounts.sessions import CREDENTIALS
from forms import EmailAddress, Form, NothingForm, Text, blank, required
from i18n import _, _l
from limits import FACTOR_CONFIRM, LINK_NETWORK
from models import User
from organisations.details import phone_told
from pages import page
from web import ANYONE, SIGNED_IN, Blueprint, done, go

blueprint = Blueprint("fallbacks", __name__)


class AddressForm(Form):
    email = EmailAddress(_l("Recovery address"), [required()])


class PhoneForm(Form):
    phone = Text(_l("Recovery phone"), [required()])


class CodeForm(Form):
    code = Text(_l("Code"), [required()])


@blueprint.page("/account/recovery", needs=SIGNED_IN, fresh=CREDENTIALS)
def show() -> Response:
    return both()


@blueprint.action("/account/recovery", needs=SIGNED_IN, fresh=CREDENTIALS)
def ask() -> Response:
    form = AddressForm()
    if form.submit_to(fallbacks.ask):
        return done(_("We have written to %(email)s. The link there confirms the address.", email=form.email.data),
                    ".show")
    return both(address=form)


@blueprint.action("/account/recovery/remove", needs=SIGNED_IN, fresh=CREDENTIALS)
def remove() -> Response:
    fallbacks.remove()
    return done(_("There is no recovery address any more."), ".show")


@blueprint.action("/account/recovery/phone", needs=SIGNED_IN, fresh=CREDENTIALS)
def call() -> Response:
    form = PhoneForm()
    if form.submit_to(fallbacks.call):
        return done(_("A text message with a code is on its way.") if form.result else _("Saved."), ".show")
    return both(phone=form)


@blueprint.action("/account/recovery/phone/code", needs=SIGNED_IN, fresh=CREDENTIALS, limit=FACTOR_CONFIRM)
def confirm_phone() -> Response:
    form, asked = CodeForm(), fallbacks.awaited(g.me.user_id)
    if form.submit_to(fallbacks.confirm_phone):
        return done(_("The recovery phone is confirmed."), ".show")
    return both(code=form, phone=blank(PhoneForm(), phone=phone_told(asked.facts["number"] if asked else "")))


@blueprint.action("/account/recovery/phone/again", needs=SIGNED_IN, fresh=CREDENTIALS)
def send_again() -> Response:
    form = NothingForm()
    if form.submit_to(fallbacks.send_again):
        return done(_("A text message with a code is on its way."), ".show")
    return both(again=form)


@blueprint.action("/account/recovery/phone/cancel", needs=SIGNED_IN, fresh=CREDENTIALS)
def cancel_phone() -> Response:
    fallbacks.cancel_phone()
    return go(".show")


@blueprint.action("/account/recovery/phone/remove", needs=SIGNED_IN, fresh=CREDENTIALS)
def remove_phone() -> Response:
    fallbacks.remove_phone()
    return done(_("There is no recovery phone any more."), ".show")


@blueprint.page("/account/recovery/confirm/<token>", needs=ANYONE, limit=LINK_NETWORK)
def opened(token: str) -> Response:
    """Looking uses nothing up (SU-11)."""
    link = fallbacks.opened(token)
    return page("accounts/recovery_confirm.html", new=link.facts["typed"], account=link.user.email_typed)


@blueprint.action("/account/recovery/confirm/<token>", needs=ANYONE, limit=LINK_NETWORK)
def confirm(token: str) -> Response:
    fallbacks.confirm(token)
    return done(_("The recovery address is confirmed."), "public.home")


def both(**refused: Form) -> Response:
    """The forms as they stand, but the one that was refused."""
    person = User.get_by_id(g.me.user_id)
    forms = {"address": blank(AddressForm()), "phone": blank(PhoneForm()), "code": blank(CodeForm()),
             "again": blank(NothingForm())}
    return page("accounts/recovery.html", 422 if refused else 200, person=person, gateway=sms.on(),
                number=phone_told(person.recovery_phone), asked=fallbacks.asked(person.id),
                awaited=fallbacks.awaited(person.id) if sms.on() else None, phone_told=phone_told, **forms | refused)
