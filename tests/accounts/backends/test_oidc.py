"""Signing in by a provider elsewhere, which does everything right and then everything wrong (groups FD, BS-17)."""
import base64
import json
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import pyotp
import pytest
import time_machine
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

import clock
import egress
from accounts import identities, recovery, sessions, signin, signup
from accounts.backends import Someone
from accounts.backends.oidc import provider as providers
from clock import epoch
from commands import _ailments
from demo import SECRET as APP
from demo import acting
from models import Identity, Link, Message, Session, User
from rules import Conflict, address
from settings import Settings, Upstream, setting
from tests.certificates import Authority
from tests.provider import ORDINARY, Provider

GONE_WRONG = "That did not work. Try again, or choose another way."
AWAY = "Acme: no answer just now. Try again later, or choose another way."


@pytest.fixture
def acme(database):
    with Provider() as running, setting.changed(**running.settings()):
        yield running


@pytest.fixture
def nora(acme, cast):
    """Luc here is Nora there."""
    return linked(acme, cast.people["luc"])


def linked(provider, person, **more):
    way = signin.backends()[provider.name]
    with acting(person):
        identities.link(person.id, way, Someone(subject=(ORDINARY | more)["sub"]), keep=None)
    return User.get_by_id(person.id)


def leave(browser, path="/signin/with/acme"):
    """Off to the provider: the address one is sent to."""
    answer = browser.get(path, expect=303, follow=False).answer
    return answer.headers["Location"]


def come_back(browser, address, expect=200):
    parts = urlsplit(address)
    assert parts.scheme + "://" + parts.netloc == setting.base_url
    return browser.get(f"{parts.path}?{parts.query}", expect=expect)


def sign_in(browser, provider, expect=200, path=None):
    return come_back(browser, provider.sign_in(leave(browser, path or f"/signin/with/{provider.name}")), expect)


def nobody(browser, provider, said=GONE_WRONG):
    """The walk ends at the sign-in page with a word, and nobody is in."""
    page = sign_in(browser, provider)
    assert page.path == "/signin" and page.flash == said
    assert not Session.select().where(Session.elsewhere != "").exists()
    return page


# --- as it should be ---------------------------------------------------------------------------


def test_each_provider_is_a_way_of_its_own(visitor, acme):
    page = visitor().get("/signin")
    assert "/signin/with/acme" in page.links and "Acme" in page.text()


def test_somebody_linked_signs_in_and_comes_where_they_wanted(visitor, acme, nora):
    page = sign_in(visitor(), acme, path="/signin/with/acme?next=/account/security")
    assert page.path == "/account/security"
    session = Session.select().order_by(Session.id.desc()).get()
    assert (session.user, session.proofs, session.elsewhere) == (nora, "upstream acme", "acme")
    assert Identity.get().email == "nora@acme.example"


def test_somebody_unknown_is_told_how_to_go_on(visitor, acme, cast):
    page = sign_in(visitor(), acme, expect=403)
    assert "no account here knows that this is you" in page.text()
    assert not Identity.select().exists()


def test_su_07_nobody_unknown_gets_an_account(visitor, acme, cast):
    before = User.select().count()
    for more, signup_is in (({}, "open"), ({"join": True}, "invited")):
        with setting.changed(signup=signup_is, **acme.settings(**more)):
            sign_in(visitor(), acme, expect=403)
    assert User.select().count() == before


def test_where_the_operator_lets_them_they_make_one(visitor, acme, cast):
    with setting.changed(**acme.settings(join=True)):
        sign_in(visitor(), acme)
        person = User.get(User.email == "nora@acme.example")
        assert (person.name, person.password) == ("Nora Nebel", None)
        sign_in(visitor(), acme)
    assert Identity.select().count() == 1


def test_em_08_nobody_chooses_the_address_of_a_new_account(visitor, acme, cast):
    with setting.changed(**acme.settings(join=True)):
        browser = visitor()
        come_back(browser, acme.sign_in(leave(browser)) + "&email=anne@lumen.example&email_verified=true")
    assert User.select().where(User.email == "nora@acme.example").exists()


