"""Text messages, by whatever gateway apprise knows: SMS_URL with `{number}` where the number belongs.

The message names no number: the channel reads it, sealed, when it is sent.
"""
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import apprise

from accounts.factors import sms
from models import Message
from notices import letters
from outbox import Undeliverable, Unreachable
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
        number = sms.addressee(message)
        if number is None:
            raise Undeliverable("its number was removed before it could leave")
        text = letters.short(message, **_words(message.facts or {}))
        with _quiet():                          # what it says names the number
            _hand_over(text, number)


def _hand_over(text: str, number: str) -> None:
    """Unreachable when the gateway took its whole time, so that no other message waits for it now."""
    gateway = apprise.Apprise.instantiate(setting.sms_url.replace("{number}", quote(number, safe="")))
    if gateway is None:
        raise NotTaken("SMS_URL is no address that apprise knows")
    begun = time.monotonic()
    if gateway.notify(body=text, body_format=apprise.NotifyFormat.TEXT):
        return
    if time.monotonic() - begun >= min(gateway.socket_connect_timeout, gateway.socket_read_timeout):
        raise Unreachable("the gateway does not answer")
    raise NotTaken("the gateway did not take it")


def _words(facts: dict[str, Any]) -> dict[str, Any]:
    """What its template says: a code, which is made here and stored nowhere, or an address."""
    code = sms.code(facts["credential"], facts["occasion"]) if "occasion" in facts else ""
    return {"code": code, "address": facts.get("address", ""), "support": setting.support}


@contextmanager
def _quiet() -> Iterator[None]:
    """Apprise says as well what it does not know, and whom it wrote to: we say what matters ourselves."""
    log = logging.getLogger("apprise")
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = False


plugin = TextMessages()
