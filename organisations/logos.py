"""An organisation's logo: a raster image, drawn anew by us, so that nothing but pixels is kept (WB-06)."""
import hashlib
import io
import threading
import warnings

from PIL import Image, UnidentifiedImageError

import audit
from db import transaction
from i18n import _l
from models import Organisation, Picture
from organisations.roles import Right, require
from rules import Refused
from tenancy import at_work

LARGEST = 2 << 20                               # bytes
LONGEST = 4096                                  # pixels of a side, as sent
KINDS = ("PNG", "JPEG", "WEBP")
SIDE = 512                                      # pixels of the longer side, as kept
TOO_MANY = _l("This picture has too many pixels. Make it smaller first.")
_one_at_a_time = threading.Lock()               # each may take 70 MB while it is drawn


def change(content: bytes) -> Organisation:
    """A new logo. Drawn before the transaction: it takes a while."""
    drawn, width, height = redrawn(content)
    digest = hashlib.sha256(drawn).hexdigest()[:32]
    with transaction():
        require(Right.EDIT_DETAILS)
        Picture.delete().execute()
        Picture.create(digest=digest, kind="image/png", width=width, height=height, content=drawn)
        Organisation.update(logo=digest).where(Organisation.id == at_work().id).execute()
        audit.record("organisation.logo_changed")
        return Organisation.get_by_id(at_work().id)  # type: ignore[no-any-return]


def remove() -> None:
    with transaction():
        require(Right.EDIT_DETAILS)
        Picture.delete().execute()
        Organisation.update(logo="").where(Organisation.id == at_work().id).execute()
        audit.record("organisation.logo_removed")


def redrawn(content: bytes) -> tuple[bytes, int, int]:
    """PNG bytes without anything but the first frame's pixels, width and height; or Refused."""
    if not content:
        raise Refused(_l("This file is empty."), "logo")
    if len(content) > LARGEST:
        raise Refused(_l("Choose a picture of at most 2 MB."), "logo")
    with _one_at_a_time:
        return _drawn(content)


def _drawn(content: bytes) -> tuple[bytes, int, int]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=KINDS) as picture:
                if max(picture.size) > LONGEST:
                    raise Refused(TOO_MANY, "logo")
                picture.seek(0)
                small = picture.convert("RGBA")
                small.thumbnail((SIDE, SIDE))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(TOO_MANY, "logo") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise Refused(_l("Choose a picture as PNG, JPEG or WebP. Others, SVG among them, are not accepted."),
                      "logo") from None
    plain = Image.frombytes("RGBA", small.size, small.tobytes())    # pixels only: no profile, no text, no place
    out = io.BytesIO()
    plain.save(out, "PNG", optimize=True)
    return out.getvalue(), plain.width, plain.height
