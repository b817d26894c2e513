"""Web sites and servers: managed, not used by signing in."""
from i18n import _l
from products.kinds import Kind


class Hosting(Kind):
    name, label = "hosting", _l("Hosting")
    icon = "server"
    used = False
    technical_label = _l("Server or site")


plugin = Hosting()
