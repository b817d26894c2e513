"""Selling tickets, with finer rights than other kinds (G2-R3)."""
from i18n import _l
from products.kinds import Kind


class Ticketing(Kind):
    name, label = "ticketing", _l("Ticketing")
    icon = "ticket"
    rights = ("technical", "sales", "entry", "staff", "statistics")
    own_rights = {"sales": _l("Ticket sales"), "entry": _l("Ticket control"), "staff": _l("Staff"),  # noqa: RUF012
                  "statistics": _l("Reports")}
    technical_label = _l("Address of the shop")


plugin = Ticketing()
