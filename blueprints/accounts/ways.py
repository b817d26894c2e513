"""Signing in by any backend that is not typed: begun at its address, finished with what comes back."""
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Response, abort, flash, g, jsonify, make_response, redirect, request

import entering
import pages
import web
from accounts import beginnings, identities, signin
from accounts.backends import Backend
from forms import Form, Tick
from i18n import _, _l
from limits import SIGNED_OUT_NETWORK, WAY_NETWORK
from models import Begun
from pages import page
from rules import Conflict, NotHere, Refused
from web import ANYONE, BEGUN_COOKIE, Blueprint, done, go

blueprint = Blueprint("ways", __name__)


class StayForm(Form):
    stay = Tick(_l("Stay signed in on this device"))


@blueprint.page("/signin/with/<name>", needs=ANYONE, limit=WAY_NETWORK)
def begin(name: str) -> Response:
    """To the page where one proves it, or away to where; a script asks for what is shown, without the page."""
    backend = one(name)
    try:
        step = backend.begin()
    except Refused as away:
        return again(away.why)
    secret = beginnings.begin(f"backend {backend.name}", step.facts,
                              place=web.local(request.args.get("next")) or backend.home)
    if step.away and backend.organisation:      # where its administrators please: nobody is sent there by us alone
        response = page("accounts/way_out.html", way=backend, away=step.away, host=urlsplit(step.away).netloc)
    elif step.away:
        response = redirect(step.away, 303)
    elif pages.for_script():
        response = jsonify(step.shown)
    else:
        response = page(f"backends/{name}/signin.html", backend=backend, next=web.local(request.args.get("next")),
                        form=StayForm(), **step.shown)
    entering.keep(response, BEGUN_COOKIE, secret, int(beginnings.LIFE.total_seconds()))
    return response  # type: ignore[return-value]


@blueprint.action("/signin/with/<name>", needs=ANYONE, limit=WAY_NETWORK)
def answer(name: str) -> Response:
    """A form of ours comes back."""
    form = StayForm()
    return finished(name, request.form, stay=form.stay.data)


@blueprint.page("/signin/with/<name>/callback", needs=ANYONE, limit=WAY_NETWORK)
def callback(name: str) -> Response:
    """The browser comes back from elsewhere: to sign in, or, where that was begun in this session, to be linked."""
    backend = one(name)
    begun = taken(f"link {backend.name}", g.me.session_id) if g.me else None
    return linked(backend, begun, request.args) if begun else finished(name, request.args)


@blueprint.action("/signin/with/<name>/signed-out", needs=ANYONE, limit=SIGNED_OUT_NETWORK, machine=True)
def signed_out(name: str) -> Response:
    """The other side says by itself that somebody's session there is over."""
    try:
        one(name).signed_out(request.form.get("logout_token", ""))
    except Refused:
        abort(400)
    return make_response("", 200)


def finished(name: str, said: Mapping[str, str], *, stay: bool = False) -> Response:
    """In, on to the second step, or back to the sign-in page. What another tab has begun since is left to that one."""
    backend = one(name)
    begun = taken(f"backend {backend.name}")
    try:
        proof = backend.finish(begun.facts, told(said)) if begun else None
    except identities.Unlinked:
        response = page("accounts/unlinked.html", 403, way=backend)
    except Refused as no:
        response = again(no.why)
    else:
        if proof is None or proof.user.suspended or begun is None:
            signin.failed(proof.user if proof else None, backend.name)
            response = again(_("That did not work. Try again, or choose another way."))
        else:
            response = entering.on(signin.proved(proof, stay=stay, device=entering.this_device(), place=begun.place),
                                   stay=stay)
    if begun:
        entering.forget(response, BEGUN_COOKIE)
    return response


def linked(backend: Backend, begun: Begun, said: Mapping[str, str]) -> Response:
    try:
        who = backend.recognise(begun.facts, told(said))
        if who is None:
            raise Refused(_("That did not work. Try again, or choose another way."))
        identities.link(g.me.user_id, backend, who, keep=g.me.session_id)
    except (Refused, Conflict) as no:
        flash(str(no.why), "warning")
        response = go("security.show")
    else:
        response = done(_("The way is linked: %(way)s.", way=backend.label), "security.show")
    entering.forget(response, BEGUN_COOKIE)
    return response


def taken(kind: str, session: int | None = None) -> Begun | None:
    """What this browser began, used up by that; nothing when it did not, or elsewhere."""
    try:
        return beginnings.take(web.cookie(BEGUN_COOKIE), kind, session=session)
    except NotHere:
        return None


def told(said: Mapping[str, str]) -> dict[str, str]:
    """What a backend is to judge, without what we ask ourselves."""
    return {key: value for key, value in said.items() if key not in ("csrf_token", "stay")}


def again(why: object) -> Response:
    flash(str(why), "warning")
    return go("signin.form")


def one(name: str) -> Backend:
    """One that is switched on and not typed; NotHere for any other."""
    found = signin.way(name)
    if found is None:
        raise NotHere
    return found
