"""A person's own book: sign-ins, factors, changes of the account."""
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import JOIN

import audit
import spans
from i18n import _l
from models import PersonalEvent, PersonalEventFacts
from settings import setting

# What one can ask for, its name, and how the kinds of such lines begin.
GROUPS = {"sign_in": (_l("Signing in and out"), ("sign_in.", "session.", "proof.")),
          "security": (_l("Password and second factors"), (
              "password.", "two_factor.", "factor.", "backup_code", "browser.", "app_password", "approval.",
              "identity.", "passkey.", "alerts.", "recovery.", "push.", "account.locked", "account.unlocked",
              "account.cleared")),
          "account": (_l("Profile and address"), ("account.", "address.", "support_code.")),
          "application": (_l("Applications"), ("application.",)),
          "organisation": (_l("Organisations"), ("organisation.",))}

SECURITY = (*GROUPS["sign_in"][1], *GROUPS["security"][1], "account.", "address.", "support_code.", "application.")


@dataclass(frozen=True)
class Filter:
    """What is looked for. Nothing given asks nothing."""

    q: str = ""                                 # words
    what: str = ""                              # a group
    since: date | None = None
    until: date | None = None                   # this day included

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Filter":
        """From a query string; what is unknown asks nothing."""
        what = given.get("what", "")
        return cls(spans.words(given.get("q", "")), what if what in GROUPS else "", spans.day(given.get("from", "")),
                   spans.day(given.get("to", "")))


def lines(user_id: int, asked: Filter, kinds: Callable[[str], Collection[str]]) -> Any:
    """The lines that are asked for, their facts as `told` where they were not erased.

    `kinds`: see `audit.with_words`.
    """
    found = (PersonalEvent.select(PersonalEvent, PersonalEventFacts.facts)
             .join(PersonalEventFacts, JOIN.LEFT_OUTER, on=(PersonalEventFacts.event == PersonalEvent.id), attr="told")
             .where(PersonalEvent.user == user_id))
    if asked.what:
        _label, beginnings = GROUPS[asked.what]
        found = found.where(audit.begins(PersonalEvent.kind, beginnings))
    found = audit.with_words(found, PersonalEventFacts, PersonalEvent.kind, asked.q, kinds)
    return spans.within(found, PersonalEvent.at, asked.since, asked.until)


def forget_old() -> None:
    """What is old loses its details, what is about security later than the rest."""
    security = audit.begins(PersonalEvent.kind, SECURITY)
    audit.erase(PersonalEvent, PersonalEventFacts, setting.activity_security_months, security)
    audit.erase(PersonalEvent, PersonalEventFacts, setting.activity_months, ~security)


def facts(line: PersonalEvent) -> dict[str, Any]:
    """What is known of it; nothing once that was erased."""
    return getattr(getattr(line, "told", None), "facts", None) or {}
