"""What people ask of a long list: words, and a stretch of days, both ends included, on the reader's clock."""
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import i18n


def words(text: str) -> str:
    """What is typed into a search box, where it can be asked for."""
    return text.replace("\x00", "").strip()[:100]


def day(text: str) -> date | None:
    """A day as a browser writes it; nonsense, and what no clock can show, asks for nothing."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year < 9999 else None


def within(query: Any, instant: Any, since: date | None, until: date | None) -> Any:
    """What of `query` lies in the stretch. `instant`: the column that says when."""
    if since:
        query = query.where(instant >= _midnight(since))
    if until:
        query = query.where(instant < _midnight(until + timedelta(days=1)))
    return query


def _midnight(when: date) -> datetime:
    """The beginning of a day on the reader's clock."""
    return datetime.combine(when, time(), ZoneInfo(i18n.voice().time_zone)).astimezone(UTC)
