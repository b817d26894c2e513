"""What helps when password or mailbox are lost: a second address, and a phone number (G6)."""
import audit
import limits
import outbox
import rules
from accounts import acting, links
from accounts.profile import me
from clock import now
from db import transaction
from i18n import _l
from models import Link, User
from rules import Gone, Refused


def ask(email: str) -> None:
    """A link to the second address. It differs from the one to sign in with: one helps when the other is lost."""
    address, person = rules.address(email), me()
    if address.key == person.email:
        raise Refused(_l("You sign in with this address. The two must differ: one helps when the other is lost."),
                      "email")
    if address.key == person.recovery_email:
        raise Refused(_l("This is your recovery address already."), "email")
    limits.spend(limits.ADDRESS_CHANGE, person.id)
    limits.spend(limits.SIGN_UP_ADDRESS, address.key)
    with transaction():
        acting.hold_own(person)
        link = links.make(links.RECOVERY_CONFIRM, user=person, email=person.email, key=address.key,
                          typed=address.typed)
        audit.record_for(person.id, "recovery.address_asked", new=address.typed)
        outbox.post_to(person, "recovery_confirm", to=address.typed, account=person.email_typed, **links.told(link))


def asked(user_id: int) -> Link | None:
    """The address that waits for its confirmation."""
    return (Link.select().where(Link.user == user_id, Link.purpose == links.RECOVERY_CONFIRM,  # type: ignore[no-any-return]
                                Link.used.is_null(), Link.expires > now()).order_by(Link.id.desc()).first())


def opened(token: str) -> Link:
    """The link, or Gone: also when one signs in with that address meanwhile (G11-R2)."""
    link = links.opened(token, links.RECOVERY_CONFIRM)
    if link.user.email != link.email or link.user.email == link.facts["key"]:
        raise Gone
    return link


def confirm(token: str) -> User:
    """The second address holds; whoever reads the first and the one before is told. Needs no session."""
    link = opened(token)
    person = link.user
    with transaction():
        links.use_up(link)
        _change(person, link.facts["key"], link.facts["typed"])
        audit.record_for(person.id, "recovery.address_changed", new=link.facts["typed"])
        return person  # type: ignore[no-any-return]


def remove() -> None:
    """No second address any more, and none that waits."""
    with transaction():
        _remove(acting.me())


def forget(person: User) -> None:
    """Neither address nor phone helps any more: somebody who was in the account may have named them. In a
    transaction."""
    _remove(person)
    if person.recovery_phone:
        _call(person, "")


def _remove(person: User) -> None:
    links.end(person, links.RECOVERY_CONFIRM)
    if person.recovery_email:
        _change(person, "", "")
        audit.record_for(person.id, "recovery.address_removed")
        person.recovery_email = person.recovery_email_typed = ""


def call(phone: str) -> None:
    """The number under which the desk may call back; an empty one removes it. Nobody has confirmed it."""
    person = me()
    number = rules.phone(phone, person.country)
    with transaction():
        acting.hold_own(person)
        if number != person.recovery_phone:
            _call(person, number)


def _call(person: User, number: str) -> None:
    told = {"before": rules.masked_phone(person.recovery_phone), "after": rules.masked_phone(number)}
    User.update(recovery_phone=number, recovery_phone_confirmed=None).where(User.id == person.id).execute()
    audit.record_for(person.id, "recovery.phone_changed", **told)
    outbox.post_everywhere(person, "recovery_phone_changed", **told)


def _change(person: User, key: str, typed: str) -> None:
    """What was sent to the address before opens nothing any more; all who read one of them are told."""
    links.end(person, links.RESET, links.UNLOCK, links.RECOVERY_CONFIRM)
    if not User.update(recovery_email=key, recovery_email_typed=typed).where(
            User.id == person.id, User.email != key).execute():
        raise Gone
    for address in dict.fromkeys(filter(None, (person.email_typed, person.recovery_email_typed, typed))):
        outbox.post_to(person, "recovery_changed", to=address, new_address=typed)
