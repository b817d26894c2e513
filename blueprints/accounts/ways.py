"""Signing in by any backend that is not typed: begun at its address, finished with what comes back."""
from collections.abc import Mapping

from flask import Response, flash, jsonify, redirect, request

import entering
import pages
import web
from accounts import beginnings, signin
from accounts.backends import Backend
from i18n import _
from limits import WAY_NETWORK
from pages import page
from rules import NotHere
from web import ANYONE, BEGUN_COOKIE, Blueprint, go

blueprint = Blueprint("ways", __name__)


@blueprint.page("/signin/with/<name>", needs=ANYONE, limit=WAY_NETWORK)
def begin(name: str) -> Response:
    """To the page where one proves it, or away to where; a script asks for what is shown, without the page."""
    backend = one(name)
    step = backend.begin()
    secret = beginnings.begin(f"backend {name}", step.facts, place=web.local(request.args.get("next")) or "")
    if step.away:
        response = redirect(step.away, 303)
    elif pages.for_script():
        response = jsonify(step.shown)
    else:
        response = page(f"backends/{name}/signin.html", backend=backend, next=web.local(request.args.get("next")),
                        **step.shown)
    entering.keep(response, BEGUN_COOKIE, secret, int(beginnings.LIFE.total_seconds()))
    return response  # type: ignore[return-value]


@blueprint.action("/signin/with/<name>", needs=ANYONE, limit=WAY_NETWORK)
def answer(name: str) -> Response:
    """A form of ours comes back."""
    return finished(name, request.form)


@blueprint.page("/signin/with/<name>/callback", needs=ANYONE, limit=WAY_NETWORK)
def callback(name: str) -> Response:
    """The browser comes back from elsewhere."""
    return finished(name, request.args)


def finished(name: str, said: Mapping[str, str]) -> Response:
    backend = one(name)
    try:
        begun = beginnings.take(web.cookie(BEGUN_COOKIE), f"backend {name}")
        proof = backend.finish(begun.facts, {key: value for key, value in said.items() if key != "csrf_token"})
    except NotHere:
        proof = None
    if proof is None or proof.user.suspended:
        signin.failed(proof.user if proof else None, name)
        response = go("signin.form")
        flash(_("That did not work. Try again, or choose another way."), "warning")
    else:
        outcome = signin.proved(proof, device=entering.this_device(), place=begun.place)
        response = entering.on(outcome)
    entering.forget(response, BEGUN_COOKIE)
    return response


def one(name: str) -> Backend:
    """One that is switched on and not typed; NotHere for any other."""
    found = signin.ways().get(name)
    if found is None:
        raise NotHere
    return found
