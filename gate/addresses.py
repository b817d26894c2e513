"""Where an application stands behind a gate, and which addresses are its own: to the letter, or not at all."""
import re
from urllib.parse import urlsplit

CALLBACK = "/.kanton/callback"                  # at the application's host, what the proxy leads to /gate/callback
LONGEST = 8_000                                 # of what a proxy may ask about
LONGEST_WAY_BACK = 1_500                        # it goes through the sign-in; a longer one leads to the start page
_PLAIN = re.compile(r"/[\x21-\x7e]*")
_PORTS = {"https": ":443", "http": ":80"}


def origin(address: str) -> str:
    """«https://wiki.domain.ch», of a product's address as it is kept."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{_named(parts.netloc.lower(), parts.scheme)}"


def at_home(address: str, host: str) -> bool:
    """Was a browser really at the application's own host (FW-02, FW-03)? Two names at once are none."""
    here = origin(address)
    return _named(host.lower(), urlsplit(here).scheme) == urlsplit(here).netloc


def readable(path: str) -> bool:
    """Can a proxy have been asked for this? What is not is refused before anything is decided (FW-03)."""
    return len(path) <= LONGEST and "\\" not in path and bool(_PLAIN.fullmatch(path))


def way_back(address: str, path: str) -> str:
    """The address that was wanted; the start page where it would be too long to carry."""
    return origin(address) + (path if len(path) <= LONGEST_WAY_BACK else "/")


def start(address: str) -> str:
    """What a browser asks for that opens it."""
    parts = urlsplit(address)
    return origin(address) + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def cookie(address: str, name: str) -> str:
    """What a cookie of its host is called. What a proxy says of the scheme is not believed: the address has it."""
    return f"__Host-{name}" if address.startswith("https:") else name


def own(address: str, wanted: str) -> bool:
    """Is it one of the application's own addresses (FW-06)?"""
    here = origin(address)
    path = wanted.removeprefix(here)
    return path != wanted and len(path) <= LONGEST_WAY_BACK and readable(path)


def _named(host: str, scheme: str) -> str:
    return host.removesuffix(_PORTS.get(scheme, ""))
