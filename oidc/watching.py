"""«Test now»: for ten minutes we watch what an application does when whoever tests signs in and out there.

We cannot sign in to somebody's application ourselves; but all it has to do right, it does with us. So each step is what
was really asked here, by the application and for the person who tests, and none is passed because of what anybody
says. One step is ours: the tester's first sign-in is answered `access_denied`, once, as there is no other way to see
what the application does with a no; whether it then keeps people out is for the tester's eyes. The next one is let in.

Nobody else who comes in meanwhile is noted or refused. What is asked without a person, a wrong secret at the token
endpoint, counts as of the test.
"""
from accounts.sessions import SignedIn
from clock import MINUTE, now
from db import transaction
from i18n import Lazy, _l
from models import Client, Message
from oidc import clients, reading
from oidc.reading import Known, Watch
from products import connections
from tenancy import working_for

LIFE = 10 * MINUTE

STEPS = {
    "asked": _l("The application sends you here to sign in"),
    "refused": _l("Your first sign-in is refused (access_denied), and the application does not let you in"),
    "exchanged": _l("At the second sign-in, the application exchanges the code for its tokens"),
    "used": _l("It uses them: asks who you are, or renews them"),
    "left": _l("It sends you here to sign out"),
    "told": _l("It answers when it is told that you signed out"),
}
WRONG = {
    "address": _l("It wants the answer at %(detail)s, which is not registered here. Make the two the same."),
    "malformed": _l("What it asks cannot be answered (%(detail)s). Compare its settings with the values above."),
    "no_access": _l("You may not use this product yourself. Give yourself access to it, then test again."),
    "client": _l("It does not prove itself with a secret that is good. Put a new one into its settings."),
    "code": _l("Its code is no longer good, or it names another address than before. Let it redeem each code once, at "
               "once, and with the same address."),
    "verifier": _l("What it sends as code_verifier does not fit. Switch on PKCE with S256 there."),
    "back": _l("It wants to lead you on to %(detail)s, which is not registered here. Make the two the same."),
    "unreached": _l("No answer came from its back-channel address. Check that address and its certificate."),
    "answer": _l("It answers %(detail)s when it is told. Check its back-channel sign-out."),
}


def steps_of(client: Client) -> dict[str, Lazy]:
    """Those this application can be asked for: one without a back-channel address is not told."""
    return {step: name for step, name in STEPS.items() if step != "told" or client.backchannel_uri}


def begin(client_id: str) -> None:
    """From now on, for ten minutes, for the acting person. Asks for technical rights over the product."""
    with transaction():
        client = clients.own(client_id)
        connections.write(client.product, {}, now() + LIFE)


def note(watch: Watch | None, user_id: int | None, step: str, what: str = connections.RIGHT, detail: str = "") -> bool:
    """A step of the tester; of anybody else there is nothing to note, and nothing is asked."""
    if watch is None or user_id != watch.user_id:
        return False
    with working_for(watch):
        return connections.note(watch.number, step, what, detail)


def asked(client: Known, who: SignedIn | None, what: str = connections.RIGHT, detail: str = "") -> None:
    note(client.watch, who.user_id if who else None, "asked", what, detail)


def refuses(client: Known, who: SignedIn) -> bool:
    """Is it the one time that the tester is told no?"""
    return note(client.watch, who.user_id, "refused")


def closed(client: Known, who: SignedIn | None) -> None:
    """Not because of the test: the tester has no access to the product."""
    note(client.watch, who.user_id if who else None, "exchanged", "no_access")


def left(client: Known | None, who: SignedIn, wanted: str, back: str) -> None:
    """Somebody is signed out at the wish of an application, which may have wanted to lead them on."""
    what, detail = ("back", wanted) if wanted and not back else (connections.RIGHT, "")
    note(client.watch if client else None, who.user_id, "left", what, detail)


def unproved(client: Known) -> None:
    """A wrong secret, whoever it is about."""
    note(client.watch, client.watch.user_id if client.watch else None, "exchanged", "client")


def told(message: Message, what: str = connections.RIGHT, detail: str = "") -> None:
    """An application was told of a sign-out, or could not be."""
    client = reading.client(message.subject)
    if client is not None:
        note(client.watch, message.user_id, "told", what, detail)
