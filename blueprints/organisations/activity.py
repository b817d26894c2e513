"""The organisation's book, in words."""
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request
from peewee import JOIN

import i18n
import paging
import stories
from models import Event, EventFacts, Membership, User
from organisations.roles import Right
from pages import page
from web import OrganisationBlueprint

blueprint = OrganisationBlueprint("activity", __name__)

GROUPS = {"member": "member.", "invitation": "invitation.", "organisation": "organisation."}


@blueprint.page("/activity", needs=Right.READ_ACTIVITY)
def show() -> Response:
    """Who did what, the latest first; the filters are the address."""
    lines, chosen = filtered(everything())
    cut = paging.cut(lines, [(Event.number, False)], "activity")
    rows = [(line, stories.of_organisation(line, facts(line)), facts(line) or {}) for line in cut.rows]
    return page("organisations/activity.html", cut=cut, rows=rows, chosen=chosen, groups=GROUPS)


def everything() -> Any:
    return (Event.select(Event, EventFacts.facts)
            .join(EventFacts, JOIN.LEFT_OUTER, on=(EventFacts.event == Event.id), attr="told"))


def filtered(lines: Any) -> tuple[Any, dict[str, str]]:
    """Only what the address asks for: `who` (a member's id), `what` (a group), `from` and `to` (days)."""
    chosen = {name: request.args.get(name, "") for name in ("who", "what", "from", "to")}
    if chosen["who"]:
        person = (Membership.select(Membership.user, User.first_name, User.last_name).join(User)
                  .where(Membership.public_id == chosen["who"]).first())
        lines = lines.where(Event.actor == (person.user_id if person else 0))
        chosen["name"] = person.user.name if person else ""
    if chosen["what"] in GROUPS:
        lines = lines.where(Event.kind.startswith(GROUPS[chosen["what"]]))
    if start := day(chosen["from"]):
        lines = lines.where(Event.at >= midnight(start))
    if end := day(chosen["to"]):
        lines = lines.where(Event.at < midnight(end + timedelta(days=1)))
    return lines, chosen


def day(text: str) -> date | None:
    """A day as a browser writes it; nonsense asks for nothing."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def midnight(when: date) -> datetime:
    """The beginning of a day on the reader's clock."""
    return datetime.combine(when, time(), ZoneInfo(i18n.voice().time_zone)).astimezone(UTC)


def facts(line: Event) -> dict[str, Any] | None:
    return getattr(getattr(line, "told", None), "facts", None)
