"""The people of an organisation."""
from flask import Response

import paging
from models import Membership, User
from organisations.roles import LABELS, Right
from pages import page
from web import OrganisationBlueprint

blueprint = OrganisationBlueprint("members", __name__)


@blueprint.page("/members", needs=Right.SEE_MEMBERS)
def show() -> Response:
    people = Membership.select(Membership, User).join(User).where(Membership.ended.is_null())
    cut = paging.cut(people, [(Membership.sort_name, True), (Membership.id, True)], "members")
    return page("organisations/members.html", cut=cut, labels=LABELS)
