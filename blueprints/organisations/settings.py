"""The organisation's details and logo (G12)."""
from flask import Response, g, make_response
from wtforms import IntegerField

import formats
import limits
from accounts.sessions import PEOPLE
from forms import Choice, Form, Text, Tick, required, upload
from i18n import NAMES, _, _l
from models import Organisation, Picture
from organisations import details, logos
from organisations.roles import Right
from pages import page
from rules import Conflict, NotHere, Refused
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("settings", __name__)

KINDS = {"individual": _l("Individual"), "association": _l("Association"), "company": _l("Company"),
         "foundation": _l("Foundation"), "public_body": _l("Public body"), "school": _l("School"),
         "other": _l("Other")}


class DetailsForm(Form):
    version = IntegerField()
    name = Text(_l("Name"), [required()])
    kind = Choice(_l("Kind"), choices=KINDS.items())
    street = Text(_l("Street"))
    house_number = Text(_l("Number"))
    address_line = Text(_l("Additional line"))
    postcode = Text(_l("Postcode"))
    town = Text(_l("Town"))
    region = Text(_l("Region"))
    country = Choice(_l("Country"))
    phone = Text(_l("Phone"))
    vat_number = Text(_l("VAT number"))
    language = Choice(_l("Language of letters"), choices=[(code, NAMES[code]) for code in NAMES])
    time_zone = Choice(_l("Time zone"))
    admins_may_edit = Tick(_l("Administration may change these details, too"))

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
    form = DetailsForm()
    try:
        if form.submit_to(details.change):
            return done(_("The details are saved."), ".show")
    except Conflict as conflict:
        form.form_errors.append(conflict.why)
        return shown(Organisation.get_by_id(g.here.id), form, 409)
    return shown(Organisation.get_by_id(g.here.id), form, 422)


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
    start = {name: getattr(organisation, name) for name in ("version", *details.FIELDS) if name != "currency"}
    form = DetailsForm(**start)
    form.process(None, data=start)
    return form


def shown(organisation: Organisation, form: DetailsForm, status: int = 200, logo: Form | None = None) -> Response:
    return page("organisations/settings.html", status, form=form, organisation=organisation, kinds=KINDS,
                logo=logo or LogoForm(), country=formats.country_names().get(organisation.country, ""))
