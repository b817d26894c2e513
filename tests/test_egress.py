"""The one way out: where it leads, and when it gives up (FD-11, FD-12)."""
import contextlib
import ipaddress
import socket
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import egress
from egress import LOOPBACK, Unreached, fetch, look, public

PRIVATE = ["127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
           "100.64.0.1", "192.0.0.8", "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::",
           "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1",
           "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "5f00::1", "2001:db8::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_fd_11_what_is_not_public_is_not_gone_to(address):
    assert not public(ipaddress.ip_address(address))
    shown = f"[{address}]" if ":" in address else address
    for go in (fetch, look):
        with pytest.raises(Unreached):
            go(f"https://{shown}:1/")


@pytest.mark.parametrize("address", ["9.9.9.9", "193.0.6.139", "2606:4700::1111", "::ffff:9.9.9.9"])
def test_what_is_public_is_open(address):
    assert public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [
    "http://9.9.9.9/", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "https://", "https:///x", "x",
    "https://user:secret@9.9.9.9/", "https://@9.9.9.9/", "http://127.0.0.1:1/"])
def test_fd_11_no_other_way_is_taken(address):
    with pytest.raises(Unreached):
        fetch(address)


def test_fd_11_a_name_is_looked_at_once_and_every_address_of_it(monkeypatch):
    """A name that is public now and our own a moment later, and one that is both."""
    asked = []

    def resolve(host, port, **_how):
        asked.append(host)
        found = {"both.example": ["9.9.9.9", "127.0.0.1"], "later.example": ["127.0.0.1"]}[host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for host in ("both.example", "later.example"):
        with pytest.raises(Unreached, match="not a public address"):
            fetch(f"https://{host}/")
    assert asked == ["both.example", "later.example"]


class Answering:
    """A server that does what it is told with each connection."""

    def __init__(self, act):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                act(self)

            do_POST = do_GET

            def log_message(self, *_):
                """Nothing."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def send(handler, body=b"{}", status=200, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    with contextlib.suppress(OSError):
        handler.wfile.write(body)


def test_an_answer_and_a_form_and_what_was_said(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    heard = []

    def act(handler):
        heard.append((handler.command, handler.headers["Authorization"],
                      handler.rfile.read(int(handler.headers["Content-Length"] or 0))))
        send(handler, b'{"a": 1}', Content_Type="application/json; charset=utf-8")
    with Answering(act) as address:
        answer = fetch(address, inside=LOOPBACK)
        fetch(address, inside=LOOPBACK, form=b"a=b", headers=[("Authorization", "Basic x")])
        fetch(address, inside=LOOPBACK, body=b"\x00\xff", headers=[("Content-Type", "application/octet-stream")])
    assert (answer.status, answer.kind, answer.body) == (200, "application/json", b'{"a": 1}')
    assert heard == [("GET", None, b""), ("POST", "Basic x", b"a=b"), ("POST", None, b"\x00\xff")]


def test_fd_11_nobody_is_led_elsewhere():
    knocks = []
    with Answering(lambda handler: (knocks.append(1), send(handler))) as other, Answering(
            lambda handler: send(handler, status=302, Location=other)) as address, pytest.raises(
            Unreached, match="leads elsewhere"):
        fetch(address, inside=LOOPBACK)
    assert not knocks


def test_fd_12_a_flood_is_cut_off():
    def flood(handler):
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            for _megabyte in range(50):
                handler.wfile.write(b"x" * (1 << 20))
    with Answering(flood) as address, pytest.raises(Unreached, match="more than 1048576 bytes"):
        fetch(address, inside=LOOPBACK)


def test_fd_12_what_is_packed_is_not_unpacked():
    bomb = zlib.compress(b"x" * (20 << 20))
    with Answering(lambda handler: send(handler, bomb, Content_Encoding="gzip")) as address, pytest.raises(
            Unreached, match="packed"):
        fetch(address, inside=LOOPBACK)


@pytest.mark.parametrize("where", ["headers", "body"])
def test_fd_12_a_drip_is_not_waited_for(monkeypatch, where):
    monkeypatch.setattr(egress, "PATIENCE", 0.5)
    over = threading.Event()

    def drip(handler):
        if where == "body":
            handler.send_response(200)
            handler.end_headers()
        with contextlib.suppress(OSError):
            while not over.wait(0.05):
                handler.wfile.write(b"x")
    with Answering(drip) as address:
        with pytest.raises(Unreached):
            fetch(address, inside=LOOPBACK)
        over.set()


def test_fd_12_who_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(egress, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreached):
        fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/", inside=LOOPBACK)
