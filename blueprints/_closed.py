"""The page of a door that stays closed, however much one proves: why, and what one can do about it."""
from typing import Any

from flask import Response

from organisations.roles import Right, Standing
from pages import page, url_for
from products import words
from products.access import Decision, Why
from products.evidence import Evidence

WANTING = {Why.NOT_GRANTED, Why.OVER}           # what somebody could change who gives access


def closed(place: Any, found: Evidence, decision: Decision, back: str = "") -> Response:
    """`place`: a product and its organisation, of which a stranger is told nothing. `back`: where an application hears
    of it that waits for an answer."""
    role = found.person.role
    if not role:
        return page("closed.html", 403, back=back)
    return page("closed.html", 403, application=place.label, organisation=place.name, back=back,
                reasons=words.why(decision, role) if decision.refusals else (), **_onward(place, role, decision))


def _onward(place: Any, role: str, decision: Decision) -> dict[str, str]:
    """Whoever gives access looks who has it; others ask for it, if they may."""
    standing, here = Standing(role), {"organisation": place.slug}
    if not decision.refusals or not set(decision.refusals) <= WANTING:
        return {}
    if standing.may(Right.EDIT_ACCESS):
        return {"who": url_for("audience.show", **here, id=place.product)}
    if standing.may(Right.ASK_ACCESS):
        return {"ask": url_for("requests.ask_form", **here, product=place.product)}
    return {}
