"""The slow hash of passwords: what it costs where the product runs."""
from tests.conftest import AS_DECIDED

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
