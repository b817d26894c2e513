"""What an organisation says of itself: name, address, phone, VAT number, languages (G12)."""
from typing import Any

import phonenumbers
from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

import audit
import outbox
import rules
from db import locked, transaction
from i18n import NAMES, _l
from models import Membership, Organisation, User
from organisations.lifecycle import currency_of
from organisations.roles import Right, require, standing
from rules import Conflict, Refused
from tenancy import at_work

FIELDS = ("name", "kind", "street", "house_number", "address_line", "postcode", "town", "region", "country", "phone",
          "vat_number", "language", "time_zone", "admins_may_edit", "currency")
# What each of them is called.
LABELS = {
    "name": _l("Name"), "kind": _l("Kind"), "street": _l("Street"), "house_number": _l("Number"),
    "address_line": _l("Additional line"), "postcode": _l("Postcode"), "town": _l("Town"), "region": _l("Region"),
    "country": _l("Country"), "phone": _l("Phone"), "vat_number": _l("VAT number"), "currency": _l("Currency"),
    "language": _l("Language of letters"), "time_zone": _l("Time zone"),
    "admins_may_edit": _l("Administration may change these details, too"),
}
# The number each country's companies put on invoices, by the module that knows its form.
VAT = {"CH": "uid", "LI": "peid", "GB": "vat", "NO": "mva"}


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
        changes = [(name, str(getattr(organisation, name)), str(new[name])) for name in FIELDS
                   if getattr(organisation, name) != new[name]]
        if not changes:
            return organisation  # type: ignore[no-any-return]
        Organisation.update(**new, version=version + 1).where(Organisation.id == organisation.id).execute()
        audit.record("organisation.details_changed", organisation.public_id,
                     fields=", ".join(name for name, _before, _after in changes), changes=changes)
        _tell(editor, changes, new["name"])
        return Organisation.get_by_id(organisation.id)  # type: ignore[no-any-return]


def checked(said: dict[str, Any]) -> dict[str, Any]:
    """The details as they will be stored, or Refused by the field."""
    if said["kind"] not in Organisation.KINDS or said["language"] not in NAMES:
        raise Refused(_l("Choose one of the offered values."), "kind")
    new = {name: rules.line(said[name], name) for name in
           ("street", "house_number", "address_line", "postcode", "town", "region")}
    new["name"] = rules.name(said["name"], "name", longest=120)
    if not new["name"]:
        raise Refused(_l("Give the organisation a name."), "name")
    country = said["country"]
    return new | {"kind": said["kind"], "country": country, "language": said["language"],
                  "time_zone": said["time_zone"], "admins_may_edit": bool(said["admins_may_edit"]),
                  "phone": phone(said["phone"], country), "vat_number": vat_number(said["vat_number"], country),
                  "currency": currency_of(country)}


def phone(text: str, country: str) -> str:
    """E.164, or Refused. Without a prefix it is one of that country."""
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise Refused(_l("This is no phone number. Enter it with its country, for example +41 32 555 01 23."),
                      "phone") from None
    if not phonenumbers.is_possible_number(number):
        raise Refused(_l("This phone number has too few or too many digits."), "phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def vat_number(text: str, country: str) -> str:
    """As its country writes it, or Refused. By form and check digit only; nobody is asked."""
    if not text.strip():
        return ""
    module = get_cc_module(country.lower(), VAT.get(country, "vat"))
    if module is None:
        return rules.line(text, "vat_number", longest=30)
    try:
        number = module.compact(text)
        module.validate(number.removesuffix("MWST").removesuffix("TVA").removesuffix("IVA"))
    except ValidationError:
        raise Refused(_l("This is no VAT number of that country. Check the digits."), "vat_number") from None
    return str(number)


def _tell(editor: Membership, changes: list[tuple[str, str, str]], name: str) -> None:
    """Old and new values to every legal representative and whoever changed them."""
    people = {member.user_id: member.user for member in
              Membership.legal_representatives().select_extend(User).join(User).limit(50)}
    people[editor.user_id] = editor.user
    for person in people.values():
        outbox.post_to(person, "details_changed", organisation=name, person=editor.user.name, changes=changes)
