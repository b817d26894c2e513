"""Signing in: a first proof, a second where one is active; then a session, and only then.

Who is half-way in has a row of their own under a cookie of their own
(decision 5). It never turns into a session: success makes a new row and ends
this one, in one transaction.
"""
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import audit
import crypto
import current
import db
import limits
import outbox
import plugins
import rules
from accounts import alerts, devices, locking, passkeys, passwords, sessions, signup
from accounts.backends import Backend, Mistyped, Proof
from accounts.factors import Factor, backup_codes
from clock import MINUTE, now
from db import transaction
from i18n import _l
from models import Attempt, Credential, User
from questions import question, records, slot
from rules import Refused, TooMany
from settings import setting

HALF_WAY = 10 * MINUTE
TRIES = 5

# What is counted before a proof is looked at, and forgiven when it is right. A browser the account knows has
# counts of its own: strangers do not lock its owner out (LG-18).
STRANGERS = (limits.SIGN_IN_ACCOUNT,)
KNOWN_DEVICE = (limits.SIGN_IN_DEVICE, limits.SIGN_IN_DEVICE_DAY)
CODES = (limits.SECOND_STEP, limits.SECOND_STEP_DAY, limits.SECOND_STEP_ROW)

WRONG = _l("The address and the password do not match, or this account cannot sign in this way.")


@dataclass(frozen=True)
class Outcome:
    """What a proof led to: a session's secret and the browser's token, or the secret of a sign-in half-way."""

    session: str = ""
    device: str = ""
    attempt: str = ""
    user: User | None = None
    place: str = ""
    undelivered: bool = False       # is there a letter that did not get through?


def with_password(email: str, password: str, *, stay: bool = False, device: str = "", place: str = "") -> Outcome:
    """The first proof. One text for wrong, unknown, suspended, locked and without password (LG-01), or another one
    for all of them while a way cannot be asked.

    `device`: the token of this browser's own cookie. TooMany before the hash is touched.
    """
    key = _key(email)
    user = next(iter(_of_address()(key=key)), None) if key else None
    ours = devices.known(user, device) if user else None
    limits.spend(limits.SIGN_IN_NETWORK, sessions.network(current.actor().address))
    counted = f"{key} {ours.id}" if ours else key or email.strip().lower()[:254]
    for limit in KNOWN_DEVICE if ours else STRANGERS:
        limits.spend(limit, counted)
    proof, away, theirs = _typed(email, password, user, ours)
    if proof is None:
        # While a way is away, nobody is locked out who has no other.
        failed(user or theirs, "password", strange=not ours and not (away and user and not user.password))
        if user and theirs and theirs != user:
            failed(theirs, "password", strange=True)
        raise away or Refused(WRONG)
    for limit in KNOWN_DEVICE if ours else STRANGERS:
        limits.forgive(limit, counted)
    if not ours:
        locking.begin_anew(proof.user)
    if proof.user.must_renew and proof.user.password and proof.proofs == "password":
        _write_for_a_new_one(proof.user)
        raise Refused(_l("A new password is due. We have written to you how to set it."))
    return proved(proof, stay=stay, device=device, place=place)


@records
def _of_address() -> Any:
    return User.select().where(User.email == slot("key"))


def _typed(email: str, password: str, user: User | None,
           ours: Any) -> tuple[Proof | None, Refused | None, User | None]:
    """What the first of the backends says in which these are somebody's who may come in; or which one is away, and
    whose name it is there, whatever the address is here.

    All are asked before anybody is refused: so the answer does not tell who has a password here.
    """
    away, theirs = None, None
    for backend in typed():
        try:
            proof = backend.right(user, email, password)
        except Refused as refusal:
            away = refusal
            continue
        except Mistyped as mistyped:
            theirs = mistyped.user
            continue
        if proof and not proof.user.suspended and (ours or not locking.holds(proof.user)):
            return proof, None, None
    return None, away, theirs


def typed() -> list[Backend]:
    """The backends that are asked with an address and a password, in the order of the setting."""
    return [backend for backend in backends().values() if backend.typed]


def ways() -> dict[str, Backend]:
    """The others, by name."""
    return {name: backend for name, backend in backends().items() if not backend.typed}


