"""Connecting an application: who may, what may be registered, and secrets that follow one another."""
from datetime import timedelta

import pytest
import time_machine

import demo
from clock import now
from demo import APP_BACK, acting
from models import Client, ClientSecret
from oidc import clients, reading
from rules import Conflict, Forbidden, NotHere, Refused
from settings import setting
from tenancy import working_for
from tests.together import at_once

WRONG = ("javascript:alert(1)", "data:text/html,x", "http://app.example/cb", "https://*.example/cb", "https://10.0.0.1/cb",
         "https://[fd00::1]/cb", "https://169.254.169.254/latest", "https://app.example/cb#x", "//app.example/cb",
         "https://user@app.example/cb", "https://app.example/../cb", "https://app.example\\cb", "com.example.app:/cb",
         "https://app.example/c b", "https://app.ex\u0430mple/cb", "ftp://app.example", "https://", "https://app.example:x/",
         "file:///etc/passwd", "app.example/cb", f"https://app.example/{'x' * 500}")


@pytest.mark.parametrize("address", WRONG)
@pytest.mark.parametrize("field", ["redirect_uris", "logout_uris", "backchannel_uri"])
def test_op_14_what_may_not_be_registered(by, product, address, field):
    given = {"redirect_uris": [APP_BACK], field: address if field == "backchannel_uri" else [address]}
    with by("anne"), pytest.raises(Refused) as no:
        clients.create(product("Planning"), given.pop("redirect_uris"), **given)
    assert no.value.field == field


def test_op_14_what_may_be(by, product):
    with by("anne"):
        clients.create(product("Planning"), ["https://app.example/cb", "https://app.example:8443/cb?x=1"],
                       backchannel_uri="https://app.example/out")
        clients.create(product("Planning"), ["com.example.app:/cb", "http://127.0.0.1/cb"], public=True)
        with setting.changed(base_url="https://kanton.example"), pytest.raises(Refused):
            clients.create(product("Planning"), ["http://localhost:9000/cb"])
        with pytest.raises(Refused):
            clients.create(product("Planning"), [])


@pytest.mark.parametrize("who", ["chiara", "esteban", "grace"])
def test_only_who_manages_the_product_connects_it(by, product, who):
    planning = product("Planning")
    with by(who):
        for verb in (lambda: clients.create(planning, [APP_BACK]), lambda: clients.add_secret("demo-app"),
                     lambda: clients.disable("demo-app"), lambda: clients.change("demo-app", 0, [APP_BACK])):
            with pytest.raises((Forbidden, NotHere)):
                verb()


def test_a_neighbour_finds_nothing(cast, product):
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"], "password", "totp"):
        for verb in (lambda: clients.create(product("Planning"), [APP_BACK]), lambda: clients.add_secret("demo-app"),
                     lambda: clients.disable("demo-app")):
            with pytest.raises(NotHere):
                verb()
        assert not list(Client.select()) and not list(ClientSecret.select())


def test_op_16_that_nobody_is_asked_is_the_operators_word(by, cast):
    for who in ("anne", "mara", "chiara"):
        with by(who), pytest.raises(Forbidden):
            clients.trust("demo-app")
    with by("anne"), pytest.raises(TypeError):
        clients.change("demo-app", 0, [APP_BACK], trusted=True)
    with acting(cast.people["otto"], "password", "totp"):
        clients.trust("demo-app")
    assert reading.client("demo-app").trusted


def test_op_16_of_a_trusted_application_nobody_is_asked(planning, browse, cast):
    with acting(cast.people["otto"], "password", "totp"):
        clients.trust("demo-app")
    assert planning.answer(browse("chiara").get(planning.asking(prompt="none"), expect=303))["code"]


def test_secrets_follow_one_another(by, product):
    with by("anne"):
        client, first = clients.create(product("Planning"), [APP_BACK])
        second = clients.add_secret(client.client_id)
    known = reading.client(client.client_id)
    assert clients.right_secret(known, first) and clients.right_secret(known, second)
    with time_machine.travel(now() + timedelta(days=8), tick=False):
        assert not clients.right_secret(known, first) and clients.right_secret(known, second)
    with by("anne"):
        listed = clients.of_product(product("Planning"))[-1].living
        assert [each.hint for each in listed] == [second[:8], first[:8]]
        clients.end_secret(client.client_id, listed[0].public_id)
    assert not clients.right_secret(known, second)


def test_tn_03_a_secret_is_ended_by_its_own_application_only(by, product):
    with by("anne"):
        other, _secret = clients.create(product("Planning"), [APP_BACK])
        with pytest.raises(NotHere):
            clients.end_secret(other.client_id, clients.of_product(product("Planning"))[0].living[0].public_id)
    assert clients.right_secret(reading.client("demo-app"), demo.APP_SECRET)


def test_a_secret_is_kept_as_its_digest(by, product):
    with by("anne"):
        client, secret = clients.create(product("Planning"), [APP_BACK])
        row = ClientSecret.get(ClientSecret.client == client.id)
    assert secret.startswith("kcs_") and len(secret) > 40
    assert secret not in (row.digest, row.hint) and len(row.digest) == 64


def test_a_public_application_has_no_secret(by, product):
    with by("anne"):
        client, secret = clients.create(product("Planning"), [APP_BACK], public=True, pkce=False)
        assert secret == "" and client.pkce
        with pytest.raises(Refused):
            clients.add_secret(client.client_id)
        with pytest.raises(Refused):
            clients.create(product("Planning"), [APP_BACK], public=True, service=True)


def test_of_several_who_connect_a_product_at_once_one_does(by, product):
    """Its page shows one client: a second one would hold a secret that nobody sees."""
    with by("anne"):
        for each in clients.of_product(product("Planning")):
            Client.delete().where(Client.id == each.id).execute()
    planning = product("Planning")

    def connect():
        with by("anne"):
            return clients.create(planning, [APP_BACK], only=True)[0].client_id

    outcomes = at_once(4, connect)
    with by("anne"):
        assert [each.client_id for each in clients.of_product(planning)] == [
            each for each in outcomes if each != "Conflict"]
        assert outcomes.count("Conflict") == 3
        with pytest.raises(Conflict):
            connect()


def test_of_two_changes_at_once_one_is_lost_loudly(by):
    with by("anne"):
        clients.change("demo-app", 0, [APP_BACK])
        with pytest.raises(Conflict):
            clients.change("demo-app", 0, [APP_BACK])
