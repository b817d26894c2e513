"""«Test now»: we go to an application's own address as a stranger, come in as whoever asks, go out again, and look.

Everything goes through the application's proxy, by the one way out (`egress`): what is not public is not gone to, and
a step is passed only when the answer showed it. The ticket is made as anybody's: with a code for the person who tests,
redeemed at the application's host. It ends with the test.

What the application itself is told cannot be seen from outside. So forged headers are tried by somebody who is not
signed in, whom they must not let in.
"""
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

import crypto
import egress
from accounts.sessions import SignedIn
from db import transaction
from egress import Knock
from gate import addresses, identity, reading, secrets, tickets
from gate.reading import Known
from gate.tickets import BEGUN, TICKET
from i18n import _l
from models import Grant
from organisations.policy import proved_by
from products import connections, evidence
from products.connections import Seen
from rules import NotHere
from settings import setting

PAGE = (("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate"))
# Each name as it is, and, as there is no room for all, in some of the spellings that read like it to an application.
FORGED = tuple(dict.fromkeys((
    *identity.NAMES, "X-Gate-Secret", *(f"Remote{mark}User" for mark in identity.MARKS),
    *(spelled for name in (*identity.NAMES, "X-Gate-Secret", "X-Forwarded-Host") for mark in "_." for spelled in (
        name.replace("-", mark), name.replace("-", mark, 1), mark.join(name.rsplit("-", 1)))))))

STEPS = {
    "stranger": _l("Whoever is not signed in is led here to sign in"),
    "forged": _l("Forged headers with your name let nobody in"),
    "code": _l("After signing in, you are sent back to the application"),
    "page": _l("The application answers you"),
    "out": _l("Signed out, you are led here again"),
}
WRONG = {
    "unreached": _l("No answer came. Check the address, its certificate, and that the proxy runs; an application in a "
                    "private network cannot be tested from here."),
    "open": _l("Whoever asks gets an answer without signing in (%(detail)s). Put these lines before the application, "
               "and let nothing else lead to it."),
    "elsewhere": _l("The answer leads to %(detail)s. If that is the application, make it the product’s address; else "
                    "let these lines answer first."),
    "no_way": _l("The proxy lets nobody in, but shows no way to sign in (401). Take over the lines about 401, too."),
    "secret": _l("The proxy is refused (403). Put a secret that is good into its lines."),
    "other": _l("The answer is %(detail)s and no way to sign in. Check that these lines answer for this host, and that "
                "the proxy reaches this site."),
    "cookie": _l("The proxy drops the cookie that goes with the way to sign in. Take over the lines about Set-Cookie."),
    "claimed": _l("Whoever claims by headers to be somebody is treated otherwise (%(detail)s). Let the proxy overwrite "
                  "these headers, as its lines do, and let nothing else reach the application."),
    "spelled": _l("The proxy passes on headers whose names differ from the protected ones only in punctuation, "
                  "such as X_Auth-Request.User. Copy all of the proxy’s lines; for nginx, turn underscores_in_headers "
                  "off."),
    "no_access": _l("You may not use this product yourself. Give yourself access to it, then test again."),
    "lost": _l("The code comes back without the cookie it belongs to. Let the proxy pass on cookies to the way back."),
    "callback": _l("The way back, /.kanton/callback, answers with %(detail)s. Lead it to this site as the lines do."),
    "ticket": _l("The proxy asks here without the cookie that was just set. Let it pass on cookies with its question."),
    "application": _l("The gate lets you in, and then the answer is %(detail)s. Check where the lines say that the "
                      "application listens."),
    "still": _l("Signed out, you still get an answer (%(detail)s). Let the proxy ask about every request, and keep no "
                "answers."),
}


class Wrong(Exception):
    """A step went otherwise: what, and a detail of it."""

    def __init__(self, what: str, detail: object = ""):
        super().__init__(what)
        self.what, self.detail = what, str(detail)


def test(product: str, who: SignedIn) -> None:
    """Walk, and keep what was seen. Asks for technical rights over the product before and after."""
    with transaction():
        secrets.managed(product)
    gate = reading.gate(product)
    if gate is None:
        raise NotHere
    seen = Walk(gate, who).seen()
    with transaction():
        connections.write(secrets.managed(product), seen)


