"""A code that a person reads to whoever runs the installation, who then knows with whom they speak (SP-01).

It opens nothing: it shows a name and the organisations, and only to operators.
"""
import re
import secrets

import audit
import crypto
import current
import limits
from accounts import acting
from clock import HOUR, now
from crypto import CROCKFORD
from db import transaction
from i18n import _l
from models import Begun, User
from rules import Refused

KIND, SYMBOLS, LIFE = "support", 10, HOUR


def new_code() -> str:
    """A code of the acting person, good for an hour; the one before ends."""
    code = "".join(secrets.choice(CROCKFORD) for _ in range(SYMBOLS))
    with transaction():
        me = acting.me().id
        Begun.delete().where(Begun.kind == KIND, Begun.user == me).execute()
        Begun.create(token_hash=_digest(code), kind=KIND, user=me, expires=now() + LIFE)
        audit.record_for(me, "support_code.made")
    return f"{code[:5]}-{code[5:]}"


def person_of(code: str) -> User:
    """Whose code it is. Refused for any other; so many wrong ones an hour, for each operator and for all of them."""
    operator = current.actor().user_id
    for limit, subject in ((limits.SUPPORT_CODE, operator), (limits.SUPPORT_CODES, "all")):
        limits.spend(limit, subject)
    begun = (Begun.select(Begun, User).join(User)
             .where(Begun.token_hash == _digest(code), Begun.kind == KIND, Begun.expires > now()).first())
    if begun is None:
        raise Refused(_l("No such code is valid now. Codes last an hour."), "code")
    with transaction():
        audit.record_for(begun.user_id, "support_code.checked")
        audit.record_here("support_code.checked", begun.user.public_id, person=begun.user.name)
    return begun.user  # type: ignore[no-any-return]


def _digest(code: str) -> str:
    plain = re.sub(r"[\s-]", "", code.casefold()).replace("o", "0").replace("l", "1").replace("i", "1")
    return crypto.digest(f"support code: {plain}")
