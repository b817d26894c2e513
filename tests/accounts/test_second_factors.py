"""Codes from an app and backup codes: once, by their owner, and never instead of the password (group TF)."""
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
import time_machine
import zxingcpp
from PIL import Image

import clock
import crypto
import current
import limits
from accounts import second_factors, signin
from accounts.factors import backup_codes, totp
from demo import PASSWORD, SECRET, acting
from models import Attempt, Credential, Device, Message, Organisation, PersonalEvent, Session, User
from organisations import protection
from rules import NotHere, Refused, TooMany
from settings import setting
from tests.accounts.test_passkeys import registered
from tests.accounts.test_signin import attempt
from tests.together import at_once

APP = pyotp.TOTP(SECRET)


def half_way(email="mara@bergquell.example"):
    with current.acting_as(current.Actor(kind="visitor", address="192.0.2.1")):
        return signin.with_password(email, PASSWORD).attempt


def answer(attempt, code, kind="totp"):
    with current.acting_as(current.Actor(kind="visitor", address="192.0.2.1")):
        return signin.with_second_step(attempt, kind, code).session


def present(ahead=0):
    return APP.at(clock.epoch() + ahead)


def test_tf_01_a_code_works_once(cast):
    code = present()
    assert answer(half_way(), code)
    with pytest.raises(Refused):
        answer(half_way(), code)


def test_tf_03_many_halves_and_one_code_make_one_session(cast):
    halves, code = [half_way() for _ in range(12)], present()
    before = Session.select().count()
    with setting.changed(rate_limits="off"):
        at_once(12, lambda: answer(halves.pop(), code))
    assert Session.select().count() == before + 1


def test_tf_04_five_wrong_codes_end_the_attempt_and_pause_the_account(cast):
    attempt = half_way()
    for _time in range(signin.TRIES):
        with pytest.raises(Refused):
            answer(attempt, "000000")
    with pytest.raises(NotHere):
        answer(attempt, present())
    with pytest.raises(TooMany):
        answer(half_way(), present())           # a new attempt does not begin a new count
    with time_machine.travel(clock.now() + 16 * clock.MINUTE):
        assert answer(half_way(), present())


@pytest.mark.parametrize("code", ["", "null", "000000", "１２３４５６", "٠١٢٣٤٥", "12345", "1234567", "12 34 5x", "[]"])
def test_tf_06_only_six_plain_digits_are_looked_at(cast, code):
    with pytest.raises(Refused):
        answer(half_way(), code)


def test_tf_06_blanks_do_not_matter(cast):
    code = present()
    assert answer(half_way(), f" {code[:3]} {code[3:]} ")


def test_tf_06_what_is_pasted_with_blanks_is_not_cut_off_by_the_field(visitor, cast):
    browser = visitor()
    browser.get("/signin")
    browser.post("/signin", email="mara@bergquell.example", password=PASSWORD)
    (field,) = [each for each in browser.page.all("input") if each.get("name") == "code"]
    assert "maxlength" not in field and field["inputmode"] == "numeric"
    pasted = f"  {'  '.join(present())}  "
    assert browser.post("/signin/second-step", factor="totp", code=pasted).path != "/signin/second-step"


def test_tf_08_no_other_way_in_skips_the_second_step(visitor, cast):
    """Reset and invitation lead to the sign-in page, and that asks for the code."""
    browser = visitor()
    browser.get("/signin")
    browser.post("/signin", email="mara@bergquell.example", password=PASSWORD)
    assert browser.page.path == "/signin/second-step"
    assert browser.client.get("/o/bergquell/", base_url=setting.base_url).status_code == 303


def test_tf_09_a_right_code_does_not_mend_a_wrong_password(cast):
    code = present()
    with current.acting_as(current.Actor(kind="visitor", address="192.0.2.1")), pytest.raises(Refused):
        signin.with_password("mara@bergquell.example", "wrong wrong wrong")
    assert answer(half_way(), code)             # and it was not used up


def codes_of(person):
    with acting(person):
        return second_factors.renew_codes(person)


def test_tf_10_a_backup_code_works_once_however_it_is_written(cast):
    codes = codes_of(User.get_by_id(cast.people["mara"].id))
    assert answer(half_way(), codes[0].upper().replace("-", " "), "backup_codes")
    with pytest.raises(Refused):
        answer(half_way(), codes[0], "backup_codes")
    assert backup_codes.left(cast.people["mara"].id) == 9


