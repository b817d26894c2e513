"""The installation at a glance: how many there are, what waits, what happened last."""
from flask import Response
from peewee import JOIN

import paging
import stories
from models import InstallationEvent, InstallationEventFacts, Organisation
from organisations import operating
from pages import page
from web import OPERATOR, Blueprint

blueprint = Blueprint("operator", __name__)


@blueprint.page("/operator/", needs=OPERATOR)
def show() -> Response:
    return page("operator/console.html", **operating.counts())


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
