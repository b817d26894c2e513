"""Making an organisation."""
import re
import unicodedata

from peewee import IntegrityError

import audit
import current
import db
import formats
import limits
import rules
from accounts import acting
from clock import MINUTE, now
from db import transaction
from i18n import _l
from models import Membership, Organisation, Role, User
from organisations import members
from rules import Refused
from tenancy import across_organisations, working_for

KINDS = {"association": _l("Association"), "company": _l("Company"), "foundation": _l("Foundation"),
         "individual": _l("Individual"), "public_body": _l("Public body"), "school": _l("School"),
         "other": _l("Other")}

# Words of our own addresses, and those a stranger could use to look official (SU-10).
TAKEN = frozenset({
    "account", "accounts", "admin", "administrator", "api", "app", "apps", "billing", "demo", "gate", "healthz",
    "help", "internal", "invitations", "kanton", "legal", "login", "mail", "new", "none", "null", "oauth", "oidc",
    "operator", "organisations", "reset", "root", "security", "settings", "sign-in", "signin", "signout", "signup",
    "static", "status", "support", "system", "undefined", "unlock", "well-known", "www"})
FRANCS = frozenset({"CH", "LI"})


def create(name: str, *, kind: str = "other", country: str = "CH", language: str = "", slug: str = "",
           origin: str = "created") -> Organisation:
    """An organisation whose creator is its legal representative at once.

    An individual's is called like the person if it has no other name (G12-R5). A form sent twice makes one.
    """
    person = User.get_by_id(current.actor().user_id)
    name = rules.name(name, "name", longest=120) or (person.name if kind == "individual" else "")
    if not name:
        raise Refused(_l("Give the organisation a name."), "name")
    if kind not in KINDS:
        raise Refused(_l("Choose one of the offered values."), "kind")
    if country not in formats.country_names():
        raise Refused(_l("Choose one of the offered values."), "country")
    limits.spend(limits.CREATE_ORGANISATION, person.id)
    with transaction():
        acting.require_open()
        db.exclusively(f"organisations of person {person.id}")
        if twin := just_made(person, name, slug):
            return twin
        organisation = _stored(
            slug=checked_slug(slug) if slug else free_slug(name), name=name, kind=kind, country=country,
            currency=currency_of(country), language=language or person.language, time_zone=person.time_zone,
            origin=origin)
        with working_for(organisation):
            membership = members.add(person, Role.LEGAL, pref_billing=True, pref_product_events=True)
            audit.record("organisation.created", organisation.public_id, name=name)
            audit.record("member.joined", membership.public_id, person=person.name, role=Role.LEGAL)
        audit.record_for(person.id, "organisation.created", organisation=name)
        return organisation


def just_made(person: User, name: str, slug: str) -> Organisation | None:
    """What the same person made under the same name a moment ago: a double click, not a second wish (WB-17)."""
    with across_organisations("a person's own organisations"):
        same = (Organisation.select().join(Membership)
                .where(Membership.user == person.id, Membership.role == Role.LEGAL, Organisation.name == name,
                       Organisation.created > now() - MINUTE))
        return next((each for each in same if slug in ("", each.slug)), None)


def _stored(**columns: str) -> Organisation:
    """The row; or Refused, if somebody took the address at this very instant."""
    try:
        with db.database.atomic():
            return Organisation.create(**columns)  # type: ignore[no-any-return]
    except IntegrityError:
        raise Refused(_l("This address is taken."), "slug") from None


def currency_of(country: str) -> str:
    """Of future documents (G12-R2)."""
    return "CHF" if country in FRANCS else "EUR"


def checked_slug(text: str) -> str:
    """A slug as somebody typed it, or Refused."""
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?", text) or "--" in text or text in TAKEN:
        raise Refused(_l("Use 1 to 48 small letters, digits and single hyphens; some words are ours."), "slug")
    if Organisation.select().where(Organisation.slug == text).exists():
        raise Refused(_l("This address is taken."), "slug")
    return text


def free_slug(name: str) -> str:
    """A slug from a name: never one used before, never a word of ours."""
    plain = unicodedata.normalize("NFKD", rules.fold(name).replace("’", "'")).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "organisation"
    base = f"{base}-org" if base in TAKEN else base
    known = {slug for (slug,) in Organisation.select(Organisation.slug).where(
        Organisation.slug.startswith(base)).tuples()}
    number, slug = 1, base
    while slug in known:
        number += 1
        slug = f"{base}-{number}"
    return slug