def test_tf_12_what_is_stored_is_not_what_is_asked_for(cast):
    codes_of(User.get_by_id(cast.people["mara"].id))
    stored = Credential.select().where(Credential.kind == "backup_codes").first().handle
    with pytest.raises(Refused):
        answer(half_way(), stored, "backup_codes")


def test_tf_13_new_codes_kill_the_old_ones(browse, cast):
    mara = browse("mara")
    old = codes_of(User.get_by_id(cast.people["mara"].id))
    mara.get("/account/security/two-factor")
    page = mara.post("/account/security/codes")
    assert page.html.count("<code>") == 10
    assert not any(code in page.html for code in old)
    with pytest.raises(Refused):
        answer(half_way(), old[3], "backup_codes")
    Session.update(proved=clock.now() - clock.HOUR).execute()
    mara.get("/account/security/two-factor")
    answered = mara.client.post("/account/security/codes", data={"csrf_token": mara.page.token},
                                base_url=setting.base_url)
    assert answered.headers["Location"].startswith("/prove")


def test_tf_18_the_secret_is_on_the_page_that_sets_it_up_and_nowhere_else(browse, cast):
    mara = browse("mara")
    for path in ("/account/security", "/account/security/two-factor", "/account/activity", "/account"):
        assert SECRET not in mara.get(path).html.replace(" ", "")
    assert Credential.get(Credential.kind == "totp").secret != SECRET.encode()


def test_tf_26_an_old_code_is_refused_whatever_the_client_says_of_the_time(cast):
    for ahead in (-90, -61, 90):
        with pytest.raises(Refused):
            answer(half_way(), present(ahead))


@pytest.mark.parametrize("name", ["A:B&secret=AAAA&issuer=Evil", "Ü 🏔", "a/b?c#d"])
def test_tf_27_a_name_adds_nothing_to_the_address_of_the_app(cast, name):
    person = User.get_by_id(cast.people["luc"].id)
    person.email_typed = name
    with setting.changed(instance=name):
        parts = urlsplit(totp.address(person, "SECRETSECRET"))
    query = parse_qs(parts.query)
    assert query["secret"] == ["SECRETSECRET"]
    assert query["issuer"] == [name]
    assert unquote(parts.path).count(name) == 2


def test_setting_up_counts_the_person_as_protected_everywhere(cast):
    lumen = cast.organisations["lumen"]
    before = Organisation.get_by_id(lumen.id).unprotected
    person = User.get_by_id(cast.people["luc"].id)
    with acting(person):
        credential = second_factors.begin(person, "totp")
        code = pyotp.TOTP(totp.secret_of(credential)).now()
        with pytest.raises(Refused):
            protection.confirm(person, "totp", "000000")
        codes = protection.confirm(person, "totp", code)
    assert len(set(codes)) == 10
    assert Organisation.get_by_id(lumen.id).unprotected == before - 1
    assert signin.factors_of(User.get_by_id(person.id)).keys() == {"totp", "backup_codes"}
    with acting(person):
        assert protection.remove(person, Credential.get(Credential.user == person.id,
                                                        Credential.kind == "totp").public_id)
    assert Organisation.get_by_id(lumen.id).unprotected == before
    assert not signin.factors_of(User.get_by_id(person.id))


def test_a_setting_up_that_was_left_is_forgotten_after_an_hour(cast):
    person = User.get_by_id(cast.people["luc"].id)
    with acting(person):
        second_factors.begin(person, "totp")
        with time_machine.travel(clock.now() + 61 * clock.MINUTE):
            with pytest.raises(Refused, match="hour"):
                second_factors.confirm(person, "totp", "123456")
            second_factors.forget_old()
    assert not Credential.select().where(Credential.user == person.id).exists()


def test_a_short_password_keeps_the_last_factor(cast):
    person = User.get_by_id(cast.people["mara"].id)
    User.update(password_long=False).where(User.id == person.id).execute()
    person.password_long = False
    factor = Credential.get(Credential.user == person.id, Credential.kind == "totp")
    with acting(person), pytest.raises(Refused, match="too short"):
        protection.remove(person, factor.public_id)


