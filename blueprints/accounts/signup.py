"""Making an account by oneself: an address first, then the rest behind the link mailed to it."""
from flask import Response, g

import entering
import formats
import i18n
from accounts import signin, signup
from forms import Choice, EmailAddress, Form, Secret, Text, required
from i18n import NAMES, _l
from limits import LINK_NETWORK, SIGN_UP_NETWORK
from models import Link
from organisations import registration
from pages import header, page
from rules import NotHere
from settings import setting
from web import ANYONE, Blueprint, go

blueprint = Blueprint("signup", __name__)


class AddressForm(Form):
    email = EmailAddress(_l("E-mail address"), [required()])


class AccountForm(Form):
    first_name = Text(_l("First name"), [required()])
    last_name = Text(_l("Last name"), [required()])
    password = Secret(_l("Password"), [required()])
    organisation = Text(_l("Name of your organisation"))
    country = Choice(_l("Country"))
    language = Choice(_l("Language"), choices=[(code, NAMES[code]) for code in NAMES])

    def __init__(self, **start: object):
        super().__init__(**start)
        self.country.offer(formats.country_names().items())


class FirstOperatorForm(AccountForm):
    email = EmailAddress(_l("E-mail address"), [required()])


@blueprint.page("/signup", needs=ANYONE)
def form() -> Response:
    if setting.signup != "open":
        raise NotHere
    return go("public.home") if g.me else page("accounts/signup.html", form=AddressForm())


@blueprint.action("/signup", needs=ANYONE, limit=SIGN_UP_NETWORK)
def ask() -> Response:
    """Always the same answer, whoever has that address (SU-01)."""
    entry = AddressForm()
    if entry.submit_to(lambda email: signup.ask(email, i18n.voice().language)):
        return entering.written_to(entry.email.data, ".written")
    return page("accounts/signup.html", 422, form=entry)


@blueprint.page("/signup/written", needs=ANYONE)
def written() -> Response:
    return entering.written()


@blueprint.page("/signup/confirm/<token>", needs=ANYONE, limit=LINK_NETWORK)
def opened(token: str) -> Response:
    """Looking at the link uses nothing up; a mail scanner may (SU-11)."""
    link = signup.opened(token)
    return account_page(link, form_for(link)(country=guessed_country(), language=i18n.voice().language))


@blueprint.action("/signup/confirm/<token>", needs=ANYONE, limit=LINK_NETWORK)
def confirm(token: str) -> Response:
    link = signup.opened(token)
    entry = form_for(link)()
    if not entry.submit_to(lambda **told: registration.register(
            token, time_zone=formats.time_zone_of(told["country"]), **told)):
        return account_page(link, entry, 422)
    person, organisation = entry.result
    place = f"/o/{organisation.slug}/" if organisation else "/account/security/two-factor"
    return entering.let_in(signin.welcome(person, "password", device=entering.this_device(), place=place))


def form_for(link: Link) -> type[AccountForm]:
    return AccountForm if link.email else FirstOperatorForm


def account_page(link: Link, form: AccountForm, status: int = 200) -> Response:
    return page("accounts/signup_confirm.html", status, email=link.facts["typed"], form=form,
                operator=bool(link.facts.get("operator")))


def guessed_country() -> str:
    """What the browser's languages let one guess: `de-CH` is Switzerland."""
    for part in header("Accept-Language").split(","):
        _language, _dash, country = part.partition(";")[0].strip().partition("-")
        if country.upper() in formats.country_names():
            return country.upper()
    return "CH"
