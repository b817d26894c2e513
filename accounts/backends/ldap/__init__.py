"""A directory (LDAP): its people sign in with the name and the password they have there.

The connection is encrypted and the server proved, always; a referral is not
followed. Somebody is found as exactly one entry, and known by the number the
directory gives to it for ever (entryUUID, objectGUID), never by an address.
"""
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import ldap
from ldap.filter import escape_filter_chars, filter_format

import crypto
import limits
import rules
from accounts import identities
from accounts.backends import Backend, Mistyped, Proof, Someone
from i18n import _l
from models import Identity, User
from rules import Refused
from settings import setting

log = logging.getLogger(__name__)

PATIENCE = 5                                    # seconds for each question
LONGEST = 256                                   # characters of a password
NUMBERS = ("entryUUID", "objectGUID")           # what an entry is known by, in any directory
TOLD = (*NUMBERS, "mail", "givenName", "sn", "cn")

AWAY = _l("The address and the password do not match here, and the directory does not answer just now. "
          "Try again later.")

Entry = tuple[str, dict[str, list[bytes]]]
Found = TypeVar("Found")


class Directory(Backend):
    name, label = "ldap", _l("Directory")
    icon = "users"
    typed = linked = True

    def right(self, user: User | None, email: str, password: str) -> Proof | None:
        try:
            who = self.recognise({}, {"name": email, "password": password})
        except Refused:
            raise Refused(AWAY) from None
        try:
            return identities.proof(self, who, join=setting.ldap_join) if who else None
        except (Refused, identities.Unlinked):
            return None

    def recognise(self, facts: dict[str, Any], answer: Mapping[str, str]) -> Someone | None:
        name, password = plain(answer["name"]), answer["password"]
        if not name or not usable(password):
            return None                         # an empty password would be no password: the server says yes (FD-01)
        wanted = "".join(filter_format(f"({attribute}=%s)", [name]) for attribute in setting.ldap_names)
        return _asked(lambda directory: _proved(directory, f"(|{wanted})", password))

    def same(self, user: User, password: str) -> bool:
        """By their entry: their address here may be another one than there."""
        mine = Identity.get_or_none(Identity.user == user.id, Identity.provider == self.name)
        if mine is None or not usable(password):
            return False
        try:
            return _asked(lambda directory: _proved(directory, by_number(mine.subject), password)) is not None
        except (Refused, Mistyped):
            return False

    def opens(self, user: User) -> bool:
        return self.name in identities.of(user.id)

    def gone(self, subjects: list[str]) -> list[str]:
        """Those without an entry, or whose entry LDAP_FILTER leaves out. Nobody while the directory is away."""
        try:
            return _asked(lambda directory: [subject for subject in subjects
                                             if _one(directory, by_number(subject)) is None])
        except Refused:
            return []

    def ailment(self) -> str:
        try:
            with _opened() as directory:
                directory.search_ext_s(setting.ldap_base, ldap.SCOPE_BASE, timeout=PATIENCE)
        except ldap.LDAPError as trouble:
            return f"The directory {setting.ldap_url} does not answer: {said(trouble)}"
        return ""


def plain(name: str) -> str:
    """The one spelling of an address or name that is asked for, so that no other has guesses of its own (LG-06)."""
    name = name.strip()
    if "@" not in name:
        return name.lower() if re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}", name) else ""
    try:
        return rules.address(name).key
    except Refused:
        return ""


def usable(password: str) -> bool:
    return bool(password.strip()) and "\x00" not in password and len(password) <= LONGEST


def by_number(subject: str) -> str:
    """The filter that finds an entry again."""
    number = UUID(subject)
    written = "".join(f"\\{byte:02x}" for byte in number.bytes_le)
    return f"(|(entryUUID={number})(objectGUID={written}))"


def _asked(question: Callable[[Any], Found]) -> Found:
    """What the directory says. Refused while it cannot be asked; why stands in the log."""
    try:
        with _opened() as directory:
            return question(directory)
    except ldap.LDAPError as trouble:
        log.error("the directory %s cannot be asked: %s", setting.ldap_url, said(trouble))
        raise Refused(_l("%(way)s: no answer just now. Try again later, or choose another way.",
                         way=Directory.label)) from trouble


