"""Making an organisation, and its details (G12)."""
import re
import unicodedata

import audit
import current
import limits
import rules
from db import transaction
from i18n import _l
from models import Organisation, Role, User
from organisations import members
from rules import Refused
from tenancy import working_for

# Words of our own addresses, and those a stranger could use to look official (SU-10).
TAKEN = frozenset({
    "account", "accounts", "admin", "administrator", "api", "app", "apps", "billing", "demo", "gate", "healthz",
    "help", "internal", "invitations", "kanton", "legal", "login", "mail", "new", "none", "null", "oauth", "oidc",
    "operator", "organisations", "reset", "root", "security", "settings", "sign-in", "signin", "signout", "signup",
    "static", "status", "support", "system", "undefined", "unlock", "well-known", "www"})
FRANCS = frozenset({"CH", "LI"})


def create(name: str, *, kind: str = "other", country: str = "CH", language: str = "", slug: str = "",
           origin: str = "created") -> Organisation:
    """An organisation whose creator is its legal representative at once."""
    name = rules.name(name, "name", longest=120)
    if not name:
        raise Refused(_l("Give the organisation a name."), "name")
    person = User.get_by_id(current.actor().user_id)
    limits.spend(limits.CREATE_ORGANISATION, person.id)
    with transaction():
        organisation = Organisation.create(
            slug=checked_slug(slug) if slug else free_slug(name), name=name, kind=kind, country=country,
            currency=currency_of(country), language=language or person.language, time_zone=person.time_zone,
            origin=origin)
        with working_for(organisation):
            membership = members.add(person, Role.LEGAL, pref_billing=True, pref_product_events=True)
            audit.record("organisation.created", organisation.public_id, name=name)
            audit.record("member.joined", membership.public_id, person=person.name, role=Role.LEGAL)
        audit.record_for(person.id, "organisation.created", organisation=name)
        User.update(last_organisation=organisation.id).where(User.id == person.id).execute()
        return organisation  # type: ignore[no-any-return]


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
    plain = unicodedata.normalize("NFKD", rules.fold(name)).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "organisation"
    base = f"{base}-org" if base in TAKEN else base
    known = {slug for (slug,) in Organisation.select(Organisation.slug).where(
        Organisation.slug.startswith(base)).tuples()}
    number, slug = 1, base
    while slug in known:
        number += 1
        slug = f"{base}-{number}"
    return slug