def test_tf_18_what_is_begun_in_one_session_is_not_shown_in_another(browse, cast):
    """Whoever has seen the secret would know the codes of a factor that its owner confirms."""
    stranger, owner = browse("luc"), browse("luc")
    luc, secrets = cast.people["luc"], []
    for browser in (stranger, owner, owner):
        browser.get("/account/security/two-factor/app")
        secrets.append(totp.secret_of(second_factors.pending(luc, "totp")))
    assert secrets[0] != secrets[1] == secrets[2]
    owner.post("/account/security/two-factor/app", code=pyotp.TOTP(secrets[1]).now())
    assert User.get_by_id(luc.id).two_factor and stranger.get("/account").path == "/signin"


# --- replaced by another of its kind -------------------------------------------------------------


def mine(cast):
    return Credential.select().where(Credential.user == cast.people["mara"].id, Credential.kind == "totp").order_by(
        Credential.id)


def replacing(browse, cast):
    """On the page where another app takes the place of Mara's, found by its links; and what it shows."""
    mara, old = browse("mara"), mine(cast).get()
    address = f"/account/security/two-factor/app?replaces={old.public_id}"
    assert address in mara.get("/account/security/two-factor").links
    page = mara.get(address + "&lang=en")
    secret = totp.secret_of(second_factors.pending(cast.people["mara"], "totp"))
    return mara, page, old, address, pyotp.TOTP(secret)


def test_no_27_a_new_app_takes_the_place_of_the_only_one_that_an_organisation_demands(browse, cast):
    """Without JavaScript; the old one ends with the answer that confirms the new one, and both are told."""
    Organisation.update(two_factor=Organisation.ON).execute()
    mara, page, old, address, app = replacing(browse, cast)
    codes = Credential.select().where(Credential.kind == "backup_codes").count()
    assert "the old one stays as it is" in page.text()
    Message.delete().execute()
    page = mara.post(address, code=app.now())
    assert page.path == "/account/security/two-factor"
    assert [each.public_id == old.public_id for each in mine(cast)] == [False]
    assert answer(half_way(), app.at(clock.epoch() + 30))
    with pytest.raises(Refused):
        answer(half_way(), present(30))
    assert {each.notice for each in Message.select()} >= {"factor_added", "factor_removed"}
    kinds = [each.kind for each in PersonalEvent.select().order_by(PersonalEvent.id)]
    assert kinds.count("factor.added") == kinds.count("factor.removed") == 1 and "two_factor.off" not in kinds
    assert Credential.select().where(Credential.kind == "backup_codes").count() == codes
    assert User.get_by_id(cast.people["mara"].id).two_factor


def test_one_that_is_not_confirmed_leaves_the_old_one(browse, cast):
    mara, _page, old, address, _app = replacing(browse, cast)
    mara.post(address, expect=422, code="000000")
    assert mara.get("/account").path == "/account"
    assert mine(cast).where(Credential.state == Credential.ACTIVE).get() == old
    assert answer(half_way(), present(30))


def test_what_is_replaced_is_ones_own_and_of_the_same_kind(browse, cast):
    mara, _page, old, address, app = replacing(browse, cast)
    with acting(cast.people["luc"]):
        second_factors.begin(cast.people["luc"], "totp")
        theirs = totp.secret_of(second_factors.pending(cast.people["luc"], "totp"))
        with pytest.raises(NotHere):
            protection.confirm(cast.people["luc"], "totp", pyotp.TOTP(theirs).now(), replaces=old.public_id)
    for wrong in (f"/account/security/two-factor/webauthn?replaces={old.public_id}",
                  "/account/security/two-factor/app?replaces=any"):
        mara.get(wrong, expect=404)
    mara.get(address)
    mara.post("/account/security/two-factor/app?replaces=any", expect=404, code=app.now())
    assert mine(cast).where(Credential.state == Credential.ACTIVE).get() == old


def test_one_more_than_allowed_may_be_begun_in_the_place_of_another(cast, monkeypatch):
    monkeypatch.setattr(totp.plugin, "most", 1, raising=False)
    mara, old = cast.people["mara"], mine(cast).get()
    with acting(mara):
        with pytest.raises(Refused, match="Remove one first"):
            second_factors.begin(mara, "totp")
        assert second_factors.begin(mara, "totp", replaces=old.public_id)


