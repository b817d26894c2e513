"""What a person says of themselves: name, language, country, time zone, look (G5)."""
from collections.abc import Container
from zoneinfo import available_timezones

import audit
import current
import formats
import limits
import outbox
import rules
from accounts import acting, alerts, passkeys, passwords, sessions, signup
from db import transaction
from i18n import NAMES, _l
from models import User
from rules import NotHere, Refused
from settings import setting

THEMES = ("", "light", "dark")


def me() -> User:
    """The acting person's own row, as it is now."""
    return User.get_by_id(current.actor().user_id)  # type: ignore[no-any-return]


def rename(first_name: str, last_name: str) -> User:
    """A new name. The lists of one's organisations follow: see `organisations.members.rename`."""
    first, last = rules.name(first_name, "first_name"), rules.name(last_name, "last_name")
    if not first and not last:
        raise Refused(_l("Enter a name."), "first_name")
    return _change(first_name=first, last_name=last)


def speak(language: str) -> User:
    """The language of pages and mails (G5-R2)."""
    _offered(language, NAMES, "language")
    return _change(language=language)


def live_in(country: str, time_zone: str) -> User:
    """The country says how dates and numbers are written, the zone what time it is. Organisations keep theirs."""
    _offered(country, formats.country_names(), "country")
    _offered(time_zone, available_timezones(), "time_zone")
    return _change(country=country, time_zone=time_zone)


def wear(theme: str) -> User:
    """Light, dark, or as the device is."""
    _offered(theme, THEMES, "theme")
    return _change(theme=theme)


def change_password(present: str, password: str, *, everywhere_else: bool) -> User:
    """A new password, with the present one (G15). A wrong one counts as a failed proof."""
    person = me()
    sessions.try_proof()
    if not passwords.right(person, present):
        with transaction():
            audit.record_for(person.id, "proof.failed", proof="password")
            alerts.failed(person, "passwords")
        raise Refused(passwords.NOT_YOURS, "present")
    sessions.proof_was_right()
    if passwords.same(present, password):
        raise Refused(passwords.PRESENT, "password")
    return _set_password(person, password, everywhere_else)


def first_password(password: str, *, everywhere_else: bool) -> User:
    """For somebody who has none and gave a fresh proof in another way."""
    person = me()
    if person.password:
        raise NotHere
    return _set_password(person, password, everywhere_else)


def can_do_without(person: User) -> bool:
    """Would the account still be open to its owner without its password, and after the loss of a passkey? By another
    one, or by a link to a second mailbox."""
    keys = len(passkeys.opening(person)) if passkeys.ALONE in setting.backends else 0
    return keys > 1 or bool(keys and person.recovery_email)


def remove_password() -> User:
    """From now on a passkey opens the account: one of those that has just proved who acts. A forgotten password is set
    by a link as ever."""
    with transaction():
        person = acting.me()
        if not person.password:
            raise NotHere
        if passkeys.ALONE not in current.actor().proofs:
            raise Refused(_l("Confirm with a passkey first, as it is what opens your account afterwards."))
        if not can_do_without(person):
            raise Refused(_l("Add a second passkey or a recovery address first."))
        signup.forget_password(person)
        signup.end_half_way(person)
        audit.record_for(person.id, "password.removed")
        outbox.post_everywhere(person, "password_removed")
        return person


def _set_password(person: User, password: str, everywhere_else: bool) -> User:
    """The password that was proved, or that there was none, must hold still when the new one is written (RS-04)."""
    limits.spend(limits.PASSWORD_CHANGE, sessions.here())
    proved = person.password
    passwords.check(password, two_factor=person.two_factor, own=passwords.own_words(person))
    phc = passwords.hashed(password)
    with transaction():
        acting.hold_own(person)
        if person.password != proved:
            raise Refused(passwords.NOT_YOURS, "present") if proved else NotHere
        passwords.check_length(password, two_factor=person.two_factor)
        signup.set_password(person, phc, long=passwords.stands_alone(password))
        if everywhere_else:
            sessions.end_everything(person, "password", keep=current.actor().session_id)
        audit.record_for(person.id, "password.changed", everywhere_else=everywhere_else)
        outbox.post_everywhere(person, "password_changed")
        return person


def _offered(value: str, values: Container[str], field: str) -> None:
    if value not in values:
        raise Refused(_l("Choose one of the offered values."), field)


def _change(**what: str) -> User:
    with transaction():
        person = acting.me()
        changed = [name for name, value in what.items() if getattr(person, name) != value]
        if changed:
            User.update(**what).where(User.id == person.id).execute()
            audit.record_for(person.id, "account.changed", fields=", ".join(changed))
        return me()
