"""Second factors: something besides the first proof that it is you.

A factor is a folder here, or an installed package, that offers `plugin`, a
Factor, and a template challenge.html: the part of a form that asks for its
answer. One that people set up themselves has enrol.html as well.
"""
from typing import Any

from models import Attempt, Credential, User


class Factor:
    """Three moments of a person's life with a factor. Each runs inside a transaction."""

    name: str                   # the folder's name
    label: Any                  # as people read it
    hint: Any                   # one line under it, where one chooses
    refusal: Any                # what a wrong answer is told
    icon = "smartphone"
    own = True                  # set up by itself; otherwise handed out with the first of the others
    asks = False                # does it ask something new each time?
    another: Any = ""           # what the button says that has it ask anew, if there is one
    inside = True               # is it good for a fresh proof from inside a session, too?
    says_first = False          # does setting up begin with something to be typed? Then begin.html asks for it.
    scripted = False            # does a script fetch what is asked, as JSON, and fill in the answer?
    most = 10                   # how many of it one person may have: each is one more that fits

    def begin(self, user: User, secret: str = "") -> Credential:
        """A pending credential. `secret` is what was typed first, or given by the demonstration."""
        raise NotImplementedError

    def shown(self, user: User, credential: Credential) -> dict[str, Any]:
        """What enrol.html shows of a pending credential."""
        raise NotImplementedError

    def ask(self, user: User) -> tuple[dict[str, Any], dict[str, Any]]:
        """For one that asks: facts the answer must match, which we keep for one use; and what challenge.html shows."""
        return {}, {}

    def ask_for(self, attempt: Attempt) -> tuple[dict[str, Any], dict[str, Any]]:
        """The same, of one sign-in half-way."""
        return self.ask(attempt.user)

    def answered(self, asked: dict[str, Any]) -> bool:
        """Is there an answer to look at? Not yet, where it is given elsewhere: asking for it is no wrong answer."""
        return True

    def again(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """What challenge.html shows of something asked before that still holds: it is not asked anew, and a wrong
        answer leaves it as it is. None: it was for one answer."""
        return None

    def ask_first(self, user: User) -> tuple[dict[str, Any], dict[str, Any]]:
        """The same when a scripted one is set up."""
        return {}, {}

    def check(self, credential: Credential, answer: str, asked: dict[str, Any]) -> bool:
        """Is it right, to what was asked? Then it is used up, by a conditional update whose row count decides."""
        raise NotImplementedError
