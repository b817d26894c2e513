"""An organisation's own providers: tried out, kept, switched off, removed; and whose second step counts (group FD)."""
import socketserver
import threading

import pytest

from accounts import signin
from accounts.backends.oidc import lent, provider
from demo import acting
from models import Attempt, Event, Identity, Membership, Message, Organisation, Session
from models import Provider as Row
from organisations import members, providers
from rules import Forbidden, NotHere, Refused
from settings import Upstream, setting
from tenancy import across_organisations, working_for
from tests.lending import connect, lenders, link
from tests.provider import SECRET


@pytest.fixture
def acme(database, tmp_path):
    with lenders(tmp_path, "acme") as (running,):
        yield running


@pytest.fixture
def lumen(cast):
    with working_for(cast.organisations["lumen"]) as organisation, acting(cast.people["anne"], "password"):
        yield organisation


def refused(issuer, **more):
    told = {"name": "Acme", "client_id": "kanton", "client_secret": SECRET, "values": "mfa", "counts": False} | more
    with pytest.raises(Refused) as no:
        providers.add(issuer=issuer, **told)
    assert not Row.select().exists()
    return no.value.field, str(no.value.why)


# --- trying out --------------------------------------------------------------------------------


def test_one_that_calls_itself_so_is_taken_and_its_secret_is_sealed(acme, cast, lumen):
    row = connect(cast, acme)
    assert row.issuer == acme.issuer and SECRET.encode() not in bytes(row.client_secret)
    assert lent.described(row).client_secret == SECRET
    assert acme.asked == {"/.well-known/openid-configuration": 1, "/jwks": 1}


@pytest.mark.parametrize("issuer", [
    "http://127.0.0.1", "ftp://acme.example", "file:///etc/passwd", "gopher://acme.example", "https://", "acme.example",
    "https://user:password@acme.example", "https://acme.example?x=1", "https://acme.example/#x", "https://acmé.example",
    "https://acme.example/\r\nHost: evil", "https://acme.example:99999", "https://acme.example/" + "x" * 4000,
    "https://[::1", "https://acme.example:0", " https://acme.example"])
def test_wh_04_an_address_that_is_not_plain_https_is_not_asked(database, acme, lumen, issuer, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("a name was looked up"))
    assert refused(issuer) == ("issuer", str(providers.UNANSWERED))


@pytest.fixture
def trap():
    """Somebody listens on this machine, and notes who comes."""
    caught = []
    note = type("Note", (socketserver.BaseRequestHandler,), {
        "handle": lambda handler: caught.append(handler.client_address)})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), note) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.server_address[1], caught
        server.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0"])
def test_fd_11_and_wh_11_our_own_machine_is_not_knocked_at(database, acme, lumen, trap, host):
    port, caught = trap
    with setting.changed(provider_networks=()):
        assert refused(f"https://{host}:{port}") == ("issuer", str(providers.UNANSWERED))
    assert not caught


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "[fd00::1]", "100.64.0.1"])
def test_fd_11_nor_is_anybody_inside(database, acme, lumen, address):
    assert refused(f"https://{address}") == ("issuer", str(providers.UNANSWERED))


def test_wh_04_on_the_open_internet_only_the_port_of_https():
    there = provider.Provider(Upstream(name="x", issuer="https://198.41.0.4:6379", client_id="k", organisation="o"))
    with pytest.raises(provider.Untrusted, match="not at port 6379"):
        there.look()


WRONG = {
    "another issuer": {"issuer": "https://evil.example"}, "no issuer": {"issuer": None},
    "keys in the clear": {"jwks_uri": "http://127.0.0.1/jwks"}, "keys inside": {"jwks_uri": "https://10.0.0.1/jwks"},
    "no token endpoint": {"token_endpoint": None}, "a script": {"authorization_endpoint": "javascript:alert(1)"},
    "keys on the disk": {"jwks_uri": "file:///etc/passwd"}}


@pytest.mark.parametrize("wrong", WRONG)
def test_fd_08_and_fd_11_what_it_says_of_itself_must_be_usable(acme, lumen, wrong):
    acme.discovery = WRONG[wrong]
    assert refused(acme.issuer) == ("issuer", str(providers.UNANSWERED))


