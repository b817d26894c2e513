"""Dovecot, which lets in by IMAP whom a token of ours names: XOAUTH2, and a question to /oauth/introspect each time."""
import grp
import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import packages
from tests.daemons import daemon
from tests.serving import free_port

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
libexec_dir = {libexec}
import_environment = TZ LD_LIBRARY_PATH
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
auth_mechanisms = xoauth2 oauthbearer
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service config {{
  executable = config -c {folder}/dovecot.conf
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""
INTROSPECTION = """
introspection_url = {kanton}/oauth/introspect
introspection_mode = post
client_id = {client}
client_secret = {secret}
active_attribute = active
active_value = true
username_attribute = email
"""
MODULES = b"/usr/lib/dovecot/modules\0"             # where its library looks for more of it, whatever it is told


@contextmanager
def dovecot(letters: dict[str, str], **said: str) -> Iterator[int]:
    """Its port. `letters`: one for each address. `said`: Kanton's address, and our client there.

    Its folder is not the test's: names of sockets are short, and when root starts it, it works as nobody.
    """
    found, port = packages.have("usr/lib/dovecot/imap", "dovecot-imapd"), free_port()
    with tempfile.TemporaryDirectory(prefix="dovecot-") as name:
        folder = Path(name)
        user = pwd.getpwuid(os.geteuid() or pwd.getpwnam("nobody").pw_uid)
        for each in ("run", "state", "mail", "lib"):
            (folder / each).mkdir()
        for address, letter in letters.items():
            for each in ("cur", "new", "tmp"):
                (folder / "mail" / address / each).mkdir(parents=True)
            (folder / "mail" / address / "new" / "1.letter").write_text(letter)
        _give(folder, user)
        (folder / "dovecot.conf").write_text(CONFIGURATION.format(
            folder=folder, libexec=found.path("usr/lib/dovecot/imap").parent, port=port, user=user.pw_name,
            group=grp.getgrgid(user.pw_gid).gr_name, uid=user.pw_uid, gid=user.pw_gid))
        (folder / "oauth2.conf").write_text(INTROSPECTION.format(**said))
        command = [found.path("usr/bin/doveconf"), "-f", "service=master", "-c", folder / "dovecot.conf",
                   "-m", "master", "-e", found.path("usr/sbin/dovecot"), "-F"]
        with daemon(command, port, folder / "started.log", found.environment | _libraries(found, folder)):
            yield port


def _give(folder: Path, user: pwd.struct_passwd) -> None:
    if os.geteuid() == 0:
        folder.chmod(0o755)
        for each in (folder / "mail", *(folder / "mail").rglob("*")):
            os.chown(each, user.pw_uid, user.pw_gid)


def _libraries(found: packages.Packages, folder: Path) -> dict[str, str]:
    """Where an unpacked one finds its parts: in a copy of its library their folder is one of the running program's."""
    home = found.folder / "usr/lib/dovecot"
    if not home.exists():
        return {}
    library = (home / "libdovecot.so.0").read_bytes()
    (folder / "lib/libdovecot.so.0").write_bytes(library.replace(MODULES, b"modules".ljust(len(MODULES), b"\0")))
    (folder / "run/modules").symlink_to(home / "modules")
    return {"LD_LIBRARY_PATH": ":".join(map(str, (
        folder / "lib", home, home / "modules/old-stats", *home.parent.glob("*-linux-*"))))}
