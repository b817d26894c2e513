"""What an application may ask for, and how the consent page says it."""
from collections.abc import Iterable

from i18n import _l

OPENID, PROFILE, EMAIL, ORGANISATION, GROUPS, OFFLINE = (
    "openid", "profile", "email", "organisation", "groups", "offline_access")

SENTENCES = {
    OPENID: _l("Recognise you when you come again"),
    PROFILE: _l("Know your name, language and time zone"),
    EMAIL: _l("Know your e-mail address"),
    ORGANISATION: _l("Know which organisation you sign in for, and your role there"),
    GROUPS: _l("Know the teams you belong to in this organisation"),
    OFFLINE: _l("Keep you signed in to it after you have signed out here, for up to 90 days"),
}
ALL = tuple(SENTENCES)
USUAL = (OPENID, PROFILE, EMAIL, ORGANISATION, GROUPS)
OF_SERVICES = (ORGANISATION,)                   # what has a meaning when nobody is signed in


def among(asked: str | Iterable[str], *allowed: Iterable[str]) -> list[str]:
    """What is asked and allowed by all, in our order; whatever else is asked is left out (OP-10)."""
    wanted = set(asked.split() if isinstance(asked, str) else asked)
    return [each for each in ALL if each in wanted and all(each in some for some in allowed)]
