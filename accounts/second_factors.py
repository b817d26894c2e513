"""A person's second factors: set up, confirmed by a first answer, renamed, replaced, removed (G7)."""
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import audit
import current
import i18n
import outbox
import plugins
import rules
from accounts import acting, approvals, passkeys, sessions, signup
from accounts.factors import Factor, backup_codes
from clock import now
from db import transaction
from i18n import _l
from models import Credential, Identity, User
from rules import Refused
from settings import setting

PENDING_LIFE = timedelta(hours=1)


def begin(user: User, kind: str, secret: str = "", *, replaces: str = "") -> Credential:
    """A factor to be confirmed within the hour; one that was begun before and not confirmed is forgotten."""
    with transaction():
        acting.hold_own(user)
        old = _of_kind(user, kind, replaces)
        mine = (Credential.user == user.id) & (Credential.kind == kind)
        Credential.delete().where(mine, Credential.state == Credential.PENDING).execute()
        if Credential.select().where(mine).count() - bool(old) >= _factor(kind).most:
            raise Refused(_l("You have %(n)s of this kind. Remove one first.", n=_factor(kind).most))
        begun = _factor(kind).begin(user, secret)
        begun.facts = begun.facts | {"session": current.actor().session_id}
        begun.save()
        return begun


def pending(user: User, kind: str) -> Credential | None:
    return Credential.get_or_none(  # type: ignore[no-any-return]
        Credential.user == user.id, Credential.kind == kind, Credential.state == Credential.PENDING,
        Credential.created > now() - PENDING_LIFE)


def begun_here(user: User, kind: str) -> Credential | None:
    """The same, if it was in this session: somebody else who is signed in has seen the secret of any other."""
    found = pending(user, kind)
    return found if found and found.facts.get("session") == current.actor().session_id else None


def confirm(user: User, kind: str, answer: str, *, label: str = "", asked: dict[str, Any] | None = None,
            keep: int | None = None, replaces: str = "") -> list[str]:
    """The first right answer makes it active. Backup codes, if it is the first factor; none otherwise.

    `asked`: what the answer must match, where that was kept elsewhere. Every other session ends (SS-06); `keep` is
    the session that lives on. `replaces`: one of the same kind, which ends with this, be it the last or not.
    """
    with transaction():
        acting.hold_own(user)
        old = _of_kind(user, kind, replaces)
        credential = pending(user, kind)
        if credential is None:
            raise Refused(_l("That took more than an hour. Begin again."))
        credential.label = rules.name(label, "label", longest=60) or credential.label
        if not _factor(kind).check(credential, answer, credential.facts | (asked or {})):
            raise Refused(_factor(kind).refusal, None if _factor(kind).scripted else "code")
        Credential.update(state=Credential.ACTIVE, label=credential.label, last_used=now()).where(
            Credential.id == credential.id).execute()
        first = not user.two_factor
        if first:
            User.update(two_factor=True).where(User.id == user.id).execute()
            user.two_factor = True
            audit.record_for(user.id, "two_factor.on", factor=kind, label=credential.label)
            outbox.post_everywhere(user, "two_factor_on")
        else:
            audit.record_for(user.id, "factor.added", factor=kind, label=credential.label)
            outbox.post_everywhere(user, "factor_added", label=_called(user, credential))
        if old:
            _succeed(user, old)
        sessions.end_everything(user, "factor", keep=keep)
        sessions.also_proved(keep, kind)
        return backup_codes.issue(user) if first else []


def prefer(user: User, kind: str) -> None:
    """Which way is asked for first (G7-R1)."""
    with transaction():
        acting.hold_own(user)
        if kind not in {factor.kind for factor in active(user.id)}:
            raise Refused(_l("Choose one of the offered values."), "kind")
        User.update(preferred_factor=kind).where(User.id == user.id).execute()
        audit.record_for(user.id, "factor.preferred", factor=kind)


def rename(user: User, public_id: str, label: str) -> None:
    """What the person calls it."""
    with transaction():
        acting.hold_own(user)
        credential = _own(user, public_id)
        label = rules.name(label, "label", longest=60)
        Credential.update(label=label).where(Credential.id == credential.id).execute()
        audit.record_for(user.id, "factor.renamed", factor=credential.kind, label=label)


def remove(user: User, public_id: str, *, keep: int | None = None) -> bool:
    """One factor less. Was it the last? Then two-factor authentication is off, and the codes are gone.

    Refused while the password is too short to stand alone (decision 17).
    """
    with transaction():
        acting.hold_own(user)
        credential = _own(user, public_id)
        if only_way_in(user, credential):
            raise Refused(_l("There is no other way into your account. Set a password first."))
        last = _is_last(user, credential)
        if last and user.password and not user.password_long:
            raise Refused(_l("Your password is too short to stand alone. Choose one of at least 15 characters first."))
        _drop(user, credential, last)
        sessions.end_everything(user, "factor", keep=keep)
        return last