@contextmanager
def _opened() -> Iterator[Any]:
    """A connection that is encrypted, to a server that is proved, bound as the one who looks people up (BS-04)."""
    directory = ldap.initialize(setting.ldap_url)
    try:
        for option, value in (
                (ldap.OPT_PROTOCOL_VERSION, 3), (ldap.OPT_REFERRALS, 0),
                (ldap.OPT_NETWORK_TIMEOUT, PATIENCE), (ldap.OPT_TIMEOUT, PATIENCE),
                (ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND),
                (ldap.OPT_X_TLS_PROTOCOL_MIN, ldap.OPT_X_TLS_PROTOCOL_TLS1_2)):
            directory.set_option(option, value)
        if setting.ldap_ca:
            directory.set_option(ldap.OPT_X_TLS_CACERTFILE, setting.ldap_ca)
        directory.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        if not setting.ldap_url.startswith("ldaps:"):
            directory.start_tls_s()
        directory.simple_bind_s(setting.ldap_bind_dn, setting.ldap_bind_password)
        yield directory
    finally:
        directory.unbind_s()


def _proved(directory: Any, which: str, password: str) -> Someone | None:
    """Who that is, if it is exactly one entry and this is its password. Nobody's is tried as long as somebody's.

    By whatever name it is found, what is wrong counts together (LG-03): for the account it opens, which hears of it by
    Mistyped, or, while it opens none, for the entry.
    """
    entry = _one(directory, which)
    who = _someone(directory, entry) if entry else None
    theirs = identities.known(Directory.name, who) if who else None
    if who and theirs is None:
        limits.spend(limits.SIGN_IN_ACCOUNT, f"{Directory.name} {who.subject}")
    name, tried = (entry[0], password) if entry and who else (f"cn=nobody,{setting.ldap_base}", crypto.token())
    try:
        directory.simple_bind_s(name, tried)
    except (ldap.INVALID_CREDENTIALS, ldap.NO_SUCH_OBJECT, ldap.UNWILLING_TO_PERFORM, ldap.INAPPROPRIATE_AUTH,
            ldap.CONSTRAINT_VIOLATION, ldap.INVALID_DN_SYNTAX):
        if theirs:
            raise Mistyped(theirs) from None
        return None
    return who


def _one(directory: Any, which: str) -> Entry | None:
    """The entry, if there is exactly one. What refers to another server is none."""
    try:
        found = directory.search_ext_s(setting.ldap_base, ldap.SCOPE_SUBTREE, f"(&{setting.ldap_filter}{which})",
                                       list(TOLD), timeout=PATIENCE, sizelimit=2)
    except (ldap.SIZELIMIT_EXCEEDED, ldap.NO_SUCH_OBJECT, ldap.REFERRAL):
        return None
    entries = [(name, told) for name, told in found if name is not None]
    return entries[0] if len(entries) == 1 else None


def _someone(directory: Any, entry: Entry) -> Someone | None:
    """An entry in our words; None for one that has no number of its own."""
    name, told = entry
    if told.get("entryUUID"):
        number = UUID(told["entryUUID"][0].decode())
    elif told.get("objectGUID"):
        number = UUID(bytes_le=told["objectGUID"][0])
    else:
        log.error("the entries of %s have neither %s", setting.ldap_url, " nor ".join(NUMBERS))
        return None
    return Someone(str(number), _text(told, "mail"), True, _text(told, "givenName"),
                   _text(told, "sn") or _text(told, "cn"), _groups(directory, name))


def _groups(directory: Any, name: str) -> tuple[str, ...]:
    """The names of the groups somebody is in."""
    if not setting.ldap_groups:
        return ()
    which = setting.ldap_group_filter.replace("{dn}", escape_filter_chars(name))
    try:
        found = directory.search_ext_s(setting.ldap_groups, ldap.SCOPE_SUBTREE, which, ["cn"], timeout=PATIENCE,
                                       sizelimit=identities.MOST_GROUPS)
    except (ldap.SIZELIMIT_EXCEEDED, ldap.NO_SUCH_OBJECT):
        log.warning("%s: the groups of %s are missing, or too many", setting.ldap_groups, name)
        return ()
    return tuple(sorted(_text(told, "cn") for group, told in found if group is not None))


def _text(told: dict[str, list[bytes]], attribute: str) -> str:
    return told[attribute][0].decode("utf-8", "replace") if told.get(attribute) else ""


def said(trouble: ldap.LDAPError) -> str:
    """What the library says of it, without what it keeps beside."""
    told = trouble.args[0] if trouble.args and isinstance(trouble.args[0], dict) else {}
    return f"{told.get('desc', type(trouble).__name__)}{': ' + told['info'] if told.get('info') else ''}"


plugin = Directory()
