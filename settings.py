"""Every setting, declared once, read from the environment.

A setting is the environment variable of the same name in capitals, or the
content of the file named by that variable with _FILE added.
"""
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SHORTEST_KEY = 32                               # characters
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PLAIN = ("json", "form", "xml")                 # addresses of apprise that speak without TLS


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


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """An OpenID provider that people may sign in with: UPSTREAM_OIDC_<NAME>_ISSUER, and so on."""

    name: str
    issuer: str = knob("The provider's address, exactly as its discovery document says it.")
    client_id: str = knob("What the provider calls us.")
    client_secret: str = knob("What we prove it with; empty: nothing but PKCE.", "")
    label: str = knob("What people read on the button; empty: the name.", "")
    scopes: tuple = knob("What we ask for.", ("openid", "email", "profile"))
    trust_mfa: tuple = knob("Values of `amr` or `acr` that count as two steps, for instance `mfa`. Empty: none, and "
                            "whoever has a second factor here is asked for it.", ())
    join: bool = knob("May unknown people make an account by signing in? Only with SIGNUP=open, a confirmed address, "
                      "and nobody here under it.", False)
    ca: str = knob("A file with the authority that signed the provider's certificate; empty: the system's.", "")
    networks: tuple = knob("Private addresses or networks the provider may be in.", ())
    organisation: str = ""                      # whose own it is, by public id: such a one stands in no setting

    @property
    def on_loopback(self) -> bool:
        """Is it on this machine, where it may be spoken to without TLS? Whoever runs Kanton may say so, nobody else."""
        return not self.organisation and urlsplit(self.issuer).hostname in LOOPBACK


