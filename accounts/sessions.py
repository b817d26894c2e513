"""Sessions: begun, found at every request by one constant statement, listed, ended."""
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import audit
import crypto
import current
import limits
import outbox
from accounts import acting
from clock import DAY, HOUR, MINUTE, days_until, now
from db import database, instant, placeholders, stored, transaction
from models import Credential, Device, PushSubscription, Session, User
from questions import question, slot
from rules import NotHere, SignedOut
from tenancy import across_organisations

LIFE, IDLE = DAY, HOUR
LIFE_STAYING, IDLE_STAYING = 14 * DAY, 3 * DAY
LIFE_OPERATOR, IDLE_OPERATOR = 12 * HOUR, 15 * MINUTE
KEPT = 30 * DAY                                 # after its end, for the list of sign-ins
MOST = 50                                       # sessions a person; the oldest end (SS-14)
CREDENTIALS, PEOPLE = 5 * MINUTE, 15 * MINUTE   # how old a proof may be, for what (decisions, «Security numbers»)
MARGIN = 5 * MINUTE                             # for filling in a form that was opened in time
TRUSTED = "trusted"                             # the proof that a remembered browser is: none that is fresh
BY_OWNER = "owner"                              # from another session of theirs: the browser may be in wrong hands
RAN_OUT = ("expired", "replaced")               # ends that nobody wished
NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Announcement:
    """The soonest moment from which an organisation of somebody demands the second factor that they lack; `zone` is
    where it is the beginning of a day."""

    name: str
    announced: datetime
    two_factor_zone: str

    @property
    def days_left(self) -> int:
        return days_until(self.announced)


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in, and how: what one row tells at every request."""

    session_id: int
    session_public_id: str
    user_id: int
    public_id: str
    email: str
    first_name: str
    last_name: str
    language: str
    country: str
    time_zone: str
    theme: str
    operator: bool
    two_factor: bool
    must_renew: bool
    has_password: bool
    proofs: tuple[str, ...]
    proved: datetime
    last_seen: datetime
    began: datetime
    elsewhere: str = ""         # by which way from elsewhere it was opened, and its session there
    waits: str = ""             # the id of a sign-in that waits for a yes in this browser
    token: str = field(default="", repr=False)
    announced: Announcement | None = None

    # What Flask-Login asks of a user.
    is_authenticated = is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.token

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def initials(self) -> str:
        return (self.first_name[:1] + self.last_name[:1]).upper() or self.email[:1].upper()

    @property
    def signed_in(self) -> datetime:
        """When this session was proved last; in a browser that spared the second step, when it began."""
        return since(self.proved, self.began)

    def proved_within(self, age: timedelta) -> bool:
        """Has this session given a fresh proof within `age`? Signing in counts (decision 11), a lent proof never, and
        none of a time to come: the clock was wrong then."""
        return not self.lent_by and -MINUTE <= now() - self.proved <= age

    @property
    def lent_by(self) -> str:
        return lent_by(self.proofs)


def lent_by(proofs: Sequence[str]) -> str:
    """The public id of the organisation whose own provider a session rests on; empty for proofs of one's own.

    «upstream PROVIDER@ORGANISATION»: whoever runs that provider could have said it. A second factor beside it does not
    change that, a proof of one's own in its place does.
    """
    named = (name for word, name in pairwise(proofs) if word == "upstream" and "@" in name)
    return next(named, "").partition("@")[2]


_FIND = """
SELECT s.id, s.public_id, a.id, a.public_id, a.email_typed, a.first_name, a.last_name, a.language, a.country,
       a.time_zone, a.theme, a.operator, a.two_factor, a.must_renew, a.password IS NOT NULL, s.elsewhere, s.proofs,
       s.proved, s.last_seen, s.created, s.idle_seconds, s.expires,
       (SELECT w.public_id FROM approval AS w JOIN attempt AS t ON t.id = w.attempt_id
        WHERE w.user_id = a.id AND w.state = 'waiting' AND w.expires > ?
          AND (t.device_id IS NULL OR s.device_id IS NULL OR t.device_id <> s.device_id)
        ORDER BY w.id DESC LIMIT 1),
       d.name, d.two_factor_from, d.two_factor_zone
FROM session AS s JOIN account AS a ON a.id = s.user_id
LEFT JOIN organisation AS d ON d.id = (
  SELECT o.id FROM membership AS m JOIN organisation AS o ON o.id = m.organisation_id
  WHERE NOT a.two_factor AND m.user_id = a.id AND m.status = 'active' AND o.status = 'active'
    AND o.two_factor = 'announced' AND o.two_factor_from > ? ORDER BY o.two_factor_from, o.id LIMIT 1)
