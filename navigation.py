"""The side bar and the account's menu: an entry for each page that exists and that one may open.

A new page needs no line here if it stands below one that has an entry.
"""
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import current_app, g, request
from markupsafe import Markup

import assets
from i18n import Lazy, _l


@dataclass(frozen=True)
class Entry:
    """`path` is below the organisation if it does not begin with a slash; `also`: where else it is the current one."""

    path: str
    icon: str
    label: Lazy
    also: tuple[str, ...] = ()
    count: str = ""             # a number the organisation keeps; shown when it is not 0
    what: Lazy | None = None    # what is counted, for those who do not see the entry
    hot: bool = False           # it means work to do


ORGANISATION: tuple[tuple[Lazy | None, tuple[Entry, ...]], ...] = (
    (None, (
        Entry("", icon="layout-dashboard", label=_l("Overview")),
    )),
    (_l("People"), (
        Entry("members", icon="users", label=_l("Members"), also=("invitations",), count="people", what=_l("members")),
        Entry("teams", icon="users-round", label=_l("Teams")),
        Entry("security", icon="shield-check", label=_l("Security"), count="unprotected", hot=True,
              what=_l("without two-factor authentication")),
    )),
    (_l("Products"), (
        Entry("products", icon="package", label=_l("All products"), also=("shop", "cart", "requests")),
        Entry("domains", icon="globe", label=_l("Domain names")),
    )),
    (_l("Billing"), (
        Entry("billing/renewals", icon="refresh-cw", label=_l("Renewals")),
        Entry("billing/invoices", icon="receipt", label=_l("Invoices"), also=("billing",)),
        Entry("billing/prepaid", icon="wallet", label=_l("Prepaid account")),
    )),
    (_l("Organisation"), (
        Entry("activity", icon="activity", label=_l("Activity log")),
        Entry("support", icon="life-buoy", label=_l("Support")),
        Entry("settings", icon="settings", label=_l("Details")),
    )),
)

ACCOUNT = (
    Entry("/account", icon="user-cog", label=_l("My profile"), also=("/account/support-code",)),
    Entry("/account/security", icon="key-round", label=_l("Sign-in and security"),
          also=("/account/sessions", "/account/password", "/account/address", "/account/secure",
                "/account/recovery")),
    Entry("/account/app-passwords", icon="plug", label=_l("App passwords")),
    Entry("/account/applications", icon="layers", label=_l("Applications")),
    Entry("/account/organisations", icon="building-2", label=_l("My organisations")),
    Entry("/account/products", icon="package", label=_l("My products")),
    Entry("/account/notifications", icon="bell", label=_l("Notifications")),
    Entry("/account/activity", icon="activity", label=_l("My activity")),
    Entry("/account/tokens", icon="terminal", label=_l("API tokens")),
    Entry("/operator/", icon="server", label=_l("Operator’s console"),
          also=("/operator/accounts", "/operator/organisations", "/operator/activity", "/operator/support",
                "/operator/sign-outs", "/operator/catalogue", "/operator/operators")),
)

INSIDE = "/o/<organisation>"


@dataclass(slots=True)
class Shown:
    """An entry as it stands in a menu."""

    href: str
    icon: Markup
    label: Lazy
    what: Lazy | None
    count: int
    hot: bool
    covers: int                 # how much of the present address its own is the beginning of
    current: bool = False       # the one that covers most


class Group(NamedTuple):
    title: Lazy | None
    entries: list[Shown]


def side() -> list[Group]:
    """The groups of the side bar: the organisation's inside one, else the account's."""
    if g.get("here") is None:
        return [Group(None, _shown(ACCOUNT))] if g.get("me") else []
    groups = (Group(title, _shown(entries)) for title, entries in ORGANISATION)
    return [group for group in groups if group.entries]


def account_menu() -> list[Shown]:
    return _shown(ACCOUNT) if g.get("me") else []


def same_page() -> tuple[str, Any]:
    """This page's path below another organisation, and who may open it: cut where that has no such object."""
    rule = request.url_rule.rule if request.url_rule else ""
    path = rule.removeprefix(INSIDE).partition("<")[0].rstrip("/") if rule.startswith(INSIDE) else ""
    while path and INSIDE + path not in pages():
        path = path.rpartition("/")[0]
    return path or "/", pages().get(INSIDE + (path or "/"))


def help_address() -> str:
    return "/help" if "/help" in pages() else ""


def _shown(entries: tuple[Entry, ...]) -> list[Shown]:
    here, slug, path, open_to_us = g.get("here"), g.get("slug", ""), request.path, _open_to_us()
    found = [
        Shown(_address(entry.path, slug), assets.drawn(entry.icon), entry.label, entry.what,
              getattr(here, entry.count) if entry.count else 0, entry.hot,
              max(_covers(_address(each, slug), path) for each in (entry.path, *entry.also)))
        for entry, needs in _existing(entries) if open_to_us(needs)]
    most = max((shown.covers for shown in found), default=0)
    for shown in found:
        shown.current = shown.covers == most > 0
    return found


def _covers(address: str, path: str) -> int:
    """How much of the path this address is the beginning of. What ends in a slash stands for itself only."""
    below = path.startswith(address) and path[len(address):len(address) + 1] == "/" and address != "/account"
    return len(address) if below or path == address else 0


def _address(path: str, slug: str) -> str:
    return path if path.startswith("/") else f"/o/{slug}/{path}"


def _open_to_us() -> Callable[[Any], bool]:
    """May whoever asks open a page that needs this?"""
    may, operator = g.get("may"), g.me.operator

    def may_open(needs: Any) -> bool:
        if needs in (None, "anyone", "signed in"):
            return True
        return bool(operator if needs == "operator" else may(needs))
    return may_open


def _existing(entries: tuple[Entry, ...]) -> list[tuple[Entry, Any]]:
    """Those whose page there is, and who may enter it; found out once."""
    known = _found_out("entries")                # by identity: the tables are constants
    if id(entries) not in known:
        rules = ((entry, _address(entry.path, "<organisation>")) for entry in entries)
        known[id(entries)] = [(entry, pages()[rule]) for entry, rule in rules if rule in pages()]
    return known[id(entries)]  # type: ignore[no-any-return]


def pages() -> dict[str, Any]:
    """Every address that shows a page, and who may enter."""
    known = _found_out("pages")
    if not known:
        known.update({rule.rule: getattr(current_app.view_functions[rule.endpoint], "needs", None)
                      for rule in current_app.url_map.iter_rules() if "GET" in (rule.methods or ())})
    return known


def _found_out(what: str) -> dict[Any, Any]:
    """What this application's addresses told us before."""
    return current_app.extensions.setdefault(f"navigation.{what}", {})
