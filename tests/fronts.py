"""Proxies before an application that knows no sign-in, set up with the README's very lines."""
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import demo
from tests import packages
from tests.daemons import daemon
from tests.serving import free_port

README = Path(__file__).parents[1] / "README.md"


class Echo(BaseHTTPRequestHandler):
    """The application: says which headers reached it."""

    def do_GET(self):
        body = "".join(f"{name}: {value}\n" for name, value in self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_OPTIONS = do_GET

    def log_message(self, *_more):
        """Nothing."""


@contextmanager
def echo() -> Iterator[int]:
    """Its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@contextmanager
def nginx(folder: Path, application: int, kanton: str, *, ours: str = "localhost:8000",
          host: str = "wiki.lumen.example", port: int = 0) -> Iterator[int]:
    """Its port. `kanton`: where it asks; `ours`: what Kanton's own host is called; `host`: the application's."""
    found, port = packages.have("usr/sbin/nginx", "nginx-light"), port or free_port()
    block = lines("nginx", {"https://login.example": kanton, "login.example": ours, "wiki.lumen.example": host,
                            "http://127.0.0.1:3000": f"http://127.0.0.1:{application}", "kgs_…": demo.GATE_SECRET,
                            "listen 443 ssl;": f"listen 127.0.0.1:{port};"})
    scratch = " ".join(f"{what}_temp_path {folder}/{what};"
                       for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"pid {folder}/nginx.pid; daemon off; master_process off; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {scratch}\n{block}\n}}\n")
    with daemon([found.path("usr/sbin/nginx"), "-c", folder / "nginx.conf", "-e", folder / "error.log"], port,
                folder / "nginx.log", found.environment):
        yield port


@contextmanager
def caddy(folder: Path, application: int, kanton: str) -> Iterator[int]:
    found, port = packages.have("usr/bin/caddy", "caddy"), free_port()
    block = lines("caddy", {"https://login.example": kanton, "login.example": "localhost:8000",
                            "wiki.lumen.example {": f"http://wiki.lumen.example:{port} {{\nbind 127.0.0.1",
                            "127.0.0.1:3000": f"127.0.0.1:{application}", "kgs_…": demo.GATE_SECRET})
    (folder / "Caddyfile").write_text(f"{{\nadmin off\n}}\n{block}\n")
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    with daemon([found.path("usr/bin/caddy"), "run", "--config", folder / "Caddyfile"], port, folder / "caddy.log",
                found.environment | homes):
        yield port


def lines(language: str, instead: dict[str, str]) -> str:
    """The README's, with the addresses of a test."""
    block = re.search(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)[1]
    for theirs, here in instead.items():
        assert theirs in block, theirs
        block = block.replace(theirs, here)
    return block
