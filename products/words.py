"""What rights and changes of access are called."""
import plugins
from i18n import _, _l
from models import Category, Grant
from products import catalogue
from products.kinds import RIGHTS

EVERYTHING = _l("All rights")


def right(name: str, kind: str = "") -> str:
    """A right, by the words of the kind it is over."""
    if name == Grant.EVERYTHING:
        return str(EVERYTHING)
    plugin = plugins.find("products.kinds", kind) if kind else None
    return str(plugin.title(name) if plugin else RIGHTS.get(name, name))


def changes(given: list[list[str]]) -> list[tuple[str, str]]:
    """What was given or taken, each: (over what, which right). As `grants.Changes.facts` keeps them."""
    return [(_over(what, future), right(name, kind)) for what, name, kind, future in given]


def _over(what: str, future: bool | str) -> str:
    if not what:
        return _("All products, now and in future")
    if not future:
        return what
    category = Category.get_or_none(Category.code == what)
    return _("Future products: %(category)s", category=catalogue.told(category) if category else what)
