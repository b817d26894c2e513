"""What an application is told of a person: what its scopes say, of one organisation, and how the session was proved."""
import base64
import hashlib
from typing import Any

from clock import epoch
from oidc import authorizations, keys, reading, scopes
from oidc.reading import Held
from organisations.policy import Demands, missing_steps
from products.evidence import Evidence
from settings import setting

ID_TOKEN_LIFE = 600                             # seconds

# RFC 8176. A remembered browser proves nothing, and what was proved elsewhere is not ours to name.
METHODS = {"password": "pwd", "totp": "otp", "backup_codes": "otp", "sms": "sms", "webauthn": "hwk",
           "passkey": "hwk", "approval": "mca"}
ONE_STEP, TWO_STEPS = "https://refeds.org/profile/sfa", "https://refeds.org/profile/mfa"
# As the strictest organisation would see it: a remembered browser counts for nothing, nor does another's word.
STRICTEST = Demands(two_factor=True, trusts_browsers=False)
ALL = ("sub", "iss", "aud", "azp", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid", "name",
       "given_name", "family_name", "preferred_username", "locale", "zoneinfo", "email", "email_verified",
       "organisation", "role", "groups")


def of_person(held: Held, evidence: Evidence, granted: tuple[str, ...]) -> dict[str, Any]:
    """The same in the ID token and at userinfo. Without its scope a claim is not there (OP-22)."""
    told: dict[str, Any] = {"sub": held.subject}
    if scopes.PROFILE in granted:
        told |= {"name": f"{held.first_name} {held.last_name}".strip(), "given_name": held.first_name,
                 "family_name": held.last_name, "locale": held.language, "zoneinfo": held.time_zone,
                 "preferred_username": held.email if scopes.EMAIL in granted else held.subject}
    if scopes.EMAIL in granted:
        told |= {"email": held.email, "email_verified": True}
    if scopes.ORGANISATION in granted:
        told |= {"organisation": {"id": held.organisation, "name": held.organisation_name},
                 "role": evidence.person.role}
    if scopes.GROUPS in granted:
        told["groups"] = reading.teams(held.id, held.user_id)
    return told


def id_token(held: Held, evidence: Evidence, granted: tuple[str, ...], access_token: str, *, nonce: str) -> str:
    told = of_person(held, evidence, granted) | {
        "iss": setting.base_url, "aud": held.client_id, "azp": held.client_id, "iat": epoch(),
        "exp": epoch() + ID_TOKEN_LIFE, "acr": acr(held), "amr": amr(held), "at_hash": _half(access_token)}
    if held.proved:
        told["auth_time"] = int(held.proved.timestamp())
    if nonce:
        told["nonce"] = nonce
    if held.session:
        told["sid"] = authorizations.session_id(held.session, held.client_id)
    return keys.signed(told, held.algorithm)


def acr(held: Held) -> str:
    return TWO_STEPS if _two_steps(held) else ONE_STEP


def amr(held: Held) -> list[str]:
    said = list(dict.fromkeys(METHODS[each] for each in held.proofs if each in METHODS))
    return [*said, "mfa"] if _two_steps(held) else said


def _two_steps(held: Held) -> bool:
    return not missing_steps(_Somebody(), STRICTEST, held.evidence)


class _Somebody:
    """With a factor that may have been removed since: what was proved with it was proved."""

    two_factor = True


def _half(access_token: str) -> str:
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
