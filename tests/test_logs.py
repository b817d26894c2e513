"""What is logged is one JSON object a line, whatever strangers send (AU-01, BS-23)."""
import json
import logging
import os
import subprocess
import sys

import pytest

import current
import logs
from demo import acting
from tenancy import number_at_work, working_for
from tests.serving import ROOT

EVIL = ["a\nb", "a\r\n\r\n{\"level\": \"info\"}", "\x1b[31mred", "\"}", "\u2028", "\x00", "é" * 10_000, "%s %(x)s"]


@pytest.fixture
def log(monkeypatch):
    """Writes one record, and gives the line that comes of it."""
    monkeypatch.setattr(logs.Line, "whose", staticmethod(number_at_work))

    def write(message, *values, exc_info=None):
        return logs.Line().format(logging.LogRecord("web", logging.WARNING, "", 1, message, values, exc_info))
    return write


@pytest.mark.parametrize("text", EVIL)
def test_au_01_a_strangers_text_stays_in_its_line(log, text):
    with current.acting_as(current.Actor(kind="visitor", address=text[:40], request_id="r" * 16)):
        line = log("said %s", text)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 30_000
    assert json.loads(line)["message"].startswith("said " + text[:1])
    assert json.loads(line)["address"] == text[:40]


def test_bs_23_a_line_says_when_who_from_where_and_for_whom(log, cast):
    anne, lumen = cast.people["anne"], cast.organisations["lumen"]
    with acting(anne), working_for(lumen):
        line = json.loads(log("done"))
    assert set(line) == {"at", "level", "by", "message", "request", "actor", "account", "address", "organisation"}
    assert line["at"].endswith("+00:00")
    assert (line["actor"], line["account"], line["organisation"]) == ("user", anne.id, lumen.id)


def test_a_traceback_is_part_of_its_line(log):
    try:
        raise ValueError("wrong\nin two lines")
    except ValueError:
        line = log("failed", exc_info=sys.exc_info())
    assert "\n" not in line
    assert "in two lines" in json.loads(line)["trace"]


def test_bs_23_a_page_that_breaks_is_one_line_without_its_address(visitor, monkeypatch, caplog):
    """The address may be a link that lets somebody in (INV-12)."""
    monkeypatch.setattr("blueprints.accounts.recovery.recovery", None)
    secret = "0" * 16 + ".very-secret"
    page = visitor().get(f"/reset/{secret}", expect=500)
    record = next(record for record in caplog.records if record.name == "app")
    line = logs.Line().format(record)
    assert page.answer.headers["X-Request-Id"] in line
    assert "/reset/<token>" in line
    assert "very-secret" not in line


def test_bs_23_the_worker_logs_in_this_way_too(tmp_path):
    (tmp_path / "kanton.db").write_bytes(b"no database at all" * 100)
    with subprocess.Popen([sys.executable, "-m", "worker"], cwd=ROOT, env={**os.environ, "DATA": str(tmp_path)},
                          stderr=subprocess.PIPE, text=True) as worker:
        begun, line = (json.loads(worker.stderr.readline()) for _ in range(2))
        worker.terminate()
    assert begun["message"].startswith("at work")
    assert (line["by"], line["level"], line["message"]) == ("worker", "error", "deliver failed")
    assert "DatabaseError" in line["trace"]
    assert worker.returncode == 0
