"""The organisation's details and logo (G12)."""
from typing import Any

from flask import Response, g, make_response, request, url_for

import formats
import limits
from accounts.sessions import PEOPLE
from forms import Choice, Form, Text, Tick, Version, required, upload
from i18n import NAMES, _, _l
from models import Organisation, Picture
from organisations import details, logos
from organisations.details import LABELS
from organisations.lifecycle import KINDS
from organisations.roles import Right
from pages import page
from rules import Conflict, NotHere, Refused
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("settings", __name__)

class DetailsForm(Form):
    version = Version()
    name = Text(LABELS["name"], [required()])
    kind = Choice(LABELS["kind"], choices=KINDS.items())
    street = Text(LABELS["street"])
    house_number = Text(LABELS["house_number"])
    address_line = Text(LABELS["address_line"])
    postcode = Text(LABELS["postcode"])
    town = Text(LABELS["town"])
    region = Text(LABELS["region"])
    country = Choice(LABELS["country"])
    phone = Text(LABELS["phone"])
    vat_number = Text(LABELS["vat_number"])
    language = Choice(LABELS["language"], choices=[(code, NAMES[code]) for code in NAMES])
    time_zone = Choice(LABELS["time_zone"])
    admins_may_edit = Tick(_l("Administrators may change these details too"))

    def __init__(self, **start: object):
        super().__init__(**start)
        self.country.offer(formats.country_names().items())
        self.time_zone.offer(formats.time_zones())


class LogoForm(Form):
    """The file travels beside the fields."""


@blueprint.page("/settings", needs=Right.SEE_DETAILS)
def show() -> Response:
    """To be read by whoever sees to money, to be changed by legal representatives."""
    organisation = Organisation.get_by_id(g.here.id)
    return shown(organisation, as_form(organisation))


@blueprint.action("/settings", needs=Right.EDIT_DETAILS, fresh=PEOPLE)
def change() -> Response:
    before, form = Organisation.get_by_id(g.here.id), DetailsForm()
    try:
        if form.submit_to(details.change):
            return done(saved(before.currency, form.result.currency), ".show")
    except Conflict as conflict:
        form.form_errors.append(conflict.why)
        now = Organisation.get_by_id(g.here.id)
        form.version.data = now.version         # saved once more, it replaces what is there now
        return shown(now, form, 409, meanwhile=differences(now, form))
    return shown(before, form, 422)


def saved(before: str, after: str) -> str:
    """G12-R2: the country decides the currency, of future documents only."""
    if after == before:
        return _("The details are saved.")
    return _("The details are saved. Future documents will be in %(currency)s, earlier ones stay as they are.",
             currency=after)


def differences(now: Organisation, form: DetailsForm) -> list[tuple[Any, str, str]]:
    """What is saved by now where this person has typed something else: field, saved, typed."""
    start = start_of(now)
    if not g.may(Right.GIVE_LEGAL):
        del start["admins_may_edit"]            # not asked, so not answered
    return details.told((name, str(start[name]), str(form[name].data)) for name in details.FIELDS
                        if name in start and start[name] != form[name].data)


@blueprint.action("/settings/logo", needs=Right.EDIT_DETAILS, fresh=PEOPLE, limit=limits.UPLOAD)
def change_logo() -> Response:
    file = upload("logo")
    logo = LogoForm()
    try:
        logos.change(file.read(logos.LARGEST + 1) if file else b"")
    except Refused as refusal:
        logo.refuse(refusal)
        organisation = Organisation.get_by_id(g.here.id)
        return shown(organisation, as_form(organisation), 422, logo)
    return done(_("The logo is changed."), ".show")


@blueprint.action("/settings/logo/removal", needs=Right.EDIT_DETAILS, fresh=PEOPLE)
def remove_logo() -> Response:
    logos.remove()
    return done(_("The logo is removed."), ".show")


@blueprint.page("/logo/<digest>", needs=Right.SEE_ORGANISATION)
def logo(digest: str) -> Response:
    """The picture, for members only. Its address changes with it."""
    picture = Picture.get_or_none(Picture.digest == digest)
    if picture is None:
        raise NotHere
    return make_response(bytes(picture.content), {
        "Content-Type": picture.kind, "Cache-Control": "private, max-age=86400",
        "Content-Security-Policy": "default-src 'none'; sandbox"})


def as_form(organisation: Organisation) -> DetailsForm:
    start = start_of(organisation)
    form = DetailsForm(**start)
    form.process(None, data=start)
    return form


def start_of(organisation: Organisation) -> dict[str, Any]:
    """What the fields begin with."""
    start = {name: getattr(organisation, name) for name in ("version", *details.FIELDS) if name != "currency"}
    return start | {"phone": details.phone_told(organisation.phone)}


def shown(organisation: Organisation, form: DetailsForm, status: int = 200, logo: Form | None = None,
          meanwhile: list[tuple[Any, str, str]] | None = None) -> Response:
    """As a form where the proof is fresh, so that nothing typed is lost to asking for one; else to be read."""
    allowed = g.may(Right.EDIT_DETAILS)
    fresh = request.method == "POST" or g.me.proved_within(PEOPLE)
    told = {name: details.value_told(name, str(getattr(organisation, name))) for name in details.FIELDS}
    told["phone"] = details.phone_told(organisation.phone, organisation.country)
    return page("organisations/settings.html", status, form=form, organisation=organisation, told=told,
                editable=allowed and fresh, logo=logo or LogoForm(), meanwhile=meanwhile,
                prove=url_for("prove.form", next=request.path) if allowed and not fresh else None)
