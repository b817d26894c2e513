"""A forgotten password: a link to the mailbox, and a new one. The second factor stays as it is (G15-R5). And a
forgotten address."""
import audit
import crypto
import limits
import outbox
import rules
from accounts import (
    app_passwords,
    identities,
    links,
    locking,
    passkeys,
    passwords,
    sessions,
    signup,
)
from accounts.factors import sms
from accounts.mailboxes import SUSPECT
from clock import now
from db import transaction
from models import Link, User
from rules import Gone, Refused, TooMany

MOST = 10                                       # accounts that one recovery address is told of


def ask(email: str, language: str) -> None:
    """A link, if somebody has that address; otherwise a word to the mailbox. By `asked`, not by a request (RS-10).

    Whoever signs in elsewhere only has no password here, and gets none by this.

    After three mails in an hour nothing more is sent, and nothing more is said.
    """
    address = rules.address(email)
    try:
        limits.spend(limits.RESET_ADDRESS, address.key)
    except TooMany:
        return
    user = User.get_or_none(User.email == address.key)
    with transaction():
        if user is None or user.suspended:
            links.use_up(links.make(links.RESET, email=address.key))
            if user is None:
                outbox.post("reset_unknown", address.typed, language=language)
            return
        if others := identities.elsewhere(user):
            audit.record_for(user.id, "password.reset_asked")
            links.use_up(links.make(links.RESET, email=address.key))
            outbox.post_to(user, "reset_elsewhere", ways=identities.called(user, others))
            return
        signup.write_for_new_password(user)


def ask_address(email: str, language: str) -> None:
    """With which address one signs in: told to the recovery address, and to it alone. By `asked` as well (SP-10).

    After three mails in an hour nothing more is sent, and nothing more is said.
    """
    address = rules.address(email)
    try:
        limits.spend(limits.RECOVERY_ADDRESS, address.key)
    except TooMany:
        return
    people = list(User.select().where(User.recovery_email == address.key, User.suspended.is_null())
                  .order_by(User.id).limit(MOST))
    with transaction():
        for person in people:
            audit.record_for(person.id, "recovery.address_told")
        if people:
            outbox.post_to(people[0], "address_told", to=people[0].recovery_email_typed,
                           addresses=[person.email_typed for person in people])
        else:
            outbox.post("address_unknown", address.typed, language=language)


def ask_by_phone(number: str) -> None:
    """The same, told to a recovery phone that was confirmed (G6-R3). By `asked` as well (SP-10).

    A number that is nobody's is not written to: each message costs, and would go to a stranger. Where it is that of
    several, none of their addresses is told. After three messages in a day nothing more is sent.
    """
    try:
        limits.spend(limits.RECOVERY_NUMBER, number)
    except TooMany:
        return
    people = list(User.select().where(User.recovery_phone == number, User.recovery_phone_confirmed.is_null(False),
                                      User.suspended.is_null()).order_by(User.id).limit(MOST))
    if not people:
        return
    try:
        sms.spend_one()
    except Refused:                             # what is left of the day is for those who sign in
        return
    with transaction():
        for person in people:
            audit.record_for(person.id, "recovery.address_asked_by_phone")
        sms.text(people[0], number, "sms_address", subject=crypto.public_id(),
                 address=people[0].email_typed if len(people) == 1 else "")


def opened(token: str) -> Link:
    """The link, or Gone: also when the address or anything else of the account has changed since (EM-09)."""
    link = links.opened(token, links.RESET)
    if link.user.email != link.email:
        raise Gone
    return link


def renew(token: str, password: str) -> User:
    """The new password. Everything signed in ends, and every change still open (RS-12)."""
    link = opened(token)
    user = link.user
    passwords.check(password, two_factor=user.two_factor, own=passwords.own_words(user))
    if passwords.right(user, password):         # it may be asked for because somebody knows this one
        raise Refused(passwords.PRESENT, "password")
    phc = passwords.hashed(password)
    with transaction():
        links.use_up(link)
        signup.set_password(user, phc, long=passwords.stands_alone(password))
        links.end(user, links.ADDRESS_CONFIRM)
        sessions.end_everything(user, "reset")
        passkeys.stand_beside(user, now() - SUSPECT)
        app_passwords.revoke_all(user)
        locking.open_again(user)
        audit.record_for(user.id, "password.reset_done")
        outbox.post_everywhere(user, "password_changed")
        return user
