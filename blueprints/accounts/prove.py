"""A fresh proof from inside a session, then back to where one was (decision 11)."""
from typing import Any

from flask import Response, flash, g, jsonify, request, session, url_for
from wtforms.validators import ValidationError

import entering
import pages
import web
from accounts import beginnings, identities, passkeys, profile, signin
from accounts.backends import Backend
from accounts.factors import Factor
from forms import REQUIRED, Form, Secret, Text
from i18n import _l
from models import User
from pages import page
from rules import NotHere
from web import BEGUN_COOKIE, SIGNED_IN, Blueprint

blueprint = Blueprint("prove", __name__)


class ProveForm(Form):
    """The password and, where one is active, a second factor; or a passkey, which takes the place of both."""

    password = Secret(_l("Password"))
    factor = Text(_l("Way"))
    code = Text(_l("Code"))

    def validate_password(self, field: Secret) -> None:
        if not field.data and self.factor.data != passkeys.ALONE:
            raise ValidationError(REQUIRED)


@blueprint.page("/prove", needs=SIGNED_IN, renewing=True, lent=True)
def form() -> Response:
    chosen = request.args.get("with", "")
    if pages.for_script():
        return asked(chosen)
    return shown(ProveForm(factor=chosen))


@blueprint.action("/prove", needs=SIGNED_IN, renewing=True, lent=True)
def give() -> Response:
    proof = ProveForm()
    before = entering.asked(f"proof {proof.factor.data}")
    if not proof.submit_to(lambda password, factor, code: proved(password, factor, code, before)):
        return shown(proof, 422, before)
    if not entering.carry(proof.result, stay=session.permanent):
        return web.sign_in_first()
    return web.redirect(place() or url_for("public.home"), 303)  # type: ignore[return-value]


def proved(password: str, factor: str, code: str, before: dict[str, Any]) -> str:
    if factor == passkeys.ALONE:
        return signin.prove_by_passkey(g.me, code, before)
    return signin.prove_again(g.me, password, factor, code, before)


@blueprint.action("/prove/again", needs=SIGNED_IN, renewing=True, lent=True)
def ask_again() -> Response:
    """Another code, for the same proof."""
    kind, person = ProveForm().factor.data, profile.me()
    response = web.go(".form", **{"with": kind, "next": place()})
    factor = signin.factors_of(person, inside=True).get(kind)
    if factor and factor.another:
        facts, asked = factor.ask(person)
        if facts:
            entering.asked(f"proof {kind}")
            entering.asking(response, f"proof {kind}", facts)
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
                    by_passkey=passkeys.opening(person), has_password=has_password(person, elsewhere))
    return entering.asking(response, f"proof {chosen}", facts) if facts else response


def question(factor: Factor, person: User, before: dict[str, Any] | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is to be kept for the answer, and what the page shows; asked anew unless something asked still holds."""
    if not factor.asks or factor.scripted:
        return {}, {}
    held = before or beginnings.held(web.cookie(BEGUN_COOKIE), f"proof {factor.name}", session=g.me.session_id)
    asked = factor.again(held)
    return (before or {}, asked) if asked is not None else factor.ask(person)


def has_password(person: User, elsewhere: list[Backend]) -> bool:
    """Is there one to be typed: kept here, or in a directory?"""
    return bool(person.password) or any(way.typed for way in elsewhere)


def asked(chosen: str) -> Response:
    """What a script has a key answer: as one of two proofs, or alone."""
    person = profile.me()
    if chosen == passkeys.ALONE:
        facts, options = passkeys.ask(passkeys.opening(person), alone=True)
    elif (factor := signin.factors_of(person).get(chosen)) and factor.scripted:
        facts, options = factor.ask(person)
    else:
        raise NotHere
    return entering.asking(jsonify(options), f"proof {chosen}", facts)


def place() -> str | None:
    return web.local(request.args.get("next"))
