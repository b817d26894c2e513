"""Huey, and the timetable: empties the outbox and does what the clock asks for.

The queue only wakes the worker; what is to be done stands in rows. A lost wake
is found by the sweep a minute later, and a lost queue is made anew.
"""
import logging
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import peewee
from huey import SqliteHuey, crontab
from huey.api import Huey

import audit
import db
import limits
import logs
import outbox
import plugins
import schema
from accounts import activity as personal_activity
from accounts import (
    approvals,
    asked,
    beginnings,
    devices,
    identities,
    lost_factor,
    second_factors,
    sessions,
    signin,
)
from clock import epoch
from gate import tickets
from oidc import authorizations, tokens
from oidc import keys as signing_keys
from organisations import activity, demands, invitations
from products import uses
from settings import alone_in, private, setting
from tenancy import number_at_work

log = logging.getLogger(__name__)

LONGEST_NAP = 0.25                              # seconds between two looks at the queue's file
LAST_WORD = 8                                   # seconds for the letter in hand, when told to stop
SILENT = 180                                    # seconds after which the worker counts as gone


@cache
def queue() -> Huey:
    """One queue for the installation: a file in DATA, or Redis when several machines share it."""
    if setting.redis_url:
        from huey import RedisHuey
        return RedisHuey("kanton", url=setting.redis_url, results=False)
    return _in(private(setting.data) / "worker.db")


def _in(file: Path) -> Huey:
    try:
        with alone_in(file.parent):             # as `db.open_plain`
            return SqliteHuey("kanton", filename=str(file), results=False)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):         # locked, or no room: another time
            raise
        log.warning("%s is broken and begun anew: %s", file, error)
        for each in file.parent.glob(f"{file.name}*"):
            each.unlink(missing_ok=True)
        return SqliteHuey("kanton", filename=str(file), results=False)


_read: dict[int, int] = {}                      # how far the books of organisations were read (`authorizations`)


def deliver() -> None:
    """Answer who asked, see what ended with sessions and with access, empty the outbox, and leave word that there is a
    worker."""
    queue().put("seen", epoch())
    asked.answer_due(stop=stopping)
    authorizations.end_with_sessions()
    authorizations.look_where_written(_read)
    outbox.deliver_due(stop=stopping)


EVERY: tuple[tuple[str, Any, Callable[[], Any]], ...] = (
    ("deliver", crontab(minute="*"), deliver),
    ("expire invitations", crontab(minute="*/10"), invitations.expire_due),
    ("remind invitations", crontab(minute="5"), invitations.remind_due),
    ("force two-factor authentication", crontab(minute="*"), demands.force_due),
    ("tell of two-factor authentication", crontab(minute="*"), lambda: demands.tell_lacking(stopping)),
    ("forget sign-ins half-way", crontab(minute="15"), signin.forget_old),
    ("forget what was begun", crontab(minute="17"), beginnings.forget_old),
    ("forget approvals", crontab(minute="18"), approvals.forget_old),
    ("look again who is in the directory", crontab(minute="10"), identities.look_again),
    ("forget factors half-way", crontab(minute="16"), second_factors.forget_old),
    ("lapse recoveries", crontab(minute="18"), lost_factor.lapse_due),
    ("forget sessions", crontab(minute="20", hour="3"), sessions.forget_old),
    ("forget messages", crontab(minute="40", hour="3"), outbox.forget_old),
    ("forget devices", crontab(minute="22", hour="3"), devices.forget_old),
    ("look again who may use applications", crontab(minute="*/10"), authorizations.look_again),
    ("renew signing keys", crontab(minute="30", hour="3"), signing_keys.tend),
    ("forget tokens", crontab(minute="35"), tokens.forget_old),
    ("forget authorizations", crontab(minute="36"), authorizations.forget_old),
    ("forget tickets", crontab(minute="37"), tickets.forget_old),
    ("forget uses of products", crontab(minute="30", hour="3"), uses.forget_old),
    ("forget details of the installation's book", crontab(minute="42", hour="3"), audit.forget_old),
    ("forget details of people's books", crontab(minute="43", hour="3"), personal_activity.forget_old),
    ("forget details of organisations' books", crontab(minute="44", hour="3"), activity.forget_old),
    ("learn what the tables hold", crontab(minute="50", hour="3"), db.learn),
    ("forget limits", crontab(minute="25"), limits.forget_old),
)


def nudge(seconds: int = 0) -> None:
    """Ask the worker to look at the outbox, now or a little later."""
    if seconds:
        _deliver().schedule(delay=seconds)
    else:
        queue().enqueue(_deliver().s())


def seen() -> int | None:
    """When a worker last said that it is there, in seconds since 1970."""
    return queue().get("seen", peek=True)  # type: ignore[no-any-return]


@cache
def _deliver() -> Any:
    return queue().task(name="deliver_now")(_quietly("deliver", deliver))


def _quietly(name: str, do: Callable[[], Any]) -> Callable[[], Any]:
    """The edge of the worker: a failed sweep is logged, and tried again at its next time."""
    def task() -> None:
        try:
            db.database.connect(reuse_if_open=True)
            do()
        except Exception:
            log.exception("%s failed", name)
            db.database.close()
    task.__name__ = name.replace(" ", "_").replace("-", "_")
    return task


_flags: list[Any] = []                          # raised when the worker is told to stop


def stopping() -> bool:
    return any(flag.is_set() for flag in _flags)


def main() -> None:
    """Work until told to stop: by TERM after the letter in hand, by INT at once."""
    logs.begin(number_at_work)
    logging.getLogger("huey").setLevel(logging.WARNING)
    plugins.require_all(setting)
    db.connect_to(setting.database)
    with suppress(peewee.DatabaseError):        # one that is broken is told of at every sweep, until it is mended
        schema.require()
    outbox.open_channels()
    outbox.wake.append(nudge)                   # what it gives back to try again soon, it looks at itself
    _deliver()
    for name, when, do in EVERY:
        queue().periodic_task(when, name=name)(_quietly(name, do))
    nudge()
    consumer = queue().create_consumer(workers=1, periodic=True, initial_delay=0.1, backoff=1.15,
                                       max_delay=LONGEST_NAP, graceful_signal="TERM", shutdown_timeout=LAST_WORD)
    _flags.append(consumer.stop_flag)
    # Huey hears TERM only once all its threads are there; until then, we do.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: consumer.stop_flag.set())
    log.info("at work: messages, and the timetable")
    consumer.run()


if __name__ == "__main__":
    # The queue knows tasks by their module: both sides must call it by the same name.
    sys.exit(import_module("worker").main())
