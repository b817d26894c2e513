"""Passkeys and security keys: whose, by whom, to what was asked, once (group WA)."""
import json

import cbor2
import pytest
import time_machine

import clock
import current
import db
import plugins
from accounts import links, passkeys, profile, recovery, second_factors, signin
from accounts.backends.passkey import plugin as alone
from accounts.factors.webauthn import plugin as second
from demo import PASSWORD, acting
from models import Credential, Identity, InstallationEvent, Link, PersonalEvent, Session, User
from organisations import protection
from rules import Gone, NotHere, Refused
from settings import setting
from tests.authenticators import BE, BS, UP, UV, Authenticator, b64

ENROL, SIGN_IN = "/account/security/two-factor/webauthn", "/signin/with/passkey"
JSON = {"Accept": "application/json"}


@pytest.fixture
def luc(cast):
    """Somebody with a password alone."""
    return User.get_by_id(cast.people["luc"].id)


@pytest.fixture
def key(luc):
    """Luc's passkey."""
    return registered(luc)


def registered(person, key=None, label=""):
    key = key or Authenticator()
    facts, options = passkeys.ask_new(person)
    register(person, key.create(options), facts, label)
    return key


def register(person, answer, facts, label=""):
    with acting(person):
        second_factors.begin(person, "webauthn")
        return protection.confirm(person, "webauthn", answer, asked=facts, label=label)


def opens(key, **wrong):
    """Whom it signs in by itself."""
    step = alone.begin()
    proof = alone.finish(step.facts, {"code": key.get(step.shown, **wrong)})
    return proof and proof.user


def replace(person, old, key):
    facts, options = passkeys.ask_new(person)
    with acting(person):
        second_factors.begin(person, "webauthn", replaces=old.public_id)
        return protection.confirm(person, "webauthn", key.create(options), asked=facts, replaces=old.public_id)


def test_no_27_a_new_passkey_takes_the_place_of_the_only_way_in(luc, key):
    User.update(password=None).where(User.id == luc.id).execute()
    old, new = passkeys.of(luc)[0], Authenticator()
    with pytest.raises(Refused, match="did not check who you are"):
        replace(luc, old, Authenticator(flags=UP))
    assert opens(key) == luc
    replace(luc, old, new)
    assert opens(new) == luc and opens(key) is None


def seconds(person, key, **wrong):
    """Is it a second proof?"""
    facts, options = second.ask(person)
    return signin.prove(person, "webauthn", key.get(options, **wrong), facts)


def stored(key):
    return Credential.get(Credential.handle == b64(key.identity))


def asked(browser, path):
    """What the page's script would be given."""
    return browser.client.get(path, headers=JSON, base_url=setting.base_url).json


def test_a_passkey_opens_its_owners_account_by_itself(luc, key):
    assert opens(key) == luc
    assert stored(key).last_used
    assert User.get_by_id(luc.id).two_factor
    assert len(second_factors.active(luc.id)) == 1


def test_a_key_is_a_second_proof_without_verifying_anybody(luc):
    key = registered(luc, Authenticator(flags=UP))
    assert seconds(luc, key)
    assert seconds(luc, key, user=None)         # a key of the first generation names nobody


def test_what_is_asked_is_what_the_standard_and_we_want(luc, key):
    facts, options = passkeys.ask_new(luc)
    assert len(options["challenge"]) == 43 == len(facts["challenge"])
    assert options["rp"]["id"] == "localhost"
    assert luc.email_typed not in options["user"]["id"]
    assert options["attestation"] == "none"
    assert [each["id"] for each in options["excludeCredentials"]] == [b64(key.identity)]
    assert {each["alg"] for each in options["pubKeyCredParams"]} == {-7, -8, -257}
    assert passkeys.ask([], alone=True)[1]["userVerification"] == "required"
    assert passkeys.ask([], alone=False)[1]["userVerification"] == "preferred"


@pytest.mark.parametrize(("address", "home"), [
    ("https://kanton.example", ("kanton.example", "https://kanton.example")),
    ("https://Kanton.example:443", ("kanton.example", "https://kanton.example")),
    ("https://kanton.example:8443", ("kanton.example", "https://kanton.example:8443")),
    ("https://müller.example", ("xn--mller-kva.example", "https://xn--mller-kva.example")),
    ("http://127.0.0.1:8000", ("localhost", "http://localhost:8000"))])
