"""Securing one's account, step by step: a new password, an end to everything else, then a second proof (G4-R7)."""
from typing import Any

from flask import Response, g, session

from accounts import agents, app_passwords, devices, identities, passwords, profile, second_factors, securing, sessions
from accounts.sessions import CREDENTIALS
from forms import Form, Secret, required
from i18n import _, _l
from models import User
from pages import page
from web import SIGNED_IN, Blueprint, done

blueprint = Blueprint("securing", __name__)


class PasswordForm(Form):
    present = Secret(_l("Current password"), [required()])
    password = Secret(_l("New password"), [required()])


@blueprint.page("/account/secure", needs=SIGNED_IN, fresh=CREDENTIALS, renewing=True)
def password() -> Response:
    """The first step, and all that opens while a new password is due."""
    session.pop("secured", None)
    return password_page(PasswordForm())


@blueprint.action("/account/secure", needs=SIGNED_IN, fresh=CREDENTIALS, renewing=True)
def change_password() -> Response:
    form = PasswordForm()
    if form.submit_to(profile.change_password, everywhere_else=False):
        achieved(1)
        return done(_("Your password is changed."), ".signed_in")
    return password_page(form, 422)


@blueprint.page("/account/secure/sessions", needs=SIGNED_IN, fresh=CREDENTIALS)
def signed_in() -> Response:
    """The second: who else is in, and what else would let somebody in."""
    living = sessions.living(g.me.user_id)
    here = next((each.device_id for each in living if each.public_id == g.me.session_public_id), None)
    return step("accounts/secure_sessions.html", 2, sessions=living, here=here, told=agents.told,
                handheld=agents.handheld, known=devices.all_of(g.me.user_id),
                app_passwords=app_passwords.living(g.me.user_id))


@blueprint.action("/account/secure/sessions", needs=SIGNED_IN, fresh=CREDENTIALS)
def clear() -> Response:
    securing.clear()
    achieved(2)
    return done(_("Nothing but this session opens your account now."), ".factors")


@blueprint.action("/account/secure/browsers/<id>/remove", needs=SIGNED_IN, fresh=CREDENTIALS)
def drop(id: str) -> Response:
    devices.drop(profile.me(), id)
    return done(_("That browser is no longer known to be yours."), ".signed_in")


@blueprint.page("/account/secure/factors", needs=SIGNED_IN)
def factors() -> Response:
    """The third: whatever proves that it is you, what a stolen password alone does not open, and a way back."""
    person, factors = securing.with_factors(g.me.user_id)
    return step("accounts/secure_factors.html", 3, person=person, factors=factors, called=second_factors.called,
                ways=[(way, identity) for way, identity in identities.ways(g.me.user_id) if identity])


def password_page(form: Form, status: int = 200) -> Response:
    shortest = passwords.SHORTEST_WITH_SECOND_FACTOR if g.me.two_factor else passwords.SHORTEST
    person = User.get_by_id(g.me.user_id)
    return step("accounts/secure_password.html", 1, status, form=form, shortest=shortest,
                without=person.password is None, elsewhere=identities.elsewhere(person))


def step(template: str, number: int, status: int = 200, **context: Any) -> Response:
    return page(template, status, step=number, achieved=session.get("secured", ()), **context)


def achieved(number: int) -> None:
    """This step was taken, not skipped."""
    session["secured"] = [*session.get("secured", ()), number]
