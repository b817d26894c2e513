"""The organisation at a glance: what is to do, how far it is set up, what happened last."""
from datetime import datetime
from typing import Any, NamedTuple

from flask import Response, flash, g, request
from peewee import JOIN

import audit
import stories
from db import instant
from i18n import _
from models import Event, EventFacts, Membership, Role, User
from organisations import checklist
from organisations.roles import MEANINGS, Right
from pages import page
from questions import question
from web import OrganisationBlueprint, go

blueprint = OrganisationBlueprint("overview", __name__)

LATEST = 5                                      # lines of what happened
MOST = 5                                        # people to ask


@blueprint.page("/", needs=Right.SEE_ORGANISATION)
def show() -> Response:
    """For administration what is to do; for everybody else what they are here, whom to ask, and what is theirs."""
    if "instead" in request.args:               # from the switcher (web)
        flash(_("The page you came from is not open to you in %(organisation)s.", organisation=g.here.name), "warning")
        return go(".show")
    if not g.may(Right.SEE_MEMBERS):
        return page("organisations/belonging.html", meaning=MEANINGS[Role(g.here.role)], responsible=responsible())
    look = checklist.look(g.here, g.me.two_factor)
    return page("organisations/overview.html", latest=latest(), steps=look.steps, locked=look.locked, lost=look.lost)


@blueprint.action("/checklist/hidden", needs=Right.READ_ACTIVITY)
def hide_checklist() -> Response:
    checklist.hide()
    return go(".show")


def responsible() -> list[Membership]:
    """Whom one may turn to: the list of members is not for everybody, but who answers for them is no secret."""
    return list(Membership.legal_representatives().order_by(Membership.sort_name, Membership.id).limit(MOST))


class Line(NamedTuple):
    """What happened last: when, in words, and who did it, if anybody."""

    at: datetime | None
    sentence: str
    actor: dict[str, str] | None


def latest() -> list[Line]:
    return [Line(instant(at), stories.told(stories.ORGANISATION, kind, audit.facts_as_stored(facts)),
                 {"public_id": id, "first_name": first, "last_name": last} if id else None)
            for at, kind, facts, id, first, last in _latest()()]


@question
def _latest() -> Any:
    return (Event.select(Event.at, Event.kind, EventFacts.facts, User.public_id, User.first_name, User.last_name)
            .join(EventFacts, JOIN.LEFT_OUTER, on=(EventFacts.event == Event.id)).switch(Event)
            .join(User, JOIN.LEFT_OUTER, on=(Event.actor == User.id))
            .order_by(Event.number.desc()).limit(LATEST))
