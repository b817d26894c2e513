"""What time it is: one function, so that everything moves when a test moves the clock."""
from datetime import UTC, datetime, timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def now() -> datetime:
    """The present instant in UTC, to the second: what is stored reads back equal."""
    return datetime.now(UTC).replace(microsecond=0)


def epoch() -> int:
    """The same instant as whole seconds since 1970."""
    return int(datetime.now(UTC).timestamp())
