"""Starts processes of the product at once, by forking one in which everything is loaded: there to be killed.

On its standard input `web`, `web 300000` (no file may grow beyond so many bytes) or `worker`; on its standard output
the number of the process. All web processes take their calls from one socket, whose number is the first argument.
"""
import os
import resource
import signal
import sys
import threading

from werkzeug.serving import WSGIRequestHandler, make_server

import worker
from app import create_app


class Quiet(WSGIRequestHandler):
    def log(self, *_arguments):
        pass


def web(app, socket: int, largest: str = "") -> None:
    if largest:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest), int(largest)))
    make_server("127.0.0.1", 0, app, threaded=True, fd=socket, request_handler=Quiet).serve_forever()


def main(socket: int) -> None:
    app = create_app()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)       # nobody waits for them
    assert threading.active_count() == 1                # what is forked has one thread only
    for line in sys.stdin:
        kind, *more = line.split()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if kind == "web":
                web(app, socket, *more)
            else:
                worker.main()
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
