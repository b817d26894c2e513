"""The page on which an organisation demands two-factor authentication, and shortens sessions (B6)."""
from datetime import UTC, datetime, timedelta

import time_machine

from accounts import app_passwords
from clock import now
from demo import acting
from models import Identity, Membership, Message, Organisation, Session, User
from organisations import blocking, demands, members
from tenancy import working_for
from tests.days import in_days
from tests.doors import Visitor
from tests.organisations.test_demands import takes_programs
from tests.test_routes import routes
from web import SIGNED_IN


def state(lumen):
    return Organisation.get_by_id(lumen.id).two_factor


def test_the_page_says_who_lacks_it_and_leads_to_them(browse):
    page = browse("mara").get("/o/lumen/security?lang=en")
    assert "On for 1 of 6 people" in page.text() and "Not required" in page.text()
    assert "/o/lumen/members?two_factor=off" in page.links and "/o/lumen/security/two-factor" in page.links


def test_before_it_is_demanded_one_sees_who_would_be_stopped(browse, lumen):
    page = browse("mara").get("/o/lumen/security/two-factor?lang=en")
    assert "Collaborator3" in page.text("main").replace(" ", "") and "Luc Perrenoud" in page.text("main")
    assert "Mara Lehmann" not in page.text("main")
    assert "/o/lumen/members?two_factor=off&status=active" in page.links
    assert state(lumen) == Organisation.OFF


def test_what_would_be_is_said_of_providers_and_programs(browse, cast, lumen):
    Identity.create(user=cast.people["luc"].id, provider="company", subject="luc")
    User.update(password=None).where(User.id == cast.people["luc"].id).execute()
    Organisation.update(trusted_upstreams=["company"]).where(Organisation.id == lumen.id).execute()
    with acting(cast.people["mara"], "password", "totp"):
        app_passwords.create(User.get_by_id(cast.people["mara"].id), "Calendar")
    takes_programs(lumen)
    mara = browse("mara")
    text = " ".join(mara.get("/o/lumen/security/two-factor?lang=en").text("main").split())
    assert "Collaborator2" in text.replace(" ", "") and "1 person has no second factor here and signs in only" in text
    assert text.index("Luc Perrenoud") > text.index("Who comes in by a provider")
    assert "also those of people with a second factor: the programs of 1 person stop" in text
    assert "Luc Perrenoud" not in mara.get("/o/lumen/security/two-factor/doors?lang=en").text("main")


def test_where_app_passwords_open_nothing_is_said_beside_them(browse):
    assert "open no application of Verein Bergquell: two-factor" in browse("mara").get(
        "/account/app-passwords?lang=en").text("main")
    assert "open no application" not in browse("luc").get("/account/app-passwords?lang=en").text("main")


def test_announced_then_seen_on_every_page_by_who_lacks_it(browse, lumen):
    mara, day = browse("mara"), in_days(9, lumen)
    mara.get("/o/lumen/security/two-factor")
    page = mara.post("/o/lumen/security/two-factor/announcement", day=day.isoformat())
    assert page.path == "/o/lumen/security" and page.flash and state(lumen) == Organisation.ANNOUNCED
    luc = browse("luc").get("/o/lumen/?lang=en")
    assert "In 9 days, on" in luc.text("main") and "/account/security/two-factor?next=/o/lumen/" in luc.links
    assert "/account/security/two-factor?next=/o/lumen/" not in mara.get("/o/lumen/").links


def test_g10_r3_the_countdown_stands_on_every_page_of_who_lacks_it(browse, cast, lumen, app):
    """In the account, on a page that stands alone, in another organisation: and of which one it is, is said."""
    with acting(cast.people["mara"], "password", "totp"):
        demands.announce(in_days(9, lumen))
    User.update(time_zone="Pacific/Honolulu").where(User.id == cast.people["chiara"].id).execute()
    said = f"on {in_days(9, lumen).day} {in_days(9, lumen):%b %Y}, Atelier Lumen Sàrl will require two-factor"
    chiara = browse("chiara")
    for path in ("/account", "/account/organisations", "/account/security", "/o/onda/", "/o/lumen/", "/prove"):
        assert said in " ".join(chiara.get(f"{path}?lang=en").text("main").split()), path
    two_factor = chiara.get("/account/security/two-factor?lang=en")
    assert said in " ".join(two_factor.text("main").split()) and "Set it up now" not in two_factor.text("main")
    mara = browse("mara")
    for path in ("/account", "/o/bergquell/"):
        assert "will require" not in mara.get(f"{path}?lang=en").text("main")


def test_the_countdown_asks_the_database_once_at_most(app, cast, lumen, count):
    with acting(cast.people["mara"], "password", "totp"):
        demands.announce(in_days(9, lumen))
    User.update(language="en").execute()
    luc, asked = Visitor(app, cast.people["luc"]), {}
    for rule, method, view in routes(app):
        if method == "GET" and view.needs == SIGNED_IN and "<" not in rule.rule:
            luc.get(rule.rule)
            count.clear()
            if b"will require" in luc.get(rule.rule).data:
                asked[rule.rule] = len(count)
    assert {"/account", "/account/organisations", "/account/security"} <= set(asked) and len(asked) > 12
    assert not {path: number for path, number in asked.items() if number > 4}


