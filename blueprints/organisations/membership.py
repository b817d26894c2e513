"""What one is oneself in an organisation: what one is written about, and how one leaves."""
from flask import Response, g, url_for

from accounts.sessions import PEOPLE
from forms import Form, Tick, required
from i18n import _, _l
from models import Role
from organisations import members, roles
from organisations.roles import Right
from pages import page
from rules import Conflict
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("membership", __name__)


class PreferencesForm(Form):
    pref_billing = Tick(_l("Send me reminders about billing"))
    pref_product_events = Tick(_l("Tell me about products and new members"))


class LeavingForm(Form):
    sure = Tick(_l("I understand that this takes effect at once"), [required(_l("Tick this box to go on."))])


@blueprint.page("/preferences", needs=Right.OWN_PREFERENCES)
def preferences() -> Response:
    me = roles.mine()
    return preferences_page(PreferencesForm(pref_billing=me.pref_billing, pref_product_events=me.pref_product_events))


@blueprint.action("/preferences", needs=Right.OWN_PREFERENCES)
def set_preferences() -> Response:
    form = PreferencesForm()
    if form.submit_to(members.set_own_preferences):
        return done(_("Saved."), ".preferences")
    return preferences_page(form, 422)


@blueprint.page("/leave", needs=Right.LEAVE, fresh=PEOPLE, before_wall={Role.EXTERNAL})
def leaving() -> Response:
    return leaving_page(LeavingForm())


@blueprint.action("/leave", needs=Right.LEAVE, fresh=PEOPLE, before_wall={Role.EXTERNAL})
def leave() -> Response:
    form = LeavingForm()
    try:
        if form.submit_to(lambda sure: members.leave()):
            return done(_("You have left %(organisation)s.", organisation=g.here.name), "my_organisations.show")
    except Conflict:
        return leaving_page(form, 409)
    return leaving_page(form, 422)


def preferences_page(form: Form, status: int = 200) -> Response:
    return page("organisations/own_preferences.html", status, form=form, role=g.here.role,
                crumbs=((g.here.name, url_for("overview.show")), (_("Messages I get"), None)))


def leaving_page(form: Form, status: int = 200) -> Response:
    me = roles.mine()
    stays = g.here.role == Role.LEGAL and me is not None and not members.others_legal(me)
    return page("organisations/leaving.html", status, form=form, why=members.LAST_LEGAL if stays else "",
                crumbs=((g.here.name, url_for("overview.show")), (_("Leave the organisation"), None)))