def proved(proof: Proof, *, stay: bool = False, device: str = "", place: str = "") -> Outcome:
    """A first proof was given, wherever: in, or on to the second step. Every door comes by here (TF-08).

    Also when none of the person's second factors is switched on here any more: then there is no way in but help.

    A browser the person had us remember spares the step; what it proves is named `trusted`, and is never fresh.
    """
    remembered = not proof.complete and devices.trusted(proof.user, device)
    with transaction():
        _hold_still(proof)
        if proof.user.two_factor and not proof.complete and not remembered:
            return Outcome(attempt=_half_way(proof, stay, device, place), user=proof.user, place=place)
        proofs = f"{proof.proofs} {sessions.TRUSTED}" if remembered and proof.user.two_factor else proof.proofs
        return _in(proof.user, proofs, stay=stay, device=device, place=place, elsewhere=proof.elsewhere,
                   proved=proof.at)


def backends() -> dict[str, Backend]:
    """Every way that is switched on for all, by name."""
    return {backend.name: backend for folder in folders() for backend in folder.each()}


def folders() -> list[Backend]:
    """The folders and packages these come from, in the order of the setting."""
    return list(plugins.load("accounts.backends", setting.backends).values())


def way(at: str) -> Backend | None:
    """Which one that is not typed has this address: one for all, or one that an organisation has brought along."""
    return ways().get(at) or next(filter(None, (folder.brought(at) for folder in folders())), None)


def half_way(token: str) -> Attempt | None:
    """The sign-in a half-way cookie belongs to, while it may go on."""
    if not token:
        return None
    return (Attempt.select(Attempt, User).join(User)  # type: ignore[no-any-return]
            .where(Attempt.token_hash == crypto.digest(token), Attempt.expires > now(), Attempt.tries < TRIES,
                   User.epoch == Attempt.epoch, User.suspended.is_null()).first())


def with_second_step(token: str, kind: str, answer: str, *, device: str = "", remember: bool = False) -> Outcome:
    """The second proof. Refused when it is wrong; five wrong ones end this sign-in (TF-04).

    `remember`: this browser spares the step from now on. NotHere when nobody is half-way in under this cookie.
    """
    attempt = half_way(token)
    if attempt is None:
        raise rules.NotHere
    user = attempt.user
    factor = factors_of(user).get(kind)
    if factor and not factor.answered(attempt.asked.get(kind, {})):
        raise Refused(factor.refusal, "code")
    last = _count_code(user, _counted(attempt), factor)
    with transaction():
        if not (Attempt.update(tries=Attempt.tries + 1)
                .where(Attempt.id == attempt.id, Attempt.tries < TRIES).execute()):
            raise rules.NotHere
    lent = {"lent": bool(sessions.lent_by(attempt.proofs.split()))}
    if factor is None or not prove(user, kind, answer, _asked(attempt, kind) | lent):
        with transaction():
            audit.record_for(user.id, "sign_in.second_step_failed", factor=kind)
            alerts.failed(user, "codes", at_once=last)
        raise _wrong(factor)
    _forgive_codes(user, _counted(attempt))
    with transaction():
        if not Attempt.delete().where(Attempt.id == attempt.id).execute():
            raise rules.NotHere
        return _in(user, f"{attempt.proofs} {kind}", stay=attempt.stay, device=device, place=attempt.place,
                   remember=remember, elsewhere=attempt.elsewhere)


def ask(attempt: Attempt, kind: str, *, anew: bool = False) -> dict[str, Any]:
    """What a factor asks this time, to be shown; what its answer must match is kept with the attempt.

    What was asked before and still holds is shown again, unless it is to be asked `anew`.
    """
    factor = factors_of(attempt.user).get(kind)
    if factor is None:
        raise rules.NotHere
    if not factor.asks:
        return {}
    held = None if anew else factor.again(attempt.asked.get(kind, {}))
    if held is not None:
        return held
    facts, shown = factor.ask_for(attempt)
    if facts:
        with transaction():
            attempt.asked = attempt.asked | {kind: facts}
            Attempt.update(asked=attempt.asked).where(Attempt.id == attempt.id).execute()
    return shown


def _asked(attempt: Attempt, kind: str) -> dict[str, Any]:
    """What was asked, for one answer: of two at once, one gets it (WA-02). What holds longer stays."""
    with transaction():
        fresh = db.locked(Attempt.select(Attempt.asked).where(Attempt.id == attempt.id)).first()
        asked = dict(fresh.asked) if fresh else {}
        mine: dict[str, Any] = asked.pop(kind, {})
        if plugins.find("accounts.factors", kind).again(mine) is None:
            Attempt.update(asked=asked).where(Attempt.id == attempt.id).execute()
        return mine


