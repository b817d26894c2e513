"""A yes in another browser of one's own: a convenience beside another factor, never the only one (G7)."""
from typing import Any

from accounts import approvals, pushes
from accounts.factors import Factor
from i18n import _l
from models import Approval, Attempt, Credential
from rules import Refused


class InAnotherBrowser(Factor):
    name, label = approvals.KIND, _l("Another browser of yours")
    hint = _l("Type a number in a browser where you are signed in already.")
    refusal = _l("This sign-in is not approved yet.")
    another = _l("Ask once more")
    icon, own, asks, inside = "monitor", False, True, False

    def ask_for(self, attempt: Attempt) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            approval = approvals.ask(attempt)
        except Refused as refusal:
            return {}, {"refused": refusal.why}
        return {"approval": approval.public_id}, told(approval)

    def again(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """What became of it, also when its minute is over: only the person has it asked once more."""
        return told(approvals.found(asked["approval"])) if asked else None

    def answered(self, asked: dict[str, Any]) -> bool:
        approval = approvals.found(asked["approval"]) if asked else None
        return approval is not None and approval.state == Approval.APPROVED

    def check(self, credential: Credential, answer: str, asked: dict[str, Any]) -> bool:
        return bool(asked) and approvals.use_up(credential.user_id, asked["approval"])


def told(approval: Approval | None) -> dict[str, Any]:
    if approval is None:
        return {"state": Approval.LAPSED}
    return {"number": approval.number, "state": approval.present, "messages": pushes.posted(approval)}


plugin = InAnotherBrowser()
