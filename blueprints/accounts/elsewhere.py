"""Other ways to sign in, linked to one's account and unlinked from inside a session."""
from flask import Response, flash, g, request

import entering
import web
from accounts import beginnings, identities
from accounts.backends import Backend
from accounts.sessions import CREDENTIALS
from forms import Form, NothingForm, Secret, Text, required
from i18n import _, _l
from pages import page
from rules import NotHere, Refused
from web import BEGUN_COOKIE, SIGNED_IN, Blueprint, done, go

blueprint = Blueprint("elsewhere", __name__)


class NamedForm(Form):
    name = Text(_l("Address or name there"), [required()])
    password = Secret(_l("Password there"), [required()])


@blueprint.page("/account/security/elsewhere/<name>", needs=SIGNED_IN, fresh=CREDENTIALS)
def form(name: str) -> Response:
    """What linking means; for a directory, with its name and password."""
    way = one(name)
    return shown(way, NamedForm() if way.typed else NothingForm())


@blueprint.action("/account/security/elsewhere/<name>", needs=SIGNED_IN, fresh=CREDENTIALS)
def link(name: str) -> Response:
    """By name and password at once; or begun, bound to this session, and finished where the browser comes back."""
    way = one(name)
    return typed(way) if way.typed else begun(way)


@blueprint.page("/account/security/elsewhere/<name>/onward", needs=SIGNED_IN)
def onward(name: str) -> Response:
    """The way out as a link: a form of ours may not send a browser to another site (decision 8)."""
    waiting = beginnings.look(web.cookie(BEGUN_COOKIE), f"link {one(name).name}", session=g.me.session_id)
    return page("accounts/onward.html", way=one(name), away=waiting.facts["away"])


@blueprint.page("/account/security/elsewhere/<name>/unlink", needs=SIGNED_IN, fresh=CREDENTIALS)
def leave(name: str) -> Response:
    return removal(one(name), NothingForm())


@blueprint.action("/account/security/elsewhere/<name>/unlink", needs=SIGNED_IN, fresh=CREDENTIALS)
def unlink(name: str) -> Response:
    nothing, way = NothingForm(), one(name)
    if nothing.submit_to(lambda: identities.unlink(g.me.user_id, way, keep=g.me.session_id)):
        return web.done_there(_("The way is unlinked: %(way)s.", way=way.label), "security.show")
    return removal(way, nothing, 422)


def typed(way: Backend) -> Response:
    entry = NamedForm()
    if entry.submit_to(lambda name, password: identities.with_password(
            g.me.user_id, way, name, password, keep=g.me.session_id)):
        return done(_("The way is linked: %(way)s.", way=way.label), "security.show")
    return shown(way, entry, 422)


def begun(way: Backend) -> Response:
    if not NothingForm().validate():
        return shown(way, NothingForm(), 422)
    try:
        step = way.begin()
    except Refused as away:
        flash(str(away.why), "warning")
        return go("security.show")
    secret = beginnings.begin(f"link {way.name}", step.facts | {"away": step.away}, user=g.me.user_id,
                              session=g.me.session_id)
    response = go(".onward", name=way.at)
    entering.keep(response, BEGUN_COOKIE, secret, int(beginnings.LIFE.total_seconds()))
    return response


def shown(way: Backend, entry: Form, status: int = 200) -> Response:
    return page("accounts/link.html", status, way=way, form=entry)


def removal(way: Backend, nothing: Form, status: int = 200) -> Response:
    if way.name not in identities.of(g.me.user_id):
        raise NotHere
    return page("accounts/unlink.html", status, way=way, form=nothing, next=web.local(request.args.get("next")))


def one(name: str) -> Backend:
    """A way that is switched on and can be linked by this person; NotHere for any other."""
    found = next((way for way in identities.offered_to(g.me.user_id) if way.at == name), None)
    if found is None:
        raise NotHere
    return found
