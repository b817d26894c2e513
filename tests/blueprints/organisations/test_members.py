"""What one sees of the people of an organisation, and may do with them."""
import csv
import io
from datetime import timedelta

import pytest
import time_machine

import limits
from accounts import signup
from clock import now
from demo import acting
from models import Event, Membership, Message, Organisation, Recovery, Role, User
from organisations import members
from rules import address
from sheets import cell
from tenancy import working_for
from tests.doors import Visitor

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def crowd(cast, lumen):
    """Sixty more people, whose names sort apart from their addresses."""
    for number in range(60):
        person = signup.create(address(f"p{number}@crowd.example"), "Peter" if number % 2 else "Zoé",
                               f"Müller{59 - number:02}", "", language="en", country="CH", time_zone="Europe/Zurich")
        members.add(person, Role.EXTERNAL if number % 3 == 0 else Role.COLLABORATOR)


def id_of(cast, who):
    with working_for(cast.organisations["lumen"]):
        return Membership.get(Membership.user == cast.people[who].id).public_id


def names(page):
    return [each["text"].strip() for each in page.all("a") if "b" in each["inside"] and "table" in each["inside"]]


# --- the list ----------------------------------------------------------------------------------


def test_the_list_shows_everybody_by_name(browse, lumen):
    page = browse("mara").get("/o/lumen/members")
    assert names(page) == ["Chiara Bernasconi", "Anne-Sophie de Montmollin", "Grace Field", "Mara Lehmann",
                           "Luc Perrenoud", "Esteban Ruiz"]
    assert "Mara Lehmann Sie" in page.text() and "1–6 von 6" in page.text()


def waits(cast, organisation="lumen"):
    """Luc's account is locked, and Chiara has asked to get in without her second factor; Grace, an external, too."""
    User.update(locked=now()).where(User.id == cast.people["luc"].id).execute()
    for who in ("chiara", "grace"):
        Recovery.create(user=cast.people[who].id, kind="factor", expires=now() + timedelta(days=3))
    Membership.update(joined=now() - timedelta(days=30)).execute()


def test_g4_r6_who_waits_for_help_is_found_from_the_list_and_from_the_overview(browse, cast, lumen):
    mara = browse("mara")
    assert "Account locked" not in mara.get("/o/lumen/?lang=en").text("main")
    waits(cast)
    page = mara.get("/o/lumen/members?lang=en")
    badges = page.text("people")
    assert badges.count("Account locked") == 1 and badges.count("Second factor lost") == 1
    assert names(mara.get("/o/lumen/members?status=locked")) == ["Luc Perrenoud"]
    assert names(mara.get("/o/lumen/members?status=lost&lang=en")) == ["Chiara Bernasconi"]
    overview = mara.get("/o/lumen/?lang=en")
    assert "1 account is locked" in overview.text("main")
    assert "1 person has lost their second factor" in overview.text("main")
    assert {"/o/lumen/members?status=locked", "/o/lumen/members?status=lost"} <= set(overview.links)
    with time_machine.travel(now() + timedelta(days=4)):
        assert names(browse("mara").get("/o/lumen/members?status=lost")) == []


def test_g4_r6_of_another_organisation_nobody_is_counted(browse, cast, lumen):
    waits(cast)
    text = browse("mara").get("/o/bergquell/?lang=en").text("main")
    assert "is locked" not in text and "has lost" not in text


def test_g4_r6_finding_who_waits_costs_no_more_statements(app, cast, lumen, count):
    waits(cast)
    mara = Visitor(app, cast.people["mara"])
    for path in ("/o/lumen/", "/o/lumen/members", "/o/lumen/members?status=locked", "/o/lumen/members?status=lost"):
        mara.get(path)
        count.clear()
        assert mara.get(path).status_code == 200
        assert len(count) <= 4, (path, list(count))


FILTERS = [
    ("q=perrenoud", ["Luc Perrenoud"]), ("q=LUMEN.example", ["Anne-Sophie de Montmollin", "Luc Perrenoud"]),
    ("q=mont anne", ["Anne-Sophie de Montmollin"]), ("q=%25", []), ("q=_", []), ("q=' OR 1=1 --", []), ("q=\\", []),
    ("role=external", ["Grace Field"]), ("two_factor=on", ["Mara Lehmann"]), ("status=blocked", []),
    ("role=admin&two_factor=off", []), ("role=nonsense&status=removed", 6), ("q=aurora&sort=-joined", ["Esteban Ruiz"]),
    ("after=nonsense", 6), ("before=%00", 6), ("q=%00", 6)]