def test_wa_05_where_keys_belong_stands_in_the_settings(address, home):
    with setting.changed(base_url=address):
        assert passkeys.home() == home


@pytest.mark.parametrize("spoil", [
    lambda said: said.update(rawId=b64(b"another")),
    lambda said: said.pop("rawId"), lambda said: said.pop("id"), lambda said: said.pop("type"),
    lambda said: said.pop("response"), lambda said: said["response"].pop("signature"),
    lambda said: said["response"].pop("clientDataJSON"), lambda said: said["response"].update(authenticatorData=""),
    lambda said: said["response"].update(clientDataJSON=b64(b"[]")), lambda said: said.update(id=["x"]),
    lambda said: said["response"].update(signature=b64(bytes(70))), lambda said: said.update(response="x"),
    lambda said: said.update(id="\ud800"), lambda said: said.update(id="\0"),
    lambda said: said["response"].update(userHandle="\ud800"), lambda said: said["response"].update(userHandle=[7])])
def test_wa_01_what_is_not_whole_is_no_answer(luc, key, spoil):
    before = stored(key).counter
    for ask, ends in ((lambda: second.ask(luc), lambda said, facts: signin.prove(luc, "webauthn", said, facts)),
                      (lambda: passkeys.ask([], alone=True), lambda said, facts: bool(passkeys.opened(said, facts)))):
        facts, options = ask()
        said = json.loads(key.get(options))
        spoil(said)
        assert not ends(json.dumps(said), facts)
    assert stored(key).counter == before


@pytest.mark.parametrize("answer", ["", "null", "[]", "{}", "7", '"x"', "{", "[" * 9_000, "x" * 20_000])
def test_wa_01_what_is_no_answer_at_all_is_refused(luc, key, answer):
    facts, _options = second.ask(luc)
    assert not signin.prove(luc, "webauthn", answer, facts)
    assert not passkeys.opened(answer, facts)
    with pytest.raises(Refused):
        register(luc, answer, facts)


def test_wa_02_an_answer_is_good_once(visitor, luc, key):
    browser = visitor()
    browser.get("/signin")
    answer = key.get(asked(browser, SIGN_IN))
    used = browser.client.get_cookie("kanton_begun").value
    assert browser.post(SIGN_IN, code=answer).path != "/signin"
    thief = visitor()
    thief.get("/signin")
    thief.client.set_cookie("kanton_begun", used)
    thief.post(SIGN_IN, code=answer)
    assert thief.page.path == "/signin"
    assert "did not work" in thief.page.flash
    assert Session.select().where(Session.user == luc.id).count() == 1


@pytest.mark.parametrize("stay", [None, "y"])
def test_one_stays_signed_in_with_a_passkey_as_with_a_password(visitor, luc, key, stay):
    browser = visitor()
    browser.get("/signin")
    assert "data-like" in browser.page.html     # the box beside the password says it for both
    assert [each["type"] for each in browser.get(SIGN_IN).all("input") if each["name"] == "stay"] == ["checkbox"]
    browser.post(SIGN_IN, code=key.get(asked(browser, SIGN_IN)), stay=stay)
    assert Session.get(Session.user == luc.id).stay is bool(stay)
    assert bool(browser.client.get_cookie("kanton").expires) is bool(stay)


def test_wa_02_an_answer_in_another_session_is_none(visitor, luc, key):
    mine, theirs = visitor(), visitor()
    for browser in (mine, theirs):
        browser.get("/signin")
    asked(theirs, SIGN_IN)
    theirs.post(SIGN_IN, code=key.get(asked(mine, SIGN_IN)))
    assert theirs.page.path == "/signin"


def test_wa_02_an_answer_after_five_minutes_is_none(luc, key):
    step = alone.begin()
    answer = key.get(step.shown)
    with time_machine.travel(clock.now() + 6 * clock.MINUTE):
        assert not alone.finish(step.facts, {"code": answer})
    assert alone.finish(step.facts, {"code": answer})


def test_wa_02_a_wrong_answer_to_the_second_step_uses_up_what_was_asked(luc, key):
    with current.acting_as(current.Actor(kind="visitor", address="192.0.2.1")):
        half = signin.with_password(luc.email, PASSWORD).attempt
        options = signin.ask(signin.half_way(half), "webauthn")
        with pytest.raises(Refused):
            signin.with_second_step(half, "webauthn", key.get(options, signature=bytes(70)))
        with pytest.raises(Refused):
            signin.with_second_step(half, "webauthn", key.get(options))
        assert signin.with_second_step(half, "webauthn", key.get(signin.ask(signin.half_way(half), "webauthn"))).session


