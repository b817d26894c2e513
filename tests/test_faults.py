"""Processes are killed in the middle of their work: nothing is half done, nothing is lost (RT-02, RT-05, RT-27)."""
import http.client
import http.cookiejar
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress

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
from tests.serving import ROOT, Sink

KILLS, WORKER_KILLS = 60, 30
NEARER, FARTHER = 0.8, 1.25                     # so that kills close in on the moment when it is done
DICE = random.Random(1789)


class Nursery:
    """Where processes come from: `web()`, `worker()` give the number of one that is running."""

    def __init__(self, environment, listener):
        self.mother = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", str(listener.fileno())], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            pass_fds=[listener.fileno()])
        self.running = []

    def web(self, largest=""):
        return self._new(f"web {largest}")

    def worker(self):
        return self._new("worker")

    def _new(self, what):
        self.mother.stdin.write(what + "\n")
        self.mother.stdin.flush()
        self.running.append(int(self.mother.stdout.readline()))
        return self.running[-1]

    def rest(self):
        """Nobody works any more."""
        while self.running:
            kill(self.running.pop())

    def end(self):
        self.rest()
        os.killpg(self.mother.pid, signal.SIGKILL)
        self.mother.communicate()


def kill(process):
    """At once, as a power cut would; whoever is gone already is gone."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def gone(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


class Installation:
    """The cast in a folder of its own, a mail server, and processes that work on it."""

    def __init__(self, folder, sink, listener):
        self.folder, self.sink, self.address = folder, sink, f"http://localhost:{listener.getsockname()[1]}"
        known = {"DATA": str(folder), "BASE_URL": self.address, "SMTP_URL": sink.url, "RATE_LIMITS": "off",
                 "SECRET_KEY": os.environ["SECRET_KEY"]}
        setting.use(Settings.from_environment(known))
        schema.migrate()
        db.database.connect()
        self.cast = demo.play()
        self.nursery = Nursery({**os.environ, **known}, listener)

    def invite(self, name):
        with working_for(self.cast.organisations["lumen"]), acting(self.cast.people["anne"]):
            return invitations.invite(f"{name}@lumen.example", Role.EXTERNAL)

    def everything_sent(self):
        return not Message.select().where(Message.state == Message.WAITING).exists()

    def post_everything(self):
        """A worker comes, does its work, and goes. How long it took, in seconds."""
        before = time.monotonic()
        self.nursery.worker()
        within(20, self.everything_sent)
        took = time.monotonic() - before
        self.nursery.rest()
        return took


def lease_runs_out():
    Message.update(due=clock.now()).where(Message.state == Message.WAITING).execute()


@pytest.fixture(scope="module")
def one_installation(tmp_path_factory):
    before = setting._in_force
    with socket.create_server(("127.0.0.1", 0)) as listener, Sink() as sink:
        made = Installation(tmp_path_factory.mktemp("installation"), sink, listener)
        yield made
        made.nursery.end()
        db.database.close()
        setting.use(before)


@pytest.fixture
def installation(one_installation):
    """Nobody works, nothing waits, the mail server takes everything; what tests before this one did is still there."""
    one_installation.post_everything()
    one_installation.sink.letters.clear()
    yield one_installation
    one_installation.nursery.rest()
    one_installation.sink.answers.clear()
    one_installation.sink.noticed = lambda _stage: None
    assert not list(verification.faults())


class Caller:
    """Anne's browser over the wire, which may find nobody at the other end."""

    def __init__(self, address):
        self.address = address
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), Stay())
        self.token = self._token("/signin")
        self.post("/signin", email="anne@lumen.example", password=demo.PASSWORD)
        self.token = self._token("/o/lumen/members/invite")

    def get(self, path):
        return self.opener.open(self.address + path, timeout=20).read().decode()

    def post(self, path, **fields):
        """The status of the answer; None when there is none."""
        data = urllib.parse.urlencode({**fields, "csrf_token": self.token}).encode()
        try:
            return self.opener.open(self.address + path, data, timeout=20).status
        except urllib.error.HTTPError as answer:
            return answer.code
        except (OSError, http.client.HTTPException):
            return None

    def invite(self, name):
        return self.post("/o/lumen/invitations", email=f"{name}@lumen.example", role="external", language="de")

    def _token(self, path):
        return re.search(r'name="csrf_token" value="([^"]+)"', self.get(path))[1]


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None                             # the answer is what counts, not the page after it


def within(seconds, true):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)


def invited(installation, initial):
    """The names with that initial whose invitation is kept, and that all that belongs to it is there (INV-6)."""
    with working_for(installation.cast.organisations["lumen"]):
        kept = {invitation.public_id: invitation.email for invitation in
                Invitation.select().where(Invitation.email.startswith(initial))}
        written = [event.subject for event in Event.select().where(Event.kind == "member.invited")]
    told = [message.subject for message in Message.select().where(Message.notice == "invitation",
                                                                  Message.recipient.startswith(initial))]
    assert sorted(told) == sorted(kept)
    assert set(kept) == set(written) & set(kept)
    assert not list(verification.faults())
    return {email.partition("@")[0] for email in kept.values()}


