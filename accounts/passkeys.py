"""Passkeys and security keys (WebAuthn): what one is asked, and whether what it answers is right.

The library reads and verifies; here stand the checks it leaves to us. A key is
known by its own id, to one account. Where it is the second of two proofs, that
somebody touches it is enough; by itself it opens an account only when it has
verified its owner, and was seen to do so before beside another proof.
"""
import hmac
import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import idna
from peewee import IntegrityError

import audit
import i18n
import outbox
from clock import MINUTE, epoch, now
from db import transaction
from i18n import _l
from models import Credential, User
from rules import Refused
from settings import setting

KIND, ALONE = "webauthn", "passkey"             # what sessions call it: as a second proof, and by itself
MOST = 20
LIFE = int(5 * MINUTE.total_seconds())          # of what is asked
LONGEST_ID, LONGEST_ANSWER = 1023, 10_000       # bytes, characters
ALGORITHMS = (-7, -8, -257)                     # ES256, EdDSA, RS256 (COSE)
PORTS = {"http": 80, "https": 443}

Asked = tuple[dict[str, Any], dict[str, Any]]   # the facts we keep, and the options the browser is given


def ask_new(user: User) -> Asked:
    """For a new key: one that can also open the account by itself, if the device makes such."""
    challenge, facts = _challenge()
    return facts, {
        "rp": {"id": home()[0], "name": setting.instance},
        "user": {"id": _written(handle(user)), "name": user.email_typed, "displayName": user.name or user.email_typed},
        "challenge": challenge, "timeout": LIFE * 1000, "attestation": "none",
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "excludeCredentials": [_described(each) for each in of(user)],
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "preferred"}}


def ask(keys: list[Credential], *, alone: bool) -> Asked:
    """For an answer of one of these keys; of none, for whichever passkey the person chooses (WA-12)."""
    challenge, facts = _challenge()
    return facts, {
        "rpId": home()[0], "challenge": challenge, "timeout": LIFE * 1000,
        "allowCredentials": [_described(each) for each in keys],
        "userVerification": "required" if alone else "preferred"}


def register(credential: Credential, answer: str, asked: dict[str, Any]) -> bool:
    """A new key, in the place of one begun. Refused when any account has it already. In a transaction."""
    from webauthn import verify_registration_response

    new = _checked(verify_registration_response, answer, asked, supported_pub_key_algs=list(ALGORITHMS))
    if new is None or len(new.credential_id) > LONGEST_ID or _written(new.credential_id) != _id(answer):
        return False
    facts = {"public_key": _written(new.credential_public_key), "verified": new.user_verified,
             "may_be_copied": _may_be_copied(new), "transports": _transports(answer)}
    try:
        return bool(Credential.update(handle=_id(answer), counter=new.sign_count, facts=facts).where(
            Credential.id == credential.id).execute())
    except IntegrityError:
        raise Refused(_l("This key is set up already.")) from None


def right(credential: Credential, answer: str, asked: dict[str, Any], *, alone: bool = False) -> bool:
    """Is this the key's answer to what was asked? A count of uses that went back is told to the owner (WA-06)."""
    from webauthn import verify_authentication_response

    if _id(answer) != credential.handle or not _of_owner(answer, credential.user, alone):
        return False
    facts = credential.facts
    given = _checked(verify_authentication_response, answer, asked, require_user_verification=alone,
                     credential_public_key=_read(facts["public_key"]), credential_current_sign_count=0)
    if given is None or _may_be_copied(given) != facts["may_be_copied"] or (alone and not facts["verified"]):
        return False
    if (given.new_sign_count or credential.counter) and given.new_sign_count <= credential.counter:
        _copied(credential)
        return False
    # Beside a proof that is only lent, whoever runs the provider may have found the key and given it a PIN (FD-14).
    facts = facts | {"verified": facts["verified"] or (given.user_verified and not asked.get("lent"))}
    return bool(Credential.update(counter=given.new_sign_count, facts=facts, last_used=now()).where(
        Credential.id == credential.id, Credential.counter == credential.counter).execute())


def opened(answer: str, asked: dict[str, Any], only: User | None = None) -> User | None:
    """Whose account this passkey opens by itself: its owner's, who was verified by it. `only`: nobody else's."""
    with transaction():
        credential = (Credential.select(Credential, User).join(User)
                      .where(Credential.handle == _id(answer), _active()).first())
        if credential is None or (only and credential.user != only):
            return None
        return credential.user if right(credential, answer, asked, alone=True) else None


