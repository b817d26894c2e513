"""The side bar and the account's menu: an entry for each page that exists and that one may open.

A new page needs no line here if it stands below one that has an entry.
"""
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request

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
                "/operator/sign-outs", "/operator/catalogue")),
)

INSIDE = "/o/<organisation>"


def side() -> list[dict[str, Any]]:
    """The groups of the side bar: the organisation's inside one, else the account's."""
    here = g.get("here")
    if here is None:
        return [{"title": None, "items": _shown(ACCOUNT)}] if g.get("me") else []
    groups = ({"title": title, "items": _shown(entries)} for title, entries in ORGANISATION)
    return [group for group in groups if group["items"]]


def account_menu() -> list[dict[str, Any]]:
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


def _shown(entries: tuple[Entry, ...]) -> list[dict[str, Any]]:
    here, slug = g.get("here"), g.get("slug", "")
    found: list[dict[str, Any]] = []
    most = 0
    for entry, needs in _existing(entries):
        if _may_open(needs):
            address, *others = (_address(path, slug) for path in (entry.path, *entry.also))
            covers = max(_covers(address), *map(_covers, others)) if others else _covers(address)
            most = max(most, covers)
            found.append({"href": address, "icon": entry.icon, "label": entry.label, "hot": entry.hot,
                          "count": getattr(here, entry.count) if entry.count else 0, "what": entry.what,
                          "covers": covers})
    for shown in found:
        shown["current"] = shown["covers"] == most > 0
    return found


def _covers(address: str) -> int:
    """How much of the present address this one is the beginning of. What ends in a slash stands for itself only."""
    path = request.path
    below = path.startswith(address) and path[len(address):len(address) + 1] == "/" and address != "/account"
    return len(address) if below or path == address else 0


def _address(path: str, slug: str) -> str:
    return path if path.startswith("/") else f"/o/{slug}/{path}"


def _may_open(needs: Any) -> bool:
    if needs in (None, "anyone", "signed in"):
        return True
    return bool(g.me.operator) if needs == "operator" else bool(g.may(needs))


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