@pytest.mark.parametrize("confirmed", [False, None, "true", 1])
def test_fd_05_an_address_that_is_not_confirmed_is_nothing(visitor, acme, cast, confirmed):
    acme.who |= {"email": "new@acme.example", "email_verified": confirmed}
    with setting.changed(**acme.settings(join=True)):
        sign_in(visitor(), acme, expect=403)
    assert not Identity.select().exists()


def test_fd_05_a_confirmed_address_opens_nobodys_account(visitor, acme, cast):
    acme.who["email"] = "luc@lumen.example"
    with setting.changed(**acme.settings(join=True)):
        sign_in(visitor(), acme, expect=403)
    assert not Identity.select().exists() and not Session.select().where(Session.elsewhere != "").exists()


def test_su_04_who_asked_first_for_an_address_has_nothing_of_it(visitor, acme, cast):
    """Somebody began to sign up with Nora's address and never saw the mail; then Nora comes."""
    signup.ask("nora@acme.example", "en")
    token = Link.select().order_by(Link.id.desc()).get().token
    with setting.changed(**acme.settings(join=True)):
        sign_in(visitor(), acme)
    assert not Identity.get().user.password
    with pytest.raises(Conflict):
        signup.create(address("nora@acme.example"), "Mal", "Lory", "hash", language="en", country="CH",
                      time_zone="Europe/Zurich")
    assert token and Session.select().where(Session.elsewhere == "acme").count() == 1


def test_what_the_id_token_leaves_out_is_asked_for(visitor, acme, cast):
    acme.claims = {"email": None, "email_verified": None}
    with setting.changed(**acme.settings(join=True)):
        sign_in(visitor(), acme)
    assert Identity.get().email == "nora@acme.example"


# --- the second step ---------------------------------------------------------------------------


def test_tf_08_and_fd_14_a_second_factor_is_asked_for_here(visitor, acme, cast):
    linked(acme, cast.people["mara"])
    acme.claims = {"amr": ["pwd", "mfa"], "acr": "mfa"}             # nobody said that we believe it
    assert sign_in(visitor(), acme).path == "/signin/second-step"
    with setting.changed(**acme.settings(trust_mfa=("mfa",))):
        for claims in ({}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"amr": [["mfa"]]}, {"acr": "0"}):
            acme.claims = claims
            assert sign_in(visitor(), acme).path == "/signin/second-step", claims


@pytest.mark.parametrize("claims", [{"amr": ["pwd", "mfa"]}, {"acr": "mfa"}])
def test_fd_14_two_steps_there_count_where_the_operator_says_so(visitor, acme, cast, claims):
    linked(acme, cast.people["mara"])
    acme.claims = claims
    with setting.changed(**acme.settings(trust_mfa=("mfa",))):
        assert sign_in(visitor(), acme).path != "/signin/second-step"
    assert Session.select().order_by(Session.id.desc()).get().proofs == "upstream acme mfa"


def test_an_old_proof_there_is_an_old_proof_here(visitor, acme, nora):
    acme.claims = {"auth_time": int(time.time()) - 3600}
    browser = visitor()
    sign_in(browser, acme)
    assert browser.get("/account/address").path == "/prove"
    acme.claims = {"auth_time": int(time.time())}
    sign_in(browser, acme)
    assert browser.get("/account/address").path == "/account/address"


def test_a_proof_of_the_year_1970_is_as_old_as_that(visitor, acme, nora):
    acme.claims = {"auth_time": 0}
    sign_in(visitor(), acme)
    who = Session.select().order_by(Session.id.desc()).get()
    assert sessions.since(who.proved, who.created) < clock.now() - 365 * clock.DAY


def test_who_has_no_password_proves_it_there_once_more(visitor, acme, nora):
    User.update(password=None).where(User.id == nora.id).execute()
    browser = visitor()
    sign_in(browser, acme)
    Session.update(proved=clock.now() - clock.HOUR).execute()
    page = browser.get("/account/address")
    again = next(link for link in page.links if link.startswith("/signin/with/acme"))
    assert not [each for each in page.all("input") if each.get("name") == "password"]
    there = leave(browser, again)
    assert dict(parse_qsl(there))["prompt"] == "login" and dict(parse_qsl(there))["max_age"] == "0"
    assert come_back(browser, acme.sign_in(there)).path == "/account/address"