WHERE s.token_hash = ? AND s.ended IS NULL AND s.epoch = a.epoch AND a.suspended IS NULL"""


def find(token: str) -> SignedIn | None:
    """Whose session this is, if it lives. Nobody: unknown, ended, too old, idle too long, or overtaken by an epoch."""
    at = stored(now())
    with across_organisations("what a person's own organisations announce"):
        row = database.execute_sql(placeholders(_FIND), (at, at, crypto.digest(token))).fetchone()
    if row is None:
        return None
    *rest, elsewhere, proofs, proved, seen, began, idle_seconds, end, waits, demanding, begins, zone = row
    last_seen: datetime = instant(seen)  # type: ignore[assignment]
    expires: datetime = instant(end)  # type: ignore[assignment]
    if min(last_seen + timedelta(seconds=idle_seconds), expires) <= now():
        # For good, should the clock go back (SS-07).
        with transaction():
            _end(Session.id == rest[0], "expired")
        return None
    return SignedIn(*rest, tuple(proofs.split()), instant(proved), last_seen, instant(began),  # type: ignore[call-arg]
                    elsewhere, waits or "", token,
                    Announcement(demanding, instant(begins), zone) if demanding else None)  # type: ignore[arg-type]


def since(proved: Any, began: Any) -> datetime:
    """The same, of what statements of doors read."""
    return instant(began if instant(proved) == NEVER else proved)  # type: ignore[return-value]


def lives(expires: Any, ended: Any, why: str) -> bool:
    """Is a session not over, for what goes on elsewhere meanwhile? One that was only left alone for long is not."""
    return (ended is None or why == "expired") and instant(expires) > now()  # type: ignore[operator]


def touch(who: SignedIn) -> None:
    """Remember that the person was here, at most once a minute."""
    if now() - who.last_seen >= MINUTE:
        Session.update(last_seen=now()).where(Session.id == who.session_id, Session.ended.is_null()).execute()


def begin(user: User, proofs: str, *, stay: bool, device: Device | None, elsewhere: str = "",
          proved: datetime | None = None) -> tuple[Session, str]:
    """A new session, and its secret, said once, for the cookie. Inside the transaction of a sign-in.

    `elsewhere`: the way it was opened by. `proved`: when, if that was earlier than now. A browser that was trusted
    is no fresh proof: whatever asks for one asks in this session, too.
    """
    secret = crypto.token()
    who = current.actor()
    life, idle = ((LIFE_OPERATOR, IDLE_OPERATOR) if user.operator
                  else (LIFE_STAYING, IDLE_STAYING) if stay else (LIFE, IDLE))
    session = Session.create(
        token_hash=crypto.digest(secret), user=user, device=device, epoch=user.epoch, proofs=proofs,
        proved=NEVER if TRUSTED in proofs.split() else min(proved or now(), now()), stay=stay, agent=who.agent,
        network=network(who.address), expires=now() + life, idle_seconds=int(idle.total_seconds()),
        elsewhere=elsewhere)
    _keep_within_cap(user)
    return session, secret


def renew(who: SignedIn, proofs: tuple[str, ...]) -> str:
    """A fresh proof was given: the same session under a new secret (SS-01)."""
    secret = crypto.token()
    with transaction():
        if not Session.update(token_hash=crypto.digest(secret), proved=now(), proofs=" ".join(proofs)).where(
                Session.id == who.session_id, Session.ended.is_null()).execute():
            raise SignedOut
        audit.record_for(who.user_id, "proof.given", proof=" ".join(proofs))
    return secret


def also_proved(session_id: int | None, kind: str) -> None:
    """A session that opened with a fresh proof has proved one thing more. Inside the transaction of that."""
    session = Session.get_or_none(Session.id == session_id)
    if session and kind not in session.proofs.split():
        Session.update(proofs=f"{session.proofs} {kind}").where(Session.id == session_id).execute()


def sign_out(who: SignedIn) -> None:
    with transaction():
        _end(Session.id == who.session_id, "signed_out")
        audit.record_for(who.user_id, "session.signed_out", who.session_public_id)


def end(public_id: str) -> None:
    """One of the acting person's own; NotHere for anybody else's (SS-08)."""
    me = current.actor()
    with transaction():
        acting.require_open()
        if not _end((Session.public_id == public_id) & (Session.user == me.user_id), BY_OWNER, keep=me.session_id):
            raise NotHere
        audit.record_for(me.user_id, "session.ended", public_id)


def end_others() -> int:
    """All of the acting person's but this one. How many."""
    me = current.actor()
    with transaction():
        acting.require_open()
        ended = _end((Session.user == me.user_id) & (Session.id != me.session_id), BY_OWNER, keep=me.session_id)
        audit.record_for(me.user_id, "session.others_ended", count=ended)
        return ended


def end_in(user: User, device: Device) -> bool:
    """A person's in one browser, unless it is the one that is acting. In a transaction."""
    mine = current.actor().session_id
    if Session.select().where(Session.id == mine, Session.device == device.id).exists():
        return False
    _end((Session.user == user.id) & (Session.device == device.id), BY_OWNER, keep=mine)
    return True


def end_all() -> None:
    """Every session of the acting person, this one too, and what any browser was known by."""
    with transaction():
        person = acting.me()
        end_everything(person, BY_OWNER)
        audit.record_for(person.id, "session.all_ended")


