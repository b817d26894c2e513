"""Passwords: what is a good one, and the slow hash, of which few run at once.

Argon2id m=19 MiB t=2 p=1 (RFC 9106; decision 16), made by libsodium, which
computes the same in half the time. The hash keeps a core busy, so that at most
one core less than there are works on hashes, across all processes of this
machine; when 20 wait, the next is told to come back.
"""
import fcntl
import os
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id

import crypto
from i18n import _l
from models import Membership, Organisation, User
from rules import Busy, Refused
from settings import setting
from tenancy import across_organisations

SHORTEST, SHORTEST_WITH_SECOND_FACTOR, LONGEST = 15, 8, 256
WAITING = 20
ADDED = "0123456789!?.*-_ "                     # what people put behind a word to call it a password

NOT_YOURS = _l("This is not your password.")
PRESENT = _l("This is your current password. Choose another one.")


@dataclass(frozen=True)
class Argon2id:
    """The hash at one cost: how often it passes over how many bytes of memory, always on one lane."""

    passes: int
    memory: int

    def hash(self, password: str) -> str:
        """The PHC string, under a new salt."""
        return argon2id.str(password.encode(), self.passes, self.memory).decode()

    def verify(self, phc: str, password: str) -> bool:
        """Is it this password? At whatever cost the PHC string says."""
        try:
            return bool(argon2id.verify(phc.encode(), password.encode()))
        except (InvalidkeyError, ValueError):
            return False


hasher = Argon2id(passes=2, memory=19 << 20)
_waiting = threading.BoundedSemaphore(WAITING)
_slots = [threading.Lock() for _ in range(max(1, (os.cpu_count() or 2) - 1))]
_turns = count(os.getpid())                     # processes begin at different places


def hashed(password: str) -> str:
    """The PHC string of a password. Slow: never inside a transaction. Busy when too many wait."""
    with _one_of_few():
        return hasher.hash(_normal(password))


def sealed(user: User, phc: str) -> bytes:
    """As it is stored: a stolen database alone cannot be tried offline."""
    return crypto.seal(phc.encode(), _place(user))


def unsealed(user: User) -> str:
    """The PHC string. Unsealable with another key than the one it was sealed with."""
    return crypto.unseal(user.password, _place(user)).decode()


def right(user: User | None, password: str) -> bool:
    """Is it this person's password? Takes as long for nobody as for somebody (LG-02)."""
    if len(_normal(password)) > LONGEST:
        return False
    stored = unsealed(user) if user and user.password else _decoy()
    with _one_of_few():
        correct = hasher.verify(stored, _normal(password))
    return correct and user is not None and user.password is not None


def check(password: str, *, two_factor: bool, own: tuple[str, ...] = (), field: str = "password") -> None:
    """Refused unless it is long enough, not common, and not made of one's own names (decision 17).

    `own`: address, names, name of the organisation.
    """
    check_length(password, two_factor=two_factor, field=field)
    text = _normal(password)
    if len(text) > LONGEST:
        raise Refused(_l("Use at most %(n)s characters.", n=LONGEST), field)
    plain = text.casefold()
    if any(_tried_first(each) for each in (plain, _repeated(plain))) or len(set(plain)) < 5:
        raise Refused(_l("This password is among the first that are tried. Choose another one."), field)
    if _made_of(plain, _pieces((*own, setting.instance))):
        raise Refused(_l("This password is made of your own name or address. Choose another one."), field)


def check_length(password: str, *, two_factor: bool, field: str = "password") -> None:
    """Refused unless it is long enough. Whether there is a second factor is asked once more of the row that is held:
    the hash takes its time."""
    shortest = SHORTEST_WITH_SECOND_FACTOR if two_factor else SHORTEST
    if len(_normal(password)) < shortest:
        raise Refused(_l("Use at least %(n)s characters. A sentence of four or five words is good.", n=shortest), field)


def same(one: str, other: str) -> bool:
    return _normal(one) == _normal(other)


def stands_alone(password: str) -> bool:
    """Is it long enough without a second factor (decision 17)?"""
    return len(_normal(password)) >= SHORTEST


def own_words(user: User) -> tuple[str, ...]:
    """What a password of this person must not be made of."""
    with across_organisations("the names of a person's own organisations"):
        names = [name for (name,) in Organisation.select(Organisation.name).join(Membership).where(
            Membership.user == user.id, Membership.ended.is_null()).limit(50).tuples()]
    return user.email, user.email.partition("@")[0], user.first_name, user.last_name, *names


@cache
def common() -> frozenset[str]:
    """Passwords of eight characters and more that are tried first."""
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _waiting.acquire(blocking=False):
        raise Busy
    try:
        number = next(_turns) % len(_slots)
        with _slots[number], _shared(number):
            yield
    finally:
        _waiting.release()


@contextmanager
def _shared(number: int) -> Iterator[None]:
    """One of this machine's few places for hashing, across processes."""
    with open(setting.data / f"hashing-{number}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@cache
def _decoy() -> str:
    return hasher.hash(crypto.token())


def _place(user: User) -> str:
    return f"account.password.{user.public_id}"


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def _tried_first(plain: str) -> bool:
    """On the list, with or without what people add to it, or keys and letters in a row."""
    bare = plain.replace(" ", "")
    return bool(bare) and (bool({plain, bare, bare.rstrip(ADDED)} & common()) or _walk(bare))


def _repeated(plain: str) -> str:
    """What is said again and again; too short to be anything else is as good as common. Else nothing."""
    again = re.fullmatch(r"(.+?)\1+", plain.replace(" ", ""))
    if not again:
        return ""
    return again[1] if len(again[1]) >= SHORTEST_WITH_SECOND_FACTOR else "password"


def _pieces(own: tuple[str, ...]) -> set[str]:
    """Words of one's own, each by itself and together: «Atelier Lumen» is atelier, lumen and atelierlumen."""
    words = {piece for word in own for piece in (*word.casefold().split(), word.casefold().replace(" ", ""))}
    return {word for word in words if len(word) > 3}


def _walk(plain: str) -> bool:
    """Keys side by side, or letters in a row: qwertzuiop, abcdefgh, 12345678, 1q2w3e4r."""
    rows = ("qwertzuiopü", "qwertyuiop[]", "azertyuiop", "asdfghjklöä", "qsdfghjklm", "yxcvbnm,.-", "zxcvbnm,./",
            "1234567890", "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz", "1q2w3e4r5t6z7u8i9o0p",
            "1q2w3e4r5t6y7u8i9o0p", "1a2z3e4r5t6y7u8i9o0p")
    steps = sum(any(a + b in row or b + a in row for row in rows) for a, b in zip(plain, plain[1:], strict=False))
    return steps >= len(plain) - 2


def _made_of(plain: str, words: set[str]) -> bool:
    """Hardly anything else but these words."""
    whole = rest = plain.replace(" ", "")
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != whole and len(rest) < SHORTEST_WITH_SECOND_FACTOR
