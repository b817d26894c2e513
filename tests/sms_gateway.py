"""A gateway for text messages on this machine, reached by apprise as any other."""
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from tests.serving import free_port


class Gateway:
    """A gateway on this machine, that keeps what it is given, unless it is told to answer otherwise."""

    def __init__(self):
        self.taken, self.answer = [], 200
        self.arrived: queue.Queue = queue.Queue()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if gateway.answer == 200:
                    gateway.taken.append(said)
                    gateway.arrived.put(said["message"])
                self.send_response(gateway.answer)
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self._server = HTTPServer(("127.0.0.1", free_port()), Handler)
        self.url = f"json://127.0.0.1:{self._server.server_port}/send?:to={{number}}"

    def next(self, seconds: float = 20) -> str:
        """What the next message says, as soon as it is there."""
        return self.arrived.get(timeout=seconds)

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
