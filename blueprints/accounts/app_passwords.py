"""App passwords: made, listed, revoked."""
from flask import Response, g, request

import web
from accounts import app_passwords, profile
from accounts.sessions import CREDENTIALS
from forms import Form, NothingForm, Text, required
from i18n import _, _l, ngettext
from organisations import protection
from pages import page
from web import SIGNED_IN, Blueprint, done

blueprint = Blueprint("app_passwords", __name__)


class NameForm(Form):
    name = Text(_l("Name"), [required()])


@blueprint.page("/account/app-passwords", needs=SIGNED_IN)
def show() -> Response:
    return page("accounts/app_passwords.html", passwords=app_passwords.living(g.me.user_id), most=app_passwords.MOST,
                closed_by=protection.needed_by(g.me.user_id))


@blueprint.page("/account/app-passwords/new", needs=SIGNED_IN, fresh=CREDENTIALS)
def form() -> Response:
    return page("accounts/app_password_new.html", form=NameForm())


@blueprint.action("/account/app-passwords/new", needs=SIGNED_IN, fresh=CREDENTIALS)
def create() -> Response:
    """The secret is on the answer to the POST itself: there is no address under which it could be seen again."""
    entry = NameForm()
    if entry.submit_to(lambda name: app_passwords.create(profile.me(), name)):
        return page("accounts/app_password.html", secret=entry.result, name=entry.name.data)
    return page("accounts/app_password_new.html", 422, form=entry)


@blueprint.page("/account/app-passwords/<id>/revoke", needs=SIGNED_IN, fresh=CREDENTIALS)
def leave(id: str) -> Response:
    return page("accounts/app_password_revoke.html", password=app_passwords.own(g.me.user_id, id), form=NothingForm(),
                next=web.local(request.args.get("next")))


@blueprint.action("/account/app-passwords/<id>/revoke", needs=SIGNED_IN, fresh=CREDENTIALS)
def revoke(id: str) -> Response:
    app_passwords.revoke(profile.me(), id)
    return web.done_there(_("The app password is revoked."), ".show")


@blueprint.page("/account/app-passwords/revoke", needs=SIGNED_IN, fresh=CREDENTIALS)
def leave_all() -> Response:
    return page("accounts/app_password_revoke.html", password=None, form=NothingForm())


@blueprint.action("/account/app-passwords/revoke", needs=SIGNED_IN, fresh=CREDENTIALS)
def revoke_all() -> Response:
    count = app_passwords.revoke_mine()
    return done(ngettext("%(num)s app password is revoked.", "%(num)s app passwords are revoked.", count), ".show")
