"""How a browser gets a session, and how it loses it; and what one page tells the next."""
from typing import Any

from flask import Response, flash, g, redirect, session, url_for
from flask_login import login_user, logout_user

import pages
import web
from accounts import beginnings, devices, sessions
from accounts.signin import HALF_WAY, Outcome
from i18n import _
from rules import NotHere
from settings import setting
from web import ATTEMPT_COOKIE, BEGUN_COOKIE, DEVICE_COOKIE

DEVICE_LIFE = int(devices.LIFE.total_seconds())
ATTEMPT_LIFE = int(HALF_WAY.total_seconds())


def this_device() -> str:
    """The token this browser is known by, if it is known at all."""
    return web.cookie(DEVICE_COOKIE)


def let_in(outcome: Outcome, *, stay: bool = False) -> Response:
    """The browser gets the session's cookie, and goes where it wanted to go. Whoever was signed in here is out."""
    if g.me:
        sessions.sign_out(g.me)
    session.clear()                             # a new CSRF token, too
    if not carry(outcome.session, stay=stay):
        return web.go("signin.form", next=web.local(outcome.place))
    if outcome.undelivered:
        flash(_("A message to you could not be delivered. Look at “My activity” for what happened, and check your "
                "addresses."), "warning")
    response = redirect(web.local(outcome.place) or url_for("public.home"), 303)
    keep(response, DEVICE_COOKIE, outcome.device, DEVICE_LIFE)
    return response  # type: ignore[return-value]


def on(outcome: Outcome, *, stay: bool = False) -> Response:
    """After a first proof: in, or to the second step."""
    if outcome.session:
        return let_in(outcome, stay=stay)
    response = web.go("signin.second_step")
    keep(response, ATTEMPT_COOKIE, outcome.attempt, ATTEMPT_LIFE)
    return response


def carry(secret: str, *, stay: bool) -> bool:
    """Put a session's secret into the browser's cookie. Not one that a reset, say, has ended as it began."""
    who = sessions.find(secret)
    if who is None:
        return False
    session.permanent = stay
    return bool(login_user(who))


def let_out(response: Response) -> Response:
    """Nothing of the person stays in the browser, but that it is a known one."""
    logout_user()
    session.clear()
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def written_to(email: str, endpoint: str, **values: Any) -> Response:
    """After a POST that wrote to an address: on to the page that says so, the same whoever has that address."""
    session["written_to"] = email
    return web.go(endpoint, **values)


def written() -> Response:
    """We have written; to whom, it says once."""
    return pages.page("accounts/written.html", email=session.pop("written_to", ""))


def asking(response: Any, kind: str, facts: dict[str, Any]) -> Response:
    """An answer that asks something from inside a session; what is answered must match these facts."""
    secret = beginnings.begin(kind, facts, user=g.me.user_id, session=g.me.session_id)
    keep(response, BEGUN_COOKIE, secret, int(beginnings.LIFE.total_seconds()))
    return response  # type: ignore[no-any-return]


def asked(kind: str) -> dict[str, Any]:
    """Those facts, for one use and in this session only (WA-02, WA-03). None were kept: none."""
    try:
        return dict(beginnings.take(web.cookie(BEGUN_COOKIE), kind, session=g.me.session_id).facts)
    except NotHere:
        return {}


def keep(response: Any, name: str, value: str, seconds: int) -> None:
    """A cookie of ours for the whole site; `web.cookie` reads it."""
    response.set_cookie(web.named(name), value, max_age=seconds, httponly=True, samesite="Lax", secure=setting.secure)


def forget(response: Any, name: str) -> None:
    response.delete_cookie(web.named(name), httponly=True, samesite="Lax", secure=setting.secure)
