"""Browsers a person has used before. A cookie tells them again; strangers cannot lock them out (LG-18)."""
import crypto
import current
from accounts.sessions import network
from clock import now
from models import Device, User


def known(user: User, token: str) -> Device | None:
    """This browser, if this person signed in on it since the account's last epoch."""
    if not token:
        return None
    return Device.get_or_none(  # type: ignore[no-any-return]
        Device.token_hash == crypto.digest(token), Device.user == user.id, Device.epoch == user.epoch)


def remember(user: User, token: str) -> Device:
    """This browser is the person's from now on. Inside the transaction of a sign-in."""
    who = current.actor()
    seen = {"label": who.agent, "network": network(who.address), "epoch": user.epoch, "last_seen": now()}
    device, new = Device.get_or_create(token_hash=crypto.digest(token), user=user, defaults=seen)
    if not new:
        Device.update(**seen).where(Device.id == device.id).execute()
    return device  # type: ignore[no-any-return]
