"""A fresh proof from inside a session, then back to where one was (decision 11)."""
from typing import Any

from flask import Response, g, request, session, url_for

import entering
import web
from accounts import beginnings, signin
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


@blueprint.page("/prove", needs=SIGNED_IN, renewing=True)
def form() -> Response:
    return shown(ProveForm(factor=request.args.get("with", "")))


@blueprint.action("/prove", needs=SIGNED_IN, renewing=True)
def give() -> Response:
    proof = ProveForm()
    if not proof.submit_to(lambda password, factor, code: signin.prove_again(
            g.me, password, factor, code, asked_before(factor))):
        return shown(proof, 422)
    entering.carry(proof.result, stay=session.permanent)
    return web.redirect(place() or url_for("public.home"), 303)  # type: ignore[return-value]


def shown(proof: ProveForm, status: int = 200) -> Response:
    factors = signin.factors_of(User.get_by_id(g.me.user_id))
    chosen = proof.factor.data if proof.factor.data in factors else next(iter(factors), "")
    facts, asked = factors[chosen].ask(User.get_by_id(g.me.user_id)) if chosen and factors[chosen].asks else ({}, {})
    response = page("accounts/prove.html", status, form=proof, factors=factors, chosen=chosen, asked=asked,
                    next=place())
    if facts:
        secret = beginnings.begin(f"proof {chosen}", facts, user=g.me.user_id, session=g.me.session_id)
        entering.keep(response, BEGUN_COOKIE, secret, int(beginnings.LIFE.total_seconds()))
    return response


def asked_before(factor: str) -> dict[str, Any]:
    """What the factor asked when the page was shown, for one use and in this session only (WA-02, WA-03)."""
    try:
        return dict(beginnings.take(web.cookie(BEGUN_COOKIE), f"proof {factor}", session=g.me.session_id).facts)
    except NotHere:
        return {}


def place() -> str | None:
    return web.local(request.args.get("next"))
