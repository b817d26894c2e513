"""What the processes say while they work: one JSON object a line, on standard error.

Whatever a stranger sends is text inside one line of ASCII (AU-01); every line
says when, who, from where, for which organisation and in which request (BS-23).
"""
import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import current

LONGEST = 4_000                                 # characters of a message; of a traceback the last twice as many


class Line(logging.Formatter):
    """A record as one line."""

    whose: Callable[[], Any] = staticmethod(lambda: None)       # the number of the organisation at work, or None

    def format(self, record: logging.LogRecord) -> str:
        who = current.actor()
        line = {"at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(), "by": record.name, "message": record.getMessage()[:LONGEST],
                "request": who.request_id or None, "actor": who.kind, "account": who.user_id,
                "address": who.address or None, "organisation": self.whose()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)[-2 * LONGEST:]
        return json.dumps(line, default=str)


def begin(whose: Callable[[], Any]) -> None:
    """From now on, unless whoever started us chose another place for it."""
    Line.whose = staticmethod(whose)
    logging.captureWarnings(True)
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(Line())
        root.addHandler(handler)
        root.setLevel(logging.INFO)
