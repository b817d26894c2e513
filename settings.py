"""Every setting, declared once, read from the environment.

A setting is the environment variable of the same name in capitals, or the
content of the file named by that variable with _FILE added.
"""
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SHORTEST_KEY = 32                               # characters


def knob(help: str, default: Any = MISSING) -> Any:
    return field(default=default, metadata={"help": help})


def words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def truth(text: str) -> bool:
    if text.lower() not in ("1", "yes", "true", "on", "0", "no", "false", "off", ""):
        raise ValueError(text)
    return text.lower() in ("1", "yes", "true", "on")


def private(folder: Path) -> Path:
    """The folder, made for our eyes only if it is not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


READ: dict[Any, Callable[[str], Any]] = {str: str, int: int, bool: truth, tuple: words, Path: Path}


@dataclass(frozen=True, kw_only=True)
class Settings:
    base_url: str = knob("The address people type, without a slash at its end.", "http://localhost:8000")
    data: Path = knob("The folder for the database, the secret key and kept mail.", Path("data"))
    database_url: str = knob("Where the data is; empty: SQLite in DATA. Or postgresql://…", "")
    database_owner_url: str = knob("Who may change tables on PostgreSQL, for `flask migrate`; empty: DATABASE_URL.", "")
    secret_key: str = knob("Signs and seals; at least 32 characters. Empty: made once and kept in DATA.", "")
    smtp_url: str = knob("smtp://user:password@host:587, or smtps://. Empty: mail is kept in DATA/mail.", "")
    mail_from: str = knob("The sender of mail; empty: kanton@ and the host of BASE_URL.", "")
    support: str = knob("The e-mail address people may write to for help; shown on pages and in mails.", "")
    instance: str = knob("The name of this installation, shown to people.", "Kanton")
    redis_url: str = knob("Where the worker's queue is when several machines share it; empty: a file in DATA.", "")
    trusted_proxies: tuple = knob("Addresses or networks of the proxies whose X-Forwarded-For is believed.", ())
    languages: tuple = knob("Offered languages; the first is the installation's own.", ("en", "fr", "de", "es", "it"))
    workers: int = knob("Web processes. One is right for SQLite.", 1)
    signup: str = knob("Who may make an account: `open` (anybody) or `invited`.", "open")
    backends: tuple = knob("Ways to give the first proof, in the order they are offered.", ("password", "passkey"))
    second_factors: tuple = knob("Second proofs, in the order they are offered.", ("webauthn", "totp", "backup_codes"))
    channels: tuple = knob("Ways to be told.", ("email",))
    rate_limits: str = knob("`on`, or `off` (only for measuring, only on a loopback address).", "on")
    demo: bool = knob("The demonstration: known passwords, mail shown at /demo/mail. Loopback only.", False)
    debug: bool = knob("Reread templates when they change, for those who work on Kanton.", False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        found = {knob.name: read(knob, environment) for knob in fields(cls)}
        return cls(**{name: value for name, value in found.items() if value is not None}).checked()

    def checked(self) -> "Settings":
        """Itself, or SystemExit with a sentence about the first setting that cannot work."""
        address = urlsplit(self.base_url)
        if address.scheme not in ("http", "https") or not address.hostname or address.path or address.query:
            raise SystemExit(f"BASE_URL={self.base_url!r} is not an address like https://kanton.example")
        if self.secret_key and len(self.secret_key) < SHORTEST_KEY:
            raise SystemExit(f"SECRET_KEY is too short: at least {SHORTEST_KEY} characters")
        if self.signup not in ("open", "invited"):
            raise SystemExit(f"SIGNUP={self.signup!r} is neither `open` nor `invited`")
        if self.rate_limits not in ("on", "off"):
            raise SystemExit(f"RATE_LIMITS={self.rate_limits!r} is neither `on` nor `off`")
        if self.rate_limits == "off" and not self.on_loopback:
            raise SystemExit("RATE_LIMITS=off is for measuring on a loopback address only")
        if wide := [proxy for proxy in self.trusted_proxies if not _narrow(proxy)]:
            raise SystemExit(f"TRUSTED_PROXIES: {wide[0]!r} is no address or network of a few proxies")
        if unknown := set(self.languages) - {"fr", "de", "en", "es", "it"}:
            raise SystemExit(f"LANGUAGES: no translation for {', '.join(sorted(unknown))}")
        if not self.languages:
            raise SystemExit("LANGUAGES names no language")
        return self

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'kanton.db'}"

    @property
    def secure(self) -> bool:
        """Are we reached by https?"""
        return self.base_url.startswith("https:")

    @property
    def host(self) -> str:
        """Host and port people type, as the Host header says it."""
        return urlsplit(self.base_url).netloc

    @property
    def on_loopback(self) -> bool:
        return urlsplit(self.base_url).hostname in ("localhost", "127.0.0.1", "::1")

    @property
    def sender(self) -> str:
        return self.mail_from or f"kanton@{urlsplit(self.base_url).hostname}"


def _narrow(network: str) -> bool:
    """An address, or a network that is not half of the world."""
    try:
        return ip_network(network, strict=False).prefixlen >= 8
    except ValueError:
        return False


def read(knob: "Field[Any]", environment: Mapping[str, str]) -> Any:
    name = knob.name.upper()
    if path := environment.get(f"{name}_FILE"):
        try:
            text: str | None = Path(path).read_text().strip()
        except OSError as error:
            raise SystemExit(f"{name}_FILE={path!r}: {error.strerror}") from None
    else:
        text = environment.get(name)
    try:
        return None if text is None else READ[knob.type](text)
    except ValueError:
        kind = knob.type.__name__  # type: ignore[union-attr]
        raise SystemExit(f"{name}={text!r} is not a {kind}: {knob.metadata['help']}") from None


class _Setting:
    """The settings in force: `setting.base_url`."""

    def __init__(self) -> None:
        self._in_force: Settings | None = None

    def __getattr__(self, name: str) -> Any:
        if self._in_force is None:
            self._in_force = Settings.from_environment()
        return getattr(self._in_force, name)

    def use(self, settings: Settings | None) -> None:
        """Put these in force; None: read the environment again when next asked."""
        self._in_force = settings

    @contextmanager
    def changed(self, **knobs: Any) -> Iterator[None]:
        """For a while, some settings are others."""
        before = self._in_force or Settings.from_environment()
        self._in_force = replace(before, **knobs)
        try:
            yield
        finally:
            self._in_force = before


setting = _Setting()
