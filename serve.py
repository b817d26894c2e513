"""Starts the web server and the worker together, and stops both."""
import argparse
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

import peewee

ROOT = Path(__file__).parent
THREADS = 32                                    # 20 sign-ins may wait for their hash, and do not hold up the others
LOOPBACK = ("127.0.0.1", "localhost", "::1")
DIE_WITH_PARENT = 1                             # prctl(PR_SET_PDEATHSIG), Linux only


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    os.chdir(ROOT)
    os.environ.setdefault("DATA", str(options.data))
    os.environ.setdefault("BASE_URL", f"http://localhost:{options.port}")
    from settings import setting  # only now, as the environment says where everything is
    _refuse_early(options, rate_limits=setting.rate_limits == "on")
    _prepare(with_demo=not options.no_demo)
    # Several runtime threads: with one, granian 2.8 falls over when it is stopped while browsers hold on.
    return _run_together([
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "app:create_app", "--host", options.host,
         "--port", str(options.port), "--workers", str(setting.workers), "--blocking-threads", str(THREADS),
         "--runtime-mode", "mt", "--respawn-failed-workers", "--no-ws", "--log-level", "error",
         "--log-config", "logs.json"],
        [sys.executable, "-m", "worker"]])


def _refuse_early(options: argparse.Namespace, *, rate_limits: bool) -> None:
    """What would be a mistake to start at all, before anything is made or promised."""
    if not options.no_demo and options.host not in LOOPBACK and not options.demo_anywhere:
        raise SystemExit("The demonstration has passwords everybody knows, so it listens on this machine only. "
                         "Use --no-demo, or say --demo-anywhere if you mean it.")
    if not rate_limits and options.host not in LOOPBACK:
        raise SystemExit("RATE_LIMITS=off is for measuring: it listens on this machine only.")
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((options.host, options.port))
        except OSError as trouble:
            raise SystemExit(f"Nothing can listen on {options.host}:{options.port} ({trouble.strerror}). "
                             "Choose another port: --port N.") from None


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run", description="Starts Kanton: web server and worker.")
    parser.add_argument("--port", type=int, default=8000, help="also the port of the default BASE_URL")
    parser.add_argument("--data", type=Path, default=Path("data"), help="the folder for everything that is kept")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--no-demo", action="store_true", help="an empty installation, for real use")
    parser.add_argument("--demo-anywhere", action="store_true", help="let the demonstration listen on any address")
    options = parser.parse_args(arguments)
    options.data = options.data.resolve()
    return options


def _prepare(*, with_demo: bool) -> None:
    """Database, files and, in a new demonstration, the cast; then a word to whoever started us."""
    import assets
    import i18n
    import installation
    try:
        installation.prepare(with_demo=with_demo)
    except peewee.DatabaseError as trouble:
        raise SystemExit(f"The database cannot be used: {trouble}") from None
    assets.prepare()
    i18n.compile_catalogues()
    for line in installation.greeting():
        print(line, flush=True)


def _run_together(commands: list[list[str]]) -> int:
    """All of them until one ends or we are told to stop; then none of them."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    children = [subprocess.Popen(command, cwd=ROOT, preexec_fn=_die_with_parent, start_new_session=True)  # noqa: S603, PLW1509
                for command in commands]
    while not stopping and all(child.poll() is None for child in children):
        time.sleep(0.1)
    status = 0 if stopping else next((child.returncode or 1 for child in children if child.poll() is not None), 1)
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return status


def _die_with_parent() -> None:
    """In the child: even if this process is killed, none of its children lives on. Elsewhere than on Linux: nothing."""
    if sys.platform == "linux":
        libc: Any = ctypes.CDLL(None)
        libc.prctl(DIE_WITH_PARENT, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