@pytest.mark.parametrize("at", [None, "yesterday", []])
def test_whoever_does_not_say_when_it_was_proved_has_proved_nothing_anew(visitor, acme, nora, at):
    User.update(password=None, language="en").where(User.id == nora.id).execute()
    browser = visitor()
    sign_in(browser, acme)
    Session.update(proved=clock.now() - clock.HOUR).execute()
    acme.claims = {"auth_time": at}
    page = come_back(browser, acme.sign_in(leave(browser, "/signin/with/acme?next=/account/address")))
    assert "did not say when" in page.flash
    assert browser.get("/account/address").path == "/prove"
    assert sign_in(visitor(), acme).path != "/signin"           # to sign in, nobody asked when


# --- the way back ------------------------------------------------------------------------------


def changed(address, **more):
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query)) | more
    return f"{setting.base_url}{parts.path}?{urlencode({k: v for k, v in query.items() if v is not None})}"


@pytest.mark.parametrize("more", [{"state": None}, {"state": "x" * 43}, {"state": "é"}, {"code": None}, {"code": "x"},
                                  {"error": "access_denied"}])
def test_fd_07_and_bs_17_an_answer_to_nothing_we_asked(visitor, acme, nora, more):
    browser = visitor()
    page = come_back(browser, changed(acme.sign_in(leave(browser)), **more))
    assert page.path == "/signin" and page.flash in (GONE_WRONG, AWAY)
    assert not Session.select().where(Session.elsewhere != "").exists()
    assert acme.asked.get("/token", 0) == (more.get("code") == "x")


def test_fd_07_and_bs_17_an_answer_counts_once_and_in_its_own_browser(visitor, acme, nora):
    browser, other = visitor(), visitor()
    mine, theirs = acme.sign_in(leave(browser)), acme.sign_in(leave(other))
    assert come_back(browser, theirs).path == "/signin"         # the attacker's code in my browser
    mine = acme.sign_in(leave(browser))
    come_back(browser, mine)
    browser.post("/signout")
    assert come_back(browser, mine).path == "/signin"           # and once more
    assert come_back(visitor(), mine).path == "/signin"         # a bookmark
    assert Session.select().where(Session.elsewhere != "").count() == 1


def test_bs_17_a_code_of_another_attempt_is_no_good(visitor, acme, nora):
    """The verifier belongs to the attempt: with a stolen code the provider says no."""
    browser = visitor()
    stolen = dict(parse_qsl(urlsplit(acme.sign_in(leave(visitor()))).query))["code"]
    page = come_back(browser, changed(acme.sign_in(leave(browser)), code=stolen))
    assert page.path == "/signin" and not Session.select().where(Session.elsewhere != "").exists()


def test_bs_17_each_attempt_has_a_state_a_nonce_and_a_verifier_of_its_own(visitor, acme):
    browser = visitor()
    first, second = (dict(parse_qsl(urlsplit(leave(browser)).query)) for _time in range(2))
    assert not {first[name] for name in ("state", "nonce", "code_challenge")} & set(second.values())


@pytest.mark.parametrize("sender", [None, "https://evil.example"])
def test_fd_08_an_answer_of_another_sender_gets_no_code_of_ours(visitor, acme, nora, sender):
    acme.answer = {"iss": sender}
    nobody(visitor(), acme, AWAY)
    assert "/token" not in acme.asked


def test_fd_08_a_provider_that_calls_itself_otherwise_is_none(visitor, acme, nora):
    acme.discovery = {"issuer": "https://evil.example"}
    page = visitor().get("/signin/with/acme")
    assert page.path == "/signin" and page.flash == AWAY


def test_fd_08_the_answer_of_one_is_none_of_the_others(visitor, acme, nora):
    with Provider(name="other") as other, setting.changed(
            backends=("password", "oidc"), upstream_oidc=("acme", "other"), upstreams=(acme.upstream(),
                                                                                        other.upstream())):
        browser = visitor()
        back = other.sign_in(leave(browser, "/signin/with/other"))
        page = come_back(browser, back.replace("/with/other/", "/with/acme/"))
        assert page.path == "/signin" and page.flash == GONE_WRONG
        assert "/token" not in acme.asked and "/token" not in other.asked


def test_fd_10_a_provider_that_was_switched_off_meanwhile(visitor, acme, nora):
    browser = visitor()
    back = acme.sign_in(leave(browser))
    with setting.changed(backends=("password",), upstream_oidc=(), upstreams=()):
        come_back(browser, back, expect=404)
    assert not Session.select().where(Session.elsewhere != "").exists()


