"""The organisation's book as people read it (B4, C14)."""
import csv
import io

import pytest

import stories
from clock import now
from demo import acting
from models import Event, EventFacts, Membership, Product, Role
from oidc import clients
from organisations import activity, invitations, members
from organisations.activity import Filter
from products import grants, lifecycle
from tenancy import working_for


@pytest.fixture
def anne(browse):
    return browse("anne")


def sentences(page):
    """The list as it reads, the latest first."""
    return [each["text"].strip() for each in page.all("li")
            if each["inside"][-1:] == ["ul"] and "main" in each["inside"] and "li" not in each["inside"]]


def read(browser, query="", expect=200):
    return browser.get(f"/o/lumen/activity?lang=en{query}", expect=expect)


def member(cast, who):
    return Membership.get(Membership.user == cast.people[who].id)


def test_the_latest_comes_first_in_whole_sentences(anne, cast, lumen):
    with acting(cast.people["mara"]):
        members.change_role(member(cast, "luc").public_id, Role.ADMIN)
    first, *_rest = sentences(read(anne))
    assert "Mara Lehmann changed the role of Luc Perrenoud from Collaborator to Administrator" in first


def test_what_was_and_what_is_stands_below_a_change_of_details(anne, lumen):
    anne.get("/o/lumen/settings")
    anne.post("/o/lumen/settings", version="0", name="Atelier Lumen SA", kind="association", country="CH",
              language="fr", time_zone="Europe/Zurich", street="", house_number="", address_line="", postcode="",
              town="", region="", phone="", vat_number="", admins_may_edit="y")
    text = read(anne).text("lines")
    assert "Anne-Sophie de Montmollin changed the details: Name, Kind and Administrators may change details" in text
    assert "Name: Atelier Lumen Sàrl → Atelier Lumen SA" in text
    assert "Kind: Company → Association" in text
    assert "Administrators may change details: No → Yes" in text


@pytest.mark.parametrize(("query", "found", "not_found"), [
    ("&what=invitation", "sent the invitation", "joined as"),
    ("&what=organisation", "created the organisation", "joined"),
    ("&what=member", "joined as", "created the organisation"), ("&to=2001-01-01", "", "joined"),
    ("&from=2100-01-01", "", "joined"), ("&from=2001-01-01&to=2100-01-01", "sent the invitation", "Nothing fits"),
    ("&what=nonsense&from=yesterday&to=9999-12-31&who=%00&who=x%27--", "sent the invitation", "\x00"),
    ("&q=INVITATION", "sent the invitation", "joined as"), ("&q=nea%40lumen", "sent the invitation", "joined as"),
    ("&q=again+nea", "sent the invitation", "invited nea"), ("&q=%25", "Nothing fits", "joined"),
    ("&q=perrenoud", "Luc Perrenoud joined", "sent the invitation"), ("&q=pérrenoud", "Luc Perrenoud joined", "nea@"),
    ("&q=127.0.0.1", "Nothing fits", "joined"), ("&product=nonsense", "Nothing fits", "joined"),
    ("&from=0001-01-01", "sent the invitation", "Nothing fits")])
def test_the_filters_are_the_address(anne, cast, lumen, query, found, not_found):
    with acting(cast.people["anne"]):
        invitations.resend(invitations.invite("nea@lumen.example", Role.EXTERNAL).public_id)
    text = read(anne, query).text("lines")
    assert found in text
    assert not_found not in text


def test_a_day_is_the_readers_own(anne, lumen):
    today = now().astimezone().date()
    assert sentences(read(anne, f"&from={today}"))


def test_one_persons_own_activity(anne, cast, lumen):
    with acting(cast.people["mara"]):
        invitations.invite("nea@lumen.example", Role.EXTERNAL)
    mara = member(cast, "mara").public_id
    page = read(anne, f"&who={mara}")
    assert len(sentences(page)) == 2                                # asked somebody, and had joined
    assert "Mara Lehmann" in page.text("lines")
    assert f"/o/lumen/activity?who={mara}" in read(anne).links
    assert f"/o/lumen/activity?who={mara}" in anne.get(f"/o/lumen/members/{mara}").links


def test_a_neighbours_member_is_nobody_here(browse, cast):
    with working_for(cast.organisations["bergquell"]):
        theirs = Membership.get().public_id
    page = read(browse("anne"), f"&who={theirs}")
    assert not sentences(page)
    assert "Mara" not in page.text("lines")


def test_empty_fields_leave_the_address(anne):
    answer = anne.get("/o/lumen/activity?what=&from=&to=&who=", follow=False, expect=303).answer
    assert answer.headers["Location"] == "/o/lumen/activity"


def test_one_goes_through_the_whole_book_and_back(anne, cast, lumen):
    with acting(cast.people["anne"]):
        for number in range(30):
            invitations.invite(f"n{number}@lumen.example", Role.EXTERNAL)
    written, seen, page = Event.select().count(), [], read(anne)
    while True:
        seen += sentences(page)
        later = [each["href"] for each in page.all("a") if each.get("rel") == "next"]
        if not later:
            break
        page = anne.get(later[0])
    assert len(seen) == written > 25


def test_who_is_gone_still_has_a_name_and_what_is_erased_is_still_read(anne, cast, lumen):
    with acting(cast.people["anne"]):
        members.remove(member(cast, "luc").public_id)
    assert "Anne-Sophie de Montmollin removed Luc Perrenoud" in read(anne).text("lines")
    last = Event.select().order_by(Event.number.desc()).get()
    EventFacts.delete().where(EventFacts.event == last.id).execute()
    assert "somebody removed somebody" in sentences(read(anne))[0]


@pytest.fixture
def planning(lumen):
    return Product.get(Product.label == "Planning")


