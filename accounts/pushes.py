"""Browsers that are told at once when a sign-in waits for a yes in them (Web Push, RFC 8030).

A browser gives us an address at its maker's push service, and keys of its own:
what goes there is read by that browser alone. We go only to services that the
operator has named, and only for the minute in which an answer counts.
"""
import base64
import binascii
import hmac
import logging
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import audit
import crypto
import current
import db
import egress
import outbox
from accounts import acting
from clock import now
from db import transaction
from i18n import _l
from models import Approval, Device, Message, PushSubscription, Session, User
from rules import NotHere, Refused
from settings import LOOPBACK, setting

log = logging.getLogger(__name__)

CHANNEL, NOTICE = "push", "approval_waiting"
MOST = 10                                       # browsers a person
LONGEST = 1000                                  # characters of an address
PATIENCE = 10                                   # noes in a row; then the browser is told no more

UNREADABLE = _l("The browser sent something that we cannot read. Load the page again.")


def on() -> bool:
    """Is anybody told in this way at all?"""
    return CHANNEL in setting.channels


def pair() -> ec.EllipticCurvePrivateKey:
    """By which push services know us (VAPID, RFC 8292)."""
    return crypto.key_pair("web push")


def public_key() -> str:
    """Its public half, as browsers want it."""
    return text_of(pair().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def subscribe(endpoint: str, key: str, secret: str) -> None:
    """From now on the acting person is told in this browser. Whoever was told in it before is no more."""
    who = current.actor()
    _check(endpoint)
    keys = _point(key), _sixteen(secret)
    with transaction():
        acting.me()
        db.exclusively("push subscriptions")
        here = _device()
        PushSubscription.delete().where(
            (PushSubscription.device == here) | (PushSubscription.endpoint == endpoint)).execute()
        if len(of(who.user_id)) >= MOST:
            raise Refused(_l("%(n)s browsers notify you already. Stop one of them first.", n=MOST))
        subscription = PushSubscription(user=who.user_id, device=here, endpoint=endpoint)
        _keep(subscription, *keys)
        audit.record_for(who.user_id, "push.on", subscription.public_id)


def unsubscribe(public_id: str) -> None:
    """One of the acting person's browsers is told no more. NotHere for anybody else's."""
    who = current.actor()
    with transaction():
        acting.me()
        if not PushSubscription.delete().where(
                PushSubscription.public_id == public_id, PushSubscription.user == who.user_id).execute():
            raise NotHere
        audit.record_for(who.user_id, "push.off", public_id)


def renew(before: str, proof: str, endpoint: str, key: str, secret: str) -> None:
    """A browser says that its address is another one, and proves by the secret of the old one that it is the same."""
    known = PushSubscription.get_or_none(PushSubscription.endpoint == before)
    if known is None or not hmac.compare_digest(secret_of(known), _sixteen(proof)):
        raise NotHere
    _check(endpoint)
    keys = _point(key), _sixteen(secret)
    with transaction():
        db.exclusively("push subscriptions")
        PushSubscription.delete().where(
            PushSubscription.endpoint == endpoint, PushSubscription.id != known.id).execute()
        known.endpoint = endpoint
        _keep(known, *keys)


def of(user_id: int | None) -> list[PushSubscription]:
    """A person's browsers that are told, the latest first; `here` says of one that it is the acting person's own."""
    this = Session.select(Session.device).where(Session.id == (current.actor().session_id or 0))
    return list(PushSubscription.select(PushSubscription, Device, PushSubscription.device.in_(this).alias("here"))
                .join(Device).join(User).where(PushSubscription.user == user_id, Device.epoch == User.epoch)
                .order_by(PushSubscription.id.desc()))


def post(approval: Approval) -> None:
    """A sign-in begins to wait: every browser but the one that asks is told. In the transaction of that."""
    if not on():
        return
    for each in of(approval.user_id):
        if each.device_id != approval.attempt.device_id:
            outbox.post_to(approval.user, NOTICE, to=service_of(each), channel=CHANNEL, subject=approval.public_id,
                           subscription=each.public_id, until=int(approval.expires.timestamp()))


def posted(approval: Approval) -> list[Message]:
    """What became of that: a message a browser, those that arrived first."""
    found = Message.select().where(Message.subject == approval.public_id, Message.channel == CHANNEL)
    return sorted(found, key=lambda message: message.state != Message.SENT)


def due(message: Message) -> PushSubscription | None:
    """The browser a message is for, while there is still something to say yes to."""
    waits = Approval.get_or_none(Approval.public_id == message.subject)
    if waits is None or waits.present != Approval.WAITING:
        return None
    return PushSubscription.get_or_none(  # type: ignore[no-any-return]
        PushSubscription.public_id == (message.facts or {}).get("subscription"))


def took(subscription: PushSubscription) -> None:
    """Its service has taken a message."""
    with transaction():
        _change(subscription, failures=0, last_used=now())


def refused(subscription: PushSubscription, *, for_ever: bool) -> None:
    """Its service said no; `for_ever`: that it knows no such browser any more."""
    with transaction():
        _change(subscription, failures=PushSubscription.failures + 1)
        this = PushSubscription.delete().where(PushSubscription.id == subscription.id)
        (this if for_ever else this.where(PushSubscription.failures >= PATIENCE)).execute()


def forget(user: User) -> None:
    """None of a person's browsers is told any more. In a transaction."""
    PushSubscription.delete().where(PushSubscription.user == user.id).execute()


def service_of(subscription: PushSubscription) -> str:
    """The host of its push service: that may be told, its whole address may not."""
    return urlsplit(subscription.endpoint).hostname or ""


def secret_of(subscription: PushSubscription) -> bytes:
    return crypto.unseal(subscription.secret, _place(subscription))


def inside() -> tuple[str, ...]:
    """The networks we may go to although they are not public: our own machine, where a service is named on it."""
    return egress.LOOPBACK if set(LOOPBACK) & set(setting.push_services) else ()


def text_of(content: bytes) -> str:
    """As browsers write what is no text: base64 for addresses, nothing at its end."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _check(endpoint: str) -> None:
    """Refused: no address of a service that we go to (WH-04)."""
    try:
        host, port = urlsplit(endpoint).hostname or "", urlsplit(endpoint).port
        if len(endpoint) > LONGEST or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
            raise egress.Unreached("no plain address")
        if not _named(host) or (port not in (None, 443) and host not in LOOPBACK):
            raise egress.Unreached("not in PUSH_SERVICES")
        egress.look(endpoint, inside=inside())
    except (egress.Unreached, ValueError) as trouble:
        log.warning("a browser cannot be told, its push service is refused: %.300s", trouble)
        raise Refused(_l("This browser cannot notify you: its push service is none that this installation writes to.")
                      ) from None


def _named(host: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in setting.push_services)


def _point(key: str) -> bytes:
    point = _bytes(key)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise Refused(UNREADABLE) from None
    return point


def _sixteen(secret: str) -> bytes:
    content = _bytes(secret)
    if len(content) != 16:
        raise Refused(UNREADABLE)
    return content


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Refused(UNREADABLE) from None


def _device() -> int:
    """The browser of the acting session; NotHere if that knows none."""
    device = Session.select(Session.device).where(Session.id == current.actor().session_id).scalar()
    if device is None:
        raise NotHere
    return int(device)


def _keep(subscription: PushSubscription, key: bytes, secret: bytes) -> None:
    subscription.key, subscription.secret = key, crypto.seal(secret, _place(subscription))
    subscription.save()


def _change(subscription: PushSubscription, **changes: Any) -> None:
    PushSubscription.update(**changes).where(PushSubscription.id == subscription.id).execute()


def _place(subscription: PushSubscription) -> str:
    return f"push_subscription.secret.{subscription.public_id}"
