"""What is done in a session that has ended meanwhile is not done: between the door and the deed there may be a reset.

Every verb of somebody signed in asks once more, in its transaction and holding the account; on both databases.
"""
import ast
import threading
from functools import partial

import pyotp
import pytest
from flask import g

import clock
import current
import db
import entering
from accounts import (
    addresses,
    alerts,
    app_passwords,
    approvals,
    devices,
    disowning,
    fallbacks,
    identities,
    links,
    passwords,
    profile,
    pushes,
    recovery,
    second_factors,
    securing,
    sessions,
    signin,
    signup,
    support,
)
from db import transaction
from demo import PASSWORD, SECRET
from models import AppPassword, Approval, Attempt, Credential, Membership, Product, Role, Session, User
from oidc import consents
from organisations import invitations, lifecycle, members, operating, people, protection, vouching
from products import lifecycle as products
from rules import Conflict, Gone, NotHere, Refused, SignedOut
from settings import setting
from tests.test_architecture import sources

ROUNDS, PATIENCE = 20, 30                       # seconds before a round is called stuck
THEIRS, OURS = "words that somebody else chose", "slow clouds over the harbour"
SHORT = "xk9-qpz7"

# Verbs that write and ask for no session, each with the reason.
NOBODY_SIGNED_IN = {
    "by a link, which ends with the sessions (`links.use_up`)": {
        "addresses.confirm", "addresses.revert", "fallbacks.confirm", "recovery.renew", "locking.unlock",
        "lost_factor.enter", "lost_factor.keep"},
    "by somebody who is not in yet, and gets in or asks for a letter": {
        "signup.ask", "signup.operator_link", "signup.create", "recovery.ask", "recovery.ask_address",
        "recovery.ask_by_phone", "locking.ask", "asked._keep", "signin.proved", "asked._answer", "links.alarm",
        "signin.with_second_step", "signin.ask", "signin._asked",
        "signin.give_up", "signin._in", "signin._write_for_a_new_one", "signin._half_way", "signin.failed",
        "locking.begin_anew", "identities.proof", "approvals.ask", "lost_factor.open_for", "lost_factor.send"},
    "a proof: right, it is used up; wrong, it is counted; what it opens is asked there": {
        "signin.prove", "signin.prove_again", "signin.prove_by_passkey", "passkeys.opened", "sessions.renew",
        "profile.change_password", "identities.with_password", "approvals._wrong", "beginnings.begin",
        "beginnings.take", "factors.sms.send"},
    "it ends what would end anyway": {"sessions.find", "sessions.sign_out", "identities.find"},
    "word from elsewhere that proves itself": {
        "identities.look_again", "identities.signed_out", "beginnings.note", "pushes.renew", "pushes.took",
        "pushes.refused"},
    "part of another verb": {"app_passwords.revoke_all"},
    "a look, written down": {"support.person_of"},
    "by the clock": {
        "signin.forget_old", "sessions.forget_old", "devices.forget_old", "beginnings.forget_old",
        "approvals.forget_old", "second_factors.forget_old", "lost_factor.lapse_due"},
}


def test_every_verb_of_an_account_asks_or_says_why_not():
    exempt = set().union(*NOBODY_SIGNED_IN.values())
    silent = {name for name, verb in writing() if not asks(verb)}
    assert silent - exempt == set(), "begin the verb with `acting`, or name it here with its reason"
    assert exempt - silent == set(), "no longer a verb that does not ask"


