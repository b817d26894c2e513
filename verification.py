"""Is everything as it must be? The books whole, the counts right, every organisation with somebody responsible."""
from collections.abc import Iterator
from typing import Any

from peewee import JOIN, fn

import audit
import schema
from models import (
    TABLES,
    AccessRequest,
    Event,
    EventFacts,
    InstallationEvent,
    InstallationEventFacts,
    Invitation,
    Membership,
    Organisation,
    PersonalEvent,
    PersonalEventFacts,
    Picture,
    Role,
    Team,
    TeamMember,
    User,
)
from tenancy import across_organisations, working_for

Heads = dict[str, list[Any]]                    # of each book, by its name: number and digest of its last line


def heads() -> Heads:
    """Where every book ends today. Kept elsewhere, it shows one day that lines were cut off its end."""
    with across_organisations("reading where every book ends"):
        found = {f"organisation {owner}": end for owner, *end in _ends(Event, Event.organisation, Organisation)}
    found |= {f"account {owner}": end for owner, *end in _ends(PersonalEvent, PersonalEvent.user, User)}
    last = InstallationEvent.select().order_by(InstallationEvent.number.desc()).first()
    return found | ({"installation": [last.number, last.digest]} if last else {})


def _ends(book: Any, owner: Any, whose: Any) -> Any:
    last = book.select(owner.alias("owner"), fn.MAX(book.number).alias("number")).group_by(owner)
    return (book.select(whose.public_id, book.number, book.digest).join(whose).switch(book)
            .join(last, on=((owner == last.c.owner) & (book.number == last.c.number))).tuples())


def cut_off(kept: Heads) -> Iterator[str]:
    """The books that once ended in a line they no longer have."""
    with across_organisations("looking for lines that were there"):
        for name, (number, digest) in kept.items():
            kind, _blank, owner = name.partition(" ")
            book: Any
            book, where = {"organisation": (Event, Event.organisation.in_(_numbered(Organisation, owner))),
                           "account": (PersonalEvent, PersonalEvent.user.in_(_numbered(User, owner)))
                           }.get(kind, (InstallationEvent, True))
            if not book.select().where(where, book.number == number, book.digest == digest).exists():
                yield f"{name}: line {number}, once its last, is gone or another one"


def _numbered(table: Any, public_id: str) -> Any:
    return table.select(table.id).where(table.public_id == public_id)


def faults() -> Iterator[str]:
    """A line for each thing that is wrong; none when all is well."""
    yield from (f"nothing keeps the book {book} from being rewritten" for book in schema.open_books())
    for organisation in Organisation.select().order_by(Organisation.id):
        with working_for(organisation):
            yield from (f"{organisation.slug}: {fault}" for fault in _of(organisation))
    for user, number, fault in audit.broken_lines(PersonalEvent, PersonalEventFacts, PersonalEvent.user):
        yield f"account number {user}: line {number} {fault}"
    for _owner, number, fault in audit.broken_lines(InstallationEvent, InstallationEventFacts):
        yield f"installation: line {number} {fault}"
    yield from _copies()
    yield from _orphans()


def _of(organisation: Organisation) -> Iterator[str]:
    for _owner, number, fault in audit.broken_lines(Event, EventFacts):
        yield f"line {number} {fault}"
    present = Membership.present()
    if organisation.status == "active" and not Membership.legal_representatives().exists():
        yield "no active legal representative (RI-1)"
    if organisation.logo and not Picture.select().where(Picture.digest == organisation.logo).exists():
        yield "its logo is gone"
    counted = {
        "members": present.where(Membership.role != Role.EXTERNAL).count(),
        "externals": present.where(Membership.role == Role.EXTERNAL).count(),
        "unprotected": present.where(~Membership.two_factor).count(),
        "invitations": Invitation.select().where(Invitation.state == Invitation.PENDING).count(),
        "requests": AccessRequest.waiting().count()}
    for name, right in counted.items():
        if getattr(organisation, name) != right:
            yield f"{name} is kept as {getattr(organisation, name)}, but there are {right}"
    in_it = TeamMember.select(fn.COUNT(TeamMember.id)).where(TeamMember.team == Team.id)
    for name, kept, right in Team.select(Team.name, Team.people, in_it).where(Team.people != in_it).tuples():
        yield f"the team {name} is kept as {kept} people, but there are {right}"


def _copies() -> Iterator[str]:
    """What a membership keeps of its person is what the person has."""
    with across_organisations("checking every membership against its person"):
        wrong = (Membership.select(fn.COUNT(Membership.id)).join(User)
                 .where(Membership.two_factor != User.two_factor, Membership.ended.is_null()).scalar())
    if wrong:
        yield f"{wrong} memberships disagree with their person about the second factor"


def _orphans() -> Iterator[str]:
    """Rows that point at a row that is not there. The database forbids them; a restored file may have some."""
    with across_organisations("checking that no row points into nothing"):
        for table in TABLES:
            for field in table._meta.refs:
                there = field.rel_model.alias()
                lost = (table.select(fn.COUNT(table.id)).join(there, JOIN.LEFT_OUTER, on=(field == there.id))
                        .where(field.is_null(False), there.id.is_null()).scalar())
                if lost:
                    yield f"{lost} rows of {table._meta.table_name} have a {field.name} that is not there"
