"""What a proxy is set up with, ready to be copied: the texts of templates/connecting with an application's own values.

Nothing that people chose stands in them but the host of the product's address, which is a plain name or number
(`rules.plain_host`): no line can be begun, ended or opened by it.
"""
import re
from itertools import product
from urllib.parse import urlsplit

import rules
import templating
from gate import addresses, identity
from settings import setting

PROXIES = {"nginx": "nginx.conf", "Caddy": "Caddyfile", "Traefik": "traefik.yaml"}
APPLICATION = "http://127.0.0.1:3000"           # where the application itself listens: only its people know
SAID = ("X-Gate-Secret", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-For")    # to us
UNSAID = "kgs_…"                                # a secret that is not said any more


def of(address: str, secret: str = "") -> dict[str, str]:
    """{proxy: its lines} for a product's address; none where that has no plain host."""
    host = rules.plain_host(address)
    if not host:
        return {}
    here = urlsplit(addresses.origin(address))
    secure = here.scheme == "https"
    values = {"name": host, "site": here.netloc if secure else here.geturl(), "secure": secure,
              "listen": f"{here.port or 443} ssl" if secure else f"{host}:{here.port or 80}",
              "label": re.sub(r"[^a-z0-9]+", "-", here.netloc).strip("-"), "application": APPLICATION,
              "ours": setting.base_url, "our_host": setting.host, "secret": secret or UNSAID,
              "told": identity.NAMES, "marks": identity.MARKS, "aliases": [x for name in SAID for x in spellings(name)]}
    return {proxy: templating.render_plain(f"connecting/{file}", **values) for proxy, file in PROXIES.items()}


def spellings(name: str, marks: str = "_") -> list[str]:
    """The others that read as this name to whom such a mark is a dash."""
    first, *words = name.split("-")
    found = (first + "".join(map("".join, zip(between, words, strict=True)))
             for between in product(f"-{marks}", repeat=len(words)))
    return [each for each in found if each != name]