@pytest.mark.parametrize("purpose", [ENROL, "/prove?with=passkey", "/prove?with=webauthn", SIGN_IN])
def test_wa_03_what_was_asked_for_one_purpose_answers_no_other(visitor, luc, key, purpose):
    browser = signed_in(visitor, key)

    def state():
        return [(each.token_hash, each.proofs) for each in Session.select()], len(second_factors.active(luc.id))

    for place, form in ((ENROL, {}), ("/prove", {"factor": "passkey"}),
                        ("/prove", {"factor": "webauthn", "password": PASSWORD}), (SIGN_IN, {})):
        if place == purpose.partition("?")[0] and form.get("factor", "") in purpose:
            continue
        before, options = state(), asked(browser, purpose)
        begun = browser.client.get_cookie("kanton_begun").value
        browser.get(ENROL)
        browser.client.set_cookie("kanton_begun", begun)
        answer = (Authenticator().create({**passkeys.ask_new(luc)[1], "challenge": options["challenge"]})
                  if place == ENROL else key.get({"rpId": "localhost", **options}))
        browser.post(place, code=answer, expect=200 if place == SIGN_IN else 422, **form)
        assert state() == before, (purpose, place)


@pytest.mark.parametrize("wrong", [
    {"type": "webauthn.create"}, {"type": "payment.get"}, {"challenge": b64(bytes(32))}, {"challenge": ""},
    {"origin": "https://evil.example"}, {"origin": "http://localhost"}, {"origin": "http://127.0.0.1:8000"},
    {"page": {"crossOrigin": True}}, {"page": {"topOrigin": "https://evil.example"}},
    {"rp": "evil.example"}, {"flags": UV}, {"signature": bytes(70)}, {"user": b"0123456789abcdef"}])
def test_wa_03_and_wa_05_what_was_said_elsewhere_or_to_others_is_no_answer(luc, key, wrong):
    assert not opens(key, **wrong)
    assert not seconds(luc, key, **wrong)
    if "signature" not in wrong and "user" not in wrong:
        facts, options = passkeys.ask_new(luc)
        other = {"type": "webauthn.get"} if "type" in wrong else wrong
        with pytest.raises(Refused):
            register(luc, Authenticator().create(options, **other), facts)
    assert opens(key) == luc                    # and the key is as good as before


def test_wa_05_alone_it_must_verify_its_owner(luc, key):
    assert not opens(key, flags=UP)
    assert seconds(luc, key, flags=UP)


def test_wa_05_a_key_that_never_verified_anybody_does_not_open_by_itself(luc):
    """Whoever finds a key without a PIN could give it one: only beside the password is it believed."""
    key = registered(luc, Authenticator(flags=UP))
    key.flags = UP | UV
    assert not opens(key)
    assert not passkeys.opening(luc)
    assert not plugins.find("accounts.backends", passkeys.ALONE).opens(luc)
    assert seconds(luc, key)
    assert opens(key) == luc
    assert plugins.find("accounts.backends", passkeys.ALONE).opens(luc)


def test_a_passkey_names_its_owner(luc, key):
    assert not opens(key, user=None)
    assert not opens(key, user=User.get(User.email == "grace@field.example").public_id.encode())


@pytest.mark.parametrize(("before", "after", "good"), [(10, 10, False), (10, 3, False), (7, 0, False), (0, 0, True),
                                                       (10, 11, True), (0, 5, True)])
def test_wa_06_a_count_that_goes_back_is_refused_and_told(luc, key, letters, before, after, good):
    Credential.update(counter=before, label="Blue key").where(Credential.handle == b64(key.identity)).execute()
    for use in (lambda: bool(opens(key)), lambda: seconds(luc, key)):
        key.counts, key.counter = False, after
        Credential.update(counter=before).where(Credential.handle == b64(key.identity)).execute()
        assert use() == good
        assert stored(key).counter == (after if good else before)
    told = PersonalEvent.select().where(PersonalEvent.user == luc.id, PersonalEvent.kind == "passkey.possible_clone")
    mails = [letter for message, letter in letters(luc.email) if message.notice == "passkey_possible_clone"]
    assert told.count() == len(mails) == (0 if good else 2)
    assert all("Blue key" in letter.text and "http://localhost" not in letter.text.partition("\n-- \n")[0]
               for letter in mails)


