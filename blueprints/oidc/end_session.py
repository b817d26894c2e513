"""Signing out at the wish of an application: asked about, unless it proved that it means this very session."""
from urllib.parse import urlencode

from flask import Response, g, redirect, request

import entering
from accounts import sessions
from forms import NothingForm
from oidc import logout, watching
from oidc.logout import Wish
from pages import page
from web import ANYONE, Blueprint

blueprint = Blueprint("end_session", __name__)

SAID = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")


@blueprint.page("/oauth/end-session", needs=ANYONE)
def show() -> Response:
    wish = wished()
    if g.me and not wish.certain:
        return page("oidc/end_session.html", application=wish.client.label if wish.client else "",
                    form=NothingForm(), action=onward())
    if not g.me:
        return gone(wish)
    out(wish)
    return entering.let_out(gone(wish))


@blueprint.action("/oauth/end-session", needs=ANYONE, machine=True)
def by_form() -> Response:
    """An application may send its wish as a form; it goes on as an address, with which the cookies come."""
    said = {name: request.form[name] for name in SAID if request.form.get(name)}
    return redirect(f"/oauth/end-session?{urlencode(said)}", 303)  # type: ignore[return-value]


@blueprint.action("/oauth/end-session/yes", needs=ANYONE)
def leave() -> Response:
    """Out; then the same address once more, where nobody is signed in any more."""
    if g.me:
        out(wished())
    return entering.let_out(redirect(f"/oauth/end-session?{urlencode([*told().items(), ('by', 'form')])}", 303))  # type: ignore[arg-type]


def out(wish: Wish) -> None:
    watching.left(wish.client, g.me, told().get("post_logout_redirect_uri", ""), wish.back)
    sessions.sign_out(g.me)


def gone(wish: Wish) -> Response:
    """Nobody is signed in: back to the application, if that is an address of its own; else we say so."""
    if wish.back and "by" not in request.args:
        return redirect(wish.back, 303)  # type: ignore[return-value]
    return page("oidc/signed_out.html", back=wish.back, application=wish.client.label if wish.client else "")


def wished() -> Wish:
    return logout.read(told(), g.me)


def told() -> dict[str, str]:
    return {name: request.args[name] for name in SAID if request.args.get(name) and "\x00" not in request.args[name]}


def onward() -> str:
    return f"/oauth/end-session/yes?{urlencode(told())}"
