"""Forward authentication: a proxy asks about each request to an application, and lets through whom we name.

The proxy leads two things to us from the application's own host: its question, to /gate/auth, and the way back from
signing in, to /gate/callback. Our own host sees /gate/start. So the ticket is a cookie of the application's host alone
(FW-07), and no cookie of ours is ever seen there.
"""
import base64
import binascii
from urllib.parse import urlencode

from flask import Response, g, make_response, redirect, request, url_for

import crypto
import pages
import web
from accounts import app_passwords
from blueprints._closed import closed
from gate import addresses, identity, reading, tickets
from gate.reading import Known, Person, Visit
from gate.tickets import BEGUN, TICKET
from limits import AUTHORIZE
from models import Grant
from organisations.policy import Proved, Step, proved_by
from pages import page
from products import evidence
from settings import setting
from web import ANYONE, Blueprint

blueprint = Blueprint("gate", __name__)

_TOKEN = 43                                     # characters of a token, and
_DIGEST = 64                                    # of a digest


# --- what the proxy asks -----------------------------------------------------------------------


@blueprint.page("/gate/auth", needs=ANYONE, machine=True)
def auth() -> Response:
    """200 and who it is; 401 and where to sign in (or 302, for proxies that pass it on); 403 to who is no proxy."""
    visit = _visit()
    if visit is None:
        return _bare(403)
    wanted = pages.header("X-Forwarded-Uri")
    if identity.claimed(name.removeprefix("HTTP_") for name in request.environ):
        return _bare(400)                       # what only we may say would reach the application beside it (FW-01)
    if not addresses.readable(wanted) or not addresses.at_home(visit.gate.address, _host()):
        return _bare(400)
    person = visit.person if visit.welcome else _by_app_password(visit.gate)
    return _let_through(visit.gate, person) if person else _kept_out(visit.gate, wanted)


@blueprint.page("/gate/callback", needs=ANYONE, machine=True)
def callback() -> Response:
    """Back at the application's host with a code: it becomes a ticket, in the browser that began."""
    visit = _visit()
    if visit is None:
        return _bare(403)
    if not addresses.at_home(visit.gate.address, _host()):
        return _bare(400)
    found = tickets.redeem(visit.gate, request.args.get("code", ""), _cookie(visit.gate, BEGUN))
    if found is None:
        return _away(_start(gate=visit.gate.product, lost="yes"))
    secret, place = found
    return _keep(_away(place), visit.gate, TICKET, secret)


@blueprint.before_request
def only_what_is_decided() -> Response | None:
    """What Flask answers to OPTIONS by itself would be a yes to a proxy that asks with the browser's own method."""
    return _bare(403) if request.method == "OPTIONS" else None


def _visit() -> Visit | None:
    """At which gate, and by which ticket, is one question: what its cookie is called is known with the answer."""
    ticket = request.cookies.get(f"__Host-{TICKET}") or request.cookies.get(TICKET, "")
    found = reading.visit(pages.header("X-Gate-Secret"), ticket)
    return Visit(found.gate) if found and ticket != _cookie(found.gate, TICKET) else found


def _host() -> str:
    return pages.header("X-Forwarded-Host")


def _by_app_password(gate: Known) -> Person | None:
    """A program, where the product lets programs in: with nothing but this proved."""
    login, secret = _basic() if gate.app_passwords else ("", "")
    user = app_passwords.right(login, secret) if secret else None
    if user is None or not evidence.at_a_door(user.id, gate.product).decide(
            Grant.USE, Proved(("app_password",))).allowed:
        return None
    return Person(user.id, user.public_id, user.email_typed, user.name)


