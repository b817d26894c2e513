"""Codes from an authenticator app (RFC 6238): SHA-1, six digits, thirty seconds, one step to either side."""
import base64
import hmac
import re
import secrets
from typing import Any
from urllib.parse import quote, urlencode

import pyotp
import segno

import crypto
import formats
from accounts.factors import Factor
from clock import epoch, now
from i18n import Lazy, _l
from models import Credential, User
from settings import setting

PERIOD, DRIFT = 30, 1


class Totp(Factor):
    name, label = "totp", _l("Authenticator app")
    hint = _l("A 6-digit code from an app on your phone.")

    @property
    def refusal(self) -> Lazy:
        """Codes follow the clock: most wrong ones come from a phone that is late."""
        return _l("This code is not right. A code lasts 30 seconds and works once. Our clock says %(time)s: "
                  "compare it with the clock of the device that shows the codes.", time=formats.clock_time(now()))

    def begin(self, user: User, secret: str = "") -> Credential:
        credential = Credential.create(user=user, kind=self.name)
        credential.secret = crypto.seal((secret or new_secret()).encode(), place(credential))
        credential.save()
        return credential  # type: ignore[no-any-return]

    def shown(self, user: User, credential: Credential) -> dict[str, Any]:
        secret = secret_of(credential)
        return {"secret": " ".join(re.findall(".{1,4}", secret)), "picture": picture(address(user, secret)),
                "address": address(user, secret)}

    def check(self, credential: Credential, answer: str, asked: dict[str, Any]) -> bool:
        step = matching_step(secret_of(credential), answer)
        return step is not None and bool(
            Credential.update(counter=step).where(Credential.id == credential.id, Credential.counter < step).execute())


def new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(20)).decode()


def matching_step(secret: str, answer: str) -> int | None:
    """The time step whose code this is, if it is one of the three around now. ASCII digits only (TF-06)."""
    code = answer.replace(" ", "")
    if not re.fullmatch(r"[0-9]{6}", code, re.ASCII):
        return None
    present, app = epoch() // PERIOD, pyotp.TOTP(secret)
    return next((step for step in range(present - DRIFT, present + DRIFT + 1)
                 if hmac.compare_digest(app.generate_otp(step), code)), None)


def address(user: User, secret: str) -> str:
    """What the app reads; names cannot add parameters of their own (TF-27)."""
    label = f"{quote(setting.instance, safe='')}:{quote(user.email_typed, safe='')}"
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': setting.instance}, quote_via=quote)}"


def picture(text: str) -> str:
    """A QR code as SVG without any style, so that it stands under the page's policy."""
    code = segno.make(text, error="m")
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark)
    size = len(code.matrix)
    return f'<svg class="qr" viewBox="-4 -4 {size + 8} {size + 8}" aria-hidden="true"><path d="{path}"></path></svg>'


def secret_of(credential: Credential) -> str:
    return crypto.unseal(credential.secret, place(credential)).decode()


def place(credential: Credential) -> str:
    return f"credential.secret.{credential.public_id}"


plugin = Totp()
