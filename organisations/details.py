"""What an organisation says of itself: name, address, phone, VAT number, languages (G12)."""
import re
from collections.abc import Iterable, Sequence
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat
from stdnum import get_cc_module
from stdnum.ch import uid
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

import audit
import formats
import outbox
import rules
from db import locked, transaction
from i18n import NAMES, _, _l
from models import Membership, Organisation
from organisations.lifecycle import KINDS, currency_of
from organisations.roles import Right, require, standing
from rules import Conflict, Refused
from tenancy import at_work

LABELS = {
    "name": _l("Name"), "kind": _l("Kind"), "street": _l("Street"), "house_number": _l("House number"),
    "address_line": _l("Additional line"), "postcode": _l("Postcode"), "town": _l("Town"), "region": _l("Region"),
    "country": _l("Country"), "phone": _l("Phone"), "vat_number": _l("VAT number"),
    "language": _l("Language of letters"), "time_zone": _l("Time zone"),
    "admins_may_edit": _l("Administrators may change details"), "currency": _l("Currency"),
}
FIELDS = tuple(LABELS)
EU = frozenset(code.upper() for code in eu_vat.MEMBER_STATES) - {"XI"}
ELSEWHERE = {"LI": "peid", "NO": "mva"}         # what is called otherwise than «vat»
SWISS = re.compile(r"\s*(MWST|TVA|IVA|TPV)\s*$", re.IGNORECASE)


def change(version: int, **said: Any) -> Organisation:
    """New details. Conflict when somebody saved others since `version`: nothing of theirs is lost.

    The currency of future documents follows the country (G12-R2). Everybody responsible hears of it.
    """
    new = checked(said)
    with transaction():
        editor = require(Right.EDIT_DETAILS)
        organisation = locked(Organisation.select().where(Organisation.id == at_work().id)).get()
        if organisation.version != version:
            raise Conflict(_l("Somebody else has changed these details in the meantime."))
        if not standing(editor).may(Right.GIVE_LEGAL):
            new["admins_may_edit"] = organisation.admins_may_edit
        changes = audit.changed(organisation, {name: new[name] for name in FIELDS})
        if not changes:
            return organisation  # type: ignore[no-any-return]
        Organisation.update(**new, version=version + 1).where(Organisation.id == organisation.id).execute()
        audit.record("organisation.details_changed", organisation.public_id, changes=changes)
        _tell(editor, changes, new["name"])
        return Organisation.get_by_id(organisation.id)  # type: ignore[no-any-return]


def checked(said: dict[str, Any]) -> dict[str, Any]:
    """The details as they will be stored, or Refused by the field."""
    country = said["country"]
    offered: dict[str, dict[str, Any]] = {
        "kind": KINDS, "country": formats.country_names(), "language": NAMES,
        "time_zone": dict(formats.time_zones())}
    for field, values in offered.items():
        if said[field] not in values:
            raise Refused(_l("Choose one of the offered values."), field)
    new = {name: rules.line(said[name], name) for name in
           ("street", "house_number", "address_line", "postcode", "town", "region")}
    new["name"] = rules.name(said["name"], "name", longest=120)
    if not new["name"]:
        raise Refused(_l("Give the organisation a name."), "name")
    return new | {field: said[field] for field in offered} | {
        "admins_may_edit": bool(said["admins_may_edit"]), "phone": rules.phone(said["phone"], country),
        "vat_number": vat_number(said["vat_number"], country), "currency": currency_of(country)}


def vat_number(text: str, country: str) -> str:
    """As its country writes it, or Refused. By form and check digit only; nobody is asked."""
    text = rules.line(text, "vat_number", longest=30)
    if not text:
        return ""
    try:
        if country in EU:
            return _european(text, "EL" if country == "GR" else country)
        if country == "CH":
            tax = SWISS.search(text)
            return uid.format(uid.validate(SWISS.sub("", text))) + (f" {tax[1].upper()}" if tax else "")
        module = get_cc_module(country.lower(), ELSEWHERE.get(country, "vat"))
        if module is None:
            return text
        module.validate(text)
        return str(getattr(module, "format", module.compact)(text))
    except ValidationError:
        raise Refused(_l("This is no VAT number of that country. Check the digits."), "vat_number") from None


def _european(text: str, prefix: str) -> str:
    """With the letters of its country, also where only the digits were typed."""
    number = re.sub(r"[^0-9A-Za-z+*]", "", text).upper()
    return str(eu_vat.validate(number if number.startswith(prefix) else prefix + number))


# --- in words ----------------------------------------------------------------------------------


def told(changes: Iterable[Sequence[str]]) -> list[tuple[Any, str, str]]:
    """Each changed field by its name, what it was and what it is."""
    return [(LABELS.get(field, field), value_told(field, before), value_told(field, after))
            for field, before, after in changes]


def value_told(field: str, value: str) -> str:
    """A detail as its reader reads it; a dash where there is none."""
    if value == "":
        return "–"
    if field == "admins_may_edit":
        return _("Yes") if value == "True" else _("No")
    if field == "phone":
        return phone_told(value)
    words: dict[str, dict[str, Any]] = {
        "kind": KINDS, "language": NAMES, "country": formats.country_names() if field == "country" else {},
        "time_zone": dict(formats.time_zones()) if field == "time_zone" else {}}
    return str(words.get(field, {}).get(value, value))


def phone_told(number: str, home: str = "") -> str:
    """Spaced as people write it: without the country where that is `home`."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    near = home and phonenumbers.region_code_for_number(parsed) == home
    return phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL if near else PhoneNumberFormat.INTERNATIONAL)


def _tell(editor: Membership, changes: list[tuple[str, str, str]], name: str) -> None:
    """Old and new values to every legal representative and whoever changed them."""
    people = {member.user_id: member.user for member in Membership.legal_representatives().limit(50)}
    people[editor.user_id] = editor.user
    for person in people.values():
        outbox.post_to(person, "details_changed", organisation=name, person=editor.user.name, changes=changes)
