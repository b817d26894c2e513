"""The organisation's book, in words."""
from flask import Response, g, request

import formats
import limits
import paging
import sheets
import stories
import web
from accounts.sessions import PEOPLE
from i18n import _
from models import Event
from organisations import activity
from organisations.activity import Filter, Names
from organisations.roles import Right
from pages import page
from web import OrganisationBlueprint

blueprint = OrganisationBlueprint("activity", __name__)


@blueprint.page("/activity", needs=Right.READ_ACTIVITY)
def show() -> Response:
    """Who did what, the latest first; the filters are the address."""
    if elsewhere := web.tidy():
        return elsewhere
    asked = Filter.of(request.args)
    cut = paging.cut(activity.lines(asked, saying), [(Event.number, False)], "activity")
    names = activity.names(cut.rows, asked.who)
    lines = [(line, sentence(line), changes(line), names.people.get(line.actor_id)) for line in cut.rows]
    return page("organisations/activity.html", cut=cut, lines=lines, asked=asked, products=names.products,
                chips=chips(asked, names),
                groups=[(name, label) for name, (label, _kinds) in activity.GROUPS.items()])


@blueprint.page("/activity.csv", needs=Right.READ_ACTIVITY, fresh=PEOPLE, limit=limits.EXPORT)
def export() -> Response:
    """What the page shows, as a file."""
    found = activity.export(Filter.of(request.args), saying)
    head = [_("Number"), _("When"), _("Who"), _("What"), _("Changes")]
    return sheets.sheet(f"{g.here.slug}-activity", head, (
        [line.number, line.at.isoformat(), (activity.facts(line) or {}).get("by") or "", sentence(line),
         "; ".join(_("%(label)s: %(value)s", label=label, value=value) for label, value in changes(line))]
        for line in found))


def saying(word: str) -> list[str]:
    return stories.saying(stories.ORGANISATION, word)


def chips(asked: Filter, names: Names) -> list[tuple[object, str]]:
    """What is filtered, in words, and the parameter that says so."""
    who = next((each for each in names.people.values() if each.public_id == asked.who), None)
    told = {"q": asked.q, "product": names.products.get(asked.product) or _("No product here"),
            "who": who.name if who else _("Nobody here"),
            "what": activity.GROUPS[asked.what][0] if asked.what else "",
            "from": _("From %(day)s", day=formats.day(asked.since)),
            "to": _("Until %(day)s", day=formats.day(asked.until))}
    return [(told[name], name) for name in asked.asked]


def sentence(line: Event) -> str:
    return stories.of_organisation(line, activity.facts(line))


def changes(line: Event) -> list[tuple[object, str]]:
    """What was and what is, where the line says so."""
    return stories.changes(line.kind, activity.facts(line))
