"""Connecting an application: its client, its secrets, and whose people come in by it.

Whoever manages the product does that. What is promised for people beyond it, that nobody is asked for consent,
is the operator's word alone (OP-16).
"""
from collections.abc import Iterable
from typing import Any

from peewee import JOIN

import audit
import crypto
from clock import now
from db import stored, transaction
from i18n import _l
from models import Client, ClientProduct, ClientSecret, ConnectionTest, Product, User
from oidc import addresses, authorizations, keys, reading, scopes
from organisations.operating import require_operator
from products import connections, lifecycle
from products.managing import manager
from products.secrets import Secrets
from rules import Conflict, NotHere, Refused
from tenancy import across_organisations, at_work, working_for

SECRETS = Secrets(ClientSecret, ClientSecret.client, "kcs_")
CHANGED = _l("Somebody has changed this connection in the meantime. Look at what it is now, and change it again.")


def create(product: str, redirect_uris: Iterable[str], *, public: bool = False, pkce: bool = True,
           algorithm: str = "ES256", client_id: str = "", secret: str = "", only: bool = False,
           **more: Any) -> tuple[Client, str]:
    """A client of a product, and its secret, said once; a public one has none.

    `client_id` and `secret` are made here, except where everybody knows them: in the demonstration, and for measuring.
    `only`: Conflict where the product has one already.
    """
    told = _details(redirect_uris, public=public, pkce=pkce, **more)
    if algorithm not in keys.ALGORITHMS:
        raise Refused(_l("Choose one of the offered values."), "algorithm")
    keys.ensure(algorithm)
    with transaction():
        found = _managed(product)               # its row is held: of several at one instant one is the first
        if only and Client.select().where(Client.product == found.id).exists():
            raise Conflict(CHANGED)
        client = Client.create(client_id=client_id or crypto.public_id(), product=found.id, public=public,
                               algorithm=algorithm, **told)
        ClientProduct.create(client=client, product=found.id)
        audit.record("client.created", client.client_id, product=found.label)
        return client, "" if public else SECRETS.make(client, secret)


def change(client_id: str, version: int, redirect_uris: Iterable[str], *, pkce: bool = True, **more: Any) -> Client:
    """What it may ask for and where answers go. What it holds already is never more than that, from now on."""
    with transaction():
        client = own(client_id)
        told = _details(redirect_uris, public=client.public, pkce=pkce, **more)
        if not Client.update(**told, version=version + 1).where(
                Client.id == client.id, Client.version == version).execute():
            raise Conflict(CHANGED)
        audit.record("client.changed", client_id, product=client.product.label, changes=audit.changed(client, told))
        return own(client_id)


def add_secret(client_id: str) -> str:
    """Another secret, said once. The others are good for a week more, so that nothing stands still meanwhile."""
    with transaction():
        client = own(client_id)
        if client.public:
            raise Refused(_l("This application keeps no secret."))
        audit.record("client.secret_made", client_id, product=client.product.label)
        return SECRETS.add(client)


def end_secret(client_id: str, public_id: str) -> None:
    """This one is good no longer, from the next request on."""
    with transaction():
        client = own(client_id)
        SECRETS.end(client, public_id)
        audit.record("client.secret_ended", client_id, product=client.product.label)


def disable(client_id: str) -> None:
    """Nobody comes in by it, and nothing it holds opens anything, until it is enabled again."""
    with transaction():
        client = own(client_id)
        Client.update(disabled=now()).where(Client.id == client.id).execute()
        with across_organisations("what a client holds ends wherever it holds it"):
            authorizations.end("client", authorizations.Authorization.client == client.id)
        audit.record("client.disabled", client_id, product=client.product.label)


def enable(client_id: str) -> None:
    with transaction():
        client = own(client_id)
        Client.update(disabled=None).where(Client.id == client.id).execute()
        audit.record("client.enabled", client_id, product=client.product.label)


def share(client_id: str, owner: Any, product: str) -> None:
    """One application, several organisations: people of this product, too, come in by that client of `owner`.

    Whoever does it manages both. At the door of the application, whoever belongs to both chooses for which one.
    """
    with transaction():
        found = _managed(product)
        with working_for(owner):
            client = own(client_id)
            audit.record("client.shared", client_id, product=client.product.label)
        ClientProduct.get_or_create(client=client.id, product=found.id, organisation=at_work().id)
        audit.record("client.shared", client_id, product=found.label)


def trust(client_id: str, yes: bool = True) -> None:
    """Of an application of the installation's own nobody is asked for consent: the operator's word."""
    with transaction():
        require_operator()
        with across_organisations("the operator's word about any client"):
            if not Client.update(trusted=yes).where(Client.client_id == client_id).execute():
                raise NotHere
        audit.record_here("client.trusted" if yes else "client.not_trusted", client_id, name=client_id)


def of_product(product: str) -> list[Client]:
    """Those of a product of the organisation at work, each with `living`, its secrets that open something, and with
    `tested`, the latest test of the product's connection. In one statement."""
    found: dict[int, Client] = {}
    for row in (Client.select(Client, ClientSecret, *connections.TOLD)
                .join(Product).switch(Client)
                .join(ClientSecret, JOIN.LEFT_OUTER, attr="secret",
                      on=(ClientSecret.client == Client.id) & SECRETS.opening())
                .switch(Client)
                .join(ConnectionTest, JOIN.LEFT_OUTER, attr="test", on=ConnectionTest.product == Client.product)
                .join(User, JOIN.LEFT_OUTER, on=ConnectionTest.user == User.id)
                .where(Product.public_id == product).order_by(Client.id, ClientSecret.id.desc())):
        client = found.setdefault(row.id, row)
        if client is row:
            client.living, client.tested = [], connections.joined(row, "test")
        if connections.joined(row, "secret"):
            client.living.append(row.secret)
    return list(found.values())


def own(client_id: str) -> Client:
    """One whose product the acting person manages; NotHere for any other."""
    client = Client.get_or_none(Client.client_id == client_id)
    if client is None:
        raise NotHere
    _managed(client.product.public_id)
    return client  # type: ignore[no-any-return]


def right_secret(client: reading.Known, secret: str) -> bool:
    return reading.has_secret(client.number, crypto.digest(secret), stored(now()))


def _managed(product: str) -> Product:
    return manager(lifecycle.find(product), "technical")


def _details(redirect_uris: Iterable[str], *, public: bool, pkce: bool, logout_uris: Iterable[str] = (),
             backchannel_uri: str = "", asks: Iterable[str] = scopes.USUAL, service: bool = False) -> dict[str, Any]:
    if service and public:
        raise Refused(_l("An application without a secret cannot act in its own name."), "service")
    return {"redirect_uris": addresses.redirects(redirect_uris, public=public), "pkce": pkce or public,
            "logout_uris": addresses.after_logout(logout_uris, public=public), "service": service,
            "backchannel_uri": addresses.backchannel(backchannel_uri), "scopes": scopes.among(asks)}
