"""Real proxies, set up with the README's very lines: before the wiki, with the gate behind them."""
import http.client
import threading
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import make_server

import demo
from tests import fronts
from tests.gate.conftest import PAGE, away
from tests.gate.test_gate import take_the_grant

FORGED = ("Remote-User", "remote-user", "REMOTE_USER", "Remote_User", "Remote-Email", "X-Auth-Request-User",
          "X_Auth_Request_User", "X-Auth-Request-Groups", "X-Gate-Secret", "Remote-Groups")


class Front:
    """A proxy, and the browser's cookies of the application's host."""

    def __init__(self, port):
        self.port, self.jar = port, {}

    def get(self, path="/pages/42?tab=2&x=1", method="GET", **headers):
        """(status, headers, what the application saw)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        connection.request(method, path, headers={"Host": "wiki.lumen.example", "Cookie": cookies, **PAGE, **headers})
        answer = connection.getresponse()
        seen = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _is, rest = cookie.partition("=")
            self.jar[name] = rest.partition(";")[0]
        connection.close()
        return answer.status, answer.headers, seen


@pytest.fixture(params=[fronts.nginx, fronts.caddy], ids=["nginx", "caddy"])
def front(request, app, database, sqlite_only, tmp_path):
    kanton = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=kanton.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    with ExitStack() as stack:
        stack.callback(lambda: (kanton.shutdown(), kanton.server_close()))
        application = stack.enter_context(fronts.echo())
        port = stack.enter_context(request.param(tmp_path, application, f"http://127.0.0.1:{kanton.server_port}"))
        found = Front(port)
        found.stop = lambda: (kanton.shutdown(), kanton.server_close())
        yield found


@pytest.fixture
def inside(front, browse):
    status, headers, _seen = front.get()
    assert status == 302
    page = browse("esteban").get(f"/gate/start?{urlsplit(headers['Location']).query}", expect=303)
    address = urlsplit(away(page))
    status, headers, _seen = front.get(f"{address.path}?{address.query}")
    assert (status, headers["Location"]) == (303, "https://wiki.lumen.example/pages/42?tab=2&x=1")
    return front


def test_fw_01_the_application_sees_our_words_only(cast, inside):
    forged = dict.fromkeys(FORGED, "admin")
    status, _headers, seen = inside.get(**forged)
    assert status == 200 and "admin" not in seen and demo.GATE_SECRET not in seen
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
