"""Every setting, declared once, read from the environment.

A setting is the environment variable of the same name in capitals, or the
content of the file named by that variable with _FILE added.
"""
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import shapes
from shapes import Shape

SHORTEST_KEY = 32                               # characters
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LANGUAGES = ("en", "fr", "de", "es", "it")
PLAIN = ("json", "form", "xml")                 # addresses of apprise that speak without TLS


def knob(help: str, default: Any = MISSING, shape: Shape | None = None) -> Any:
    return field(default=default, metadata={"help": help, "shape": shape})


def words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def truth(text: str) -> bool:
    if text.lower() not in ("1", "yes", "true", "on", "0", "no", "false", "off", ""):
        raise ValueError(text)
    return text.lower() in ("1", "yes", "true", "on")


def written(value: Any) -> str:
    """A value as one writes it into the environment."""
    if isinstance(value, tuple):
        return " ".join(value)
    return ("off", "on")[value] if isinstance(value, bool) else str(value)


def private(folder: Path) -> Path:
    """The folder, made for our eyes only if it is not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One at a time, of all threads and processes of this machine: the folder itself is the lock."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """An OpenID provider that people may sign in with: UPSTREAM_OIDC_<NAME>_ISSUER, and so on."""

    name: str
    issuer: str = knob("The provider's address, exactly as its discovery document says it; needed.")
    client_id: str = knob("What the provider calls us; needed.")
    client_secret: str = knob("What we prove it with; empty: nothing but PKCE.", "")
    label: str = knob("What people read on the button; empty: the host of the issuer.", "")
    scopes: tuple = knob("What we ask for.", ("openid", "email", "profile"))
    trust_mfa: tuple = knob("Values of `amr` or `acr` that count as two steps, for instance `mfa`. Empty: none, and "
                            "whoever has a second factor here is asked for it.", ())
    join: bool = knob("May unknown people make an account by signing in? Only with SIGNUP=open, a confirmed address, "
                      "and nobody here under it.", False)
    ca: str = knob("A file with the authority that signed the provider's certificate; empty: the system's.", "",
                   shapes.FILE)
    networks: tuple = knob("Private addresses or networks the provider may be in.", (), shapes.NETWORK)
    organisation: str = ""                      # whose own it is, by public id: such a one stands in no setting

    @property
    def on_loopback(self) -> bool:
        """Is it on this machine, where it may be spoken to without TLS? Whoever runs Kanton may say so, nobody else."""
        return not self.organisation and urlsplit(self.issuer).hostname in LOOPBACK


Upstreams = tuple[Upstream, ...]
READ: dict[Any, Callable[[str], Any]] = {str: str, int: int, bool: truth, tuple: words, Path: Path}

UNREADABLE: dict[Any, str] = {
    int: "is not a whole number",
    bool: "is neither `on` nor `off` (nor yes, no, true, false, 1, 0)"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    base_url: str = knob("The address people type, without a slash at its end.", "http://localhost:8000", shapes.OURS)
    data: Path = knob("The folder for the database, the secret key and kept mail.", Path("data"), shapes.FOLDER)
    database_url: str = knob("Where the data is; empty: SQLite in DATA. Or postgresql://…", "", shapes.DATABASE)
    database_owner_url: str = knob("Who may change tables on PostgreSQL, for `flask migrate`; empty: DATABASE_URL.", "",
                                   shapes.OWNER)
    secret_key: str = knob("Signs and seals; at least 32 characters. Empty: made once and kept in DATA.", "")
    smtp_url: str = knob("smtp://user:password@host:587, or smtps://. Empty: mail is kept in DATA/mail.", "",
                         shapes.MAIL_SERVER)
    mail_from: str = knob("The sender of mail; empty: kanton@ and the host of BASE_URL.", "", shapes.MAILBOX)
    support: str = knob("The e-mail address people may write to for help; shown on pages and in mails.", "",
                        shapes.MAILBOX)
    instance: str = knob("The name of this installation, shown to people.", "Kanton")
    redis_url: str = knob("Where the worker's queue is when several machines share it; empty: a file in DATA.", "",
                          shapes.QUEUE)
    trusted_proxies: tuple = knob("Addresses or networks of the proxies whose X-Forwarded-For is believed.", (),
                                  shapes.PROXY)
    languages: tuple = knob("Offered languages, of `en`, `fr`, `de`, `es` and `it`; the first is the installation's "
                            "own.", LANGUAGES)
    workers: int = knob("Web processes. One is right for SQLite.", 1, shapes.AT_LEAST_ONE)
    signup: str = knob("Who may make an account: `open` (anybody) or `invited`.", "open",
                       shapes.one_of("open", "invited"))
    backends: tuple = knob("Ways to give the first proof, in the order they are offered: `password`, `passkey`, "
                           "`ldap`, `oidc`.", ("password", "passkey"))
    second_factors: tuple = knob("Second proofs, in the order they are offered: `webauthn` (passkeys and security "
                                 "keys), `totp` (an app), `approval` (in another browser), `backup_codes`; `sms` comes "
                                 "by itself with SMS_URL.", ("webauthn", "totp", "approval", "backup_codes"))
    upstream_oidc: tuple = knob("Names of OpenID providers people may sign in with (BACKENDS has `oidc`), each with "
                                "settings of its own, below.", (), shapes.NAME)
    upstreams: Upstreams = knob("", ())
    provider_networks: tuple = knob("Private addresses or networks that the OpenID providers organisations bring along "
                                    "may be in (BACKENDS has `oidc`). Empty: none.", (), shapes.NETWORK)
    provider_ca: str = knob("A file with the authority that signed the certificates of these; empty: the system's.", "",
                            shapes.FILE)
    ldap_url: str = knob("A directory whose people may sign in (BACKENDS has `ldap`): ldaps://host, or ldap://host, "
                         "which must then offer StartTLS.", "", shapes.DIRECTORY)
    ldap_ca: str = knob("A file with the authority that signed the directory's certificate; empty: the system's.", "",
                        shapes.FILE)
    ldap_base: str = knob("Where the people are: ou=people,dc=example,dc=ch", "")
    ldap_bind_dn: str = knob("Who looks them up; empty: anybody may.", "")
    ldap_bind_password: str = knob("The password of LDAP_BIND_DN.", "")
    ldap_names: tuple = knob("The attributes that people type to sign in.", ("mail", "uid"))
    ldap_filter: str = knob("Who may sign in, and stay signed in; leave out here who is disabled.",
                            "(objectClass=person)", shapes.FILTER)
    ldap_groups: str = knob("Where the groups are; empty: groups are not read.", "")
    ldap_group_filter: str = knob("Which of them somebody is in; {dn} is that person.",
                                  "(|(member={dn})(uniqueMember={dn}))", shapes.FILTER)
    ldap_join: bool = knob("May people of the directory make an account by signing in, also with SIGNUP=invited? "
                           "Their addresses are believed.", False)
    product_kinds: tuple = knob("Kinds of products, in the order they are offered: all of those there are.",
                                ("mail", "drive", "chat", "domain", "hosting", "ticketing", "support", "oidc_app",
                                 "gated_app", "link"))
    channels: tuple = knob("Ways to be told: `email`, always; `push` tells a browser at once that a sign-in waits for "
                           "a yes in it. `sms` comes by itself with SMS_URL.", ("email", "push"))
    push_services: tuple = knob("Hosts, and all below them, that push messages may go to: the browser makers’.",
                                ("fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com",
                                 "notify.windows.com"), shapes.HOST)
    sms_url: str = knob("Where text messages go: an apprise address with {number} in it. Empty: there are none.", "")
    sms_countries: tuple = knob("Countries whose mobile numbers get codes, by their two letters.",
                                ("CH", "FR", "BE", "DE"), shapes.COUNTRY)
    sms_a_day: int = knob("Text messages a day, of all people together.", 200, shapes.AT_LEAST_ONE)
    activity_months: int = knob("Months after which a line of an activity log loses its personal details (names, "
                                "addresses, browsers). The line itself stays, as the next ones rest on it.", 13,
                                shapes.AT_LEAST_ONE)
    activity_security_months: int = knob("The same of lines about security: signing in, members, access.", 24,
                                         shapes.AT_LEAST_ONE)
    rate_limits: str = knob("`on`, or `off` (only for measuring, only on a loopback address).", "on",
                            shapes.one_of("on", "off"))
    demo: bool = knob("The demonstration: known passwords, mail shown at /demo/mail. Loopback only.", False)
    debug: bool = knob("Reread templates when they change, for those who work on Kanton.", False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        found = _found(cls, environment)
        found["upstreams"] = tuple(_upstream(name, environment) for name in found.get("upstream_oidc", ()))
        return cls(**found).checked().completed()

    def checked(self) -> "Settings":
        """Itself, or SystemExit with a sentence about the first setting that cannot work."""
        _check_shapes(self)
        if self.database_owner_url and not self.database_url.startswith("postgresql:"):
            raise SystemExit("DATABASE_OWNER_URL is for PostgreSQL: DATABASE_URL is to be postgresql://…, too")
        if self.secret_key and len(self.secret_key) < SHORTEST_KEY:
            raise SystemExit(f"SECRET_KEY is too short: at least {SHORTEST_KEY} characters")
        if not self.instance:
            raise SystemExit("INSTANCE is empty: say what people call this installation, or leave it out")
        if self.rate_limits == "off" and not self.on_loopback:
            raise SystemExit("RATE_LIMITS=off is for measuring on a loopback address only")
        if unknown := set(self.languages) - set(LANGUAGES):
            raise SystemExit(f"LANGUAGES: no translation for {', '.join(sorted(unknown))}; there are "
                             f"{', '.join(LANGUAGES)}")
        if not self.languages:
            raise SystemExit(f"LANGUAGES names no language; there are {', '.join(LANGUAGES)}")
        if "email" not in self.channels:
            raise SystemExit("CHANNELS does not name `email`: there is no other way to write to people")
        if "push" in self.channels and not self.push_services:
            raise SystemExit("PUSH_SERVICES names no service: take `push` out of CHANNELS")
        self._check_text_messages()
        self._check_elsewhere()
        return self

    def completed(self) -> "Settings":
        """Applications are always told of sign-outs. With a gateway for text messages there are the factor and the
        channel that use it; codes come last."""
        channels = (*(name for name in self.channels if name not in ("sms", "backchannel")), "backchannel")
        if not self.sms_url:
            return replace(self, channels=channels)
        last = [name for name in self.second_factors if name == "backup_codes"]
        others = [name for name in self.second_factors if name not in ("sms", "backup_codes")]
        return replace(self, second_factors=(*others, "sms", *last),
                       channels=(*channels, "sms"))

    def _check_text_messages(self) -> None:
        if not self.sms_countries:
            raise SystemExit("SMS_COUNTRIES names no country")
        if not self.sms_url:
            if "sms" in (*self.second_factors, *self.channels):
                raise SystemExit("SMS_URL is empty: `sms` comes into SECOND_FACTORS and CHANNELS by itself with it")
            return
        if "{number}" not in self.sms_url:
            raise SystemExit("SMS_URL does not say where the number belongs: put {number} there")
        plain = shapes.address(self.sms_url, *PLAIN)
        if plain and plain.hostname not in LOOPBACK:
            raise SystemExit(f"SMS_URL={plain.scheme}://… would send codes in the clear: say {plain.scheme}s://")

    def _check_elsewhere(self) -> None:
        """The directory and the providers: all that is needed, and nothing in clear (BS-04)."""
        if ("ldap" in self.backends) != bool(self.ldap_url):
            raise SystemExit("LDAP_URL and the name `ldap` in BACKENDS go together")
        if self.ldap_url:
            self._check_directory()
        if self.upstream_oidc and "oidc" not in self.backends:
            raise SystemExit("UPSTREAM_OIDC needs the name `oidc` in BACKENDS")
        for upstream in self.upstreams:
            name = f"UPSTREAM_OIDC_{upstream.name.upper()}"
            _check_shapes(upstream, f"{name}_")
            if upstream.name in self.backends or self.upstream_oidc.count(upstream.name) > 1:
                raise SystemExit(f"UPSTREAM_OIDC: {upstream.name!r} is the name of another way already")
            issuer = shapes.address(upstream.issuer, "https", "http")
            if not issuer or (issuer.scheme == "http" and not upstream.on_loopback):
                raise SystemExit(f"{name}_ISSUER={upstream.issuer!r} is not https, like https://login.example")
            if "openid" not in upstream.scopes:
                raise SystemExit(f"{name}_SCOPES has to name `openid`")

    def _check_directory(self) -> None:
        if not self.ldap_base:
            raise SystemExit("LDAP_BASE is empty: say where the people are, like ou=people,dc=example,dc=ch")
        if self.ldap_bind_dn and not self.ldap_bind_password:
            raise SystemExit("LDAP_BIND_DN needs LDAP_BIND_PASSWORD, or its file in LDAP_BIND_PASSWORD_FILE")
        if not self.ldap_names:
            raise SystemExit("LDAP_NAMES names no attribute, like mail or uid")
        if self.ldap_groups and "{dn}" not in self.ldap_group_filter:
            raise SystemExit("LDAP_GROUP_FILTER does not say where the person belongs: put {dn} there")

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
        return urlsplit(self.base_url).hostname in LOOPBACK

    @property
    def sender(self) -> str:
        return self.mail_from or f"kanton@{urlsplit(self.base_url).hostname}"


def _check_shapes(settings: Any, prefix: str = "") -> None:
    """Each as its shape wants it, or empty if it is so by default."""
    for knob in fields(settings):
        value = getattr(settings, knob.name)
        if (shape := knob.metadata.get("shape")) and not value == knob.default == "":
            shape.check(prefix + knob.name.upper(), value)


def _found(kind: Any, environment: Mapping[str, str], prefix: str = "") -> dict[str, Any]:
    """The settings of one kind that the environment names."""
    found = {knob.name: read(knob, environment, prefix) for knob in fields(kind) if knob.metadata.get("help")}
    return {name: value for name, value in found.items() if value is not None}


def _upstream(name: str, environment: Mapping[str, str]) -> Upstream:
    shapes.NAME.check("UPSTREAM_OIDC", (name,))
    prefix = f"UPSTREAM_OIDC_{name.upper()}_"
    found = _found(Upstream, environment, prefix)
    for knob in fields(Upstream):
        if knob.default is MISSING and knob.metadata and not found.get(knob.name):
            raise SystemExit(f"{prefix}{knob.name.upper()} is missing: {knob.metadata['help']}")
    return Upstream(name=name, **found)


class Told(NamedTuple):
    """What there is to say of a setting; its values as one writes them."""

    name: str
    help: str
    value: str
    default: str


def every() -> Iterator[Told]:
    """Each setting; those of a provider once for each, or with <NAME> for none."""
    yield from _told(Settings, setting)
    for upstream in setting.upstreams or (None,):
        yield from _told(Upstream, upstream, f"UPSTREAM_OIDC_{upstream.name.upper() if upstream else '<NAME>'}_")


def _told(kind: Any, settings: Any, prefix: str = "") -> Iterator[Told]:
    for knob in fields(kind):
        if help := knob.metadata.get("help"):
            default = "" if knob.default is MISSING else written(knob.default)
            value = "" if settings is None else written(getattr(settings, knob.name))
            yield Told(prefix + knob.name.upper(), help, value, default)


def read(knob: "Field[Any]", environment: Mapping[str, str], prefix: str = "") -> Any:
    name = prefix + knob.name.upper()
    if path := environment.get(f"{name}_FILE"):
        try:
            text: str | None = Path(path).read_text().strip()
        except OSError as error:
            raise SystemExit(f"{name}_FILE={path!r}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SystemExit(f"{name}_FILE={path!r} holds no text") from None
    else:
        text = environment.get(name)
    try:
        return None if text is None else READ[knob.type](text)
    except ValueError:
        raise SystemExit(f"{name}={text!r} {UNREADABLE[knob.type]}") from None


class _Setting:
    """The settings in force: `setting.base_url`."""

    def __init__(self) -> None:
        self._in_force: Settings | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.in_force, name)

    @property
    def in_force(self) -> Settings:
        """All of them."""
        if self._in_force is None:
            self._in_force = Settings.from_environment()
        return self._in_force

    def use(self, settings: Settings | None) -> None:
        """Put these in force; None: read the environment again when next asked."""
        self._in_force = settings

    @contextmanager
    def changed(self, **knobs: Any) -> Iterator[None]:
        """For a while, some settings are others."""
        before = self.in_force
        self._in_force = replace(before, **knobs)
        try:
            yield
        finally:
            self._in_force = before


setting = _Setting()
