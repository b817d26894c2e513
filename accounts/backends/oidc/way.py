"""Signing in by one provider: there with what belongs to this attempt alone, and back with a code."""
import hmac
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

import crypto
import current
from accounts import identities
from accounts.backends import Backend, Proof, Someone, Step, Untrusted
from accounts.backends.oidc import provider
from accounts.backends.oidc.provider import Provider
from i18n import _l
from models import User
from rules import Refused
from settings import Upstream, setting

log = logging.getLogger(__name__)

LONGEST = 254                                   # characters of what it says of somebody


class Way(Backend):
    """Signing in by one provider: there with a state, a nonce and a verifier of this attempt, back with a code."""

    icon = "log-in"
    linked = True

    def __init__(self, upstream: Upstream) -> None:
        self.name, self.upstream = upstream.name, upstream
        self.label = upstream.label or urlsplit(upstream.issuer).hostname or upstream.name

    @property
    def provider(self) -> Provider:
        return provider.of(self.upstream)

    @property
    def back(self) -> str:
        """Where the browser comes back to: an address for this provider alone (FD-08)."""
        return f"{setting.base_url}/signin/with/{self.at}/callback"

    def begin(self) -> Step:
        facts: dict[str, Any] = {"state": crypto.token(), "nonce": crypto.token(), "verifier": crypto.token()}
        asked = {"response_type": "code", "client_id": self.upstream.client_id, "redirect_uri": self.back,
                 "scope": " ".join(self.upstream.scopes), "state": facts["state"], "nonce": facts["nonce"],
                 "code_challenge": create_s256_code_challenge(facts["verifier"]), "code_challenge_method": "S256"}
        if current.actor().user_id:             # signed in here already: this is to prove it once more
            asked |= {"prompt": "login", "max_age": "0"}
            facts["again"] = True
        try:
            there = self.provider.address("authorization_endpoint")
        except Untrusted as trouble:
            raise self._away(trouble) from trouble
        return Step(facts, away=add_params_to_uri(there, list(asked.items())))

    def finish(self, facts: dict[str, Any], answer: Mapping[str, str]) -> Proof | None:
        who = self.recognise(facts, answer)
        if who is None:
            return None
        if facts.get("again") and who.at is None:   # asked with max_age, it must say so (OpenID Connect Core §3.1.2.1)
            raise Refused(_l("%(way)s did not say when you proved it there, so that it may be long ago. Choose another "
                             "way.", way=self.label))
        return identities.proof(self, who, join=self.upstream.join and setting.signup == "open",
                                proofs=f"upstream {self.name}" + (" mfa" if who.complete else ""))

    def recognise(self, facts: dict[str, Any], answer: Mapping[str, str]) -> Someone | None:
        """State and sender are looked at before the code is handed to anybody (FD-07, FD-08)."""
        if not hmac.compare_digest(facts["state"].encode(), answer.get("state", "").encode()):
            return None
        try:
            self.provider.check_sender(answer.get("iss"))
            if "error" in answer or not answer.get("code"):
                return None
            return self._someone(self.provider.claims(answer["code"], self.back, facts["verifier"], facts["nonce"]))
        except Untrusted as trouble:
            raise self._away(trouble) from trouble

    def opens(self, user: User) -> bool:
        return self.name in identities.of(user.id)

    def ailment(self) -> str:
        try:
            self.provider.look()
        except Untrusted as trouble:
            return f"People cannot sign in by {self.name}: {trouble}"
        return ""

    def signed_out(self, token: str) -> int:
        """The provider says that somebody's session there is over: so is what it opened here. How many (FD-13)."""
        try:
            return identities.signed_out(self, *self.provider.signed_out(token))
        except Untrusted as trouble:
            raise self._away(trouble) from trouble

    def _someone(self, claims: dict[str, Any]) -> Someone:
        return Someone(
            subject=claims["sub"], email=_text(claims, "email"), email_confirmed=claims.get("email_verified") is True,
            first_name=_text(claims, "given_name"), last_name=_text(claims, "family_name") or _text(claims, "name"),
            groups=_texts(claims.get("groups")),
            complete=bool(_methods(claims) & set(self.upstream.trust_mfa)), session=_text(claims, "sid"),
            at=_instant(claims.get("auth_time")))

    def _away(self, trouble: Untrusted) -> Refused:
        log.error("sign-in by %s: %s", self.name, trouble)
        return Refused(_l("%(way)s: no answer just now. Try again later, or choose another way.", way=self.label))


def _methods(claims: dict[str, Any]) -> set[str]:
    """How the provider says that somebody proved it there."""
    methods = claims.get("amr")
    return {each for each in (*(methods if isinstance(methods, list) else ()), claims.get("acr"))
            if isinstance(each, str)}


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) and value.isprintable() and len(value) <= LONGEST else ""


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(text for each in values if (text := str(each)).isprintable()) if isinstance(values, list) else ()


def _instant(value: Any) -> datetime | None:
    """Seconds as an instant, long ago for none at all; None for whatever else a provider may say."""
    try:
        return datetime.fromtimestamp(max(value, 1), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
