"""Tokens, seals and signatures; one key ring, one key for each purpose.

The master key signs nothing itself: HKDF-SHA-256 (RFC 5869) makes a key for
every purpose, so that a value of one kind can never be read as another.
"""
import base64
import hashlib
import hmac
import os
import secrets
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from settings import SHORTEST_KEY, private, setting

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_SYMBOLS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", CROCKFORD.encode())


class Unsealable(ValueError):
    """A sealed value was changed, moved to another place, or sealed with a key we no longer have."""


def public_id() -> str:
    """What the outside calls a row: 16 random symbols, 80 bits, never reused."""
    return base64.b32encode(secrets.token_bytes(10)).translate(_SYMBOLS).decode()


def token() -> str:
    """A secret of 256 bits for a cookie or a link."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a secret that is long enough to need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign(purpose: str, *parts: object) -> str:
    """128 bits that only we can make of these parts: a link's token, rebuilt on demand, stored nowhere."""
    message = "\x1f".join(str(part) for part in parts).encode()
    mac = hmac.digest(_key("sign:" + purpose), message, "sha256")[:16]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def signed(signature: str, purpose: str, *parts: object) -> bool:
    return hmac.compare_digest(signature.encode(), sign(purpose, *parts).encode())


def six_digits(purpose: str, *parts: object) -> str:
    """A short code that only we can make of these parts: good for minutes and a few tries, stored nowhere."""
    message = "\x1f".join(str(part) for part in parts).encode()
    mac = hmac.digest(_key("digits:" + purpose), message, "sha256")
    return f"{int.from_bytes(mac) % 1_000_000:06}"


def seal(secret: bytes, place: str) -> bytes:
    """Encrypted and bound to its place (table, column, row): it opens nowhere else."""
    nonce = os.urandom(12)
    return b"\x01" + nonce + AESGCM(_key("seal")).encrypt(nonce, secret, place.encode())


def unseal(sealed: bytes, place: str) -> bytes:
    try:
        return AESGCM(_key("seal")).decrypt(bytes(sealed[1:13]), bytes(sealed[13:]), place.encode())
    except (InvalidTag, ValueError) as error:
        raise Unsealable(place) from error


def bucket(kind: str, subject: str) -> str:
    """A limiter's key: says nothing about whom it counts."""
    return hmac.digest(_key("bucket"), f"{kind}\x1f{subject}".encode(), "sha256").hex()[:32]


def purpose_key(purpose: str) -> str:
    """A key for a library that wants one of its own, as text."""
    return _key("for:" + purpose).hex()


def key_pair(purpose: str) -> ec.EllipticCurvePrivateKey:
    """A key pair on P-256 that is the same on every node: made of the master key, kept nowhere (FIPS 186-5, A.2.1)."""
    wide = HKDF(SHA256(), 48, b"kanton", f"pair:{purpose}".encode()).derive(master().encode())
    return ec.derive_private_key(int.from_bytes(wide) % (ec.SECP256R1.group_order - 1) + 1, ec.SECP256R1())


def _key(purpose: str) -> bytes:
    return _derived(master(), purpose)


@cache
def _derived(master: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, b"kanton", purpose.encode()).derive(master.encode())


def master() -> str:
    """The master key: SECRET_KEY, or the one kept in DATA.

    Raises SystemExit when it is missing although there is a database, or when others may read it.
    """
    return setting.secret_key or _kept(setting.data)


def make_master(data: Path) -> None:
    """A key for a new installation, kept where only its owner can read it. Never in place of one that is there."""
    half = private(data) / f"secret.key.{secrets.token_hex(4)}"
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(half, data / "secret.key")      # whole or not at all, and never over another
    finally:
        half.unlink(missing_ok=True)


@cache
def _kept(data: Path) -> str:
    path = data / "secret.key"
    if not path.exists():
        if (data / "kanton.db").exists() or setting.database_url:
            raise SystemExit(
                f"{path} is missing, but there is a database. Put the key back, or set SECRET_KEY: "
                "without it sealed secrets cannot be read.")
        make_master(data)
    if path.stat().st_mode & 0o077:
        raise SystemExit(f"{path} can be read by others. Say: chmod 600 {path}")
    key = path.read_text().strip()
    if len(key) < SHORTEST_KEY:
        raise SystemExit(f"{path} is broken: it holds no key of at least {SHORTEST_KEY} characters. Put the key back.")
    return key
