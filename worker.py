"""Huey, and the timetable: empties the outbox and does what the clock asks for.

The queue only wakes the worker; what is to be done stands in rows. A lost wake
is found by the sweep a minute later.
"""
import logging
import signal
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from huey import SqliteHuey, crontab
from huey.api import Huey

import db
import limits
import outbox
import plugins
from accounts import second_factors, sessions, signin
from organisations import invitations
from settings import setting

log = logging.getLogger(__name__)


@cache
def queue() -> Huey:
    """One queue for the installation: a file in DATA, or Redis when several machines share it."""
    if setting.redis_url:
        from huey import RedisHuey
        return RedisHuey("kanton", url=setting.redis_url)
    setting.data.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("kanton", filename=str(setting.data / "worker.db"), results=False)


EVERY: tuple[tuple[str, Any, Callable[[], Any]], ...] = (
    ("deliver", crontab(minute="*"), outbox.deliver_due),
    ("expire invitations", crontab(minute="*/10"), invitations.expire_due),
    ("remind invitations", crontab(minute="5"), invitations.remind_due),
    ("forget sign-ins half-way", crontab(minute="15"), signin.forget_old),
    ("forget factors half-way", crontab(minute="16"), second_factors.forget_old),
    ("forget sessions", crontab(minute="20", hour="3"), sessions.forget_old),
    ("forget limits", crontab(minute="25"), limits.forget_old),
)


def nudge() -> None:
    """Ask the worker to look at the outbox now."""
    queue().enqueue(_deliver().s())


@cache
def _deliver() -> Any:
    return queue().task(name="deliver_now")(_quietly("deliver", outbox.deliver_due))


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


def main() -> None:
    """Work until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("huey").setLevel(logging.WARNING)
    db.connect_to(setting.database)
    outbox.channels.update({name: plugin.send for name, plugin in
                            plugins.load("notices.channels", setting.channels).items()})
    _deliver()
    for name, when, do in EVERY:
        queue().periodic_task(when, name=name)(_quietly(name, do))
    nudge()
    consumer = queue().create_consumer(workers=1, periodic=True, initial_delay=0.1, backoff=1.15, max_delay=2.0,
                                       check_worker_health=True)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    consumer.run()


if __name__ == "__main__":
    # The queue knows tasks by their module: both sides must call it by the same name.
    sys.exit(import_module("worker").main())