# --- the ID token ------------------------------------------------------------------------------

@pytest.mark.parametrize("claims", [
    {"nonce": "another"}, {"nonce": None}, {"iss": "https://evil.example"}, {"iss": None}, {"aud": "another"},
    {"aud": ["another", "kanton"]}, {"aud": ["kanton", "another"], "azp": "another"}, {"azp": "another"},
    {"exp": 1_000_000_000}, {"exp": None}, {"iat": 4_000_000_000}, {"iat": None}, {"sub": None}, {"sub": 7}])
def test_fd_09_and_bs_17_a_token_that_is_not_for_us_and_now(visitor, acme, nora, claims):
    acme.claims = claims
    nobody(visitor(), acme, AWAY)


def test_fd_09_the_token_of_an_earlier_sign_in_is_no_good_in_another(visitor, acme, nora):
    """Signed rightly, for us and not long ago; but its nonce was of another attempt."""
    tokens = []

    def the_first_again(claims):
        tokens.append(acme.signed(claims))
        return tokens[0]
    acme.forge = the_first_again
    assert sign_in(visitor(), acme).path != "/signin"
    replayed = visitor()
    page = sign_in(replayed, acme)
    assert (page.path, page.flash) == ("/signin", AWAY)
    assert Session.select().where(Session.elsewhere != "").count() == 1


