"""What each sign-in to an application writes, by constant statements: making their text would cost more than all else.

Each writes rows of the organisation at work, and of no other.
"""
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from db import database, placeholders, stored
from models import Token
from oidc.reading import Known, Place
from tenancy import at_work

_AUTHORIZATION = """
INSERT INTO app_authorization (organisation_id, client_id, product_id, user_id, session_id, scopes, offline, epoch,
                               proofs, proved, code_hash, code_expires, redirect_uri, challenge, nonce, created,
                               expires, ended_by)
SELECT ?, ?, ?, u.id, ?, ?, ?, u.epoch, ?, ?, ?, ?, ?, ?, ?, ?, ?, '' FROM account AS u WHERE u.id = ?"""


def authorization(client: Known, place: Place, *, user: int, session: int, scopes: list[str], offline: bool,
                  proofs: Iterable[str], proved: datetime | None, code: str, code_expires: datetime,
                  redirect_uri: str, challenge: str, nonce: str, at: datetime, expires: datetime) -> None:
    _do(_AUTHORIZATION, at_work().id, client.number, place.product_id, session, json.dumps(scopes), offline,
        " ".join(proofs), proved and stored(proved), code, stored(code_expires), redirect_uri, challenge, nonce,
        stored(at), stored(expires), user)


_USE_CODE = """
UPDATE app_authorization SET code_used = ?
WHERE id = ? AND organisation_id = ? AND code_used IS NULL AND ended IS NULL"""


def use_code(number: int, at: datetime) -> bool:
    """Of two at once, one gets it."""
    return _do(_USE_CODE, stored(at), number, at_work().id) == 1


_USE_TOKEN = "UPDATE token SET used = ? WHERE id = ? AND organisation_id = ? AND used IS NULL"  # noqa: S105 - SQL


def use_token(number: int, at: datetime) -> bool:
    """Of two at once, one gets it."""
    return _do(_USE_TOKEN, stored(at), number, at_work().id) == 1


_PAIR = """
INSERT INTO token (organisation_id, authorization_id, created, digest, kind, scopes, expires)
VALUES (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?)"""


def pair(authorization: int, at: datetime, access: tuple[str, Iterable[str], datetime],
         refresh: tuple[str, Iterable[str], datetime]) -> None:
    """An access and a refresh token, each: digest, scopes, until when."""
    whose = (at_work().id, authorization, stored(at))
    _do(_PAIR, *whose, *_token(Token.ACCESS, *access), *whose, *_token(Token.REFRESH, *refresh))


def _token(kind: str, digest: str, scopes: Iterable[str], expires: datetime) -> tuple[Any, ...]:
    return digest, kind, json.dumps(list(scopes)), stored(expires)


def _do(sql: str, *values: Any) -> int:
    return int(database.execute_sql(placeholders(sql), values).rowcount)
