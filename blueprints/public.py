"""The front door: home, health, language, what cookies are for, which messages are ours."""
from flask import Response, g, make_response, redirect, request, url_for

import entering
import web
from accounts import profile
from accounts.factors import sms
from db import database
from organisations import switching
from pages import page
from settings import setting
from web import ANYONE, LANGUAGE_COOKIE, ORGANISATION_COOKIE, Blueprint, go

blueprint = Blueprint("public", __name__)


@blueprint.page("/", needs=ANYONE)
def home() -> Response:
    """To the organisation last open, or to all of mine, or to the sign-in page; operators have a console instead."""
    if g.me is None:
        return go("signin.form")
    places = switching.places(g.me.user_id)
    last = switching.last_open(places, web.cookie(ORGANISATION_COOKIE))
    if last:
        return go("overview.show", organisation=last.slug)
    return go("operator.show" if g.me.operator else "my_organisations.show")


@blueprint.page("/healthz", needs=ANYONE)
def healthz() -> Response:
    """200 `ok` when the database answers."""
    try:
        database.connect(reuse_if_open=True)
        database.execute_sql("SELECT 1").fetchone()
    except Exception:
        return make_response("database unavailable\n", 503, {"Content-Type": "text/plain; charset=utf-8"})
    return make_response("ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"})


@blueprint.action("/language", needs=ANYONE)
def language() -> Response:
    """A visitor's choice of language, kept in a cookie, or one's own; then back to where they were."""
    chosen = request.form.get("language", "")
    if g.me and not g.me.lent_by and chosen in setting.languages:
        profile.speak(chosen)
    response = redirect(web.local(request.form.get("back")) or url_for(".home"), 303)
    if chosen in setting.languages:
        entering.keep(response, LANGUAGE_COOKIE, chosen, 365 * 86400)
    return response  # type: ignore[return-value]


@blueprint.page("/cookies", needs=ANYONE)
def cookies() -> Response:
    """Which cookies there are, what for and how long (G17-R2)."""
    return page("cookies.html", named=web.named)


@blueprint.page("/messages", needs=ANYONE)
def messages() -> Response:
    """Who writes for us and what, for whoever doubts a message (G4)."""
    return page("messages.html", sender=setting.sender, home=setting.base_url, texts=sms.on())
