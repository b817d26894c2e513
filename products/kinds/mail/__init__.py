"""Mailboxes. Their management cannot be blocked, but the service can be in maintenance (G8)."""
from i18n import _l
from products.kinds import Kind


class Mail(Kind):
    name, label = "mail", _l("Mail service")
    icon = "mail"
    rights = ("technical",)
    blockable, maintainable, seated = False, True, True
    technical_label = _l("Domain name")


plugin = Mail()
