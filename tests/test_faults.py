"""Processes are killed in the middle of their work: nothing is half done, nothing is lost."""
import http.cookiejar
import os
import random
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager

import pytest

import clock
import db
import demo
import schema
import verification
from demo import acting
from models import Event, Invitation, Message, Role
from organisations import invitations
from settings import Settings, setting
from tenancy import working_for
from tests.serving import ROOT, Sink, _until_it_answers, free_port

KILLS = 25                                      # of each kind
DICE = random.Random(1789)


@pytest.fixture
def installation(tmp_path):
    """The cast in a folder of its own, and the environment of processes that work on it."""
    port = free_port()
    with Sink() as sink:
        known = {"DATA": str(tmp_path), "BASE_URL": f"http://localhost:{port}", "SMTP_URL": sink.url,
                 "SECRET_KEY": os.environ["SECRET_KEY"], "RATE_LIMITS": "off"}
        before = setting._in_force
        setting.use(Settings.from_environment(known))
        schema.migrate()
        with db.database.connection_context():
            cast = demo.play()
            yield cast, {**os.environ, **known}, sink, port
        setting.use(before)


@contextmanager
def process(environment, *command):
    """One of the product's processes, with everything it starts. Killed for good at the end."""
    child = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment, start_new_session=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield child
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


class Caller:
    """A browser over the wire, which may find nobody at the other end."""

    def __init__(self, address):
        self.address = address
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path):
        return self.opener.open(self.address + path, timeout=10).read().decode()

    def post(self, path, token, **fields):
        data = urllib.parse.urlencode({**fields, "csrf_token": token}).encode()
        return self.opener.open(self.address + path, data, timeout=10).read().decode()

    def token(self, path):
        return re.search(r'name="csrf_token" value="([^"]+)"', self.get(path))[1]


def test_a_web_server_killed_in_the_middle_of_an_invitation_leaves_no_half_of_one(installation):
    cast, environment, _sink, port = installation
    address = environment["BASE_URL"]
    web = ("granian", "--interface", "wsgi", "--factory", "app:create_app", "--port", str(port),
           "--blocking-threads", "4", "--log-level", "error")
    caller, answered = Caller(address), set()
    for number in range(KILLS):
        with process(environment, *web) as child:
            _until_it_answers(f"{address}/healthz", child, os.devnull)
            if number == 0:
                caller.post("/signin", caller.token("/signin"), email="anne@lumen.example", password=demo.PASSWORD)
            token = caller.token("/o/lumen/members/invite")

            def invite(number=number, token=token):
                try:
                    caller.post("/o/lumen/invitations", token, email=f"n{number}@lumen.example", role="external",
                                language="de")
                    answered.add(f"n{number}@lumen.example")
                except (OSError, urllib.error.URLError):
                    pass                        # killed while it was answering

            asking = threading.Thread(target=invite)
            asking.start()
            asking.join(DICE.uniform(0.001, 0.03))
            os.killpg(child.pid, signal.SIGKILL)
            asking.join()
    with working_for(cast.organisations["lumen"]):
        kept = {invitation.public_id: invitation.email for invitation in Invitation.select().where(
            Invitation.state == "pending")}
        told = [message.subject for message in Message.select().where(
            Message.notice == "invitation", Message.subject.in_(list(kept)))]
        written = [event.subject for event in Event.select().where(Event.kind == "member.invited")]
    assert sorted(told) == sorted(kept)
    assert set(kept) <= set(written)
    assert answered <= set(kept.values())       # what was answered is kept
    assert 0 < len(kept) <= KILLS
    assert not list(verification.faults())


def test_a_worker_killed_at_any_moment_loses_no_letter(installation):
    cast, environment, sink, _port = installation
    sent = []
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        for number in range(KILLS):
            sent.append(invitations.invite(f"w{number}@lumen.example", Role.EXTERNAL).public_id)
            with process(environment, "worker") as child:
                with_luck = threading.Event()
                with_luck.wait(DICE.uniform(0.2, 0.8))
                os.killpg(child.pid, signal.SIGKILL)
            Message.update(due=clock.now()).where(Message.state == Message.WAITING).execute()   # the lease runs out
    with process(environment, "worker"):
        for number in range(KILLS):
            sink.letter_to(f"w{number}@lumen.example")
        while Message.select().where(Message.subject.in_(sent), Message.state == Message.WAITING).exists():
            threading.Event().wait(0.05)
    identities = {}
    for letter in sink.letters:
        if recipient := re.search(r"w\d+@lumen", letter["To"]):
            identities.setdefault(recipient[0], set()).add(letter["Message-ID"])
    assert len(identities) == KILLS
    assert all(len(same) == 1 for same in identities.values())     # a letter twice is recognised as the same
    assert Message.select().where(Message.subject.in_(sent), Message.state == Message.SENT).count() == KILLS


def test_a_full_disk_leaves_nothing_half_done(installation, sqlite_pages):
    cast, *_rest = installation
    before = Message.select().count()
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]), sqlite_pages(), \
            pytest.raises(db.peewee.OperationalError, match="full"):
        for number in range(2_000):
            invitations.invite(f"f{number}@lumen.example", Role.EXTERNAL, note="x" * 300)
    with working_for(cast.organisations["lumen"]):
        kept = Invitation.select().where(Invitation.state == "pending").count()
    assert Message.select().count() - before == kept
    assert not list(verification.faults())


@pytest.fixture
def sqlite_pages():
    """The database may not grow any more."""
    @contextmanager
    def full():
        (pages,) = db.database.execute_sql("PRAGMA page_count").fetchone()
        db.database.execute_sql(f"PRAGMA max_page_count = {pages + 4}")
        yield
        db.database.execute_sql("PRAGMA max_page_count = 1073741823")
    return full
