"""The organisation at a glance."""
from flask import Response, g

from organisations.roles import Right
from pages import page
from web import OrganisationBlueprint

blueprint = OrganisationBlueprint("overview", __name__)


@blueprint.page("/", needs=Right.SEE_ORGANISATION)
def show() -> Response:
    return page("organisations/overview.html", place=g.here)
