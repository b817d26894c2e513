"""What an organisation says of itself (G12)."""
import pytest

import rules
from demo import acting
from models import Event, EventFacts, Membership, Message, Organisation, Role
from organisations import details, members
from rules import Conflict, Forbidden, Refused

SAID = {"name": "Atelier Lumen Sàrl", "kind": "company", "street": "", "house_number": "", "address_line": "",
        "postcode": "", "town": "", "region": "", "country": "CH", "phone": "", "vat_number": "", "language": "fr",
        "time_zone": "Europe/Zurich", "admins_may_edit": False}


@pytest.fixture
def change(cast, lumen):
    """Changes some of them as somebody, from what is there now."""
    def go(who="anne", version=None, **some):
        with acting(cast.people[who]):
            now = Organisation.get_by_id(lumen.id)
            return details.change(now.version if version is None else version, **SAID | some)
    return go


def test_a_change_is_stored_written_down_and_told(change, lumen):
    change(street="Rue Neuve", house_number="7", phone="032 555 01 23", town="Bienne")
    organisation = Organisation.get_by_id(lumen.id)
    assert (organisation.street, organisation.house_number, organisation.phone) == ("Rue Neuve", "7", "+41325550123")
    event = Event.select().order_by(Event.number.desc()).get()
    facts = EventFacts.get(EventFacts.event == event.id).facts
    assert event.kind == "organisation.details_changed"
    assert ["town", "", "Bienne"] in facts["changes"]
    assert "region" not in str(facts["changes"])


def test_every_legal_representative_and_the_editor_hear_of_it(change, cast, lumen):
    with acting(cast.people["anne"]):
        luc = Membership.get(Membership.user == cast.people["luc"].id)
        members.change_role(luc.public_id, Role.LEGAL)
    change(admins_may_edit=True)
    before = Message.select().count()
    change("mara", town="Bienne", admins_may_edit=True)
    told = {message.recipient: message for message in Message.select().offset(before).order_by(Message.id)}
    assert set(told) == {"anne@lumen.example", "luc@lumen.example", "mara@bergquell.example"}
    assert {message.notice for message in told.values()} == {"details_changed"}
    assert told["anne@lumen.example"].facts["changes"] == [["town", "", "Bienne"]]


def test_old_and_new_values_stand_in_the_letter(change, letters):
    change(phone="+41 32 555 01 23", kind="association", country="LI", time_zone="Europe/Vaduz")
    _message, letter = letters("anne@lumen.example")[-1]
    for words in ("Entreprise → Association", "– → +41 32 555 01 23", "Suisse → Liechtenstein"):
        assert words in letter.text


def test_nothing_changed_tells_nobody(change, lumen):
    change()
    events, messages = Event.select().count(), Message.select().count()
    assert change().version == Organisation.get_by_id(lumen.id).version
    assert (Event.select().count(), Message.select().count()) == (events, messages)


def test_an_older_version_is_a_conflict(change, lumen):
    change(town="Bienne")
    with pytest.raises(Conflict):
        change(version=0, town="Biel")
    assert Organisation.get_by_id(lumen.id).town == "Bienne"


@pytest.mark.parametrize("who", ["mara", "chiara", "luc", "grace"])
def test_only_legal_representatives_change_them(change, who):
    with pytest.raises(Forbidden):
        change(who, town="Bienne")


def test_administration_may_where_it_is_allowed_but_does_not_allow_itself(change, lumen):
    change(admins_may_edit=True)
    change("mara", town="Bienne", admins_may_edit=False)
    organisation = Organisation.get_by_id(lumen.id)
    assert (organisation.town, organisation.admins_may_edit) == ("Bienne", True)


@pytest.mark.parametrize(("country", "currency"), [("CH", "CHF"), ("LI", "CHF"), ("FR", "EUR"), ("US", "EUR")])
def test_the_country_decides_the_currency_of_future_documents(change, country, currency):
    assert change(country=country).currency == currency


@pytest.mark.parametrize(("field", "value"), [
    ("name", ""), ("name", "x" * 121), ("name", "www.evil.example"), ("name", "a\u202eb"), ("kind", "tyranny"),
    ("country", "XX"), ("country", None), ("time_zone", "../../etc/passwd"), ("language", "xx"), ("street", "x" * 201),
    ("town", "a\x00b"), ("phone", "nonsense"), ("phone", "1"), ("phone", "9" * 300),
    ("vat_number", "CHE-107.787.578"), ("vat_number", "x" * 31)])
def test_what_cannot_be_is_refused_by_its_field(change, lumen, field, value):
    with pytest.raises(Refused) as refusal:
        change(**{field: value})
    assert refusal.value.field == field
    assert Organisation.get_by_id(lumen.id).version == 0


# --- numbers, without a database ---------------------------------------------------------------


@pytest.mark.parametrize(("typed", "country", "stored"), [
    ("CHE-107.787.577 IVA", "CH", "CHE-107.787.577 IVA"), ("che107787577mwst", "CH", "CHE-107.787.577 MWST"),
    ("136695976", "DE", "DE136695976"), ("DE 136,695 976", "DE", "DE136695976"),
    ("fr83404833048", "FR", "FR83404833048"), ("023456780", "GR", "EL023456780"),
    ("U13585627", "AT", "ATU13585627"), ("12-345", "US", "12-345"), ("", "CH", "")])
def test_a_vat_number_is_kept_as_its_country_writes_it(typed, country, stored):
    assert details.vat_number(typed, country) == stored


@pytest.mark.parametrize(("typed", "country"), [
    ("IT00743110157", "FR"), ("DE136695977", "DE"), ("CHE-107.787.578", "CH"), ("DE136695976", "CH"), ("-", "DE")])
def test_a_vat_number_of_another_country_or_with_a_slip_is_refused(typed, country):
    with pytest.raises(Refused):
        details.vat_number(typed, country)


def test_a_phone_number_is_read_with_its_country_and_shown_as_people_write_it():
    assert rules.phone("032 555 01 23", "CH") == rules.phone("+41 32 555 01 23", "FR") == "+41325550123"
    assert details.phone_told("+41325550123", "CH") == "032 555 01 23"
    assert details.phone_told("+41325550123", "FR") == details.phone_told("+41325550123") == "+41 32 555 01 23"