def test_the_moment_has_come_and_pages_say_so_without_the_worker(app, cast, lumen):
    with acting(cast.people["mara"], "password", "totp"):
        demands.announce(in_days(9, lumen))
    User.update(language="en").execute()
    with time_machine.travel(now() + timedelta(days=12)):
        luc = Visitor(app, cast.people["luc"])
        assert luc.get("/o/lumen/").status_code == 403
        assert b"will require" not in luc.get("/account").data
        mara = Visitor(app, cast.people["mara"])
        page = mara.get("/o/lumen/security").get_data(as_text=True)
        assert "Nobody comes in without a second factor" in page
        assert mara.get("/o/lumen/security/two-factor").status_code == 303
        assert "Stop requiring" in mara.get("/o/lumen/security/two-factor/off").get_data(as_text=True)


def test_a_day_that_cannot_be_is_told_by_its_field(browse, lumen):
    mara = browse("mara")
    mara.get("/o/lumen/security/two-factor?lang=en")
    for day in ("2020-01-01", "soon", "", "2026-02-30"):
        page = mara.post("/o/lumen/security/two-factor/announcement?lang=en", day=day, expect=422)
        assert page.errors, day
    assert state(lumen) == Organisation.OFF


def test_switched_on_now_and_off_again(browse, lumen):
    mara = browse("mara")
    mara.get("/o/lumen/security/two-factor")
    mara.post("/o/lumen/security/two-factor/on")
    assert state(lumen) == Organisation.ON
    assert mara.get("/o/lumen/security/two-factor").path == "/o/lumen/security"
    mara.get("/o/lumen/security/two-factor/off")
    mara.post("/o/lumen/security/two-factor/off")
    assert state(lumen) == Organisation.OFF


def test_g10_r6_who_has_none_is_told_so(browse, lumen):
    anne = browse("anne")
    page = anne.get("/o/lumen/security/two-factor?lang=en")
    assert "for your own account first" in page.text("main")
    page = anne.post("/o/lumen/security/two-factor/on?lang=en", expect=422)
    assert "for your own account first" in page.errors and state(lumen) == Organisation.OFF


def test_g10_r6_a_session_of_one_step_does_not_do(app, cast, lumen):
    visitor = Visitor(app, cast.people["mara"])
    Session.update(proofs="password trusted").where(Session.user == cast.people["mara"].id).execute()
    assert visitor.post("/o/lumen/security/two-factor/on").status_code == 422
    assert state(lumen) == Organisation.OFF


def test_announced_by_two_at_once_the_later_sees_how_things_are(browse, cast, lumen):
    mara = browse("mara")
    mara.get("/o/lumen/security/two-factor")
    with acting(cast.people["mara"], "password", "totp"):
        demands.force()
    day = in_days(9, lumen)
    page = mara.post("/o/lumen/security/two-factor/announcement?lang=en", day=day.isoformat(), expect=409)
    assert "already" in page.text("main")


def test_sessions_are_shortened_for_everybody_here(browse, lumen):
    mara = browse("mara")
    mara.get("/o/lumen/security/sessions")
    mara.post("/o/lumen/security/sessions", hours="48", trusts_browsers="y", expect=422)
    mara.post("/o/lumen/security/sessions", hours="4")
    now_so = Organisation.get_by_id(lumen.id)
    assert (now_so.session_hours, now_so.trusts_browsers) == (4, False)
    assert "4 hours" in mara.get("/o/lumen/security?lang=en").text("main")


def test_the_activity_log_says_it_in_words(browse, lumen, cast):
    with acting(cast.people["mara"], "password", "totp"), time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        demands.announce(datetime(2026, 12, 1).date())
        demands.limit_sessions(4, trusts_browsers=True)
    text = browse("anne").get("/o/lumen/activity?lang=en").text("main")
    assert "Mara Lehmann announced two-factor authentication for everybody from 1 Dec 2026 on" in text
    assert "Mara Lehmann changed how long a sign-in lasts" in text


# --- the last factor ---------------------------------------------------------------------------


def factor_of(page):
    return next(link for link in page.links if link.startswith("/account/security/factors/") and
                link.endswith("/remove"))


def test_tf_23_the_last_factor_stays_while_an_organisation_demands_it(browse, cast):
    mara = browse("mara")
    remove = factor_of(mara.get("/account/security/two-factor"))
    page = mara.get(f"{remove}?lang=en")
    assert "Verein Bergquell" in page.text("main") and "form" not in [each["tag"] for each in page.elements
                                                                      if each.get("action") == remove]
    page = mara.post(f"{remove}?lang=en", expect=422)
    assert "Verein Bergquell" in page.text("main")
    assert User.get_by_id(cast.people["mara"].id).two_factor
    assert not [m for m in Message.select() if m.notice == "two_factor_off"]
    with working_for(cast.organisations["bergquell"]), acting(cast.people["mara"]):
        demands.lift()
    mara.get(remove)
    mara.post(remove)
    assert not User.get_by_id(cast.people["mara"].id).two_factor


