"""The gate opens to whom the one decision lets in, and to nobody else, from one request to the next."""
import base64
from datetime import timedelta
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
import time_machine

import crypto
import demo
from accounts import app_passwords, sessions
from clock import now
from db import transaction
from gate import secrets, tickets
from models import GateTicket, Grant, Membership, Organisation, Product, ProductUse, Session, Team, TeamMember, User
from organisations import blocking, teams
from products import blocking as product_blocking
from products import grants, lifecycle
from settings import setting
from tenancy import across_organisations
from tests.gate.conftest import WIKI, Proxy, away, the_gate

TOLD = ("Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "X-Auth-Request-User", "X-Auth-Request-Email",
        "X-Auth-Request-Preferred-Username", "X-Auth-Request-Groups")


def basic(login, secret):
    return f"Basic {base64.b64encode(f'{login}:{secret}'.encode()).decode()}"


def member(cast, who):
    return Membership.get(Membership.user == cast.people[who].id).public_id


# --- coming in ---------------------------------------------------------------------------------


def test_whoever_may_use_it_comes_in_and_lands_on_the_page_that_was_wanted(cast, wiki, esteban, each_database):
    answer = wiki.enter(esteban, "/pages/42?tab=2&x=%C3%A9")
    assert answer.headers["Location"] == f"{WIKI}/pages/42?tab=2&x=%C3%A9"
    seen = wiki.ask()
    assert seen.status_code == 200 and set(TOLD) <= set(seen.headers.keys())
    assert seen.headers["Remote-User"] == cast.people["esteban"].public_id
    assert seen.headers["Remote-Email"] == "esteban@aurora.example"
    assert (seen.headers["Remote-Name"], seen.headers["Remote-Groups"]) == ("Esteban Ruiz", "Festival")


def test_who_is_signed_out_signs_in_first_and_is_handed_over_by_a_page(visitor, wiki):
    browser = visitor()
    page = browser.get(wiki.where())
    assert page.path == "/signin"
    form = next(each["action"] for each in page.all("form") if each["action"].startswith("/signin?"))
    page = browser.post(form, email="esteban@aurora.example", password=demo.PASSWORD)
    assert page.status == 200 and page.path == "/gate/start"
    assert wiki.lead(f"/gate/callback?{urlsplit(away(page)).query}").headers["Location"].startswith(WIKI)
    assert wiki.ask().status_code == 200


def test_a_use_is_counted_at_each_ticket_and_at_no_request(cast, inside, esteban):
    inside.ask()
    inside.jar.clear()
    inside.enter(esteban)
    with across_organisations("a test that counts"):
        assert [each.times for each in ProductUse.select()] == [2]


def test_a_question_at_the_gate_costs_two_statements(inside, count, each_database):
    count.clear()
    assert inside.ask().status_code == 200
    assert len(count) == 2
    count.clear()
    inside.jar.clear()
    assert inside.ask().status_code == 401
    assert len(count) == 1


def test_what_is_no_browser_is_told_no_and_led_nowhere(wiki):
    for more in ({"Sec-Fetch-Mode": "cors"}, {"Sec-Fetch-Mode": "websocket"}, {"Sec-Fetch-Mode": None, "Accept": "*/*"},
                 {"X-Forwarded-Method": "POST"},
                 {"Sec-Fetch-Mode": None, "Accept": "text/html", "X-Requested-With": "XMLHttpRequest"}):
        answer = wiki.ask(**more)
        assert answer.status_code == 401
        assert not {"Location", "X-Gate-Location", "Set-Cookie", "WWW-Authenticate"} & set(answer.headers.keys())


def test_a_proxy_may_ask_with_the_headers_of_a_websocket(wiki, esteban):
    socket = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Fetch-Mode": "websocket"}
    assert wiki.ask(**socket).status_code == 401
    wiki.enter(esteban)
    assert wiki.ask(**socket).status_code == 200


def test_proxies_that_pass_it_on_are_given_a_redirection(wiki):
    asking = {"X-Forwarded-Uri": "/a", "Sec-Fetch-Mode": "navigate"}
    answer = wiki.lead("/gate/auth?redirect=yes", **asking)
    assert answer.status_code == 302 and urlsplit(answer.headers["Location"]).path == "/gate/start"
    assert wiki.lead("/gate/auth?redirect=yes", **asking | {"Sec-Fetch-Mode": "cors"}).status_code == 401


def test_two_windows_come_in_beside_each_other(wiki, esteban):
    first, second = wiki.back(esteban, "/one"), wiki.back(esteban, "/two")
    for address, path in ((second, "/two"), (first, "/one")):
        assert wiki.lead(f"/gate/callback?{urlsplit(address).query}").headers["Location"] == WIKI + path


