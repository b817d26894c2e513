"""A lost second factor: password, mailbox, a voucher and a day; any of them alone opens nothing (TF-25, SP-09)."""
import re

import pytest
import time_machine

import clock
import limits
from accounts import links, lost_factor, signin
from demo import PASSWORD, acting, bring_in, protect
from models import (
    Attempt,
    Credential,
    Event,
    InstallationEvent,
    Link,
    Membership,
    Message,
    Organisation,
    PersonalEvent,
    Recovery,
    Role,
    Session,
    User,
)
from organisations import members, protection, vouching
from rules import Conflict, Forbidden, Gone, NotHere, Refused, TooMany
from settings import setting
from tenancy import working_for
from tests.accounts.test_signin import attempt
from tests.doors import Visitor
from tests.together import at_once

pytestmark = pytest.mark.usefixtures("known_for_long")

EMAIL = "mara@bergquell.example"
DAY, HOUR = clock.DAY, clock.HOUR


def half_way():
    """Mara's password is given, anew."""
    return signin.half_way(attempt(EMAIL, PASSWORD).attempt)


def secret():
    return attempt(EMAIL, PASSWORD).attempt


def mara_in(cast):
    with working_for(cast.organisations["lumen"]):
        return Membership.get(Membership.user == cast.people["mara"].id).public_id


def vouch(cast, who="anne", *proofs):
    with acting(cast.people[who], *(proofs or ("password", "totp"))), working_for(cast.organisations["lumen"]):
        return vouching.vouch(mara_in(cast))


def refuse(cast, who="anne"):
    with acting(cast.people[who]), working_for(cast.organisations["lumen"]):
        return vouching.refuse(mara_in(cast))


def link(purpose):
    return Link.select().where(Link.purpose == purpose).order_by(Link.id.desc()).get()


def told(notice):
    return {message.recipient for message in Message.select().where(Message.notice == notice)}


@pytest.fixture
def voucher(cast):
    """Anne has a second factor: Bergquell demands two of Mara, and so of whoever vouches for her."""
    protect(User.get_by_id(cast.people["anne"].id))
    return cast


@pytest.fixture
def asked(cast, voucher):
    """The request is open, and Mara has a recovery address."""
    User.update(recovery_email="mara@elsewhere.example", recovery_email_typed="mara@elsewhere.example").where(
        User.email == EMAIL).execute()
    lost_factor.open_for(half_way())
    return cast


@pytest.fixture
def vouched(asked):
    vouch(asked)
    return asked


@pytest.fixture
def a_day_later(vouched):
    with time_machine.travel(clock.now() + DAY + HOUR):
        yield vouched


def test_the_whole_way_without_a_script(visitor, browse, cast, voucher, letters):
    browser = visitor(**{"Accept-Language": "en"})
    browser.get("/signin")
    browser.post("/signin", email=EMAIL, password=PASSWORD)
    assert "/signin/lost-factor" in browser.page.links
    browser.get("/signin/lost-factor")
    assert "vouch" in browser.post("/signin/lost-factor").flash
    anne = browse("anne")
    page = anne.get(f"/o/lumen/members/{mara_in(cast)}")
    assert f"/o/lumen/members/{mara_in(cast)}/vouch" in page.links
    anne.get(f"/o/lumen/members/{mara_in(cast)}/vouch")
    anne.post(f"/o/lumen/members/{mara_in(cast)}/vouch")
    with time_machine.travel(clock.now() + DAY + HOUR):
        browser.get("/signin")
        browser.post("/signin", email=EMAIL, password=PASSWORD)
        browser.get("/signin/lost-factor")
        browser.post("/signin/lost-factor")
        text = next(letter.text for message, letter in letters(EMAIL) if message.notice == "factor_link")
        (address,) = re.findall(r"http://localhost:8000(/signin/lost-factor/\S+?)\?", text)
        page = browser.get(address)
        page = browser.post(page.path)
        assert page.path == "/account/security/two-factor"
        browser.get(address, expect=410)
    person = User.get(User.email == EMAIL)
    assert not person.two_factor
    assert Recovery.get().state == Recovery.DONE


def test_tf_25_and_sp_09_a_password_alone_opens_nothing(asked):
    with time_machine.travel(clock.now() + 2 * DAY), pytest.raises(NotHere):
        lost_factor.send(half_way())
    assert User.get(User.email == EMAIL).two_factor


