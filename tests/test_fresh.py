"""A stolen cookie alone changes no person, no credential, no access and no money (decision 11).

Every address that changes anything is read off the application's own map: it asks for a fresh proof, or it is named
here with the reason why it need not. A new one that does neither fails.
"""
from datetime import timedelta

import pytest

import limits
import outbox
from accounts.sessions import CREDENTIALS, MARGIN, NEVER, PEOPLE, TRUSTED
from app import create_app
from clock import now
from models import Session, User
from tests.doors import Visitor
from tests.test_forgery import everything
from tests.test_routes import path_of, routes
from web import ANYONE, SIGNED_IN, Blueprint

# Signed in, and without a fresh proof: why a thief gains nothing by it.
NEED_NONE = {
    "accounts.check": "reads whose code a caller has read out; codes are not guessed (SP-01)",
    "authorize.answer": "lets in an application that the administration has granted to this very person",
    "approvals.deny": "a no must be quick, and opens nothing",
    "member_security.alert": "a letter to a member, one a day",
    "membership.set_preferences": "which ordinary letters one gets; those about security always come",
    "my_organisations.create": "an organisation of nobody but oneself; nothing that was there is touched",
    "my_organisations.decline": "a no; one can be invited again",
    "overview.hide_checklist": "a hint on a page",
    "profile.cancel": "everything stays as it was; whoever is robbed of an address must be quick",
    "profile.change_password": "asks for the present password itself, and for a fresh proof where there are two steps",
    "profile.move": "how dates and numbers are written",
    "profile.speak": "a language",
    "profile.wear": "light or dark",
    "prove.ask_again": "the proof itself",
    "prove.give": "the proof itself",
    "requests.ask": "asks; somebody else decides, with a fresh proof",
    "requests.withdraw": "asks no more",
    "security.download": "gives back what the browser sends; nothing is stored",
    "security.prefer": "which factor is asked for first; all of them still are",
    "security.rename": "what one calls a factor",
    "welcome.change_account": "signs out",
}
# For anybody: what proves the right to it in place of a session. A token in the address is a secret of its own.
PROVE_THEMSELVES = {
    "authorize.by_form": "asks, as by a link",
    "end_session.by_form": "asks, as by a link", "end_session.leave": "ends a session",
    "lost_factor.ask": "the first proof, just given",
    "machines.introspect": "the application's secret", "machines.revoke": "the application's secret",
    "machines.token": "the application's secret, or PKCE", "machines.userinfo_by_form": "an access token",
    "public.language": "changes nothing of an account but its language",
    "pushes.renew": "the secret of the browser's address before",
    "recovery.ask": "writes to the mailbox", "recovery.ask_address": "writes to the mailbox",
    "recovery.ask_by_phone": "writes to the phone",
    "signin.ask_again": "the first proof, just given", "signin.cancel": "ends a sign-in",
    "signin.enter": "the proof itself", "signin.leave": "ends a session", "signin.prove": "the proof itself",
    "signup.ask": "writes to the mailbox", "unlock.ask": "writes to the mailbox",
    "ways.answer": "the proof itself", "ways.signed_out": "a word that the provider has signed",
}
# How old a proof may be, by where the address is; and where it is another.
KINDS = {"/account/": CREDENTIALS, "/operator/catalogue": PEOPLE, "/operator/": CREDENTIALS,
         "/o/<organisation>/security/providers": CREDENTIALS,
         "/o/<organisation>/products/<id>/connection": CREDENTIALS, "/o/": PEOPLE}
OTHERWISE = {"applications.withdraw": PEOPLE, "approvals.approve": PEOPLE, "notifications.choose": PEOPLE,
             "profile.rename": PEOPLE, "my_organisations.accept": PEOPLE, "welcome.accept": PEOPLE,
             "member_security.vouch": CREDENTIALS,
             "member_security.refuse": CREDENTIALS}
STOLEN = {"old": lambda age: {"proved": now() - age},
          TRUSTED: lambda _age: {"proved": NEVER, "proofs": "password trusted"}}


