"""Which steps are missing, for every demand and every kind of session (G10; peers-identity §2.1)."""
from dataclasses import dataclass
from datetime import timedelta

import pytest

from organisations.policy import Demands, Proved, Step, missing_steps


@dataclass(frozen=True)
class Person:
    two_factor: bool


ANYBODY = Demands()
FORCED = Demands(two_factor=True)
NO_BROWSERS = Demands(two_factor=True, trusts_browsers=False)
COMPANY = Demands(two_factor=True, trusted_upstreams=frozenset({"company"}))
POLICIES = {"none": ANYBODY, "forced": FORCED, "no browsers": NO_BROWSERS, "company trusted": COMPANY}

# What a session proved: under which of the forcing policies it is two steps, for who has a factor, and who has none.
EVERYWHERE, NOWHERE = {"forced", "no browsers", "company trusted"}, set()
SESSIONS = {
    "password": (NOWHERE, NOWHERE),
    "password totp": (EVERYWHERE, NOWHERE),
    "password webauthn": (EVERYWHERE, NOWHERE),
    "password backup_codes": (EVERYWHERE, NOWHERE),
    "password trusted": ({"forced", "company trusted"}, NOWHERE),
    "password trusted totp": (EVERYWHERE, NOWHERE),
    "passkey": (EVERYWHERE, EVERYWHERE),
    "upstream company": (NOWHERE, NOWHERE),
    "upstream company mfa": ({"company trusted"}, {"company trusted"}),
    "upstream other mfa": (NOWHERE, NOWHERE),
    "upstream company totp": (EVERYWHERE, NOWHERE),
    "upstream other mfa totp": (EVERYWHERE, NOWHERE),
    "upstream company trusted": ({"forced", "company trusted"}, NOWHERE),
    # Providers whose names are words of ours, and words nobody knows.
    "upstream totp": (NOWHERE, NOWHERE),
    "upstream passkey": (NOWHERE, NOWHERE),
    "upstream mfa": (NOWHERE, NOWHERE),
    "upstream company mfax": (NOWHERE, NOWHERE),
    "upstream upstream mfa": (NOWHERE, NOWHERE),
    "ldap": (NOWHERE, NOWHERE),
    "ldap totp": (EVERYWHERE, NOWHERE),
    "password something": (NOWHERE, NOWHERE),
    "": (NOWHERE, NOWHERE),
}


@pytest.mark.parametrize("has_factor", [True, False], ids=["has a factor", "has none"])
@pytest.mark.parametrize("proofs", SESSIONS)
@pytest.mark.parametrize("policy", POLICIES)
def test_tf_21_every_policy_and_every_kind_of_session(policy, proofs, has_factor):
    enough = SESSIONS[proofs][0 if has_factor else 1]
    expected = () if policy == "none" or policy in enough else (Step.TWO_STEPS if has_factor else Step.SET_UP,)
    assert missing_steps(Person(has_factor), POLICIES[policy], Proved(tuple(proofs.split()))) == expected


@pytest.mark.parametrize(("hours", "age", "again"), [
    (None, 400, False), (1, 0, False), (1, 1, False), (1, 1.01, True), (8, 7.9, False), (8, 9, True), (24, 25, True)])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_session_is_good_for_so_many_hours_whatever_else_is_demanded(policy, hours, age, again):
    demands = Demands(**{**POLICIES[policy].__dict__, "session_hours": hours})
    for proofs in SESSIONS:
        session = Proved(tuple(proofs.split()), timedelta(hours=age))
        others = missing_steps(Person(True), POLICIES[policy], session)
        assert missing_steps(Person(True), demands, session) == (*others, *((Step.SIGN_IN,) if again else ()))


def test_a_factor_of_another_house_counts_where_it_is_one_of_ours():
    sms = Proved(("password", "sms"), factors=frozenset({"totp", "sms"}))
    assert missing_steps(Person(True), FORCED, sms) == ()
    assert missing_steps(Person(True), FORCED, Proved(("password", "sms"))) == (Step.TWO_STEPS,)