def test_a_filter_is_the_address(app, cast):
    visitor = Visitor(app, cast.people["anne"])
    for query, found in FILTERS:
        page = visitor.get(f"/o/lumen/members?{query}").get_data(as_text=True)
        shown = page.count('class="c-who"')
        assert shown == (found if isinstance(found, int) else len(found)), query
        assert found == 6 or all(f">{name}</a>" in page for name in found), query
        assert shown or "Rien" in page, query


def test_search_knows_neither_case_nor_accents(browse, crowd):
    page = browse("anne").get("/o/lumen/members?q=ZOE+muller59")
    assert names(page) == ["Zoé Müller59"]


def test_empty_fields_of_the_filter_leave_the_address(app, cast):
    visitor = Visitor(app, cast.people["anne"])
    answer = visitor.get("/o/lumen/members?q=&role=external&two_factor=&status=&sort=name")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/o/lumen/members?role=external")
    assert visitor.get("/o/lumen/members?last").status_code == 200


def test_each_filter_can_be_taken_away(browse, lumen):
    page = browse("anne").get("/o/lumen/members?q=e&role=collaborator&sort=-seen")
    assert {"/o/lumen/members?role=collaborator&sort=-seen", "/o/lumen/members?q=e&sort=-seen",
            "/o/lumen/members"} <= set(page.links)


def test_pages_follow_one_another_both_ways(app, cast, lumen, crowd):
    browser = Visitor(app, cast.people["anne"])
    Organisation.update(members=46, externals=20).where(Organisation.id == lumen.id).execute()

    def walk(start, rel):
        rows, told, path = [], [], start
        while path:
            html = browser.get(path).get_data(as_text=True)
            rows.append([part.split('"')[0] for part in html.split('name="m" value="')[1:]])
            told.append(html.split('aria-label="Pages"')[1].split("<span>")[1].split("</span>")[0].strip())
            path = next((tag.split('href="')[1].split('"')[0].replace("&amp;", "&")
                         for tag in html.split("<a ") if f'rel="{rel}"' in tag.split(">")[0]), None)
        return rows, told
    for sort in ("", "-name", "seen", "-seen", "joined", "-joined"):
        query = f"sort={sort}" if sort else ""
        forwards, told = walk(f"/o/lumen/members?{query}", "next")
        backwards, told_back = walk(f"/o/lumen/members?last&{query}", "prev")
        assert [len(rows) for rows in forwards] == [25, 25, 16], sort
        assert sum(reversed(backwards), []) == sum(forwards, []), sort
        assert len(set(sum(forwards, []))) == 66, sort
        assert told == ["1 à 25 sur 66", "26 à 50 sur 66", "51 à 66 sur 66"]
        assert told_back[0] == "42 à 66 sur 66"


def test_tn_06_a_cursor_tells_nothing_and_opens_nowhere_else(app, cast, lumen, crowd):
    browser = Visitor(app, cast.people["anne"])
    html = browser.get("/o/lumen/members").get_data(as_text=True)
    cursor = html.split("?after=")[1].split('"')[0]
    assert "ller" not in cursor
    by_name = browser.get(f"/o/lumen/members?after={cursor}").get_data(as_text=True)
    assert by_name != html
    first = browser.get("/o/lumen/members?sort=-seen").get_data(as_text=True)
    other = browser.get(f"/o/lumen/members?sort=-seen&after={cursor}").get_data(as_text=True)
    rows = [part.split('"')[0] for part in first.split('name="m" value="')[1:]]
    assert rows == [part.split('"')[0] for part in other.split('name="m" value="')[1:]]


def test_htmx_gets_the_list_only(app, cast):
    answer = Visitor(app, cast.people["anne"]).get("/o/lumen/members?q=luc", **HTMX, **{"HX-Target": "div#people"})
    html = answer.get_data(as_text=True)
    assert html.lstrip().startswith('<div id="people">') and "<html" not in html and "Luc Perrenoud" in html
    assert "HX-Target" in answer.headers["Vary"]


def test_last_seen_is_kept_to_the_hour(app, cast, lumen, count):
    Membership.update(last_seen=lumen.created.replace(year=2020)).execute()
    browser = Visitor(app, cast.people["anne"])
    browser.get("/o/lumen/")
    assert Membership.get(Membership.user == cast.people["anne"].id).last_seen.year > 2020
    assert Membership.get(Membership.user == cast.people["luc"].id).last_seen.year == 2020
    count.clear()
    browser.get("/o/lumen/")
    assert not [sql for sql in count if sql.startswith('UPDATE "membership"')]


# --- as a file ---------------------------------------------------------------------------------


