"""The person's own security: factors, backup codes, and the way to password, address and sessions."""
from typing import Any

from flask import Response, g, jsonify, make_response, request, url_for

import entering
import pages
import plugins
import web
from accounts import agents, approvals, devices, identities, passwords, profile, pushes, second_factors
from accounts.factors import Factor, backup_codes
from accounts.sessions import CREDENTIALS
from forms import Choice, Form, NothingForm, Text, Tick, required
from i18n import _, _l
from limits import FACTOR_CONFIRM, PUSH
from models import Credential
from organisations import protection
from pages import page
from rules import NotHere
from settings import setting
from web import SIGNED_IN, Blueprint, done, go

blueprint = Blueprint("security", __name__)


class CodeForm(Form):
    code = Text(_l("Code"), [required()])


class NumberForm(Form):
    number = Text(_l("Mobile number"), [required()])


class EnrolForm(CodeForm):
    label = Text(_l("Name"))


class FirstForm(Form):
    kind = Choice(_l("Way"))

    def __init__(self, kinds: dict[str, Any], **start: object):
        super().__init__(**start)
        self.kind.offer((name, factor.label) for name, factor in kinds.items())


class LabelForm(Form):
    label = Text(_l("Name"))


class TrustForm(Form):
    trusts = Tick(_l("Browsers may be remembered for 30 days"))


class SwitchForm(Form):
    on = Tick(_l("On"))


class PushForm(Form):
    """Filled in by the script that asked the browser."""

    endpoint, key, secret = Text(), Text(), Text()


@blueprint.page("/account/security", needs=SIGNED_IN)
def show() -> Response:
    """Everything that proves who one is, at a glance."""
    (factors, beside), ways = second_factors.standing(g.me.user_id), identities.ways(g.me.user_id)
    return page("accounts/security.html", factors=factors, kinds=offered(), ways=ways, has_password=g.me.has_password,
                left=beside[backup_codes.BackupCodes.name] if g.me.two_factor else None,
                elsewhere=any(identity for way, identity in ways if not way.organisation))


@blueprint.page("/account/security/two-factor", needs=SIGNED_IN)
def two_factor() -> Response:
    """Which ways there are, and which are set up."""
    return ways()


@blueprint.action("/account/security/browsers", needs=SIGNED_IN, fresh=CREDENTIALS)
def trust() -> Response:
    """May a browser be remembered, so that it spares the second step?"""
    form = TrustForm()
    if form.submit_to(lambda trusts: devices.allow_trust(profile.me(), trusts)):
        return done(_("Browsers may be remembered.") if form.trusts.data else _("No browser is remembered."),
                    ".two_factor")
    return ways(form=form, status=422)


@blueprint.action("/account/security/first-factor", needs=SIGNED_IN)
def prefer() -> Response:
    """Which of several is asked for first (G7-R1)."""
    form = FirstForm(offered())
    if form.submit_to(lambda kind: second_factors.prefer(profile.me(), kind)):
        return done(_("From now on you are asked for this second factor first."), ".two_factor")
    return ways(first=form, status=422)


@blueprint.page("/account/security/two-factor/<kind>", needs=SIGNED_IN, fresh=CREDENTIALS)
def enrol(kind: str) -> Response:
    """One way, to be set up: what is begun stays the same when the page is loaded again, in this session."""
    factor = offered()[known(kind)]
    if factor.scripted and pages.for_script():
        facts, options = factor.ask_first(profile.me())
        return entering.asking(jsonify(options), f"first {factor.name}", facts)
    return enrolment(known(kind), EnrolForm())


@blueprint.page("/account/security/two-factor/<kind>/begin", needs=SIGNED_IN, fresh=CREDENTIALS)
def start(kind: str) -> Response:
    """What must be said before a way can be set up: the number of a phone."""
    return beginning(kind, NumberForm())


@blueprint.action("/account/security/two-factor/<kind>/begin", needs=SIGNED_IN, fresh=CREDENTIALS)
def begin(kind: str) -> Response:
    form = NumberForm()
    if form.submit_to(lambda number: second_factors.begin(profile.me(), known(kind), number, replaces=replaces())):
        return go(".enrol", kind=kind, next=place(), replaces=replaces() or None)
    return beginning(kind, form, 422)


