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
    "passkey": (EVERYWHERE, NOWHERE),         # one that was removed
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


# What rests on a provider of the organisation «lumen»: the steps there, for who has a factor, and who has none.
TWO, SET_UP, OPEN = (Step.TWO_STEPS,), (Step.SET_UP,), ()
LENT = {
    "upstream acme@lumen": (TWO, SET_UP),
    "upstream acme@lumen mfa": (OPEN, OPEN),
    "upstream acme@lumen totp": (OPEN, SET_UP),
    "upstream acme@lumen mfa webauthn": (OPEN, OPEN),
    "upstream acme@lumen trusted": (OPEN, SET_UP),
    "upstream other@lumen mfa": (TWO, SET_UP),
}
LUMEN = Demands(two_factor=True, trusted_upstreams=frozenset({"acme@lumen"}), public_id="lumen")
# Others, whatever they ask for and whomever they trust; and who is no organisation: the operator's console.
OTHERS = (Demands(public_id="onda"), Demands(two_factor=True, public_id="onda"), Demands(), FORCED,
          Demands(public_id="onda", trusted_upstreams=frozenset({"acme@lumen", "acme"})), Demands(public_id="lume"),
          Demands(two_factor=True, trusted_upstreams=frozenset({"acme@lumen"}), public_id="onda", session_hours=1))


@pytest.mark.parametrize("has_factor", [True, False], ids=["has a factor", "has none"])
@pytest.mark.parametrize("proofs", LENT)
def test_fd_14_what_an_organisation_has_brought_along_opens_that_organisation_only(proofs, has_factor):
    session, person = Proved(tuple(proofs.split()), timedelta(hours=9)), Person(has_factor)
    assert missing_steps(person, LUMEN, session) == LENT[proofs][0 if has_factor else 1]
    assert missing_steps(person, Demands(public_id="lumen"), session) == ()
    for other in OTHERS:
        assert missing_steps(person, other, session) == (Step.OWN_WAY,), other


@pytest.mark.parametrize("proofs", ["password", "password totp", "passkey", "upstream company", "ldap", "upstream",
                                    "upstream company mfa", "acme@lumen", "password acme@lumen"])
def test_a_proof_of_ones_own_is_one_everywhere(proofs):
    for other in (LUMEN, *OTHERS):
        assert Step.OWN_WAY not in missing_steps(Person(True), other, Proved(tuple(proofs.split())))


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
