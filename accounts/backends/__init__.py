"""Sign-in backends: ways to give the first proof that it is you.

A backend is a folder here, or an installed package, that offers `plugin`, a
Backend. One that is `typed` is asked with the address and the password of the
sign-in page. Any other has its own address, /signin/with/<name>: it begins
there, and it finishes with what comes back, in a form or from elsewhere. If it
shows a page, the page is its signin.html.
"""
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models import User


@dataclass(frozen=True)
class Proof:
    """Whose, and by what: «passkey». `complete`: two steps in one, no second factor is asked for."""

    user: User
    proofs: str
    complete: bool = False


@dataclass(frozen=True)
class Step:
    """What is begun: facts the answer must match, kept by us; then a page that shows something, or an address."""

    facts: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    away: str = ""              # where else the person proves it, an absolute address


class Backend:
    name: str                   # the folder's name
    label: Any                  # as people read it on a button: «Sign in with …»
    icon = "key-round"
    typed = False
    scripted = False            # does a script ask and answer? Then its button.html stands on the sign-in page

    def right(self, user: User | None, email: str, password: str) -> Proof | None:
        """For a typed one: are these somebody's? `user` has that address here. As slow for nobody as for somebody."""
        raise NotImplementedError

    def begin(self) -> Step:
        """For any other: a new attempt to prove something."""
        raise NotImplementedError

    def finish(self, facts: dict[str, Any], answer: Mapping[str, str]) -> Proof | None:
        """Does what came back match the facts? They are used up by this. None: no."""
        raise NotImplementedError
