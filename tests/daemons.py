"""Programs that listen, for as long as a test needs them."""
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def daemon(command: list, port: int, log: Path, environment: dict[str, str] | None = None) -> Iterator[Path]:
    """One that stays in the foreground; from when it listens. What it says goes to `log`."""
    with log.open("ab") as said:
        process = subprocess.Popen(command, env=environment or dict(os.environ), stdin=subprocess.DEVNULL, stdout=said,
                                   stderr=subprocess.STDOUT, cwd=log.parent)
        try:
            _until_it_listens(port, process, log)
            yield log
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_it_listens(port: int, process: subprocess.Popen, log: Path, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as knock:
            if not knock.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}:\n{log.read_text(errors='replace')[-3000:]}")