def test_tf_23_where_one_is_not_let_in_nothing_is_demanded(browse, cast):
    with working_for(cast.organisations["bergquell"]):
        Membership.update(status=Membership.BLOCKED).where(Membership.user == cast.people["mara"].id).execute()
    mara = browse("mara")
    remove = factor_of(mara.get("/account/security/two-factor"))
    mara.get(remove)
    mara.post(remove)
    assert not User.get_by_id(cast.people["mara"].id).two_factor


# --- blocking ----------------------------------------------------------------------------------


def id_of(cast, who):
    return Membership.get(Membership.user == cast.people[who].id).public_id


def test_blocked_from_the_page_and_let_in_again(browse, cast, lumen):
    mara, at = browse("mara"), f"/o/lumen/members/{id_of(cast, 'luc')}"
    assert f"{at}/block" in mara.get("/o/lumen/members").links
    mara.get(f"{at}/block")
    mara.post(f"{at}/block", reason="", expect=422)
    page = mara.post(f"{at}/block?lang=en", reason="A laptop is lost.")
    assert page.path == at and "Luc Perrenoud" in page.flash
    page = mara.get(f"{at}?lang=en")
    assert "Blocked by Mara Lehmann on" in page.text("main") and "A laptop is lost." in page.text("main")
    assert f"{at}/unblock" in mara.get("/o/lumen/members?status=blocked").links
    assert "Mara Lehmann blocked Luc Perrenoud: A laptop is lost." in mara.get("/o/lumen/activity?lang=en").text()
    mara.get(f"{at}/unblock")
    mara.post(f"{at}/unblock")
    assert f"{at}/block" in mara.get("/o/lumen/members").links


def test_ss_12_every_session_is_out_at_its_next_request_and_none_is_ended(app, cast, lumen):
    windows = [Visitor(app, cast.people["luc"]) for _ in range(5)]
    for window in windows:
        assert window.get("/o/lumen/").status_code == 200
    mara = Visitor(app, cast.people["mara"])
    assert mara.post(f"/o/lumen/members/{id_of(cast, 'luc')}/block", {"reason": "Lost."}).status_code == 303
    for window in windows:
        assert window.get("/o/lumen/").status_code == 403
        assert window.post("/o/lumen/preferences").status_code == 403
        assert window.get("/account").status_code == 200


def test_g8_who_is_blocked_reads_so_and_whom_to_ask_and_not_why(browse, cast, lumen):
    User.update(language="en").where(User.id == cast.people["luc"].id).execute()
    with acting(cast.people["mara"]):
        blocking.block(id_of(cast, "luc"), "A laptop is lost.")
    luc = browse("luc")
    mine = luc.get("/account/organisations").text("main")
    assert "This organisation has blocked your access since" in mine and "Ask Anne-Sophie de Montmollin." in mine
    assert "You belong to no organisation yet" not in mine and "laptop" not in mine
    for path in ("/o/lumen/", "/o/lumen/members", "/o/lumen/members.csv", "/o/lumen/leave"):
        page = luc.get(path, expect=403)
        assert "Atelier Lumen Sàrl has blocked your access" in page.text("main")
        assert "mailto:anne@lumen.example" in page.links and "laptop" not in page.text()
        assert "Mara" not in page.text() and "/o/lumen/" not in page.links
    luc.get("/o/bergquell/", expect=404)                # where he is a stranger
    with acting(cast.people["mara"]):
        blocking.unblock(id_of(cast, "luc"))
    luc.get("/o/lumen/")
    assert "blocked" not in luc.get("/account/organisations").text("main")


def test_g8_of_a_blocked_person_my_organisations_asks_little(app, cast, lumen, count):
    with acting(cast.people["mara"]):
        blocking.block(id_of(cast, "luc"), "A laptop is lost.")
    luc = Visitor(app, cast.people["luc"])
    for path in ("/account/organisations", "/o/lumen/"):
        luc.get(path)
        count.clear()
        luc.get(path)
        assert len(count) <= 4, list(count)


def test_who_may_not_take_a_legal_representative_is_offered_no_block(browse, cast, lumen):
    at = f"/o/lumen/members/{id_of(cast, 'anne')}"
    mara = browse("mara")
    assert f"{at}/block" not in mara.get("/o/lumen/members").links + mara.get(at).links
    mara.get(f"{at}/block", expect=403)
    with acting(cast.people["anne"]):
        members.change_role(id_of(cast, "mara"), "legal")
    assert f"{at}/block" in mara.get("/o/lumen/members").links
