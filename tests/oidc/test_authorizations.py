"""Applications are told as soon as somebody loses access, by what stands in the organisation's book."""
from datetime import timedelta

import pytest

import audit
import outbox
from clock import now
from db import transaction
from models import Authorization, Client, Membership, Message, Product, Session, Team
from oidc import authorizations
from organisations import teams
from products import grants, lifecycle
from tenancy import across_organisations, working_for
from tests.blueprints.oidc.test_tokens import block, block_product, end_product, remove, take

ADDRESS = "https://planning.example/signed-out"


@pytest.fixture
def chiara(browse, planning):
    """She is in, and the application wants to be told."""
    with across_organisations("a test that sets the application up"), transaction():
        Client.update(backchannel_uri=ADDRESS).where(Client.client_id == "demo-app").execute()
    chiara = browse("chiara")
    planning.tokens(chiara)
    return chiara


def told():
    return Message.select().where(Message.recipient == ADDRESS).count()


def leave_the_team(cast, by, product):
    with by("anne"):
        teams.leave(Team.get(Team.key == "bureau").public_id,
                    [Membership.get(Membership.user == cast.people["chiara"].id).public_id])


@pytest.fixture
def by_team(by, cast, product):
    """She comes in by her team, and by nothing else."""
    with by("anne"):
        bureau = grants.of_team(Team.get(Team.key == "bureau").public_id)
        grants.give(bureau, lifecycle.find(product("Planning")), "use")
    take(cast, by, product)


@pytest.mark.parametrize("what", [take, block, remove, block_product, end_product])
def test_op_09_op_20_what_closes_the_way_is_told_without_the_timetable(chiara, cast, by, product, what):
    read = {}
    assert authorizations.look_where_written(read) == 0
    what(cast, by, product)
    assert authorizations.look_where_written(read) == 1
    assert told() == 1
    assert authorizations.look_where_written(read) == 0 and told() == 1


def test_op_09_op_20_so_is_leaving_the_team_by_which_one_came_in(by_team, chiara, cast, by, product):
    read = {}
    assert authorizations.look_where_written(read) == 0
    leave_the_team(cast, by, product)
    assert authorizations.look_where_written(read) == 1 and told() == 1


def test_what_is_written_in_the_book_wakes_the_worker_once_it_is_kept(by, monkeypatch):
    woken = []
    monkeypatch.setattr(outbox, "wake", [lambda: woken.append(True)])
    with by("anne"), transaction():
        audit.record("organisation.logo_removed")
        audit.record("organisation.logo_removed")
        assert not woken
    assert woken == [True]


def test_nothing_is_looked_at_where_nothing_was_written(chiara, cast, by, count):
    read = {}
    authorizations.look_where_written(read)
    count.clear()
    authorizations.look_where_written(read)
    assert len(count) == 1
    with by("mara", "bergquell"):
        teams.create("Another house", "green")
    count.clear()
    authorizations.look_where_written(read)
    assert len(count) == 1, "its applications are others"


def test_among_ten_thousand_it_takes_few_statements(chiara, cast, by, product, count):
    with working_for(cast.organisations["lumen"]), transaction():
        client, session = Client.get(), Session.get(Session.user == cast.people["chiara"].id)
        planning = Product.get(Product.label == "Planning")
        for _piece in range(10):
            Authorization.insert_many([
                {"client": client, "product": planning, "user": cast.people["chiara"].id, "session": session,
                 "expires": now() + timedelta(days=1)} for _each in range(1_000)]).execute()
    read = {}
    count.clear()
    assert authorizations.look_where_written(read) == 0
    assert len(count) <= 1 + 10_001 // 500 + 2
