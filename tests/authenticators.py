"""A passkey, or a security key, in software: it can do everything right, and everything wrong."""
import base64
import copy
import hashlib
import json
import os
import struct

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from accounts import passkeys

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "===")


class Authenticator:
    """One device with one key (ES256). `flags` are what it says of its owner and of itself.

    What a call is given beside its options goes wrong on purpose: another `origin`, `rp`, `challenge`, `type`,
    `user` (a handle, or None), `identity`, or more in `page`.
    """

    def __init__(self, *, flags: int = UP | UV, counts: bool = True, identity: bytes | None = None, alg: int = -7):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.identity = os.urandom(32) if identity is None else identity
        self.flags, self.counts, self.alg = flags, counts, alg
        self.counter, self.owner = 0, b""

    def clone(self) -> "Authenticator":
        return copy.copy(self)

    def create(self, options: dict, **wrong) -> str:
        """Its answer to `navigator.credentials.create()`, as the browser writes it."""
        self.owner = unb64(options["user"]["id"])
        attested = (bytes(16) + struct.pack(">H", len(self.identity)) + self.identity
                    + wrong.get("key", cbor2.dumps(self._public())))
        data = self._data(wrong, options["rp"]["id"], AT) + attested + wrong.get("tail", b"")
        attestation = cbor2.dumps({"fmt": wrong.get("fmt", "none"), "attStmt": {}, "authData": data})
        return self._said(wrong, {
            "clientDataJSON": b64(self._page(wrong, "webauthn.create", options)), "transports": ["usb", "nfc"],
            "attestationObject": b64(wrong.get("attestation", attestation))})

    def get(self, options: dict, **wrong) -> str:
        """Its answer to `navigator.credentials.get()`."""
        if self.counts:
            self.counter += 1
        page = self._page(wrong, "webauthn.get", options)
        data = self._data(wrong, options["rpId"])
        signature = self.private.sign(data + hashlib.sha256(page).digest(), ec.ECDSA(SHA256()))
        user = wrong.get("user", self.owner)
        return self._said(wrong, {
            "clientDataJSON": b64(page), "authenticatorData": b64(data),
            "signature": b64(wrong.get("signature", signature)), "userHandle": b64(user) if user else None})

    def _said(self, wrong: dict, response: dict) -> str:
        return json.dumps({"id": b64(wrong.get("identity", self.identity)), "rawId": b64(self.identity),
                           "type": "public-key", "response": response, "clientExtensionResults": {}})

    def _page(self, wrong: dict, kind: str, options: dict) -> bytes:
        return json.dumps({"type": wrong.get("type", kind), "challenge": wrong.get("challenge", options["challenge"]),
                           "origin": wrong.get("origin", passkeys.home()[1]), "crossOrigin": False,
                           **wrong.get("page", {})}).encode()

    def _data(self, wrong: dict, rp: str, more: int = 0) -> bytes:
        return (hashlib.sha256(wrong.get("rp", rp).encode()).digest()
                + bytes([wrong.get("flags", self.flags) | more]) + struct.pack(">I", self.counter))

    def _public(self) -> dict:
        numbers = self.private.public_key().public_numbers()
        return {1: 2, 3: self.alg, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