Upstreams = tuple[Upstream, ...]
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
    second_factors: tuple = knob("Second proofs, in the order they are offered.", 
                                 ("webauthn", "totp", "approval", "backup_codes"))
    upstream_oidc: tuple = knob("Names of OpenID providers people may sign in with (BACKENDS has `oidc`), each with "
                                "settings of its own, below.", ())
    upstreams: Upstreams = knob("", ())
    provider_networks: tuple = knob("Private addresses or networks that the OpenID providers organisations bring along "
                                    "may be in (BACKENDS has `oidc`). Empty: none.", ())
    provider_ca: str = knob("A file with the authority that signed the certificates of these; empty: the system's.", "")
    ldap_url: str = knob("A directory whose people may sign in (BACKENDS has `ldap`): ldaps://host, or ldap://host, "
                         "which must then offer StartTLS.", "")
    ldap_ca: str = knob("A file with the authority that signed the directory's certificate; empty: the system's.", "")
    ldap_base: str = knob("Where the people are: ou=people,dc=example,dc=ch", "")
    ldap_bind_dn: str = knob("Who looks them up; empty: anybody may.", "")
    ldap_bind_password: str = knob("The password of LDAP_BIND_DN.", "")
    ldap_names: tuple = knob("The attributes that people type to sign in.", ("mail", "uid"))
    ldap_filter: str = knob("Who may sign in, and stay signed in; leave out here who is disabled.",
                            "(objectClass=person)")
    ldap_groups: str = knob("Where the groups are; empty: groups are not read.", "")
    ldap_group_filter: str = knob("Which of them somebody is in; {dn} is that person.",
                                  "(|(member={dn})(uniqueMember={dn}))")
    ldap_join: bool = knob("May people of the directory make an account by signing in, also with SIGNUP=invited? "
                           "Their addresses are believed.", False)
    product_kinds: tuple = knob("Kinds of products, in the order they are offered.",
                                ("mail", "drive", "chat", "domain", "hosting", "ticketing", "support", "oidc_app",
                                 "gated_app", "link"))
    channels: tuple = knob("Ways to be told; `push` tells a browser at once that a sign-in waits for a yes in it.",
                           ("email", "push"))
    push_services: tuple = knob("Hosts, and all below them, that push messages may go to: the browser makers’.",
                                ("fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com",
                                 "notify.windows.com"))
    sms_url: str = knob("Where text messages go: an apprise address with {number} in it. Empty: there are none.", "")
    sms_countries: tuple = knob("Countries whose mobile numbers get codes.", ("CH", "FR", "BE", "DE"))
    sms_a_day: int = knob("Text messages a day, of all people together.", 200)
    rate_limits: str = knob("`on`, or `off` (only for measuring, only on a loopback address).", "on")
    demo: bool = knob("The demonstration: known passwords, mail shown at /demo/mail. Loopback only.", False)
    debug: bool = knob("Reread templates when they change, for those who work on Kanton.", False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        found = _found(cls, environment)
        found["upstreams"] = tuple(_upstream(name, environment) for name in found.get("upstream_oidc", ()))
        return cls(**found).checked().completed()

    def checked(self) -> "Settings":
        """Itself, or SystemExit with a sentence about the first setting that cannot work."""
        address = urlsplit(self.base_url)
        if address.scheme not in ("http", "https") or not address.hostname or address.path or address.query:
            raise SystemExit(f"BASE_URL={self.base_url!r} is not an address like https://kanton.example")
        if self.database_url and not self.database_url.startswith(("sqlite:///", "postgresql://")):
            raise SystemExit("DATABASE_URL is neither sqlite:///… nor postgresql://…")
        if self.smtp_url and not self.smtp_url.startswith(("smtp://", "smtps://")):
            raise SystemExit("SMTP_URL is neither smtp://… nor smtps://…")
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
        if self.sms_url and "{number}" not in self.sms_url:
            raise SystemExit("SMS_URL does not say where the number belongs: put {number} there")
        if self.sms_url and (sms := urlsplit(self.sms_url)).scheme in PLAIN and sms.hostname not in LOOPBACK:
            raise SystemExit(f"SMS_URL={sms.scheme}://… would send codes in the clear: say {sms.scheme}s://")
        if not self.sms_countries:
            raise SystemExit("SMS_COUNTRIES names no country")
        if "push" in self.channels and not self.push_services:
            raise SystemExit("PUSH_SERVICES names no service: take `push` out of CHANNELS")
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

    def _check_elsewhere(self) -> None:
        """The directory and the providers: all that is needed, and nothing in clear (BS-04)."""
        if ("ldap" in self.backends) != bool(self.ldap_url):
            raise SystemExit("LDAP_URL and the name `ldap` in BACKENDS go together")
        if self.ldap_url and (urlsplit(self.ldap_url).scheme not in ("ldap", "ldaps") or not self.ldap_base):
            raise SystemExit(f"LDAP_URL={self.ldap_url!r} is not ldaps://host or ldap://host, or LDAP_BASE is empty")
        if self.upstream_oidc and "oidc" not in self.backends:
            raise SystemExit("UPSTREAM_OIDC needs the name `oidc` in BACKENDS")
        for upstream in self.upstreams:
            issuer = urlsplit(upstream.issuer)
            if not re.fullmatch(r"[a-z][a-z0-9]*", upstream.name) or upstream.name in self.backends:
                raise SystemExit(f"UPSTREAM_OIDC: {upstream.name!r} is no name of small letters and digits of its own")
            if issuer.scheme != "https" and not (issuer.scheme == "http" and upstream.on_loopback):
                raise SystemExit(f"UPSTREAM_OIDC_{upstream.name.upper()}_ISSUER={upstream.issuer!r} is not https")

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


def _narrow(network: str) -> bool:
    """An address, or a network that is not half of the world."""
    try:
        return ip_network(network, strict=False).prefixlen >= 8
    except ValueError:
        return False


def _found(kind: Any, environment: Mapping[str, str], prefix: str = "") -> dict[str, Any]:
    """The settings of one kind that the environment names."""
    found = {knob.name: read(knob, environment, prefix) for knob in fields(kind) if knob.metadata.get("help")}
    return {name: value for name, value in found.items() if value is not None}


def _upstream(name: str, environment: Mapping[str, str]) -> Upstream:
    prefix = f"UPSTREAM_OIDC_{name.upper()}_"
    found = _found(Upstream, environment, prefix)
    if missing := [each for each in ("issuer", "client_id") if not found.get(each)]:
        raise SystemExit(f"{prefix}{missing[0].upper()} is missing")
    return Upstream(name=name, **found)


def every() -> Iterator[tuple[str, str, Any]]:
    """(name, what it is for, its value) of each setting; those of a provider once for each, or with <NAME> for none."""
    for knob in fields(Settings):
        if knob.metadata["help"]:
            yield knob.name.upper(), knob.metadata["help"], getattr(setting, knob.name)
    for upstream in setting.upstreams or (None,):
        for knob in fields(Upstream):
            if told := knob.metadata.get("help"):
                name = f"UPSTREAM_OIDC_{upstream.name.upper() if upstream else '<NAME>'}_{knob.name.upper()}"
                yield name, told, getattr(upstream, knob.name, "")


def read(knob: "Field[Any]", environment: Mapping[str, str], prefix: str = "") -> Any:
    name = prefix + knob.name.upper()
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
