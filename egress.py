"""The way out: what we fetch from addresses that others may have chosen comes through this one door.

https only, to public addresses, and to those an operator has named: the name is
resolved here, every address it has is looked at, and the connection goes to one
of them, so that a name cannot mean something else a moment later. No proxy from
the environment, no redirection, no more than 1 MB, no longer than five seconds.
"""
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore

PATIENCE = 5.0                                  # seconds, from the first look at the name to the last byte
LARGEST = 1 << 20                               # bytes of an answer
LOOPBACK = ("127.0.0.0/8", "::1/128")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Besides what the library does not call global: ways to write an IPv4 address as one of IPv6, and what it overlooks.
NOT_PUBLIC = tuple(map(ipaddress.ip_network, (
    "192.0.0.0/24", "192.88.99.0/24", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "5f00::/16",
    "fec0::/10")))


class Unreached(Exception):
    """There was no answer we could use; why, for the log and never for a page."""


@dataclass(frozen=True)
class Answer:
    status: int
    kind: str                                   # of content: application/json
    body: bytes


@dataclass(frozen=True)
class Knock:
    status: int
    headers: tuple[tuple[str, str], ...]        # names in small letters

    def said(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]


def fetch(address: str, *, form: bytes | None = None, body: bytes | None = None,
          headers: Iterable[tuple[str, str]] = (), inside: Iterable[str] = (), ca: str = "",
          ports: Iterable[int] = ()) -> Answer:
    """What stands at an address, or what it answers to a form, or to another body whose kind `headers` tell.

    Unreached for whatever we do not do or cannot read. `inside`: networks that may be gone to although they are not
    public. `ca`: a file with the authority to believe. `ports`: the only ones elsewhere than inside; none: any.
    """
    door = Door(inside, ports)
    sent = body if form is None else form
    told = [("Accept-Encoding", "identity"), ("Accept", "application/json"), ("User-Agent", "Kanton"), *headers]
    if form is not None:
        told.append(("Content-Type", "application/x-www-form-urlencoded"))
    with _asking(door, address, told, sent, ca) as answer:
        return _read(answer, address)


def knock(address: str, *, headers: Iterable[tuple[str, str]] = (), inside: Iterable[str] = ()) -> Knock:
    """What an address answers at first, wherever that leads: nobody follows, and its words are not read."""
    told = [("Accept-Encoding", "identity"), ("User-Agent", "Kanton"), *headers]
    with _asking(Door(inside), address, told) as answer:
        return Knock(answer.status, tuple((name.decode("latin-1").lower(), value.decode("latin-1"))
                                          for name, value in answer.headers))


@contextmanager
def _asking(door: "Door", address: str, headers: list[tuple[str, str]], sent: bytes | None = None,
            ca: str = "") -> Iterator[httpcore.Response]:
    door.admit(address)
    try:
        with (httpcore.ConnectionPool(ssl_context=_trusting(ca), network_backend=door) as pool,
              pool.stream("GET" if sent is None else "POST", address, headers=headers, content=sent) as answer):
            yield answer
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.UnsupportedProtocol,
            OSError, ValueError) as trouble:
        raise Unreached(f"{address}: {trouble or type(trouble).__name__}") from trouble


def look(address: str, *, inside: Iterable[str] = ()) -> None:
    """Would we go there? Unreached if not. Nothing is asked but where the name leads."""
    door = Door(inside)
    url = door.admit(address)
    door.checked(url.hostname or "", url.port or 443)


def _read(answer: httpcore.Response, address: str) -> Answer:
    told = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
    if 300 <= answer.status < 400:
        raise Unreached(f"{address}: leads elsewhere")
    if told.get(b"content-encoding", "identity") != "identity":
        raise Unreached(f"{address}: packed, although we did not ask for that")
    body = b""
    for piece in answer.iter_stream():
        body += piece
        if len(body) > LARGEST:
            raise Unreached(f"{address}: more than {LARGEST} bytes")
    return Answer(answer.status, told.get(b"content-type", "").partition(";")[0].strip().lower(), body)


@cache
def _trusting(ca: str) -> ssl.SSLContext:
    """TLS with certificate and name checked: by the authorities of the system, or by this one alone."""
    return ssl.create_default_context(cafile=ca or None)


class Door(httpcore.NetworkBackend):
    """Connects to addresses that were looked at, and closes when the time is over."""

    def __init__(self, inside: Iterable[str] = (), ports: Iterable[int] = ()) -> None:
        self.ports = frozenset(ports)
        self.inside = [ipaddress.ip_network(network, strict=False) for network in inside]
        self.ends = time.monotonic() + PATIENCE
        self.plain = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
                    socket_options: Any = None) -> httpcore.NetworkStream:
        where = str(self.checked(host, port))
        stream = self.plain.connect_tcp(where, port, left(self.ends), local_address, socket_options)
        return Timed(stream, self.ends)

    def admit(self, address: str) -> SplitResult:
        """An address in its parts: https, or http on our own machine where we may go there; nobody's name in it."""
        url = urlsplit(address)
        if url.scheme != "https" and not (url.scheme == "http" and url.hostname and self.to_loopback(url.hostname)):
            raise Unreached(f"{address}: not https")
        if not url.hostname or url.username is not None or url.password is not None:
            raise Unreached(f"{address}: no plain address")
        return url

    def checked(self, host: str, port: int) -> Address:
        """The first address of a name. Unreached if any of them is one we do not go to."""
        try:
            known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as trouble:
            raise Unreached(f"{host}: {trouble}") from trouble
        found = [ipaddress.ip_address(str(where[0]).partition("%")[0]) for *_kind, where in known]
        if not all(self.open_to(each) for each in found):
            raise Unreached(f"{host}: not a public address")
        if self.ports and port not in self.ports and not all(self.is_inside(each) for each in found):
            raise Unreached(f"{host}: not at port {port}")
        return found[0]

    def open_to(self, address: Address) -> bool:
        return public(address) or self.is_inside(address)

    def is_inside(self, address: Address) -> bool:
        return any(address in network for network in self.inside)

    def to_loopback(self, host: str) -> bool:
        """Is this name our own machine, and may we go there?"""
        loopback = [ipaddress.ip_network(network) for network in LOOPBACK]
        return any(self.checked(host, 80) in network for network in loopback)


class Timed(httpcore.NetworkStream):
    """A connection that lives as long as the whole may take, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self.stream, self.ends = stream, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, left(self.ends))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, left(self.ends))

    def close(self) -> None:
        self.stream.close()

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None,
                  timeout: float | None = None) -> httpcore.NetworkStream:
        return Timed(self.stream.start_tls(ssl_context, server_hostname, left(self.ends)), self.ends)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def left(ends: float) -> float:
    """The seconds that are left; there must be some."""
    seconds = ends - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout(f"more than {PATIENCE:.0f} seconds")
    return seconds


def public(address: Address) -> bool:
    """Is this an address of the open internet, and none that hides another one in itself?"""
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped:
        return public(mapped)
    return address.is_global and not address.is_multicast and not any(address in network for network in NOT_PUBLIC
                                                                      if network.version == address.version)