def test_a_change_of_a_product_says_what_it_was(anne, cast, planning):
    with acting(cast.people["anne"], "password", "totp"):
        lifecycle.change(planning.public_id, planning.version, "Plan", technical_name="", seats=None,
                         address="https://plan.lumen.example")
    line = rows(anne.get("/o/lumen/activity.csv?lang=en"))[2]
    told = ["Name: Planning → Plan", f"Technical name: {planning.technical_name} → –",
            f"Address: {planning.address} → https://plan.lumen.example"]
    assert line[3:] == ["Anne-Sophie de Montmollin changed the product Plan", "; ".join(told)]
    assert all(each in read(anne).text("lines") for each in told)


def test_the_lines_about_one_product(anne, cast, planning):
    """What was done with it, with its application, and with the access to it; and nothing about another."""
    with acting(cast.people["anne"], "password", "totp"):
        lifecycle.change(planning.public_id, planning.version, "Planner", technical_name="", seats=None,
                         address="https://plan.lumen.example")
        clients.add_secret(clients.of_product(planning.public_id)[0].client_id)
        grants.give(grants.of_member(member(cast, "luc").public_id), planning, "use")
    page = read(anne, f"&product={planning.public_id}")
    text = page.text("lines")
    for line in ("changed the product Planner", "made another secret", "changed the product access of Luc Perrenoud"):
        assert line in text
    assert "Messagerie" not in text and "joined" not in text
    assert "Planner" in [each["text"].strip() for each in page.all("option") if "selected" in each]


def test_every_kind_of_line_is_in_a_group():
    beginnings = tuple(each for _label, kinds in activity.GROUPS.values() for each in kinds)
    assert [kind for kind in stories.ORGANISATION if not kind.startswith(beginnings)] == []


def test_a_change_of_a_connection_says_where_it_led(anne, cast, planning):
    (client,) = clients.of_product(planning.public_id)
    with acting(cast.people["anne"], "password", "totp"):
        clients.change(client.client_id, client.version, ["https://evil.example/cb", "https://app.example/cb"],
                       pkce=client.pkce, asks=client.scopes, service=client.service,
                       logout_uris=["https://app.example/bye"], backchannel_uri="https://app.example/out")
    back, bye, out = " ".join(client.redirect_uris), " ".join(client.logout_uris), client.backchannel_uri
    text, cell = read(anne).text("lines"), rows(anne.get("/o/lumen/activity.csv?lang=en"))[2][4]
    for told in (f"Addresses people return to after signing in (redirect URIs): {back} → https://evil.example/cb "
                 "https://app.example/cb",
                 f"Addresses to lead people to after signing out: {bye or '–'} → https://app.example/bye",
                 f"Address for back-channel sign-out: {out or '–'} → https://app.example/out"):
        assert told in text and told in cell
    assert "scopes" not in text and "pkce" not in text


def test_a_change_of_access_says_what_was_given(anne, cast, planning, count):
    with acting(cast.people["anne"]):
        luc = grants.of_member(member(cast, "luc").public_id)
        grants.save(luc, planning.category.code, [(planning.public_id, "technical")], ["use"])
    read(anne)
    count.clear()
    text = read(anne).text("lines")
    assert len(count) <= 4, count
    cell = rows(anne.get("/o/lumen/activity.csv?lang=en"))[2][4]
    for told in ("Given: Planning: ", "Given: Future products: "):
        assert told in text and told in cell
    assert planning.category.code not in text


# --- the file ----------------------------------------------------------------------------------


def rows(page):
    return list(csv.reader(io.StringIO(page.answer.get_data(as_text=True).removeprefix("\ufeff"))))


def test_the_file_has_what_the_page_shows_and_is_written_down(anne, cast, lumen):
    written = Event.select().count()
    head, *lines = rows(anne.get("/o/lumen/activity.csv?lang=en&what=member"))
    assert head == ["Number", "When", "Who", "What", "Changes"]
    assert len(lines) == Event.select().where(Event.kind.startswith("member.")).count()
    assert lines[0][2:4] == ["Luc Perrenoud", "Luc Perrenoud joined as Collaborator"]
    last = Event.select().order_by(Event.number.desc()).get()
    assert (last.number, last.kind) == (written + 1, "activity.exported")


def test_au_05_no_cell_of_the_file_is_a_formula(browse, cast, lumen):
    luc = browse("luc")
    luc.get("/account")
    luc.post("/account/name", first_name="=cmd|' /C calc'!A0", last_name="+1")
    with acting(cast.people["anne"]):
        members.change_role(member(cast, "luc").public_id, Role.ADMIN)
    luc.get("/o/lumen/")
    cells = [cell for row in rows(luc.get("/o/lumen/activity.csv")) for cell in row]
    assert any("=cmd" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell]


def test_a_file_of_many_lines_is_read_in_pieces(cast, lumen, monkeypatch):
    monkeypatch.setattr(activity, "PIECE", 3)
    with acting(cast.people["anne"]):
        numbers = [line.number for line in activity.export(Filter(), lambda _word: ())]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == len(set(numbers)) == Event.select().count()


@pytest.mark.parametrize("who", ["chiara", "esteban", "grace"])
def test_au_05_the_book_is_administrations(browse, who):
    browse(who).get("/o/lumen/activity.csv", expect=403)


def test_every_kind_has_a_sentence_that_reads_without_its_facts(cast):
    for kind in {**stories.ORGANISATION, **stories.PERSON, **stories.INSTALLATION}:
        for book in (stories.ORGANISATION, stories.PERSON, stories.INSTALLATION):
            if kind in book:
                said = stories.told(book, kind, None)
                assert said != kind
                assert "%(" not in said
