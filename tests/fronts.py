"""Proxies before an application that knows no sign-in, set up with the very lines that a product's page shows."""
import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gate.addresses import CALLBACK
from gate.lines import APPLICATION
from tests import packages
from tests.daemons import daemon


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
def nginx(folder: Path, port: int, lines: str) -> Iterator[None]:
    """Its lines stand within `http`, where a distribution's own file includes them."""
    found = packages.have("usr/sbin/nginx", "nginx-light")
    scratch = " ".join(f"{what}_temp_path {folder}/{what};"
                       for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"pid {folder}/nginx.pid; daemon off; master_process off; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {scratch}\n{lines}\n}}\n")
    with daemon([found.path("usr/sbin/nginx"), "-c", folder / "nginx.conf", "-e", folder / "error.log"], port,
                folder / "nginx.log", found.environment):
        yield


@contextmanager
def caddy(folder: Path, port: int, lines: str) -> Iterator[None]:
    found = packages.have("usr/bin/caddy", "caddy")
    (folder / "Caddyfile").write_text(
        f"{{\n    admin off\n    auto_https off\n    default_bind 127.0.0.1\n}}\n{lines}\n")
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    with daemon([found.path("usr/bin/caddy"), "run", "--config", folder / "Caddyfile"], port, folder / "caddy.log",
                found.environment | homes):
        yield


@contextmanager
def traefik(folder: Path, port: int, lines: str) -> Iterator[None]:
    """What belongs into the static configuration is said first in its lines, as a remark."""
    program = packages.program("traefik", Path(__file__).parent / "requirements-traefik.txt")
    static = re.search(r"# .*: (entryPoints: .*)", lines)
    entry = static[1] if static else "entryPoints: {web: {http: {}}}"
    (folder / "traefik.yaml").write_text(lines)
    (folder / "static.yaml").write_text(
        entry.replace("{http:", f'{{address: "127.0.0.1:{port}", http:') + "\n"
        "global: {checkNewVersion: false, sendAnonymousUsage: false}\n"
        f"providers: {{file: {{filename: {folder}/traefik.yaml, watch: false}}}}\n")
    with daemon([program, f"--configFile={folder}/static.yaml"], port, folder / "traefik.log"):
        _until_it_has_read_its_lines(port)
        yield


def _until_it_has_read_its_lines(port: int, seconds: float = 15) -> None:
    """Traefik listens before it knows for whom: until then, whoever asks is told 404."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        connection.request("GET", CALLBACK)
        answer = connection.getresponse()
        connection.close()
        if answer.status != 404:
            return
        time.sleep(0.05)
    raise AssertionError(f"Traefik on {port} has not read its lines")


PROXIES = {"nginx": nginx, "caddy": caddy, "traefik": traefik}


@contextmanager
def proxy(name: str, folder: Path, port: int, lines: str) -> Iterator[None]:
    """One before an application, with these lines to the letter, but for where the application listens."""
    assert APPLICATION in lines
    with echo() as application, PROXIES[name](
            folder, port, lines.replace(APPLICATION, f"http://127.0.0.1:{application}")):
        yield
