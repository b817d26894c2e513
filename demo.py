"""The demonstration: a cast everybody knows (interface, «The demo cast»), written by the product's own verbs."""
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

import pyotp

import current
from accounts import passwords, second_factors, signup
from clock import epoch
from db import transaction
from models import Membership, Organisation, Role, User
from organisations import demands, details, invitations, lifecycle, members, protection, registration
from rules import address
from tenancy import working_for

PASSWORD = "a quiet alpine lake at dawn"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"     # Mara's and Otto's authenticator app


@dataclass
class Cast:
    """Everybody by first name, every organisation by its slug."""

    people: dict[str, User] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)


PEOPLE = (
    ("anne", "Anne-Sophie", "de Montmollin", "anne@lumen.example", "fr", "CH", "Europe/Zurich"),
    ("mara", "Mara", "Lehmann", "mara@bergquell.example", "de", "CH", "Europe/Zurich"),
    ("chiara", "Chiara", "Bernasconi", "chiara@onda.example", "it", "IT", "Europe/Rome"),
    ("esteban", "Esteban", "Ruiz", "esteban@aurora.example", "es", "ES", "Europe/Madrid"),
    ("grace", "Grace", "Field", "grace@field.example", "en", "GB", "Europe/London"),
    ("luc", "Luc", "Perrenoud", "luc@lumen.example", "fr", "CH", "Europe/Zurich"),
    ("otto", "Otto", "Operator", "operator@kanton.example", "en", "CH", "Europe/Zurich"),
)
ORGANISATIONS = (
    ("lumen", "Atelier Lumen Sàrl", "company", "CH", "anne"),
    ("bergquell", "Verein Bergquell", "association", "CH", "mara"),
    ("onda", "Cooperativa Onda", "company", "IT", "chiara"),
    ("aurora", "Taller Aurora SL", "company", "ES", "esteban"),
)
LUMEN = (
    ("mara", Role.ADMIN, False),
    ("chiara", Role.COLLABORATOR, True),
    ("esteban", Role.COLLABORATOR, False),
    ("grace", Role.EXTERNAL, False),
    ("luc", Role.COLLABORATOR, False),
)


def play() -> Cast:
    """Write the cast into an empty database."""
    cast = Cast()
    for key, first, last, email, language, country, zone in PEOPLE:
        cast.people[key] = signup.create(address(email), first, last, passwords.hashed(PASSWORD), language=language,
                                         country=country, time_zone=zone)
    for slug, name, kind, country, owner in ORGANISATIONS:
        with acting(cast.people[owner]):
            cast.organisations[slug] = lifecycle.create(name, kind=kind, country=country, slug=slug)
    with transaction():
        signup.make_operator(cast.people["otto"])
    for key in ("mara", "otto"):
        protect(cast.people[key])
    for key, role, accounting in LUMEN:
        bring_in(cast.organisations["lumen"], cast.people["anne"], cast.people[key], role, accounting=accounting)
    with acting(cast.people["mara"], "password", "totp"), working_for(cast.organisations["bergquell"]):
        demands.force()
    return cast


def furnish(cast: Cast) -> None:
    """What makes the demonstration look lived in; tests do without."""
    lumen = cast.organisations["lumen"]
    with acting(cast.people["anne"]), working_for(lumen):
        details.change(Organisation.get_by_id(lumen.id).version, name=lumen.name, kind="company",
                       street="Rue du Débarcadère", house_number="7", address_line="", postcode="2502", town="Bienne",
                       region="BE", country="CH", phone="+41 32 555 01 23", vat_number="", language="fr",
                       time_zone="Europe/Zurich", admins_may_edit=True)
        invitations.invite("ines.duarte@lumen.example", Role.COLLABORATOR, first_name="Inês", last_name="Duarte",
                           language="fr", note="Bienvenue dans l’équipe.")
        invitations.invite("jannik@oberholzer.example", Role.EXTERNAL, first_name="Jannik",
                           last_name="Oberholzer-Wyttenbach", language="de")
    with acting(cast.people["mara"]), working_for(lumen):
        luc = Membership.get(Membership.user == cast.people["luc"].id)
        members.alert(luc.public_id)


def bring_in(organisation: Organisation, inviter: User, person: User, role: str, *, accounting: bool = False) -> None:
    """As life does it: one asks, the other accepts."""
    with acting(inviter), working_for(organisation):
        invitation = invitations.invite(person.email_typed, role, first_name=person.first_name,
                                        last_name=person.last_name, accounting=accounting,
                                        pref_product_events=role == Role.ADMIN, language=person.language)
    with acting(person):
        invitations.accept(invitation.copied_token)


def protect(person: User) -> None:
    """Two-factor authentication with the secret everybody knows. The code is an older one, so that the next
    sign-in can use the present one."""
    with acting(person):
        second_factors.begin(person, "totp", SECRET)
        protection.confirm(person, "totp", pyotp.TOTP(SECRET).generate_otp(epoch() // 30 - 1))


def acting(person: User, *proofs: str) -> AbstractContextManager[current.Actor]:
    """Everything inside is done by this person, who has proved that much."""
    return current.acting_as(replace(registration.as_person(person), proofs=proofs))
