"""What every blueprint speaks: a request's context, and routes that say who may enter.

A route's own line says `needs=` (who), `fresh=` (how old a proof may be) and
`limit=` (how often), so that none can be forgotten and all can be listed. What
an organisation demands (policy) is asked at the door of all its routes.
`renewing=True`: also while the person has yet to choose a new password.
`lent=True`: also in a session that rests on an organisation's own provider,
which opens that organisation and no other page of the account.
"""
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import timedelta
from functools import wraps
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlencode, urlsplit

import flask
from flask import (
    Response,
    abort,
    after_this_request,
    current_app,
    flash,
    g,
    has_request_context,
    make_response,
    redirect,
    request,
    url_for,
)
from flask_login import current_user
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.routing import RequestRedirect

import crypto
import current
import i18n
import limits
import navigation
import pages
from accounts import links, sessions
from db import database
from i18n import _l
from limits import Limit
from models import Role
from organisations import blocking, policy, switching
from organisations.roles import LABELS, Right
from rules import Busy, Forbidden, Gone
from settings import setting
from tenancy import working_for

log = logging.getLogger(__name__)

OPERATORS = policy.Demands(two_factor=True, trusts_browsers=False)
ANYONE, SIGNED_IN, OPERATOR = "anyone", "signed in", "operator"
CONSOLE = "/operator"
Needs = Right | str
Addresses = str | dict[str, dict[str, str]]     # one, or several, each with the arguments it stands for

DEVICE_COOKIE, ATTEMPT_COOKIE, LANGUAGE_COOKIE = "kanton_device", "kanton_signin", "kanton_language"
BEGUN_COOKIE = "kanton_begun"
LINK_COOKIE, LINK_LIFE = "kanton_link", 3600    # seconds
ORGANISATION_COOKIE, PLACE_LIFE = "kanton_organisation", 400 * 86_400


# --- the request -------------------------------------------------------------------------------


def named(name: str) -> str:
    """A cookie's name as browsers are told it: behind https one that no neighbouring site can set (SS-02)."""
    return f"__Host-{name}" if setting.secure else name


def cookie(name: str) -> str:
    """What the browser kept for us under this name, or nothing."""
    return request.cookies.get(named(name), "")


def open_request() -> Response | None:
    """Connection, person, language, actor: what holds until the answer is written."""
    g.stack = ExitStack()
    g.request_id = crypto.public_id()
    if request.endpoint in ("files.static", "public.healthz"):
        return None
    _known_host()
    machine = _machine()
    if "\x00" in request.path:                  # no name of ours has one, and PostgreSQL would stumble over it
        abort(404)
    if not machine:
        _same_site()
    _read_what_was_sent()
    database.connect(reuse_if_open=True)
    g.me = current_user._get_current_object() if not machine and current_user.is_authenticated else None
    g.stack.enter_context(i18n.speaking(_voice()))
    g.stack.enter_context(current.acting_as(_actor()))
    _not_for_others(request.path)
    if g.me:
        sessions.touch(g.me)
    return None


def _machine() -> bool:
    """Does a program ask, at an address made for it? Then no cookie is read, whatever it sends (decision 9)."""
    return getattr(current_app.view_functions.get(request.endpoint or ""), "machine", False)


def close_request(_error: BaseException | None) -> None:
    if "stack" in g:
        g.stack.close()


def client_address() -> str:
    """The socket's other end, or, behind a proxy we trust, the last address that proxy vouches for (LG-04)."""
    peer = _plain(request.remote_addr or "")
    forwarded = [part.strip() for part in pages.header("X-Forwarded-For").split(",") if part.strip()]
    while forwarded and _trusted(peer):
        candidate = forwarded.pop()
        if not _readable(candidate):
            break
        peer = _plain(candidate)
    return peer


def _trusted(address: str) -> bool:
    return _readable(address) and any(ip_address(address) in ip_network(proxy, strict=False)
                                      for proxy in setting.trusted_proxies)


def _plain(address: str) -> str:
    """An address of IPv4 as itself, which a socket for both kinds calls ::ffff:192.0.2.1 (RFC 4291 2.5.5.2)."""
    mapped = getattr(ip_address(address), "ipv4_mapped", None) if _readable(address) else None
    return str(mapped or address)


def _readable(address: str) -> bool:
    try:
        ip_address(address)
    except ValueError:
        return False
    return True


