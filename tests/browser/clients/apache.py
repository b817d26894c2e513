"""Apache with mod_auth_openidc before an application that knows no sign-in, set up as the product's page says."""
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import packages
from tests.daemons import daemon

MODULES = ("mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http", "auth_openidc")
# Under /strict the access token is refreshed at each request, so that each request asks Kanton anew.
CONFIGURATION = """
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
Mutex sem
User #65534
Group #65534
{modules}

{lines}

ProxyPass / http://127.0.0.1:{application}/
<Location /strict>
    OIDCRefreshAccessTokenBeforeExpiry 600 logout_on_error
</Location>
"""


@contextmanager
def apache(folder: Path, port: int, application: int, lines: str) -> Iterator[None]:
    """`lines`: those of the product's page."""
    found = packages.have("usr/lib/apache2/modules/mod_auth_openidc.so", "apache2-bin", "libapache2-mod-auth-openidc")
    modules = [f"LoadModule {name}_module {found.path(f'usr/lib/apache2/modules/mod_{name}.so')}" for name in MODULES]
    (folder / "apache.conf").write_text(CONFIGURATION.format(
        folder=folder, port=port, application=application, modules="\n".join(modules), lines=lines))
    with daemon([found.path("usr/sbin/apache2"), "-D", "FOREGROUND", "-f", folder / "apache.conf"], port,
                folder / "apache.log", found.environment):
        yield
