"""A provider that an organisation has brought along: for its members, and for nothing but that organisation.

Whoever runs such a provider can have it say that they are any of those who are
linked to it. Therefore it opens no other organisation and no page of an account
(`sessions.lent_by`), makes no account, and goes where everybody may go: to https
and to public addresses, but for what the operator says (PROVIDER_NETWORKS).
"""
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import crypto
from accounts.backends import Proof, Someone, Step, Untrusted
from accounts.backends.oidc.way import Way
from models import Membership, Organisation, Provider, User
from settings import Upstream, setting
from tenancy import across_organisations

AT_ONCE, EACH = 8, 2                            # threads that wait for all such providers, and for one organisation's
_waiting: Counter[str] = Counter()              # by organisation
_counting = threading.Lock()


class Lent(Way):
    def __init__(self, row: Provider):
        super().__init__(described(row))
        self.row, self.organisation, self.owner = row, row.organisation.public_id, row.organisation.name
        self.home = f"/o/{row.organisation.slug}/"

    @property
    def at(self) -> str:
        return str(self.row.public_id)

    @property
    def written(self) -> str:
        return str(self.row.name)

    def takes(self, user: User) -> bool:
        with across_organisations("is somebody in the organisation whose provider this is"):
            return bool(Membership.select().where(
                Membership.organisation == self.row.organisation_id, Membership.user == user.id,
                Membership.status == Membership.ACTIVE).exists())

    def begin(self) -> Step:
        with self._one_of_few():
            return super().begin()

    def finish(self, facts: dict[str, Any], answer: Mapping[str, str]) -> Proof | None:
        proof = super().finish(facts, answer)
        return proof if proof and self.takes(proof.user) else None

    def recognise(self, facts: dict[str, Any], answer: Mapping[str, str]) -> Someone | None:
        with self._one_of_few():
            return super().recognise(facts, answer)

    def signed_out(self, token: str) -> int:
        with self._one_of_few():
            return super().signed_out(token)

    @contextmanager
    def _one_of_few(self) -> Iterator[None]:
        try:
            with one_of_few(self.organisation):
                yield
        except Untrusted as trouble:
            raise self._away(trouble) from trouble


@contextmanager
def one_of_few(organisation: str) -> Iterator[None]:
    """One that is slow holds up its own people, and nobody else: the places of others stay free (FD-12)."""
    with _counting:
        if _waiting[organisation] >= EACH or _waiting.total() >= AT_ONCE:
            raise Untrusted("too many wait for the providers of organisations")
        _waiting[organisation] += 1
    try:
        yield
    finally:
        with _counting:
            _waiting.subtract([organisation])


def at(public_id: str) -> Lent | None:
    """One that is switched on, by the end of its address."""
    return next(iter(_found(Provider.public_id == public_id)), None)


def of(user_id: int) -> list[Lent]:
    """Those of the organisations a person is in."""
    return _found(Provider.organisation.in_(Membership.select(Membership.organisation).where(
        Membership.user == user_id, Membership.status == Membership.ACTIVE)))


def _found(which: Any) -> list[Lent]:
    with across_organisations("an organisation's own provider, by its address or for its members"):
        rows = (Provider.select(Provider, Organisation).join(Organisation)
                .where(Provider.active, Organisation.status == "active", which).order_by(Provider.name, Provider.id))
        return [Lent(row) for row in rows]


def described(row: Provider) -> Upstream:
    """Its row, in the words of the settings. What it says of second steps is heard where its organisation says so."""
    secret = crypto.unseal(row.client_secret, row.place).decode() if row.client_secret else ""
    return Upstream(
        name=row.way, issuer=row.issuer, client_id=row.client_id, client_secret=secret, label=row.name,
        trust_mfa=tuple(row.trust_mfa) if row.way in row.organisation.trusted_upstreams else (),
        networks=setting.provider_networks, ca=setting.provider_ca, organisation=row.organisation.public_id)
