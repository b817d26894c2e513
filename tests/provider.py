"""A small OpenID provider on a loopback port, that signs people in at once and can be made to do everything wrong."""
import base64
import contextlib
import hashlib
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from accounts.backends.oidc.provider import of
from settings import Upstream

SECRET = "between the provider and us"
ORDINARY = {"sub": "nora-at-acme", "email": "nora@acme.example", "email_verified": True, "given_name": "Nora",
            "family_name": "Nebel"}


class Provider:
    """`who`: whom it signs in. What is given in `claims`, `header`, `discovery` or `answer` it says instead; None: it
    says nothing. `bodies`: what an address answers with instead, by path; `slow`: for how many seconds it drips blanks
    before it answers. `asked`: how often each address was asked."""

    def __init__(self, *, name: str = "acme", tls: tuple | None = None, host: str = "127.0.0.1"):
        self.name, self.who = name, dict(ORDINARY)
        self.claims: dict = {}
        self.header: dict = {}
        self.discovery: dict = {}
        self.answer: dict = {}
        self.bodies: dict = {}
        self.slow: dict[str, float] = {}
        self.asked: dict[str, int] = {}
        self.codes: dict[str, dict] = {}
        self.forge = None                       # (header, claims) → an ID token
        self.keys = [ECKey.generate_key("P-256", {"kid": "first", "use": "sig", "alg": "ES256"})]
        self.server = ThreadingHTTPServer((host, 0), type("Handler", (_Handler,), {"provider": self}))
        self.issuer = f"http{'s' if tls else ''}://{host}:{self.server.server_port}"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self) -> "Provider":
        of.cache_clear()                        # an earlier provider may have had the same port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def upstream(self, **more) -> Upstream:
        return Upstream(**{"name": self.name, "issuer": self.issuer, "client_id": "kanton", "client_secret": SECRET,
                           "label": "Acme"} | more)

    def settings(self, **more) -> dict:
        return {"backends": ("password", "oidc"), "upstream_oidc": (self.name,), "upstreams": (self.upstream(**more),)}

    def sign_in(self, address: str) -> str:
        """Somebody comes by with this address and signs in. Where their browser is sent back to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert address.startswith(f"{self.issuer}/authorize?"), address
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == "kanton" and "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}-{self.name}"
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer} | self.answer
        return f"{asked['redirect_uri']}?{urlencode({k: v for k, v in answer.items() if v is not None})}"

    def new_key(self, name: str = "second") -> None:
        self.keys = [ECKey.generate_key("P-256", {"kid": name, "use": "sig", "alg": "ES256"})]

    def signed(self, claims: dict, **header) -> str:
        header = {"alg": "ES256", "kid": self.keys[0].kid} | header
        return jwt.encode({k: v for k, v in header.items() if v is not None}, claims, self.keys[0],
                          algorithms=[header["alg"]])

    def id_token(self, asked: dict) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "kanton", "iat": now, "exp": now + 300, "nonce": asked["nonce"],
                  **({"auth_time": now} if "max_age" in asked else {}), **self.who, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.forge(claims) if self.forge else self.signed(claims, **self.header)

    def logout_token(self, header: dict | None = None, **more) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "kanton", "iat": now, "exp": now + 120, "jti": f"number {time.time_ns()}",
                  "events": {"http://schemas.openid.net/event/backchannel-logout": {}}} | more
        return self.signed({name: value for name, value in claims.items() if value is not None},
                           **{"typ": "logout+jwt"} | (header or {}))

    # --- what its addresses say -----------------------------------------------------------------

    def configuration(self) -> dict:
        told = {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "authorization_response_iss_parameter_supported": True} | self.discovery
        return {name: value for name, value in told.items() if value is not None}

    def token(self, form: dict, authorization: str) -> tuple[int, dict]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        right = asked and form["redirect_uri"] == asked["redirect_uri"] and asked["code_challenge"] == (
            base64.urlsafe_b64encode(challenge).rstrip(b"=").decode())
        ours = base64.b64encode(f"kanton:{SECRET.replace(' ', '%20')}".encode()).decode()
        if not right or authorization != f"Basic {ours}":
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(asked)}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        provider, path = self.provider, urlsplit(self.path).path
        if path == "/authorize":
            self.send_response(302)
            self.send_header("Location", provider.sign_in(provider.issuer + self.path))
            self.end_headers()
            return
        self._answer(path, {
            "/.well-known/openid-configuration": provider.configuration, "/userinfo": lambda: provider.who,
            "/jwks": lambda: KeySet(provider.keys).as_dict(private=False)}.get(path))

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        status, told = self.provider.token(form, self.headers.get("Authorization", ""))
        self._answer("/token", lambda: told, status)

    def _answer(self, path, told, status=200) -> None:
        self.provider.asked[path] = self.provider.asked.get(path, 0) + 1
        if instead := self.provider.bodies.get(path):
            instead(self)
            return
        if told is None:
            status, told = 404, dict
        body = json.dumps(told()).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        with contextlib.suppress(ConnectionError):              # whoever asked may be gone
            self._drip(path)
            self.wfile.write(body)

    def _drip(self, path) -> None:
        self.end_headers()
        ends = time.monotonic() + self.provider.slow.get(path, 0)
        while time.monotonic() < ends:
            self.wfile.write(b" ")
            time.sleep(0.02)

    def log_message(self, *_) -> None:
        """Nothing."""
