"""The slow hash of passwords: what it costs where the product runs."""
from tests.conftest import AS_DECIDED


def test_a_password_is_hashed_as_decided():
    """Argon2id, 19 MiB, twice, on one core (decision 16)."""
    assert AS_DECIDED.hash("a password that is long").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