@dataclass
class Walk:
    """One browser that comes to one gate, with the cookies it was given there."""

    gate: Known
    who: SignedIn
    jar: dict[str, str] = field(default_factory=dict)

    def seen(self) -> Seen:
        """Step by step, until one goes wrong: what comes after that would say nothing."""
        found: Seen = {}
        try:
            for step in STEPS:
                try:
                    getattr(self, step)()
                    found[step] = [connections.RIGHT, ""]
                except Wrong as no:
                    found[step] = [no.what, no.detail]
                    break
                except egress.Unreached:
                    found[step] = ["unreached", ""]
                    break
        finally:
            self.forget()
        return found

    def stranger(self) -> None:
        self.begun_at(self.ask())

    def forged(self) -> None:
        answer = self.ask(*((name, self.who.public_id) for name in FORGED), cookies=False)
        if not self.way_in(answer):
            raise Wrong("spelled" if answer.status in (400, 403) else "claimed", answer.status)

    def code(self) -> None:
        if not evidence.at_a_door(self.who.user_id, self.gate.product).decide(Grant.USE, proved_by(self.who)).allowed:
            raise Wrong("no_access")
        code = tickets.begin(self.who, self.gate, self.start, crypto.digest(self.kept(BEGUN)))
        answer = self.go(f"{addresses.origin(self.gate.address)}{addresses.CALLBACK}?{urlencode({'code': code})}")
        if "lost" in self.way_in(answer):
            raise Wrong("lost")
        if answer.said("location") != [self.start] or not self.kept(TICKET):
            raise Wrong("callback", answer.status)

    def page(self) -> None:
        answer = self.ask()
        if self.way_in(answer) or answer.status == 401:
            raise Wrong("ticket")
        if answer.status >= 400:
            raise Wrong("application", answer.status)

    def out(self) -> None:
        tickets.end(self.gate, self.kept(TICKET))
        answer = self.ask()
        if not self.way_in(answer):
            raise Wrong("still", answer.status)

    def forget(self) -> None:
        """Whatever happened: nothing that this walk was given opens anything."""
        if self.kept(TICKET):
            tickets.end(self.gate, self.kept(TICKET))

    # --- what a browser does ---

    @property
    def start(self) -> str:
        return addresses.start(self.gate.address)

    def ask(self, *headers: tuple[str, str], cookies: bool = True) -> Knock:
        return self.go(self.start, *headers, cookies=cookies)

    def go(self, address: str, *headers: tuple[str, str], cookies: bool = True) -> Knock:
        kept = "; ".join(f"{name}={value}" for name, value in self.jar.items()) if cookies else ""
        answer = egress.knock(address, headers=[*PAGE, *([("Cookie", kept)] if kept else []), *headers],
                              inside=egress.LOOPBACK if setting.on_loopback else ())
        if cookies:
            self.keep(answer)
        return answer

    def keep(self, answer: Knock) -> None:
        """Ours alone: what else the application sets is its own business."""
        for line in answer.said("set-cookie"):
            name, _is, rest = line.partition("=")
            if name in (addresses.cookie(self.gate.address, each) for each in (BEGUN, TICKET)):
                self.jar[name] = rest.partition(";")[0]

    def kept(self, name: str) -> str:
        return self.jar.get(addresses.cookie(self.gate.address, name), "")

    # --- what an answer means ---

    def way_in(self, answer: Knock) -> dict[str, list[str]]:
        """What the way to our sign-in says, if the answer leads there for this very gate."""
        where, _question, query = "".join(answer.said("location")[:1]).partition("?")
        told = parse_qs(query)
        ours = where == f"{setting.base_url}/gate/start" and told.get("gate") == [self.gate.product]
        return told if ours and 300 <= answer.status < 400 else {}

    def begun_at(self, answer: Knock) -> None:
        way = self.way_in(answer)
        if way:
            if way.get("browser") != [crypto.digest(self.kept(BEGUN))]:
                raise Wrong("cookie")
        elif 300 <= answer.status < 400:
            raise Wrong("elsewhere", "".join(answer.said("location")[:1]))
        elif answer.status < 300:
            raise Wrong("open", answer.status)
        else:
            raise Wrong({401: "no_way", 403: "secret"}.get(answer.status, "other"), answer.status)
