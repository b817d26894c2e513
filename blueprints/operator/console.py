"""The installation at a glance: how many there are, what waits, what happened last."""
from flask import Response
from peewee import JOIN

import paging
import stories
from models import InstallationEvent, InstallationEventFacts, Message, Organisation, User
from pages import page
from web import OPERATOR, Blueprint

blueprint = Blueprint("operator", __name__)


@blueprint.page("/operator/", needs=OPERATOR)
def show() -> Response:
    waiting, given_up = (Message.select().where(Message.state == state).count()
                       for state in (Message.WAITING, Message.FAILED))
    return page("operator/console.html", people=User.select().count(), organisations=Organisation.select().count(),
                waiting=waiting, given_up=given_up)


@blueprint.page("/operator/organisations", needs=OPERATOR)
def organisations() -> Response:
    """All of them, with what they count themselves. Nothing that is inside one is shown."""
    cut = paging.cut(Organisation.select(), [(Organisation.slug, True)], "operator organisations")
    return page("operator/organisations.html", cut=cut)


@blueprint.page("/operator/activity", needs=OPERATOR)
def activity() -> Response:
    """The installation's own book, the latest first."""
    lines = (InstallationEvent.select(InstallationEvent, InstallationEventFacts.facts)
             .join(InstallationEventFacts, JOIN.LEFT_OUTER,
                   on=(InstallationEventFacts.event == InstallationEvent.id), attr="told"))
    cut = paging.cut(lines, [(InstallationEvent.number, False)], "operator activity")
    rows = [(line, stories.told(stories.INSTALLATION, line.kind, getattr(getattr(line, "told", None), "facts", None)))
            for line in cut.rows]
    return page("operator/activity.html", cut=cut, rows=rows)
