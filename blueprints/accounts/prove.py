"""A fresh proof from inside a session, then back to where one was (decision 11)."""
from flask import Response, g, jsonify, request, session, url_for
from wtforms.validators import ValidationError

import entering
import pages
import web
from accounts import passkeys, signin
from forms import REQUIRED, Form, Secret, Text
from i18n import _l
from models import User
from pages import page
from rules import NotHere
from web import SIGNED_IN, Blueprint

blueprint = Blueprint("prove", __name__)


class ProveForm(Form):
    """The password and, where one is active, a second factor; or a passkey, which takes the place of both."""

    password = Secret(_l("Password"))
    factor = Text(_l("Way"))
    code = Text(_l("Code"))

    def validate_password(self, field: Secret) -> None:
        if not field.data and self.factor.data != passkeys.ALONE:
            raise ValidationError(REQUIRED)


@blueprint.page("/prove", needs=SIGNED_IN)
def form() -> Response:
    chosen = request.args.get("with", "")
    if pages.for_script():
        return asked(chosen)
    return shown(ProveForm(factor=chosen))


@blueprint.action("/prove", needs=SIGNED_IN)
def give() -> Response:
    proof = ProveForm()
    if not proof.submit_to(proved):
        return shown(proof, 422)
    entering.carry(proof.result, stay=session.permanent)
    return web.redirect(place() or url_for("public.home"), 303)  # type: ignore[return-value]


def proved(password: str, factor: str, code: str) -> str:
    before = entering.asked(f"proof {factor}")
    if factor == passkeys.ALONE:
        return signin.prove_by_passkey(g.me, code, before)
    return signin.prove_again(g.me, password, factor, code, before)


def shown(proof: ProveForm, status: int = 200) -> Response:
    user = User.get_by_id(g.me.user_id)
    factors = signin.factors_of(user)
    chosen = proof.factor.data if proof.factor.data in factors else next(iter(factors), "")
    facts, asked = factors[chosen].ask(user) if chosen and not factors[chosen].scripted else ({}, {})
    response = page("accounts/prove.html", status, form=proof, factors=factors, chosen=chosen, asked=asked,
                    by_passkey=passkeys.opening(user), has_password=bool(user.password), next=place())
    return entering.asking(response, f"proof {chosen}", facts) if facts else response


def asked(chosen: str) -> Response:
    """What a script has a key answer: as one of two proofs, or alone."""
    user = User.get_by_id(g.me.user_id)
    if chosen == passkeys.ALONE:
        facts, options = passkeys.ask(passkeys.opening(user), alone=True)
    elif (factor := signin.factors_of(user).get(chosen)) and factor.scripted:
        facts, options = factor.ask(user)
    else:
        raise NotHere
    return entering.asking(jsonify(options), f"proof {chosen}", facts)


def place() -> str | None:
    return web.local(request.args.get("next"))
