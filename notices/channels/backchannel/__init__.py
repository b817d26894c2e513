"""Telling an application that somebody signed out, at the address it gave (OpenID Back-Channel Logout)."""
from urllib.parse import urlencode

import egress
from models import Message
from oidc import logout, watching
from outbox import Undeliverable, Unreachable
from settings import setting

BELIEVED_AFTER = 6                              # tries that end with 400, within half an hour


class NotUnderstood(Exception):
    """400: for good, or because it could not ask us for our keys at that moment, as while we start."""


class BackChannel:
    def send(self, message: Message) -> None:
        form = urlencode({"logout_token": logout.token(message)}).encode()
        try:
            answer = egress.fetch(message.recipient, form=form, inside=egress.LOOPBACK if setting.on_loopback else ())
        except egress.Unreached as trouble:
            watching.told(message, "unreached")
            raise Unreachable(str(trouble), message.recipient) from trouble
        if answer.status in (200, 204):
            return watching.told(message)
        watching.told(message, "answer", str(answer.status))
        if answer.status == 400:
            why = "the application says that it does not understand it (400)"
            raise Undeliverable(why) if message.attempts >= BELIEVED_AFTER else NotUnderstood(why)
        raise Unreachable(f"{message.recipient} answers with {answer.status}", message.recipient)


plugin = BackChannel()
