"""Changing the address one signs in with (G11): the new one confirms, the old one can undo it for seven days.

The old one may undo it from the moment it was asked for: then nothing moves, and whoever asked is out.
"""
from peewee import IntegrityError

import audit
import limits
import outbox
import rules
from accounts import acting, app_passwords, fallbacks, lately, links, sessions, signup
from accounts.mailboxes import SUSPECT
from accounts.profile import me
from clock import DAY, now
from db import transaction
from i18n import _l
from models import Link, User
from rules import Conflict, Refused

WAIT = DAY                                      # until somebody who lost the mailbox gets on by the operator's word


def ask(email: str) -> None:
    """A link to the new address, a word to the old one. A taken address looks like a free one (EM-06)."""
    address, person = rules.address(email), me()
    _differ(person, address)
    limits.spend(limits.ADDRESS_CHANGE, person.id)
    limits.spend(limits.SIGN_UP_ADDRESS, address.key)
    with transaction():
        acting.hold_own(person)
        owner = _owner(address.key)
        audit.record_for(person.id, "address.change_asked", new=address.typed)
        link = _begin(person, address, "address_change_asked")
        if owner:
            outbox.post_to(owner, "address_wanted")
        else:
            outbox.post_to(person, "address_confirm", to=address.typed, **links.told(link))


def ask_for(person: User, email: str) -> rules.Address:
    """The same for somebody who has lost the mailbox and whom the operator has identified. The link to the new address
    leaves a day later, so that whoever reads an old one can say no before. In a transaction."""
    address = rules.address(email)
    acting.hold(person)
    _differ(person, address)
    if _owner(address.key):
        raise Refused(_l("This address belongs to another account."), "email")
    link = _begin(person, address, "address_change_vouched")
    outbox.post_to(person, "address_confirm", to=address.typed, due=now() + WAIT, **links.told(link))
    return address


def asked(user_id: int) -> Link | None:
    """The change that waits for its confirmation."""
    return (Link.select().where(Link.user == user_id, Link.purpose == links.ADDRESS_CONFIRM,  # type: ignore[no-any-return]
                                Link.used.is_null(), Link.expires > now()).order_by(Link.id.desc()).first())


def cancel() -> None:
    with transaction():
        person = acting.me()
        if links.end(person, links.ADDRESS_CONFIRM):
            audit.record_for(person.id, "address.change_cancelled")


def opened(token: str) -> Link:
    """The link to confirm, or Gone: also when either address has another owner or use meanwhile (EM-05, EM-09)."""
    link = links.opened(token, links.ADDRESS_CONFIRM)
    if link.user.email != link.email or link.facts["key"] == link.user.recovery_email or _owner(link.facts["key"]):
        raise rules.Gone
    return link


def confirm(token: str) -> User:
    """The new address holds. Needs no session: the link may be opened in another browser.

    Conflict when somebody else has the address meanwhile (EM-04).
    """
    link = opened(token)
    person, old = link.user, link.user.email_typed
    with transaction():
        links.use_up(link)
        _move(person, link.facts["key"], link.facts["typed"])
        links.end(person, links.RESET, links.ADDRESS_CONFIRM)   # what was sent to the old address (EM-09)
        back = links.make(links.ADDRESS_REVERT, user=person, email=person.email, key=link.email, typed=old)
        audit.record_for(person.id, "address.changed", old=old, new=link.facts["typed"])
        for address in filter(None, (old, person.recovery_email_typed)):
            outbox.post_to(person, "address_changed", to=address, new_address=link.facts["typed"], **links.told(back))
        outbox.post_to(person, "address_changed_here", to=link.facts["typed"])
        return person


def revertible(token: str) -> Link:
    """The link that undoes a change, or Gone."""
    return links.opened(token, links.ADDRESS_REVERT)


def revert(token: str) -> User:
    """Back to the address before. Whoever changed it may still be signed in, and knows the password: every session
    ends, the password with them, what was sent to their addresses, the recovery address and phone, and each factor
    and other way in that was added in the week before, for they may be theirs (EM-02).
    """
    link = revertible(token)
    person, new = link.user, link.user.email_typed
    with transaction():
        links.use_up(link)
        _move(person, link.facts["key"], link.facts["typed"])
        links.end(person, links.RESET, links.ADDRESS_CONFIRM)
        Link.update(used=now()).where(Link.user == person.id, Link.purpose == links.ADDRESS_REVERT,
                                      Link.used.is_null(), Link.id > link.id).execute()
        signup.forget_password(person)
        fallbacks.forget(person)
        lately.take_back(person, link.created - SUSPECT)
        sessions.end_everything(person, "reset")
        app_passwords.revoke_all(person)
        audit.record_for(person.id, "address.reverted", new=new)
        outbox.post_everywhere(person, "address_reverted")
        return person


def _differ(person: User, address: rules.Address) -> None:
    if address.key == person.email:
        raise Refused(_l("This is your address already."), "email")
    if address.key == person.recovery_email:
        raise Refused(_l("This is your recovery address. The two must differ: one helps when the other is lost."),
                      "email")


def _begin(person: User, address: rules.Address, notice: str) -> Link:
    """The link for the new address; one that undoes it goes to the old one at once."""
    link = links.make(links.ADDRESS_CONFIRM, user=person, email=person.email, key=address.key, typed=address.typed)
    back = links.make(links.ADDRESS_REVERT, user=person, email=person.email, key=person.email,
                      typed=person.email_typed)
    outbox.post_everywhere(person, notice, new_address=address.typed, **links.told(back))
    return link


def _move(person: User, key: str, typed: str) -> None:
    try:
        User.update(email=key, email_typed=typed).where(User.id == person.id).execute()
    except IntegrityError:
        raise Conflict(_l("This address belongs to another account.")) from None
    person.email, person.email_typed = key, typed


def _owner(key: str) -> User | None:
    return User.get_or_none(User.email == key)  # type: ignore[no-any-return]
