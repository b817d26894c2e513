"""A fresh proof from inside a session, then back to where one was (decision 11)."""
from typing import Any

from flask import Response, flash, g, request, session, url_for

import entering
import web
from accounts import beginnings, identities, profile, signin
from accounts.factors import Factor
from forms import Form, Secret, Text, required
from i18n import _l
from models import User
from pages import page
from rules import NotHere
from web import BEGUN_COOKIE, SIGNED_IN, Blueprint

blueprint = Blueprint("prove", __name__)


class ProveForm(Form):
    password = Secret(_l("Password"), [required()])
    factor = Text(_l("Way"))
    code = Text(_l("Code"))


@blueprint.page("/prove", needs=SIGNED_IN)
def form() -> Response:
    return shown(ProveForm(factor=request.args.get("with", "")))


@blueprint.action("/prove", needs=SIGNED_IN)
def give() -> Response:
    proof = ProveForm()
    asked = asked_before(proof.factor.data)
    if not proof.submit_to(lambda password, factor, code: signin.prove_again(g.me, password, factor, code, asked)):
        return shown(proof, 422, asked)
    entering.carry(proof.result, stay=session.permanent)
    return web.redirect(place() or url_for("public.home"), 303)  # type: ignore[return-value]


@blueprint.action("/prove/again", needs=SIGNED_IN)
def ask_again() -> Response:
    """Another code, for the same proof."""
    kind, person = ProveForm().factor.data, profile.me()
    response = web.go(".form", **{"with": kind, "next": place()})
    factor = signin.factors_of(person, inside=True).get(kind)
    if factor and factor.another:
        facts, asked = factor.ask(person)
        if facts:
            asked_before(kind)
            keep(response, kind, facts)
        else:
            flash(str(asked["refused"]), "warning")
    return response


def shown(proof: ProveForm, status: int = 200, before: dict[str, Any] | None = None) -> Response:
    """`before`: what was asked and answered wrongly; it is shown again if it still holds."""
    person = profile.me()
    factors = signin.factors_of(person, inside=True)
    chosen = proof.factor.data if proof.factor.data in factors else next(iter(factors), "")
    facts, asked = question(factors[chosen], person, before) if chosen else ({}, {})
    elsewhere = identities.elsewhere(person)
    response = page("accounts/prove.html", status, form=proof, factors=factors, chosen=chosen, asked=asked,
                    next=place(), ways=[way for way in elsewhere if not way.typed],
                    typed=not elsewhere or any(way.typed for way in elsewhere))
    keep(response, chosen, facts)
    return response


def question(factor: Factor, person: User, before: dict[str, Any] | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is to be kept for the answer, and what the page shows; asked anew unless something asked still holds."""
    if not factor.asks:
        return {}, {}
    held = before or beginnings.held(web.cookie(BEGUN_COOKIE), f"proof {factor.name}", session=g.me.session_id)
    asked = factor.again(held)
    return (before or {}, asked) if asked is not None else factor.ask(person)


def keep(response: Response, kind: str, facts: dict[str, Any]) -> None:
    if facts:
        secret = beginnings.begin(f"proof {kind}", facts, user=g.me.user_id, session=g.me.session_id)
        entering.keep(response, BEGUN_COOKIE, secret, int(beginnings.LIFE.total_seconds()))


def asked_before(factor: str) -> dict[str, Any]:
    """What the factor asked when the page was shown, for one use and in this session only (WA-02, WA-03)."""
    try:
        return dict(beginnings.take(web.cookie(BEGUN_COOKIE), f"proof {factor}", session=g.me.session_id).facts)
    except NotHere:
        return {}


def place() -> str | None:
    return web.local(request.args.get("next"))
