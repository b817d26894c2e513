"""What an application gets for a code, for a refresh token, and in its own name; and what a token is good for.

Every issue and every use asks the one decision anew. Tokens are opaque: SHA-256 of 256 random bits is kept.
"""
import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

import crypto
from clock import MINUTE, now
from db import transaction
from models import Authorization, Organisation, Product, Token
from oidc import authorizations, claims, reading, scopes, watching, writing
from oidc.reading import Held, Known
from oidc.refusals import Refusal, invalid_grant, invalid_token
from products import uses
from products.evidence import Evidence
from settings import setting
from tenancy import across_organisations, working_for

ACCESS_LIFE = 10 * MINUTE
PREFIXES = {Token.ACCESS: "kat_", Token.REFRESH: "krt_"}        # by which scanners for leaked secrets know them
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def issue(client: Known, form: Mapping[str, str]) -> dict[str, Any]:
    """The answer of the token endpoint."""
    grant = GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise Refusal("unsupported_grant_type" if form.get("grant_type") else "invalid_request",
                      f"grant_type is one of: {', '.join(GRANTS)}.")
    return grant(client, form)


# --- for a code --------------------------------------------------------------------------------


def _by_code(client: Known, form: Mapping[str, str]) -> dict[str, Any]:
    held = reading.by_code(crypto.digest(form.get("code", "")))
    if held is None or held.client_number != client.number:
        raise invalid_grant("The code is unknown.")
    if held.code_used:
        raise _used_again(held, "The code was used before: what came of it has ended.")
    if held.code_expires is None or held.code_expires <= now() or form.get("redirect_uri") != held.redirect_uri:
        watching.note(client.watch, held.user_id, "exchanged", "code")
        raise invalid_grant("The code has expired, or was made for another address.")
    if not _verified(held.challenge, form.get("code_verifier", "")):
        watching.note(client.watch, held.user_id, "exchanged", "verifier")
        raise invalid_grant("code_verifier does not fit.")
    evidence = _standing(held)
    with transaction(), working_for(held):
        if writing.use_code(held.number, now()):
            watching.note(client.watch, held.user_id, "exchanged")
            _note_use(held, evidence)
            return _given(held, evidence, held.scopes, nonce=held.nonce)
    raise _used_again(held, "The code was used before: what came of it has ended.")


def _note_use(held: Held, evidence: Evidence) -> None:
    """Somebody has come in; of what is refreshed afterwards, nobody knows whether anybody sits there."""
    if held.user_id is not None:
        product = Product(id=evidence.product.id, organisation=Organisation(id=held.id))
        uses.note(product, held.user_id, f"session {held.session or held.number}")


def _verified(challenge: str, verifier: str) -> bool:
    """A verifier without a challenge is a down-grade, and refused like a wrong one (RFC 9700 §2.1.1)."""
    if not challenge or not _VERIFIER.fullmatch(verifier):
        return not challenge and not verifier
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(made, challenge)


# --- for a refresh token -----------------------------------------------------------------------


def _by_refresh(client: Known, form: Mapping[str, str]) -> dict[str, Any]:
    """A new pair; the old one is used up. Asked for less, the access token is for less; never for more (OP-10)."""
    held = reading.by_token(crypto.digest(form.get("refresh_token", "")))
    if held is None or held.kind != Token.REFRESH or held.client_number != client.number:
        raise invalid_grant("The refresh token is unknown.")
    if held.used:
        raise _used_again(held, "The refresh token was used before: what came of it has ended.")
    evidence = _standing(held)
    granted = _narrowed(held, form.get("scope"))
    with transaction(), working_for(held):
        if writing.use_token(held.token, now()):
            watching.note(client.watch, held.user_id, "used")
            return _given(held, evidence, granted)
    raise _used_again(held, "The refresh token was used before: what came of it has ended.")


def _narrowed(held: Held, asked: str | None) -> tuple[str, ...]:
    if asked is None:
        return held.scopes
    if not set(asked.split()) <= set(held.scopes):
        raise Refusal("invalid_scope", "A refresh asks for no more than was let.")
    return tuple(each for each in held.scopes if each in asked.split())


# --- in its own name ---------------------------------------------------------------------------


def _for_itself(client: Known, form: Mapping[str, str]) -> dict[str, Any]:
    """An application without anybody: it reaches what it owns itself, and nothing of people."""
    place = next((each for each in client.places if each.product_id == client.home), None)
    if not client.service or client.public or place is None:
        raise Refusal("unauthorized_client", "This application may not act in its own name.")
    asked = form.get("scope", "")
    granted = scopes.among(asked, client.scopes, scopes.OF_SERVICES)
    if set(asked.split()) - set(granted):
        raise Refusal("invalid_scope", f"In its own name an application asks for: {' '.join(scopes.OF_SERVICES)}.")
    access = _made(Token.ACCESS)
    with transaction(), working_for(place):
        family = Authorization.create(client=client.number, product=place.product_id, scopes=granted,
                                      expires=now() + ACCESS_LIFE)
        Token.create(digest=crypto.digest(access), kind=Token.ACCESS, authorization=family, scopes=granted,
                     expires=now() + ACCESS_LIFE)
    return _answer(access, tuple(granted))