@blueprint.action("/account/security/two-factor/<kind>", needs=SIGNED_IN, fresh=CREDENTIALS, limit=FACTOR_CONFIRM)
def confirm(kind: str) -> Response:
    form, before = EnrolForm(), entering.asked(f"first {known(kind)}")
    person = profile.me()
    if not form.submit_to(lambda code, label: protection.confirm(
            person, known(kind), code, label=label, asked=before, keep=g.me.session_id, replaces=replaces())):
        return enrolment(known(kind), form, 422)
    if form.result:
        return handed_out(form.result, first=True)
    return done(_("The second factor is replaced.") if replaces() else _("The new second factor is set up."),
                ".two_factor", next=place())


@blueprint.page("/account/security/factors/<id>/rename", needs=SIGNED_IN)
def name(id: str) -> Response:
    credential = own(id)
    return page("accounts/factor_name.html", form=LabelForm(label=credential.label), credential=credential,
                kind=offered()[credential.kind])


@blueprint.action("/account/security/factors/<id>/rename", needs=SIGNED_IN)
def rename(id: str) -> Response:
    form, credential = LabelForm(), own(id)
    if form.submit_to(lambda label: second_factors.rename(profile.me(), id, label)):
        return done(_("The name is changed."), ".two_factor")
    return page("accounts/factor_name.html", 422, form=form, credential=credential, kind=offered()[credential.kind])


@blueprint.page("/account/security/factors/<id>/remove", needs=SIGNED_IN, fresh=CREDENTIALS)
def leave(id: str) -> Response:
    return removal(id, NothingForm())


@blueprint.action("/account/security/factors/<id>/remove", needs=SIGNED_IN, fresh=CREDENTIALS)
def remove(id: str) -> Response:
    form = NothingForm()
    if form.submit_to(lambda: protection.remove(profile.me(), id, keep=g.me.session_id)):
        return web.done_there(_("Two-factor authentication is off.") if form.result else
                              _("This second factor is removed."), ".two_factor")
    return removal(id, form, 422)


@blueprint.page("/account/security/codes", needs=SIGNED_IN, fresh=CREDENTIALS)
def codes() -> Response:
    """Before new ones are made: what becomes of the others."""
    if not g.me.two_factor:
        raise NotHere
    return page("accounts/codes_renew.html", left=left(), form=NothingForm())


@blueprint.action("/account/security/codes", needs=SIGNED_IN, fresh=CREDENTIALS)
def renew_codes() -> Response:
    """Ten new backup codes; the older ones are dead."""
    return handed_out(second_factors.renew_codes(profile.me()), first=False)


@blueprint.action("/account/security/codes.txt", needs=SIGNED_IN)
def download() -> Response:
    """The codes just shown, as a file. They come from the page itself: we no longer know them."""
    codes = [code for code in request.form.getlist("code") if len(code) < 40][:backup_codes.COUNT]
    text = "\n".join([_("Backup codes for %(instance)s", instance=setting.instance), g.me.email, "", *codes, ""])
    return make_response(text, {"Content-Type": "text/plain; charset=utf-8",
                                "Content-Disposition": 'attachment; filename="backup-codes.txt"'})


def handed_out(codes: list[str], *, first: bool) -> Response:
    """Said once, on the answer to the POST itself: there is no address under which they could be seen again."""
    return page("accounts/codes.html", codes=codes, first=first,
                next=place() or (url_for("operator.show") if first and g.me.operator else ""))


@blueprint.action("/account/security/approval", needs=SIGNED_IN, fresh=CREDENTIALS)
def switch_approval() -> Response:
    """May a sign-in be approved in another browser?"""
    form = SwitchForm()
    if form.submit_to(lambda on: approvals.switch(profile.me(), on)):
        return done(_("Sign-ins can be approved in another browser.") if form.on.data else
                    _("Sign-ins are no longer approved in another browser."), ".two_factor")
    return ways(status=422)


@blueprint.action("/account/security/told-browsers", needs=SIGNED_IN, fresh=CREDENTIALS, limit=PUSH)
def tell() -> Response:
    """This browser, too, is told at once when a sign-in waits."""
    form = PushForm()
    if form.submit_to(pushes.subscribe):
        return done(_("This browser notifies you when a sign-in is waiting."), ".two_factor")
    return ways(push=form, status=422)


