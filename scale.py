"""Organisations of 100, 10,000 and 100,000 people, for measuring. Rows are written in bulk, as no verb would."""
import current
from accounts import passwords, signup
from db import transaction
from models import Membership, Organisation, Product, Role, User
from oidc import clients, consents, reading, scopes
from organisations import lifecycle, members
from organisations.registration import as_person
from products import catalogue, grants
from products import lifecycle as products
from rules import Address
from tenancy import working_for

PASSWORD = "correct horse battery 9"  # noqa: S105 - everybody may know it
SIZES = (100, 10_000, 100_000)
SIGNERS = 50
BATCH = 1_000
CLIENT, CLIENT_SECRET, CLIENT_BACK = "bench-client", "bench-secret", "http://127.0.0.1:1/cb"


def seed() -> None:
    """u0@example.com … can sign in; the first is the legal representative of all three organisations."""
    phc = passwords.hashed(PASSWORD)
    people = [signup.create(Address(f"u{n}@example.com", f"u{n}@example.com"), f"Una{n}", f"Bench{n:06}", phc,
                            language="en", country="CH", time_zone="Europe/Zurich") for n in range(SIGNERS)]
    crowd = _crowd(max(SIZES) - SIGNERS)
    for size in SIZES:
        with current.acting_as(as_person(people[0])):
            organisation = lifecycle.create(f"Org {size}", slug=f"org{size}", country="CH", language="en")
        with transaction(), working_for(organisation):
            _fill(people[1:], Role.ADMIN)
            _fill(crowd[:size - SIGNERS], Role.COLLABORATOR)
            Organisation.update(members=size, unprotected=size).where(Organisation.id == organisation.id).execute()
        if size == SIZES[0]:
            _connect(organisation, people)


def _crowd(number: int) -> list[User]:
    with transaction():
        for start in range(0, number, BATCH):
            User.insert_many([{
                "email": f"p{n}@example.com", "email_typed": f"p{n}@example.com", "first_name": f"Pia{n % 977}",
                "last_name": f"Crowd{n:06}", "language": "en"} for n in range(start, min(start + BATCH, number))
            ]).execute()
    return list(User.select().where(User.email.startswith("p")).order_by(User.id))


def _fill(people: list[User], role: str) -> None:
    for start in range(0, len(people), BATCH):
        Membership.insert_many([{"user": person.id, "role": role, **members.listed_as(person)}
                                for person in people[start:start + BATCH]]).execute()


def _connect(organisation: Organisation, people: list[User]) -> None:
    """An application that all who sign in may use, and have consented to."""
    operator = signup.create(Address("operator@example.com", "operator@example.com"), "Ona", "Bench", "",
                             language="en", country="CH", time_zone="Europe/Zurich")
    with transaction():
        signup.make_operator(operator)
    with current.acting_as(as_person(operator)):
        catalogue.take_neutral()
    with current.acting_as(as_person(people[0])), working_for(organisation):
        product = products.add("application-with-single-sign-on", "Bench", address="http://127.0.0.1:1")
        clients.create(product.public_id, [CLIENT_BACK], client_id=CLIENT, secret=CLIENT_SECRET)
        for each in Membership.select().where(Membership.user.in_(people)):
            grants.give(grants.of_member(each.public_id), Product.get_by_id(product.id), "use")
    for person in people:
        with current.acting_as(as_person(person)):
            if client := reading.client(CLIENT):
                consents.give(client, client.places[0], list(scopes.USUAL))