def test_the_file_holds_what_the_list_shows(app, cast, lumen, crowd):
    answer = Visitor(app, cast.people["anne"]).get("/o/lumen/members.csv?role=external&lang=en")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="lumen-members.csv"'
    assert answer.mimetype == "text/csv"
    assert rows[0][:3] == ["First name", "Last name", "E-mail address"] and len(rows) == 22
    assert {row[3] for row in rows[1:]} == {"External"}
    event = Event.select().order_by(Event.number.desc()).first()
    assert event.kind == "members.exported" and event.details.get().facts["role"] == "external"


def test_a_cell_is_never_a_formula(app, cast, lumen):
    for text in ("=1+1", "+1", "-1", "@x", "\tx", "\rx"):
        assert cell(text) == "'" + text
    assert cell("a=b") == "a=b" and cell(None) == ""
    User.update(first_name='=HYPERLINK("http://evil.test")').where(User.id == cast.people["luc"].id).execute()
    text = Visitor(app, cast.people["anne"]).get("/o/lumen/members.csv").get_data(as_text=True)
    assert "\"'=HYPERLINK" in text


def test_lists_leave_the_house_a_limited_number_of_times(app, cast, lumen):
    for _ in range(limits.EXPORT.times):
        limits.spend(limits.EXPORT, f"organisation {lumen.id}")
    assert Visitor(app, cast.people["anne"]).get("/o/lumen/members.csv").status_code == 429


# --- one of them -------------------------------------------------------------------------------


def test_a_member_is_looked_at_changed_and_removed(browse, cast, lumen):
    luc, browser = id_of(cast, "luc"), browse("anne")
    assert "luc@lumen.example" in browser.get(f"/o/lumen/members/{luc}").text()
    browser.get(f"/o/lumen/members/{luc}/role")
    page = browser.post(f"/o/lumen/members/{luc}/role", role="external")
    assert page.path == f"/o/lumen/members/{luc}" and "Luc Perrenoud" in page.flash
    browser.get(f"/o/lumen/members/{luc}/preferences")
    browser.post(f"/o/lumen/members/{luc}/preferences", pref_product_events="y")
    assert Membership.get(Membership.public_id == luc).pref_product_events
    browser.get(f"/o/lumen/members/{luc}/alert")
    browser.post(f"/o/lumen/members/{luc}/alert")
    browser.post(f"/o/lumen/members/{luc}/alert", expect=409)
    page = browser.get(f"/o/lumen/members/{luc}/remove")
    assert "btn danger" in page.html
    page = browser.post(f"/o/lumen/members/{luc}/remove", expect=422)
    assert page.errors and Membership.get(Membership.public_id == luc).ended is None
    page = browser.post(f"/o/lumen/members/{luc}/remove", sure="y")
    assert page.path == "/o/lumen/members" and "Luc Perrenoud" in page.flash and "Luc Perrenoud" not in names(page)
    browser.get(f"/o/lumen/members/{luc}", expect=404)


def test_a_page_of_removal_is_a_dialog_for_htmx(app, cast):
    browser, luc = Visitor(app, cast.people["anne"]), id_of(cast, "luc")
    path = f"/o/lumen/members/{luc}/remove"
    html = browser.get(path, **HTMX, **{"HX-Target": "div#modal"}).get_data(as_text=True)
    assert html.lstrip().startswith('<form class="confirm" id="modal"') and "<html" not in html
    answer = browser.post(path, {}, **HTMX, **{"HX-Target": "form#modal"})
    assert answer.status_code == 422 and 'id="errors"' in answer.get_data(as_text=True)


def test_rl_02_administration_finds_no_way_to_a_legal_representative(app, cast):
    browser, anne = Visitor(app, cast.people["mara"]), id_of(cast, "anne")
    page = browser.get(f"/o/lumen/members/{anne}").get_data(as_text=True)
    assert f"{anne}/role" not in page and f"{anne}/remove" not in page
    for what in ("role", "remove"):
        assert browser.get(f"/o/lumen/members/{anne}/{what}").status_code == 403
        assert browser.post(f"/o/lumen/members/{anne}/{what}", {"role": "admin"} if what == "role" else {"sure": "y"}
                            ).status_code == 403


def test_rl_01_what_the_form_does_not_have_is_refused(app, cast, lumen):
    browser, luc = Visitor(app, cast.people["anne"]), id_of(cast, "luc")
    for extra in ({"organisation": "2"}, {"user": "1"}, {"status": "active"}, {"is_superuser": "1"},
                  {"role[]": "legal"}):
        for what, form in (("role", {"role": "admin"}), ("preferences", {}), ("remove", {"sure": "y"})):
            assert browser.post(f"/o/lumen/members/{luc}/{what}", form | extra).status_code == 422, (what, extra)
    assert Membership.get(Membership.public_id == luc).role == Role.COLLABORATOR


