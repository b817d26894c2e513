"""An address that some people are shown. What is there has a door of its own."""
from i18n import _l
from products.kinds import LINK, Kind


class Link(Kind):
    name, label = "link", _l("Link")
    icon = "link"
    rights = ("technical",)
    door = LINK
    technical_label = _l("Address")


plugin = Link()
