"""Signing in with a passkey alone: the device verified its owner, so that it is two proofs in one."""
from collections.abc import Mapping
from typing import Any

from accounts import passkeys
from accounts.backends import Backend, Proof, Step
from i18n import _l
from models import User


class Passkey(Backend):
    name, label = passkeys.ALONE, _l("Sign in with a passkey")
    icon = "fingerprint"
    scripted = True

    def opens(self, user: User) -> bool:
        return bool(passkeys.opening(user))

    def begin(self) -> Step:
        facts, options = passkeys.ask([], alone=True)
        return Step(facts, options)

    def finish(self, facts: dict[str, Any], answer: Mapping[str, str]) -> Proof | None:
        user = passkeys.opened(answer.get("code", ""), facts)
        return Proof(user, self.name, complete=True) if user else None


plugin = Passkey()
