"""The demonstration: a cast everybody knows (interface, «The demo cast»), written by the product's own verbs."""
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pyotp

import current
import outbox
from accounts import passwords, second_factors, signup
from clock import DAY, ago, epoch
from db import transaction
from gate import secrets as gates
from models import Invitation, Membership, Organisation, Product, Role, User
from oidc import clients, scopes
from organisations import demands, details, directory, invitations, members, protection, registration, teams
from organisations import lifecycle as organisations
from organisations.directory import Filter
from products import blocking, catalogue, grants, lifecycle, requests
from rules import address
from tenancy import working_for

PASSWORD = "a quiet alpine lake at dawn"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"     # Mara's and Otto's authenticator app
APP, APP_SECRET, APP_BACK = "demo-app", "demo-app-secret", "http://localhost:9000/callback"
GATE_SECRET = "demo-gate-secret"                # of the proxy before the wiki


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

# What Lumen has: category, label, technical name, address; and who may do what with it.
PRODUCTS = (
    ("e-mail", "Messagerie", "lumen.example", "https://mail.lumen.example"),
    ("file-storage", "Fichiers de l’équipe", "2 To", "https://fichiers.lumen.example"),
    ("file-storage", "Archives", "4 To", ""),
    ("team-chat", "Discussions", "lumen.example", "https://chat.lumen.example"),
    ("domain-name", "lumen.example", "lumen.example", ""),
    ("domain-name", "atelier-lumen.example", "atelier-lumen.example", ""),
    ("web-hosting", "Site de l’atelier", "www.lumen.example", ""),
    ("ticketing", "Fête des lumières", "billets.lumen.example", "https://billets.lumen.example"),
    ("application-with-single-sign-on", "Planning", "demo-app", "http://localhost:9000"),
    ("protected-application", "Wiki", "wiki.lumen.example", "https://wiki.lumen.example"),
    ("link", "Horaires des trains", "", "https://horaires.example"),
    ("premium-support", "Assistance", "", ""),
)
GRANTS = (
    ("chiara", "Messagerie", "use"), ("chiara", "Planning", "use"), ("chiara", "Fête des lumières", "sales"),
    ("esteban", "Messagerie", "use"), ("esteban", "Messagerie", "technical"), ("esteban", "Wiki", "use"),
    ("esteban", "Site de l’atelier", "technical"), ("esteban", "Site de l’atelier", "statistics"),
    ("grace", "Planning", "use"), ("anne", "Messagerie", "use"), ("anne", "Planning", "use"), ("anne", "Wiki", "use"),
)

# Teams: name, colour, leader, the others, and what it carries.
TEAMS = (
    ("Festival", "amber", "luc", ("esteban",), (("Fête des lumières", "sales"), ("Fête des lumières", "entry"),
                                              ("Archives", "use"))),
    ("Bureau", "petrol", "anne", ("chiara",), (("Fichiers de l’équipe", "use"),
                                                              ("Discussions", "use"), ("Wiki", "statistics"))),
)


def is_here() -> bool:
    """Has the demonstration been played into this database? Everybody knows the passwords in it."""
    return bool(User.select().where(User.email == "operator@kanton.example").exists())


def play() -> Cast:
    """Write the cast into an empty database."""
    cast = Cast()
    for key, first, last, email, language, country, zone in PEOPLE:
        cast.people[key] = signup.create(address(email), first, last, passwords.hashed(PASSWORD), language=language,
                                         country=country, time_zone=zone)
    for slug, name, kind, country, owner in ORGANISATIONS:
        with acting(cast.people[owner]):
            cast.organisations[slug] = organisations.create(name, kind=kind, country=country, slug=slug)
    with transaction():
        signup.make_operator(cast.people["otto"])
    for key in ("mara", "otto"):
        protect(cast.people[key])
    for key, role, accounting in LUMEN:
        bring_in(cast.organisations["lumen"], cast.people["anne"], cast.people[key], role, accounting=accounting)
    with acting(cast.people["otto"]):
        catalogue.take_neutral()
    with acting(cast.people["anne"]), working_for(cast.organisations["lumen"]):
        _furnish(cast)
    with acting(cast.people["mara"], "password", "totp"), working_for(cast.organisations["bergquell"]):
        demands.force()
    return cast