def test_wa_06_a_forged_answer_does_not_cry_wolf(luc, key):
    Credential.update(counter=10).execute()
    key.counts, key.counter = False, 3
    assert not opens(key, signature=bytes(70))
    assert not PersonalEvent.select().where(PersonalEvent.kind == "passkey.possible_clone").exists()


def test_wa_06_a_clone_and_its_original_do_not_both_get_in(luc, key):
    clone = key.clone()
    assert opens(key) == luc
    assert not opens(clone)


@pytest.mark.parametrize(("first", "then"), [(0, BE), (0, BE | BS), (BE, 0), (BE | BS, 0), (0, BS), (BE, BS)])
def test_wa_07_whether_it_may_be_copied_never_changes(luc, first, then):
    key = registered(luc, Authenticator(flags=UP | UV | first))
    key.flags = UP | UV | then
    assert not opens(key)
    assert not seconds(luc, key)
    key.flags = UP | UV | first
    assert opens(key) == luc


def test_wa_07_a_copy_of_what_cannot_be_copied_is_refused(luc):
    facts, options = passkeys.ask_new(luc)
    with pytest.raises(Refused):
        register(luc, Authenticator(flags=UP | UV | BS).create(options), facts)


def test_wa_07_a_passkey_may_be_kept_elsewhere_later(luc):
    key = registered(luc, Authenticator(flags=UP | UV | BE))
    key.flags |= BS
    assert opens(key) == luc


def test_wa_08_a_key_belongs_to_one_account(cast, luc, key):
    grace = User.get_by_id(cast.people["grace"].id)
    for person in (grace, luc):
        facts, options = passkeys.ask_new(person)
        impostor = Authenticator(identity=key.identity)
        with pytest.raises(Refused, match="already"):
            register(person, impostor.create(options), facts)
    assert opens(key) == luc
    assert not User.get_by_id(grace.id).two_factor


def test_wa_08_an_id_has_a_length(luc):
    for length, good in ((1023, True), (1024, False), (0, False)):
        facts, options = passkeys.ask_new(luc)
        answer = Authenticator(identity=b"k" * length).create(options)
        if good:
            register(luc, answer, facts)
        else:
            with pytest.raises(Refused):
                register(luc, answer, facts)


def test_wa_08_twenty_keys_and_no_more(luc):
    for _each in range(20):
        registered(luc, Authenticator(flags=UP))
    with pytest.raises(Refused, match="20"):
        registered(luc)


def test_wa_08_the_id_is_the_one_that_was_made(luc):
    facts, options = passkeys.ask_new(luc)
    said = json.loads(Authenticator().create(options))
    said["id"] = said["rawId"] = b64(b"another id altogether")
    with pytest.raises(Refused):
        register(luc, json.dumps(said), facts)


def test_wa_10_a_bare_key_and_a_strange_algorithm_are_refused(luc):
    facts, options = passkeys.ask_new(luc)
    said = json.loads(Authenticator().create(options))
    said["response"] |= {"publicKey": said["response"].pop("attestationObject"), "publicKeyAlgorithm": -7}
    for answer in (json.dumps(said), Authenticator(alg=-47).create(options), Authenticator(alg=-35).create(options),
                   Authenticator().create(options, fmt="android-safetynet"),
                   Authenticator().create(options, fmt="none of ours")):
        with pytest.raises(Refused):
            register(luc, answer, facts)
    assert not second_factors.active(luc.id)


def test_wa_11_a_first_key_needs_a_session_and_a_fresh_proof(visitor, browse, cast):
    stranger = visitor()
    for path in (ENROL, "/prove"):
        answer = stranger.client.get(path, headers=JSON, base_url=setting.base_url)
        assert answer.headers["Location"].startswith("/signin")
    stranger.get("/signin")
    stranger.client.set_cookie("kanton_begun", "forged")
    assert stranger.post(ENROL, code="{}").path == "/signin"
    stale = browse("luc")
    Session.update(proved=clock.now() - clock.HOUR).execute()
    assert stale.client.get(ENROL, headers=JSON, base_url=setting.base_url).headers["Location"].startswith("/prove")


def test_wa_12_nobody_learns_from_what_is_asked_who_has_a_key(visitor, cast, key):
    """A sign-in by passkey names nobody, so that there is nothing to tell apart."""
    one, two = (asked(visitor(), SIGN_IN) for _each in range(2))
    assert one.keys() == two.keys()
    assert one["allowCredentials"] == two["allowCredentials"] == []
    assert one["challenge"] != two["challenge"]


