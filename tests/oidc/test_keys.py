"""What we sign with, what we believe, and what we say of ourselves."""
import json
from datetime import timedelta

import pytest
import time_machine
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from clock import now
from models import InstallationEvent, SigningKey
from oidc import keys
from settings import setting
from tests.doors import Visitor

CLAIMS = {"iss": "http://localhost:8000", "aud": "demo-app", "sub": "x"}


@pytest.fixture
def get(app):
    web = app.test_client()
    return lambda path: web.get(path, base_url=setting.base_url)


def test_op_23_what_we_say_of_ourselves(get):
    answer = get("/.well-known/openid-configuration")
    told = answer.json
    assert told["issuer"] == setting.base_url
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["response_types_supported"] == ["code"] and "none" not in told["id_token_signing_alg_values_supported"]
    assert set(told["grant_types_supported"]) == {"authorization_code", "refresh_token", "client_credentials"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "Set-Cookie" not in answer.headers
    for name, address in told.items():
        if name.endswith(("_endpoint", "_uri")):
            assert address.startswith(f"{setting.base_url}/oauth/"), name


def test_op_23_keys_are_shown_without_what_is_private(get):
    shown = get("/oauth/jwks").json["keys"]
    assert shown and all(set(each) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for each in shown)
    keys.ensure("RS256")
    shown = get("/oauth/jwks").json["keys"]
    assert {each["alg"] for each in shown} == {"ES256", "RS256"}
    assert not [each for each in shown if {"d", "p", "q", "dp", "dq", "qi"} & set(each)]


def test_op_23_pages_of_any_origin_may_ask_as_no_cookie_counts(app, cast):
    signed_in = Visitor(app, cast.people["chiara"])
    assert signed_in.get("/oauth/userinfo").status_code == 401
    preflight = signed_in.open("OPTIONS", "/oauth/userinfo", Origin="https://spa.example")
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Headers"] == "Authorization"
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    assert "Access-Control-Allow-Origin" not in signed_in.get("/oauth/authorize").headers


def test_a_private_key_is_sealed(database):
    key = SigningKey.get()
    assert b'"d"' not in bytes(key.secret) and "d" not in key.public
    assert json.dumps(key.public)


def forged(kid, **header):
    """Tokens that are not ours, in many ways."""
    mine = ECKey.generate_key("P-256", {"kid": kid})
    ours = keys.published()[0]
    secret = OctKey.import_key(json.dumps(ours))
    yield jwt.encode({"alg": "ES256", "kid": kid}, CLAIMS, mine)
    yield jwt.encode({"alg": "HS256", "kid": kid}, CLAIMS, secret)
    for strange in ("../../etc/passwd", "' OR 1=1 --", "\x00", "", "another"):
        yield jwt.encode({"alg": "ES256", "kid": strange}, CLAIMS, mine)
    good = keys.signed(CLAIMS, "ES256")
    head, body, signature = good.split(".")
    yield f"{head}.{body}."
    yield f"{head}.{body[:-2]}AA.{signature}"
    yield "eyJhbGciOiJub25lIn0." + body + "."
    yield keys.signed(CLAIMS, "ES256", "logout+jwt")
    yield good * 200
    yield from ("", "a", "a.b.c", "..", "é.é.é", "[1].[2].[3]")


def test_op_12_nothing_but_our_own_is_believed(database):
    assert keys.read(keys.signed(CLAIMS, "ES256"))["sub"] == "x"
    for token in forged(keys.published()[0]["kid"]):
        assert keys.read(token) is None, token[:80]


def test_op_24_a_key_is_shown_before_it_signs_and_after_it_did(database):
    start, first = now(), keys.published()[0]["kid"]
    with time_machine.travel(start + timedelta(days=89), tick=False):
        keys.tend()
        assert len(keys.published()) == 1
    old = keys.signed(CLAIMS, "ES256")
    with time_machine.travel(start + timedelta(days=91), tick=False):
        keys.tend()
        assert len(keys.published()) == 2 and kid_of(keys.signed(CLAIMS, "ES256")) == first
        keys.tend()
        assert len(keys.published()) == 2
    with time_machine.travel(start + timedelta(days=92, hours=1), tick=False):
        assert kid_of(keys.signed(CLAIMS, "ES256")) != first and keys.read(old)
    with time_machine.travel(start + timedelta(days=93, hours=1), tick=False):
        keys.tend()
        assert len(keys.published()) == 1 and keys.read(old) is None
    assert InstallationEvent.select().where(InstallationEvent.kind == "signing_key.renewed").count() == 1


def kid_of(token):
    return jwt.decode(token, keys.KeySet.import_key_set({"keys": keys.published()})).header["kid"]