def test_tf_25_and_sp_09_a_voucher_does_not_shorten_the_wait(vouched):
    for later in (0 * HOUR, 23 * HOUR):
        with time_machine.travel(clock.now() + later), pytest.raises(NotHere):
            lost_factor.send(half_way())
    assert not Message.select().where(Message.notice == "factor_link").exists()


def test_tf_25_and_sp_09_the_mailbox_alone_opens_nothing(a_day_later, visitor):
    lost_factor.send(half_way())
    browser = visitor()                                 # nobody entered the password here
    page = browser.get(f"/signin/lost-factor/{link(links.FACTOR_LOST).token}")
    assert browser.post(page.path).path == "/signin"
    with pytest.raises(NotHere):
        protection.enter_without(link(links.FACTOR_LOST).token, "")
    other = attempt("operator@kanton.example", PASSWORD).attempt    # somebody else's first proof
    with pytest.raises(NotHere):
        protection.enter_without(link(links.FACTOR_LOST).token, other)
    assert User.get(User.email == EMAIL).two_factor


def test_tf_25_the_old_factors_and_everything_signed_in_end(browse, vouched, cast):
    before = browse("mara")
    with working_for(cast.organisations["lumen"]):
        unprotected = Organisation.get_by_id(cast.organisations["lumen"].id).unprotected
    with time_machine.travel(clock.now() + DAY + HOUR):
        lost_factor.send(half_way())
        assert protection.enter_without(link(links.FACTOR_LOST).token, secret()).session
    assert before.get("/account").path == "/signin"
    assert not Credential.select().where(Credential.user == cast.people["mara"].id).exists()
    assert Organisation.get_by_id(cast.organisations["lumen"].id).unprotected == unprotected + 1
    with working_for(cast.organisations["lumen"]):
        assert not Membership.get(Membership.public_id == mara_in(cast)).two_factor
        assert [event.kind for event in Event.select().order_by(Event.id.desc()).limit(3)][::-1] == [
            "member.factor_lost", "member.vouched", "member.factor_reset"]


def test_tf_25_every_address_hears_of_every_step(a_day_later):
    lost_factor.send(half_way())
    protection.enter_without(link(links.FACTOR_LOST).token, secret())
    for notice in ("factor_lost", "factor_vouched", "factor_link", "factor_reset"):
        assert told(notice) == {EMAIL, "mara@elsewhere.example"}, notice
    assert told("vouch_asked") == {"anne@lumen.example"}


def test_sp_09_a_link_works_once_and_for_an_hour(a_day_later):
    lost_factor.send(half_way())
    first = link(links.FACTOR_LOST)
    with time_machine.travel(clock.now() + 61 * clock.MINUTE), pytest.raises(Gone):
        protection.enter_without(first.token, secret())
    lost_factor.send(half_way())
    second = link(links.FACTOR_LOST)
    protection.enter_without(second.token, secret())
    with pytest.raises(Gone):
        lost_factor.opened(second.token)


def test_sp_09_of_many_at_one_instant_one_gets_in(a_day_later):
    lost_factor.send(half_way())
    token, secrets = link(links.FACTOR_LOST).token, [secret() for _ in range(6)]
    outcomes = at_once(6, lambda: protection.enter_without(token, secrets.pop()))
    assert sum(outcome in ("Gone", "NotHere") for outcome in outcomes) == 5


@pytest.mark.parametrize("who", ["open", "vouched"])
def test_sp_09_any_address_can_say_no_until_the_end(asked, visitor, letters, who):
    if who == "vouched":
        vouch(asked)
    text = [letter.text for message, letter in letters("mara@elsewhere.example")][-1]
    (address,) = re.findall(r"http://localhost:8000(/signin/lost-factor/keep/\S+?)\?", text)
    browser = visitor()
    page = browser.get(address)
    assert Recovery.get().state in (Recovery.OPEN, Recovery.APPROVED)       # looking cancels nothing
    assert browser.post(page.path).path == "/forgotten"
    assert Recovery.get().state == Recovery.CANCELLED
    assert told("factor_kept") == {EMAIL, "mara@elsewhere.example"}
    assert User.get(User.email == EMAIL).must_renew                         # whoever asked knows the password
    with pytest.raises(Refused, match="new password"):
        half_way()
    with pytest.raises(Conflict):
        vouch(asked)
    browser.get(address, expect=410)


