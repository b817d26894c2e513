"""What the organisation demands of its people's sign-in: two-factor authentication, the length of sessions (G10)."""
from dataclasses import replace
from typing import Any

from flask import Response, g, url_for

import formats
from accounts.sessions import PEOPLE
from clock import DAY, now
from forms import Choice, Day, Form, NothingForm, Tick, required
from i18n import _, _l, ngettext
from models import Organisation
from organisations import demands, providers
from organisations.roles import LABELS, Right
from pages import page
from products import rehearsals
from rules import Conflict
from web import OrganisationBlueprint, done, go

blueprint = OrganisationBlueprint("demands", __name__)

NAMED = 25                                      # of those who would meet the wall
USUAL = 14 * DAY                                # between an announcement and its day


class AnnounceForm(Form):
    day = Day(_l("Required from"), [required()])


class SessionsForm(Form):
    hours = Choice(_l("A sign-in lasts"))
    trusts_browsers = Tick(_l("A remembered browser counts as a second factor"))

    def __init__(self, **start: object):
        super().__init__(**start)
        self.hours.offer([("", _("The usual time")), *((str(each), hours_told(each)) for each in demands.HOURS)])


@blueprint.page("/security", needs=Right.FORCE_TWO_FACTOR)
def show() -> Response:
    """How things are, and who lacks a second factor."""
    return shown()


def shown(status: int = 200, why: Any = "") -> Response:
    hours = g.here.session_hours
    return page("organisations/security.html", status, why=why, hours=hours_told(hours) if hours else "",
                protected=g.here.people - g.here.unprotected, providers=providers.offered())


# --- two-factor authentication for everybody ---------------------------------------------------


@blueprint.page("/security/two-factor", needs=Right.FORCE_TWO_FACTOR, fresh=PEOPLE)
def rehearsal() -> Response:
    """Before anything is demanded: who would meet the wall today."""
    if g.here.two_factor == Organisation.ON:
        return go(".show")
    return rehearsed(proposed(), NothingForm())


@blueprint.page("/security/two-factor/doors", needs=Right.FORCE_TWO_FACTOR, fresh=PEOPLE)
def closing() -> Response:
    """Which doors the wall would close, and for whom: the first of them by name."""
    found = rehearsals.people(demands.stopped(g.here.demands), rehearsals.NAMED)
    effects = rehearsals.effects(found, rehearsals.products(), g.here.demands, rehearsals.nothing,
                                 then=replace(g.here.demands, two_factor=True))
    return page("organisations/rehearsal_doors.html", found=found, told=rehearsals.told(effects), labels=LABELS,
                more=g.here.unprotected - len(found) if len(found) == rehearsals.NAMED else 0,
                crumbs=crumbs(_("Two-factor authentication")))


@blueprint.action("/security/two-factor/announcement", needs=Right.FORCE_TWO_FACTOR, fresh=PEOPLE)
def announce() -> Response:
    form = AnnounceForm()
    try:
        if form.submit_to(demands.announce):
            return done(_("The announcement is on its way to those without a second factor."), ".show")
    except Conflict as conflict:
        return shown(409, conflict.why)
    return rehearsed(form, NothingForm(), 422)


@blueprint.action("/security/two-factor/on", needs=Right.FORCE_TWO_FACTOR, fresh=PEOPLE)
def force() -> Response:
    form = NothingForm()
    if form.submit_to(demands.force):
        return done(_("Two-factor authentication is required for everybody from now on."), ".show")
    return rehearsed(proposed(), form, 422)


@blueprint.page("/security/two-factor/off", needs=Right.FORCE_TWO_FACTOR, fresh=PEOPLE)
def lifting() -> Response:
    if g.here.two_factor == Organisation.OFF:
        return go(".show")
    return page("organisations/lifting.html", crumbs=crumbs(_("Two-factor authentication")), form=NothingForm())


@blueprint.action("/security/two-factor/off", needs=Right.FORCE_TWO_FACTOR, fresh=PEOPLE)
def lift() -> Response:
    demands.lift()
    return done(_("Two-factor authentication is no longer required."), ".show")


def proposed() -> AnnounceForm:
    """With the day that is announced, or one that leaves people time."""
    form = AnnounceForm()
    form.day.data = formats.local(g.here.announced or now() + USUAL, g.here.two_factor_zone).date()
    return form


def rehearsed(announcing: AnnounceForm, forcing: NothingForm, status: int = 200) -> Response:
    today = g.here.demands
    return page("organisations/rehearsal.html", status, announcing=announcing, forcing=forcing, labels=LABELS,
                found=demands.rehearse(today), some=demands.some_without(today, NAMED),
                earliest=formats.local(now() + DAY, g.here.two_factor_zone).date(),
                crumbs=crumbs(_("Two-factor authentication")))


# --- sessions ----------------------------------------------------------------------------------


@blueprint.page("/security/sessions", needs=Right.FORCE_TWO_FACTOR, fresh=PEOPLE)
def sessions() -> Response:
    return sessions_page(SessionsForm(hours=str(g.here.session_hours or ""),
                                      trusts_browsers=bool(g.here.trusts_browsers)))


@blueprint.action("/security/sessions", needs=Right.FORCE_TWO_FACTOR, fresh=PEOPLE)
def limit_sessions() -> Response:
    form = SessionsForm()
    if form.submit_to(lambda hours, trusts_browsers: demands.limit_sessions(
            int(hours) if hours else None, trusts_browsers=trusts_browsers)):
        return done(_("Saved."), ".show")
    return sessions_page(form, 422)


def sessions_page(form: SessionsForm, status: int = 200) -> Response:
    return page("organisations/security_sessions.html", status, form=form, crumbs=crumbs(_("Sessions")))


# --- what the views share ----------------------------------------------------------------------


def hours_told(hours: int) -> str:
    return ngettext("%(num)s hour", "%(num)s hours", hours)


def crumbs(last: str) -> tuple[tuple[str, str | None], ...]:
    return (_("Security"), url_for(".show")), (last, None)
