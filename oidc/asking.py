"""An application asks to have somebody signed in: what it asks, and what is still missing before it is answered."""
import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import crypto
from accounts import beginnings
from accounts.sessions import SignedIn
from clock import MINUTE, epoch, now
from db import transaction
from i18n import _l
from models import Grant
from oidc import addresses, authorizations, claims, consents, keys, reading, scopes
from oidc.reading import Known, Let, Place
from oidc.refusals import Denied, Refusal, Untrusted, once
from organisations.policy import Step, missing_steps, proved_by
from products import evidence
from products.access import Decision
from products.evidence import Evidence
from rules import Conflict, Refused
from settings import setting

Query = list[tuple[str, str]]
DOOR = "/oauth/authorize"
UNKNOWN = _l("No application of this name is connected here. Tell whoever looks after it.")
ELSEWHERE = _l("The application wants the answer at an address that is not registered for it. "
               "Tell whoever looks after it.")
TOO_LATE = _l("This was answered already, or too much time has passed. Go back to the application and begin again.")
PROMPTS = {"none", "login", "consent", "select_account"}
STRANGER, NOTHING = Evidence(), Decision((), (), ())
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")   # a SHA-256 in base64url


@dataclass(frozen=True)
class Asked:
    """A request whose client and address are known, and whose words were understood."""

    client: Known
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    nonce: str
    challenge: str
    prompts: frozenset[str]
    max_age: int | None
    two_steps: bool             # would it like two steps to be proved?
    login_hint: str
    id_token_hint: str
    organisation: str           # a public id, or nothing

    @property
    def silent(self) -> bool:
        return "none" in self.prompts

    def refused(self, no: Denied) -> str:
        return answer_to(self.redirect_uri, self.state, error=no.error, error_description=no.description)


class Closed(Denied):
    """Nothing of the application is open to this person, who may be told why on a page. The application is told too.

    `place`: one of those whose member the person is, if there is any, and what was found and decided there.
    """

    def __init__(self, place: Place | None = None, found: Evidence = STRANGER, decision: Decision = NOTHING):
        super().__init__("access_denied", "This person has no access to this application.")
        self.place, self.found, self.decision = place, found, decision


class Next(enum.Enum):
    """What comes next."""

    SIGN_IN, PROVE, CHOOSE, STEPS, CONSENT, GO = range(6)


# What an application is told instead that wants no page (OpenID Connect Core §3.1.2.6).
SILENTLY = {Next.SIGN_IN: "login_required", Next.PROVE: "login_required", Next.CHOOSE: "account_selection_required",
            Next.STEPS: "interaction_required", Next.CONSENT: "consent_required"}


@dataclass(frozen=True)
class Verdict:
    next: Next
    places: tuple[Place, ...] = ()              # to choose from, or the one
    steps: tuple[Step, ...] = ()
    let: Let | None = None

    @property
    def place(self) -> Place:
        return self.places[0]


@dataclass(frozen=True)
class Mark:
    """A word of ours that goes round with a request, and comes back within minutes."""

    what: str
    at: datetime
    text: str

    @property
    def consented(self) -> bool:
        return self.what == YES


# What it says: a detour began; this is asked, in this session; a yes was said to it, in this session.
DETOUR, QUESTION, YES = "detour", "question", "yes"
GOOD_FOR = 10 * MINUTE


# --- reading -----------------------------------------------------------------------------------


def read(query: Query) -> Asked:
    """Client and address are looked at before anything else: without both there is nobody to answer (OP-01).

    Untrusted: only the person is told. What else is wrong is told to the application: Answered.
    """
    named = [value for name, value in query if name == "client_id"]
    client = reading.client(named[0]) if len(named) == 1 and "\x00" not in named[0] else None
    if client is None:
        raise Untrusted(UNKNOWN)
    targets = [value for name, value in query if name == "redirect_uri"]
    if len(targets) != 1 or not addresses.registered(targets[0], client.redirect_uris, public=client.public):
        raise Untrusted(ELSEWHERE, client)
    states = [value for name, value in query if name == "state"]
    try:
        return _understood(client, once(query))
    except Refusal as no:
        raise Answered(answer_to(targets[0], states[0] if len(states) == 1 else "", error=no.error,
                                 error_description=no.description), client, no.error) from no


