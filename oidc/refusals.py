"""How a request of an application is refused: in the words of the protocol, to whom it is safe to tell."""
from typing import Any


class Untrusted(Exception):
    """No application we know asks, or not from an address of its own: only the person is told, on our own page."""

    def __init__(self, why: Any, client: Any = None):
        super().__init__(why)
        self.why, self.client = why, client     # the application, where it is the address that is not known


class Denied(Exception):
    """The application is told, at the address it registered."""

    def __init__(self, error: str, description: str = ""):
        super().__init__(error)
        self.error, self.description = error, description


class Refusal(Exception):
    """A program asked and is answered: the error as JSON. `scheme`: how it should have said who it is (401)."""

    def __init__(self, error: str, description: str = "", status: int = 400, scheme: str = ""):
        super().__init__(error)
        self.error, self.description, self.status, self.scheme = error, description, status, scheme


def invalid_grant(description: str) -> Refusal:
    return Refusal("invalid_grant", description)


def invalid_client(description: str) -> Refusal:
    return Refusal("invalid_client", description, 401, "Basic")


def invalid_token() -> Refusal:
    return Refusal("invalid_token", "The token is unknown, has expired, or opens nothing any more.", 401, "Bearer")


def once(pairs: Any) -> dict[str, str]:
    """Parameters by name; one that comes twice is refused, an empty one was not sent (RFC 6749 §3.1)."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found or "\x00" in value or len(value) > LONGEST:
            raise Refusal("invalid_request", f"{name[:40]} comes twice, or is no text we take.")
        found[name] = value
    return {name: value for name, value in found.items() if value}


LONGEST = 4_000                                 # characters of a parameter
