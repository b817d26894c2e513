"""The person's own profile, password and address."""
from dataclasses import replace
from datetime import timedelta

from flask import Response, g, url_for

import formats
import i18n
import web
from accounts import addresses, passkeys, passwords, profile
from accounts.sessions import CREDENTIALS, MARGIN, PEOPLE
from forms import Choice, EmailAddress, Form, Secret, Text, Tick, required
from i18n import NAMES, _, _l
from limits import LINK_NETWORK
from models import Link, User
from organisations import people
from pages import page
from rules import NotHere
from web import ANYONE, SIGNED_IN, Blueprint, done

blueprint = Blueprint("profile", __name__)


class NameForm(Form):
    first_name = Text(_l("First name"), [required()])
    last_name = Text(_l("Last name"), [required()])


class LanguageForm(Form):
    language = Choice(_l("Language"), choices=[(code, NAMES[code]) for code in NAMES])


class RegionForm(Form):
    country = Choice(_l("Country"))
    time_zone = Choice(_l("Time zone"))

    def __init__(self, **start: object):
        super().__init__(**start)
        self.country.offer(formats.country_names().items())
        self.time_zone.offer(formats.time_zones())


class LookForm(Form):
    theme = Choice(_l("Appearance"),
                   choices=[("", _l("Same as the device")), ("light", _l("Light")), ("dark", _l("Dark"))])


class FirstPasswordForm(Form):
    password = Secret(_l("New password"), [required()])
    everywhere_else = Tick(_l("Sign out everywhere else"), default=True)


class PasswordForm(FirstPasswordForm):
    present = Secret(_l("Current password"), [required()])


class AddressForm(Form):
    email = EmailAddress(_l("New e-mail address"), [required()])


@blueprint.page("/account", needs=SIGNED_IN)
def show() -> Response:
    """One form for each block: one is saved, the others stay as they are (G5-R1)."""
    return profile_page()


@blueprint.action("/account/name", needs=SIGNED_IN, fresh=PEOPLE)
def rename() -> Response:
    form = NameForm()
    if form.submit_to(people.rename):
        return done(_("Your name is changed."), ".show")
    return profile_page(names=form)


@blueprint.action("/account/language", needs=SIGNED_IN)
def speak() -> Response:
    """The word about it is in the new language already."""
    form = LanguageForm()
    if form.submit_to(profile.speak):
        with i18n.speaking(replace(i18n.voice(), language=form.language.data)):
            return done(_("Your language is saved."), ".show")
    return profile_page(speech=form)


@blueprint.action("/account/region", needs=SIGNED_IN)
def move() -> Response:
    form = RegionForm()
    if form.submit_to(profile.live_in):
        return done(_("Your country and your time zone are saved."), ".show")
    return profile_page(region=form)


@blueprint.action("/account/look", needs=SIGNED_IN)
def wear() -> Response:
    form = LookForm()
    if form.submit_to(profile.wear):
        return done(_("The appearance is saved."), ".show")
    return profile_page(look=form)


@blueprint.page("/account/password", needs=SIGNED_IN, renewing=True)
def password() -> Response:
    person = profile.me()
    if lacks_proof(person, CREDENTIALS):
        return web.prove_first()
    return password_page((PasswordForm if person.password else FirstPasswordForm)(everywhere_else=True))


@blueprint.action("/account/password", needs=SIGNED_IN, renewing=True)
def change_password() -> Response:
    person = profile.me()
    if lacks_proof(person, CREDENTIALS + MARGIN):
        return web.prove_first()
    form = PasswordForm() if person.password else FirstPasswordForm()
    if form.submit_to(profile.change_password if person.password else profile.first_password):
        return done(_("Your password is changed.") if person.password else _("Your password is set."),
                    "security.show")
    return password_page(form, 422)


@blueprint.page("/account/password/removal", needs=SIGNED_IN, fresh=CREDENTIALS)
def without_password() -> Response:
    return removal_page(Form())


@blueprint.action("/account/password/removal", needs=SIGNED_IN, fresh=CREDENTIALS)
def remove_password() -> Response:
    form = Form()
    if form.submit_to(profile.remove_password):
        return done(_("Your password is removed."), "security.show")
    return removal_page(form, 422)


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
    return link_page(addresses.opened(token), back=False)


@blueprint.action("/account/address/confirm/<token>", needs=ANYONE, limit=LINK_NETWORK)
def confirm(token: str) -> Response:
    person = people.confirm_address(token)
    return done(_("From now on you sign in as %(email)s.", email=person.email_typed), "public.home")


@blueprint.page("/account/address/revert/<token>", needs=ANYONE, limit=LINK_NETWORK)
def revertible(token: str) -> Response:
    return link_page(addresses.revertible(token), back=True)


@blueprint.action("/account/address/revert/<token>", needs=ANYONE, limit=LINK_NETWORK)
def revert(token: str) -> Response:
    person = people.revert_address(token)
    return done(_("You sign in as %(email)s again. Ask for a new password now.", email=person.email_typed),
                "recovery.forgotten")


def lacks_proof(person: User, age: timedelta) -> bool:
    """The form itself asks for the present password; whoever has a second factor, or no password, gives that first."""
    return bool(person.two_factor or not person.password) and not g.me.proved_within(age)


def start(kind: type, **values: object) -> Form:
    """A form as it stands, also on the answer to another form's POST."""
    form = kind(**values)
    form.process(None, data=values)
    return form


def profile_page(**refused: Form) -> Response:
    """Every block as it stands, but the one that was refused. The name is a form while the proof is fresh."""
    me = g.me
    forms = {"names": start(NameForm, first_name=me.first_name, last_name=me.last_name),
             "speech": start(LanguageForm, language=me.language),
             "region": start(RegionForm, country=me.country, time_zone=me.time_zone),
             "look": start(LookForm, theme=me.theme)}
    fresh = "names" in refused or me.proved_within(PEOPLE)
    return page("accounts/profile.html", 422 if refused else 200, **forms | refused,
                prove=None if fresh else url_for("prove.form", next=url_for(".show")))


def link_page(link: Link, *, back: bool) -> Response:
    return page("accounts/address_confirm.html", new=link.facts["typed"], back=back)


def password_page(form: Form, status: int = 200) -> Response:
    shortest = passwords.SHORTEST_WITH_SECOND_FACTOR if g.me.two_factor else passwords.SHORTEST
    return page("accounts/password.html", status, form=form, shortest=shortest)


def removal_page(form: Form, status: int = 200) -> Response:
    """What has to be so beforehand stands in the place of the button."""
    person = profile.me()
    if not person.password:
        raise NotHere
    by_passkey = None if passkeys.ALONE in g.me.proofs else url_for(
        "prove.form", next=url_for(".without_password"), **{"with": passkeys.ALONE})
    return page("accounts/password_remove.html", status, form=form, ready=profile.can_do_without(person),
                by_passkey=by_passkey)


def address_page(form: Form, status: int = 200) -> Response:
    return page("accounts/address.html", status, form=form, asked=addresses.asked(g.me.user_id), email=g.me.email)
