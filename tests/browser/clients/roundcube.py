"""Roundcube, by PHP's own web server."""
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import packages
from tests.daemons import daemon

EXTENSIONS = ("ctype", "iconv", "mbstring", "intl", "tokenizer", "dom", "xml", "simplexml", "fileinfo", "posix",
              "sockets", "pdo", "pdo_sqlite")
PHP = """
include_path = "{libraries}"
auto_prepend_file = {folder}/prepend.php
date.timezone = UTC
{extensions}
"""
CONFIGURATION = """<?php
$config['db_dsnw'] = 'sqlite:///{folder}/roundcube.db?mode=0600';
$config['log_dir'] = '{folder}/logs/';
$config['temp_dir'] = '{folder}/temp/';
$config['imap_host'] = '127.0.0.1:{imap}';
$config['des_key'] = 'of one test, 24 letters.';
$config['language'] = 'en_GB';
$config['plugins'] = [];
$config['oauth_provider'] = 'generic';
$config['oauth_provider_name'] = 'Kanton';
$config['oauth_client_id'] = '{client}';
$config['oauth_client_secret'] = '{secret}';
$config['oauth_auth_uri'] = '{kanton}/oauth/authorize';
$config['oauth_token_uri'] = '{kanton}/oauth/token';
$config['oauth_identity_uri'] = '{kanton}/oauth/userinfo';
$config['oauth_scope'] = 'openid email profile';
"""


@contextmanager
def roundcube(folder: Path, port: int, imap: int, **said: str) -> Iterator[None]:
    """`imap`: the port of the mail server. `said`: Kanton's address, and our client there."""
    found = packages.have("usr/share/roundcube/index.php", "roundcube-core", "roundcube-sqlite3", "php-cli")
    home = found.path("usr/share/roundcube/index.php").parent
    for each in ("config", "logs", "temp"):
        (folder / each).mkdir()
    for each in ("index.php", "program", "plugins", "skins", "SQL"):
        (folder / each).symlink_to(home / each)
    for each in ("defaults.inc.php", "mimetypes.php"):
        (folder / "config" / each).symlink_to(found.path(f"etc/roundcube/{each}"))
    (folder / "config/config.inc.php").write_text(CONFIGURATION.format(folder=folder, imap=imap, **said))
    (folder / "prepend.php").write_text(f"<?php define('INSTALL_PATH', '{folder}/');")
    (folder / "php.ini").write_text(PHP.format(
        folder=folder, libraries=f".:{found.folder}/usr/share/php:/usr/share/php",
        extensions="\n".join(f"extension={found.one(f'usr/lib/php/2*/{each}.so')}" for each in EXTENSIONS)))
    with sqlite3.connect(folder / "roundcube.db") as rows:
        rows.executescript((home / "SQL/sqlite.initial.sql").read_text())
    command = [found.one("usr/bin/php[0-9]*"), "-c", folder / "php.ini", "-S", f"127.0.0.1:{port}", "-t", folder]
    with daemon(command, port, folder / "php.log", found.environment | {"PHP_INI_SCAN_DIR": ""}):
        yield