@pytest.mark.parametrize("attestation", [
    b"\x81" * 6_000, cbor2.dumps({"fmt": "none"})[:-3], b"", b"\xff" * 100, cbor2.dumps([]), cbor2.dumps({"fmt": 7}),
    cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b"short"}), b"\xbf" * 6_000])
def test_wa_13_broken_cbor_is_refused(luc, attestation):
    facts, options = passkeys.ask_new(luc)
    with pytest.raises(Refused):
        register(luc, Authenticator().create(options, attestation=attestation), facts)


def test_wa_13_what_hangs_on_behind_is_refused(luc):
    for tail in (b"\x00", b"\xa0", b"more"):
        facts, options = passkeys.ask_new(luc)
        with pytest.raises(Refused):
            register(luc, Authenticator().create(options, tail=tail), facts)


def test_wa_13_what_is_large_is_not_read(browse, visitor, cast):
    large = Authenticator().create(passkeys.ask_new(cast.people["luc"])[1], attestation=bytes(1 << 20))
    luc = browse("luc")
    luc.get(ENROL)
    luc.post(ENROL, expect=422, code=large)
    stranger = visitor()
    stranger.get("/signin")
    asked(stranger, SIGN_IN)
    assert stranger.post(SIGN_IN, code=large).path == "/signin"
    stranger.post(SIGN_IN, expect=413, code=large * 4)


def test_wa_14_a_key_of_another_is_not_there(browse, luc, key):
    grace = browse("grace")
    for what in ("rename", "remove"):
        path = f"/account/security/factors/{stored(key).public_id}/{what}"
        grace.get(path, expect=404)
        grace.get("/account/security")
        grace.post(path, expect=404, **({"label": "mine"} if what == "rename" else {}))
    assert opens(key) == luc


def test_wa_14_a_name_is_text(visitor, luc, key):
    browser = signed_in(visitor, key)
    browser.get(f"/account/security/factors/{stored(key).public_id}/rename")
    browser.post(f"/account/security/factors/{stored(key).public_id}/rename", label="<img onerror=alert(1)>")
    for path in ("/account/security", "/account/security/two-factor", "/account/activity"):
        page = browser.get(path)
        assert "<img onerror" not in page.html
    assert "&lt;img onerror" in browser.get("/account/security").html


def test_rs_12_one_of_the_last_week_stands_beside_the_new_password_of_a_link(luc, key):
    """Whoever knew the old one may have set it up: it is a second factor, until it proves its owner beside the new."""
    with time_machine.travel(clock.now() - 8 * clock.DAY):
        old = registered(luc, label="Old")
    assert opens(key) == luc and opens(old) == luc
    with db.transaction():
        link = links.make(links.RESET, user=luc, email=luc.email)
    recovery.renew(link.token, "slow clouds over the harbour")
    assert opens(key) is None and opens(old) == luc


def test_wa_14_the_last_way_in_stays(luc, key):
    """Without a password the last passkey is the door."""
    forget_password(luc)
    person = User.get_by_id(luc.id)
    with acting(person), pytest.raises(Refused, match="no other way"):
        protection.remove(person, stored(key).public_id)
    unverified = registered(person, Authenticator(flags=UP))
    with acting(person), pytest.raises(Refused, match="no other way"):
        protection.remove(person, stored(key).public_id)
    with acting(person):
        assert not protection.remove(person, stored(unverified).public_id)
    Identity.create(user=person, provider="company", subject="1")
    with acting(person):
        assert protection.remove(person, stored(key).public_id)


def forget_password(person):
    User.update(password=None, password_long=False).where(User.id == person.id).execute()


def signed_in(visitor, key):
    """A browser in which the passkey was used, and nothing else."""
    browser = visitor()
    browser.get("/signin")
    browser.post(SIGN_IN, code=key.get(asked(browser, SIGN_IN)))
    assert not browser.page.path.startswith("/signin"), browser.page.flash
    return browser


def test_tf_08_a_passkey_is_both_steps(visitor, cast, luc, key):
    signed_in(visitor, key)
    session = Session.select().where(Session.user == luc.id).get()
    assert session.proofs == "passkey"
    browser = visitor()
    browser.get("/signin")
    browser.post(SIGN_IN, code=key.get(asked(browser, SIGN_IN), flags=UP))
    assert browser.page.path == "/signin"
    assert InstallationEvent.select().where(InstallationEvent.kind == "sign_in.way_failed").count() == 1