def test_a_very_long_address_leads_back_to_the_start_page(wiki, esteban):
    assert wiki.enter(esteban, f"/?q={'x' * 3000}").headers["Location"] == f"{WIKI}/"


def test_a_code_is_good_once_for_a_minute_in_its_browser_and_at_its_application(app, wiki, esteban, by):
    query = urlsplit(wiki.back(esteban)).query
    lost = "/gate/start"
    another = Proxy(app)
    another.ask()                               # has a mark of its own
    for elsewhere in (another, Proxy(app)):
        assert lost in elsewhere.lead(f"/gate/callback?{query}").headers["Location"]
    assert wiki.lead(f"/gate/callback?{query}").headers["Location"].startswith(WIKI)
    assert lost in wiki.lead(f"/gate/callback?{query}").headers["Location"]
    wiki.jar.clear()
    query = urlsplit(wiki.back(esteban)).query
    with time_machine.travel(now() + timedelta(seconds=61)):
        assert lost in wiki.lead(f"/gate/callback?{query}").headers["Location"]


def test_nobody_is_signed_in_as_somebody_else_by_a_link(app, wiki, esteban):
    """The code of a stranger, made for a browser that kept nothing, is good in no browser."""
    path = wiki.where()
    mark = parse_qs(urlsplit(path).query)["browser"][0]
    query = urlsplit(away(esteban.get(path.replace(mark, crypto.digest("")), expect=303))).query
    victim = Proxy(app)
    assert "lost=yes" in victim.lead(f"/gate/callback?{query}").headers["Location"]
    assert victim.ask().status_code == 401


def test_a_code_is_no_ticket(wiki, esteban):
    code = parse_qs(urlsplit(wiki.back(esteban)).query)["code"][0]
    wiki.jar["__Host-kanton_gate"] = code
    assert wiki.ask().status_code == 401


def test_a_browser_without_cookies_is_told_instead_of_turning_in_circles(app, wiki, esteban):
    query = urlsplit(wiki.back(esteban)).query
    wiki.jar.clear()
    lost = wiki.lead(f"/gate/callback?{query}").headers["Location"]
    page = esteban.get(lost, expect=400)
    assert "cookies" in page.html and f"{WIKI}" in page.links


# --- every cause closes it ---------------------------------------------------------------------


def take_the_grant(cast, by, product):
    with by():
        grants.save(grants.of_member(member(cast, "esteban")), "protected-application", [])


def block_the_member(cast, by, product):
    with by():
        blocking.block(member(cast, "esteban"), "A reason")


def remove_the_member(cast, by, product):
    from organisations import members
    with by():
        members.remove(member(cast, "esteban"))


def begin_maintenance(cast, by, product):
    with across_organisations("a test: its category knows no maintenance"), transaction():
        Product.update(maintained=now()).where(Product.public_id == product).execute()


def block_the_product(cast, by, product):
    with by():
        product_blocking.block(product, "A reason")


def end_the_product(cast, by, product):
    with by():
        lifecycle.end(product)


def demand_two_factors(cast, by, product):
    with transaction():
        Organisation.update(two_factor=Organisation.ON).where(Organisation.slug == "lumen").execute()


def suspend_the_account(cast, by, product):
    with transaction():
        User.update(suspended=now()).where(User.id == cast.people["esteban"].id).execute()


def suspend_the_organisation(cast, by, product):
    with transaction():
        Organisation.update(status="closed").where(Organisation.slug == "lumen").execute()


def end_the_session(cast, by, product):
    with transaction():
        Session.update(ended=now(), ended_by="owner").where(Session.user == cast.people["esteban"].id).execute()


def end_everything(cast, by, product):
    with transaction():
        sessions.end_everything(User.get_by_id(cast.people["esteban"].id), "password")


def end_every_secret(cast, by, product):
    with by():
        secrets.end(product, the_gate(product).living[0].public_id)


def move_the_application(cast, by, product):
    with by():
        lifecycle.change(product, 0, "Wiki", technical_name="", address="https://elsewhere.example", seats=None)