def end_everything(user: User, why: str, *, keep: int | None = None) -> None:
    """Every session, known device and half-way sign-in of a person ends at the next request; `keep` lives on,
    and the browser it is in stays known. None spares the second step any more, no other is told of sign-ins, and no
    second factor that was begun is finished: somebody else may have seen its secret.

    Raises the account's epoch, which everything signed in carries.
    """
    User.update(epoch=User.epoch + 1).where(User.id == user.id).execute()
    user.epoch = User.select(User.epoch).where(User.id == user.id).scalar()
    _end((Session.user == user.id) & (Session.id != (keep or 0)), why)
    Credential.delete().where(Credential.user == user.id, Credential.state == Credential.PENDING).execute()
    _tell_no_more(PushSubscription.user == user.id, keep)
    forget_browsers(user)
    if keep:
        Session.update(epoch=user.epoch).where(Session.id == keep).execute()
        Device.update(epoch=user.epoch).where(
            Device.id.in_(Session.select(Session.device).where(Session.id == keep))).execute()


def forget_browsers(user: User, *which: Any) -> int:
    """The second step is asked for again in every browser of a person, or in some. How many. In a transaction."""
    return int(Device.update(trusted_until=None).where(
        Device.user == user.id, Device.trusted_until.is_null(False), *which).execute())


def here() -> str:
    """The acting session, as limits count it: one that was stolen spoils no proof of its owner in another.

    Those that rest on an organisation's own provider are counted together: whoever runs it can begin many (FD-14).
    """
    who = current.actor()
    if lent_by(who.proofs):
        return f"{who.user_id} in lent sessions"
    return f"{who.user_id} in session {who.session_id}"


def try_proof() -> None:
    """One more proof from inside the acting session is looked at. TooMany: it, and no other, waits."""
    for limit in (limits.PROOF, limits.PROOF_DAY):
        limits.spend(limit, here())


def proof_was_right() -> None:
    for limit in (limits.PROOF, limits.PROOF_DAY):
        limits.forgive(limit, here())


def end_elsewhere(which: Any) -> list[int]:
    """What was opened by a way that is over. Whose sessions these were, one for each. In a transaction."""
    found = list(Session.select(Session.id, Session.user).where(which, Session.ended.is_null()).tuples())
    _end(Session.id.in_([number for number, _user in found]), "elsewhere")
    return [user_id for _number, user_id in found]


def living(user_id: int) -> list[Session]:
    """A person's sessions that could still be used, the latest first."""
    sessions = (Session.select(Session, User.epoch).join(User)
                .where(Session.user == user_id, Session.ended.is_null(), Session.epoch == User.epoch)
                .order_by(Session.last_seen.desc(), Session.id.desc()))
    return [session for session in sessions if session.alive]


def forget_old() -> None:
    """Ended sessions and half-way sign-ins are kept 30 days, for the list of sign-ins; then no more."""
    with transaction():
        Session.delete().where(Session.expires < now() - KEPT).execute()


def network(address: str) -> str:
    """The neighbourhood of an address: /24 of IPv4, /64 of IPv6 (decision 18)."""
    if ":" in address:
        return ":".join(_groups(address)[:4]) + "::/64"
    return ".".join(address.split(".")[:3]) + ".0/24" if address.count(".") == 3 else ""


def _groups(address: str) -> list[str]:
    head, double, tail = address.partition("::")
    before, after = [g for g in head.split(":") if g], [g for g in tail.split(":") if g]
    return before + ["0"] * (8 - len(before) - len(after)) + after if double else before


def _end(which: Any, why: str, *, keep: int | None = None) -> int:
    """How many. The browsers they are in are told of sign-ins no more, unless a session just ran out, or it is the
    browser of `keep`. The worker looks at once what else is over with them: what applications hold."""
    which &= Session.ended.is_null()
    if why not in RAN_OUT:
        _tell_no_more(PushSubscription.device.in_(Session.select(Session.device).where(which)), keep)
    ended = int(Session.update(ended=now(), ended_by=why).where(which).execute())
    if ended:
        outbox.wake_worker()
    return ended


def _tell_no_more(which: Any, keep: int | None) -> None:
    here = Session.select(Session.device).where(Session.id == (keep or 0), Session.device.is_null(False))
    PushSubscription.delete().where(which, PushSubscription.device.not_in(here)).execute()


def _keep_within_cap(user: User) -> None:
    if _end_beyond_cap()(user=user.id, now=stored(now())):
        outbox.wake_worker()


@question
def _end_beyond_cap() -> Any:
    one = Session.alias()
    first_beyond = (one.select(one.id).where(one.user == slot("user"), one.ended.is_null())
                    .order_by(one.id.desc()).offset(MOST).limit(1))
    return (Session.update(ended=slot("now"), ended_by="replaced")
            .where(Session.user == slot("user"), Session.ended.is_null(), Session.id <= first_beyond)
            .returning(Session.id))
