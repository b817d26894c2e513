"""What can be had in this installation: families, and in them categories of products. The operator keeps it."""
import re
from collections.abc import Iterable, Mapping
from typing import Any

import audit
import i18n
import plugins
import rules
from clock import now
from db import transaction
from i18n import _l
from models import Category, Family
from organisations.operating import require_operator
from products.kinds import Kind
from products.neutral import NEUTRAL
from rules import Conflict, NotHere, Refused
from settings import setting

LONGEST_NAME = 60
FLAGS = ("used", "blockable", "maintainable", "seated")


def kinds() -> dict[str, Kind]:
    """The kinds that PRODUCT_KINDS names, in that order."""
    return plugins.load("products.kinds", setting.product_kinds)


def kind_of(category: Category) -> Kind:
    return plugins.find("products.kinds", category.kind)  # type: ignore[no-any-return]


def told(named: Family | Category) -> str:
    """Its name in the language spoken; where it has none, in the installation's own."""
    names: dict[str, str] = named.names
    return names.get(i18n.voice().language) or names.get(setting.languages[0]) or next(iter(names.values()))


def families() -> list[Family]:
    """In the operator's order, each with `all`: its categories, in theirs."""
    found = list(Family.select().order_by(Family.position, Family.id))
    categories = list(Category.select().order_by(Category.position, Category.id))
    for family in found:
        family.all = [each for each in categories if each.family_id == family.id]
    return found


def family(code: str) -> Family:
    return _one(Family, code)  # type: ignore[no-any-return]


def category(code: str) -> Category:
    return _one(Category, code)  # type: ignore[no-any-return]


# --- the operator's verbs ----------------------------------------------------------------------


def add_family(names: Mapping[str, str], icon: str = "package") -> Family:
    with transaction():
        require_operator()
        found = Family.create(names=_named(names), code=_code(Family, names), icon=icon, position=_last(Family))
        audit.record_here("family.added", found.code, name=told(found))
        return found  # type: ignore[no-any-return]


def change_family(code: str, names: Mapping[str, str], icon: str) -> Family:
    with transaction():
        require_operator()
        found = family(code)
        found.names, found.icon = _named(names), icon
        found.save()
        audit.record_here("family.changed", code, name=told(found))
        return found


def add_category(family_code: str, kind: str, names: Mapping[str, str], **chosen: Any) -> Category:
    """With what its kind says, where nothing else is chosen: flags, `rights` and `team_merge`."""
    with transaction():
        require_operator()
        if kind not in setting.product_kinds:
            raise Refused(_l("Choose a kind."), "kind")
        plugin = kinds()[kind]
        begins = {flag: getattr(plugin, flag) for flag in (*FLAGS, "team_merge")}
        found = Category.create(family=family(family_code), kind=kind, names=_named(names),
                                code=_code(Category, names), position=_last(Category),
                                **begins | {"rights": _rights(plugin, plugin.rights)} | _chosen(plugin, chosen))
        audit.record_here("category.added", found.code, name=told(found))
        return found  # type: ignore[no-any-return]


def change_category(code: str, names: Mapping[str, str], **chosen: Any) -> Category:
    """What is granted already stays written down; a right that is no longer known opens nothing."""
    with transaction():
        require_operator()
        found = category(code)
        found.names = _named(names)
        for what, value in _chosen(kind_of(found), chosen).items():
            setattr(found, what, value)
        found.save()
        audit.record_here("category.changed", code, name=told(found))
        return found


def retire(code: str) -> Category:
    """No new products of it. Those there are stay as they are."""
    return _retired(code, True)


def bring_back(code: str) -> Category:
    return _retired(code, False)


def take_neutral() -> None:
    """The catalogue that comes along, into an empty one."""
    with transaction():
        require_operator()
        if Family.select().exists():
            raise Conflict(_l("The catalogue has families already."))
        for names, icon, categories in NEUTRAL:
            made = add_family(names, icon)
            for kind, its_names in categories:
                if kind in setting.product_kinds:
                    add_category(made.code, kind, its_names)


# --- what the verbs share ----------------------------------------------------------------------


def _retired(code: str, yes: bool) -> Category:
    with transaction():
        require_operator()
        found = category(code)
        if (found.retired is not None) == yes:
            return found
        found.retired = now() if yes else None
        found.save()
        audit.record_here("category.retired" if yes else "category.brought_back", code, name=told(found))
        return found


def _one(table: Any, code: str) -> Any:
    found = table.get_or_none(table.code == code)
    if found is None:
        raise NotHere
    return found


def _named(names: Mapping[str, str]) -> dict[str, str]:
    """A name in each language of the installation, or Refused at the first that is missing."""
    found = {language: rules.name(names.get(language, ""), f"name_{language}", longest=LONGEST_NAME)
             for language in setting.languages}
    for language, name in found.items():
        if not name:
            raise Refused(_l("Enter a name in each language."), f"name_{language}")
    return found


def _code(table: Any, names: Mapping[str, str]) -> str:
    """What it is called in addresses: its first name, in small letters; never twice, never another afterwards."""
    name = names.get("en") or next(iter(names.values()), "")
    code = re.sub(r"[^a-z0-9]+", "-", rules.fold(name)).strip("-")
    if not code or table.select().where(table.code == code).exists():
        raise Refused(_l("There is one of this name already."), f"name_{setting.languages[0]}")
    return code


def _last(table: Any) -> int:
    return int(table.select().count())


def _rights(kind: Kind, chosen: Iterable[str]) -> list[str]:
    """Those of the kind that are chosen, in the kind's order. A product that is not used needs one."""
    rights = [right for right in kind.rights if right in set(chosen)]
    if not rights:
        raise Refused(_l("Choose at least one right."), "rights")
    return rights


def _chosen(kind: Kind, chosen: dict[str, Any]) -> dict[str, Any]:
    found = {flag: bool(chosen[flag]) for flag in FLAGS if flag in chosen}
    if "rights" in chosen:
        found["rights"] = _rights(kind, chosen["rights"])
    if chosen.get("team_merge"):
        if chosen["team_merge"] not in (Category.UNION, Category.INDIVIDUAL):
            raise Refused(_l("Choose how rights come together."), "team_merge")
        found["team_merge"] = chosen["team_merge"]
    return found
