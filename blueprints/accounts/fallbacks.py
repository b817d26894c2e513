"""A second address and a phone number, for the day password or mailbox are lost (G6)."""
from flask import Response, g

from accounts import fallbacks
from accounts.sessions import CREDENTIALS
from forms import EmailAddress, Form, Text, required
from i18n import _, _l
from limits import LINK_NETWORK
from models import User
from organisations.details import phone_told
from pages import page
from web import ANYONE, SIGNED_IN, Blueprint, done

blueprint = Blueprint("fallbacks", __name__)


class AddressForm(Form):
    email = EmailAddress(_l("Recovery address"), [required()])


class PhoneForm(Form):
    phone = Text(_l("Recovery phone"))


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
        return done(_("Saved."), ".show")
    return both(phone=form)


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
    """Both forms as they stand, but the one that was refused."""
    person = User.get_by_id(g.me.user_id)
    forms = {"address": blank(AddressForm()), "phone": blank(PhoneForm(), phone=phone_told(person.recovery_phone))}
    return page("accounts/recovery.html", 422 if refused else 200, person=person,
                asked=fallbacks.asked(person.id), **forms | refused)


def blank(form: Form, **values: object) -> Form:
    """A form as it stands, also on the answer to the other form's POST."""
    form.process(None, data=values)
    return form
