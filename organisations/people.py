"""A person's own changes, as far as the organisations they belong to keep a copy of them.

Lists sort and search by it; the verbs of the room below are wrapped, because the
copies change in the same transaction.
"""
from accounts import addresses, disowning, profile
from db import transaction
from models import Membership, User
from organisations import protection
from organisations.members import listed_as
from tenancy import across_organisations


def rename(first_name: str, last_name: str) -> User:
    """See `profile.rename`."""
    with transaction():
        return _relisted(profile.rename(first_name, last_name))


def confirm_address(token: str) -> User:
    """See `addresses.confirm`."""
    with transaction():
        return _relisted(addresses.confirm(token))


def revert_address(token: str) -> User:
    """See `addresses.revert`."""
    with transaction():
        person = _relisted(addresses.revert(token))
        protection.recount(person)
        return person


def disown(public_id: str) -> None:
    """See `disowning.disown`."""
    with transaction():
        protection.recount(disowning.disown(public_id))


def _relisted(person: User) -> User:
    with across_organisations("a person's name and address, in every list that has them"):
        Membership.update(**listed_as(person)).where(Membership.user == person.id).execute()
    return person
