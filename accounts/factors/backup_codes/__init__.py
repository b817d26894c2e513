"""Backup codes: ten, each for one use, for the day the phone is lost (G7-R2)."""
import re
import secrets
from typing import Any

import crypto
from accounts.factors import Factor
from crypto import CROCKFORD
from i18n import _l
from models import Credential, User

COUNT, SYMBOLS, GROUP = 10, 16, 4


class BackupCodes(Factor):
    name, label = "backup_codes", _l("Backup code")
    hint = _l("One of the ten codes you kept; each works once.")
    refusal = _l("This is none of your unused backup codes.")
    icon, own = "life-buoy", False

    def check(self, credential: Credential, answer: str, asked: dict[str, Any]) -> bool:
        return credential.handle == handle(credential.user_id, answer) and bool(
            Credential.delete().where(Credential.id == credential.id).execute())


def issue(user: User) -> list[str]:
    """Ten new codes, said once; the older ones are dead. In a transaction."""
    Credential.delete().where(Credential.user == user.id, Credential.kind == BackupCodes.name).execute()
    codes = ["".join(secrets.choice(CROCKFORD) for _ in range(SYMBOLS)) for _ in range(COUNT)]
    for code in codes:
        Credential.create(user=user, kind=BackupCodes.name, handle=handle(user.id, code), state=Credential.ACTIVE)
    return ["-".join(re.findall(f".{{{GROUP}}}", code)) for code in codes]


def left(user_id: int) -> int:
    return int(Credential.select().where(Credential.user == user_id, Credential.kind == BackupCodes.name).count())


def handle(user_id: int, code: str) -> str:
    """How a code is found again: the same with or without dashes, large or small, o for 0 and l for 1."""
    plain = re.sub(r"[\s-]", "", code.casefold()).replace("o", "0").replace("l", "1").replace("i", "1")
    return crypto.digest(f"backup code of {user_id}: {plain}")


plugin = BackupCodes()
