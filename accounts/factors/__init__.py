"""Second factors: something besides the first proof that it is you.

A factor is a folder here, or an installed package, that offers `plugin`, a
Factor, and two templates: enrol.html and challenge.html (the part of the
second-step form that asks for its answer).
"""
from typing import Any

from models import Credential, User


class Factor:
    """Four moments of a person's life with a factor."""

    name: str                   # the folder's name
    label: Any                  # as people read it
    hint: Any                   # one line under it, where one chooses
    refusal: Any                # what a wrong answer is told
    icon = "smartphone"
    enrollable = True           # chosen by itself, or handed out with the first other factor?

    def begin(self, user: User) -> tuple[Credential, dict[str, Any]]:
        """A pending credential, and what the enrolment page shows of it. In a transaction."""
        raise NotImplementedError

    def shown(self, user: User, credential: Credential) -> dict[str, Any]:
        """The same again, for a page loaded anew."""
        raise NotImplementedError

    def confirm(self, credential: Credential, answer: str) -> None:
        """The first answer makes it active; Refused when it is wrong."""
        raise NotImplementedError

    def check(self, credential: Credential, answer: str) -> bool:
        """Is the answer right? Then it is used up: in a transaction, by a conditional update."""
        raise NotImplementedError
