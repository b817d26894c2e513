"""Real proxies before the wiki, with the lines of its page, and the gate behind them."""
from urllib.parse import urlsplit

import pytest

from tests.gate.conftest import away
from tests.gate.test_gate import take_the_grant

FORGED = ("Remote-User", "remote-user", "REMOTE_USER", "Remote_User", "Remote-Email", "X-Auth-Request-User",
          "X_Auth_Request_User", "X-Auth-Request-Groups", "X-Gate-Secret", "Remote-Groups")


@pytest.fixture
def inside(front, browse):
    status, headers, _seen = front.get()
    assert status == 302
    page = browse("esteban").get(f"/gate/start?{urlsplit(headers['Location']).query}", expect=303)
    address = urlsplit(away(page))
    status, headers, _seen = front.get(f"{address.path}?{address.query}")
    assert (status, headers["Location"]) == (303, f"{front.address}/pages/42?tab=2&x=1")
    return front


def test_fw_01_the_application_sees_our_words_only(cast, inside):
    forged = dict.fromkeys(FORGED, "admin")
    status, _headers, seen = inside.get(**forged)
    assert status == 200 and "admin" not in seen and inside.secret not in seen
    assert f"Remote-User: {cast.people['esteban'].public_id}\n" in seen
    assert "Remote-Name: Esteban Ruiz\n" in seen and "Remote-Groups: Festival\n" in seen


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
