"""How a browser gets a session, and how it loses it; and what one page tells the next."""
from typing import Any

from flask import Response, redirect, request, session, url_for
from flask_login import login_user, logout_user

import crypto
import pages
import web
from accounts import devices, sessions
from settings import setting
from web import DEVICE_COOKIE

DEVICE_LIFE = int(devices.LIFE.total_seconds())


def this_device() -> str:
    """The token of this browser's own cookie, or a new one."""
    return request.cookies.get(DEVICE_COOKIE) or crypto.token()


def let_in(secret: str, device: str, *, stay: bool = False, place: str = "") -> Response:
    """The browser gets the session's cookie, and goes where it wanted to go."""
    session.clear()                             # a new CSRF token, too
    carry(secret, stay=stay)
    response = redirect(web.local(place) or url_for("public.home"), 303)
    keep(response, DEVICE_COOKIE, device, DEVICE_LIFE)
    return response  # type: ignore[return-value]


def carry(secret: str, *, stay: bool) -> None:
    """Put a session's secret into the browser's cookie."""
    session.permanent = stay
    login_user(sessions.find(secret))


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


def keep(response: Any, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="Lax", secure=setting.secure)
