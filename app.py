"""Puts the parts together, in order."""
import gc
import logging
from typing import Any

import peewee
from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException

import assets
import blueprints
import commands
import crypto
import db
import i18n
import logs
import outbox
import pages
import plugins
import rules
import web
import worker
from accounts import identities, sessions
from settings import setting
from tenancy import number_at_work

log = logging.getLogger(__name__)

HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
                                "base-uri 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
SECURE_HEADERS = (("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),)
PAGE_HEADERS = (("Cache-Control", "no-store"),
                ("Vary", "Cookie, HX-Request, HX-Request-Type, HX-Target, Accept-Encoding"))
LARGEST = 4 << 20                               # bytes of a request: a logo and its form


def create_app() -> Flask:
    logs.begin(number_at_work)
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config.update(
        SECRET_KEY=None if commands.said() else crypto.purpose_key("cookie"),
        MAX_CONTENT_LENGTH=LARGEST, MAX_FORM_MEMORY_SIZE=256 << 10, MAX_FORM_PARTS=500,
        SESSION_COOKIE_NAME="__Host-kanton" if setting.secure else "kanton",
        SESSION_COOKIE_SECURE=setting.secure, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=sessions.LIFE_STAYING, SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False, WTF_CSRF_CHECK_DEFAULT=True)
    app.session_interface = SignedCookie()
    db.connect_to(setting.database)
    _recognise_people(app)
    app.before_request(web.open_request)
    app.url_defaults(web.keep_language)
    forgery = CSRFProtect(app)
    app.teardown_request(web.close_request)
    app.after_request(_finish)
    for blueprint in blueprints.all_of_them():
        app.register_blueprint(blueprint)
    for view in app.view_functions.values():
        if getattr(view, "machine", False):
            forgery.exempt(view)
    _answer_errors(app)
    commands.add_to(app)
    plugins.require_all(setting)
    outbox.open_channels()
    outbox.wake.append(worker.nudge)
    assets.prepare()
    app.wsgi_app = _without_upgrades(app.wsgi_app)  # type: ignore[method-assign]
    if setting.secure:
        app.wsgi_app = _reached_by_https(app.wsgi_app)  # type: ignore[method-assign]
    gc.freeze()                                 # what stays as long as we run is not looked through again and again
    return app


class SignedCookie(SecureCookieSessionInterface):
    """Flask's own; what signs it is made once, not twice a request."""

    _signer: Any = None

    def get_signing_serializer(self, app: Flask) -> Any:
        self._signer = self._signer or super().get_signing_serializer(app)
        return self._signer


def _without_upgrades(serve: Any) -> Any:
    """We change to no other protocol, so that we answer as if nobody had asked for one (RFC 9110 §7.8): a proxy may
    ask the gate about a WebSocket with the very headers of it."""
    def plain(environment: dict[str, Any], start: Any) -> Any:
        environment.pop("HTTP_UPGRADE", None)
        return serve(environment, start)
    return plain


def _reached_by_https(serve: Any) -> Any:
    """People's browsers speak https to the proxy: what we send them elsewhere with must say so, too."""
    def secure(environment: dict[str, Any], start: Any) -> Any:
        return serve({**environment, "wsgi.url_scheme": "https"}, start)
    return secure


def _recognise_people(app: Flask) -> None:
    """The cookie's «user id» is a random session token (decision, «Flask-Login»)."""
    login = LoginManager()
    login.session_protection = None
    login.user_loader(identities.find)
    login.init_app(app)


def _finish(response: Response) -> Response:
    """Headers that every answer has, unless it said something else itself."""
    said = {name.lower() for name, _value in response.headers}
    static = request.endpoint == "files.static"
    more = [*HEADERS, *(SECURE_HEADERS if setting.secure else ()), *(() if static else PAGE_HEADERS)]
    response.headers.extend([(name, value) for name, value in more if name.lower() not in said])
    if static:
        return response
    if "request_id" in g:
        response.headers.add("X-Request-Id", g.request_id)
    return pages.compressed(response)


def _answer_errors(app: Flask) -> None:
    """Each refusal has its status; an error never shows more than its request's number."""
    answers: dict[type[Exception], int] = {
        rules.Forbidden: 403, rules.NotHere: 404, rules.Conflict: 409, rules.Gone: 410, rules.Refused: 422,
        rules.TooMany: 429, rules.Busy: 503}
    for kind, status in answers.items():
        app.register_error_handler(kind, lambda error, status=status: error_page(status, error))
    app.register_error_handler(rules.SignedOut, lambda _error: web.sign_in_first())
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, lambda error: _http(error))
    app.register_error_handler(peewee.OperationalError, _database_trouble)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400:
        return error
    return error_page(code, error, headers=[(name, value) for name, value in error.get_headers()
                                            if name in ("Allow", "Retry-After")])


def _forged(error: CSRFError) -> Any:
    """Without any cookie the browser keeps none: say so instead of turning in circles (G17-R1)."""
    if not request.cookies:
        return pages.page("no_cookies.html", 403)
    return error_page(403, error)


def _database_trouble(error: peewee.OperationalError) -> Any:
    log.error("request %s: database: %s", g.get("request_id"), error)
    if not db.database.is_closed() and not db.database.in_transaction():
        db.database.close()                     # a connection in trouble is not kept
    return error_page(503, error, headers=[("Retry-After", "30")])


def _unexpected(error: Exception) -> Any:
    log.exception("request %s: %s %s", g.get("request_id"), request.method, request.url_rule)   # its path may be a link
    return error_page(500, error)


def error_page(status: int, error: Exception, headers: Any = ()) -> Response:
    """A page that says what happened and the way on, in the reader's language; never from where it came."""
    wait = getattr(error, "wait", None)
    with i18n.speaking(i18n.voice()):
        response = pages.page("errors/error.html", status, status=status, wait=wait, why=getattr(error, "why", None))
    for name, value in headers:
        response.headers[name] = value
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response
