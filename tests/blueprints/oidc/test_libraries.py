"""Applications as people write them: with the libraries that are there, and nothing of ours."""
import warnings

import httpx
import pytest
from requests_oauthlib import OAuth2Session

from demo import APP, APP_BACK, APP_SECRET
from oidc import clients
from settings import setting
from tests.applications import Adapter, arrived, says_yes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import OAuth2Client
    from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet


@pytest.fixture
def discovered(app):
    return app.test_client().get("/.well-known/openid-configuration", base_url=setting.base_url).json


@pytest.fixture
def chiara(browse):
    return browse("chiara")


def path(address):
    return address.removeprefix(setting.base_url)


def come_back(browser, address):
    """Where a browser arrives that was sent off with this address."""
    return arrived(says_yes(browser, browser.get(path(address), expect=None)), APP_BACK)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_signs_somebody_in(app, chiara, discovered, method):
    with OAuth2Client(APP, APP_SECRET, token_endpoint_auth_method=method, redirect_uri=APP_BACK,
                      scope="openid profile email", code_challenge_method="S256",
                      transport=httpx.WSGITransport(app=app)) as client:
        address, state = client.create_authorization_url(
            discovered["authorization_endpoint"], code_verifier="v" * 48, nonce="of this attempt")
        token = client.fetch_token(discovered["token_endpoint"], authorization_response=come_back(chiara, address),
                                   state=state, code_verifier="v" * 48)
        keys = KeySet.import_key_set(client.get(discovered["jwks_uri"]).json())
        read = jwt.decode(token["id_token"], keys)
        claims = CodeIDToken(read.claims, read.header, params={
            "nonce": "of this attempt", "client_id": APP, "access_token": token["access_token"]}, options={
            "iss": {"essential": True, "value": discovered["issuer"]}, "aud": {"essential": True, "value": APP}})
        claims.validate(leeway=0)
        assert client.get(discovered["userinfo_endpoint"]).json()["email"] == "chiara@onda.example"
        renewed = client.refresh_token(discovered["token_endpoint"])
        assert renewed["access_token"] != token["id_token"]
        assert client.introspect_token(discovered["introspection_endpoint"], renewed["access_token"]).json()["active"]
        client.revoke_token(discovered["revocation_endpoint"], renewed["refresh_token"])
        assert client.get(discovered["userinfo_endpoint"]).status_code == 401


def test_authlib_acts_in_its_own_name(app, discovered, by, product):
    with by("anne"):
        service, secret = clients.create(product("Planning"), [APP_BACK], service=True)
    with OAuth2Client(service.client_id, secret, transport=httpx.WSGITransport(app=app)) as client:
        token = client.fetch_token(discovered["token_endpoint"], grant_type="client_credentials", scope="organisation")
        assert token["scope"] == "organisation" and "refresh_token" not in token


def test_oauthlib_signs_somebody_in_without_pkce_and_nonce(app, chiara, discovered, monkeypatch):
    """As Roundcube does: neither a challenge nor a nonce (decision 24)."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")          # the tests' address is http
    client = OAuth2Session(APP, redirect_uri=APP_BACK, scope=["openid", "email", "groups"])
    client.mount(setting.base_url, Adapter(app))
    address, _state = client.authorization_url(discovered["authorization_endpoint"])
    token = client.fetch_token(discovered["token_endpoint"], client_secret=APP_SECRET,
                               authorization_response=come_back(chiara, address))
    assert set(token["scope"]) == {"openid", "email", "groups"}
    assert client.get(discovered["userinfo_endpoint"]).json()["email"] == "chiara@onda.example"
    client.refresh_token(discovered["token_endpoint"], auth=(APP, APP_SECRET))
    assert client.get(discovered["userinfo_endpoint"]).status_code == 200


def test_an_application_in_the_browser_needs_no_secret(app, chiara, discovered, by, product):
    with by("anne"):
        public, _none = clients.create(product("Planning"), [APP_BACK], public=True, algorithm="RS256")
    with OAuth2Client(public.client_id, token_endpoint_auth_method="none", redirect_uri=APP_BACK, scope="openid",
                      code_challenge_method="S256", transport=httpx.WSGITransport(app=app)) as client:
        address, state = client.create_authorization_url(discovered["authorization_endpoint"], code_verifier="v" * 48)
        token = client.fetch_token(discovered["token_endpoint"], authorization_response=come_back(chiara, address),
                                   state=state, code_verifier="v" * 48)
        read = jwt.decode(token["id_token"], KeySet.import_key_set(client.get(discovered["jwks_uri"]).json()),
                          algorithms=["RS256"])
        assert read.header["alg"] == "RS256" and read.claims["aud"] == public.client_id
