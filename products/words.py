"""What rights and changes of access are called."""
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import plugins
from i18n import Lazy, _, _l
from models import Category, Grant, Role
from organisations.policy import Step
from organisations.roles import LABELS
from products import catalogue
from products.access import ROLE, Decision, Given, Why
from products.kinds import RIGHTS

EVERYTHING = _l("All rights")


def right(name: str, kind: str = "") -> str:
    """A right, by the words of the kind it is over."""
    if name == Grant.EVERYTHING:
        return str(EVERYTHING)
    plugin = plugins.find("products.kinds", kind) if kind else None
    return str(plugin.title(name) if plugin else RIGHTS.get(name, name))


def changes(given: Iterable[Sequence[Any]], names: Mapping[str, dict[str, str]] | None = None) -> list[tuple[str, str]]:
    """What was given or taken, each: (over what, which right). As `grants.Changes.facts` keeps them.

    `names`: of categories, as they were written down with it; else they are asked for.
    """
    return [(_over(what, future, names), right(name, kind)) for what, name, kind, future in given]


def told(given: Iterable[Sequence[Any]], taken: Iterable[Sequence[Any]],
         names: Mapping[str, dict[str, str]] | None = None) -> list[tuple[Any, str]]:
    """Each right given or taken back, and over what."""
    return [(what, f"{over}: {right}") for what, rows in ((_("Given"), given), (_("Taken back"), taken))
            for over, right in changes(rows, names)]


def carried(grants: Iterable[Grant]) -> list[tuple[str, str]]:
    """The same of grants as they are, each read with what it is over (`organisations.teams.look`)."""
    return [(_carried_over(each), right(each.right, each.over.kind if each.right != Grant.EVERYTHING else ""))
            for each in grants]


def _carried_over(grant: Grant) -> str:
    if grant.product_id:
        return str(grant.product.label)
    if grant.category_id:
        return _("Future products: %(category)s", category=catalogue.told(grant.over))
    return _over("", future=False)


def _over(what: str, future: bool | str, names: Mapping[str, dict[str, str]] | None = None) -> str:
    if not what:
        return _("All products, now and in future")
    if not future:
        return what
    if names is None:
        category = Category.get_or_none(Category.code == what)
    else:
        category = Category(names=names[what]) if what in names else None
    return _("Future products: %(category)s", category=catalogue.told(category) if category else what)


REFUSALS: dict[Why, Lazy] = {
    Why.SUSPENDED: _l("The account is suspended by the operator."),
    Why.NO_ORGANISATION: _l("The organisation is not active."),
    Why.NO_MEMBER: _l("Not a member of the organisation."),
    Why.MEMBER_BLOCKED: _l("Blocked in the organisation."),
    Why.NO_PRODUCT: _l("The product is not there any more."),
    Why.NO_SUCH_RIGHT: _l("The product knows no such right."),
    Why.NOT_GRANTED: _l("Not granted."),
    Why.OVER: _l("The access has ended."),
    Why.PRODUCT_BLOCKED: _l("The product is blocked."),
    Why.IN_MAINTENANCE: _l("The service is in maintenance."),
}
STEPS: dict[Step, Lazy] = {
    Step.SET_UP: _l("The organisation demands two-factor authentication, and the account has none."),
    Step.TWO_STEPS: _l("The organisation demands a sign-in with two steps."),
    Step.SIGN_IN: _l("The organisation demands a newer sign-in."),
    Step.OWN_WAY: _l("The organisation demands a sign-in by a way of one’s own."),
}


def why(decision: Decision, role: str) -> list[str]:
    """By what a door is open; or else, each reason why it is closed."""
    if decision.allowed:
        return [source(given, role) for given in decision.sources]
    return [str(REFUSALS[each]) for each in decision.refusals] + [str(STEPS[step]) for step in decision.steps]


def state(decision: Decision) -> str:
    return _("open") if decision.allowed else _("closed")


def source(given: Given, role: str) -> str:
    """Where a right comes from."""
    if given is ROLE:
        return _("By the role: %(role)s", role=LABELS[Role(role)])
    if given.right == Grant.EVERYTHING:
        team = _("All rights, by the team %(team)s", team=given.team)
        return team if given.team else _("All rights over everything")
    if given.team:
        return _("By the team %(team)s", team=given.team)
    return _("By a rule about future products") if given.by_rule else _("Granted individually")
