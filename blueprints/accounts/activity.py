"""The person's own book."""
from flask import Response, g
from peewee import JOIN

import paging
import stories
from accounts import agents
from models import PersonalEvent, PersonalEventFacts
from pages import page
from web import SIGNED_IN, Blueprint

blueprint = Blueprint("my_activity", __name__)


@blueprint.page("/account/activity", needs=SIGNED_IN)
def show() -> Response:
    """Sign-ins and changes, the latest first."""
    lines = (PersonalEvent.select(PersonalEvent, PersonalEventFacts.facts)
             .join(PersonalEventFacts, JOIN.LEFT_OUTER, on=(PersonalEventFacts.event == PersonalEvent.id), attr="told")
             .where(PersonalEvent.user == g.me.user_id))
    cut = paging.cut(lines, [(PersonalEvent.number, False)], "my activity")
    rows = [(line, stories.of_person(line, facts(line)), facts(line) or {}) for line in cut.rows]
    return page("accounts/activity.html", cut=cut, rows=rows, told=agents.told)


def facts(line: PersonalEvent) -> dict | None:
    return getattr(getattr(line, "told", None), "facts", None)