def stand_beside(user: User, since: datetime) -> None:
    """What was set up since then opens nothing alone, until it was used beside a password once more: whoever had the
    old password may have set it up. In a transaction."""
    lately = Credential.select().where(Credential.user == user.id, Credential.created >= since, _active())
    for credential in list(lately):
        Credential.update(facts=credential.facts | {"verified": False}).where(Credential.id == credential.id).execute()


def of(user: User) -> list[Credential]:
    """A person's keys."""
    return list(Credential.select().where(Credential.user == user.id, _active()).order_by(Credential.id))


def opening(user: User) -> list[Credential]:
    """Those that open the account by themselves."""
    return [key for key in of(user) if key.facts["verified"]]


def home() -> tuple[str, str]:
    """Where keys belong: the domain, and the origin of our pages. From the settings, never from the Host header.

    Browsers know no keys of an address in numbers: on a loopback address it is localhost.
    """
    address = urlsplit(setting.base_url)
    domain = "localhost" if setting.on_loopback else _in_ascii(str(address.hostname))
    port = f":{address.port}" if address.port and address.port != PORTS[address.scheme] else ""
    return domain, f"{address.scheme}://{domain}{port}"


def _in_ascii(domain: str) -> str:
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()


def handle(user: User) -> bytes:
    """What keys know their owner by: says nothing of the person."""
    return user.public_id.encode()


def _active() -> Any:
    return (Credential.kind == KIND) & (Credential.state == Credential.ACTIVE)


def _challenge() -> tuple[str, dict[str, Any]]:
    challenge = _written(secrets.token_bytes(32))
    return challenge, {"challenge": challenge, "until": epoch() + LIFE}


def _described(key: Credential) -> dict[str, Any]:
    return {"type": "public-key", "id": key.handle, "transports": key.facts["transports"]}


def _checked(verify: Callable[..., Any], answer: str, asked: dict[str, Any], **more: Any) -> Any:
    """What the library makes of an answer; None when it is wrong, late, or given to a page within a stranger's."""
    domain, origin = home()
    if asked.get("until", 0) < epoch() or len(answer) > LONGEST_ANSWER:
        return None
    try:
        said = json.loads(answer)
        page = json.loads(_read(said["response"]["clientDataJSON"]))
        if page.get("crossOrigin") or "topOrigin" in page:
            return None
        return verify(credential=said, expected_challenge=_read(asked["challenge"]), expected_rp_id=domain,
                      expected_origin=[origin], **more)
    except Exception:       # a stranger's bytes: whatever the library stumbles over is a no
        return None


def _id(answer: str) -> str:
    """Which key an answer is said to be of."""
    return _plain(_part(answer, "id"))


def _of_owner(answer: str, owner: User, needed: bool) -> bool:
    """Does it name its owner? A key that is a second proof need not."""
    named = _part(answer, "response", "userHandle")
    if named is None:
        return not needed
    return hmac.compare_digest(_plain(named).rstrip("="), _written(handle(owner)))


def _plain(said: Any) -> str:
    """Base64url as it came; nothing for whatever else a browser says (lone surrogates, NUL, numbers, lists)."""
    return said if isinstance(said, str) and re.fullmatch(r"[A-Za-z0-9_=-]+", said) else ""


def _transports(answer: str) -> list[str]:
    """How the browser reaches the key, in its own words."""
    named = _part(answer, "response", "transports")
    known = ("usb", "nfc", "ble", "smart-card", "hybrid", "internal")
    return [each for each in known if each in named] if isinstance(named, list) else []


def _part(answer: str, *path: str) -> Any:
    """A part of what a browser says; None when it says no such thing."""
    try:
        part = json.loads(answer) if len(answer) <= LONGEST_ANSWER else None
    except (ValueError, RecursionError):
        return None
    for name in path:
        part = part.get(name) if isinstance(part, dict) else None
    return part


def _may_be_copied(verified: Any) -> bool:
    """Is it a key that its maker keeps on several devices (backup eligible)? That never changes."""
    return bool(verified.credential_device_type == "multi_device")


def _copied(credential: Credential) -> None:
    """Its count of uses did not rise: somebody may have a copy."""
    owner = credential.user
    with i18n.speaking(i18n.Voice(owner.language)):
        label = credential.label or str(_l("Passkey or security key"))
    audit.record_for(owner.id, "passkey.possible_clone", credential.public_id, label=label)
    outbox.post_everywhere(owner, "passkey_possible_clone", label=label)


def _written(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _read(text: str) -> bytes:
    return urlsafe_b64decode(f"{text}===")
