"""What a setting may look like: each shape with the words for what has another one."""
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from phonenumbers import SUPPORTED_REGIONS


@dataclass(frozen=True)
class Shape:
    """`fits` says whether a text, each word of a list, or a number has it. `secret`: what was written is not shown."""

    fits: Callable[[Any], Any]
    wrong: str
    secret: bool = False

    def check(self, name: str, value: Any) -> None:
        """SystemExit with a sentence about the first that does not fit."""
        for each in value if isinstance(value, tuple) else (value,):
            if not self.fits(each):
                said = "" if self.secret else f": {each!r}" if isinstance(value, tuple) else f"={str(each)!r}"
                raise SystemExit(f"{name}{said} {self.wrong}")


def one_of(*words: str) -> Shape:
    if len(words) == 2:
        return Shape(lambda text: text in words, f"is neither `{words[0]}` nor `{words[1]}`")
    return Shape(lambda text: text in words, f"is none of {', '.join(words)}")


def address(text: str, *schemes: str) -> SplitResult | None:
    """The parts of an address with a host; None when it is none, or of another scheme."""
    try:
        parts = urlsplit(text)
        return parts if parts.scheme in schemes and parts.hostname and parts.port != 0 else None
    except ValueError:                          # a port that is no number, brackets that do not close
        return None


def of_ours(text: str) -> bool:
    """Scheme and host, perhaps a port, and nothing after them."""
    parts = address(text, "http", "https")
    return bool(parts and text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc)


def is_network(text: str, at_least: int = 0) -> bool:
    try:
        return ip_network(text, strict=False).prefixlen >= at_least
    except ValueError:
        return False


def can_be_kept_in(folder: Path) -> bool:
    """A folder we may write in, or one that we may make."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def in_brackets(text: str) -> bool:
    return text.startswith("(") and text.endswith(")") and text.count("(") == text.count(")")


AT_LEAST_ONE = Shape(lambda number: number >= 1, "is too small: at least 1")
COUNTRY = Shape(SUPPORTED_REGIONS.__contains__, "is no country: write two capital letters, like CH")
FILE = Shape(lambda path: os.path.isfile(path) and os.access(path, os.R_OK), "is no file that can be read")
FILTER = Shape(in_brackets, "is no filter of LDAP: write it in brackets, like (objectClass=person)")
FOLDER = Shape(can_be_kept_in, "is no folder that can be written in")
LABEL = r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
HOST = Shape(re.compile(rf"{LABEL}(\.{LABEL})*").fullmatch, "is no host: write a name alone, like push.example")
MAILBOX = Shape(re.compile(r"[^@\s<>]+@[^@\s<>]+").fullmatch, "is no e-mail address, like help@kanton.example")
NAME = Shape(re.compile(r"[a-z][a-z0-9]*").fullmatch,
             "is no name: write small letters and digits, a letter first, like company")
NETWORK = Shape(is_network, "is no address or network, like 10.0.0.0/8")
OURS = Shape(of_ours, "is not an address like https://kanton.example: scheme and host, without a path or a slash at "
                      "the end")
PROXY = Shape(lambda text: is_network(text, 8), "is no address or network of a few proxies, like 127.0.0.1")

DATABASE = Shape(lambda text: text.startswith(("sqlite:///", "postgresql://")), "is neither sqlite:///… nor postgresql://…",
                 secret=True)
OWNER = Shape(lambda text: text.startswith("postgresql://"), "is not postgresql://…", secret=True)
QUEUE = Shape(lambda text: text.startswith("unix://") or address(text, "redis", "rediss"),
              "is not redis://host, rediss://host or unix://path", secret=True)
MAIL_SERVER = Shape(lambda text: address(text, "smtp", "smtps"), "is neither smtp://host:587 nor smtps://host",
                    secret=True)
DIRECTORY = Shape(lambda text: address(text, "ldap", "ldaps"), "is not ldaps://host or ldap://host")
