"""Coming in: alone, with an organisation of one's own; or asked in, with nothing but the account (G3-R2)."""
import current
import outbox
from accounts import passwords, signup
from db import transaction
from models import Organisation, User
from organisations import invitations, lifecycle
from rules import Address, Gone


def register(token: str, first_name: str, last_name: str, password: str, *, language: str, country: str,
             time_zone: str, organisation: str = "", email: str = "") -> tuple[User, Organisation | None]:
    """By oneself: account and organisation, its legal representative at once. All of it, or nothing.

    An operator's link makes the account alone: operators run the installation and belong to no organisation.
    """
    link = signup.opened(token)
    address = signup.address_of(link, email)
    passwords.check(password, two_factor=False,
                    own=(address.key, address.key.partition("@")[0], first_name, last_name, organisation))
    phc = passwords.hashed(password)
    with transaction():
        signup.links.use_up(link)
        person = signup.create(address, first_name, last_name, phc, language=language, country=country,
                               time_zone=time_zone)
        if link.facts.get("operator"):
            signup.make_operator(person)
            return person, None
        with current.acting_as(as_person(person)):
            made = lifecycle.create(organisation or person.name, country=country, language=language,
                                    kind="other" if organisation else "individual", origin="registration")
        outbox.post_to(person, "account_created", organisation=made.name)
        return person, made


def join(token: str, first_name: str, last_name: str, password: str, *, language: str, country: str,
         time_zone: str) -> User:
    """Asked in, as a new person: the account and this membership only. The link proves the mailbox it went to.

    Gone when the invitation was answered or has ended; Conflict when the address has an account meanwhile.
    """
    invitation = invitations.opened(token)
    if not (invitation.open and invitation.mailed):
        raise Gone
    passwords.check(password, two_factor=False,
                    own=(invitation.email, invitation.email.partition("@")[0], first_name, last_name,
                         invitation.organisation.name))
    phc = passwords.hashed(password)
    with transaction():
        person = signup.create(Address(typed=invitation.email_typed, key=invitation.email), first_name, last_name,
                               phc, language=language, country=country, time_zone=time_zone)
        with current.acting_as(as_person(person)):
            invitations.accept(token)
        return person


def as_person(person: User) -> current.Actor:
    """The visitor of this request, now known by name."""
    who = current.actor()
    return current.Actor(user_id=person.id, name=person.name, kind="user", address=who.address, agent=who.agent,
                         request_id=who.request_id)