def _known_host() -> None:
    """No page and no mail is ever built from a stranger's Host header (RS-01)."""
    if request.host == setting.host:
        return
    ours = urlsplit(setting.base_url)
    other = urlsplit(f"//{request.host}")
    if setting.on_loopback and other.hostname in ("localhost", "127.0.0.1") and (other.port or 80) == (ours.port or 80):
        return
    log.warning("asked for as %r, but BASE_URL is %s", request.host[:200], setting.base_url)
    raise UnknownHost


class UnknownHost(BadRequest):
    """Somebody came by a name that is not ours, or a proxy does not pass on the one people typed."""

    @property
    def why(self) -> Any:
        return _l("This installation is at %(address)s. Use that address.", address=setting.base_url)


def _same_site() -> None:
    """A change asked for by another site's page is refused before anything is read (WB-01)."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site, origin = pages.header("Sec-Fetch-Site"), pages.header("Origin")
    # The browser's own word decides; without it, the origin.
    theirs = (site not in ("same-origin", "none") if site
              else origin not in ("", setting.base_url) and origin != request.host_url.rstrip("/"))
    if theirs:
        raise Forbidden("csrf_failed")


def _not_for_others(path: str) -> None:
    """The operator's console is there for nobody else: its addresses answer like unknown ones, by whatever method and
    with whatever form one asks (BS-12)."""
    if (path == CONSOLE or path.startswith(f"{CONSOLE}/")) and not (g.me and g.me.operator):
        abort(404)


READERS = threading.BoundedSemaphore(16)        # half of the threads that serve


def _read_what_was_sent() -> None:
    """A form is read here, by a few at a time: who stops half-way holds a thread, but never all of them (PS-04)."""
    if request.method == "GET" or not request.content_length:
        return
    if not READERS.acquire(blocking=False):
        raise Busy
    try:
        _ = request.form
    finally:
        READERS.release()


def _voice() -> i18n.Voice:
    me = g.me
    language = i18n.choose(request.args.get("lang"), me.language if me else None,
                           cookie(LANGUAGE_COOKIE), pages.header("Accept-Language"))
    if me:
        return i18n.Voice(language, me.country, me.time_zone)
    return i18n.Voice(language, i18n.country_of(pages.header("Accept-Language")))


def keep_language(_endpoint: str, values: dict[str, Any]) -> None:
    """A visitor who came by a link in a language of its own, from a mail, stays in it from page to page."""
    asked = request.args.get("lang") if has_request_context() and g.get("me") is None else None
    if asked in setting.languages:
        values.setdefault("lang", asked)


def _actor() -> current.Actor:
    me = g.me
    told = {"address": client_address(), "agent": pages.header("User-Agent")[:300],
            "request_id": g.request_id}
    if me is None:
        return current.Actor(kind="visitor", **told)
    return current.Actor(user_id=me.user_id, name=me.name, kind="operator" if me.operator else "user",
                         session_id=me.session_id, proofs=me.proofs, **told)


# --- routes ------------------------------------------------------------------------------------


class Blueprint(flask.Blueprint):
    """A blueprint whose every route says who may enter."""

    def page(self, rule: Addresses, *, needs: Needs, fresh: timedelta | None = None, limit: Limit | None = None,
             before_wall: Iterable[Role] = (), renewing: bool = False, lent: bool = False, machine: bool = False,
             **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Shows something. A `fresh` proof is asked for when the form is opened, so that nothing typed is lost."""
        return self._open(rule, "GET", needs, fresh, limit, before_wall, renewing, lent, options, machine)

    def action(self, rule: Addresses, *, needs: Needs, fresh: timedelta | None = None, limit: Limit | None = None,
               before_wall: Iterable[Role] = (), renewing: bool = False, lent: bool = False, machine: bool = False,
               **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Changes something. A proof may be five minutes older than where its form was opened.

        `machine`: a program asks, not a page of ours: it has no token, and its word must prove itself (decision 9).
        """
        return self._open(rule, "POST", needs, fresh + sessions.MARGIN if fresh else None, limit, before_wall,
                          renewing, lent, options, machine)

    def _open(self, rule: Addresses, method: str, needs: Needs, fresh: timedelta | None, limit: Limit | None,
              before_wall: Iterable[Role], renewing: bool, lent: bool, options: dict[str, Any], machine: bool = False,
              ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(view)
            def guarded(*args: Any, **kwargs: Any) -> Any:
                if needs != ANYONE and g.me is None:
                    return sign_in_first()
                if needs != ANYONE and g.me.must_renew and not renewing:
                    return renew_first()
                if needs == SIGNED_IN and g.me.lent_by and not lent:
                    return prove_first()
                if isinstance(needs, Right) and not g.may(needs):
                    raise Forbidden(needs)
                if needs == OPERATOR and (answer := _at_the_console()):
                    return answer
                if fresh is not None and not g.me.proved_within(fresh):
                    return prove_first()
                if "token" in kwargs and (answer := _off_the_address(kwargs)):
                    return answer
                if limit is None:
                    return view(*args, **kwargs)
                return _within(limit, lambda: view(*args, **kwargs))
            guarded.needs, guarded.fresh, guarded.limit = needs, fresh, limit  # type: ignore[attr-defined]
            guarded.before_wall = frozenset(before_wall)  # type: ignore[attr-defined]
            guarded.machine = machine  # type: ignore[attr-defined]
            for path, stands_for in ({rule: {}} if isinstance(rule, str) else rule).items():
                self.add_url_rule(path, view.__name__, guarded, methods=[method], defaults=stands_for, **options)
            return view
        return decorate


def _at_the_console() -> Response | None:
    """Whoever is at the console (`_not_for_others`) has proved two steps (BS-12)."""
    missing = policy.missing_steps(g.me, OPERATORS, policy.proved_by(g.me))
    if policy.Step.SET_UP in missing:
        flash(str(_l("The operator’s console asks for two-factor authentication. Set it up first.")), "warning")
        return _away(url_for("security.two_factor"), 401)
    return prove_first() if missing else None


def _within(limit: Limit, act: Callable[[], Any]) -> Any:
    """Counted before it is done; where only misses count, after it led nowhere (RS-08)."""
    if not limit.misses:
        limits.spend(limit, _counted(limit))
        return act()
    limits.look(limit, _counted(limit))
    try:
        return act()
    except Gone:
        if not limits.spend(limit, _counted(limit)):
            links.alarm()
        raise


def _off_the_address(values: dict[str, Any]) -> Response | None:
    """A link from a mail: its secret half leaves the address at once, and goes on in a cookie of its own (RS-09).

    In `values` the token is whole again. Two links in two windows have two paths, and so two cookies.
    """
    name, dot, secret = values["token"].partition(".")
    if not name:
        raise Gone
    if dot and request.method == "POST":
        return None
    if dot:
        clean = url_for(request.endpoint or "", **values | {"token": name, "lang": request.args.get("lang")})
        response = redirect(clean, 303)
        response.set_cookie(LINK_COOKIE, secret, max_age=LINK_LIFE, path=urlsplit(clean).path, httponly=True,
                            samesite="Lax", secure=setting.secure)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response  # type: ignore[return-value]
    if LINK_COOKIE not in request.cookies:
        raise UnknownHere
    values["token"] = f"{name}.{request.cookies[LINK_COOKIE]}"
    return None


class UnknownHere(Gone):
    """The address of a link without its secret half: copied from another browser, or cookies are off."""

    why = _l("This browser does not know the link. Open it again from the message, and let the browser keep cookies.")


def _counted(limit: Limit) -> str:
    """Whom a route's limit counts: the organisation, the person, or the network."""
    if (here := g.get("here")) and not limit.apart:
        return f"organisation {here.id}"
    return f"person {g.me.user_id}" if g.me else sessions.network(current.actor().address)


class OrganisationBlueprint(Blueprint):
    """Routes inside one organisation: it is taken off the path, and put back by `url_for`."""

    def __init__(self, name: str, import_name: str):
        super().__init__(name, import_name, url_prefix="/o/<organisation>")
        self.url_value_preprocessor(_take_slug)
        self.url_defaults(_put_slug)
        for step in (enter_organisation, meet_demands, begin_work):
            self.before_request(step)


def _take_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.slug = values.pop("organisation") if values else ""


def _put_slug(_endpoint: str, values: dict[str, Any]) -> None:
    if "slug" in g:
        values.setdefault("organisation", g.slug)


def enter_organisation() -> Response | None:
    """Whose rows these are, from the path and nowhere else. A stranger's organisation is 404 (TN-01)."""
    if g.me is None:
        return sign_in_first()
    places = pages.my_places()
    here = next((place for place in places if place.slug == g.slug), None)
    if here is None:
        return _kept_out()
    g.here, g.my_role = here, LABELS[Role(here.role)]
    g.my_organisations = _switcher(places)
    g.may = here.standing.may
    if cookie(ORGANISATION_COOKIE) != here.public_id:
        after_this_request(_remember)
    return None


def _kept_out() -> Response:
    """To who is blocked here it is said, with whom to ask; to everybody else nothing is here. What another
    organisation's provider said tells nothing of this one (FD-14)."""
    found = next((each for each in blocking.keeping_out(g.me.user_id) if each.slug == g.slug), None)
    if found is None or g.me.lent_by not in ("", found.public_id):
        abort(404)
    return pages.page("organisations/blocked.html", 403, blocked=found)


def meet_demands() -> Response | None:
    """What the organisation demands of a sign-in (G10): whoever lacks a step sees the wall, and may leave at most."""
    missing = policy.missing_steps(g.me, g.here.demands, policy.proved_by(g.me))
    if not missing:
        return None
    g.may = _only_leave
    return None if g.here.role in _before_the_wall() else wall(missing)


def begin_work() -> None:
    """From here on rows are the organisation's."""
    g.stack.enter_context(working_for(g.here))
    switching.touch(g.here)


def wall(missing: tuple[policy.Step, ...]) -> Response:
    """Whatever was asked for: which step is missing, and the ways out (G10-R2). Nothing else of the organisation."""
    others = [place for place in g.my_organisations if not place["is_current"]]
    return pages.page("organisations/wall.html", 403, missing=missing, steps=policy.Step, others=others,
                      next=_place() or url_for("overview.show"), may_leave=g.here.role == Role.EXTERNAL)


def _before_the_wall() -> frozenset[Role]:
    """Who gets to this route although a step is missing: it says so itself (`before_wall=`)."""
    return getattr(current_app.view_functions[request.endpoint or ""], "before_wall", frozenset())


def _only_leave(right: Right) -> bool:
    return right is Right.LEAVE


def _remember(response: Response) -> Response:
    """Where this browser was last: said to it, not written down by us, since looking changes nothing."""
    response.set_cookie(named(ORGANISATION_COOKIE), g.here.public_id, max_age=PLACE_LIFE, httponly=True, samesite="Lax",
                        secure=setting.secure)
    return response


def _switcher(places: Any) -> list[dict[str, Any]]:
    """One's organisations, each with the address of this same page there, or of the overview if it is not open."""
    path, needs = navigation.same_page()
    return [{"name": place.name, "initials": place.initials, "tone": place.tone, "logo_url": place.logo_url,
             "role": LABELS[place.role], "public_id": place.public_id, "is_current": place.slug == g.get("slug"),
             "href": f"/o/{place.slug}{path if place.standing.may(needs) else '/?instead'}"}
            for place in places]


# --- ways on -----------------------------------------------------------------------------------


def sign_in_first() -> Response:
    """To the sign-in page, and back to this place afterwards."""
    return _away(url_for("signin.form", next=_place()), 401)


def renew_first() -> Response:
    """To a new password: the present one may be somebody else's, and opens nothing but this."""
    return _away(url_for("securing.password"), 401)


def prove_first() -> Response:
    """To a fresh proof, and back to where the form is."""
    return _away(url_for("prove.form", next=_place()), 401)


def _place() -> str | None:
    """The path to come back to: this page, or for a POST the page with its form."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return local(request.path) or local(urlsplit(pages.header("Referer")).path)


def _away(address: str, status_for_htmx: int) -> Response:
    if pages.header("HX-Request") == "true":
        response = make_response("", status_for_htmx)
        response.headers["HX-Redirect"] = address
        return response
    return redirect(address, 303)  # type: ignore[return-value]


def local(path: str | None) -> str | None:
    """A path of ours that shows a page, or nothing (WB-07). Its query may stay."""
    if not path or not path.startswith("/") or path[1:2] in ("/", "\\") or not path.isprintable():
        return None
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or "\\" in path:
        return None
    try:
        _not_for_others(parts.path)
        current_app.url_map.bind(setting.host).match(parts.path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    return path


def tidy(**ordinary: str) -> Response | None:
    """A filter form sends its empty fields, too: on to the address without them. `ordinary`: what is so anyway."""
    said = {name: value for name, value in request.args.items()
            if (value or name == "last") and ordinary.get(name) != value}
    if len(said) == len(request.args):
        return None
    return redirect(f"{request.path}?{urlencode(said)}" if said else request.path, 303)  # type: ignore[return-value]


def done(message: Any, endpoint: str, **values: Any) -> Response:
    """After a change: say so once, and go on to a page (decision 7: 303)."""
    flash(str(message), "done")
    return go(endpoint, **values)


def done_there(message: Any, endpoint: str) -> Response:
    """After a change that was begun on some other page (`next`): back to it, or else on to that of the thing."""
    flash(str(message), "done")
    return redirect(local(request.args.get("next")) or url_for(endpoint), 303)  # type: ignore[return-value]


def go(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(endpoint, **values), 303)  # type: ignore[return-value]
