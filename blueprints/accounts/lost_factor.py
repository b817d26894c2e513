"""«I lost my phone or key»: its own way back in, from the second step."""
from flask import Response, url_for

import entering
import web
from accounts import lost_factor, signin
from i18n import _
from limits import LINK_NETWORK
from models import Attempt
from organisations import protection
from pages import page
from rules import Conflict, NotHere, Refused
from web import ANYONE, ATTEMPT_COOKIE, Blueprint, done, go

blueprint = Blueprint("lost_factor", __name__)


@blueprint.page("/signin/lost-factor", needs=ANYONE)
def look() -> Response:
    """What it takes, and how far it is."""
    attempt = half_way()
    if attempt is None:
        return go("signin.form")
    return shown(attempt)


@blueprint.action("/signin/lost-factor", needs=ANYONE)
def ask() -> Response:
    """It begins; or, once the day is over, the link is sent."""
    attempt = half_way()
    if attempt is None:
        return go("signin.form")
    try:
        if lost_factor.of(attempt.user_id) is None:
            lost_factor.open_for(attempt)
            return done(_("Your request is open. Ask a legal representative to vouch for you."), ".look")
        lost_factor.send(attempt)
        return done(_("The link is on its way to your mailbox."), ".look")
    except (Conflict, NotHere):
        return go(".look")
    except Refused:
        return shown(attempt, 422)


@blueprint.page("/signin/lost-factor/<token>", needs=ANYONE, limit=LINK_NETWORK)
def opened(token: str) -> Response:
    """The link alone opens nothing: the first proof is asked for beside it, in the same browser."""
    link, attempt = lost_factor.opened(token), half_way()
    return page("accounts/lost_factor_enter.html", email=link.user.email_typed,
                proved=attempt is not None and attempt.user_id == link.user_id)


@blueprint.action("/signin/lost-factor/<token>", needs=ANYONE, limit=LINK_NETWORK)
def enter(token: str) -> Response:
    """In, and straight to setting up another factor."""
    try:
        outcome = protection.enter_without(token, web.cookie(ATTEMPT_COOKIE), device=entering.this_device(),
                                           place=url_for("security.two_factor"))
    except NotHere:
        return go("signin.form")
    except Refused:
        return shown(half_way(), 422)
    response = entering.let_in(outcome)
    entering.forget(response, ATTEMPT_COOKIE)
    return response


@blueprint.page("/signin/lost-factor/keep/<token>", needs=ANYONE, limit=LINK_NETWORK)
def kept(token: str) -> Response:
    """Looking changes nothing: programs that read mail follow links, too."""
    return page("accounts/lost_factor_keep.html", email=lost_factor.kept(token).user.email_typed)


@blueprint.action("/signin/lost-factor/keep/<token>", needs=ANYONE, limit=LINK_NETWORK)
def keep(token: str) -> Response:
    lost_factor.keep(token)
    return done(_("Your second factor stays. If you did not ask yourself, somebody knows your password: "
                  "choose a new one now."), "recovery.forgotten")


def shown(attempt: Attempt, status: int = 200) -> Response:
    """How far it is; or that it is no way for who signed in by the provider of an organisation."""
    request = lost_factor.of(attempt.user_id)
    return page("accounts/lost_factor.html", status, recovery=request,
                ready=bool(request and lost_factor.ready(request)),
                vouched=bool(request and lost_factor.vouched(request)), vouchers=lost_factor.vouchers(attempt.user_id),
                refused=lost_factor.NOT_OWN if lost_factor.lent(attempt) else "")


def half_way() -> Attempt | None:
    return signin.half_way(web.cookie(ATTEMPT_COOKIE))
