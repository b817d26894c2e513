"""Applications that sign people in by us: an RFC-strict one written by hand, and the ways real libraries reach us."""
import base64
import hashlib
import io
import secrets
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import KeySet

import demo
from settings import setting

SCOPE = "openid profile email organisation groups"


class Application:
    """Asks, gets, checks everything the standards tell a client to check."""

    def __init__(self, app, client_id=demo.APP, secret=demo.APP_SECRET, back=demo.APP_BACK):
        self.web, self.client_id, self.secret, self.back = app.test_client(), client_id, secret, back
        self.verifier = secrets.token_urlsafe(48)

    # --- asking --------------------------------------------------------------------------------

    def asking(self, **more) -> str:
        """Where it sends a browser. None leaves a parameter out."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.state, self.nonce = secrets.token_urlsafe(), secrets.token_urlsafe()
        said = {"client_id": self.client_id, "response_type": "code", "scope": SCOPE, "redirect_uri": self.back,
                "state": self.state, "nonce": self.nonce, "code_challenge_method": "S256",
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), **more}
        return f"/oauth/authorize?{urlencode({k: v for k, v in said.items() if v is not None}, quote_via=quote)}"

    def answer(self, page) -> dict:
        """What came back at its address, whether by a redirection or by a page, or is behind the link of one."""
        told = dict(parse_qsl(urlsplit(arrived(page, self.back)).query))
        assert told.pop("iss") == setting.base_url
        assert told.pop("state", None) == self.state
        return told

    def code(self, browser, **more) -> str:
        """A code for whoever is signed in there, who says yes where that is asked."""
        return self.answer(says_yes(browser, browser.get(self.asking(**more), expect=None)))["code"]

    # --- getting -------------------------------------------------------------------------------

    def post(self, path: str, basic: bool = True, **form):
        headers = {}
        if self.secret and basic:
            pair = f"{quote(self.client_id)}:{quote(self.secret)}".encode()
            headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        elif not self.secret:
            form = {"client_id": self.client_id} | form
        return self.web.post(path, data={k: v for k, v in form.items() if v is not None}, headers=headers,
                             base_url=setting.base_url)

    def exchange(self, code: str, **more):
        return self.post("/oauth/token", **{"grant_type": "authorization_code", "code": code, "redirect_uri": self.back,
                                            "code_verifier": self.verifier} | more)

    def tokens(self, browser, **more) -> dict:
        answer = self.exchange(self.code(browser, **more))
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.json

    def refresh(self, token: str, **more):
        return self.post("/oauth/token", grant_type="refresh_token", refresh_token=token, **more)

    def userinfo(self, token: str):
        return self.web.get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"}, base_url=setting.base_url)

    def introspect(self, token: str) -> dict:
        answer = self.post("/oauth/introspect", token=token)
        assert answer.status_code == 200
        return answer.json

    # --- checking ------------------------------------------------------------------------------

    def keys(self) -> KeySet:
        return KeySet.import_key_set(self.web.get("/oauth/jwks", base_url=setting.base_url).json)

    def claims(self, tokens: dict) -> dict:
        """Of the ID token: OpenID Connect Core §3.1.3.7."""
        read = jwt.decode(tokens["id_token"], self.keys(), algorithms=["ES256", "RS256"])
        claims = read.claims
        half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
        assert claims["iss"] == setting.base_url and claims["aud"] == claims["azp"] == self.client_id
        assert claims["exp"] > claims["iat"] and claims["nonce"] == self.nonce
        assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
        return claims


def arrived(page, back: str) -> str:
    """The address that a browser was sent to, away from us, or that the page of a closed door leads back to."""
    found = page.answer.headers.get("Location") or next(
        (each["content"].partition("url=")[2] for each in page.all("meta") if each.get("http-equiv") == "refresh"), "")
    if page.status == 403:
        found = next((link for link in page.links if link.startswith(back)), "")
    assert found.startswith(back), (page.status, found, page.text()[:300])
    return found


def says_yes(browser, page):
    """On through the consent page, if it is one."""
    if page.path == "/oauth/authorize" and page.status == 200 and 'name="question"' in page.html:
        return browser.post("/oauth/authorize/consent", expect=None, answer="allow", **asked(page))
    return page


def asked(page) -> dict:
    """The hidden fields of the consent page."""
    return {each["name"]: each["value"] for each in page.all("input") if each.get("name") in ("query", "question")}


class Adapter(requests.adapters.BaseAdapter):
    """How `requests` reaches the application without a network."""

    def __init__(self, app):
        super().__init__()
        self.web = app.test_client()

    def send(self, request, **_more):
        headers = {name: value for name, value in request.headers.items() if name != "Content-Length"}
        answer = self.web.open(request.path_url, method=request.method, data=request.body, headers=headers,
                               base_url=setting.base_url)
        found = requests.Response()
        found.status_code, found.url, found.request = answer.status_code, request.url, request
        found.headers = requests.structures.CaseInsensitiveDict(answer.headers)
        found.raw = io.BytesIO(answer.get_data())
        return found

    def close(self):
        """Nothing is open."""
