"""A real directory: OpenLDAP's slapd on a port of its own, encrypted, with a few people in it."""
import subprocess
import time
from pathlib import Path

import ldap
import ldap.modlist

from tests import packages
from tests.certificates import Authority
from tests.serving import free_port

BASE, ROOT, ROOT_PASSWORD = "dc=lumen,dc=example", "cn=admin,dc=lumen,dc=example", "the key of the house"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
PASSWORD = "a lighthouse above the fog"

CONFIGURATION = """
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
{more}
database mdb
maxsize 16777216
suffix "{base}"
rootdn "{root}"
rootpw "{password}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by * read
"""


class Directory:
    """One that runs; what is asked of it stands in `log`."""

    def __init__(self, folder: Path, authority: Authority, host: str = "127.0.0.1", *, tls: bool = True,
                 more: str = "", certificate: tuple[Path, Path] | None = None, port: int = 0):
        self.folder, self.authority, self.host, self.port = folder, authority, host, port or free_port()
        self.secure = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "data").mkdir(exist_ok=True)
        slapd = packages.have("usr/sbin/slapd", "slapd")
        file, key = certificate or authority.sign(host)
        text = CONFIGURATION.format(schema=slapd.path("etc/ldap/schema"), modules=slapd.path("usr/lib/ldap"),
                                    folder=folder, certificate=file, key=key, base=BASE, root=ROOT,
                                    password=ROOT_PASSWORD, more=more)
        if not tls:
            text = "\n".join(line for line in text.splitlines() if not line.startswith("TLS"))
        (folder / "slapd.conf").write_text(text)
        self.program, self.environment = slapd.path("usr/sbin/slapd"), slapd.environment
        self.addresses = f"ldap://127.0.0.1:{self.port}" + (f" ldaps://127.0.0.1:{self.secure}" if tls else "")

    def __enter__(self) -> "Directory":
        self.log = (self.folder / "slapd.log").open("ab+")
        self.process = subprocess.Popen(
            [self.program, "-d", "256", "-f", self.folder / "slapd.conf", "-h", self.addresses],
            env=self.environment, stdout=self.log, stderr=subprocess.STDOUT)
        self._until_it_answers()
        if not list((self.folder / "data").glob("filled")):
            self._fill()
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.log.close()

    @property
    def settings(self) -> dict:
        return {"backends": ("password", "ldap"), "ldap_url": f"ldaps://{self.host}:{self.secure}",
                "ldap_ca": str(self.authority.file), "ldap_base": PEOPLE, "ldap_groups": GROUPS}

    @property
    def by_start_tls(self) -> str:
        return f"ldap://{self.host}:{self.port}"

    def said(self) -> str:
        """Everything it was asked so far."""
        self.log.flush()
        return (self.folder / "slapd.log").read_text(errors="replace")

    def binds(self) -> list[str]:
        """As whom somebody tried to bind, our own look-ups left out."""
        return [line.partition('BIND dn="')[2].partition('"')[0] for line in self.said().splitlines()
                if ' BIND dn="' in line and 'BIND dn=""' not in line and "mech=" not in line and ROOT not in line]

    def add(self, uid: str, mail: str, *, given: str = "Nora", family: str = "Nebel", password: str = PASSWORD,
            groups: tuple[str, ...] = ()) -> str:
        """A person; the name of the entry."""
        name = f"uid={uid},{PEOPLE}"
        with self.opened() as connection:
            connection.add_s(name, ldap.modlist.addModlist({
                "objectClass": [b"inetOrgPerson"], "uid": [uid.encode()], "mail": [mail.encode()],
                "givenName": [given.encode()], "sn": [family.encode()], "cn": [f"{given} {family}".encode()],
                "userPassword": [password.encode()]}))
            for group in groups:
                connection.add_s(f"cn={group},{GROUPS}", ldap.modlist.addModlist({
                    "objectClass": [b"groupOfNames"], "cn": [group.encode()], "member": [name.encode()]}))
        return name

    def remove(self, name: str) -> None:
        with self.opened() as connection:
            connection.delete_s(name)

    def change(self, name: str, attribute: str, value: str) -> None:
        with self.opened() as connection:
            connection.modify_s(name, [(ldap.MOD_REPLACE, attribute, [value.encode()])])

    def opened(self) -> "_Opened":
        return _Opened(f"ldap://127.0.0.1:{self.port}")

    def _fill(self) -> None:
        with self.opened() as connection:
            connection.add_s(BASE, [("objectClass", [b"dcObject", b"organization"]), ("dc", [b"lumen"]),
                                    ("o", [b"Lumen"])])
            for unit in (PEOPLE, GROUPS):
                connection.add_s(unit, [("objectClass", [b"organizationalUnit"]),
                                        ("ou", [unit.partition(",")[0].removeprefix("ou=").encode()])])
        (self.folder / "data" / "filled").touch()

    def _until_it_answers(self) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with self.opened():
                    return
            except ldap.SERVER_DOWN:
                time.sleep(0.05)
        raise AssertionError(f"slapd does not start:\n{self.said()[-2000:]}")


class _Opened:
    def __init__(self, url: str):
        self.connection = ldap.initialize(url)

    def __enter__(self):
        self.connection.simple_bind_s(ROOT, ROOT_PASSWORD)
        return self.connection

    def __exit__(self, *_):
        self.connection.unbind_s()
