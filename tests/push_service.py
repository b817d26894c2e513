"""A push service on this machine (RFC 8030), and browsers that listen to it with keys of their own.

It takes only what a real one takes: a message with a life, sealed for its browser (RFC 8291), signed for this
service by whom the browser listens to (RFC 8292).
"""
import base64
import json
import os
import queue
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def to_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Listener:
    """A browser's subscription: what it tells a page, and what it was sent, opened."""

    def __init__(self, endpoint: str, application: str):
        self.endpoint, self.application = endpoint, application
        self.private, self.secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.shown, self.headers, self.sealed = [], [], []
        self.arrived: queue.Queue = queue.Queue()

    @property
    def form(self) -> dict[str, str]:
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "key": to_text(point), "secret": to_text(self.secret)}

    def take(self, sealed: bytes, headers) -> None:
        opened = http_ece.decrypt(sealed, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
        self.shown.append(json.loads(opened))
        self.headers.append(headers)
        self.sealed.append(sealed)
        self.arrived.put(opened.decode())

    def next(self, seconds: float = 20) -> str:
        """The next message, as soon as it is there."""
        return self.arrived.get(timeout=seconds)


class PushService:
    """Its listeners by path; `answer` is what it says in place of 201, `refused` why it said no by itself."""

    def __init__(self, certificate=None):
        self.listeners, self.answer, self.knocks, self.refused = {}, 201, 0, []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                service.knocks += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(service.take(self.path, body, self.headers))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.origin = f"http{'s' if certificate else ''}://127.0.0.1:{self._server.server_port}"

    def listener(self, application: str) -> Listener:
        path = f"/push/{to_text(os.urandom(12))}"
        self.listeners[path] = Listener(self.origin + path, application)
        return self.listeners[path]

    def take(self, path: str, body: bytes, headers) -> int:
        if self.answer != 201:
            return self.answer
        if path not in self.listeners:
            return 410
        listener = self.listeners[path]
        try:
            vouched(headers["Authorization"], self.origin, listener.application)
            assert headers["Content-Encoding"] == "aes128gcm" and 0 <= int(headers["TTL"]) <= 60
            listener.take(body, headers)
        except (AssertionError, InvalidSignature, ValueError, http_ece.ECEException) as trouble:
            self.refused.append(repr(trouble))
            return 403
        return 201

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def vouched(authorization: str, audience: str, application: str) -> None:
    """Signed for this service, by whom the browser listens to, and not for longer than a day (RFC 8292)."""
    said = dict(part.strip().split("=", 1) for part in authorization.removeprefix("vapid ").split(","))
    assert said["k"] == application, "signed by somebody else"
    signed, _dot, signature = said["t"].rpartition(".")
    head, claims = (json.loads(to_bytes(part)) for part in signed.split("."))
    first, second = (int.from_bytes(to_bytes(signature)[at:at + 32]) for at in (0, 32))
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to_bytes(application)).verify(
        encode_dss_signature(first, second), signed.encode(), ec.ECDSA(SHA256()))
    assert head["alg"] == "ES256" and claims["aud"] == audience, "signed for another service"
    assert time.time() < claims["exp"] <= time.time() + 86_400
    assert claims["sub"].startswith("mailto:")
