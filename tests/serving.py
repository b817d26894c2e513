"""The product as people run it: `serve.py` with web server and worker, on a port of its own, mail to a real sink."""
import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from aiosmtpd.controller import Controller

ROOT = Path(__file__).parent.parent


class Sink:
    """An SMTP server that keeps what it is given, unless told to answer otherwise.

    `answers`: to RCPT for an address, or to DATA under the name `DATA`. `options` are aiosmtpd's own.
    `noticed`: called at each stage of a letter with its name, in the server's thread.
    """

    def __init__(self, *, host="127.0.0.1", scheme="smtp", answers=None, noticed=lambda _stage: None, **options):
        self.letters: list[EmailMessage] = []
        self.knocks = 0
        self.scheme, self.answers, self.noticed = scheme, answers or {}, noticed
        self._controller = Controller(self, hostname=host, port=free_port(), **options)

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):
        session.host_name = hostname
        self.knocks += 1
        return responses

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        self.noticed("RCPT")
        answer = self.answers.get(address, "250 welcome")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server, _session, envelope):
        self.noticed("DATA")
        answer = self.answers.get("DATA", "250 kept")
        if answer.startswith("250"):
            self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
            self.letters[-1].envelope = envelope.rcpt_tos
        return answer

    async def handle_QUIT(self, _server, _session, _envelope):
        self.noticed("QUIT")
        return "221 bye"

    def __enter__(self):
        self._controller.start()
        self.url = f"{self.scheme}://{self._controller.hostname}:{self._controller.port}"
        return self

    def __exit__(self, *_):
        self._controller.stop()

    def letter_to(self, address: str, about: str = "", *, seconds: float = 20) -> EmailMessage:
        """The last letter to somebody, or the last with such a subject, as soon as it is there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for letter in reversed(self.letters):
                if address in letter["To"] and about in letter["Subject"]:
                    return letter
            time.sleep(0.05)
        raise AssertionError(f"no letter to {address} within {seconds} s; there are {[x['To'] for x in self.letters]}")


@cache
def played() -> Path:
    """A folder in which the demonstration has been played, as the first start does it: others are copies of it."""
    folder = Path(tempfile.mkdtemp(prefix="kanton-played-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run([sys.executable, "-c", "import installation; installation.prepare(with_demo=True)"], cwd=ROOT,
                   env=_plain() | {"DATA": str(folder)}, check=True, timeout=120)
    return folder


@contextmanager
def product(data: Path, *arguments: str, **environment: str):
    """Its address, while it runs."""
    if not arguments and not {"SECRET_KEY", "DATABASE_URL", "LANGUAGES"} & set(environment):
        for file in [played() / "secret.key", *played().glob("kanton.db*")]:
            shutil.copy(file, data / file.name)
    with _running(data, *arguments, **environment) as address:
        yield address


@contextmanager
def _running(data: Path, *arguments: str, **environment: str):
    port = free_port()
    address = f"http://localhost:{port}"
    log = (data / "serve.log").open("w")
    process = subprocess.Popen([sys.executable, "-m", "serve", "--port", str(port), "--data", str(data), *arguments],
                               cwd=ROOT, env=_plain() | environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _until_it_answers(f"{address}/healthz", process, log.name)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _plain() -> dict[str, str]:
    """What stands around here, without what the tests have set for themselves."""
    return {name: value for name, value in os.environ.items()
            if name not in ("DATA", "BASE_URL", "DATABASE_URL", "SECRET_KEY", "LANGUAGES", "DATABASE_OWNER_URL")}


def _until_it_answers(address: str, process: subprocess.Popen, log: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"{address} does not answer:\n{Path(log).read_text()[-3000:]}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