def deeds(app):
    """(rule, view) of every address that changes something."""
    return [(rule, view) for rule, method, view in routes(app) if method == "POST"]


def unguarded(app):
    """Those that a stolen cookie opens."""
    return {rule.endpoint for rule, view in deeds(app) if view.fresh is None
            and (rule.endpoint not in NEED_NONE if view.needs != ANYONE
                 else rule.endpoint not in PROVE_THEMSELVES and "token" not in rule.arguments)}


def test_every_deed_asks_for_a_fresh_proof_or_is_named_here(app):
    assert unguarded(app) == set()


def test_what_is_named_here_is_there_and_asks_for_none(app):
    views = {rule.endpoint: view for rule, view in deeds(app)}
    assert not [name for name in NEED_NONE if views[name].fresh or views[name].needs == ANYONE]
    assert not [name for name in PROVE_THEMSELVES if views[name].fresh or views[name].needs != ANYONE]


def test_a_new_deed_without_a_fresh_proof_is_reported(cast, monkeypatch):
    monkeypatch.setattr(outbox, "wake", [])
    careless, app = Blueprint("careless", __name__), create_app()

    @careless.action("/account/give-away", needs=SIGNED_IN)
    def give_away():
        return ""

    @careless.action("/give-away", needs=ANYONE)
    def give_all_away():
        return ""
    app.register_blueprint(careless)
    assert unguarded(app) == {"careless.give_away", "careless.give_all_away"}


def test_a_proof_is_as_fresh_as_what_is_changed_asks_for(app):
    for rule, view in deeds(app):
        if view.fresh:
            kind = OTHERWISE.get(rule.endpoint) or next(age for at, age in KINDS.items() if rule.rule.startswith(at))
            assert view.fresh == kind + MARGIN, rule


@pytest.mark.parametrize("who", ["anne", "otto"])
@pytest.mark.parametrize("stolen", STOLEN)
def test_a_stolen_cookie_is_asked_to_prove_and_changes_nothing(app, cast, who, stolen):
    """Of a session whose proof is a second too old, and of one in a browser that spared the second step."""
    thief = Visitor(app, cast.people[who])
    thief.token()
    asked = 0
    for rule, view in deeds(app):
        if view.fresh is None or (who == "otto") != rule.rule.startswith("/operator/"):
            continue
        age = view.fresh + timedelta(seconds=2)
        Session.update(**STOLEN[stolen](age)).execute()
        before = everything()
        answer = thief.post(path_of(rule))
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/prove"), rule
        assert everything() == before, rule
        asked += 1
    assert asked > (1 if who == "otto" else 40)


def test_a_thief_without_the_password_sets_no_other_one(app, cast):
    luc = cast.people["luc"]
    thief, before = Visitor(app, luc, stale=True), User.get_by_id(luc.id).password
    for present in ({}, {"present": ""}, {"present": "wrong wrong wrong"}):
        answer = thief.post("/account/password", {"password": "slow clouds over the harbour", **present})
        assert answer.status_code == 422
    assert User.get_by_id(luc.id).password == before
    mara = Visitor(app, cast.people["mara"], stale=True)
    assert mara.post("/account/password").headers["Location"].startswith("/prove")
    User.update(password=None).where(User.id == luc.id).execute()
    assert thief.post("/account/password", {"password": "slow clouds over the harbour"}).headers[
        "Location"].startswith("/prove")


def test_a_name_is_a_form_while_the_proof_is_fresh_and_else_leads_to_one(browse, cast):
    luc = browse("luc")
    assert [form for form in luc.get("/account").all("form") if form["action"] == "/account/name"]
    Session.update(proved=now() - PEOPLE - timedelta(seconds=2)).execute()
    page = luc.get("/account")
    assert not [form for form in page.all("form") if form["action"] == "/account/name"]
    assert "/prove?next=/account" in page.links and "Luc Perrenoud" in page.text("main")


def test_lists_of_people_leave_the_house_after_a_fresh_proof(app):
    exports = [view for _rule, _method, view in routes(app) if view.limit == limits.EXPORT]
    assert len(exports) == 4 and all(view.fresh == PEOPLE for view in exports)
