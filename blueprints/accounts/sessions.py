"""Where one is signed in, and ending that."""
from flask import Response, flash, g

import entering
from accounts import agents, devices, disowning, identities, lately, profile, second_factors, sessions
from accounts.sessions import CREDENTIALS
from clock import now
from i18n import _, ngettext
from organisations import people
from pages import page
from web import SIGNED_IN, Blueprint, done, go

blueprint = Blueprint("sessions", __name__)


@blueprint.page("/account/sessions", needs=SIGNED_IN)
def show() -> Response:
    known = devices.all_of(g.me.user_id)
    remembered = [each for each in known if each.trusted_until and each.trusted_until > now()]
    return page("accounts/sessions.html", sessions=sessions.living(g.me.user_id), browsers=remembered,
                known=[each for each in known if each not in remembered], told=agents.told, handheld=agents.handheld)


@blueprint.action("/account/sessions/<id>/end", needs=SIGNED_IN, fresh=CREDENTIALS)
def end(id: str) -> Response:
    sessions.end(id)
    return done(_("That session has ended."), ".show")


@blueprint.page("/account/sessions/<id>/not-me", needs=SIGNED_IN, fresh=CREDENTIALS)
def foreign(id: str) -> Response:
    """What «This was not me» does, before it does it."""
    added = lately.added(g.me.user_id, g.me.began)
    return page("accounts/not_me.html", session=disowning.foreign(id), told=agents.told, added=added,
                names=[*map(second_factors.called, added.factors), *map(identities.label, added.ways)])


@blueprint.action("/account/sessions/<id>/not-me", needs=SIGNED_IN, fresh=CREDENTIALS)
def disown(id: str) -> Response:
    """Straight on to a new password: until there is one, nothing else opens."""
    people.disown(id)
    return done(_("That session and all others but this one have ended. Choose a new password now."),
                "securing.password")


@blueprint.action("/account/sessions/others/end", needs=SIGNED_IN, fresh=CREDENTIALS)
def end_others() -> Response:
    ended = sessions.end_others()
    return done(ngettext("%(num)s other session has ended.", "%(num)s other sessions have ended.", ended), ".show")


@blueprint.action("/account/sessions/end", needs=SIGNED_IN, fresh=CREDENTIALS)
def end_all() -> Response:
    """Signed out everywhere, here too."""
    sessions.end_all()
    response = entering.let_out(go("signin.form"))
    flash(_("You are signed out everywhere."), "done")
    return response


@blueprint.action("/account/sessions/browsers/<id>/forget", needs=SIGNED_IN, fresh=CREDENTIALS)
def forget(id: str) -> Response:
    devices.forget(profile.me(), id)
    return done(_("In that browser we ask for the second factor again."), ".show")


@blueprint.action("/account/sessions/browsers/forget", needs=SIGNED_IN, fresh=CREDENTIALS)
def forget_all() -> Response:
    devices.forget_all(profile.me())
    return done(_("We ask for the second factor again in every browser."), ".show")
