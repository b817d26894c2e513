"""Who is acting, from where, in which request."""
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Whoever does things now: a person signed in, a visitor, or the system by itself."""

    user_id: int | None = None
    name: str = ""
    kind: str = "system"            # user | visitor | operator | system
    session_id: int | None = None   # the Session row, when there is one
    address: str = ""               # the client's address
    agent: str = ""                 # the browser's own words about itself, at most 300 characters
    request_id: str = ""
    proofs: tuple[str, ...] = field(default=())  # what this session proved: ("password", "totp")


SYSTEM = Actor()
_actor: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def actor() -> Actor:
    return _actor.get()


@contextmanager
def acting_as(who: Actor) -> Iterator[Actor]:
    token = _actor.set(who)
    try:
        yield who
    finally:
        _actor.reset(token)
