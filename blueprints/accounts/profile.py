"""The person's own profile, password and address."""
from flask import Response, g

import formats
from accounts import addresses, passwords, profile
from accounts.sessions import CREDENTIALS
from forms import Choice, EmailAddress, Form, Secret, Text, Tick, required
from i18n import NAMES, _, _l
from limits import LINK_NETWORK
from organisations import people
from pages import page, private
from web import ANYONE, SIGNED_IN, Blueprint, done

blueprint = Blueprint("profile", __name__)


class NameForm(Form):
    first_name = Text(_l("First name"), [required()])
    last_name = Text(_l("Last name"), [required()])


class RegionForm(Form):
    language = Choice(_l("Language"), choices=[(code, NAMES[code]) for code in NAMES])
    country = Choice(_l("Country"))
    time_zone = Choice(_l("Time zone"))
    theme = Choice(_l("Look"), choices=[("", _l("As the device")), ("light", _l("Light")), ("dark", _l("Dark"))])

    def __init__(self, **start: object):
        super().__init__(**start)
        self.country.offer(formats.country_names().items())
        self.time_zone.offer(formats.time_zones())


class PasswordForm(Form):
    present = Secret(_l("Present password"), [required()])
    password = Secret(_l("New password"), [required()])
    everywhere_else = Tick(_l("Sign out everywhere else"), default=True)


class AddressForm(Form):
    email = EmailAddress(_l("New e-mail address"), [required()])


class NothingForm(Form):
    """A button, and nothing to fill in."""


@blueprint.page("/account", needs=SIGNED_IN)
def show() -> Response:
    return profile_page(name_form(), region_form())


@blueprint.action("/account/name", needs=SIGNED_IN)
def rename() -> Response:
    form = NameForm()
    if form.submit_to(people.rename):
        return done(_("Your name is changed."), ".show")
    return profile_page(form, region_form(), 422)


@blueprint.action("/account/region", needs=SIGNED_IN)
def settle() -> Response:
    form = RegionForm()
    if form.submit_to(profile.settle):
        return done(_("Saved."), ".show")
    return profile_page(name_form(), form, 422)


@blueprint.page("/account/password", needs=SIGNED_IN)
def password() -> Response:
    return password_page(PasswordForm(everywhere_else=True))


@blueprint.action("/account/password", needs=SIGNED_IN)
def change_password() -> Response:
    form = PasswordForm()
    if form.submit_to(profile.change_password):
        return done(_("Your password is changed."), "security.show")
    return password_page(form, 422)


@blueprint.page("/account/address", needs=SIGNED_IN, fresh=CREDENTIALS)
def address() -> Response:
    return address_page(AddressForm())


@blueprint.action("/account/address", needs=SIGNED_IN, fresh=CREDENTIALS)
def ask() -> Response:
    form = AddressForm()
    if form.submit_to(addresses.ask):
        return done(_("We have written to %(email)s. The link there completes the change.", email=form.email.data),
                    ".address")
    return address_page(form, 422)


@blueprint.action("/account/address/cancel", needs=SIGNED_IN)
def cancel() -> Response:
    addresses.cancel()
    return done(_("Your address stays as it is."), ".show")


@blueprint.page("/account/address/confirm/<token>", needs=ANYONE, limit=LINK_NETWORK)
def opened(token: str) -> Response:
    """Looking uses nothing up (SU-11)."""
    link = addresses.opened(token)
    return private(page("accounts/address_confirm.html", form=NothingForm(), new=link.facts["typed"], back=False))


@blueprint.action("/account/address/confirm/<token>", needs=ANYONE, limit=LINK_NETWORK)
def confirm(token: str) -> Response:
    person = people.confirm_address(token)
    return done(_("From now on you sign in as %(email)s.", email=person.email_typed), "public.home")


@blueprint.page("/account/address/revert/<token>", needs=ANYONE, limit=LINK_NETWORK)
def revertible(token: str) -> Response:
    link = addresses.revertible(token)
    return private(page("accounts/address_confirm.html", form=NothingForm(), new=link.facts["typed"], back=True))


@blueprint.action("/account/address/revert/<token>", needs=ANYONE, limit=LINK_NETWORK)
def revert(token: str) -> Response:
    person = people.revert_address(token)
    return done(_("You sign in as %(email)s again. Every session has ended; choose a new password.",
                  email=person.email_typed), "recovery.forgotten")


def name_form() -> NameForm:
    return start(NameForm, first_name=g.me.first_name, last_name=g.me.last_name)


def region_form() -> RegionForm:
    return start(RegionForm, language=g.me.language, country=g.me.country, time_zone=g.me.time_zone, theme=g.me.theme)


def start(kind: type, **values: object) -> Form:
    """A form as it stands, also on the answer to another form's POST."""
    form = kind(**values)
    form.process(None, data=values)
    return form


def profile_page(names: Form, region: Form, status: int = 200) -> Response:
    return page("accounts/profile.html", status, names=names, region=region, failed=status == 422)


def password_page(form: Form, status: int = 200) -> Response:
    shortest = passwords.SHORTEST_WITH_SECOND_FACTOR if g.me.two_factor else passwords.SHORTEST
    return page("accounts/password.html", status, form=form, shortest=shortest)


def address_page(form: Form, status: int = 200) -> Response:
    return page("accounts/address.html", status, form=form, asked=addresses.asked(g.me.user_id), email=g.me.email)
