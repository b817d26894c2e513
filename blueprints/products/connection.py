"""How an application is connected to us: where it finds us, its name, and the secrets it proves itself with."""
from typing import Any

from flask import Response

import gate.lines
import gate.secrets
import oidc.lines
from accounts.sessions import CREDENTIALS
from blueprints.products._product import about, one
from forms import Form, Lines, NothingForm, Tick, required
from i18n import _, _l
from oidc import clients
from organisations.roles import Right
from products import catalogue, managing
from products.holdings import Holding
from rules import NotHere
from settings import setting
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("connection", __name__)

GATE, OPENID = "gate", "openid"


class ClientForm(Form):
    redirect_uris = Lines(_l("Addresses to lead people back to"), [required()])
    public = Tick(_l("The application cannot keep a secret"))


@blueprint.page("/products/<id>/connection", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def show(id: str) -> Response:
    return connection_page(managed(id), ClientForm())


@blueprint.action("/products/<id>/connection", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def connect(id: str) -> Response:
    """An OpenID client. Its secret is on this answer, and nowhere afterwards."""
    held, form = managed(id, OPENID), ClientForm()
    if form.submit_to(lambda redirect_uris, public: clients.create(id, redirect_uris.split(), public=public)):
        _client, secret = form.result
        return connection_page(held, ClientForm(), secret=secret)
    return connection_page(held, form, 422)


@blueprint.action("/products/<id>/connection/secrets", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def add_secret(id: str) -> Response:
    """Another one, on this answer and nowhere afterwards; the others are good for a week more."""
    held, form = managed(id), NothingForm()
    if form.submit_to(lambda: another(held)):
        return connection_page(held, ClientForm(), secret=form.result)
    return connection_page(held, form, 422)


@blueprint.action("/products/<id>/connection/secrets/<secret>/end", needs=Right.SEE_ORGANISATION, fresh=CREDENTIALS)
def end_secret(id: str, secret: str) -> Response:
    held = managed(id)
    if door_of(held) == GATE:
        gate.secrets.end(id, secret)
    else:
        clients.end_secret(client_of(held).client_id, secret)
    return done(_("That secret is no longer good."), ".show", id=id)


def managed(id: str, door: str = "") -> Holding:
    """A product that the acting person manages, and that is connected to us in one of these ways, or in that one."""
    held = one(id)
    managing.manager(held.product, "technical")
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
    id, address = held.product.public_id, held.product.address
    if door_of(held) == GATE:
        return about(held, "connection_gate", status, form=form, secret=secret, living=gate.secrets.of(id),
                     proxies=gate.lines.of(address, secret), application=gate.lines.APPLICATION,
                     unsaid=gate.lines.UNSAID, ours=setting.base_url)
    client = next(iter(clients.of_product(id)), None)
    if client is None:
        return about(held, "connection_openid", status, form=form, client=None)
    return about(held, "connection_openid", status, form=form, secret=secret, client=client, living=client.living,
                 values=oidc.lines.values(client, secret), apache=oidc.lines.apache(client, secret),
                 unsaid=oidc.lines.UNSAID)
