"""Those who see to a person, in each organisation the person belongs to: told when an account is in danger."""
from typing import Any

import audit
import outbox
from models import Membership, Organisation, Role, User
from tenancy import across_organisations, working_for

MOST = 50                                       # letters in one organisation
ADMINISTRATION = (Role.LEGAL, Role.ADMIN)


def tell(person: User, kind: str, notice: str, roles: tuple[Role, ...] = ADMINISTRATION, *,
         belonging: bool = False, **facts: Any) -> None:
    """A line in the book of each organisation, a word to its legal representatives and administration.

    `belonging`: not where the person is external, or blocked.

    In a transaction, before the person's own book is written: whoever writes several books keeps to this order.
    """
    for membership in _memberships(person):
        if belonging and not membership.belongs:
            continue
        with working_for(membership.organisation):
            audit.record(kind, membership.public_id, person=person.name)
            for keeper in _keepers(person, roles):
                outbox.post_to(keeper, notice, organisation=membership.organisation.name, person=person.name, **facts)


def _memberships(person: User) -> list[Membership]:
    with across_organisations("whom to tell of a person's account"):
        return list(Membership.select(Membership, Organisation).join(Organisation)
                    .where(Membership.user == person.id, Membership.ended.is_null()).order_by(Membership.organisation))


def _keepers(person: User, roles: tuple[Role, ...]) -> list[User]:
    return [each.user for each in Membership.present().select_extend(User).join(User).where(
        Membership.role.in_(roles), Membership.status == Membership.ACTIVE, Membership.user != person.id,
        User.suspended.is_null()).limit(MOST)]
