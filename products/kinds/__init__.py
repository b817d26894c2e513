"""Kinds of products: what can be done with one, before the operator says it more precisely for a category.

A kind is a folder here, or an installed package, that offers `plugin`, a Kind.
"""
from typing import Any

from i18n import _l

USE, TECHNICAL, STATISTICS = "use", "technical", "statistics"
GATE, OPENID, LINK = "gate", "openid", "link"


class Kind:
    """A kind's own words and the values its categories begin with."""

    name: str                   # the folder's name
    label: Any                  # as the operator reads it, where a category is made
    icon = "package"
    used = True                 # is there a service that people use? Otherwise it is only managed.
    rights: tuple[str, ...] = (TECHNICAL, STATISTICS)   # over its management, in the order they are shown
    own_rights: dict[str, Any] = {}     # what rights of its own are called  # noqa: RUF012
    blockable = True            # can its management be blocked (G8-R1)?
    maintainable = False        # can the service be in maintenance?
    seated = False              # are the people who use it counted?
    team_merge = "union"        # a team's rights beside one's own, or, «individual», one's own instead (G2-R5)
    door = ""                   # how people get in: one of these; none: not by us
    technical_label: Any = _l("Technical name")     # what `technical_name` is of this kind

    def title(self, right: str) -> Any:
        """What a right over it is called."""
        return self.own_rights.get(right) or RIGHTS[right]


RIGHTS = {
    USE: _l("Use"),
    TECHNICAL: _l("Technical rights"),
    STATISTICS: _l("Statistics"),
}