def ways(form: TrustForm | None = None, first: FirstForm | None = None, push: PushForm | None = None,
         status: int = 200) -> Response:
    """Those that are set up, which of them comes first, what stands beside them, and those there are."""
    person, (factors, beside), kinds = profile.me(), second_factors.standing(g.me.user_id), offered()
    mine = {name: factor for name, factor in kinds.items() if name in {each.kind for each in factors}}
    if len(mine) > 1 and first is None:
        first = FirstForm(mine, kind=person.preferred_factor if person.preferred_factor in mine else next(iter(mine)))
    return page("accounts/two_factor.html", status, factors=factors, kinds=kinds, first=first, next=place(),
                form=form or TrustForm(trusts=person.trusts_browsers),
                left=beside[backup_codes.BackupCodes.name] if g.me.two_factor else None,
                approved_elsewhere=approvals.KIND in beside, approval=approvals.KIND in setting.second_factors,
                **(told_at_once(push) if pushes.on() and approvals.KIND in beside else {}))


def told_at_once(form: PushForm | None) -> dict[str, Any]:
    """What the page shows of the browsers that are told when a sign-in waits; `application`: whom they listen to."""
    return {"push": form or PushForm(), "told": pushes.of(g.me.user_id), "application": pushes.public_key(),
            "agent": agents.told, "handheld": agents.handheld}


def enrolment(kind: str, form: EnrolForm, status: int = 200) -> Response:
    person, factor = profile.me(), offered()[kind]
    credential = second_factors.begun_here(person, kind)
    old = replaced(kind)
    if credential is None and factor.says_first:
        return go(".start", kind=kind, next=place(), replaces=replaces() or None)
    credential = credential or second_factors.begin(person, kind, replaces=replaces())
    return page("accounts/enrol.html", status, form=form, kind=kind, factor=factor, next=place(), old=old,
                **factor.shown(person, credential))


def beginning(kind: str, form: NumberForm, status: int = 200) -> Response:
    factor = offered()[known(kind)]
    if not factor.says_first:
        raise NotHere
    return page("accounts/enrol_begin.html", status, form=form, kind=kind, factor=factor, next=place(),
                old=replaced(known(kind)))


def removal(id: str, form: Form, status: int = 200) -> Response:
    mine, person = second_factors.active(g.me.user_id), profile.me()
    credential, last = own(id, mine), len(mine) == 1
    return page("accounts/factor_remove.html", status, form=form, credential=credential, last=last,
                next=place(), kind=offered()[credential.kind],
                needed_by=protection.needed_by(g.me.user_id) if last else (),
                only_way=second_factors.only_way_in(person, credential),
                too_short=last and person.password and not person.password_long, shortest=passwords.SHORTEST)


def replaces() -> str:
    """Which factor ends when the new one is confirmed: its id, if any."""
    return request.args.get("replaces", "")


def replaced(kind: str) -> Credential | None:
    """The same, to be shown; NotHere for one of another kind."""
    old = own(replaces()) if replaces() else None
    if old and old.kind != kind:
        raise NotHere
    return old


def place() -> str | None:
    """Where one came from to set something up, and goes on to afterwards."""
    return web.local(request.args.get("next"))


def left() -> int | None:
    """How many backup codes there are; nobody has any without a second factor."""
    return backup_codes.left(g.me.user_id) if g.me.two_factor else None


def own(id: str, mine: list[Credential] | None = None) -> Credential:
    """One of the person's own factors; NotHere for anything else."""
    mine = second_factors.active(g.me.user_id) if mine is None else mine
    found = next((factor for factor in mine if factor.public_id == id), None)
    if found is None:
        raise NotHere
    return found


def known(kind: str) -> str:
    """`app` in the address is the authenticator app."""
    kind = {"app": "totp"}.get(kind, kind)
    if kind not in offered():
        raise NotHere
    return kind


def offered() -> dict[str, Factor]:
    """The factors that people set up themselves."""
    return {name: factor for name, factor in plugins.load("accounts.factors", setting.second_factors).items()
            if factor.own}
