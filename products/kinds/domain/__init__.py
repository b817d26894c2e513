"""Domain names: managed, never used, and without statistics (G2-R3)."""
from i18n import _l
from products.kinds import Kind


class Domain(Kind):
    name, label = "domain", _l("Domain name")
    icon = "globe"
    used = False
    rights = ("technical",)
    technical_label = _l("Domain name")


plugin = Domain()