def test_a_suspended_account_is_not_opened_by_a_passkey(visitor, luc, key):
    User.update(suspended=clock.now()).where(User.id == luc.id).execute()
    browser = visitor()
    browser.get("/signin")
    browser.post(SIGN_IN, code=key.get(asked(browser, SIGN_IN)))
    assert browser.page.path == "/signin"


def test_a_passkey_gets_in_where_strangers_tried_passwords(visitor, luc, key):
    for _time in range(30):
        with current.acting_as(current.Actor(kind="visitor", address="198.51.100.7")), pytest.raises(Exception):
            signin.with_password(luc.email, "wrong")
    assert signed_in(visitor, key)


def test_a_passkey_leads_where_one_wanted_to_go(visitor, key):
    browser = visitor()
    browser.get("/signin?next=/account/activity")
    browser.post(SIGN_IN, code=key.get(asked(browser, f"{SIGN_IN}?next=/account/activity")))
    assert browser.page.path == "/account/activity"


def test_ss_01_a_fresh_proof_by_passkey_renews_the_session(visitor, luc, key):
    browser = signed_in(visitor, key)
    Session.update(proved=clock.now() - clock.HOUR).execute()
    before = Session.get(Session.user == luc.id)
    assert browser.get("/account/address").path == "/prove"
    browser.post("/prove?next=/account/address", factor="passkey",
                 code=key.get(asked(browser, "/prove?with=passkey")))
    assert browser.page.path == "/account/address"
    after = Session.get(Session.user == luc.id)
    assert (after.id, after.proofs) == (before.id, "passkey")
    assert after.token_hash != before.token_hash


def test_a_fresh_proof_by_passkey_is_the_owners_own(visitor, cast, luc, key):
    other = registered(User.get_by_id(cast.people["grace"].id))
    browser = signed_in(visitor, key)
    browser.get("/prove")
    options = asked(browser, "/prove?with=passkey")
    assert [each["id"] for each in options["allowCredentials"]] == [b64(key.identity)]
    browser.post("/prove", expect=422, factor="passkey", code=other.get(options))
    browser.post("/prove", expect=422, factor="passkey", code=key.get(asked(browser, "/prove?with=passkey"), flags=UP))
    assert "réponse de votre clé" in browser.page.errors
    assert PersonalEvent.select().where(PersonalEvent.user == luc.id, PersonalEvent.kind == "proof.failed").count() == 2


def test_a_fresh_proof_by_password_and_key(visitor, luc, key):
    browser = signed_in(visitor, key)
    browser.get("/prove")
    browser.post("/prove", expect=422, factor="webauthn", password=PASSWORD, code="")
    browser.post("/prove", expect=422, factor="webauthn", password="",
                 code=key.get(asked(browser, "/prove?with=webauthn")))
    browser.post("/prove", factor="webauthn", password=PASSWORD,
                 code=key.get(asked(browser, "/prove?with=webauthn"), flags=UP))
    assert Session.get(Session.user == luc.id).proofs == "password webauthn"


def test_somebody_without_a_password_can_do_everything(visitor, luc, key):
    forget_password(luc)
    browser = signed_in(visitor, key)
    Session.update(proved=clock.now() - clock.HOUR).execute()
    page = browser.get("/account/password")
    assert page.path == "/prove"
    assert not [each for each in page.all("input") if each.get("name") == "password"]
    browser.post("/prove?next=/account/password", factor="passkey",
                 code=key.get(asked(browser, "/prove?with=passkey")))
    assert browser.page.path == "/account/password"
    assert not [each for each in browser.page.all("input") if each.get("name") == "present"]
    browser.post("/account/password", expect=422, password="short")
    browser.post("/account/password", password="slow clouds over the harbour")
    assert browser.page.path == "/account/security"
    with acting(luc), pytest.raises(NotHere):   # once there is one, it is asked for
        profile.first_password("another sentence altogether", everywhere_else=False)
    Session.update(proved=clock.now() - clock.HOUR).execute()
    assert "password" in {each.get("name") for each in browser.get("/account/password").all("input")}


REMOVAL = "/account/password/removal"


def removing(browser):
    browser.get(f"{REMOVAL}?lang=en")
    return browser.post(f"{REMOVAL}?lang=en", expect=None)


