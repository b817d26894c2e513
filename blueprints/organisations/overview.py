"""The organisation at a glance: what is to do, how far it is set up, what happened last."""
from flask import Response, g
from peewee import JOIN

import stories
from models import Event, EventFacts
from organisations import checklist
from organisations.roles import Right
from pages import page
from web import OrganisationBlueprint, go

blueprint = OrganisationBlueprint("overview", __name__)

LATEST = 5


@blueprint.page("/", needs=Right.SEE_ORGANISATION)
def show() -> Response:
    """For everybody their role; for administration the rest."""
    if not g.may(Right.SEE_MEMBERS):
        return page("organisations/overview.html", steps=(), latest=())
    return page("organisations/overview.html", latest=latest(), steps=checklist.steps(g.here, g.me.two_factor))


@blueprint.action("/checklist/hidden", needs=Right.READ_ACTIVITY)
def hide_checklist() -> Response:
    checklist.hide()
    return go(".show")


def latest() -> list[tuple[Event, str]]:
    lines = (Event.select(Event, EventFacts.facts)
             .join(EventFacts, JOIN.LEFT_OUTER, on=(EventFacts.event == Event.id), attr="told")
             .order_by(Event.number.desc()).limit(LATEST))
    return [(line, stories.of_organisation(line, getattr(getattr(line, "told", None), "facts", None)))
            for line in lines]