def take_back(user: User, since: datetime, *, until: datetime | None = None) -> None:
    """What was added since then proves nothing any more: somebody else may have been in the account (EM-02). If that
    was all there is, there was nothing before. In a transaction.

    `until`: what was added later is the owner's own; codes and what else was handed out may have been seen all the
    same.
    """
    mine = (Credential.user == user.id) & (Credential.created >= since)
    Credential.delete().where(mine, (Credential.state != Credential.ACTIVE) | Credential.kind.in_(handed_out())
                              ).execute()
    for credential in list(Credential.select().where(mine, Credential.created <= (until or now()))):
        _drop(user, credential, _is_last(user, credential))


def _is_last(user: User, credential: Credential) -> bool:
    others = Credential.select().where(Credential.user == user.id, Credential.state == Credential.ACTIVE,
                                       Credential.kind.not_in(handed_out()), Credential.id != credential.id)
    return not others.exists()


def _drop(user: User, credential: Credential, last: bool) -> None:
    """One less, in the book and told; with the last one, the codes are gone, too."""
    Credential.delete().where(Credential.id == credential.id).execute()
    if last:
        Credential.delete().where(Credential.user == user.id).execute()
        User.update(two_factor=False).where(User.id == user.id).execute()
        user.two_factor = False
        audit.record_for(user.id, "two_factor.off", factor=credential.kind, label=credential.label)
        outbox.post_everywhere(user, "two_factor_off")
    else:
        audit.record_for(user.id, "factor.removed", factor=credential.kind, label=credential.label)
        outbox.post_everywhere(user, "factor_removed", label=_called(user, credential))


def _succeed(user: User, old: Credential) -> None:
    """The new one is there, the old one goes; Refused where that alone opened the account, and the new one does not."""
    if old.facts.get("verified") and only_way_in(user, old):
        raise Refused(_l("There is no other way into your account, and this key is none either: it did not check who "
                         "you are. Use one that asks for a fingerprint, a face or a PIN."))
    _drop(user, old, last=False)


def only_way_in(user: User, credential: Credential) -> bool:
    """Is it the one passkey of somebody who has neither a password nor another place to sign in from?"""
    return not (user.password or Identity.opening().where(Identity.user == user.id).exists()
                or [key for key in passkeys.opening(user) if key.id != credential.id])


def reset(user: User) -> None:
    """All of them are gone, codes and what was begun too: lost, or in the wrong hands. Everything signed in ends.

    In a transaction. For verbs that have two other proofs, and record what they were.
    """
    acting.hold(user)
    Credential.delete().where(Credential.user == user.id).execute()
    User.update(two_factor=False).where(User.id == user.id).execute()
    user.two_factor = False
    if not user.password_long:                  # it must not stand alone (decision 17)
        signup.demand_new_password(user)
    sessions.end_everything(user, "factor")
    outbox.post_everywhere(user, "factor_reset")


def renew_codes(user: User) -> list[str]:
    """Ten new backup codes, said once; the older ones are dead (TF-13)."""
    with transaction():
        if not acting.hold_own(user).two_factor:
            raise rules.NotHere
        audit.record_for(user.id, "backup_codes.renewed")
        outbox.post_everywhere(user, "backup_codes_renewed")
        return backup_codes.issue(user)


def active(user_id: int) -> list[Credential]:
    """The factors a person has set up, without what comes beside them."""
    return list(Credential.select().where(Credential.user == user_id, Credential.state == Credential.ACTIVE,
                                          Credential.kind.not_in(handed_out())).order_by(Credential.id))


def standing(user_id: int) -> tuple[list[Credential], Counter[str]]:
    """The same, and how many there are of each kind that comes beside them: in one question."""
    every = list(Credential.select().where(Credential.user == user_id, Credential.state == Credential.ACTIVE)
                 .order_by(Credential.id))
    beside = handed_out()
    return ([each for each in every if each.kind not in beside],
            Counter(each.kind for each in every if each.kind in beside))


def handed_out() -> list[str]:
    """The kinds that come beside others: none of them is ever the only one."""
    offered = plugins.load("accounts.factors", setting.second_factors)
    return [backup_codes.BackupCodes.name, approvals.KIND, *(name for name, each in offered.items() if not each.own)]


def forget_old() -> None:
    """What was begun and not confirmed within the hour."""
    with transaction():
        Credential.delete().where(Credential.state == Credential.PENDING,
                                  Credential.created < now() - PENDING_LIFE).execute()


def called(credential: Credential) -> str:
    """What a factor is called: by its owner, or else in the language that is spoken."""
    return credential.label or str(_factor(credential.kind).label)


def _called(user: User, credential: Credential) -> str:
    """The same in its owner's language."""
    with i18n.speaking(i18n.Voice(user.language)):
        return called(credential)


def _own(user: User, public_id: str) -> Credential:
    credential = Credential.get_or_none(Credential.user == user.id, Credential.public_id == public_id,
                                        Credential.state == Credential.ACTIVE)
    if credential is None or not _factor(credential.kind).own:
        raise rules.NotHere
    return credential  # type: ignore[no-any-return]


def _of_kind(user: User, kind: str, public_id: str) -> Credential | None:
    """The one that is to be replaced, if one is; NotHere when it is none of theirs, or of another kind."""
    old = _own(user, public_id) if public_id else None
    if old and old.kind != kind:
        raise rules.NotHere
    return old


def _factor(kind: str) -> Factor:
    return plugins.find("accounts.factors", kind)  # type: ignore[no-any-return]
