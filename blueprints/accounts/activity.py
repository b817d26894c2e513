"""The person's own book, in words."""
from flask import Response, g, request

import formats
import paging
import stories
import web
from accounts import activity, agents, sessions
from accounts.activity import Filter
from clock import now
from i18n import _
from models import PersonalEvent
from pages import page
from web import SIGNED_IN, Blueprint

blueprint = Blueprint("my_activity", __name__)


@blueprint.page("/account/activity", needs=SIGNED_IN)
def show() -> Response:
    """Sign-ins and changes, the latest first; the filters are the address."""
    if elsewhere := web.tidy():
        return elsewhere
    asked = Filter.of(request.args)
    cut = paging.cut(activity.lines(g.me.user_id, asked, saying), [(PersonalEvent.number, False)], "my activity")
    rows = [(line, stories.of_person(line, activity.facts(line)), activity.facts(line)) for line in cut.rows]
    return page("accounts/activity.html", cut=cut, rows=rows, asked=asked, chips=chips(asked), told=agents.told,
                foreign=foreign, groups=[(name, label) for name, (label, _kinds) in activity.GROUPS.items()])


def foreign(line: PersonalEvent) -> bool:
    """A sign-in other than this one, young enough that its session is still known."""
    return (line.kind == "sign_in.done" and line.subject not in ("", g.me.session_public_id)
            and line.at > now() - sessions.KEPT)


def saying(word: str) -> list[str]:
    return stories.saying(stories.PERSON, word)


def chips(asked: Filter) -> list[tuple[object, str]]:
    """What is filtered, in words, and the parameter that says so."""
    told = [(asked.q, "q"), (activity.GROUPS[asked.what][0] if asked.what else "", "what"),
            (_("From %(day)s", day=formats.day(asked.since)) if asked.since else "", "from"),
            (_("Until %(day)s", day=formats.day(asked.until)) if asked.until else "", "to")]
    return [(words, name) for words, name in told if words]
