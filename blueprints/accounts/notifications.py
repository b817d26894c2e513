"""Which sign-ins a person is told of, and how many wrong passwords lock the account (G4-R5)."""
import wtforms
from flask import Response, g

from accounts import alerts
from accounts.sessions import PEOPLE
from forms import Form, Tick, required
from i18n import _, _l
from models import User
from pages import page
from web import SIGNED_IN, Blueprint, done

blueprint = Blueprint("notifications", __name__)


class AlertsForm(Form):
    alert_new_place = Tick(_l("A sign-in from a new browser or network"))
    alert_failure = Tick(_l("Wrong passwords and codes"))
    alert_success = Tick(_l("Every sign-in"))
    lock_threshold = wtforms.IntegerField(_l("Wrong passwords in a row that lock the account"), [required()])


@blueprint.page("/account/notifications", needs=SIGNED_IN, fresh=PEOPLE)
def show() -> Response:
    """Whoever finds a browser open shall not silence what would give them away: a proof is asked for."""
    person = User.get_by_id(g.me.user_id)
    return alerts_page(AlertsForm(**{name: getattr(person, name) for name in AlertsForm().data}))


@blueprint.action("/account/notifications", needs=SIGNED_IN, fresh=PEOPLE)
def choose() -> Response:
    form = AlertsForm()
    if form.submit_to(alerts.choose):
        return done(_("Saved."), ".show")
    return alerts_page(form, 422)


def alerts_page(form: AlertsForm, status: int = 200) -> Response:
    return page("accounts/notifications.html", status, form=form, least=alerts.FEWEST, most=alerts.MOST)
