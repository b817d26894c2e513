"""Conversations of the people of an organisation."""
from i18n import _l
from products.kinds import Kind


class Chat(Kind):
    name, label = "chat", _l("Chat")
    icon = "message-square-text"
    technical_label = _l("Domain name")


plugin = Chat()
