"""Help from the people who run the installation."""
from i18n import _l
from products.kinds import Kind


class Support(Kind):
    name, label = "support", _l("Support")
    icon = "life-buoy"
    rights = ("technical",)
    blockable = False
    technical_label = _l("Contract")


plugin = Support()
