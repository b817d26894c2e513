"""Asking in many at once, from a list as people have it: pasted from a mail, a letter or a spreadsheet (G3)."""
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import limits
from db import transaction
from i18n import _l
from organisations import invitations
from organisations.roles import Right, require
from rules import Refused
from tenancy import at_work

MOST = 100                                      # people in one list
LONGEST = 400                                   # characters of a line with a name and an address
AT_ONCE = 25                                    # people in one transaction


@dataclass(frozen=True)
class Guest:
    """One line of a list."""

    line: str
    email: str
    first_name: str = ""
    last_name: str = ""


def read(text: str) -> list[Guest]:
    """«ada@b.example», «Ada Byron <ada@b.example>», or a table's cells: first name, last name, and the address."""
    return [_guest(line.strip()) for line in text.splitlines() if line.strip()]


def _guest(line: str) -> Guest:
    if len(line) > LONGEST:
        return Guest(line, line)                # no address is, and the reader of tables has a limit of its own
    if named := re.fullmatch(r"([^<]*)<([^<>]*@[^<>]*)>\W*", line):
        first, _blank, last = named[1].strip(' "\'').rpartition(" ")
        return Guest(line, named[2].strip(), first or last, last if first else "")
    separator = next((sign for sign in "\t;," if sign in line), ",")
    cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    address = next((cell for cell in cells if "@" in cell), cells[0])
    names = [cell for cell in cells if cell and cell != address and not re.fullmatch(r"\W*", cell)]
    return Guest(line, address, *names[:2])


def invite(guests: Sequence[Guest], role: str, *, language: str, note: str = "",
           teams: Sequence[str] = ()) -> dict[str, Any]:
    """Ask each of them in; who cannot be asked does not stop the rest: {line: why not}.

    Refused as a whole when there is nobody, when they are too many, or more than may still be asked this hour.
    """
    _not_too_many(guests)
    refused: dict[str, Any] = {}
    for start in range(0, len(guests), AT_ONCE):
        with transaction():
            require(Right.INVITE)
            for guest in guests[start:start + AT_ONCE]:
                try:
                    invitations.invite(guest.email, role, first_name=guest.first_name, last_name=guest.last_name,
                                       language=language, note=note, teams=teams)
                except Refused as refusal:
                    if refusal.field in ("role", "note"):
                        raise
                    refused[guest.line] = refusal.why
    return refused


def _not_too_many(guests: Sequence[Guest]) -> None:
    if not guests:
        raise Refused(_l("Enter at least one address."), "people")
    if len(guests) > MOST:
        raise Refused(_l("Enter at most %(n)s people at once.", n=MOST), "people")
    subject = f"organisation {at_work().id}"
    if (left := limits.left(limits.INVITE_ORGANISATION, subject)) < len(guests):
        raise Refused(_l("This hour you can invite %(n)s more people.", n=max(left, 0)), "people")
    for _guest in guests:
        limits.spend(limits.INVITE_ORGANISATION, subject)
