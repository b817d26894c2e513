"""An application behind a proxy that asks us about every request."""
from i18n import _l
from products.kinds import GATE, Kind


class GatedApplication(Kind):
    name, label = "gated_app", _l("Application behind the gate")
    icon = "shield-check"
    door = GATE
    technical_label = _l("Short description")


plugin = GatedApplication()
