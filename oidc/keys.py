"""What we sign with: sealed in the database, kept open in the process, followed by the next before it grows old.

A key is shown a day before it signs and a day after, so that no application meets one it could not know.
"""
import json
from functools import lru_cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

import audit
import crypto
import db
from clock import DAY, now
from db import transaction
from models import SigningKey
from oidc import reading

ALGORITHMS = ("ES256", "RS256")
LIFE, BEFORE, AFTER = 90 * DAY, DAY, DAY        # signing; shown before that, and believed after it
LONGEST = 16 << 10                              # characters of a token we read


def signed(claims: dict[str, Any], algorithm: str, kind: str = "JWT") -> str:
    found = reading.signing_key(algorithm, db.stored(now()))
    if found is None:
        raise RuntimeError(f"there is no key for {algorithm}: a client makes one")
    kid, sealed = found
    return jwt.encode({"typ": kind, "alg": algorithm, "kid": kid}, claims, _opened(kid, sealed), algorithms=[algorithm])


def read(token: str) -> dict[str, Any] | None:
    """The claims of an ID token that we signed, however old; nothing for whatever else it is (OP-12)."""
    if not token or len(token) > LONGEST or token.count(".") != 2:
        return None
    try:
        found = jwt.decode(token, KeySet.import_key_set({"keys": published()}), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return found.claims if found.header.get("typ") == "JWT" and "kid" in found.header else None


def published() -> list[dict[str, Any]]:
    """The public halves of those that sign, will sign, or did a moment ago."""
    return [each.public for each in _shown().order_by(SigningKey.id)]


def ensure(algorithm: str) -> None:
    """There is a key to sign with. Made before any transaction, as it may take long."""
    if not _shown().where(SigningKey.algorithm == algorithm).exists():
        made = _made(algorithm)
        with transaction():
            db.exclusively(f"signing key {algorithm}")
            if not _shown().where(SigningKey.algorithm == algorithm).exists():
                _keep(made, algorithm, now())


def renew(algorithm: str, *, at_once: bool = False) -> None:
    """The next key. `at_once`: the present one may be in wrong hands, and is believed no longer (OP-24)."""
    made = _made(algorithm)
    with transaction():
        starts = now() if at_once else now() + BEFORE
        gone = now() if at_once else starts + AFTER
        SigningKey.update(gone=gone).where(
            SigningKey.algorithm == algorithm, SigningKey.gone.is_null() | (SigningKey.gone > gone)).execute()
        _keep(made, algorithm, starts)
        audit.record_here("signing_key.renewed", str(made.kid), algorithm=algorithm, at_once=at_once)


def renew_all(*, at_once: bool = False) -> list[str]:
    """Of each algorithm that something is signed with. Which."""
    used = [each for each in ALGORITHMS if _shown().where(SigningKey.algorithm == each).exists()]
    for algorithm in used:
        renew(algorithm, at_once=at_once)
    return used


def tend() -> None:
    """The timetable: whoever has signed for long enough is followed by the next; what is gone is thrown away."""
    for algorithm in ALGORITHMS:
        latest = _shown().where(SigningKey.algorithm == algorithm).order_by(SigningKey.signs_from.desc()).first()
        if latest and latest.signs_from < now() - LIFE:
            renew(algorithm)
    with transaction():
        SigningKey.delete().where(SigningKey.gone < now() - DAY).execute()


def _shown() -> Any:
    return SigningKey.select().where(SigningKey.gone.is_null() | (SigningKey.gone > now()))


def _made(algorithm: str) -> ECKey | RSAKey:
    named: Any = {"kid": crypto.public_id(), "use": "sig", "alg": algorithm}
    return ECKey.generate_key("P-256", named) if algorithm == "ES256" else RSAKey.generate_key(2048, named)


def _keep(key: ECKey | RSAKey, algorithm: str, starts: Any) -> None:
    sealed = crypto.seal(json.dumps(key.as_dict(private=True)).encode(), f"signing_key.{key.kid}")
    SigningKey.create(kid=key.kid, algorithm=algorithm, secret=sealed, public=key.as_dict(private=False),
                      signs_from=starts)


@lru_cache(8)
def _opened(kid: str, sealed: bytes) -> ECKey | RSAKey:
    told = json.loads(crypto.unseal(sealed, f"signing_key.{kid}"))
    return ECKey.import_key(told) if told["kty"] == "EC" else RSAKey.import_key(told)
