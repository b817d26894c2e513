"""What time it is: one function, so that everything moves when a test or the demonstration moves the clock."""
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_back: ContextVar[timedelta] = ContextVar("back", default=timedelta())


def now() -> datetime:
    """The present instant in UTC, to the second: what is stored reads back equal."""
    return (datetime.now(UTC) - _back.get()).replace(microsecond=0)


def epoch() -> int:
    """The same instant as whole seconds since 1970."""
    return int(now().timestamp())


@contextmanager
def ago(length: timedelta) -> Iterator[None]:
    """Everything inside happens so long ago: the demonstration has a past."""
    token = _back.set(length)
    try:
        yield
    finally:
        _back.reset(token)


def days_until(moment: datetime) -> int:
    """At least one; a day that has begun counts."""
    return max(1, -((now() - moment) // DAY))
