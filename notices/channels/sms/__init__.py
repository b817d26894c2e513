"""Text messages, by whatever gateway apprise knows: SMS_URL with `{number}` where the number belongs.

The message names no number: the channel reads it, sealed, when it is sent.
"""
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import apprise

from accounts.factors import sms
from models import Credential, Message
from notices import letters
from outbox import Undeliverable
from settings import Settings, setting


class NotTaken(Exception):
    """The gateway did not answer, or said no; it does not tell us which."""


class TextMessages:
    def mistake(self, settings: Settings) -> str:
        """What keeps it from ever working, said before anything starts. The address is a secret."""
        with _quiet():
            if apprise.Apprise.instantiate(settings.sms_url.replace("{number}", "+41790000000")):
                return ""
        kind = settings.sms_url.partition("://")[0]
        return f"SMS_URL={kind}://… is no address that apprise knows, or it lacks a part: see appriseit.com"

    def send(self, message: Message) -> None:
        facts = message.facts or {}
        credential = Credential.get_or_none(Credential.public_id == facts.get("credential"))
        if credential is None:
            raise Undeliverable("its number was removed before it could leave")
        text = letters.short(message, code=sms.code(credential.public_id, facts["occasion"]))
        gateway = apprise.Apprise()
        if not gateway.add(setting.sms_url.replace("{number}", quote(sms.number_of(credential), safe=""))):
            raise NotTaken("SMS_URL is no address that apprise knows")
        if not gateway.notify(text, body_format=apprise.NotifyFormat.TEXT):
            raise NotTaken("the gateway did not take it")


@contextmanager
def _quiet() -> Iterator[None]:
    """Apprise says as well what it does not know: once is enough."""
    log = logging.getLogger("apprise")
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = False


plugin = TextMessages()