CAUSES = {take_the_grant: 401, block_the_member: 401, remove_the_member: 401, begin_maintenance: 401,
          block_the_product: 401,
          end_the_product: 401, demand_two_factors: 401, suspend_the_account: 401, suspend_the_organisation: 401,
          end_the_session: 401, end_everything: 401, end_every_secret: 403, move_the_application: 400}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_fw_08_every_cause_closes_it_at_the_next_request(cast, inside, by, product, cause, each_database):
    cause(cast, by, product)
    answer = inside.ask()
    assert answer.status_code == CAUSES[cause]
    assert not set(TOLD) & set(answer.headers.keys())
    assert inside.ask(**{"Sec-Fetch-Mode": "websocket"}).status_code == CAUSES[cause]


def test_fw_08_signing_out_closes_it(inside, esteban):
    esteban.get("/account")
    esteban.post("/signout")
    assert inside.ask().status_code == 401


def test_fw_08_leaving_the_team_by_which_one_comes_in_closes_it(cast, wiki, browse, by, product, each_database):
    with by():
        festival = Team.get(Team.key == "festival").public_id
        grants.give(grants.of_team(festival), lifecycle.find(product), Grant.USE)
    wiki.enter(browse("luc"))
    assert wiki.ask().status_code == 200
    with by():
        teams.leave(festival, [member(cast, "luc")])
        assert not TeamMember.select().where(TeamMember.membership == Membership.get(
            Membership.user == cast.people["luc"].id)).exists()
    assert wiki.ask().status_code == 401


def test_fw_08_a_grant_that_is_over_closes_it(cast, inside, each_database):
    with across_organisations("a test"), transaction():
        Grant.update(until=now() + timedelta(minutes=5)).where(Grant.right == Grant.USE).execute()
    assert inside.ask().status_code == 200
    with time_machine.travel(now() + timedelta(minutes=6)):
        assert inside.ask().status_code == 401


def test_fw_08_a_ticket_ends_after_a_day_and_with_its_session(inside):
    with time_machine.travel(now() + timedelta(hours=23)):
        assert inside.ask().status_code == 200
    with time_machine.travel(now() + timedelta(hours=25)):
        assert inside.ask().status_code == 401


def test_who_lacks_a_step_meets_the_wall_and_who_may_not_reads_why(cast, wiki, browse, esteban, by):
    closed = browse("luc").get(wiki.where(), expect=403)
    assert "Wiki" in closed.text() and "Location" not in closed.answer.headers
    assert [link for link in closed.links if link.startswith("/o/lumen/products/ask")]
    closed = browse("mara").get(wiki.where(), expect=403)
    assert [link for link in closed.links if link.startswith("/o/lumen/products/") and link.endswith("/access")]
    demand_two_factors(cast, by, None)
    wall = esteban.get(wiki.where(), expect=403)
    assert any("two-factor" in link and quote("/gate/start", safe="") in link or "next=" in link for link in wall.links)


def test_a_stranger_learns_nothing_of_the_application(wiki, visitor, cast):
    from accounts import passwords, signup
    from rules import address
    person = signup.create(address("sam@stranger.example"), "Sam", "Stranger", passwords.hashed(demo.PASSWORD),
                           language="en", country="CH", time_zone="Europe/Zurich")
    cast.people["sam"] = person
    try:
        page = visitor().sign_in("sam").get(wiki.where(), expect=403)
    finally:
        del cast.people["sam"]
    assert "Wiki" not in page.text() and "Lumen" not in page.text()


def test_tf_21_at_the_gate_two_steps_are_demanded_of_a_session_and_of_an_app_password(cast, wiki, inside, by, product):
    with by():
        secrets.take_app_passwords(product)
    demand_two_factors(cast, by, product)
    assert inside.ask().status_code == 401
    with transaction():
        Session.update(proofs="password totp").where(Session.user == cast.people["esteban"].id).execute()
        User.update(two_factor=True).where(User.id == cast.people["esteban"].id).execute()
    assert inside.ask().status_code == 200
    with demo.acting(cast.people["esteban"]):
        secret = app_passwords.create(cast.people["esteban"], "Sync")
    wiki.jar.clear()
    assert wiki.ask(Authorization=basic("esteban@aurora.example", secret)).status_code == 401


# --- programs ----------------------------------------------------------------------------------


def test_a_program_comes_in_with_an_app_password_where_the_product_lets_it(cast, wiki, by, product, each_database):
    with demo.acting(cast.people["esteban"]):
        secret = app_passwords.create(cast.people["esteban"], "Sync")
    program = {"Authorization": basic("esteban@aurora.example", secret), "Sec-Fetch-Mode": None, "Accept": "*/*"}
    assert wiki.ask(**program).status_code == 401
    with by():
        secrets.take_app_passwords(product)
    answer = wiki.ask(**program)
    assert answer.status_code == 200 and answer.headers["Remote-User"] == cast.people["esteban"].public_id
    for wrong in (basic("anne@lumen.example", secret), basic("esteban@aurora.example", demo.PASSWORD), "Basic !", "x",
                  f"Bearer {secret}"):
        answer = wiki.ask(**program | {"Authorization": wrong})
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Basic")
    take_the_grant(cast, by, product)
    assert wiki.ask(**program).status_code == 401


