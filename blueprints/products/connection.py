"""How an application is connected to us: where it finds us, its name, and the secrets it proves itself with."""
from typing import Any

from flask import Response, g

import gate.lines
import gate.secrets
import gate.walk
import oidc.lines
from accounts.sessions import CREDENTIALS
from blueprints.products._product import about, one, overtaken
from clock import now
from forms import Form, Lines, NothingForm, Text, Tick, Version, required
from i18n import _, _l
from limits import CONNECTION_TEST
from oidc import clients, watching
from organisations.roles import Right
from products import catalogue, connections, managing
from products.holdings import Holding
from products.kinds import GATE, OPENID
from rules import Conflict, NotHere
from settings import setting
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("connection", __name__)
blueprint.register_error_handler(Conflict, overtaken)


class AddressesForm(Form):
    """What an application that is connected may be told otherwise."""

    version = Version()
    redirect_uris = Lines(_l("Addresses people return to after signing in (redirect URIs)"), [required()])
    logout_uris = Lines(_l("Addresses to lead people to after signing out"))
    backchannel_uri = Text(_l("Address for back-channel sign-out"))


class ClientForm(AddressesForm):
    public = Tick(_l("The application cannot keep a secret"))


class ProgramsForm(Form):
    app_passwords = Tick(_l("Programs may come in with an app password"))


@blueprint.page("/products/<id>/connection", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def show(id: str) -> Response:
    return connection_page(managed(id), ClientForm())


@blueprint.action("/products/<id>/connection", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def connect(id: str) -> Response:
    """An OpenID client. Its secret is on this answer, and nowhere afterwards."""
    held, form = managed(id, OPENID), ClientForm()
    try:
        if form.submit_to(lambda version, public, **told: clients.create(
                id, **addresses(**told), public=public, only=True)):
            _client, secret = form.result
            return connection_page(held, ClientForm(), secret=secret)
    except Conflict as conflict:                # it is connected: the page shows how, instead of what was typed
        form = NothingForm()
        form.form_errors.append(conflict.why)
        return connection_page(held, form, 409)
    return connection_page(held, form, 422)


@blueprint.action("/products/<id>/connection/addresses", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def change(id: str) -> Response:
    """Where it leads people; whatever else it may stays as it is."""
    held, form = managed(id, OPENID), AddressesForm()
    client = client_of(held)
    try:
        if form.submit_to(lambda version, **told: clients.change(
                client.client_id, version, **addresses(**told), pkce=client.pkce, asks=client.scopes,
                service=client.service)):
            return done(_("Saved."), ".show", id=id)
    except Conflict as conflict:
        form.form_errors.append(conflict.why)
        form.version.data = client.version      # saved once more, it replaces what is there now
        return connection_page(held, form, 409)
    return connection_page(held, form, 422)


def addresses(redirect_uris: str, logout_uris: str, backchannel_uri: str) -> dict[str, Any]:
    return {"redirect_uris": redirect_uris.split(), "logout_uris": (logout_uris or "").split(),
            "backchannel_uri": backchannel_uri}


@blueprint.action("/products/<id>/connection/secrets", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def add_secret(id: str) -> Response:
    """Another one, on this answer and nowhere afterwards; the others are good for a week more."""
    held, form = managed(id), NothingForm()
    if form.submit_to(lambda: another(held)):
        return connection_page(held, ClientForm(), secret=form.result)
    return connection_page(held, form, 422)


@blueprint.page("/products/<id>/connection/secrets/<secret>/end", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def end_secret_form(id: str, secret: str) -> Response:
    """An application that has no other one stops."""
    held = managed(id)
    found = gate.secrets.of_product(held.product) if door_of(held) == GATE else client_of(held)
    living = found.living if found else []
    ending = next((each for each in living if each.public_id == secret), None)
    if ending is None:
        raise NotHere
    return about(held, "secret_end", secret=ending, only=len(living) == 1)


@blueprint.action("/products/<id>/connection/secrets/<secret>/end", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def end_secret(id: str, secret: str) -> Response:
    held = managed(id)
    if door_of(held) == GATE:
        gate.secrets.end(id, secret)
    else:
        clients.end_secret(client_of(held).client_id, secret)
    return done(_("That secret is no longer good."), ".show", id=id)


@blueprint.action("/products/<id>/connection/programs", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def let_programs(id: str) -> Response:
    """Of a gate: may who cannot be asked to sign in come by it?"""
    held, form = managed(id, GATE), ProgramsForm()
    if form.submit_to(lambda app_passwords: gate.secrets.take_app_passwords(id, app_passwords)):
        return done(_("Saved."), ".show", id=id)
    return connection_page(held, form, 422)


@blueprint.action("/products/<id>/connection/test", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS,
                  limit=CONNECTION_TEST)
def test(id: str) -> Response:
    """Of a gate at once, and by ourselves; of an application with OpenID a watch begins."""
    held = managed(id)
    if door_of(held) == GATE:
        gate.walk.test(id, g.me)
        return done(_("The test has ended. This page says what was seen."), ".show", id=id)
    watching.begin(client_of(held).client_id)
    return done(_("The test has begun. This page says what to do."), ".show", id=id)


def managed(id: str, door: str = "") -> Holding:
    """A product that the acting person manages, and that is connected to us in one of these ways, or in that one."""
    held = one(id)
    if not held.may("technical"):
        managing.manager(held.product, "technical")     # says how it is closed
    if door_of(held) not in ((door,) if door else (GATE, OPENID)):
        raise NotHere
    return held


def door_of(held: Holding) -> str:
    return str(catalogue.kind_of(held.product.category).door)


def client_of(held: Holding) -> Any:
    found = clients.of_product(held.product.public_id)
    if not found:
        raise NotHere
    return found[0]


def another(held: Holding) -> str:
    id = held.product.public_id
    return gate.secrets.add(id) if door_of(held) == GATE else clients.add_secret(client_of(held).client_id)


def connection_page(held: Holding, form: Form, status: int = 200, secret: str = "") -> Response:
    return (gate_page if door_of(held) == GATE else openid_page)(held, form, status, secret)


def gate_page(held: Holding, form: Form, status: int, secret: str) -> Response:
    here = gate.secrets.of_product(held.product)
    tested = here.tested if here else None
    return about(held, "connection_gate", status, form=form, secret=secret, gate=here, tested=tested,
                 programs=ProgramsForm(app_passwords=here and here.app_passwords),
                 steps=connections.steps(tested, gate.walk.STEPS, gate.walk.WRONG),
                 proxies=gate.lines.of(held.product.address, secret), application=gate.lines.APPLICATION,
                 unsaid=gate.lines.UNSAID, ours=setting.base_url)


def openid_page(held: Holding, form: Form, status: int, secret: str) -> Response:
    client = next(iter(clients.of_product(held.product.public_id)), None)
    if client is None:
        return about(held, "connection_openid", status, form=form, client=None)
    tested = client.tested
    if not form.failed:
        form = AddressesForm()
        form.process(data={"version": client.version, "redirect_uris": "\n".join(client.redirect_uris),
                           "logout_uris": "\n".join(client.logout_uris), "backchannel_uri": client.backchannel_uri})
    return about(held, "connection_openid", status, form=form, secret=secret, client=client, living=client.living,
                 tested=tested, watched_until=tested.until if tested and tested.until > now() else None,
                 steps=connections.steps(tested, watching.steps_of(client), watching.WRONG),
                 values=oidc.lines.values(client, secret), apache=oidc.lines.apache(client, secret),
                 unsaid=oidc.lines.UNSAID)