def test_tf_23_who_may_not_remove_the_last_one_is_offered_to_replace_it(browse, cast):
    Organisation.update(two_factor=Organisation.ON).execute()
    mara, old = browse("mara"), mine(cast).get()
    page = mara.get(f"/account/security/factors/{old.public_id}/remove")
    assert f"/account/security/two-factor/app?replaces={old.public_id}" in page.links
    Organisation.update(two_factor=Organisation.OFF).execute()
    User.update(password_long=False).execute()
    page = mara.get(f"/account/security/factors/{old.public_id}/remove")
    assert f"/account/security/two-factor/app?replaces={old.public_id}" in page.links


def test_the_picture_is_what_the_app_reads(cast):
    text = totp.address(User.get_by_id(cast.people["luc"].id), "JBSWY3DPEHPK3PXP")
    squares = [tuple(map(int, each.split()[:2])) for each in
               totp.picture(text).split('d="M')[1].split('"')[0].replace("h1v1h-1z", "").split("M")]
    side = max(x for x, _y in squares) + 9
    image = Image.new("L", (side, side), 255)
    for x, y in squares:
        image.putpixel((x + 4, y + 4), 0)
    (found,) = zxingcpp.read_barcodes(image.resize((side * 4, side * 4), Image.Resampling.NEAREST))
    assert found.text == text


def test_a_used_backup_code_is_told(cast, letters):
    codes = codes_of(User.get_by_id(cast.people["mara"].id))
    answer(half_way(), codes[0], "backup_codes")
    assert letters("mara@bergquell.example")[-1][0].notice == "backup_code_used"
    assert PersonalEvent.select().where(PersonalEvent.kind == "backup_code.used").count() == 1
    assert not Attempt.select().exists()
    assert limits.left(limits.SECOND_STEP, cast.people["mara"].id) == limits.SECOND_STEP.times
    assert crypto.digest(codes[0]) not in {row.handle for row in Credential.select()}


def in_known_browser(cast):
    """Half-way in, in one more browser that Mara's account knows."""
    token, mara = crypto.token(), cast.people["mara"]
    Device.create(token_hash=crypto.digest(token), user=mara.id, epoch=User.get_by_id(mara.id).epoch)
    return attempt("mara@bergquell.example", PASSWORD, device=token).attempt


def guess(secret):
    with pytest.raises(Refused):
        signin.with_second_step(secret, "totp", "000000")


def test_tf_04_and_lg_18_all_browsers_together_have_a_hundred_guesses_a_day(cast):
    for _ in range(limits.SECOND_STEP_PERSON.times // limits.SECOND_STEP.times):
        secret = in_known_browser(cast)
        for _ in range(limits.SECOND_STEP.times):
            guess(secret)
    assert Message.select().where(Message.notice == "failed_sign_ins", Message.due <= clock.now()).exists()
    fresh = in_known_browser(cast)
    assert signin.tries_left(signin.half_way(fresh)) == 0 and signin.pause(signin.half_way(fresh)) > 3600
    with pytest.raises(TooMany):
        answer(fresh, present())
    with time_machine.travel(clock.now() + clock.DAY + clock.MINUTE):
        assert answer(in_known_browser(cast), present())


def test_tf_04_a_right_code_in_one_browser_forgives_no_guesses_in_others(cast):
    mara = cast.people["mara"].id
    guess(in_known_browser(cast))
    before = limits.left(limits.SECOND_STEP_PERSON, mara)
    assert answer(in_known_browser(cast), present())
    assert limits.left(limits.SECOND_STEP_PERSON, mara) == before == limits.SECOND_STEP_PERSON.times - 1


def test_lg_18_a_key_goes_on_while_codes_pause(cast, visitor):
    key, secret = registered(cast.people["mara"]), attempt("mara@bergquell.example", PASSWORD).attempt
    for _ in range(limits.SECOND_STEP.times):
        guess(secret)
    secret = attempt("mara@bergquell.example", PASSWORD).attempt
    with pytest.raises(TooMany):
        answer(secret, present())
    browser = visitor()
    browser.get("/signin")
    page = browser.post("/signin", email="mara@bergquell.example", password=PASSWORD)
    assert [each["value"] for each in page.all("input") if each.get("name") == "factor"] == ["webauthn"]
    assert "pause" in browser.get("/signin/second-step?lang=en&with=totp").text()
    said = key.get(signin.ask(signin.half_way(secret), "webauthn"))
    assert signin.with_second_step(secret, "webauthn", said).session
