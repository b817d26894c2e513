"""The web server as people run it: many at once, slow ones, and quiet hours."""
import contextlib
import http.client
import re
import select
import socket
import sqlite3
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

import demo
from tests.serving import played, product

ROOM = 16                                       # forms that are read at a time (web.READERS)


def get(address):
    with urllib.request.urlopen(address, timeout=20) as answer:
        return answer.status


def threads_of(address):
    """How many threads the busiest process has that serves there; 0 when there is none."""
    mine, found = f"BASE_URL={address}\0".encode(), [0]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):                 # somebody else's, or gone meanwhile
            if mine in (process / "environ").read_bytes():
                found.append(len(list((process / "task").iterdir())))
    return max(found)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads as Linux tells them")
def test_ps_05_the_server_outlives_the_threads_it_lets_go(tmp_path):
    """With its connection went the interpreter: a destructor of an SQL function ran without the lock."""
    with product(tmp_path, "--no-demo", GRANIAN_BLOCKING_THREADS_IDLE_TIMEOUT="5") as address:
        with ThreadPoolExecutor(16) as crowd:
            assert set(crowd.map(get, [f"{address}/signin"] * 64)) == {200}
        most, end = threads_of(address), time.monotonic() + 40
        while threads_of(address) > most - 5 and time.monotonic() < end:
            time.sleep(0.2)
        assert threads_of(address) <= most - 5, "no thread was let go"
        assert get(f"{address}/healthz") == 200


def stopping_half_way(address):
    """Somebody who sends a form's beginning, and no more."""
    port = int(address.rpartition(":")[2])
    visitor = socket.create_connection(("127.0.0.1", port), timeout=20)
    visitor.sendall(f"POST /signin HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 1000\r\n"
                    "Content-Type: application/x-www-form-urlencoded\r\n\r\na=b".encode())
    return visitor


def answered(visitors, wanted):
    """Those who have an answer, as soon as there are so many."""
    end = time.monotonic() + 20
    while len(found := select.select(visitors, [], [], 0.2)[0]) < wanted and time.monotonic() < end:
        pass
    return found


def test_ps_04_who_stops_half_way_through_a_form_stops_nobody_else(tmp_path):
    with product(tmp_path, "--no-demo") as address:
        visitors = [stopping_half_way(address) for _ in range(60)]
        try:
            assert get(f"{address}/healthz") == get(f"{address}/signin") == 200
            answers = Counter(visitor.recv(12) for visitor in answered(visitors, len(visitors) - ROOM))
        finally:
            for visitor in visitors:
                visitor.close()
        assert answers == {b"HTTP/1.1 503": 60 - ROOM}


def test_ps_05_the_queue_before_the_hash_has_an_end(tmp_path):
    with product(tmp_path, "--no-demo", TRUSTED_PROXIES="127.0.0.1") as address:
        token = Opener().token(address)

        def sign_in(number):
            return Opener(token).post(f"{address}/signin", email=f"p{number}@example.org", password="a" * 20,
                                      place=f"198.51.{number}.7")
        with ThreadPoolExecutor(80) as crowd:
            answers = Counter(crowd.map(sign_in, range(160)))
        assert set(answers) == {422, 503}
        assert get(f"{address}/healthz") == 200


class Opener:
    """A browser that knows one cookie and one token, to be copied a hundred times."""

    def __init__(self, known=("", "")):
        self.cookie, self.csrf = known

    def token(self, address):
        with urllib.request.urlopen(f"{address}/signin", timeout=20) as answer:
            csrf = re.search(r'name="csrf_token" value="([^"]+)"', answer.read().decode())[1]
            return answer.headers["Set-Cookie"].partition(";")[0], csrf

    def post(self, address, *, place, **fields):
        request = urllib.request.Request(address, urllib.parse.urlencode(fields | {"csrf_token": self.csrf}).encode(),
                                         {"Cookie": self.cookie, "X-Forwarded-For": place})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


def test_at_its_start_it_learns_how_full_the_tables_are():
    with contextlib.closing(sqlite3.connect(played() / "kanton.db")) as database:
        known = {table for (table,) in database.execute("SELECT tbl FROM sqlite_stat1")}
    assert {"membership", "access_grant", "product"} <= known


def test_fw_01_the_server_tells_the_gate_of_each_spelling(tmp_path):
    """It reads X_Gate_Secret as X-Gate-Secret, and the later of the two is what counts."""
    with product(tmp_path) as address:
        def asked(**more):
            said = {"X-Gate-Secret": demo.GATE_SECRET, "X-Forwarded-Host": "wiki.lumen.example", "X-Forwarded-Uri": "/"}
            gate = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=20)
            gate.request("GET", "/gate/auth", headers=said | more)
            with contextlib.closing(gate):
                return gate.getresponse().status

        assert asked() == 401 and asked(**{"X_Gate_Secret": "of another"}) == 403
        for name in ("Remote-User", "Remote_User", "Remote.User", "X_Auth-Request-Groups", "X-Auth_Request~Email"):
            assert asked(**{name: "admin"}) == 400, name