# --- what proxies and strangers say ------------------------------------------------------------


@pytest.mark.parametrize("secret", [None, "", "wrong", f"{demo.GATE_SECRET},{demo.GATE_SECRET}", f" {demo.APP_SECRET}"])
def test_fw_02_who_is_no_proxy_of_ours_is_told_nothing(inside, secret):
    for path in ("/gate/auth", "/gate/auth?redirect=yes", "/gate/callback?code=x"):
        answer = inside.lead(path, **{"X-Gate-Secret": secret, "X-Forwarded-Uri": "/", "X-Forwarded-Proto": "https"})
        assert answer.status_code == 403 and not answer.data and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("host", [None, "", "evil.example", "wiki.lumen.example.", "wiki.lumen.example:8443",
                                  "wiki.lumen.example, evil.example", "wiki.lumen.example@evil.example",
                                  "x.wiki.lumen.example", "wiki.lumen.example:80"])
def test_fw_02_fw_03_a_host_that_is_not_the_applications_is_refused(inside, host):
    assert inside.ask(**{"X-Forwarded-Host": host}).status_code == 400


def test_the_hosts_usual_port_and_its_letters_do_not_matter(inside):
    for host in ("WIKI.lumen.example", "wiki.lumen.example:443"):
        assert inside.ask(**{"X-Forwarded-Host": host}).status_code == 200


@pytest.mark.parametrize("uri", [None, "", "x", "https://wiki.lumen.example/", "/a b", "/\x7f", "/\xe9", "/a\\b",
                                 "/" + "x" * 100_000, "*"])
def test_fw_03_a_malformed_address_is_refused(inside, uri):
    assert inside.ask(uri).status_code == 400


@pytest.mark.parametrize("uri", ["/public/../admin", "/%2e%2e/", "//evil.example", "/;/x", "/a%2fb", "/ADMIN."])
def test_fw_05_no_path_is_public(app, database, inside, uri):
    assert inside.ask(uri).status_code == 200
    inside.jar.clear()
    assert inside.ask(uri).status_code == 401


@pytest.mark.parametrize("place", [
    "https://evil.example/", f"{WIKI}.evil.example/", f"{WIKI}@evil.example/", f"{WIKI}:8443/", WIKI, "//evil.example/",
    "http://wiki.lumen.example/", "/", "", f"{WIKI}\\evil", f"{WIKI}/ x", "https://wiki.lumen.ex\u0430mple/",
    "javascript:alert(1)", f"{WIKI.upper()}/", f"{WIKI}/{'x' * 2000}"])
def test_fw_06_nobody_is_led_to_a_host_that_is_not_the_applications(wiki, esteban, place):
    path = wiki.where()
    wanted = parse_qs(urlsplit(path).query)["rd"][0]
    page = esteban.get(path.replace(quote(wanted, safe=""), quote(place, safe="")), expect=400)
    assert "Location" not in page.answer.headers and "refresh" not in page.html


@pytest.mark.parametrize("change", [{"gate": "0" * 16}, {"gate": "\x00"}, {"browser": ""}, {"browser": "x"},
                                    {"rd": ""}])
