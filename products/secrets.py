"""Secrets that an application, or the proxy before one, proves itself with: said once and kept as digests.

A new one leaves those before it good for a while, so that nothing stands still meanwhile.
"""
from dataclasses import dataclass
from typing import Any

import crypto
from clock import DAY, now
from i18n import _l
from rules import NotHere, Refused

OVERLAP = 7 * DAY                               # so long an older one is good beside the next
MOST, SHOWN = 5, 4                              # of one owner; symbols that are shown ever after


@dataclass(frozen=True)
class Secrets:
    """Those of one table. `owner`: its column that says whose; `prefix`: what scanners know one by.

    Each verb is part of the transaction of whoever asked for the right to it.
    """

    table: Any
    owner: Any
    prefix: str

    def opening(self) -> Any:
        """The condition that names those that open something."""
        return self.table.expires.is_null() | (self.table.expires > now())

    def make(self, owner: Any, secret: str = "") -> str:
        """The first, or one beside the others. `secret` is made here, unless everybody knows it: in a demonstration."""
        secret = secret or self.prefix + crypto.token()
        self.table.create(**{self.owner.name: owner}, digest=crypto.digest(secret),
                          hint=secret[:len(self.prefix) + SHOWN])
        return secret

    def add(self, owner: Any, secret: str = "") -> str:
        """The next one. Refused when there are many."""
        mine = self.owner == owner.id
        if self.table.select().where(mine, self.opening()).count() >= MOST:
            raise Refused(_l("There are %(n)s secrets. End one first.", n=MOST))
        self.table.update(expires=now() + OVERLAP).where(mine, self.table.expires.is_null()).execute()
        return self.make(owner, secret)

    def end(self, owner: Any, public_id: str) -> None:
        """This one is good no longer, from the next request on."""
        if not self.table.update(expires=now()).where(
                self.owner == owner.id, self.table.public_id == public_id, self.opening()).execute():
            raise NotHere