def _furnish(cast: Cast) -> None:
    """Products, and who may do what with them."""
    there = {label: lifecycle.add(category, label, technical_name=technical_name, address=address)
             for category, label, technical_name, address in PRODUCTS}
    for who, label, right in GRANTS:
        member = Membership.get(Membership.user == cast.people[who].id)
        grants.give(grants.of_member(member.public_id), there[label], right)
    clients.create(there["Planning"].public_id, [APP_BACK], pkce=False, client_id=APP,
                   secret=APP_SECRET, logout_uris=["http://localhost:9000/"],
                   asks=scopes.ALL)
    gates.add(there["Wiki"].public_id, GATE_SECRET)
    for name, colour, leader, others, carried in TEAMS:
        team = teams.create(name, colour).public_id
        for label, right in carried:
            grants.give(grants.of_team(team), there[label], right)
        people = {who: Membership.get(Membership.user == cast.people[who].id).public_id for who in (leader, *others)}
        teams.join(team, list(people.values()))
        teams.lead(team, people[leader])


def live(days: int = 60) -> Cast:
    """The cast, and what it did in so many days; tests do without the days."""
    with ago(days * DAY):
        cast = play()
        outbox.deliver_due()
    for day, who, deed in _doings(cast):
        with ago((days - day) * DAY - timedelta(minutes=day * 37 % 600)):       # not all at one time of day
            with acting(cast.people[who]), working_for(cast.organisations["lumen"]):
                deed()
            outbox.deliver_due()
    return cast


def _doings(cast: Cast) -> Iterator[tuple[int, str, Callable[[], object]]]:
    """On which day, who, what."""
    def member(who: str) -> str:
        return str(Membership.get(Membership.user == cast.people[who].id).public_id)

    def asked(email: str) -> str:
        return str(Invitation.get(Invitation.email == email).public_id)

    def product(label: str) -> str:
        return str(Product.get(Product.label == label).public_id)

    yield 1, "anne", lambda: _address(cast.organisations["lumen"])
    yield 3, "mara", lambda: invitations.invite("noemi@festival.example", Role.EXTERNAL, first_name="Noémi",
                                                last_name="Girard", language="fr")
    yield 6, "mara", lambda: invitations.withdraw(asked("noemi@festival.example"))
    yield 11, "anne", lambda: members.set_preferences(member("chiara"), accounting=True, pref_billing=True,
                                                      pref_product_events=False)
    yield 17, "anne", lambda: members.change_role(member("luc"), Role.ADMIN)
    yield 18, "luc", lambda: invitations.invite("jonas@lumen.example", Role.COLLABORATOR, first_name="Jonas",
                                                last_name="Aebi", language="de")
    yield 24, "anne", lambda: members.change_role(member("luc"), Role.COLLABORATOR)
    yield 33, "esteban", lambda: members.set_own_preferences(pref_billing=False, pref_product_events=True)
    yield 41, "mara", lambda: members.alert(member("grace"))
    yield 44, "mara", lambda: blocking.block(product("atelier-lumen.example"), "Transfert en préparation")
    yield 47, "mara", lambda: directory.export(Filter())
    yield 50, "mara", lambda: invitations.resend(asked("jonas@lumen.example"))
    yield 52, "mara", lambda: members.alert(member("luc"))
    yield 55, "anne", lambda: invitations.invite(
        "ines.duarte@lumen.example", Role.COLLABORATOR, first_name="Inês", last_name="Duarte", language="fr",
        note="Bienvenue dans l’équipe.")
    yield 56, "luc", lambda: requests.ask(product("Planning"), "Pour voir qui travaille le week-end")
    yield 58, "anne", lambda: invitations.invite(
        "jannik@oberholzer.example", Role.EXTERNAL, first_name="Jannik", last_name="Oberholzer-Wyttenbach",
        language="de")


def _address(lumen: Organisation) -> None:
    details.change(Organisation.get_by_id(lumen.id).version, name=lumen.name, kind="company",
                   street="Rue du Débarcadère", house_number="7", address_line="", postcode="2502", town="Bienne",
                   region="BE", country="CH", phone="+41 32 555 01 23", vat_number="", language="fr",
                   time_zone="Europe/Zurich", admins_may_edit=True)


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
