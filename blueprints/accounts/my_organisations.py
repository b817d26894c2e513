"""All of my organisations; or none yet, which is a state of its own (RI-8)."""
from flask import Response, g, request

import formats
from accounts.sessions import PEOPLE
from forms import Choice, Form, Text
from i18n import _, _l
from models import Invitation, Organisation, User
from organisations import blocking, invitations, lifecycle
from organisations.lifecycle import KINDS
from organisations.roles import LABELS
from pages import my_places, page
from rules import fold
from settings import setting
from web import SIGNED_IN, Blueprint, done

blueprint = Blueprint("my_organisations", __name__)

class OrganisationForm(Form):
    name = Text(_l("Name"))
    kind = Choice(_l("Kind"), choices=KINDS.items(), default="association")
    country = Choice(_l("Country"))
    slug = Text(_l("Short name"))

    def __init__(self, **start: object):
        super().__init__(**start)
        self.country.offer(formats.country_names().items())


@blueprint.page("/account/organisations", needs=SIGNED_IN, lent=True)
def show() -> Response:
    """With `q` those that fit; the invitations that wait for my address, and who keeps me out."""
    places = my_places()
    query = request.args.get("q", "").strip()
    shown = [place for place in places if fold(query) in fold(place.name)]
    return page("accounts/organisations.html", places=shown, all=len(places), q=query, labels=LABELS,
                waiting=() if g.me.lent_by else invitations.waiting_for(g.me.user_id),
                blocked=() if g.me.lent_by else blocking.keeping_out(g.me.user_id))


@blueprint.page("/account/organisations/new", needs=SIGNED_IN)
def new() -> Response:
    return new_page(OrganisationForm(country=g.me.country, kind="association"))


@blueprint.action("/account/organisations/new", needs=SIGNED_IN)
def create() -> Response:
    form = OrganisationForm()
    if form.submit_to(lifecycle.create):
        made: Organisation = form.result
        return done(_("%(name)s is created.", name=made.name), "overview.show", organisation=made.slug)
    return new_page(form, 422)


@blueprint.action("/account/invitations/<id>/acceptance", needs=SIGNED_IN, fresh=PEOPLE)
def accept(id: str) -> Response:
    """An invitation to the address I am signed in with: that is proof enough."""
    person = User.get_by_id(g.me.user_id)
    invitation: Invitation = invitations.mine(person, id)
    invitations.accept(invitation.copied_token)
    return done(_("You are now part of %(organisation)s.", organisation=invitation.organisation.name),
                "overview.show", organisation=invitation.organisation.slug)


@blueprint.action("/account/invitations/<id>/refusal", needs=SIGNED_IN)
def decline(id: str) -> Response:
    person = User.get_by_id(g.me.user_id)
    invitation = invitations.decline(invitations.mine(person, id).copied_token)
    return done(_("You have declined the invitation from %(organisation)s.",
                  organisation=invitation.organisation.name), ".show")


def new_page(form: OrganisationForm, status: int = 200) -> Response:
    return page("accounts/organisation_new.html", status, form=form, host=setting.host)
