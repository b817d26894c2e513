"""Making an account: an address is confirmed first, so that nothing exists before its owner says so (SU-04)."""
from peewee import IntegrityError

import audit
import limits
import outbox
import rules
from accounts import links, mailboxes, passwords, sessions
from clock import now
from db import transaction
from i18n import _l
from models import Attempt, Link, User
from rules import Address, Conflict, TooMany
from settings import setting


def ask(email: str, language: str) -> None:
    """A link to that address; or, if it has an account, a word to its owner. Both look the same from outside.

    After three mails in an hour nothing more is sent, and nothing more is said (SU-09).
    """
    if setting.signup != "open":
        raise rules.NotHere
    address = rules.address(email)
    try:
        limits.spend(limits.SIGN_UP_ADDRESS, address.key)
    except TooMany:
        return
    with transaction():
        known = User.get_or_none(User.email == address.key)
        link = links.make(links.SIGN_UP, email=address.key, typed=address.typed, language=language)
        if known:
            links.use_up(link)
            outbox.post_to(known, "signup_known")
        else:
            outbox.post("signup", address.typed, language=language, **links.told(link))


def opened(token: str) -> Link:
    """The link of a sign-up, or Gone. NotHere once accounts are made by invitation only (SU-07): operators' are."""
    link = links.opened(token, links.SIGN_UP)
    if setting.signup != "open" and not link.facts.get("operator"):
        raise rules.NotHere
    if not link.email and has_operator():
        raise rules.Gone
    return link


def address_of(link: Link, email: str = "") -> Address:
    """Whose link it is. Only the first operator's does not say: its holder does, by `email`."""
    return Address(typed=link.facts["typed"], key=link.email) if link.email else rules.address(email)


def operator_link(email: str = "") -> str:
    """The token of a link, good once and for an hour, with which its holder becomes an operator.

    Without an address it is for the first one, and ends when there is an operator (PS-01).
    """
    address = rules.address(email) if email else Address("", "")
    with transaction():
        if email and User.select().where(User.email == address.key).exists():
            raise rules.Refused(_l("This address has an account already. Sign in instead."), "email")
        return links.make(links.SIGN_UP, email=address.key, typed=address.typed, operator=True,
                          language=setting.languages[0]).token


def has_operator() -> bool:
    return bool(User.select().where(User.operator).exists())


def create(address: Address, first_name: str, last_name: str, phc: str | None, *, language: str, country: str,
           time_zone: str) -> User:
    """The row of a new person whose address is confirmed. Conflict when the address is taken meanwhile."""
    with transaction():
        try:
            user = User.create(
                email=address.key, email_typed=address.typed, first_name=rules.name(first_name, "first_name"),
                last_name=rules.name(last_name, "last_name"), language=language, country=country, time_zone=time_zone)
        except IntegrityError:
            raise Conflict(_l("This address has an account already. Sign in instead.")) from None
        if phc:
            set_password(user, phc, long=True)
        audit.record_for(user.id, "account.created", email=address.typed)
        return user  # type: ignore[no-any-return]


def make_operator(person: User) -> None:
    """In the transaction that makes the account: `flask operator add` said so on this machine."""
    User.update(operator=True).where(User.id == person.id).execute()
    person.operator = True
    audit.record_here("operator.added", person.public_id, person=person.name)


def set_password(user: User, phc: str, *, long: bool) -> None:
    """In a transaction; the slow hash was made before it. `long`: may it stand alone (decision 17)?

    A link for a new one opens nothing after that (G15), no browser spares the second step (TF-14), and nobody is
    half-way in by the old one.
    """
    end_half_way(user)
    User.update(password=passwords.sealed(user, phc), password_changed=now(), password_long=long,
                must_renew=False).where(User.id == user.id).execute()


def end_half_way(user: User) -> None:
    """In a transaction: what the password there was has begun, or a link for another one would."""
    Attempt.delete().where(Attempt.user == user.id).execute()
    links.end(user, links.RESET)
    sessions.forget_browsers(user)


def write_for_new_password(user: User) -> None:
    """In a transaction: a link to the mailboxes, with which their owner chooses one."""
    audit.record_for(user.id, "password.reset_asked")
    mailboxes.write_link(user, "reset", **links.told(links.make(links.RESET, user=user, email=user.email)))


def demand_new_password(user: User) -> None:
    """In a transaction: the one there is opens nothing any more, nobody is half-way in by it, no browser spares it."""
    Attempt.delete().where(Attempt.user == user.id).execute()
    sessions.forget_browsers(user)
    User.update(must_renew=True).where(User.id == user.id, User.password.is_null(False)).execute()


def forget_password(user: User) -> None:
    """In a transaction: nobody gets in with the password there was; a link mailed makes a new one."""
    User.update(password=None, password_changed=now(), password_long=False, must_renew=False).where(
        User.id == user.id).execute()