def _basic() -> tuple[str, str]:
    scheme, _blank, told = pages.header("Authorization").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        login, _colon, secret = base64.b64decode(told.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return ("", "") if "\x00" in login + secret else (login, secret)


def _let_through(gate: Known, person: Person) -> Response:
    response = _bare(200)
    response.headers.update(identity.headers(gate, person))
    return response


def _kept_out(gate: Known, wanted: str) -> Response:
    """Who looks at a page is sent to sign in, with a mark in the browser that only its own code is good in."""
    response = _bare(401)
    if not _navigating():
        if gate.app_passwords:
            response.headers["WWW-Authenticate"] = 'Basic realm="applications", charset="UTF-8"'
        return response
    begun = _cookie(gate, BEGUN)
    if len(begun) != _TOKEN:
        begun = crypto.token()
    place = addresses.way_back(gate.address, wanted)
    where = _start(gate=gate.product, rd=place, browser=crypto.digest(begun))
    if request.args.get("redirect") == "yes":
        response = _away(where, 302)
    response.headers["X-Gate-Location"] = where
    return _keep(response, gate, BEGUN, begun)


def _navigating() -> bool:
    """Does somebody look at a page? Programs, and scripts of pages, are told no, and led nowhere."""
    mode = pages.header("Sec-Fetch-Mode")
    if pages.header("X-Forwarded-Method") not in ("", "GET", "HEAD"):
        return False
    return mode == "navigate" if mode else (
        "text/html" in pages.header("Accept") and pages.header("X-Requested-With") != "XMLHttpRequest")


def _cookie(gate: Known, name: str) -> str:
    """Of the application's host. Behind https it has the prefix, without which it could be a neighbour's (FW-07)."""
    return request.cookies.get(addresses.cookie(gate.address, name), "")


def _keep(response: Response, gate: Known, name: str, value: str) -> Response:
    """What the proxy says of the scheme is not believed: the product's address has it (FW-12)."""
    response.set_cookie(addresses.cookie(gate.address, name), value, httponly=True, samesite="Lax",
                        secure=gate.address.startswith("https:"))
    return response


# --- on our own host ---------------------------------------------------------------------------


@blueprint.page(reading.START, needs=ANYONE, limit=AUTHORIZE)
def start() -> Response:
    """Who is here, and may they? Then back to where they wanted to be, with a code."""
    gate = reading.gate(request.args.get("gate", "").replace("\x00", ""))
    place, browser = request.args.get("rd", ""), request.args.get("browser", "")
    if gate is None:
        return page("gate/astray.html", 400)
    if "lost" in request.args:
        return page("gate/lost.html", 400, address=gate.address)
    if not addresses.own(gate.address, place) or len(browser) != _DIGEST or not browser.isalnum():
        return page("gate/astray.html", 400)
    if g.me is None:
        return redirect(url_for("signin.form", next=_here()), 303)  # type: ignore[return-value]
    return web.renew_first() if g.me.must_renew else _decided(gate, place, browser)


def _decided(gate: Known, place: str, browser: str) -> Response:
    found = evidence.at_a_door(g.me.user_id, gate.product)
    decision = found.decide(Grant.USE, proved_by(g.me))
    if decision.refusals:
        return closed(gate, found, decision)
    if decision.steps:
        return page("organisations/wall.html", 403, here=gate, missing=decision.steps, steps=Step, others=(),
                    may_leave=False, next=_here())
    code = tickets.begin(g.me, gate, place, browser)
    away = f"{addresses.origin(gate.address)}{addresses.CALLBACK}?{urlencode({'code': code})}"
    if "detour" in request.args:                # a form of ours never ends at another site (OP-27)
        response = page("oidc/onward.html", away=away, application=gate.label)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
    return _away(away)


def _here() -> str:
    """This request as an address of ours, at the end of a detour."""
    said = {name: request.args[name] for name in ("gate", "rd", "browser")}
    return url_for("gate.start", **said, detour="yes")


def _start(**said: str) -> str:
    return f"{setting.base_url}{reading.START}?{urlencode(said)}"


def _away(address: str, status: int = 303) -> Response:
    response = redirect(address, status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response  # type: ignore[return-value]


def _bare(status: int) -> Response:
    return make_response("", status)
