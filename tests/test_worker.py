"""The worker as a process: wakes when there is something to tell, stops after the letter in hand, needs no queue."""
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

import db
import outbox
import worker
from accounts import asked
from clock import epoch
from db import transaction
from demo import APP_BACK, acting
from models import Membership, Message
from oidc import clients, scopes
from products import grants
from settings import setting
from tenancy import working_for
from tests.applications import Application
from tests.blueprints.oidc.test_end_session import Told
from tests.browsing import Browser
from tests.serving import ROOT, Sink


@pytest.fixture
def sink():
    with Sink() as sink:
        yield sink


@pytest.fixture
def data(stage, tmp_path, sink, monkeypatch):
    """An installation of its own, with nothing to tell yet, and a web process that nudges: this one."""
    path, _cast = stage["sqlite"]
    for file in path.parent.glob("kanton.db*"):
        shutil.copy(file, tmp_path / file.name)
    _forget_queue()
    monkeypatch.setattr(outbox, "wake", [worker.nudge])
    with setting.changed(data=tmp_path, database_url=f"sqlite:///{tmp_path / 'kanton.db'}", smtp_url=sink.url):
        db.connect_to(setting.database)
        db.database.connect()
        Message.delete().execute()
        yield tmp_path
        db.database.close()
    _forget_queue()


def _forget_queue():
    worker.queue.cache_clear()
    worker._deliver.cache_clear()


@contextmanager
def working(data):
    """A worker that has begun."""
    before = worker.seen() or 0
    environment = {**os.environ, "DATA": str(data), "SMTP_URL": setting.smtp_url}
    with (data / "worker.log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "worker"], cwd=ROOT, env=environment, stderr=log)
    try:
        time.sleep(max(0, before + 1 - time.time()))            # it says the second only
        within(30, lambda: (worker.seen() or 0) > before, process)
        yield process
    finally:
        process.kill()
        process.wait()


def within(seconds, true, process=None):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it takes too long"
        assert process is None or process.poll() is None, "it has ended"
        time.sleep(0.01)


def tell(name):
    with transaction():
        return outbox.post("left", f"{name}@lumen.example", language="de", organisation="Lumen")


def state(message):
    return Message.get_by_id(message.id).state


def test_it_wakes_as_soon_as_there_is_something_to_tell(data, sink):
    with working(data) as process:
        tell("warm")
        sink.letter_to("warm@")
        took = []
        for number in range(5):
            before = time.monotonic()
            tell(f"z{number}")
            within(30, lambda wanted=number + 2: len(sink.letters) == wanted, process)
            took.append(time.monotonic() - before)
    print("from commit to mail server:", [f"{seconds * 1000:.0f} ms" for seconds in took])


def test_what_ends_soon_is_tried_again_before_the_next_sweep(data, sink):
    """RT-31: a push service that is away for a moment; here it is the mail server."""
    sink.answers["DATA"] = "451 not now"
    with working(data) as process:
        with transaction():
            message = outbox.post("left", "zoe@lumen.example", language="de", organisation="Lumen", until=epoch() + 20)
        within(10, lambda: Message.get_by_id(message.id).error, process)
        del sink.answers["DATA"]
        within(12, lambda: state(message) == "sent", process)


def test_it_answers_who_asked_for_a_new_password_at_once(data, sink):
    with working(data):
        asked.note(asked.PASSWORD, "luc@lumen.example", "en")
        asked.note(asked.PASSWORD, "nobody@nowhere.example", "de")
        assert f"{setting.base_url}/reset/" in sink.letter_to("luc@lumen.example").get_body().get_content()
        assert "/reset/" not in sink.letter_to("nobody@nowhere.example").get_body().get_content()


def test_op_20_an_application_hears_at_once_that_somebody_lost_access(data, stage, one_app):
    cast = stage["sqlite"][1]
    with Told() as listening:
        with working_for(cast.organisations["lumen"]), acting(cast.people["anne"], "password", "totp"):
            clients.change("demo-app", 0, [APP_BACK], pkce=False, asks=scopes.ALL, backchannel_uri=listening.address)
        Application(one_app).tokens(Browser(one_app, cast).sign_in("chiara"))
        with working(data) as process:
            tell("warm")
            within(30, lambda: not Message.select().where(Message.state == "waiting").exists(), process)
            assert not listening.tokens
            with working_for(cast.organisations["lumen"]), acting(cast.people["anne"], "password", "totp"):
                chiara = Membership.get(Membership.user == cast.people["chiara"].id).public_id
                grants.save(grants.of_member(chiara), "application-with-single-sign-on", [])
            within(10, lambda: listening.tokens, process)


def test_it_ends_after_the_letter_in_hand(data, sink):
    reached, go_on = threading.Event(), threading.Event()

    def hold(stage):
        if stage == "DATA":
            reached.set()
            go_on.wait(5)
    sink.noticed = hold
    with working(data) as process:
        with transaction():                     # one sweep finds both
            first, second = tell("first"), tell("second")
        assert reached.wait(10)
        process.send_signal(signal.SIGTERM)
        threading.Timer(0.5, go_on.set).start()
        assert process.wait(10) == 0
    assert [state(first), state(second)] == ["sent", "waiting"]
    assert len(sink.letters) == 1


def test_a_lost_queue_loses_no_letter(data, sink):
    with working(data):
        pass
    for file in data.glob("worker.db*"):
        file.unlink()
    message = tell("lost")                      # its wake goes nowhere, or to a file nobody reads
    _forget_queue()
    with working(data) as process:
        within(10, lambda: state(message) == "sent", process)


def test_a_broken_queue_is_begun_anew(data, sink):
    (data / "worker.db").write_bytes(b"this is no database" * 500)
    message = tell("broken")
    with working(data) as process:
        within(10, lambda: state(message) == "sent", process)


def test_a_failed_sweep_is_logged_and_does_not_stop_the_next(data, caplog):
    done = []
    worker._quietly("break", lambda: 1 / 0)()
    worker._quietly("go on", lambda: done.append(1))()
    assert "break failed" in caplog.text
    assert done


@pytest.mark.parametrize("name", [name for name, _when, _do in worker.EVERY])
def test_every_line_of_the_timetable_can_be_done(cast, monkeypatch, name):
    _forget_queue()
    monkeypatch.setitem(outbox.channels, "email", lambda message: None)
    next(do for each, _when, do in worker.EVERY if each == name)()
    _forget_queue()


def test_every_line_of_the_timetable_has_its_time():
    assert len({name for name, _when, _do in worker.EVERY}) == len(worker.EVERY)
