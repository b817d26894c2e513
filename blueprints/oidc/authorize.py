"""The door of applications: who is here, may they, do they want to; then back, with a code (OpenID Connect Core §3.1).

A form of ours never ends at somebody else's site, since browsers hold the whole chain after it to our policy: whoever
was sent on a detour is handed over by a page of its own (OP-25, OP-27).
"""
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Response, g, redirect, request, url_for

import web
from blueprints._closed import closed
from forms import Form, Text
from limits import AUTHORIZE
from oidc import asking, scopes, watching
from oidc.asking import Answered, Asked, Closed, Next, Query, Verdict
from oidc.refusals import Denied, Untrusted
from organisations.policy import Step
from pages import page
from rules import Conflict, NotHere, Refused
from web import ANYONE, SIGNED_IN, Blueprint

blueprint = Blueprint("authorize", __name__)


class ConsentForm(Form):
    query = Text()
    question = Text()
    answer = Text()


@blueprint.page(asking.DOOR, needs=ANYONE, limit=AUTHORIZE)
def show() -> Response:
    query = asking.pairs(request.args.items(multi=True))
    try:
        return considered(query, asking.read(query))
    except Answered as at_once:
        watching.asked(at_once.client, g.me, "malformed", at_once.error)
        return back(at_once.address)
    except Untrusted as no:
        if no.client:
            watching.asked(no.client, g.me, "address", request.args.get("redirect_uri", ""))
        return page("oidc/untrusted.html", 400, why=no.why)


@blueprint.action(asking.DOOR, needs=ANYONE, machine=True)
def by_form() -> Response:
    """An application may send its request as a form; it goes on as an address, with which the cookies come."""
    return redirect(here(asking.pairs(request.form.items(multi=True))), 303)  # type: ignore[return-value]


@blueprint.action("/oauth/authorize/consent", needs=SIGNED_IN)
def answer() -> Response:
    form = ConsentForm()
    query, yes = parse_qsl(form.query.data or "", keep_blank_values=True), form.answer.data == "allow"
    if not form.validate():
        raise Conflict(asking.TOO_LATE)
    mark = asking.answered(query, form.question.data or "", g.me, yes=yes)
    return redirect(here(query, mark) if yes else f"/oauth/authorize/refused?{urlencode(query)}", 303)  # type: ignore[return-value]


@blueprint.page("/oauth/authorize/refused", needs=ANYONE)
def refused() -> Response:
    """The way back of who said no."""
    try:
        asked = asking.read(asking.pairs(request.args.items(multi=True)))
    except (Untrusted, Answered):
        raise NotHere from None
    return handed_over(asked.refused(Denied("access_denied", "The person said no.")), asked)


# --- what comes next ---------------------------------------------------------------------------


def considered(query: Query, asked: Asked) -> Response:
    session = g.me.session_public_id if g.me else ""
    mark = asking.mark_of(query, request.args.get("asked", ""), session)
    if g.me and g.me.must_renew:
        return web.renew_first()
    watching.asked(asked.client, g.me)
    try:
        verdict = asking.consider(asked, g.me, mark)
        if verdict.next is not Next.GO:
            return STEPS[verdict.next](query, asked, verdict)
        if watching.refuses(asked.client, g.me):
            return back(asked.refused(Denied("access_denied", "This is a test of what a no looks like.")), asked)
        return back(asking.grant(asked, g.me, verdict, mark), asked)
    except Closed as no:
        watching.closed(asked.client, g.me)
        if asked.silent:
            return back(asked.refused(no), asked)
        return without_referrer(closed(no.place, no.found, no.decision, asked.refused(no)))
    except Denied as no:
        return back(asked.refused(no), asked)
    except Refused:                             # the detour was used before: from the beginning
        return redirect(here(query), 303)  # type: ignore[return-value]


def sign_in(query: Query, _asked: Asked, _verdict: Verdict) -> Response:
    return redirect(url_for("signin.form", next=here(query, asking.marked(query))), 303)  # type: ignore[return-value]


def prove(query: Query, _asked: Asked, _verdict: Verdict) -> Response:
    return redirect(url_for("prove.form", next=here(query, asking.marked(query))), 303)  # type: ignore[return-value]


def choose(query: Query, asked: Asked, verdict: Verdict) -> Response:
    """For which organisation: asked only where there are several (domain of one authorization, not of the session)."""
    mark = request.args.get("asked", "")
    ways = [(place, here([*query, ("organisation", place.organisation)], mark)) for place in verdict.places]
    return page("oidc/chooser.html", application=asked.client.label, ways=ways)


def wall(query: Query, asked: Asked, verdict: Verdict) -> Response:
    """What the organisation asks for before anything of it opens, and then back."""
    return page("organisations/wall.html", 403, here=verdict.place, missing=verdict.steps, steps=Step, others=(),
                may_leave=False, next=here(query, asking.marked(query)))


def consent(query: Query, asked: Asked, verdict: Verdict) -> Response:
    return page("oidc/consent.html", application=asked.client.label, place=verdict.place, query=urlencode(query),
                sentences=[scopes.SENTENCES[each] for each in asked.scopes], email=g.me.email,
                question=asking.marked(query, asking.QUESTION, g.me.session_public_id))


STEPS: dict[Next, Any] = {Next.SIGN_IN: sign_in, Next.PROVE: prove, Next.CHOOSE: choose, Next.STEPS: wall,
                          Next.CONSENT: consent}


# --- ways --------------------------------------------------------------------------------------


def here(query: Query, mark: str = "") -> str:
    """This request as an address of ours."""
    return f"{asking.DOOR}?{urlencode([*query, *([('asked', mark)] if mark else [])])}"


def back(address: str, asked: Asked | None = None) -> Response:
    """To the application: at once, or, at the end of a detour with forms, by a page."""
    if "asked" in request.args:
        return handed_over(address, asked)
    return without_referrer(redirect(address, 303))


def handed_over(address: str, asked: Asked | None) -> Response:
    return without_referrer(page("oidc/onward.html", away=address, application=asked.client.label if asked else ""))


def without_referrer(response: Any) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    return response  # type: ignore[no-any-return]
