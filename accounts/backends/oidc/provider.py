"""One provider as we see it: what it says of itself, its keys, and what it vouches for."""
import base64
import json
import threading
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

import egress
from accounts.backends import Untrusted
from clock import HOUR, MINUTE, epoch
from settings import Upstream

# What signs an ID token: only what has a private half that we do not know, so that no public key is taken for a secret.
SIGNED_BY = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "EdDSA", "Ed25519")
LONGEST, LONGEST_SUBJECT = 64 << 10, 255        # characters of a token, and of a subject (OpenID Connect Core §2)
KEPT, PAUSE = HOUR.total_seconds(), MINUTE.total_seconds()
REST = 5                                        # seconds for which nobody asks again what was not answered
LATE = 120                                      # seconds by which their clock may differ from ours
SAID = 120                                      # seconds for which a word of signing out is good
MOST = 256                                      # of them that are kept in mind
PORTS = (443,)                                  # where one that an organisation names may be on the open internet
SIGNED_OUT = "http://schemas.openid.net/event/backchannel-logout"


@lru_cache(MOST)
def of(upstream: Upstream) -> "Provider":
    return Provider(upstream)


class Provider:
    """What it told us is kept for an hour; its keys are asked for anew at most once a minute (FD-09)."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.inside = (*upstream.networks, *(egress.LOOPBACK if upstream.on_loopback else ()))
        self.told: dict[str, Any] = {}
        self.told_at = self.keys_at = self.failed_at = 0
        self.keys = KeySet([])
        self.lock = threading.Lock()

    def try_out(self) -> None:
        """All that signing in will need of it. Untrusted if anything is missing."""
        for name in ("authorization_endpoint", "token_endpoint"):
            self.address(name)
        self._keys()

    def look(self) -> dict[str, Any]:
        """What it says of itself; it must be the one we mean."""
        with self.lock:
            if not self.told or epoch() - self.told_at > KEPT:
                if epoch() - self.failed_at < REST:
                    raise Untrusted("it did not answer rightly a moment ago")
                self.failed_at = epoch()        # whoever waits for the same answer does not wait for another one
                self.told, self.told_at, self.failed_at = self._described(), epoch(), 0
            return self.told

    def _described(self) -> dict[str, Any]:
        issuer = self.upstream.issuer
        told = self._ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != issuer:
            raise Untrusted(f"it calls itself {str(told.get('issuer'))[:200]!r}, not {issuer!r}")
        return told

    def address(self, name: str) -> str:
        """One of its addresses: https, as far as it is not on this machine."""
        address = self.look().get(name)
        if not isinstance(address, str) or not address.startswith(
                ("https://", "http://") if self.upstream.on_loopback else "https://"):
            raise Untrusted(f"{name} is {str(address)[:200]!r}")
        return address

    def check_sender(self, issuer: str | None) -> None:
        """An answer says whose it is, if the provider says that its answers do (RFC 9207)."""
        says_so = self.look().get("authorization_response_iss_parameter_supported") is True
        if issuer != self.upstream.issuer and (says_so or issuer is not None):
            raise Untrusted(f"an answer came from {str(issuer)[:200]!r}")

    def claims(self, code: str, back: str, verifier: str, nonce: str) -> dict[str, Any]:
        """What the provider vouches for, in exchange for a code."""
        answer = self._exchange({"grant_type": "authorization_code", "code": code, "redirect_uri": back,
                                 "code_verifier": verifier})
        claims = self._read(answer.get("id_token"), {"exp": {"essential": True}, "sub": {"essential": True},
                                                     "nonce": {"essential": True, "value": nonce}})
        subject, audience = claims["sub"], claims["aud"]
        if not isinstance(subject, str) or not subject.isprintable() or len(subject) > LONGEST_SUBJECT:
            raise Untrusted("the ID token is of nobody")
        if claims.get("azp", self.upstream.client_id) != self.upstream.client_id or (
                isinstance(audience, list) and len(audience) > 1 and "azp" not in claims):
            raise Untrusted("the ID token is for somebody else")
        if "email" not in claims and "userinfo_endpoint" in self.look() and answer.get("access_token"):
            claims = self._more(str(answer["access_token"]), claims["sub"]) | claims
        return claims

    def signed_out(self, token: str) -> tuple[str, str, str]:
        """(subject, session, number of the token) of a back-channel log-out; Untrusted for any other token (FD-13)."""
        claims = self._read(token, {"jti": {"essential": True}, "exp": {"essential": True},
                                    "events": {"essential": True}}, kind="logout+jwt")
        subject, session = claims.get("sub", ""), claims.get("sid", "")
        events = claims["events"]
        if "nonce" in claims or not isinstance(events, dict) or SIGNED_OUT not in events:
            raise Untrusted("no log-out token")
        if not all(isinstance(each, str) for each in (subject, session)) or not (subject or session):
            raise Untrusted("a log-out of nobody")
        if epoch() - claims["iat"] > SAID + LATE:
            raise Untrusted("a log-out of long ago")
        return subject, session, claims["jti"]

    def _read(self, token: Any, wanted: dict[str, Any], kind: str = "") -> dict[str, Any]:
        """The claims of a token that this provider signed for us, now."""
        if not isinstance(token, str) or len(token) > LONGEST:
            raise Untrusted("no ID token, or one that is too long")
        try:
            read = self._verified(token)
            if kind and read.header.get("typ") != kind:
                raise Untrusted(f"not of the type {kind}")
            JWTClaimsRegistry(now=epoch, leeway=LATE, iss={"essential": True, "value": self.upstream.issuer},
                              aud={"essential": True, "value": self.upstream.client_id}, iat={"essential": True},
                              **wanted).validate(read.claims)
        except (JoseError, ValueError, RecursionError) as trouble:
            raise Untrusted(f"a token was refused: {trouble}") from trouble
        return read.claims

    def _verified(self, token: str) -> jwt.Token:
        """Signed by one of its keys; an unknown one may be new."""
        try:
            return jwt.decode(token, self._keys(), algorithms=SIGNED_BY)
        except InvalidKeyIdError:
            return jwt.decode(token, self._keys(anew=True), algorithms=SIGNED_BY)

    def _keys(self, *, anew: bool = False) -> KeySet:
        address = self.address("jwks_uri")
        with self.lock:
            age = epoch() - self.keys_at
            if age > KEPT or (anew and age > PAUSE):
                self.keys_at = epoch()          # also when it fails: a flood of unknown keys is no flood of questions
                found = self._ask(address).get("keys")
                secretless = [key for key in found if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP")
                              ] if isinstance(found, list) else []
                try:
                    self.keys = KeySet.import_key_set({"keys": secretless})
                except (JoseError, ValueError) as trouble:
                    raise Untrusted(f"its keys cannot be read: {trouble}") from trouble
            return self.keys

    def _exchange(self, form: dict[str, str]) -> dict[str, Any]:
        """Our code for their word. Our secret goes the way they ask for."""
        ours, secret = self.upstream.client_id, self.upstream.client_secret
        methods = self.look().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        headers: list[tuple[str, str]] = []
        if secret and "client_secret_basic" in methods:
            pair = base64.b64encode(f"{quote(ours, safe='')}:{quote(secret, safe='')}".encode()).decode()
            headers = [("Authorization", f"Basic {pair}")]
        else:
            form |= {"client_id": ours} | ({"client_secret": secret} if secret else {})
        return self._ask(self.address("token_endpoint"), form=urlencode(form).encode(), headers=headers)

    def _more(self, access: str, subject: str) -> dict[str, Any]:
        """What it says of somebody elsewhere than in the ID token; of nobody else."""
        told = self._ask(self.address("userinfo_endpoint"), headers=[("Authorization", f"Bearer {access}")])
        if told.get("sub") != subject:
            raise Untrusted("it told us of somebody else")
        return told

    def _ask(self, address: str, **how: Any) -> dict[str, Any]:
        try:
            answer = egress.fetch(address, inside=self.inside, ca=self.upstream.ca,
                                  ports=PORTS if self.upstream.organisation else (), **how)
        except egress.Unreached as trouble:
            raise Untrusted(str(trouble)) from trouble
        try:
            told = json.loads(answer.body) if answer.status == 200 else None
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise Untrusted(f"{address} answers with {answer.status} and no object we can read")
        return told
