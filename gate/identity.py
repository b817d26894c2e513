"""What an application behind a gate is told of a person: the same headers always, empty where there is nothing."""
from collections.abc import Iterable
from urllib.parse import quote

from gate.reading import Known, Person
from oidc import reading

NAMES = ("Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "X-Auth-Request-User", "X-Auth-Request-Email",
         "X-Auth-Request-Preferred-Username", "X-Auth-Request-Groups")
MARKS = "!#$%&'*+.^_`|~"                        # what else names of headers may have between letters and digits
LONGEST, LONGEST_GROUPS = 200, 2_000            # characters, before they are encoded; after
_KEPT = " !#$&'()*+-./:;<=>?@[]^_`{|}~"         # all of ASCII that can be seen, but % and what lists are read by


def headers(gate: Known, person: Person) -> dict[str, str]:
    """`Remote-User` is the account's public id, which is never given to anybody else, as an address may be.

    What is not plain ASCII is percent-encoded (FW-11).
    """
    told = {"User": person.public_id, "Email": _plain(person.email), "Groups": _list(reading.teams(gate.id, person.id))}
    return {f"Remote-{name}": value for name, value in {**told, "Name": _plain(person.name)}.items()} | {
        f"X-Auth-Request-{name}": value for name, value in {**told, "Preferred-Username": told["Email"]}.items()}


def claimed(names: Iterable[str]) -> bool:
    """Is one of them a header of ours, in any spelling? Many an application reads X_Auth-Request.User like ours."""
    return any(_folded(name) in _OURS for name in names)


def _folded(name: str) -> str:
    return name.upper().translate(_ALIKE)


_ALIKE = str.maketrans(dict.fromkeys(f"-{MARKS}", "_"))
_OURS = frozenset(map(_folded, NAMES))


def _plain(text: str) -> str:
    return quote(text[:LONGEST], safe=_KEPT)


def _list(names: Iterable[str]) -> str:
    """As many as there is room for."""
    room, found = LONGEST_GROUPS, []
    for name in map(_plain, names):
        room -= len(name) + 1
        if room < 0:
            break
        found.append(name)
    return ",".join(found)