def test_sp_09_a_no_reaches_a_link_that_was_sent(a_day_later):
    lost_factor.send(half_way())
    half = secret()
    lost_factor.keep(link(links.FACTOR_KEPT).token)
    with pytest.raises(Gone):
        protection.enter_without(link(links.FACTOR_LOST).token, half)


def test_sp_09_it_lapses_after_72_hours_and_the_evidence_is_forgotten(asked):
    with time_machine.travel(clock.now() + 3 * DAY + HOUR):
        with pytest.raises(Conflict):
            vouch(asked)
        lost_factor.lapse_due()
    found = Recovery.get()
    assert (found.state, found.agent, found.network) == (Recovery.LAPSED, "", "")


@pytest.mark.parametrize("already", ["open", "vouched"])
def test_sp_09_a_legal_representative_refuses_and_it_ends_for_everybody(asked, browse, already):
    if already == "vouched":
        vouch(asked)
    anne, address = browse("anne", **{"Accept-Language": "en"}), f"/o/lumen/members/{mara_in(asked)}"
    page = anne.get(address)
    assert f"{address}/vouch/refusal" in page.links
    assert (f"{address}/vouch" in page.links) is (already == "open")
    anne.get(f"{address}/vouch/refusal")
    assert Recovery.get().state in (Recovery.OPEN, Recovery.APPROVED)
    page = anne.post(f"{address}/vouch/refusal")
    assert page.path == address and page.flash and f"{address}/vouch/refusal" not in page.links
    assert Recovery.get().state == Recovery.CANCELLED
    assert told("factor_refused") == {EMAIL, "mara@elsewhere.example"}
    assert told("member_factor_refused") == {"anne@lumen.example"}
    with working_for(asked.organisations["lumen"]):
        assert Event.get(Event.kind == "member.factor_refused").actor == asked.people["anne"]
    assert PersonalEvent.select().where(PersonalEvent.kind == "recovery.refused").count() == 1
    with pytest.raises(Conflict):
        vouch(asked)
    with pytest.raises(Gone):
        lost_factor.kept(link(links.FACTOR_KEPT).token)
    assert not User.get(User.email == EMAIL).must_renew     # nobody proved that it was somebody else
    anne.post(f"{address}/vouch/refusal", expect=409)
    anne.get(f"{address}/vouch/refusal", expect=404)


def test_sp_09_a_refusal_reaches_a_link_that_was_sent(a_day_later):
    lost_factor.send(half_way())
    half = secret()
    refuse(a_day_later)
    with pytest.raises(Gone):
        protection.enter_without(link(links.FACTOR_LOST).token, half)
    lost_factor.open_for(half_way())                        # whoever it is may ask again, and everybody is told again
    assert Recovery.select().where(Recovery.state == Recovery.OPEN).count() == 1


def test_only_a_legal_representative_refuses_and_nobody_for_themselves(asked):
    for who in ("chiara", "esteban", "grace", "mara"):
        with pytest.raises(Forbidden):
            refuse(asked, who)
    with acting(asked.people["mara"]), working_for(asked.organisations["bergquell"]), pytest.raises(Conflict):
        vouching.refuse(Membership.get(Membership.user == asked.people["mara"].id).public_id)
    assert Recovery.get().state == Recovery.OPEN


def test_only_a_legal_representative_vouches_and_nobody_for_themselves(asked, cast):
    with acting(cast.people["mara"]), working_for(cast.organisations["bergquell"]), pytest.raises(Refused):
        vouching.vouch(Membership.get(Membership.user == cast.people["mara"].id).public_id)
    for who in ("chiara", "esteban", "grace", "mara"):
        with pytest.raises(Forbidden):
            vouch(cast, who)
    vouch(cast)
    with pytest.raises(Conflict):
        vouch(cast)


def test_who_vouches_for_themselves_reads_why_not(asked, browse):
    with working_for(asked.organisations["bergquell"]):
        mine = Membership.get(Membership.user == asked.people["mara"].id).public_id
    mara = browse("mara")
    mara.get(f"/o/bergquell/members/{mine}/vouch", expect=404)
    mara.get("/account")
    assert "für sich selbst" in mara.post(f"/o/bergquell/members/{mine}/vouch", expect=422).errors
@pytest.mark.parametrize("proofs", [("password",), ("password", "trusted")])
def test_tf_25_who_vouches_for_somebody_asked_for_two_steps_has_done_two(asked, proofs):
    with pytest.raises(Refused, match="without your second factor"):
        vouch(asked, "anne", *proofs)
    User.update(two_factor=False).where(User.id == asked.people["anne"].id).execute()
    with pytest.raises(Refused, match="your own account first"):
        vouch(asked, "anne", "password")
    Organisation.update(two_factor=Organisation.OFF).execute()
    vouch(asked, "anne", "password")            # nobody demands two of her: nor does anybody of Anne