def writing():
    """Every function of the room that opens a transaction."""
    for path, tree in sources().items():
        if path.startswith("accounts/"):
            module = path.removeprefix("accounts/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            for verb in tree.body:
                if isinstance(verb, ast.FunctionDef) and any(
                        getattr(call.func, "id", getattr(call.func, "attr", "")) == "transaction"
                        for call in calls(verb)):
                    yield f"{module}.{verb.name}", verb


def calls(verb):
    return (node for node in ast.walk(verb) if isinstance(node, ast.Call))


def asks(verb):
    return any(isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "acting"
               and call.func.attr in ("me", "hold_own", "require_open") for call in calls(verb))


# --- in a session that has ended ---------------------------------------------------------------


@pytest.fixture(autouse=True)
def without_limits(cast):
    with setting.changed(rate_limits="off", second_factors=("totp", "webauthn", "sms", "backup_codes", "approval")):
        yield


def person(cast, name):
    return User.get_by_id(cast.people[name].id)


def session_of(user):
    """A new session of theirs, as one acts in it."""
    with current.acting_as(current.Actor(kind="visitor", address="192.0.2.1", agent="Firefox")):
        signin.welcome(user, "password")
    session = Session.select().where(Session.user == user.id).order_by(Session.id.desc()).get()
    return current.Actor(user_id=user.id, name=user.name, kind="user", session_id=session.id, address="192.0.2.1",
                         agent="Firefox", proofs=("password", "totp"))


def everything_ended(who):
    with transaction():
        sessions.end_everything(User.get_by_id(who.user_id), "reset")


def this_one_ended(who):
    with transaction():
        Session.update(ended=clock.now(), ended_by="owner").where(Session.id == who.session_id).execute()


def account_suspended(who):
    with transaction():
        User.update(suspended=clock.now()).where(User.id == who.user_id).execute()


def waiting(user):
    with transaction():
        attempt = Attempt.create(token_hash="half", user=user, epoch=user.epoch, proofs="password",
                                 expires=clock.now() + clock.HOUR)
        return Approval.create(user=user, attempt=attempt, number="42", expires=clock.now() + clock.MINUTE)


def factor(user):
    return Credential.get(Credential.user == user.id, Credential.kind == "totp").public_id


VERBS = {
    "rename": lambda _me: people.rename("Other", "Name"),
    "speak": lambda _me: profile.speak("it"),
    "live in": lambda _me: profile.live_in("IT", "Europe/Rome"),
    "wear": lambda _me: profile.wear("dark"),
    "change the password": lambda _me: profile.change_password(PASSWORD, THEIRS, everywhere_else=False),
    "ask for another address": lambda _me: addresses.ask("other@elsewhere.example"),
    "cancel that": lambda _me: addresses.cancel(),
    "ask for a recovery address": lambda _me: fallbacks.ask("other@elsewhere.example"),
    "remove it": lambda _me: fallbacks.remove(),
    "be called": lambda _me: fallbacks.call("+41 79 555 01 23"),
    "choose alerts": lambda _me: alerts.choose(alert_new_place=False, alert_failure=False, alert_success=False,
                                               lock_threshold=50),
    "make an app password": lambda me: app_passwords.create(me, "Mail"),
    "revoke one": lambda me: app_passwords.revoke(me, "any"),
    "revoke all": lambda _me: app_passwords.revoke_mine(),
    "begin a factor": lambda me: second_factors.begin(me, "totp"),
    "confirm it": lambda me: protection.confirm(me, "totp", pyotp.TOTP(SECRET).now()),
    "prefer it": lambda me: second_factors.prefer(me, "totp"),
    "call it": lambda me: second_factors.rename(me, factor(me), "Phone"),
    "remove the factor": lambda me: protection.remove(me, factor(me)),
    "renew backup codes": lambda me: second_factors.renew_codes(me),
    "approve elsewhere": lambda me: approvals.switch(me, True),
    "be told nowhere": lambda _me: pushes.unsubscribe("any"),
    "forget a browser": lambda me: devices.forget(me, "any"),
    "forget browsers": lambda me: devices.forget_all(me),
    "remove a browser": lambda me: devices.drop(me, "any"),
    "allow trust": lambda me: devices.allow_trust(me, False),
    "link": lambda me: identities.link(me.id, None, None, keep=None),
    "unlink": lambda me: identities.unlink(me.id, None, keep=None),
    "end a session": lambda _me: sessions.end("any"),
    "end the others": lambda _me: sessions.end_others(),
    "end all": lambda _me: sessions.end_all(),
    "disown": lambda _me: disowning.disown("any"),
    "clear": lambda _me: securing.clear(),
    "make a support code": lambda _me: support.new_code(),
    "make an organisation": lambda _me: lifecycle.create("Other"),
    "suspend somebody": lambda _me: operating.suspend("any", "why"),
    "withdraw a consent": lambda _me: consents.withdraw("any"),
}
IN_ORGANISATIONS = {
    "invite": lambda: invitations.invite("other@elsewhere.example", Role.COLLABORATOR),
    "change a role": lambda: members.change_role(Membership.get(Membership.role == Role.COLLABORATOR).public_id,
                                                 Role.ADMIN),
    "vouch": lambda: vouching.vouch("any"),
    "leave": members.leave,
    "change a product": lambda: products.change(Product.get().public_id, 1, "Other", technical_name="", address="",
                                                seats=None),
}


@pytest.fixture
def mara(cast):
    return person(cast, "mara")


@pytest.mark.parametrize("ended", [everything_ended, this_one_ended, account_suspended])
def test_ss_06_nothing_is_done_in_a_session_that_has_ended(mara, ended, count):
    who = session_of(mara)
    ended(who)
    for name, verb in VERBS.items():
        with current.acting_as(who):
            assert leaves_nothing(partial(verb, User.get_by_id(mara.id)), count), name


def test_ss_06_nothing_is_done_in_organisations_either(lumen, cast, count):
    who = session_of(person(cast, "anne"))
    everything_ended(who)
    for name, verb in IN_ORGANISATIONS.items():
        with current.acting_as(who):
            assert leaves_nothing(verb, count), name


def test_tf_20_a_yes_of_a_session_that_has_ended_opens_nothing(mara, count):
    who, approval = session_of(mara), waiting(mara)
    this_one_ended(who)
    with current.acting_as(who):
        assert leaves_nothing(lambda: approvals.approve(approval.public_id, "42"), count)
        assert leaves_nothing(lambda: approvals.deny(approval.public_id), count)


def leaves_nothing(verb, count):
    """It is refused, before anything was written; but limits count the proof."""
    count.clear()
    with pytest.raises(SignedOut):
        verb()
    return not [each for each in count if not each.startswith("SELECT") and " hit " not in each]


def test_a_session_that_is_open_is_in_nobodys_way(mara):
    with current.acting_as(session_of(mara)):
        profile.wear("dark")
        profile.change_password(PASSWORD, THEIRS, everywhere_else=True)
        profile.wear("light")
        assert app_passwords.create(mara, "Mail")
    assert User.get_by_id(mara.id).theme == "light"


def test_the_page_leads_to_the_sign_in(app, browse, cast, monkeypatch):
    """The door was open, and then a reset came: nothing is changed, and nobody sees an error."""
    luc = browse("luc")
    luc.get("/account/app-passwords/new")

    def reset():
        if g.me:
            with current.acting_as(current.SYSTEM), transaction():
                sessions.end_everything(User.get_by_id(g.me.user_id), "reset")
    monkeypatch.setitem(app.before_request_funcs, None, [*app.before_request_funcs[None], reset])
    answer = luc.client.post("/account/app-passwords/new", base_url=setting.base_url,
                             data={"csrf_token": luc.page.token, "name": "Mail"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/signin?next=/account/app-passwords/new"
    assert AppPassword.select().where(AppPassword.user == cast.people["luc"].id).count() == 0


def test_a_sign_in_that_a_reset_ends_as_it_begins_leads_back(app, cast):
    luc = person(cast, "luc")
    with app.test_request_context("/signin", method="POST", base_url=setting.base_url):
        g.me = None
        outcome = signin.with_password(luc.email, PASSWORD, place="/account")
        with transaction():
            sessions.end_everything(luc, "reset")
        answer = entering.let_in(outcome)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/signin?next=/account")


def test_a_fresh_proof_in_a_session_that_has_ended_gives_no_new_secret(luc):
    outcome = signin.welcome(luc, "password")
    who = sessions.find(outcome.session)
    everything_ended(current.Actor(user_id=luc.id))
    with pytest.raises(SignedOut):
        sessions.renew(who, ("password",))


# --- what was judged before it is held ---------------------------------------------------------


def test_a_link_that_was_opened_before_everything_ended_opens_nothing(cast):
    luc = person(cast, "luc")
    with transaction():
        token = links.make(links.RESET, user=luc, email=luc.email).token
    link = recovery.opened(token)
    everything_ended(current.Actor(user_id=luc.id))
    with pytest.raises(Gone), transaction():
        links.use_up(link)


def test_a_factor_that_was_begun_ends_with_the_session_that_saw_its_secret(cast):
    luc = person(cast, "luc")
    second_factors.begin(luc, "totp")
    everything_ended(current.Actor(user_id=luc.id))
    assert second_factors.pending(luc, "totp") is None


def test_lg_16_the_last_factor_stays_beside_a_password_that_became_short_meanwhile(luc, phc):
    protected(luc)
    with current.acting_as(as_before(luc, phc)):
        seen_before = User.get_by_id(luc.id)
        profile.change_password(PASSWORD, SHORT, everywhere_else=False)
        with pytest.raises(Refused):
            second_factors.remove(seen_before, factor(luc))


def test_a_first_factor_is_the_first_once(luc):
    """Whoever set one up in another window gets no second set of codes, and is counted once."""
    seen_before, code = User.get_by_id(luc.id), pyotp.TOTP(SECRET).now()
    second_factors.begin(luc, "totp", SECRET)
    assert protection.confirm(luc, "totp", code)
    second_factors.begin(luc, "totp", SECRET)
    assert not protection.confirm(seen_before, "totp", code)


# --- at one instant ----------------------------------------------------------------------------


NO = (Refused, Conflict, Gone, NotHere, SignedOut)


def at_one_instant(*deeds):
    """Each in a thread of its own: which of them were done."""
    barrier, done, broken = threading.Barrier(len(deeds)), [False] * len(deeds), []

    def run(number, deed):
        try:
            barrier.wait(PATIENCE)
            deed()
            done[number] = True
        except NO:
            pass
        except Exception as error:
            broken.append(error)
        finally:
            db.database.close()

    runners = [threading.Thread(target=run, args=each) for each in enumerate(deeds)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert not broken, broken
    return done


def acting_as(who, verb, *args, **more):
    def act():
        with current.acting_as(who):
            verb(*args, **more)
    return act


@pytest.fixture
def luc(cast):
    return person(cast, "luc")


@pytest.fixture
def phc(database):
    return passwords.hashed(PASSWORD)


def as_before(user, phc):
    """The password everybody knows, and somebody who acts in a session of their own."""
    with transaction():
        signup.set_password(User.get_by_id(user.id), phc, long=True)
        return session_of(User.get_by_id(user.id))


def reset_link(user):
    with transaction():
        user = User.get_by_id(user.id)
        return links.make(links.RESET, user=user, email=user.email).token


def opens(user, password):
    return passwords.right(User.get_by_id(user.id), password)


def test_rs_04_a_reset_or_a_change_under_way_never_both(luc, phc):
    for _round in range(ROUNDS):
        who, token = as_before(luc, phc), reset_link(luc)
        reset, changed = at_one_instant(
            lambda token=token: recovery.renew(token, OURS),
            acting_as(who, profile.change_password, PASSWORD, THEIRS, everywhere_else=True))
        assert (reset, changed) in ((True, False), (False, True))
        assert opens(luc, OURS) == reset
        assert opens(luc, THEIRS) == changed


def test_em_02_no_password_is_left_by_an_address_that_was_restored(luc, phc):
    for _round in range(ROUNDS):
        who = as_before(luc, phc)
        with transaction():
            back = links.make(links.ADDRESS_REVERT, user=luc, email=luc.email, key=luc.email, typed=luc.email_typed)
        reverted, _changed = at_one_instant(
            lambda token=back.token: people.revert_address(token),
            acting_as(who, profile.change_password, PASSWORD, THEIRS, everywhere_else=False))
        assert reverted
        assert User.get_by_id(luc.id).password is None


def test_ss_06_of_three_changes_with_one_password_one_is_done(luc, phc):
    for _round in range(ROUNDS):
        as_before(luc, phc)
        mine = User.get_by_id(luc.id)
        done = at_one_instant(*(acting_as(session_of(mine), profile.change_password, PASSWORD, f"{THEIRS} {number}",
                                          everywhere_else=False) for number in range(3)))
        assert done.count(True) == 1
        assert opens(luc, f"{THEIRS} {done.index(True)}")


def test_ap_04_no_app_password_outlives_an_address_that_was_restored(luc):
    for _round in range(ROUNDS):
        who = session_of(User.get_by_id(luc.id))
        with transaction():
            back = links.make(links.ADDRESS_REVERT, user=luc, email=luc.email, key=luc.email, typed=luc.email_typed)
        at_one_instant(lambda token=back.token: people.revert_address(token),
                       *[acting_as(who, app_passwords.create, luc, "Mail")] * 2)
        assert not app_passwords.living(luc.id)


def test_lg_16_no_short_password_stands_alone(luc, phc):
    for _round in range(ROUNDS):
        protected(luc)
        who = as_before(luc, phc)
        changed, removed = at_one_instant(
            acting_as(who, profile.change_password, PASSWORD, SHORT, everywhere_else=False),
            acting_as(who, protection.remove, User.get_by_id(luc.id), factor(luc), keep=who.session_id))
        assert (changed, removed) in ((True, False), (False, True))
        assert User.get_by_id(luc.id).two_factor == changed


def test_lg_16_nor_one_that_a_link_sets(luc, phc):
    for _round in range(ROUNDS):
        protected(luc)
        who, token = as_before(luc, phc), reset_link(luc)
        reset, removed = at_one_instant(
            lambda token=token: recovery.renew(token, SHORT),
            acting_as(who, protection.remove, User.get_by_id(luc.id), factor(luc), keep=who.session_id))
        assert (reset, removed) in ((True, False), (False, True))
        assert User.get_by_id(luc.id).two_factor == reset


def protected(user):
    """By an app, and by that alone."""
    with transaction():
        Credential.delete().where(Credential.user == user.id).execute()
        Credential.create(user=user, kind="totp", state=Credential.ACTIVE)
        User.update(two_factor=True).where(User.id == user.id).execute()
