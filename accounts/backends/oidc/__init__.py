"""OpenID providers elsewhere: each is a way of its own, with its own address to come back to.

Those for all stand in the settings; an organisation may bring along its own.
"""
from accounts.backends import Backend
from accounts.backends.oidc import lent, provider
from accounts.backends.oidc.way import Way
from i18n import _l
from settings import Upstream, setting


class OpenID(Backend):
    """Stands for all of them."""

    name, label = "oidc", _l("OpenID provider")
    brings = True

    def each(self) -> list[Way]:
        return [Way(upstream) for upstream in setting.upstreams]

    def brought(self, at: str) -> lent.Lent | None:
        return lent.at(at)

    def brought_for(self, user_id: int) -> list[Backend]:
        return [*lent.of(user_id)]

    def try_out(self, upstream: Upstream) -> None:
        """Before one is believed in: is there a provider that calls itself so? Untrusted if not."""
        provider.Provider(upstream).try_out()


plugin = OpenID()