def tries_left(attempt: Attempt) -> int:
    """How many codes may still be tried before there is a pause."""
    fresh = Attempt.select(Attempt.tries).where(Attempt.id == attempt.id).scalar() or 0
    return min(TRIES - fresh, limits.left(limits.SECOND_STEP, _counted(attempt)),
               limits.left(limits.SECOND_STEP_PERSON, attempt.user_id))


def pause(attempt: Attempt) -> int:
    """For how many seconds no code is looked at."""
    return max(*(limits.wait(limit, _counted(attempt)) for limit in CODES),
               limits.wait(limits.SECOND_STEP_PERSON, attempt.user_id))


def give_up(token: str) -> None:
    """«That is not me»: the half-way sign-in ends."""
    with transaction():
        Attempt.delete().where(Attempt.token_hash == crypto.digest(token)).execute()


def prove(user: User, kind: str, answer: str, asked: dict[str, Any]) -> bool:
    """Does this answer satisfy one of the person's factors of this kind? It is used up by being right.

    `asked`: what the answer must match, for a factor that asks something new each time.
    """
    factor: Factor = plugins.find("accounts.factors", kind)
    with transaction():
        for credential in Credential.select().where(Credential.user == user.id, Credential.kind == kind,
                                                    Credential.state == Credential.ACTIVE):
            if factor.check(credential, answer, asked):
                Credential.update(last_used=now()).where(Credential.id == credential.id).execute()
                if kind == backup_codes.BackupCodes.name:
                    _note_code(user)
                return True
    return False


def prove_again(who: sessions.SignedIn, password: str, kind: str = "", answer: str = "",
                asked: dict[str, Any] | None = None) -> str:
    """A fresh proof from inside a session: the password, and a second factor where one is active (decision 11).

    The session's new secret. Refused by the field that is wrong.
    """
    user = User.get_by_id(who.user_id)
    sessions.try_proof()
    first = next((backend.name for backend in typed() if backend.same(user, password)), None)
    if first is None or (who.lent_by and locking.holds(user)):
        with transaction():
            if who.lent_by:                     # no better than a browser the account does not know
                locking.count(user)
            audit.record_for(user.id, "proof.failed", proof="password")
            alerts.failed(user, "passwords")
        raise Refused(passwords.NOT_YOURS, "password")
    if who.lent_by:
        locking.begin_anew(user)
    proofs: tuple[str, ...] = (first,)
    if active := factors_of(user, inside=True):
        last = _count_code(user, sessions.here(), active.get(kind))
        if kind not in active or not prove(user, kind, answer, asked or {}):
            with transaction():
                audit.record_for(user.id, "proof.failed", proof=kind)
                if last:
                    alerts.failed(user, "codes", at_once=True)
            raise _wrong(active.get(kind))
        _forgive_codes(user, sessions.here())
        proofs = (first, kind)
    elif user.two_factor:                       # of a kind that is switched off here: never spared by that (TF-08)
        raise _wrong(None)
    sessions.proof_was_right()
    return sessions.renew(who, proofs)


def prove_by_passkey(who: sessions.SignedIn, answer: str, asked: dict[str, Any]) -> str:
    """The same by one of the person's passkeys alone (decision 11)."""
    user = User.get_by_id(who.user_id)
    sessions.try_proof()
    if not passkeys.opened(answer, asked, only=user):
        with transaction():
            audit.record_for(user.id, "proof.failed", proof=passkeys.ALONE)
        raise _wrong(plugins.find("accounts.factors", passkeys.KIND))
    sessions.proof_was_right()
    return sessions.renew(who, (passkeys.ALONE,))


def factors_of(user: User, *, inside: bool = False) -> dict[str, Factor]:
    """The second factors a person has active, by kind, in the order they are offered: the one they prefer first.

    `inside`: those good for a fresh proof from inside a session.
    """
    if not user.two_factor:
        return {}
    kinds = {kind for (kind,) in Credential.select(Credential.kind).where(
        Credential.user == user.id, Credential.state == Credential.ACTIVE).distinct().tuples()}
    order = sorted(setting.second_factors, key=lambda name: name != user.preferred_factor)
    return {name: factor for name, factor in plugins.load("accounts.factors", order).items()
            if name in kinds and (factor.inside or not inside)}


def welcome(user: User, proofs: str, *, device: str = "", stay: bool = False, place: str = "",
            elsewhere: str = "") -> Outcome:
    """A session without the ceremony, for somebody who has just made an account."""
    return _in(user, proofs, stay=stay, device=device, place=place, elsewhere=elsewhere)


def forget_old() -> None:
    with transaction():
        Attempt.delete().where(Attempt.expires < now()).execute()


