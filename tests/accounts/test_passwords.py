"""The slow hash of passwords: what it costs where the product runs, and how many work on it."""
import threading
import unicodedata

import crypto
from accounts import passwords
from models import User
from tests.conftest import AS_DECIDED
from tests.together import at_once

# Of "slow clouds over the harbour ä", made by the reference implementation of Argon2.
BY_THE_REFERENCE = ("$argon2id$v=19$m=19456,t=2,p=1$dElejgOALEb8WYyW21OfZg$XGoZV9"
                    "c28l75KXm3BWYcfr/KHFQ2VlXdBjDAIGxz93I")


def test_a_password_is_hashed_as_decided():
    """Argon2id, 19 MiB, twice, on one core (decision 16)."""
    phc = AS_DECIDED.hash("a password that is long")
    assert phc.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and AS_DECIDED.verify(phc, "a password that is long")


def test_a_hash_of_any_implementation_is_known_and_of_any_nonsense_is_not():
    assert AS_DECIDED.verify(BY_THE_REFERENCE, "slow clouds over the harbour ä")
    assert not AS_DECIDED.verify(BY_THE_REFERENCE, "slow clouds over the harbour")
    for phc in ("", "nonsense", BY_THE_REFERENCE[:-1], "$argon2id$" + "x" * 200):
        assert not AS_DECIDED.verify(phc, "slow clouds over the harbour ä")


def test_a_password_is_as_long_as_it_is_looked_at(database):
    """A letter and its accent are one, however they were typed."""
    typed = unicodedata.normalize("NFD", "éàüöñçšž" * 30)
    assert len(typed) > passwords.LONGEST > len(unicodedata.normalize("NFC", typed))
    passwords.check(typed, two_factor=False)
    phc = passwords.hashed(typed)
    user = User(public_id=crypto.public_id())
    user.password = passwords.sealed(user, phc)
    assert passwords.right(user, typed)


def test_each_place_for_hashing_is_used(database, monkeypatch):
    """Of four places four are at work at once: each waits until all are."""
    class Together(passwords.Argon2id):
        meeting = threading.Barrier(4)

        def hash(self, password):
            self.meeting.wait(30)
            return super().hash(password)
    monkeypatch.setattr(passwords, "_slots", [threading.Lock() for _place in range(4)])
    monkeypatch.setattr(passwords, "hasher", Together(passwords.hasher.passes, passwords.hasher.memory))
    assert len(set(at_once(4, lambda: passwords.hashed("a password that is long")))) == 4
