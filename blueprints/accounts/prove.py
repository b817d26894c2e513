"""A fresh proof from inside a session, then back to where one was (decision 11)."""
from flask import Response, g, request, session, url_for

import entering
import web
from accounts import signin
from forms import Form, Secret, Text, required
from i18n import _l
from models import User
from pages import page
from web import SIGNED_IN, Blueprint

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
    if not proof.submit_to(lambda password, factor, code: signin.prove_again(g.me, password, factor, code)):
        return shown(proof, 422)
    entering.carry(proof.result, stay=session.permanent)
    return web.redirect(place() or url_for("public.home"), 303)  # type: ignore[return-value]


def shown(proof: ProveForm, status: int = 200) -> Response:
    factors = signin.factors_of(User.get_by_id(g.me.user_id))
    chosen = proof.factor.data if proof.factor.data in factors else next(iter(factors), "")
    return page("accounts/prove.html", status, form=proof, factors=factors, chosen=chosen, next=place())


def place() -> str | None:
    return web.local(request.args.get("next"))