def test_tf_25_the_page_says_which_step_a_voucher_lacks(app, asked):
    anne = Visitor(app, asked.people["anne"])
    Session.update(proofs="password").execute()
    address = f"/o/lumen/members/{mara_in(asked)}/vouch"
    answer = anne.post(f"{address}?lang=en")
    assert answer.status_code == 422 and "without your second factor" in answer.text
    Session.update(proofs="password totp").execute()
    assert anne.post(address).status_code == 303
    assert Recovery.get().state == Recovery.APPROVED


def test_whoever_is_blocked_there_is_not_vouched_for_there(asked, browse):
    with working_for(asked.organisations["lumen"]):
        Membership.update(status=Membership.BLOCKED).where(Membership.user == asked.people["mara"].id).execute()
    with pytest.raises(NotHere):
        vouch(asked)
    browse("anne").get(f"/o/lumen/members/{mara_in(asked)}/vouch", expect=404)


def change(cast, who, slug="lumen", **what):
    with working_for(cast.organisations[slug]):
        Membership.update(**what).where(Membership.user == cast.people[who].id).execute()


def test_tf_25_where_one_is_merely_external_nobody_is_asked_or_vouches_or_refuses(cast, voucher, browse):
    change(cast, "mara", role=Role.EXTERNAL)
    assert not lost_factor.vouchers(cast.people["mara"].id)
    with pytest.raises(Conflict):
        lost_factor.open_for(half_way())
    change(cast, "mara", role=Role.COLLABORATOR)
    lost_factor.open_for(half_way())
    change(cast, "mara", role=Role.EXTERNAL)
    for verb in (vouch, refuse):
        with pytest.raises(NotHere):
            verb(cast)
    assert "vouch" not in " ".join(browse("anne").get(f"/o/lumen/members/{mara_in(cast)}").links)


def test_tf_25_organisations_of_externals_hear_nothing_of_it(cast, voucher):
    change(cast, "mara", role=Role.EXTERNAL)
    bring_in(cast.organisations["bergquell"], cast.people["mara"], cast.people["luc"], Role.COLLABORATOR)
    change(cast, "luc", "bergquell", role=Role.LEGAL)
    lost_factor.open_for(half_way())
    assert told("vouch_asked") == {"luc@lumen.example"}


@pytest.mark.parametrize(("who", "what"), [
    ("anne", {"role": Role.ADMIN}), ("anne", {"status": Membership.BLOCKED}), ("mara", {"role": Role.EXTERNAL}),
    ("mara", {"status": Membership.BLOCKED}), ("mara", {"status": Membership.LEFT, "ended": clock.now()})])
def test_tf_25_a_link_asks_whether_the_vouching_still_stands(a_day_later, who, what):
    lost_factor.send(half_way())
    token, half = link(links.FACTOR_LOST).token, secret()
    change(a_day_later, who, **what)
    with pytest.raises(Gone):
        lost_factor.opened(token)
    with pytest.raises(Gone):
        protection.enter_without(token, half)
    with pytest.raises(NotHere):
        lost_factor.send(half_way())
    assert User.get(User.email == EMAIL).two_factor


def test_tf_25_when_a_vouching_no_longer_stands_another_one_may_vouch(a_day_later, browse):
    lost_factor.send(half_way())
    token = link(links.FACTOR_LOST).token
    protect(User.get_by_id(a_day_later.people["luc"].id))
    change(a_day_later, "luc", role=Role.LEGAL)
    User.update(suspended=clock.now()).where(User.id == a_day_later.people["anne"].id).execute()
    assert f"/o/lumen/members/{mara_in(a_day_later)}/vouch" in browse("luc").get(
        f"/o/lumen/members/{mara_in(a_day_later)}").links
    vouch(a_day_later, "luc")
    assert Recovery.get().vouched_by == a_day_later.people["luc"]
    with pytest.raises(Gone):
        lost_factor.opened(token)               # a day's wait again
    with time_machine.travel(clock.now() + DAY + HOUR):
        lost_factor.send(half_way())
        assert protection.enter_without(link(links.FACTOR_LOST).token, secret()).session