def application_at(place: str) -> tuple[str, list[int]]:
    """What the application is called whose request waits at an address of ours, as it is registered and never as the
    address says; and the numbers of the organisations it is in. Nothing where none waits."""
    address = urlsplit(place)
    if address.path != DOOR:
        return "", []
    try:
        client = read(pairs(parse_qsl(address.query, keep_blank_values=True))).client
    except (Untrusted, Answered):
        return "", []
    return client.label, [each.id for each in client.places]


class Answered(Exception):
    """The application is answered at once, whoever sits there."""

    def __init__(self, address: str, client: Known, error: str):
        super().__init__(address)
        self.address, self.client, self.error = address, client, error


def _understood(client: Known, said: dict[str, str]) -> Asked:
    for name in ("request", "request_uri"):
        if name in said:                        # never fetched, never read (OP-18)
            raise Refusal(f"{name}_not_supported")
    if said.get("response_type") != "code":
        raise Refusal("unsupported_response_type" if "response_type" in said else "invalid_request",
                      "response_type is code.")
    if said.get("response_mode", "query") != "query":
        raise Refusal("invalid_request", "response_mode is query.")
    wanted = scopes.among(said.get("scope", ""), client.scopes)
    if not wanted:
        raise Refusal("invalid_scope", f"The application may ask for: {' '.join(client.scopes)}.")
    prompts = frozenset(said.get("prompt", "").split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise Refusal("invalid_request", "prompt is none, login, consent or select_account.")
    return Asked(client, said["redirect_uri"], said.get("state", ""), tuple(wanted), said.get("nonce", ""),
                 _challenge(client, said), prompts, _seconds(said.get("max_age")),
                 said.get("acr_values", "").split()[:1] == [claims.TWO_STEPS], said.get("login_hint", ""),
                 said.get("id_token_hint", ""), said.get("organisation", ""))


def _challenge(client: Known, said: dict[str, str]) -> str:
    """PKCE with S256, or none at all where that is allowed (OP-06)."""
    challenge = said.get("code_challenge", "")
    if challenge or "code_challenge_method" in said:
        if said.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
            raise Refusal("invalid_request", "code_challenge_method is S256, code_challenge 43 letters of base64url.")
    elif client.pkce:
        raise Refusal("invalid_request", "This application must send a code_challenge.")
    return challenge


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refusal("invalid_request", "max_age is a number of seconds.")
    return int(text)


# --- what is missing ---------------------------------------------------------------------------


def consider(asked: Asked, who: SignedIn | None, mark: Mark | None) -> Verdict:
    """What comes next. Denied when nothing leads on, and for whatever needs a page when none is wanted."""
    verdict = _consider(asked, who, None if mark and mark.what == QUESTION else mark)
    if asked.silent and verdict.next is not Next.GO:
        raise Denied(SILENTLY[verdict.next])
    return verdict


def _consider(asked: Asked, who: SignedIn | None, mark: Mark | None) -> Verdict:
    if who is None:
        return Verdict(Next.SIGN_IN)
    if not _recent(asked, who, mark):
        return Verdict(Next.PROVE)
    proved = proved_by(who)
    found = {place: evidence.at_a_door(who.user_id, place.product)
             for place in asked.client.places if asked.organisation in ("", place.organisation)}
    decided = {place: each.decide(Grant.USE, proved) for place, each in found.items()}
    open_to = tuple(place for place, decision in decided.items() if not decision.refusals)
    if asked.client.disabled or not open_to:
        raise Closed(*next(((place, each, decided[place]) for place, each in found.items() if each.person.role), ()))
    if len(open_to) > 1:
        return Verdict(Next.CHOOSE, open_to)
    if steps := decided[open_to[0]].steps:
        return Verdict(Next.STEPS, open_to, steps)
    let = reading.consent(who.user_id, asked.client.number, open_to[0].product_id)
    lacking = consents.lacking(let, asked.client, list(asked.scopes))
    said_yes, another = mark is not None and mark.consented, _another(asked, who)
    if another and asked.silent:
        raise Denied("login_required", "Somebody else is signed in.")
    if lacking or (not said_yes and (another or asked.prompts & {"consent", "select_account"})):
        return Verdict(Next.CONSENT, open_to)
    return Verdict(Next.GO, open_to, let=let)


def _recent(asked: Asked, who: SignedIn, mark: Mark | None) -> bool:
    """Was the proof given recently enough, or since the application asked for one (OP-17); and with all steps asked?"""
    if mark is not None and (mark.what != DETOUR or who.proved >= mark.at):     # it was, or nothing had been asked
        return True
    if "login" in asked.prompts or asked.max_age == 0 or (asked.two_steps and _could_prove_more(who)):
        return False
    return asked.max_age is None or now() - who.proved <= timedelta(seconds=asked.max_age)


def _another(asked: Asked, who: SignedIn) -> bool:
    """Does the application expect somebody else? Then whoever is here says so."""
    hint = asked.login_hint
    if asked.id_token_hint and (keys.read(asked.id_token_hint) or {}).get("sub") != who.public_id:
        return True
    return "@" in hint and hint.casefold() != who.email.casefold()


def _could_prove_more(who: SignedIn) -> bool:
    """Does this person have a second factor that this session did not see?"""
    return Step.TWO_STEPS in missing_steps(who, claims.STRICTEST, proved_by(who))


# --- answering ---------------------------------------------------------------------------------


def grant(asked: Asked, who: SignedIn, verdict: Verdict, mark: Mark | None) -> str:
    """The address with the code. Refused when the detour it relies on was relied on before."""
    place, let = verdict.place, verdict.let.scopes if verdict.let else ()
    granted = [each for each in asked.scopes if each != scopes.OFFLINE or each in let]     # the person's own yes
    with transaction():
        if mark is not None and (mark.consented or asked.prompts or asked.max_age is not None):
            beginnings.note("authorize", mark.text)
        code = authorizations.begin(who, asked.client, place, granted, offline=scopes.OFFLINE in granted,
                                    redirect_uri=asked.redirect_uri, challenge=asked.challenge, nonce=asked.nonce)
        consents.note_use(verdict.let, place)
    return answer_to(asked.redirect_uri, asked.state, code=code)


def answer_to(redirect_uri: str, state: str, **told: str) -> str:
    """The registered address with the answer in its query, and with whose answer it is (RFC 9207)."""
    told = {name: value for name, value in {**told, "state": state, "iss": setting.base_url}.items() if value}
    return f"{redirect_uri}{'&' if urlsplit(redirect_uri).query else '?'}{urlencode(told, quote_via=quote)}"


# --- detours -----------------------------------------------------------------------------------


def marked(query: Query, what: str = DETOUR, session: str = "") -> str:
    at = str(epoch())
    return f"{at}.{what}.{crypto.sign('authorize', *_about(at, what, session, query))}"


def mark_of(query: Query, text: str, session: str = "") -> Mark | None:
    """What such a word says: of this request, in this session, and not long ago. Any other says nothing."""
    at, _dot, rest = text.partition(".")
    what, _dot, signature = rest.partition(".")
    if not at.isascii() or not at.isdigit() or len(at) > 12 or what not in (DETOUR, QUESTION, YES):
        return None
    if not crypto.signed(signature, "authorize", *_about(at, what, session, query)):
        return None
    begun = datetime.fromtimestamp(int(at), UTC)
    return Mark(what, begun, text) if now() - begun <= GOOD_FOR else None


def _about(at: str, what: str, session: str, query: Query) -> tuple[str, ...]:
    """Questions and answers are one session's, and about one organisation; a detour may lead over the choice of one."""
    if what == DETOUR:
        return at, what, urlencode([pair for pair in query if pair[0] != "organisation"])
    return at, what, session, urlencode(query)


def answered(query: Query, question: str, who: SignedIn, *, yes: bool) -> str:
    """Our word for what was said to the consent page: once, in its session, to exactly this request (OP-16).

    Conflict for a question that was answered before, or is asked no longer.
    """
    mark = mark_of(query, question, who.session_public_id)
    try:
        asked = read(query)
        verdict = _consider(asked, who, mark)
    except (Untrusted, Answered, Denied):
        raise Conflict(TOO_LATE) from None
    if mark is None or mark.what != QUESTION or verdict.next is not Next.CONSENT:
        raise Conflict(TOO_LATE)
    with transaction():
        try:
            beginnings.note("consent", question)
        except Refused:
            raise Conflict(TOO_LATE) from None
        if yes:
            consents.give(asked.client, verdict.place, list(asked.scopes))
    return marked(query, YES, who.session_public_id)


def pairs(query: Iterable[tuple[str, str]]) -> Query:
    """The request without what is ours."""
    return [(name, value) for name, value in query if name not in ("asked", "lang")]
