"""Passkeys and security keys as a second proof: touched by somebody, verified where the device can."""
from typing import Any

from accounts import passkeys
from accounts.factors import Factor
from i18n import _l
from models import Credential, User


class WebAuthn(Factor):
    name, label = passkeys.KIND, _l("Passkey or security key")
    hint = _l("The fingerprint, face or PIN of a device, or a key that you touch.")
    refusal = _l("That was not an answer of your key, or it came after more than five minutes. Try again.")
    icon = "fingerprint"
    asks, scripted, most = True, True, passkeys.MOST

    def begin(self, user: User, secret: str = "") -> Credential:
        return Credential.create(user=user, kind=self.name)  # type: ignore[no-any-return]

    def shown(self, user: User, credential: Credential) -> dict[str, Any]:
        return {}

    def ask_first(self, user: User) -> tuple[dict[str, Any], dict[str, Any]]:
        return passkeys.ask_new(user)

    def ask(self, user: User) -> tuple[dict[str, Any], dict[str, Any]]:
        return passkeys.ask(passkeys.of(user), alone=False)

    def check(self, credential: Credential, answer: str, asked: dict[str, Any]) -> bool:
        if credential.state == Credential.PENDING:
            return passkeys.register(credential, answer, asked)
        return passkeys.right(credential, answer, asked)


plugin = WebAuthn()