def test_a_password_is_removed_by_somebody_whom_two_passkeys_let_in(visitor, luc, key, letters):
    other = registered(luc)
    browser = signed_in(visitor, key)
    assert REMOVAL in browser.get("/account/password").links
    assert removing(browser).path == "/account/security"
    assert User.get_by_id(luc.id).password is None and User.get_by_id(luc.id).failures == 0
    assert PersonalEvent.select().where(PersonalEvent.kind == "password.removed").count() == 1
    assert "mot de passe" in letters("luc@lumen.example")[-1][1].subject
    browser.get(REMOVAL, expect=404)
    with pytest.raises(Refused):
        signin.with_password("luc@lumen.example", PASSWORD)
    assert signed_in(visitor, other).get("/account").status == 200


def test_a_link_to_the_mailbox_sets_a_password_again(visitor, luc, key):
    registered(luc)
    recovery.ask(luc.email, "en")
    earlier = Link.select().where(Link.purpose == links.RESET).get().token
    removing(signed_in(visitor, key))
    with pytest.raises(Gone):
        recovery.opened(earlier)                # that one was for somebody with a password
    recovery.ask(luc.email, "en")
    link = Link.select().where(Link.purpose == links.RESET).order_by(Link.id.desc()).get()
    recovery.renew(link.token, "slow clouds over the harbour")
    assert User.get_by_id(luc.id).password is not None


def test_one_passkey_alone_is_not_enough_a_recovery_address_beside_it_is(visitor, luc, key, letters):
    browser = signed_in(visitor, key)
    assert "second passkey or a recovery address" in browser.get(f"{REMOVAL}?lang=en").text("main")
    assert removing(browser).answer.status_code == 422
    registered(luc, Authenticator(flags=UP))    # a key that verifies nobody opens nothing by itself
    browser = signed_in(visitor, key)
    assert removing(browser).answer.status_code == 422
    User.update(recovery_email="luc@home.example", recovery_email_typed="luc@home.example").where(
        User.id == luc.id).execute()
    assert removing(browser).path == "/account/security"
    assert len(letters("luc@home.example")) == 1
    with setting.changed(backends=("password",)):
        assert not profile.can_do_without(User.get_by_id(luc.id))


def test_a_password_is_no_proof_for_its_own_removal(luc, key):
    registered(luc)
    with acting(luc, "password", "webauthn"), pytest.raises(Refused, match="Confirm with a passkey"):
        profile.remove_password()
    assert User.get_by_id(luc.id).password is not None


def test_a_key_and_its_name_by_the_pages(browse, luc):
    browser, key = browse("luc"), Authenticator()
    browser.get(ENROL)
    page = browser.post(ENROL, code=key.create(asked(browser, ENROL)), label="Blue key")
    assert page.html.count("<code>") == 10
    assert stored(key).label == "Blue key"
    assert "Blue key" in browser.get("/account/security/two-factor").text()
    browser.post(ENROL, expect=422, code=key.create(asked(browser, ENROL)))


def test_of_a_key_and_an_app_one_chooses_which_is_asked_first(visitor, cast):
    mara = User.get_by_id(cast.people["mara"].id)
    inside = signed_in(visitor, registered(mara))
    assert list(signin.factors_of(mara))[:2] == ["webauthn", "totp"]
    inside.get("/account/security/two-factor")
    inside.post("/account/security/first-factor", expect=422, kind="backup_codes")
    inside.post("/account/security/first-factor", kind="totp")
    chosen = [each["value"] for each in inside.page.all("input") if each.get("name") == "kind" and "checked" in each]
    assert chosen == ["totp"]
    assert next(iter(signin.factors_of(User.get_by_id(mara.id)))) == "totp"
    browser = visitor()
    browser.get("/signin")
    browser.post("/signin", email=mara.email, password=PASSWORD)
    assert browser.page.path == "/signin/second-step"
    assert browser.page.all("input")[1]["value"] == "totp"
    assert "/signin/second-step?with=webauthn" in browser.page.links


def test_the_sign_in_page_is_read_without_writing(visitor, count):
    browser = visitor()
    browser.get("/signin")
    count.clear()
    page = browser.get("/signin")
    assert not [each for each in count if not each.startswith("SELECT")]
    assert "username webauthn" in page.html
    with setting.changed(backends=("password",)):
        page = browser.get("/signin")
    assert "webauthn" not in page.html
    assert "passkeys" not in page.html
