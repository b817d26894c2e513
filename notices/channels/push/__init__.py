"""Web Push: a browser wakes up and shows that a sign-in waits, within the minute in which an answer counts.

Every browser has its own service, so that one that is away holds up nobody else's.
"""
import json

import egress
from accounts import pushes
from clock import epoch
from models import Message, PushSubscription
from notices import letters
from notices.channels.push import sealing
from outbox import Undeliverable

GONE = (404, 410)                               # the service knows no such browser any more (RFC 8030, 7.3)
LATER = (408, 429)


class NotTaken(Exception):
    """The service did not answer as it should; it may another time."""


class Push:
    def send(self, message: Message) -> None:
        """Undeliverable when the browser is told no more, or when there is nothing to answer any more."""
        subscription = pushes.due(message)
        if subscription is None:
            raise Undeliverable("answered already, or its browser is told no more")
        status = deliver(subscription, words(message), (message.facts or {})["until"] - epoch())
        if 200 <= status < 300:
            pushes.took(subscription)
            return
        if 400 <= status < 500 and status not in LATER:
            pushes.refused(subscription, for_ever=status in GONE)
            raise Undeliverable(f"{message.recipient} says {status}")
        raise NotTaken(f"{message.recipient} says {status}")


def words(message: Message) -> bytes:
    """What the browser shows, and the path it opens. Nothing of it is a secret."""
    told = {"title": letters.short(message, "subject"), "body": letters.short(message),
            "path": f"/account/approvals/{message.subject}"}
    return json.dumps(told).encode()


def deliver(subscription: PushSubscription, text: bytes, seconds: int) -> int:
    """To the service, which keeps it for so many seconds at most, and only the latest. What it answers."""
    headers = [("Content-Type", "application/octet-stream"), ("Content-Encoding", "aes128gcm"),
               ("TTL", str(max(0, seconds))), ("Urgency", "high"), ("Topic", "sign-in"),
               ("Authorization", sealing.authorization(subscription.endpoint))]
    sealed = sealing.encrypted(text, subscription.key, pushes.secret_of(subscription))
    try:
        return egress.fetch(subscription.endpoint, body=sealed, headers=headers, inside=pushes.inside()).status
    except egress.Unreached as trouble:         # the address itself is a secret of the browser's
        raise NotTaken(str(trouble).replace(subscription.endpoint, pushes.service_of(subscription))) from trouble


plugin = Push()