def _in(user: User, proofs: str, *, stay: bool, device: str, place: str, remember: bool = False, elsewhere: str = "",
        proved: datetime | None = None) -> Outcome:
    with transaction():
        lent = bool(sessions.lent_by(proofs.split()))
        alerts.signed_in(user, strange=devices.strange(user, device, lent=lent))
        undelivered = not lent and alerts.undelivered(user, device)
        ours, token = devices.remember(user, device, lent=lent)
        session, secret = sessions.begin(user, proofs, stay=stay, device=ours, elsewhere=elsewhere, proved=proved)
        audit.record_for(user.id, "sign_in.done", session.public_id, proof=proofs, stay=stay)
        if remember and not lent:
            devices.trust(user, ours)
    return Outcome(session=secret, device=token, user=user, place=place, undelivered=undelivered)


def _hold_still(proof: Proof) -> None:
    """A password that was changed, or fell due, while it was being looked at opens nothing. In a transaction."""
    if proof.proofs == "password":
        ((password, due),) = _as_it_is()(user=proof.user.id)
        if (password, bool(due)) != (proof.user.password, proof.user.must_renew):
            raise Refused(WRONG)


@question
def _as_it_is() -> Any:
    """The password and whether another is due, held."""
    return db.held(User.select(User.password, User.must_renew).where(User.id == slot("user")))


def _write_for_a_new_one(user: User) -> None:
    """Whoever knows the password that is due signs in nowhere by it; the mailbox sets the new one."""
    try:
        limits.spend(limits.RESET_ADDRESS, user.email)
    except TooMany:
        return
    with transaction():
        signup.write_for_new_password(user)


def _half_way(proof: Proof, stay: bool, device: str, place: str) -> str:
    secret, user = crypto.token(), proof.user
    with transaction():
        Attempt.create(token_hash=crypto.digest(secret), user=user, device=devices.known(user, device),
                       epoch=user.epoch, proofs=proof.proofs, stay=stay, place=place, elsewhere=proof.elsewhere,
                       expires=now() + HALF_WAY)
        audit.record_for(user.id, "sign_in.first_step", proof=proof.proofs)
    return secret


def _counted(attempt: Attempt) -> str:
    """Whose wrong codes are counted together: the account's, those in one browser it knows, or those beside what one
    organisation's provider says."""
    if lender := sessions.lent_by(attempt.proofs.split()):
        return f"{attempt.user_id} lent by {lender}"
    return f"{attempt.user_id} on device {attempt.device_id}" if attempt.device_id else str(attempt.user_id)


def _count_code(user: User, counted: str, factor: Factor | None) -> bool:
    """Is this the last code that is looked at before a pause (TF-04)? All browsers and sessions together count, too.

    What a key says cannot be guessed: it goes on while codes pause.
    """
    if factor and factor.scripted:
        return False
    left = [limits.spend(limit, counted) for limit in CODES]
    return not min(*left, limits.spend(limits.SECOND_STEP_PERSON, user.id))


def _forgive_codes(user: User, counted: str) -> None:
    """A right one. What was wrong in other browsers stays counted: it may have been somebody else."""
    for limit in CODES:
        limits.forgive(limit, counted)
    limits.give_back(limits.SECOND_STEP_PERSON, user.id)


def _wrong(factor: Factor | None) -> Refused:
    """Said by the field where one types the answer, if one does."""
    if factor is None:
        return Refused(_l("Choose another way."), "code")
    return Refused(factor.refusal, None if factor.scripted else "code")


def _note_code(user: User) -> None:
    left = backup_codes.left(user.id)
    audit.record_for(user.id, "backup_code.used", left=left)
    outbox.post_everywhere(user, "backup_code_used", left=left)


def failed(user: User | None, proof: str, *, strange: bool = False) -> None:
    """One line in a book, for somebody as for nobody: the answer takes as long (LG-02). `proof`: by which backend.

    `strange`: a password, in a browser the account does not know; enough of them lock it.
    """
    with transaction():
        if user:
            locks = strange and locking.count(user)
            audit.record_for(user.id, "sign_in.failed", proof=proof)
            if not (locks or (strange and user.locked)):        # one letter says it all (LG-18)
                alerts.failed(user, "passwords")
        else:
            audit.record_here("sign_in.unknown" if proof == "password" else "sign_in.way_failed", way=proof)


def _key(email: str) -> str:
    """The key of an address, or nothing: every spelling of one address has one limit (LG-06)."""
    try:
        return rules.address(email).key
    except Refused:
        return ""
