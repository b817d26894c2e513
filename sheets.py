"""Lists as files that open in a spreadsheet (CSV, RFC 4180): sent row by row, and no cell runs as a formula."""
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextvars import copy_context
from typing import Any

from flask import Response

FORMULA = ("=", "+", "-", "@", "\t", "\r")
PIECE = 200                                     # rows a piece
MARK = "\ufeff"                                 # by which spreadsheets know UTF-8


def sheet(name: str, head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Response:
    """A file to keep. `name`: letters, digits and hyphens, without the ending."""
    response = Response(_carried(_lines(head, rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def cell(value: Any) -> str:
    """Text that a spreadsheet shows as it is."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _carried(pieces: Iterator[str]) -> Iterator[str]:
    """A stream is read when its request is over: whose rows, who asks and in what language goes with it."""
    context = copy_context()

    def read() -> Iterator[str]:
        while (piece := context.run(next, pieces, None)) is not None:
            yield piece
    return read()


def _lines(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    piece = io.StringIO()
    write = csv.writer(piece).writerow
    piece.write(MARK)
    write([cell(words) for words in head])
    for number, row in enumerate(rows, 1):
        write([cell(value) for value in row])
        if number % PIECE == 0:
            yield piece.getvalue()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue()