def test_rt_02_a_web_server_killed_in_the_middle_of_an_invitation_leaves_no_half_of_one(installation):
    web = installation.nursery.web()
    caller, answered = Caller(installation.address), set()
    kill(web)
    web, before = installation.nursery.web(), time.monotonic()
    assert caller.invite("nought") == 303
    whole = time.monotonic() - before
    for number in range(KILLS):
        def invite(name=f"n{number}"):
            if caller.invite(name) == 303:
                answered.add(name)
        asking = threading.Thread(target=invite)
        asking.start()
        asking.join(DICE.uniform(0.5, 1.5) * whole)
        kill(web)
        web = installation.nursery.web()
        asking.join()
        whole *= NEARER if f"n{number}" in answered else FARTHER
    kept = invited(installation, "n") - {"nought"}
    assert answered <= kept                     # what was answered is kept (INV-5)
    print(f"{KILLS} kills: {len(kept)} kept, {len(answered)} of them answered")


def test_rt_02_a_worker_killed_at_any_moment_loses_no_letter(installation):
    asked = [installation.invite("whole")]
    whole, cut = installation.post_everything(), 0
    for number in range(WORKER_KILLS):
        asked.append(installation.invite(f"w{number}"))
        worker = installation.nursery.worker()
        time.sleep(DICE.uniform(0.5, 1.5) * whole)
        kill(worker)
        done = installation.everything_sent()
        whole, cut = whole * (NEARER if done else FARTHER), cut + (not done)
        lease_runs_out()
    mine = Message.select().where(Message.subject.in_([invitation.public_id for invitation in asked]))
    installation.post_everything()
    assert {message.state for message in mine} == {Message.SENT}
    same = {}                                   # a letter twice is the same letter (INV-8)
    for letter in installation.sink.letters:
        same.setdefault(letter["Message-ID"], set()).add((letter["To"], letter.get_body(("plain",)).get_content()))
    assert {f"<{message.public_id}@localhost>" for message in mine} <= set(same)
    assert {len(each) for each in same.values()} == {1}
    print(f"{WORKER_KILLS} kills: {cut} with letters still waiting, "
          f"{len(installation.sink.letters) - len(same)} letters twice")


@pytest.mark.parametrize(("stage", "most"), [("RCPT", 1), ("DATA", 2), ("QUIT", 2)])
def test_rt_27_a_letter_half_sent_is_sent_once_more_and_is_the_same(installation, stage, most):
    killed = threading.Event()

    def strike(reached):
        if reached == stage and not killed.is_set():
            installation.nursery.rest()
            killed.set()
    message = Message.get(Message.subject == installation.invite(f"half{stage.lower()}").public_id)
    installation.sink.noticed = strike
    installation.nursery.worker()
    assert killed.wait(20)
    assert Message.get_by_id(message.id).state == Message.WAITING
    lease_runs_out()
    installation.post_everything()
    letters = installation.sink.letters
    assert 1 <= len(letters) <= most
    assert len({(letter["Message-ID"], letter.get_body(("plain",)).get_content()) for letter in letters}) == 1


def test_rt_36_a_worker_that_slept_through_its_lease_undoes_nothing(installation):
    message, slept = Message.get(Message.subject == installation.invite("slow").public_id), threading.Event()

    def lull(reached):
        if reached == "RCPT" and not slept.is_set():
            os.kill(installation.nursery.running[0], signal.SIGSTOP)
            slept.set()
    installation.sink.noticed = lull
    installation.sink.answers["slow@lumen.example"] = "550 nobody of that name"
    installation.nursery.worker()
    assert slept.wait(20)
    installation.sink.answers.clear()
    lease_runs_out()
    installation.nursery.worker()
    within(20, installation.everything_sent)
    sleeper = installation.nursery.running[0]
    os.kill(sleeper, signal.SIGTERM)            # it shall end as soon as it has said its word
    os.kill(sleeper, signal.SIGCONT)
    within(20, lambda: gone(sleeper))
    assert (Message.get_by_id(message.id).state, Message.get_by_id(message.id).attempts) == (Message.SENT, 2)


def test_rt_37_two_workers_send_each_letter_once(installation):
    for number in range(30):
        installation.invite(f"t{number}")
    installation.nursery.worker(), installation.nursery.worker()
    within(20, installation.everything_sent)
    sent = [letter["Message-ID"] for letter in installation.sink.letters]
    assert (len(sent), len(set(sent))) == (30, 30)


def test_rt_05_on_a_full_disk_nothing_is_half_done_and_it_heals_by_itself(installation):
    web = installation.nursery.web()
    caller = Caller(installation.address)
    kill(web)
    db.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    room = (installation.folder / "kanton.db").stat().st_size + (200 << 10)
    web = installation.nursery.web(largest=room)
    asked = []
    while (status := caller.invite(f"f{len(asked)}")) == 303:
        asked.append(f"f{len(asked)}")
        assert len(asked) < 300, "the disk never fills"
    assert status == 503
    assert [caller.invite(f"f{300 + number}") for number in range(3)] == [503] * 3
    assert "anne@lumen.example" in caller.get("/o/lumen/members")       # reading goes on
    assert invited(installation, "f") == set(asked)
    kill(web)
    installation.nursery.web()                  # there is room again
    assert caller.invite("f999") == 303
    assert invited(installation, "f") == {*asked, "f999"}