def test_rl_06_what_the_page_allowed_is_decided_again(app, cast, lumen):
    browser, luc = Visitor(app, cast.people["mara"]), id_of(cast, "luc")
    assert browser.get(f"/o/lumen/members/{luc}/remove").status_code == 200
    with acting(cast.people["anne"]):
        members.change_role(id_of(cast, "mara"), Role.COLLABORATOR)
    assert browser.post(f"/o/lumen/members/{luc}/remove", {"sure": "y"}).status_code == 403
    assert Membership.get(Membership.public_id == luc).ended is None


def test_tn_08_a_form_acts_on_the_organisation_of_its_address(app, cast, lumen):
    """Two tabs: the second goes to Bergquell, then the first is sent."""
    browser, luc = Visitor(app, cast.people["mara"]), id_of(cast, "luc")
    browser.get(f"/o/lumen/members/{luc}/remove")
    browser.get("/o/bergquell/members")
    assert browser.post(f"/o/bergquell/members/{luc}/remove", {"sure": "y"}).status_code == 404
    assert browser.post(f"/o/lumen/members/{luc}/remove", {"sure": "y"}).status_code == 303


def test_the_last_legal_representative_is_told_how_to_leave(browse, lumen):
    browser = browse("anne")
    page = browser.get("/o/lumen/leave")
    assert "btn danger" not in page.html
    browser.post("/o/lumen/leave", sure="y", expect=409, token=browser.get("/cookies").token)


def test_somebody_leaves(browse, lumen):
    browser = browse("grace")
    browser.get("/o/lumen/leave")
    page = browser.post("/o/lumen/leave", sure="y")
    assert page.path == "/account/organisations" and "Atelier Lumen" in page.flash
    browser.get("/o/lumen/", expect=404)


def test_what_i_am_written_about(browse, cast, lumen):
    browser = browse("luc")
    browser.get("/o/lumen/preferences")
    browser.post("/o/lumen/preferences", pref_billing="y")
    assert Membership.get(Membership.public_id == id_of(cast, "luc")).pref_billing


# --- several -----------------------------------------------------------------------------------


def test_several_are_named_before_anything_happens(browse, cast, lumen):
    browser = browse("anne")
    ids = [id_of(cast, who) for who in ("luc", "esteban")]
    page = browser.get(f"/o/lumen/members/bulk?do=alert&m={ids[0]}&m={ids[1]}&m={'0' * 16}")
    assert "Luc Perrenoud" in page.text() and "Esteban Ruiz" in page.text() and "Mara" not in page.text("main")
    sent = next(each["value"] for each in page.all("input") if each.get("name") == "m")
    assert set(sent.split()) == set(ids)
    page = browser.post("/o/lumen/members/bulk", do="alert", m=sent)
    assert page.path == "/o/lumen/members" and page.flash
    assert Message.select().where(Message.notice == "security_alert").count() == 2


def test_all_that_the_filter_finds(browse, lumen, crowd):
    browser = browse("anne")
    page = browser.get("/o/lumen/members/bulk?do=remove&all=yes&q=crowd.example&role=external")
    sent = next(each["value"] for each in page.all("input") if each.get("name") == "m").split()
    assert len(sent) == 20
    browser.post("/o/lumen/members/bulk", do="remove", m=" ".join(sent), expect=422)
    browser.post("/o/lumen/members/bulk", do="remove", m=" ".join(sent), sure="y")
    assert Membership.present().where(Membership.role == Role.EXTERNAL).count() == 1


def test_who_was_refused_is_named_with_the_reason(browse, cast, lumen):
    browser = browse("mara")
    ids = " ".join(id_of(cast, who) for who in ("anne", "luc"))
    browser.get("/o/lumen/members/bulk?do=role&m=" + ids.replace(" ", "&m="))
    browser.post("/o/lumen/members/bulk", do="role", m=ids, expect=422)
    page = browser.post("/o/lumen/members/bulk", do="role", m=ids, role="external", expect=422)
    assert "Anne-Sophie de Montmollin" in page.text("main")
    assert Membership.get(Membership.public_id == ids.split()[1]).role == Role.EXTERNAL
    assert Membership.get(Membership.public_id == ids.split()[0]).role == Role.LEGAL


def test_there_are_three_things_to_do_with_several(app, cast):
    for query in ("", "do=nonsense"):
        assert Visitor(app, cast.people["anne"]).get(f"/o/lumen/members/bulk?{query}").status_code == 404


def test_in_11_an_organisation_invites_so_often_and_no_more(app, cast, lumen):
    for _ in range(limits.INVITE_ORGANISATION.times):
        limits.spend(limits.INVITE_ORGANISATION, f"organisation {lumen.id}")
    answer = Visitor(app, cast.people["anne"]).post("/o/lumen/invitations", {"email": "x@y.example"})
    assert answer.status_code == 429 and answer.headers["Retry-After"]
