"""Sign-in backends: ways to give the first proof that it is you.

A backend is a folder here, or an installed package, that offers `plugin`, a
Backend. One that is `typed` is asked with the address and the password of the
sign-in page. Any other has its own address, /signin/with/<name>: it begins
there, and it finishes with what comes back, in a form or from elsewhere. If it
shows a page, the page is its signin.html. One that is `linked` knows people by
who they are elsewhere: each account says itself who that is (`identities`). A
folder may also stand for ways that organisations bring along: these are for
their members, and open nothing but that organisation (`sessions.lent_by`).
"""
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models import User
from rules import NotHere


@dataclass(frozen=True)
class Proof:
    """Whose, and by what: «passkey». `complete`: two steps in one, no second factor is asked for."""

    user: User
    proofs: str
    complete: bool = False
    elsewhere: str = ""         # the way, and what its session is called there: «company 5f2c»
    at: datetime | None = None  # when it was proved there, if that was earlier


@dataclass(frozen=True)
class Step:
    """What is begun: facts the answer must match, kept by us; then a page that shows something, or an address."""

    facts: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    away: str = ""              # where else the person proves it, an absolute address


@dataclass(frozen=True)
class Someone:
    """Who was proved elsewhere just now. `subject` is theirs there for ever; an address is only what they are told."""

    subject: str
    email: str = ""
    email_confirmed: bool = False
    first_name: str = ""
    last_name: str = ""
    groups: tuple[str, ...] = ()
    complete: bool = False      # were there two steps, and do we believe in them?
    session: str = ""           # what their session is called there
    at: datetime | None = None  # when they proved it, if that was earlier


class Untrusted(Exception):
    """Whoever is asked elsewhere is away, or says what we do not believe; why, for the log."""


class Mistyped(Exception):
    """A name that is somebody's there, with a password that is not theirs: it counts for the account it opens here."""

    def __init__(self, user: User):
        super().__init__()
        self.user = user


class Backend:
    name: str                   # the folder's name, or one's own of several that a folder stands for
    label: Any                  # as people read it on a button: «Sign in with …»
    icon = "key-round"
    typed = False
    brings = False              # may organisations bring along ways of this kind?
    linked = False              # does it know people by who they are elsewhere?
    scripted = False            # does a script ask and answer? Then its button.html stands on the sign-in page
    organisation = ""           # the public id of the one that has brought it along; empty: it is for all
    owner = ""                  # and what that one is called
    home = ""                   # the path it leads to where nobody asked for another one

    @property
    def at(self) -> str:
        """The end of its address, /signin/with/<at>."""
        return self.name

    @property
    def written(self) -> str:
        """What books keep of it: its name, to be said in the reader's language."""
        return self.name

    def each(self) -> Iterable["Backend"]:
        """The ways this folder stands for: itself, or one for each of several in the settings."""
        return (self,)

    def brought(self, at: str) -> "Backend | None":
        """The way at this address, if an organisation has brought it along."""
        return None

    def brought_for(self, user_id: int) -> list["Backend"]:
        """What the organisations of this person have brought along."""
        return []

    def takes(self, user: User) -> bool:
        """Is it for this person? What an organisation has brought along is for its members."""
        return True

    def opens(self, user: User) -> bool:
        """Could this person sign in by it? Whoever removes a way must have another."""
        return False

    def ailment(self) -> str:
        """What keeps it from working just now, for `flask doctor`."""
        return ""

    def right(self, user: User | None, email: str, password: str) -> Proof | None:
        """For a typed one: are these somebody's? `user` has that address here. As slow for nobody as for somebody.

        Refused when it cannot say just now, by one sentence for all.
        """
        raise NotImplementedError

    def same(self, user: User, password: str) -> bool:
        """For a typed one: is this the password of somebody who is signed in?"""
        proof = self.right(user, user.email, password)
        return proof is not None and proof.user.id == user.id

    def begin(self) -> Step:
        """For any other: a new attempt to prove something."""
        raise NotImplementedError

    def finish(self, facts: dict[str, Any], answer: Mapping[str, str]) -> Proof | None:
        """Does what came back match the facts? They are used up by this. None: no."""
        raise NotImplementedError

    def recognise(self, facts: dict[str, Any], answer: Mapping[str, str]) -> Someone | None:
        """For a linked one: who is it there? A typed one is asked with `name` and `password`. None: nobody.

        Refused when it cannot say just now.
        """
        raise NotImplementedError

    def gone(self, subjects: list[str]) -> list[str]:
        """For a linked one: whom of these there is no longer, as far as it can be asked."""
        return []

    def signed_out(self, told: str) -> int:
        """For a linked one: the other side says who signed out there; that ends what it opened here. How many.

        Refused when it is not to be believed.
        """
        raise NotHere
