"""A message becomes a letter: subject, plain text and HTML in the recipient's language."""
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import crypto
import formats
import i18n
import templating
from accounts import agents, sessions
from i18n import _
from models import Message
from notices.notices import NOTICES, WHEN
from organisations import details
from organisations.roles import LABELS
from products import words
from settings import setting


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str


def write(message: Message) -> Letter:
    """Rendered when it is delivered, from the facts as they were; times in the recipient's zone."""
    with i18n.speaking(i18n.Voice(message.language, message.country,
                                  message.time_zone or i18n.Voice.time_zone)):    # of visitors we know none
        template = f"notices/{message.notice}.html"
        context = {"link": link(message), **_facts(message.facts or {}), "circumstances": _circumstances(message),
                   "name": message.name, "recipient": message.recipient, "instance": setting.instance,
                   "support": setting.support, "host": setting.base_url, "roles": LABELS, "fields_told": fields_told,
                   "access_told": words.told, "browser": agents.told}
        subject = _line(templating.render_text(template, "subject", message.language, **context))
        text = templating.render_block(template, "text", message.language, **context)
        html = templating.render(template, message.language, subject_line=subject, **context)
        return Letter(subject, _tidy(text), html)


def short(message: Message, block: str = "text", **facts: Any) -> str:
    """A message of one line, in the recipient's language."""
    with i18n.speaking(i18n.Voice(message.language, message.country, message.time_zone or i18n.Voice.time_zone)):
        return _line(templating.render_block(f"notices/{message.notice}.html", block, message.language,
                                             instance=setting.instance, **facts))


def link(message: Message) -> str:
    """The address its button leads to; its token is made anew here and stored nowhere."""
    notice = NOTICES[message.notice]
    token = (message.facts or {}).get("token")
    path = notice.path
    if token:
        purpose, public_id, *rest = token
        signature = (crypto.sign("invitation", public_id, *rest) if purpose == "invitation"
                     else crypto.sign("link", purpose, public_id))
        path = path.format(token=f"{public_id}.{signature}")
    return f"{setting.base_url}{path}?lang={message.language}" if path else ""


def _circumstances(message: Message) -> list[tuple[str, str]]:
    """When it happened; by whom, if that was somebody else; from where, if it was the person, or whoever acted as them.

    Where a member is, others are not told.
    """
    wanted, deed = NOTICES[message.notice].circumstances, (message.facts or {}).get("deed", {})
    if not wanted:
        return []
    told = [(_("When"), formats.moment(message.created, zone=True))]
    if wanted == WHEN or not deed:
        return told
    if deed["kind"] == "visitor" or (deed["account"] and deed["account"] == message.user_id):
        network = sessions.network(deed["address"]) or _("Unknown")
        return [*told, (_("Browser"), agents.told(deed["agent"])), (_("Network"), network)]
    by = _("The operator") if deed["kind"] == "operator" else deed["name"]
    return [*told, (_("By"), by)] if by else told


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Instants travel as seconds under names that say so."""
    return {key: datetime.fromtimestamp(value, UTC) if key in ("until", "at") and isinstance(value, int) else value
            for key, value in facts.items() if key not in ("token", "deed")}


def fields_told(changes: list[list[str]]) -> list[tuple[Any, str]]:
    """Each changed field by its name, with what it was and what it is."""
    return [(label, f"{before} → {after}") for label, before, after in details.told(changes)]


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _tidy(text: str) -> str:
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).replace("\n--\n", "\n-- \n") + "\n"     # RFC 3676 §4.3
