"""What makes a push message one of ours, and readable in one browser only: RFC 8292, RFC 8291 over RFC 8188."""
import os
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts import pushes
from clock import HOUR, epoch
from settings import setting

RECORD = 4096                                   # bytes; a message is one record
LAST = b"\x02"                                  # the padding of the last one


def authorization(endpoint: str) -> str:
    """Says to a push service who we are, and to whom to write if we are a nuisance."""
    from joserfc import jwt
    from joserfc.jwk import ECKey
    service = urlsplit(endpoint)
    claims = {"aud": f"{service.scheme}://{service.netloc}", "exp": epoch() + int(HOUR.total_seconds()),
              "sub": f"mailto:{setting.support or setting.sender}"}
    token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, ECKey.import_key(pushes.pair()))
    return f"vapid t={token}, k={pushes.public_key()}"


def encrypted(text: bytes, key: bytes, secret: bytes) -> bytes:
    """For the browser with this point and this secret (RFC 8291, 3.4): by a pair of keys made for one message."""
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes(key))
    return sealed_by(ec.generate_private_key(ec.SECP256R1()), os.urandom(16), text, theirs, secret)


def sealed_by(ours: ec.EllipticCurvePrivateKey, salt: bytes, text: bytes, theirs: ec.EllipticCurvePublicKey,
              secret: bytes) -> bytes:
    point, other = _point(ours.public_key()), _point(theirs)
    shared = _derived(secret, b"WebPush: info\0" + other + point, 32, ours.exchange(ec.ECDH(), theirs))
    key = _derived(salt, b"Content-Encoding: aes128gcm\0", 16, shared)
    nonce = _derived(salt, b"Content-Encoding: nonce\0", 12, shared)
    head = salt + RECORD.to_bytes(4) + len(point).to_bytes(1) + point
    return head + AESGCM(key).encrypt(nonce, text + LAST, None)


def _derived(salt: bytes, what_for: bytes, length: int, from_: bytes) -> bytes:
    return HKDF(SHA256(), length, salt, what_for).derive(from_)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