def test_a_page_to_vouch_is_there_only_while_somebody_asks(browse, cast):
    anne = browse("anne")
    address = f"/o/lumen/members/{mara_in(cast)}/vouch"
    anne.get(address, expect=404)
    anne.get("/account")
    anne.post(address, expect=409)


def test_who_nobody_could_vouch_for_is_told_so(visitor, cast):
    browser = visitor(**{"Accept-Language": "en"})
    browser.get("/signin")
    browser.post("/signin", email="operator@kanton.example", password=PASSWORD)
    with setting.changed(support="help@kanton.example"):
        page = browser.get("/signin/lost-factor")
    assert "nobody who could vouch" in page.text() and "somebody else did" in page.text()
    assert [link["text"] for link in page.all("a") if link["href"] == "mailto:help@kanton.example"]
    browser.post("/signin/lost-factor")
    assert not Recovery.select().exists()


def test_ri_3_whoever_is_suspended_could_not_vouch(cast):
    assert lost_factor.vouchers(cast.people["luc"].id)
    User.update(suspended=clock.now()).where(User.id == cast.people["anne"].id).execute()
    assert not lost_factor.vouchers(cast.people["luc"].id)


def test_one_request_at_a_time_and_few_a_day(cast):
    lost_factor.open_for(half_way())
    with pytest.raises(Conflict):
        lost_factor.open_for(half_way())
    assert Recovery.select().count() == 1
    for _time in range(limits.LOST_FACTOR.times - 2):
        limits.spend(limits.LOST_FACTOR, cast.people["mara"].id)
    with pytest.raises(TooMany):
        lost_factor.open_for(half_way())


def test_nobody_comes_by_without_a_first_proof(visitor):
    browser = visitor()
    assert browser.get("/signin/lost-factor").path == "/signin"
    assert browser.post("/signin/lost-factor").path == "/signin"
    assert not Attempt.select().exists()


def test_a_short_password_is_to_be_renewed_as_it_now_stands_alone(a_day_later):
    User.update(password_long=False).where(User.email == EMAIL).execute()
    lost_factor.send(half_way())
    protection.enter_without(link(links.FACTOR_LOST).token, secret())
    assert User.get(User.email == EMAIL).must_renew


def test_the_operator_breaks_the_glass_and_it_is_written_down(app, cast):
    run = app.test_cli_runner().invoke
    assert run(args=["operator", "reset-factor", "luc@lumen.example", "--yes"]).exit_code == 1
    assert run(args=["operator", "reset-factor", EMAIL], input="n\n").exit_code == 1
    assert User.get(User.email == EMAIL).two_factor
    answer = run(args=["operator", "reset-factor", EMAIL, "--yes"])
    assert answer.exit_code == 0, answer.output
    assert not User.get(User.email == EMAIL).two_factor
    assert InstallationEvent.select().where(InstallationEvent.kind == "factor.reset").count() == 1
    assert told("factor_reset") == {EMAIL}


def test_tf_25_an_organisation_one_has_just_joined_cannot_vouch(cast):
    """Whoever wants an account could make one, and ask its owner in."""
    with working_for(cast.organisations["lumen"]):
        mine = Membership.update(joined=clock.now() - 6 * DAY).where(Membership.user == cast.people["mara"].id)
        mine.execute()
    with working_for(cast.organisations["bergquell"]):
        Membership.update(joined=clock.now()).where(Membership.user == cast.people["mara"].id).execute()
    with pytest.raises(Conflict):
        lost_factor.open_for(half_way())
    assert not Message.select().where(Message.notice == "vouch_asked").exists()
    with time_machine.travel(clock.now() + 2 * DAY):
        lost_factor.open_for(half_way())
        assert {message.recipient for message in Message.select().where(Message.notice == "vouch_asked")}


def test_tf_25_an_external_is_known_from_when_they_became_more_than_that(cast):
    """Whoever wants an account could ask its owner in as an external, and wait."""
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"], "password", "totp"):
        members.change_role(mara_in(cast), Role.EXTERNAL)
        members.change_role(mara_in(cast), Role.COLLABORATOR)
        assert not Membership.get(Membership.public_id == mara_in(cast)).belongs
    with working_for(cast.organisations["bergquell"]):
        Membership.update(joined=clock.now()).where(Membership.user == cast.people["mara"].id).execute()
    with pytest.raises(Conflict):
        lost_factor.open_for(half_way())
    with time_machine.travel(clock.now() + 8 * DAY):
        lost_factor.open_for(half_way())