def test_fw_06_what_is_missing_or_unknown_leads_nowhere(wiki, esteban, change):
    said = {name: value[0] for name, value in parse_qs(urlsplit(wiki.where()).query).items()} | change
    esteban.get("/gate/start?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in said.items()), expect=400)


@pytest.fixture
def second(app, by):
    """Another application of Lumen's behind a gate; Esteban may use it, too."""
    with by():
        board = lifecycle.add("protected-application", "Board", address="https://board.lumen.example").public_id
        secret = secrets.add(board)
        yield Proxy(app, secret, "board.lumen.example"), board


def test_fw_07_a_ticket_is_good_at_its_own_application_and_nowhere_else(cast, app, inside, visitor, second):
    board, public_id = second
    grants.give(grants.of_member(member(cast, "esteban")), lifecycle.find(public_id), Grant.USE)
    board.jar = dict(inside.jar)
    assert board.ask().status_code == 401
    stranger = visitor()
    for name, value in inside.jar.items():      # and at our own host
        for other in (name, "kanton", "__Host-kanton"):
            stranger.client.set_cookie(other, value)
    assert stranger.get("/account").path == "/signin"


def test_fw_07_no_code_is_good_at_another_application(cast, wiki, esteban, second):
    board, _public_id = second
    query = urlsplit(wiki.back(esteban)).query
    board.jar = dict(wiki.jar)
    assert "lost=yes" in board.lead(f"/gate/callback?{query}").headers["Location"]
    assert board.ask().status_code == 401


def test_fw_07_cookies_are_the_hosts_alone_and_ours_are_not_read(inside, wiki, app, cast, esteban):
    wiki.jar.clear()
    asked = wiki.ask().headers["Set-Cookie"]
    came = wiki.enter(esteban).headers["Set-Cookie"]
    for cookie in (asked, came):
        assert cookie.startswith("__Host-kanton_gate") and "Domain" not in cookie
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    wiki.jar = {"kanton": esteban.client.get_cookie("kanton").value}
    assert wiki.ask().status_code == 401


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "CONNECT", "POST", "DELETE", "PROPFIND"])
def test_fw_10_every_method_is_decided_alike(app, database, inside, method):
    assert inside.ask(**{"X-Forwarded-Method": method}).status_code == 200
    inside.jar.clear()
    assert inside.ask(**{"X-Forwarded-Method": method}).status_code == 401


@pytest.mark.parametrize("name", ["Zoë, Müller", "a\r\nRemote-User: admin", "陳大文" * 400, "x" * 8000, "50%2C"])
def test_fw_11_names_are_encoded_and_bounded(cast, inside, name):
    with transaction():
        User.update(first_name=name, last_name="").where(User.id == cast.people["esteban"].id).execute()
    told = inside.ask().headers["Remote-Name"]
    assert told.isascii() and told.isprintable() and "," not in told and len(told) <= 2000
    assert unquote(told) == name[:200]


def test_fw_11_groups_are_a_list_that_no_name_breaks(cast, inside):
    with across_organisations("a test"), transaction():
        Team.update(name="Fête, admins\n").where(Team.key == "festival").execute()
    assert inside.ask().headers["Remote-Groups"] == "F%C3%AAte%2C admins%0A"


def test_fw_12_the_scheme_is_the_products_whatever_the_proxy_was_told(wiki, esteban):
    answer = wiki.ask(**{"X-Forwarded-Proto": "http"})
    assert "Secure" in answer.headers["Set-Cookie"]
    assert parse_qs(urlsplit(answer.headers["X-Gate-Location"]).query)["rd"][0].startswith("https://")
    assert wiki.back(esteban).startswith("https://")


# --- what is kept ------------------------------------------------------------------------------


def test_nothing_is_kept_that_opens_anything(inside):
    with across_organisations("a test that looks at all"):
        kept = [str(row) for row in GateTicket.select().tuples()]
    assert kept and not any(value in row for row in kept for value in inside.jar.values())


def test_what_is_over_is_forgotten(inside, each_database):
    tickets.forget_old()
    assert inside.ask().status_code == 200
    with time_machine.travel(now() + timedelta(hours=25)):
        tickets.forget_old()
    with across_organisations("a test that looks at all"):
        assert not GateTicket.select().exists()


def test_rl_11_unblocking_and_coming_back_revive_no_ticket(cast, inside, esteban, by, each_database):
    with by():
        blocking.block(member(cast, "esteban"), "A reason")
    assert inside.ask().status_code == 401
    with time_machine.travel(now() + timedelta(minutes=1)):
        with by():
            blocking.unblock(member(cast, "esteban"))
        assert inside.ask().status_code == 401
        inside.enter(esteban)
        assert inside.ask().status_code == 200


@pytest.mark.parametrize("path", ["/gate/auth", "/gate/auth?redirect=yes", "/gate/callback"])
def test_fw_10_a_question_with_the_method_options_is_no_yes(app, path):
    assert app.test_client().options(path, base_url=setting.base_url).status_code == 403


def test_fw_07_behind_https_a_cookie_that_a_neighbour_could_set_opens_nothing(wiki, esteban):
    code = urlsplit(wiki.back(esteban)).query
    begun = wiki.jar.pop("__Host-kanton_gate_begun")
    wiki.jar["kanton_gate_begun"] = begun
    wiki.lead(f"/gate/callback?{code}")
    assert "__Host-kanton_gate" not in wiki.jar
    wiki.jar.clear()
    wiki.enter(esteban)
    wiki.jar["kanton_gate"] = wiki.jar.pop("__Host-kanton_gate")
    assert wiki.ask().status_code == 401
