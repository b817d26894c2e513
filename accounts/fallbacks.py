"""What helps when password or mailbox are lost: a second address, and a phone number (G6)."""
from contextlib import suppress
from datetime import datetime

from peewee import JOIN

import audit
import crypto
import limits
import outbox
import rules
from accounts import acting, links
from accounts.factors import sms
from accounts.mailboxes import ADDRESS_NAMED, PHONE_NAMED, named
from accounts.profile import me
from clock import HOUR, epoch, now
from db import transaction
from i18n import _l
from models import Begun, Link, Message, User
from rules import Gone, Refused

PHONE, TRIES = "recovery phone", 5              # what waits for a code, and how many wrong ones end it


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
    _hang_up(person)


def take_back(person: User, since: datetime) -> None:
    """What was named since then helps nobody any more: somebody else may have named it. In a transaction."""
    links.end(person, links.RECOVERY_CONFIRM)
    lately = User.select(*(named(person.id, what, since) for what in (ADDRESS_NAMED, PHONE_NAMED))).where(
        User.id == person.id)
    ((address, phone),) = lately.tuples()
    if address:
        _remove(person)
    if phone:
        _hang_up(person)


def _remove(person: User) -> None:
    links.end(person, links.RECOVERY_CONFIRM)
    if person.recovery_email:
        _change(person, "", "")
        audit.record_for(person.id, "recovery.address_removed")
        person.recovery_email = person.recovery_email_typed = ""


def call(phone: str) -> bool:
    """The number under which the desk may call back. Where there is a gateway it must be a mobile phone, and counts
    once a code that was sent to it comes back: is one on its way?"""
    person = me()
    if sms.on():
        return _send_code(person, sms.mobile(phone, person.country, "phone"))
    number = rules.phone(phone, person.country)
    with transaction():
        acting.hold_own(person)
        if number != person.recovery_phone:
            _call(person, number)
    return False


def awaited(user_id: int) -> Begun | None:
    """The number that waits for its code; `mail` is the latest message to it."""
    return (Begun.select(Begun, Message)  # type: ignore[no-any-return]
            .join(Message, JOIN.LEFT_OUTER, on=(Message.subject == Begun.token_hash), attr="mail")
            .where(Begun.user == user_id, Begun.kind == PHONE, Begun.expires > now()).first())


def send_again() -> None:
    """Another code to the number that waits; the one before is nothing any more, and the count of tries goes on."""
    person = me()
    begun = _awaited(person)
    _afford(person, begun.facts["number"])
    with transaction():
        acting.hold_own(person)
        _write(person, _awaited(person))


def confirm_phone(code: str) -> None:
    """The number holds if the code is right. Five wrong ones end it: begin again."""
    with transaction():
        person = acting.me()
        begun = _awaited(person)
        number, tries = begun.facts["number"], begun.facts["tries"] + 1
        right = begun.facts["until"] > epoch() and sms.right(code, PHONE, begun.token_hash)
        if right or tries == TRIES:
            _stop_waiting(person)
        else:
            Begun.update(facts=begun.facts | {"tries": tries}).where(Begun.id == begun.id).execute()
        if right:
            _call(person, number, confirmed=now())
        else:
            audit.record_for(person.id, "recovery.phone_failed")
    if not right:
        raise Refused(sms.plugin.refusal, "code") if tries < TRIES else Refused(
            _l("Too many wrong codes. Have a new one sent."), "phone")


def cancel_phone() -> None:
    """The number that waits is not meant any more; the one before stays."""
    with transaction():
        _stop_waiting(acting.me())


def remove_phone() -> None:
    """No number any more, and none that waits."""
    with transaction():
        _hang_up(acting.me())


def _send_code(person: User, number: str) -> bool:
    if number == person.recovery_phone and person.recovery_phone_confirmed:
        return False
    _afford(person, number)
    with transaction():
        acting.hold_own(person)
        _stop_waiting(person)
        begun = Begun.create(token_hash=crypto.digest(crypto.token()), kind=PHONE, user=person,
                             facts={"number": number, "tries": 0}, expires=now() + HOUR)
        audit.record_for(person.id, "recovery.phone_asked", new=rules.masked_phone(number))
        _write(person, begun)
    return True


def _write(person: User, begun: Begun) -> None:
    """A code of its own for each message: it is made of what the row is called from now on."""
    occasion, until = crypto.digest(crypto.token()), epoch() + int(sms.LIFE.total_seconds())
    Begun.update(token_hash=occasion, facts=begun.facts | {"until": until}).where(Begun.id == begun.id).execute()
    sms.text(person, begun.facts["number"], "sms_code", subject=occasion, credential=PHONE, occasion=occasion,
             until=until)


def _afford(person: User, number: str) -> None:
    try:
        sms.afford(person, number, theirs=False)
    except Refused:
        raise Refused(_l("No further code can be sent at the moment. Try again later, or tomorrow."),
                      "phone") from None


def _awaited(person: User) -> Begun:
    begun = awaited(person.id)
    if begun is None:
        raise Refused(_l("That took more than an hour. Begin again."), "phone")
    return begun


def _stop_waiting(person: User) -> None:
    Begun.delete().where(Begun.user == person.id, Begun.kind == PHONE).execute()


def _hang_up(person: User) -> None:
    _stop_waiting(person)
    if person.recovery_phone:
        _call(person, "")


def _call(person: User, number: str, confirmed: datetime | None = None) -> None:
    """The number holds. All addresses are told, and the number before if it was proved to be the person's."""
    before = person.recovery_phone
    told = {"before": rules.masked_phone(before), "after": rules.masked_phone(number)}
    since = person.recovery_phone_since if number == before else now() if number else None
    User.update(recovery_phone=number, recovery_phone_since=since, recovery_phone_confirmed=confirmed).where(
        User.id == person.id).execute()
    audit.record_for(person.id, "recovery.phone_confirmed" if confirmed else "recovery.phone_changed", **told)
    outbox.post_everywhere(person, "recovery_phone_changed", confirmed=bool(confirmed), **told)
    if person.recovery_phone_confirmed and number != before:
        _tell_before(person)


def _tell_before(person: User) -> None:
    """Where it can be: the mails say it as well. It costs the day's budget only, so that nobody uses up the person's
    own messages first."""
    if not sms.on():
        return
    with suppress(Refused):
        sms.spend_one()
        sms.text(person, person.recovery_phone, "sms_phone_changed", subject=crypto.public_id())


def _change(person: User, key: str, typed: str) -> None:
    """What was sent to the address before opens nothing any more; all who read one of them are told."""
    links.end(person, links.RESET, links.UNLOCK, links.RECOVERY_CONFIRM)
    if not User.update(recovery_email=key, recovery_email_typed=typed).where(
            User.id == person.id, User.email != key).execute():
        raise Gone
    for address in dict.fromkeys(filter(None, (person.email_typed, person.recovery_email_typed, typed))):
        outbox.post_to(person, "recovery_changed", to=address, new_address=typed)