GRANTS: dict[str, Callable[[Known, Mapping[str, str]], dict[str, Any]]] = {
    "authorization_code": _by_code, "refresh_token": _by_refresh, "client_credentials": _for_itself}


# --- what they share ---------------------------------------------------------------------------


def _standing(held: Held) -> Evidence:
    evidence = reading.standing(held)
    if evidence is None:
        raise invalid_grant("What was let has ended. Send the person to sign in again.")
    return evidence


def _given(held: Held, evidence: Evidence, granted: tuple[str, ...], nonce: str = "") -> dict[str, Any]:
    """Access, refresh and ID token. In the transaction that used up what they are given for."""
    access, refresh, at = _made(Token.ACCESS), _made(Token.REFRESH), now()
    writing.pair(held.number, at, (crypto.digest(access), granted, min(at + ACCESS_LIFE, held.expires)),
                 (crypto.digest(refresh), held.scopes, held.expires))
    answer = _answer(access, granted) | {"refresh_token": refresh}
    if scopes.OPENID in granted:
        answer["id_token"] = claims.id_token(held, evidence, granted, access, nonce=nonce)
    return answer


def _answer(access: str, granted: tuple[str, ...]) -> dict[str, Any]:
    return {"access_token": access, "token_type": "Bearer", "expires_in": int(ACCESS_LIFE.total_seconds()),
            "scope": " ".join(granted)}


def _made(kind: str) -> str:
    return PREFIXES[kind] + crypto.token()


def _used_again(held: Held, description: str) -> Refusal:
    authorizations.note_reuse(held)
    return invalid_grant(description)


# --- what a token is good for ------------------------------------------------------------------


def _good(token: str, kind: str) -> tuple[Held, Evidence] | None:
    """What a token stands for, if it opens anything at this moment. One of another kind is none (OP-11)."""
    held = reading.by_token(crypto.digest(token)) if token.startswith(PREFIXES[kind]) else None
    if held is None or held.kind != kind or held.used or held.token_expires is None or held.token_expires <= now():
        return None
    evidence = reading.standing(held)
    return (held, evidence) if evidence is not None else None


def person(token: str) -> dict[str, Any]:
    """Who it is: the answer of userinfo."""
    found = _good(token, Token.ACCESS)
    if found is None:
        raise invalid_token()
    held, evidence = found
    watching.note(held.watch, held.user_id, "used")
    granted = tuple(each for each in held.narrowed if each in held.scopes)
    if scopes.OPENID not in granted or held.user_id is None:
        raise Refusal("insufficient_scope", "The token was not issued for openid.", 403, "Bearer")
    return claims.of_person(held, evidence, granted)


def introspected(client: Known, token: str) -> dict[str, Any]:
    """What a token is good for, told to an application of the same product. Everything else: nothing (RFC 7662)."""
    found = _good(token, Token.ACCESS) or _good(token, Token.REFRESH)
    if found is None or found[0].product not in {place.product for place in client.places}:
        return {"active": False}
    held, evidence = found
    granted = [each for each in held.narrowed if each in held.scopes]
    told = {"active": True, "scope": " ".join(granted), "client_id": held.client_id, "iss": setting.base_url,
            "aud": held.client_id, "token_type": "Bearer" if held.kind == Token.ACCESS else "refresh_token",
            "iat": _seconds(held.created), "exp": _seconds(held.token_expires),
            "organisation": {"id": held.organisation, "name": held.organisation_name}}
    return told | ({"sub": held.subject, "username": held.subject, "role": evidence.person.role,
                    "acr": claims.acr(held), "amr": claims.amr(held),
                    **({"email": held.email} if scopes.EMAIL in granted else {})}
                   if held.user_id else {"sub": held.client_id})


def revoke(client: Known, token: str) -> None:
    """An access token alone, or with a refresh token all that came of the same answer (RFC 7009)."""
    held = reading.by_token(crypto.digest(token))
    if held is None or held.client_number != client.number:
        return
    if held.kind == Token.REFRESH:
        authorizations.end_one(held, "revoked")
    else:
        with transaction(), working_for(held):
            Token.delete().where(Token.id == held.token).execute()


def forget_old() -> None:
    """Access tokens are many and short-lived; refresh tokens are kept, so that one that is used again is known."""
    with across_organisations("throwing away what opens nothing"), transaction():
        Token.delete().where(Token.kind == Token.ACCESS, Token.expires < now()).execute()


def _seconds(instant: Any) -> int:
    return int(instant.timestamp())
