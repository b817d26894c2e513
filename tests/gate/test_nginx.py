"""A real nginx, set up with the README's very lines: before the wiki, with the gate behind it."""
import http.client
import re
import shutil
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import make_server

import demo
from tests.gate.conftest import PAGE, away
from tests.gate.test_gate import take_the_grant
from tests.serving import free_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
README = Path(__file__).parents[2] / "README.md"
FORGED = ("Remote-User", "remote-user", "REMOTE_USER", "Remote_User", "Remote-Email", "X-Auth-Request-User",
          "X_Auth_Request_User", "X-Auth-Request-Groups", "X-Gate-Secret", "Remote-Groups")

pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not installed")


class Echo(BaseHTTPRequestHandler):
    """The application: says which headers reached it."""

    def do_GET(self):
        body = "".join(f"{name}: {value}\n" for name, value in self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_OPTIONS = do_GET

    def log_message(self, *_more):
        """Nothing."""


class Front:
    """nginx, and the browser's cookies of the application's host."""

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


def lines(kanton, application, port):
    """The README's block for nginx, with this test's addresses."""
    block = re.search(r"```nginx\n(.*?)```", README.read_text(), re.DOTALL)[1]
    for ours, theirs in (("https://login.example", f"http://127.0.0.1:{kanton}"), ("login.example", "localhost:8000"),
                         ("http://127.0.0.1:3000", f"http://127.0.0.1:{application}"), ("kgs_…", demo.GATE_SECRET),
                         ("listen 443 ssl;", f"listen 127.0.0.1:{port};")):
        assert ours in block, ours
        block = block.replace(ours, theirs)
    return block


@pytest.fixture
def front(app, database, tmp_path):
    application = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    kanton = make_server("127.0.0.1", 0, app, threaded=True)
    for server in (application, kanton):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    port = free_port()
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/nginx.pid; daemon off; master_process off; error_log {tmp_path}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;"
        f" fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;\n"
        f"{lines(kanton.server_port, application.server_port, port)}\n}}\n")
    nginx = subprocess.Popen([NGINX, "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")],
                             stderr=subprocess.PIPE)
    _until_it_listens(port, nginx)
    found = Front(port)
    found.stop = lambda: (kanton.shutdown(), kanton.server_close())
    yield found
    nginx.terminate()
    nginx.wait(15)
    for server in (application, kanton):
        server.shutdown()
        server.server_close()


def _until_it_listens(port, nginx, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert nginx.poll() is None, nginx.stderr.read().decode()
        with socket.socket() as knock:
            if not knock.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise AssertionError("nginx does not listen")


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
        assert status == 200 and "Remote-User: " in seen and "Connection: close" in seen
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
