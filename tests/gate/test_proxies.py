"""Real proxies before the wiki, with the lines of its page, and the gate behind them."""
import string
from urllib.parse import urlsplit

import pytest

from gate.identity import NAMES
from gate.lines import SAID, spellings
from tests import fronts
from tests.gate.conftest import away, without_the_lines_about_names
from tests.gate.test_gate import take_the_grant

FORGED = ("Remote-User", "remote-user", "REMOTE_USER", "Remote_User", "Remote-Email", "X-Auth-Request-User",
          "X_Auth_Request_User", "X-Auth-Request-Groups", "X-Gate-Secret", "Remote-Groups")
MARKS = sorted(set(string.punctuation) - set('"(),/:;<=>?@[\\]{}-'))     # of a name (RFC 9110 §5.6.2)


def enter(front, browse):
    status, headers, _seen = front.get()
    assert status == 302
    page = browse("esteban").get(f"/gate/start?{urlsplit(headers['Location']).query}", expect=303)
    address = urlsplit(away(page))
    status, headers, _seen = front.get(f"{address.path}?{address.query}")
    assert (status, headers["Location"]) == (303, f"{front.address}/pages/42?tab=2&x=1")
    return front


@pytest.fixture
def inside(front, browse):
    return enter(front, browse)


def test_fw_01_the_application_sees_our_words_only(cast, inside):
    forged = dict.fromkeys(FORGED, "admin")
    status, _headers, seen = inside.get(**forged)
    assert status == 200 and "admin" not in seen and inside.secret not in seen
    assert f"Remote-User: {cast.people['esteban'].public_id}\n" in seen
    assert "Remote-Name: Esteban Ruiz\n" in seen and "Remote-Groups: Festival\n" in seen


def test_fw_01_no_spelling_that_reads_like_ours_reaches_the_application(inside):
    """Every mixture of dashes, underscores and dots; and of dashes and each other mark that a name may have."""
    for name in NAMES:
        forged = {*spellings(name, "_."), *(name.replace("-", mark) for mark in MARKS),
                  *(name.replace("-", mark, 1) for mark in MARKS)}
        status, _headers, seen = inside.get(**dict.fromkeys(forged, "admin"))
        assert status == 200 and "admin" not in seen, name
        assert "Remote-Name: Esteban Ruiz\n" in seen


def test_fw_02_no_other_spelling_tells_the_gate_anything(inside):
    """To our own server, X_Gate_Secret is X-Gate-Secret: nobody may come with the secret of a gate of their own."""
    for name in SAID:
        status, _headers, seen = inside.get(**dict.fromkeys(spellings(name), "other.example"))
        assert status == 200 and "Remote-Name: Esteban Ruiz\n" in seen, name


def test_fw_02_nor_does_it_where_traefik_keeps_other_spellings(place, browse):
    """As versions do that cannot do otherwise."""
    test_fw_02_no_other_spelling_tells_the_gate_anything(
        enter(place("traefik", without_the_lines_about_names), browse))


@pytest.mark.parametrize("proxy", fronts.PROXIES)
def test_fw_01_behind_a_proxy_that_keeps_other_spellings_they_are_refused(proxy, place, browse):
    front = enter(place(proxy, without_the_lines_about_names), browse)
    for name in NAMES:
        status, _headers, seen = front.get(**{spellings(name)[-1]: "admin"})
        assert status == (500 if proxy == "nginx" else 400) and "admin" not in seen, name
    assert front.get()[0] == 200


def test_fw_01_nobody_comes_in_by_saying_so(front):
    status, _headers, seen = front.get(**dict.fromkeys(FORGED, "admin"), **{"Sec-Fetch-Mode": "cors"})
    assert status == 401 and "admin" not in seen


def test_fw_10_methods_sockets_and_hop_by_hop_are_decided_alike(inside):
    hop = {"Connection": "Remote-User, X-Gate-Secret, close"}
    for method, more in (("POST", {"Content-Length": "0"}), ("OPTIONS", {}), ("GET", hop)):
        status, _headers, seen = inside.get(method=method, **more)
        assert status == 200 and "Remote-User: " in seen and "Connection: Remote-User" not in seen
    socket_asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-Fetch-Mode": "websocket"}
    assert inside.get(**socket_asked)[0] == 200
    inside.jar.clear()
    for method, more in (("POST", {"Content-Length": "0"}), ("OPTIONS", {}), ("GET", socket_asked)):
        status, headers, seen = inside.get(method=method, **more)
        assert status == 401 and "Location" not in headers and "Remote-User" not in seen
    assert inside.get(**hop)[0] == 302


def test_fw_08_who_loses_the_right_is_out_at_the_next_request(cast, inside, by, product):
    assert inside.get()[0] == 200
    take_the_grant(cast, by, product)
    assert inside.get()[0] == 302


def test_fw_09_without_us_the_application_cannot_be_reached(inside):
    inside.stop()
    status, _headers, seen = inside.get()
    assert status >= 500 and "Remote-User" not in seen