def large(handler):
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"{" + b" " * (2 << 20) + b"}")


def elsewhere(handler):
    handler.send_response(302)
    handler.send_header("Location", "https://127.0.0.1:1/")
    handler.end_headers()


def no_words(handler):
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"<html>")


def packed(handler):
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.end_headers()


@pytest.mark.parametrize("answer", [large, elsewhere, no_words, packed])
def test_fd_12_and_wh_11_every_trouble_is_one_sentence(acme, lumen, answer):
    acme.bodies = {"/.well-known/openid-configuration": answer}
    assert refused(acme.issuer) == ("issuer", str(providers.UNANSWERED))


def test_bs_04_a_certificate_nobody_we_believe_has_signed(acme, lumen):
    with setting.changed(provider_ca=""):
        assert refused(acme.issuer) == ("issuer", str(providers.UNANSWERED))
    assert not acme.asked


@pytest.mark.parametrize(("more", "field"), [
    ({"name": ""}, "name"), ({"name": "https://evil.example"}, "name"), ({"client_id": "é"}, "client_id"),
    ({"client_id": "x" * 501}, "client_id"), ({"client_secret": "a\nb"}, "client_secret"),
    ({"values": "é"}, "values"), ({"values": " ".join(map(str, range(11)))}, "values"),
    ({"values": "", "counts": True}, "values")])
def test_what_is_typed_is_looked_at_before_anybody_is_asked(acme, lumen, more, field):
    assert refused(acme.issuer, **more)[0] == field
    assert not acme.asked


def test_there_are_at_most_so_many(acme, cast, lumen):
    for _ in range(providers.MOST):
        connect(cast, acme)
    with pytest.raises(Refused, match="at most 10"):
        connect(cast, acme)


def test_where_the_installation_does_not_speak_to_providers_there_are_none(acme, cast, lumen):
    row = connect(cast, acme)
    with setting.changed(backends=("password",)):
        for verb in (providers.own, lambda: providers.find(row.public_id), lambda: connect(cast, acme)):
            with pytest.raises(NotHere):
                verb()
        assert signin.way(row.public_id) is None


# --- who may -----------------------------------------------------------------------------------


def test_only_administration_connects_changes_and_removes(acme, cast):
    row = connect(cast, acme)
    for who in ("chiara", "esteban", "grace"):
        with working_for(cast.organisations["lumen"]), acting(cast.people[who], "password"):
            for verb in (lambda: providers.add("A", acme.issuer, "k", "", "", counts=False),
                         lambda: providers.change(row.public_id, "A", "k", "", "", counts=False),
                         lambda: providers.switch(row.public_id, False), lambda: providers.remove(row.public_id)):
                with pytest.raises(Forbidden):
                    verb()


def test_a_neighbours_is_not_here(acme, cast):
    row = connect(cast, acme)
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"], "password", "totp"):
        assert providers.own() == []
        for verb in (lambda: providers.change(row.public_id, "A", "k", "", "", counts=False),
                     lambda: providers.switch(row.public_id, False), lambda: providers.remove(row.public_id)):
            with pytest.raises(NotHere):
                verb()


# --- keeping -----------------------------------------------------------------------------------


def test_what_is_changed_and_what_stays(acme, cast, lumen):
    row = connect(cast, acme)
    changed = providers.change(row.public_id, "Other", "ours", "", "mfa otp", counts=True)
    described = lent.described(changed)
    assert (described.label, described.client_id, described.client_secret) == ("Other", "ours", SECRET)
    assert described.trust_mfa == ("mfa", "otp") and described.issuer == acme.issuer
    changed = providers.change(row.public_id, "Other", "ours", "new secret", "mfa", counts=False)
    assert lent.described(changed).client_secret == "new secret" and lent.described(changed).trust_mfa == ()


