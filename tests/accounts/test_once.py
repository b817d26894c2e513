"""What is good once is good once: two who use it at one instant, two hundred times, and one of them succeeds.

Each factor by the verb that signs in or proves; each link by what all links are used up by; on both databases.
"""
import threading

import pyotp
import pytest

import clock
import crypto
import current
import db
from accounts import addresses, approvals, beginnings, signin
from accounts import links as mailed
from accounts.backends import Proof
from accounts.factors import backup_codes, sms
from accounts.factors.webauthn import plugin as key_as_second
from db import transaction
from demo import SECRET, acting
from models import Approval, Attempt, Credential, Link, Recovery, User
from organisations import protection
from rules import Conflict, Gone, NotHere, Refused
from settings import setting
from tests.accounts.test_passkeys import registered
from tests.authenticators import Authenticator

pytestmark = pytest.mark.usefixtures("known_for_long")

ROUNDS, FEW = 200, 20                           # few: of whole verbs that do much else
PATIENCE = 30                                   # seconds before a round is called stuck
NO = (Refused, Conflict, Gone, NotHere)
STRANGER = current.Actor(kind="visitor", address="192.0.2.1", agent="Firefox")


def race(prepare, use, rounds=ROUNDS):
    """What two did with what was prepared, round after round: how many of them got what they wanted."""
    barrier, told, won, broken = threading.Barrier(2), {}, [], []

    def run(number):
        with current.acting_as(STRANGER):
            for _round in range(rounds):
                if number == 0:
                    told["this"] = prepare()
                barrier.wait(PATIENCE)
                told[number] = tried(use, told["this"])
                barrier.wait(PATIENCE)
                if number == 0:
                    won.append(told[0] + told[1])

    def begin(number):
        try:
            if db.on_sqlite():                  # a power cut is no part of this
                db.database.execute_sql("PRAGMA synchronous=OFF")
            run(number)
        except Exception as error:
            broken.append(error)
            barrier.abort()
        finally:
            db.database.close()

    runners = [threading.Thread(target=begin, args=(number,)) for number in (0, 1)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert not broken, broken
    return won


def tried(use, this):
    try:
        return bool(use(this))
    except NO:
        return False


@pytest.fixture(autouse=True)
def without_limits(cast):
    with setting.changed(rate_limits="off", second_factors=("totp", "webauthn", "sms", "backup_codes", "approval")):
        yield


@pytest.fixture
def mara(cast):
    return User.get_by_id(cast.people["mara"].id)


def half_way(person, **asked):
    """The first proof is given, and something was asked: the secret of its cookie."""
    secret = signin.proved(Proof(person, "password")).attempt
    if asked:
        with transaction():
            Attempt.update(asked=asked).where(Attempt.token_hash == crypto.digest(secret)).execute()
    return secret


# --- factors -----------------------------------------------------------------------------------


def test_tf_01_a_code_of_an_app(mara):
    def prepare():
        with transaction():
            Credential.update(counter=0).where(Credential.user == mara.id, Credential.kind == "totp").execute()
        return pyotp.TOTP(SECRET).at(clock.epoch())
    assert race(prepare, lambda code: signin.prove(mara, "totp", code, {})) == [1] * ROUNDS


def test_tf_10_a_backup_code(mara):
    codes = []

    def prepare():
        if not codes:
            with transaction():
                codes.extend(backup_codes.issue(mara))
        return codes.pop()
    assert race(prepare, lambda code: signin.prove(mara, "backup_codes", code, {})) == [1] * ROUNDS


def test_tf_17_a_code_by_text_message(mara):
    with transaction():
        phone = Credential.create(user=mara, kind="sms", state=Credential.ACTIVE)

    def prepare():
        facts = {"credential": phone.public_id, "occasion": crypto.public_id(), "until": clock.epoch() + 600,
                 "number": "+41 … 23"}
        return half_way(mara, sms=facts), sms.code(phone.public_id, facts["occasion"])
    assert race(prepare, lambda this: signin.with_second_step(this[0], "sms", this[1]).session) == [1] * ROUNDS


def test_wa_02_an_answer_of_a_key_that_does_not_count_its_uses(mara):
    """Nothing but the challenge tells the second answer from the first."""
    key = registered(mara, Authenticator(counts=False))

    def prepare():
        facts, options = key_as_second.ask(mara)
        return half_way(mara, webauthn=facts), key.get(options)
    assert race(prepare, lambda this: signin.with_second_step(this[0], "webauthn", this[1]).session, FEW) == [1] * FEW


def test_wa_02_what_was_asked_of_a_key_in_a_sign_in(mara):
    def prepare():
        return signin.half_way(half_way(mara, webauthn={"challenge": "x"}))
    assert race(prepare, lambda attempt: signin._asked(attempt, "webauthn")) == [1] * ROUNDS


def test_wa_02_what_was_asked_of_a_passkey_alone_or_for_a_fresh_proof(cast):
    assert race(lambda: beginnings.begin("proof webauthn", {"challenge": "x"}),
                lambda secret: beginnings.take(secret, "proof webauthn")) == [1] * ROUNDS


def test_tf_20_a_yes_in_another_browser_is_given_once(cast, mara):
    half = signin.half_way(half_way(mara))

    def prepare():
        with transaction():
            Approval.delete().execute()
            return Approval.create(user=mara, attempt=half, number="42", expires=clock.now() + clock.MINUTE)

    def approve(approval):
        with acting(mara):
            approvals.approve(approval.public_id, approval.number)
        return True
    assert race(prepare, approve) == [1] * ROUNDS


def test_tf_20_a_yes_in_another_browser_opens_once(mara):
    with transaction():
        Credential.create(user=mara, kind="approval", state=Credential.ACTIVE)

    def prepare():
        with transaction():
            Approval.delete().execute()
            given = Approval.create(user=mara, number="42", state=Approval.APPROVED, expires=clock.now() + clock.HOUR)
        return {"approval": given.public_id}
    assert race(prepare, lambda asked: signin.prove(mara, "approval", "", asked)) == [1] * ROUNDS


# --- links -------------------------------------------------------------------------------------


def test_rs_04_and_sp_09_a_link(mara):
    """One function uses them up, whatever they are for."""
    def prepare():
        with transaction():
            return mailed.make(mailed.RESET, user=mara, email=mara.email)

    def use(link):
        with transaction():
            mailed.use_up(mailed.opened(link.token, mailed.RESET))
        return True
    assert race(prepare, use) == [1] * ROUNDS


def test_sp_09_the_link_of_a_lost_factor_lets_one_browser_in(cast, mara):
    """The whole verb, which ends everything of the account."""
    def prepare():
        with transaction():
            User.update(two_factor=True).where(User.id == mara.id).execute()
            Recovery.update(state=Recovery.CANCELLED).where(Recovery.state == Recovery.APPROVED).execute()
            request = Recovery.create(user=mara, kind="factor", state=Recovery.APPROVED, opens=clock.now(),
                                      expires=clock.now() + clock.DAY, vouched_by=cast.people["anne"].id,
                                      vouched_in=cast.organisations["lumen"].id)
            person = User.get_by_id(mara.id)
            link = mailed.make(mailed.FACTOR_LOST, user=person, email=person.email, recovery=request.public_id)
        return link.token, [half_way(person), half_way(person)]
    assert race(prepare, lambda this: protection.enter_without(this[0], this[1].pop()).session, FEW) == [1] * FEW


def test_em_04_the_link_of_a_new_address(cast, mara):
    def prepare():
        with transaction():
            User.update(email="mara@bergquell.example").where(User.id == mara.id).execute()
            return mailed.make(mailed.ADDRESS_CONFIRM, user=mara, email="mara@bergquell.example",
                               key="mara@new.example", typed="mara@new.example").token
    assert race(prepare, addresses.confirm, FEW) == [1] * FEW
    assert Link.select().where(Link.purpose == mailed.ADDRESS_REVERT).count() == FEW
