"""Pages: one template each, whole or the block that htmx is going to replace."""
import secrets
import zlib
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import urlencode

import flask
from flask import Response, g, get_flashed_messages, make_response, request, session
from flask_wtf.csrf import generate_csrf

import assets
import crypto
import i18n
import navigation
import templating
from organisations import switching
from organisations.switching import Place
from settings import setting

COMPRESS_FROM = 600                             # bytes; smaller answers fit one packet anyway
DIALOG = "modal"                                # what it holds is no page: the title stays that of the page below
PLACE_IN_LIST = ("after", "before", "last")     # which a changed filter forgets


def page(template: str, status: int = 200, /, **context: Any) -> Response:
    """Render a page, or the one block of it whose name is the target's id (decision 7)."""
    context = {**shell(), "failed": status == 422, **context}
    block = target() if partial() else ""
    known = bool(block) and templating.has_block(template, block)
    if known:
        html = templating.render_block(template, block, **context) + templating.render("parts/toast.html", **context)
        if block != DIALOG:
            html += f"<title>{templating.render_block(template, 'page_title', **context)}</title>"
    else:
        html = templating.render(template, **context)
    response = _spoken(html, status)
    if block and not known:
        _becomes_the_page(response)
    return response


def same_for_visitors(view: Callable[[], Response]) -> Callable[[], Response]:
    """A page that says the same to everybody who is not signed in: put together once a language, then only given the
    token of its forms. Whoever asks for more than the page, or is told something by it, gets one of their own."""
    kept: dict[Any, list[str]] = {}

    @wraps(view)
    def shown() -> Response:
        if g.me or request.query_string or partial() or "_flashes" in session or setting.debug:
            return view()
        voice, token = i18n.voice(), generate_csrf()
        key = (setting.in_force, voice.language, voice.words)
        if key not in kept:
            kept[key] = view().get_data(as_text=True).split(token)
        return _spoken(token.join(kept[key]))
    return shown


def _spoken(html: str, status: int = 200) -> Response:
    response = make_response(html, status)
    response.headers["Content-Language"] = i18n.voice().language
    return response


def _becomes_the_page(response: Response) -> None:
    """htmx asked for a part that this page does not have (a dialog has done its work, or an error): all of it."""
    response.headers.update({"HX-Retarget": "body", "HX-Reswap": "outerSync show:top"})
    if request.method == "GET":
        response.headers["HX-Push-Url"] = request.full_path.rstrip("?")


def partial() -> bool:
    return (header("HX-Request") == "true" and header("HX-Request-Type") != "full"
            and not header("HX-History-Restore-Request"))


def target() -> str:
    """The id of what htmx replaces: `section#people` says people."""
    return header("HX-Target").partition("#")[2]


def for_script() -> bool:
    """Does a script ask, which wants no page but what the page would ask?"""
    return header("Accept").startswith("application/json")


def header(name: str) -> str:
    """What the browser says under this name; empty when it says nothing, which the library makes an exception of."""
    return request.environ.get("HTTP_" + name.upper().replace("-", "_"), "")  # type: ignore[no-any-return]


def shell() -> dict[str, Any]:
    """What every template may ask for, whoever looks at it."""
    here = g.get("here")
    return {
        "me": g.get("me"), "here": here, "my_role": g.get("my_role"), "request_id": g.get("request_id", ""),
        "my_organisations": g.get("my_organisations", ()), "navigation": navigation.side(), "crumbs": (),
        "account_entries": navigation.account_menu(), "help": navigation.help_address(),
        "may": g.get("may", _nothing), "languages": [(code, i18n.NAMES[code]) for code in setting.languages],
        "announced": _announced, "path": _back(),
        "signup_open": setting.signup == "open",
        "instance": setting.instance, "support": setting.support, "demo": setting.demo,
    }


def my_places() -> list[Place]:
    """The organisations of whoever looks, read once a request."""
    if "places" not in g:
        g.places = switching.places(g.me.user_id)
    return g.places  # type: ignore[no-any-return]


def _announced() -> list[Any]:
    """Those of them that are going to demand a second factor which this person lacks, the soonest first: all where they
    were read anyway, else the first."""
    if g.get("me") is None or g.me.two_factor:
        return []
    if "places" not in g:
        return [g.me.announced] if g.me.announced else []
    return sorted((place for place in my_places() if place.announced), key=lambda place: place.announced)  # type: ignore[arg-type, return-value]


def _back() -> str:
    """This page, for the language form. Of a visitor's query only the place to go on to is kept (LG-17)."""
    place = request.args.get("next")
    return f"{request.path}?{urlencode({'next': place})}" if place else request.path


def same_page(**changes: Any) -> str:
    """This page with other values in its query; None takes one away. Its place in a list begins anew."""
    query = {name: value for name, value in request.args.items() if name not in (*PLACE_IN_LIST, "lang")}
    query = {name: value for name, value in (query | changes).items() if value is not None}
    return f"{request.path}?{urlencode(query)}" if query else request.path


def tone(public_id: str) -> int:
    """1 to 5, the colour of a person's initials: always the same."""
    return crypto.CROCKFORD.find(public_id[0]) % 5 + 1


def url_for(endpoint: str, **values: Any) -> str:
    """An address of ours. What was asked before is answered from memory: putting one together costs more than saying
    ten sentences."""
    blueprint = request.blueprint if endpoint.startswith(".") else None
    asked = request.args.get("lang") if g.get("me") is None else None
    return _address(f"{blueprint}{endpoint}" if blueprint else endpoint, g.get("slug"), asked, tuple(values.items()))


@lru_cache(2048)
def _address(endpoint: str, _slug: str | None, _language: str | None, values: tuple[tuple[str, Any], ...]) -> str:
    """`_slug` and `_language` are put in by the blueprints (web): the same address only where they are the same."""
    return flask.url_for(endpoint, **dict(values))


def _nothing(_right: Any) -> bool:
    return False


# What macros may call as well, although they see no page's context.
templating.names.update(csrf_token=generate_csrf, asset=assets.url, icon=assets.drawn, tone=tone, url_for=url_for,
                        same_page=same_page, get_flashed_messages=get_flashed_messages)
templating.constants.update(asset=assets.url, icon=assets.drawn)


def compressed(response: Response) -> Response:
    """HTML leaves compressed, with filling of random length, so that its size tells nothing (BREACH)."""
    if (response.mimetype not in ("text/html", "text/csv") or response.direct_passthrough or response.is_streamed
            or "gzip" not in header("Accept-Encoding") or "Content-Encoding" in response.headers):
        return response
    body = response.get_data()
    if len(body) < COMPRESS_FROM:
        return response
    if response.mimetype == "text/html":
        body += b"<!--" + secrets.token_hex(secrets.randbelow(32)).encode() + b"-->"
    # A window of 8 kB: what a page repeats is near, and to clear the usual 256 kB costs more than to compress.
    squeeze = zlib.compressobj(3, zlib.DEFLATED, 16 + 13, 6)
    response.set_data(squeeze.compress(body) + squeeze.flush())
    response.headers["Content-Encoding"] = "gzip"
    return response