def test_the_book_and_the_legal_representatives_are_told(acme, cast, lumen):
    row = connect(cast, acme)
    providers.switch(row.public_id, False)
    providers.switch(row.public_id, False)
    providers.switch(row.public_id, True)
    providers.remove(row.public_id)
    kinds = [event.kind for event in Event.select().where(Event.kind.startswith("organisation.provider"))]
    assert kinds == [f"organisation.provider_{what}" for what in ("added", "off", "on", "removed")]
    told = Message.select().where(Message.notice == "provider_changed", Message.recipient == "anne@lumen.example")
    assert [message.facts["what"] for message in told] == ["added", "off", "on", "removed"]


def opened(person, row):
    """Somebody came in by it, and somebody is half-way."""
    way = signin.way(row.public_id)
    Session.create(token_hash=f"hash {person.id}", user=person, epoch=0, proofs=f"upstream {way.name}",
                   elsewhere=f"{way.name} one", expires=person.created, idle_seconds=1)
    Attempt.create(token_hash=f"half {person.id}", user=person, epoch=0, proofs=f"upstream {way.name}",
                   elsewhere=way.name, expires=person.created)


@pytest.mark.parametrize("end", [lambda row: providers.switch(row.public_id, False),
                                 lambda row: providers.remove(row.public_id)], ids=["off", "removed"])
def test_fd_10_what_it_opened_ends_and_nothing_else(acme, cast, lumen, end):
    row, other = connect(cast, acme), connect(cast, acme)
    for each, who in ((row, "luc"), (other, "chiara")):
        opened(link(each, cast.people[who]), each)
    end(row)
    assert [session.user.first_name for session in Session.select().where(Session.elsewhere != "",
                                                                          Session.ended.is_null())] == ["Chiara"]
    assert [attempt.user.first_name for attempt in Attempt.select()] == ["Chiara"]
    assert signin.way(row.public_id) is None and signin.way(other.public_id)


def test_switched_on_again_the_links_are_there_removed_they_are_not(acme, cast, lumen):
    row = connect(cast, acme)
    link(row, cast.people["luc"])
    providers.switch(row.public_id, False)
    providers.switch(row.public_id, True)
    assert Identity.get().provider == row.way
    providers.remove(row.public_id)
    assert not Identity.select().exists()


def test_who_leaves_leaves_it_too(acme, cast, lumen):
    row, luc = connect(cast, acme), cast.people["luc"]
    opened(link(row, luc), row)
    members.remove(Membership.get(Membership.user == luc.id).public_id)
    assert not Identity.select().exists()
    assert not Session.select().where(Session.elsewhere != "", Session.ended.is_null()).exists()


def test_only_members_link_it(acme, cast):
    row = connect(cast, acme)
    for stranger in ("otto",):
        with pytest.raises(NotHere):
            link(row, cast.people[stranger])
    with working_for(cast.organisations["lumen"]):
        Membership.update(status=Membership.BLOCKED).where(Membership.user == cast.people["luc"].id).execute()
    with pytest.raises(NotHere):
        link(row, cast.people["luc"])


# --- whose second step counts ------------------------------------------------------------------


def test_fd_14_of_one_for_all_it_counts_where_the_organisation_says_so(acme, cast, lumen):
    with setting.changed(upstreams=(acme.upstream(name="company", trust_mfa=("mfa",)), acme.upstream(name="plain"))):
        providers.count("company", True)
        assert Organisation.get_by_id(lumen.id).trusted_upstreams == ["company"]
        with across_organisations("to see the others"):
            assert not [each for each in Organisation.select() if each.trusted_upstreams and each.id != lumen.id]
        for unknown in ("plain", "nobody"):
            with pytest.raises(NotHere):
                providers.count(unknown, True)
        providers.count("company", False)
        assert Organisation.get_by_id(lumen.id).trusted_upstreams == []


def test_a_removed_one_counts_no_longer(acme, cast, lumen):
    row = connect(cast, acme, counts=True)
    assert Organisation.get_by_id(lumen.id).trusted_upstreams == [row.way]
    providers.remove(row.public_id)
    assert Organisation.get_by_id(lumen.id).trusted_upstreams == []


def test_the_name_of_a_way_says_whose_it_is(acme, cast, lumen):
    row = connect(cast, acme)
    assert row.way.partition("@")[2] == lumen.public_id == signin.way(row.public_id).organisation
