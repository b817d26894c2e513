"""Signing in and out."""
from flask import Response, flash, g, jsonify, request

import entering
import pages
import web
from accounts import devices, sessions, signin
from forms import EmailAddress, Form, Secret, Text, Tick, required
from i18n import _, _l, ngettext
from models import Attempt
from pages import page
from rules import NotHere, Refused
from web import ANYONE, ATTEMPT_COOKIE, Blueprint, go

blueprint = Blueprint("signin", __name__)


class SignInForm(Form):
    email = EmailAddress(_l("E-mail address"), [required()])
    password = Secret(_l("Password"), [required()])
    stay = Tick(_l("Stay signed in on this device"))


class SecondStepForm(Form):
    factor = Text(_l("Way"))
    code = Text(_l("Code"), [required()])
    remember = Tick(_l("Remember this browser for 30 days"))


@blueprint.page("/signin", needs=ANYONE)
@pages.same_for_visitors
def form() -> Response:
    if g.me:
        return go("public.home")
    return shown(SignInForm(), place=web.local(request.args.get("next")))


@blueprint.action("/signin", needs=ANYONE)
def enter() -> Response:
    entry = SignInForm()
    place = web.local(request.args.get("next")) or ""
    device = entering.this_device()
    if not entry.submit_to(lambda email, password, stay: signin.with_password(
            email, password, stay=stay, device=device, place=place)):
        return shown(entry, 422, place)
    return entering.on(entry.result, stay=entry.stay.data)


@blueprint.page("/signin/second-step", needs=ANYONE)
def second_step() -> Response:
    attempt = signin.half_way(web.cookie(ATTEMPT_COOKIE))
    if attempt is None:
        return go(".form")
    chosen = request.args.get("with", "")
    if pages.for_script():
        return jsonify(signin.ask(attempt, chosen))
    return challenge(attempt, SecondStepForm(factor=chosen))


@blueprint.action("/signin/second-step", needs=ANYONE)
def prove() -> Response:
    token = web.cookie(ATTEMPT_COOKIE)
    attempt = signin.half_way(token)
    if attempt is None:
        return go(".form")
    answer = SecondStepForm()
    device = entering.this_device()
    kind = answer.factor.data or next(iter(signin.factors_of(attempt.user)), "")
    try:
        if not answer.submit_to(lambda factor, code, remember: signin.with_second_step(
                token, kind, code, device=device, remember=remember)):
            if signin.half_way(token) is None:
                return too_often(signin.pause(attempt))
            return challenge(attempt, answer, 422)
    except NotHere:
        return go(".form")
    response = entering.let_in(answer.result, stay=attempt.stay)
    entering.forget(response, ATTEMPT_COOKIE)
    return response


@blueprint.action("/signin/second-step/again", needs=ANYONE)
def ask_again() -> Response:
    """Another code, for the same sign-in: the wrong ones stay counted."""
    attempt, kind = signin.half_way(web.cookie(ATTEMPT_COOKIE)), SecondStepForm().factor.data
    if attempt is None:
        return go(".form")
    factor = signin.factors_of(attempt.user).get(kind)
    if factor and factor.another and (refused := signin.ask(attempt, kind, anew=True).get("refused")):
        flash(str(refused), "warning")
    return go(".second_step", **{"with": kind})


@blueprint.action("/signin/cancel", needs=ANYONE)
def cancel() -> Response:
    """«This is not me»: the half-way sign-in ends."""
    signin.give_up(web.cookie(ATTEMPT_COOKIE))
    response = go(".form")
    entering.forget(response, ATTEMPT_COOKIE)
    return response


@blueprint.action("/signout", needs=ANYONE)
def leave() -> Response:
    if g.me:
        sessions.sign_out(g.me)
    return entering.let_out(go(".form"))


def shown(entry: Form, status: int = 200, place: str | None = None) -> Response:
    """The sign-in page: the form, if there is a typed backend, and the other ways. A directory has names, too."""
    typed = signin.typed()
    return page("accounts/signin.html", status, form=entry, next=place or None, ways=signin.ways(),
                typed=bool(typed), names=any(backend.linked for backend in typed))


def challenge(attempt: Attempt, form: Form, status: int = 200) -> Response:
    """One factor, and the others. While codes pause, what cannot be guessed goes on."""
    user, pause = attempt.user, signin.pause(attempt)
    factors = {name: factor for name, factor in signin.factors_of(user).items() if factor.scripted or not pause}
    chosen = form.factor.data if form.factor.data in factors else next(iter(factors), "")
    asked = signin.ask(attempt, chosen) if chosen and not factors[chosen].scripted else {}
    return page("accounts/second_step.html", status, form=form, factors=factors, chosen=chosen, asked=asked,
                email=user.email_typed, pause=pause, tries=signin.tries_left(attempt),
                spares=devices.spares(user) and not sessions.lent_by(attempt.proofs.split()))


def too_often(pause: int) -> Response:
    """Five wrong answers: the sign-in begins anew with the password, after a pause."""
    entry = SignInForm(email="")
    entry.refuse(Refused(_("Too many wrong codes. Sign in again with your password.") if not pause else ngettext(
        "Too many wrong codes. Sign in again with your password, in %(num)s minute.",
        "Too many wrong codes. Sign in again with your password, in %(num)s minutes.", -(-pause // 60))))
    response = shown(entry, 422)
    entering.forget(response, ATTEMPT_COOKIE)
    return response