def unsigned(header, claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return f"{part(header)}.{part(claims)}."


FORGERIES = {
    "none": lambda acme, claims: unsigned({"alg": "none"}, claims),
    "None, and the kid": lambda acme, claims: unsigned({"alg": "None", "kid": "first"}, claims),
    "HS256 with the public key": lambda acme, claims: jwt.encode(
        {"alg": "HS256", "kid": "first"}, claims, OctKey.import_key(acme.keys[0].as_pem(private=False)),
        algorithms=["HS256"]),
    "HS256 with a blank before it": lambda acme, claims: jwt.encode(
        {"alg": "HS256", "kid": "first"}, claims, OctKey.import_key(b"\xef\xbb\xbf " + acme.keys[0].as_pem(
            private=False)), algorithms=["HS256"]),
    "HS256 with our secret": lambda acme, claims: jwt.encode(
        {"alg": "HS256"}, claims, OctKey.import_key("between the provider and us"), algorithms=["HS256"]),
    "a key of its own": lambda acme, claims: jwt.encode(
        {"alg": "ES256", "kid": "first", "jwk": (key := ECKey.generate_key("P-256")).as_dict(private=False)}, claims,
        key, algorithms=["ES256"]),
    "a key elsewhere": lambda acme, claims: jwt.encode(
        {"alg": "ES256", "kid": "unknown", "jku": "http://127.0.0.1:1/jwks"}, claims, ECKey.generate_key("P-256"),
        algorithms=["ES256"]),
    "a key of another kind": lambda acme, claims: jwt.encode(
        {"alg": "RS256", "kid": "first"}, claims, RSAKey.generate_key(2048), algorithms=["RS256"]),
    "signed by somebody": lambda acme, claims: jwt.encode(
        {"alg": "ES256", "kid": "first"}, claims, ECKey.generate_key("P-256"), algorithms=["ES256"]),
    "a promise we do not know": lambda acme, claims: _critical(acme, claims),
    "a header of 5 MB": lambda acme, claims: acme.signed(claims) + "x" * (5 << 20),
    "a long header": lambda acme, claims: unsigned({"alg": "ES256", "kid": "x" * 60_000}, claims) + "x",
    "no text": lambda acme, claims: 7,
    "nothing": lambda acme, claims: "",
    "two dots": lambda acme, claims: "..",
}


def _critical(acme, claims):
    """Signed rightly, but its header says that one must understand something."""
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")
    header = part(json.dumps({"alg": "ES256", "kid": "first", "crit": ["exp"], "exp": 1}).encode())
    body = header + b"." + part(json.dumps(claims).encode())
    r, s = decode_dss_signature(acme.keys[0].private_key.sign(body, ec.ECDSA(hashes.SHA256())))
    return (body + b"." + part(r.to_bytes(32, "big") + s.to_bytes(32, "big"))).decode()


@pytest.mark.parametrize("forgery", FORGERIES)
def test_fd_09_a_token_that_the_provider_did_not_sign(visitor, acme, nora, forgery):
    acme.forge = lambda claims: FORGERIES[forgery](acme, claims)
    nobody(visitor(), acme, AWAY)


def test_fd_09_keys_change_and_are_asked_for_at_most_once_a_minute(visitor, acme, nora):
    sign_in(visitor(), acme)
    acme.new_key()
    with time_machine.travel(clock.now() + 2 * clock.MINUTE):
        assert sign_in(visitor(), acme).path != "/signin"
        assert acme.asked["/jwks"] == 2
        for number in range(5):                 # a flood of keys that nobody knows
            acme.header = {"kid": f"unknown {number}"}
            assert sign_in(visitor(), acme).flash == AWAY
        assert acme.asked["/jwks"] == 2


def test_a_token_without_the_name_of_its_key_is_read_by_the_only_one(visitor, acme, nora):
    acme.header = {"kid": None}
    assert sign_in(visitor(), acme).path != "/signin"
    acme.keys.append(ECKey.generate_key("P-256", {"kid": "another"}))
    with time_machine.travel(clock.now() + 2 * clock.HOUR):
        assert sign_in(visitor(), acme).flash == AWAY


# --- away, or strange --------------------------------------------------------------------------


def test_fd_12_and_bs_17_a_provider_that_is_down_stops_nobody_else(visitor, database, cast):
    with Provider() as gone:
        pass
    with setting.changed(**gone.settings()):
        browser = visitor()
        assert browser.get("/signin/with/acme").flash == AWAY
        assert browser.sign_in("luc").get("/account").status == 200
        assert [line for line in _ailments() if line.startswith("People cannot sign in by acme")]


@pytest.mark.parametrize("slow", ["/.well-known/openid-configuration", "/token", "/jwks"])
def test_fd_12_a_provider_that_is_slow_is_not_waited_for_and_stops_nobody_else(visitor, acme, nora, slow, monkeypatch):
    """It would answer rightly in the end; nobody has waited for that."""
    monkeypatch.setattr(egress, "PATIENCE", 0.3)
    acme.slow[slow] = 3
    browser = visitor()
    page = browser.get("/signin/with/acme", follow=False, expect=303)
    if slow in ("/token", "/jwks"):
        page = come_back(browser, acme.sign_in(page.answer.headers["Location"]))
    else:
        page = browser.get(page.answer.headers["Location"])
    assert (page.path, page.flash) == ("/signin", AWAY)
    assert not Session.select().where(Session.elsewhere != "").exists()
    acme.slow.clear()
    assert visitor().sign_in("anne").get("/account").status == 200
    with time_machine.travel(clock.now() + 2 * clock.MINUTE):   # its keys are asked for once a minute
        assert sign_in(visitor(), acme).path != "/signin"


@pytest.mark.parametrize("where", ["http://acme.example/authorize", "//acme.example", "javascript:alert(1)", None, 7])
def test_fd_11_a_provider_leads_nowhere_but_to_https(where):
    there = providers.Provider(Upstream(name="acme", issuer="https://acme.example", client_id="kanton"))
    there.told, there.told_at = {"authorization_endpoint": where, "token_endpoint": "https://acme.example/t"}, epoch()
    assert there.address("token_endpoint") == "https://acme.example/t"
    with pytest.raises(providers.Untrusted):
        there.address("authorization_endpoint")


def test_fd_11_a_provider_leads_nowhere_inside_our_house():
    """Its keys are said to be in our own network: nobody goes there."""
    there = providers.Provider(Upstream(name="acme", issuer="https://acme.example", client_id="kanton"))
    for inside in ("https://127.0.0.1:1/jwks", "https://169.254.169.254/jwks", "https://10.0.0.1/jwks"):
        there.told, there.told_at, there.keys_at = {"jwks_uri": inside}, epoch(), 0
        with pytest.raises(providers.Untrusted, match="not a public address"):
            there._keys()


def test_bs_04_a_certificate_nobody_we_believe_has_signed(visitor, database, cast, tmp_path):
    authority, other = Authority(tmp_path / "authority"), Authority(tmp_path / "other")
    with Provider(tls=authority.sign("127.0.0.1")) as running:
        for ca in (str(other.file), ""):
            with setting.changed(**running.settings(ca=ca)):
                assert visitor().get("/signin/with/acme").flash == AWAY
        assert not running.asked
        with setting.changed(**running.settings(ca=str(authority.file))):
            linked(running, cast.people["luc"])
            assert sign_in(visitor(), running).path != "/signin"


def test_a_provider_without_a_label_is_called_by_its_host(visitor, database):
    acme = Upstream(name="acme", issuer="https://login.acme.example/realm", client_id="kanton")
    with setting.changed(backends=("password", "oidc"), upstreams=(acme,)):
        assert "login.acme.example" in visitor().get("/signin").text()


def test_only_what_can_work_is_taken():
    ours = {"BACKENDS": "password oidc", "UPSTREAM_OIDC": "acme", "UPSTREAM_OIDC_ACME_CLIENT_ID": "kanton"}
    with pytest.raises(SystemExit, match="UPSTREAM_OIDC_ACME_ISSUER is missing"):
        Settings.from_environment(ours)
    for issuer in ("http://acme.example", "ftp://localhost", "acme.example"):
        with pytest.raises(SystemExit, match="is not https"):
            Settings.from_environment(ours | {"UPSTREAM_OIDC_ACME_ISSUER": issuer})
    with pytest.raises(SystemExit, match="needs the name"):
        Settings.from_environment({"UPSTREAM_OIDC": "acme", "UPSTREAM_OIDC_ACME_ISSUER": "https://acme.example",
                                   "UPSTREAM_OIDC_ACME_CLIENT_ID": "kanton"})
    with pytest.raises(SystemExit, match="no name"):
        Settings.from_environment({"BACKENDS": "oidc", "UPSTREAM_OIDC": "../x", "UPSTREAM_OIDC_../X_CLIENT_ID": "k",
                                   "UPSTREAM_OIDC_../X_ISSUER": "https://acme.example"})


# --- signed out there --------------------------------------------------------------------------


@pytest.fixture
def two_sessions(visitor, acme, nora):
    """Two browsers, which the provider calls «one» and «two»; and one that the password opened."""
    for name in ("one", "two"):
        acme.claims = {"sid": name}
        sign_in(visitor(), acme)
    visitor().sign_in("luc")
    return lambda: sorted(session.elsewhere for session in Session.select().where(
        Session.user == nora.id, Session.ended.is_null()))


def tell(visitor, token, name="acme"):
    return visitor().client.post(f"/signin/with/{name}/signed-out", base_url=setting.base_url,
                                 data={"logout_token": token}).status_code


BAD = {
    "no type": ({"typ": None}, {"sid": "one"}), "another type": ({"typ": "JWT"}, {"sid": "one"}),
    "a nonce": ({}, {"sid": "one", "nonce": "x"}), "no event": ({}, {"sid": "one", "events": None}),
    "another event": ({}, {"sid": "one", "events": {"x": {}}}), "a list": ({}, {"sid": "one", "events": ["x"]}),
    "another issuer": ({}, {"sid": "one", "iss": "https://evil.example"}), "another audience": (
        {}, {"sid": "one", "aud": "x"}), "nobody": ({}, {}), "too old": ({}, {"sid": "one", "exp": 1_000_000_000}),
    "said long ago": ({}, {"sid": "one", "iat": epoch() - 300}), "no time": ({}, {"sid": "one", "iat": None}),
    "no number": ({}, {"sid": "one", "jti": None}), "a list of people": ({}, {"sub": ["nora-at-acme"]})}


def test_fd_13_a_word_that_does_not_prove_itself_ends_nothing(visitor, acme, two_sessions):
    for name, (header, claims) in BAD.items():
        assert tell(visitor, acme.logout_token(header, **claims)) == 400, name
    good = acme.logout_token(sid="one")
    assert tell(visitor, good[:-4] + "AAAA") == 400
    assert tell(visitor, unsigned({"alg": "none", "typ": "logout+jwt"}, {"sid": "one"})) == 400
    assert tell(visitor, "") == 400
    assert tell(visitor, good, name="nobody") == 404
    assert two_sessions() == ["", "acme one", "acme two"]


def test_fd_13_one_session_there_is_one_here_and_is_ended_once(visitor, acme, two_sessions):
    word = acme.logout_token(sid="one")
    assert tell(visitor, word) == 200
    assert two_sessions() == ["", "acme two"]
    assert tell(visitor, word) == 400           # its number was heard


def test_fd_13_and_fd_17_somebody_signed_out_there_altogether(visitor, acme, two_sessions):
    assert tell(visitor, acme.logout_token(sub="somebody-else")) == 200
    assert tell(visitor, acme.logout_token(sub="somebody-else", sid="one")) == 200
    assert two_sessions() == ["", "acme one", "acme two"]
    assert tell(visitor, acme.logout_token(sub="nora-at-acme")) == 200
    assert two_sessions() == [""]


def test_fd_13_a_session_half_way_in_keeps_where_it_began(visitor, acme, cast):
    linked(acme, cast.people["mara"])
    acme.claims = {"sid": "one"}
    browser = visitor()
    sign_in(browser, acme)
    browser.post("/signin/second-step", factor="totp", code=pyotp.TOTP(APP).now())
    assert Session.select().order_by(Session.id.desc()).get().elsewhere == "acme one"


# --- an account without a password -------------------------------------------------------------


def test_rs_10_no_password_appears_where_there_was_none(visitor, acme, nora, letters):
    User.update(password=None).where(User.id == nora.id).execute()
    browser = visitor()
    browser.get("/forgotten")
    page = browser.post("/forgotten", email="luc@lumen.example").text()
    assert "on its way" in page
    message, letter = letters("luc@lumen.example")[-1]
    assert message.notice == "reset_elsewhere" and "Acme" in letter.text
    assert "/reset/" not in letter.text
    assert not Link.select().where(Link.purpose == "reset", Link.used.is_null()).exists()


def test_rs_10_whose_way_was_switched_off_gets_a_link(acme, nora):
    User.update(password=None).where(User.id == nora.id).execute()
    with setting.changed(backends=("password",), upstream_oidc=(), upstreams=()):
        recovery.ask("luc@lumen.example", "en")
    assert Message.select().where(Message.notice == "reset").exists()


def test_lg_01_the_password_form_does_not_tell_who_signs_in_elsewhere(visitor, acme, nora):
    User.update(password=None).where(User.id == nora.id).execute()
    answers = set()
    for email in ("luc@lumen.example", "nobody@nowhere.example", "esteban@aurora.example"):
        browser = visitor()
        browser.get("/signin")
        page = browser.post("/signin", expect=422, email=email, password="x" * 20)
        answers.add((page.status, page.html.replace(page.token, "").replace(email, "").partition("<!--")[0]))
    assert len(answers) == 1


def test_a_session_elsewhere_is_one_like_others(acme, nora, visitor):
    browser = visitor()
    sign_in(browser, acme)
    assert browser.get("/account/sessions").status == 200
    assert sessions.living(nora.id)


# --- two tabs of one browser -------------------------------------------------------------------


def test_of_two_tabs_the_latest_signs_in_and_the_earlier_is_told(visitor, acme, nora):
    browser, key = visitor(), "/signin/with/passkey"
    browser.get("/signin")
    with setting.changed(backends=("password", "passkey", "oidc")):
        earlier = acme.sign_in(leave(browser))
        token = browser.get(key).token
        page = come_back(browser, earlier)
        assert page.path == "/signin" and page.flash == GONE_WRONG
        assert not Session.select().where(Session.elsewhere != "").exists()
        later = acme.sign_in(leave(browser))
        page = browser.post(key, token=token, code="{}")
        assert page.path == "/signin" and page.flash == GONE_WRONG
        assert come_back(browser, later).path != "/signin"
    assert Session.select().where(Session.user == nora.id, Session.elsewhere != "").count() == 1


def test_of_two_tabs_with_one_provider_none_takes_the_others_answer(visitor, acme, nora):
    browser = visitor()
    earlier = acme.sign_in(leave(browser))
    later = acme.sign_in(leave(browser))
    page = come_back(browser, earlier)
    assert page.path == "/signin" and page.flash == GONE_WRONG
    assert come_back(browser, later).flash == GONE_WRONG
    assert not Session.select().where(Session.elsewhere != "").exists()
    assert sign_in(browser, acme).path != "/signin"
