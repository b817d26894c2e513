"""What the books say, as sentences: one for each kind of event, in the reader's language.

Values come from the event's facts. Where those were erased, the sentence still
says what happened, to «somebody».
"""
import re
from datetime import UTC, datetime
from typing import Any

import formats
import plugins
from accounts import signin
from i18n import Lazy, _, _l
from models import Event, PersonalEvent
from organisations import details
from organisations.roles import LABELS
from products import words
from rules import fold

_PLACE = re.compile(r"%\(\w+\)s")              # where a fact stands in a sentence

ORGANISATION: dict[str, Lazy] = {
    "organisation.created": _l("%(by)s created the organisation %(name)s"),
    "organisation.details_changed": _l("%(by)s changed the details: %(fields)s"),
    "organisation.logo_changed": _l("%(by)s changed the logo"),
    "organisation.logo_removed": _l("%(by)s removed the logo"),
    "organisation.checklist_hidden": _l("%(by)s hid the list of first steps"),
    "organisation.two_factor_announced": _l("%(by)s announced two-factor authentication for everybody from %(at)s on"),
    "organisation.two_factor_on": _l("%(by)s required two-factor authentication for everybody"),
    "organisation.two_factor_off": _l("%(by)s stopped requiring two-factor authentication"),
    "organisation.sessions_limited": _l("%(by)s changed how long a sign-in lasts"),
    "organisation.provider_added": _l("%(by)s connected the identity provider %(provider)s"),
    "organisation.provider_changed": _l("%(by)s changed the identity provider %(provider)s"),
    "organisation.provider_on": _l("%(by)s switched the identity provider %(provider)s on"),
    "organisation.provider_off": _l("%(by)s switched the identity provider %(provider)s off"),
    "organisation.provider_removed": _l("%(by)s removed the identity provider %(provider)s"),
    "organisation.provider_counted": _l("%(by)s accepted the second factor of %(provider)s here"),
    "organisation.provider_not_counted": _l("%(by)s stopped accepting the second factor of %(provider)s here"),
    "member.invited": _l("%(by)s invited %(person)s as %(role)s"),
    "member.joined": _l("%(person)s joined as %(role)s"),
    "member.left": _l("%(person)s left"),
    "member.removed": _l("%(by)s removed %(person)s"),
    "member.blocked": _l("%(by)s blocked %(person)s: %(reason)s"),
    "member.unblocked": _l("%(by)s unblocked %(person)s"),
    "member.alerted": _l("%(by)s sent a security alert to %(person)s"),
    "member.role_changed": _l("%(by)s changed the role of %(person)s from %(before)s to %(role)s"),
    "member.preferences_changed": _l("%(by)s changed which messages %(person)s gets"),
    "member.locked": _l("The account of %(person)s was locked after wrong passwords"),
    "member.unlocked": _l("%(by)s unlocked the account of %(person)s"),
    "member.disowned": _l("%(person)s reported a sign-in by somebody else"),
    "member.factor_lost": _l("%(person)s asked to get in without a second factor"),
    "member.vouched": _l("%(by)s vouched for %(person)s, who lost a second factor"),
    "member.factor_refused": _l("The request of %(person)s to get in without a second factor was refused"),
    "member.factor_reset": _l("The second factors of %(person)s were removed, as they were lost"),
    "team.created": _l("%(by)s made the team %(team)s"),
    "team.changed": _l("%(by)s changed the team %(team)s"),
    "team.led": _l("%(by)s made %(person)s the leader of the team %(team)s"),
    "team.unled": _l("%(by)s left the team %(team)s without a leader"),
    "team.joined": _l("%(person)s joined the team %(team)s"),
    "team.left": _l("%(person)s left the team %(team)s"),
    "team.deleted": _l("%(by)s deleted the team %(team)s"),
    "access.changed": _l("%(by)s changed the product access of %(person)s"),
    "access.asked": _l("%(person)s asked for access to %(product)s: %(reason)s"),
    "access.granted": _l("%(by)s let %(person)s into %(product)s, who had asked for it"),
    "access.refused": _l("%(by)s refused %(person)s access to %(product)s: %(reason)s"),
    "access.withdrawn": _l("%(person)s no longer asks for access to %(product)s"),
    "product.added": _l("%(by)s added the product %(product)s"),
    "product.changed": _l("%(by)s changed the product %(product)s"),
    "product.tested": _l("%(by)s tested how the application of %(product)s is connected"),
    "product.ended": _l("%(by)s gave up the product %(product)s"),
    "client.created": _l("%(by)s connected an application to %(product)s"),
    "client.changed": _l("%(by)s changed how an application is connected to %(product)s"),
    "client.secret_made": _l("%(by)s made another secret for the application of %(product)s"),
    "client.secret_ended": _l("%(by)s ended a secret of the application of %(product)s"),
    "client.disabled": _l("%(by)s disabled the application of %(product)s"),
    "client.enabled": _l("%(by)s enabled the application of %(product)s again"),
    "gate.secret_made": _l("%(by)s made a secret for the proxy before %(product)s"),
    "gate.secret_ended": _l("%(by)s ended a secret of the proxy before %(product)s"),
    "gate.app_passwords_on": _l("%(by)s let app passwords open %(product)s"),
    "gate.app_passwords_off": _l("%(by)s let app passwords open %(product)s no longer"),
    "client.shared": _l("%(by)s opened an application to the people of several organisations: %(product)s"),
    "product.blocked": _l("%(by)s blocked %(product)s: %(reason)s"),
    "product.unblocked": _l("%(by)s unblocked %(product)s"),
    "product.maintained": _l("%(by)s put %(product)s into maintenance: %(reason)s"),
    "product.access_exported": _l("%(by)s downloaded who can open %(product)s"),
    "product.resumed": _l("%(by)s ended the maintenance of %(product)s"),
    "members.exported": _l("%(by)s downloaded the list of members"),
    "invitation.resent": _l("%(by)s sent the invitation to %(person)s again"),
    "invitation.changed": _l("%(by)s changed the invitation to %(person)s"),
    "invitation.withdrawn": _l("%(by)s withdrew the invitation to %(person)s"),
    "invitation.declined": _l("%(person)s declined the invitation"),
    "invitation.expired": _l("The invitation to %(person)s expired"),
    "invitation.link_copied": _l("%(by)s copied the link of the invitation to %(person)s"),
    "invitation.role_lowered": _l("The invitation to %(person)s was lowered to %(role)s"),
    "activity.exported": _l("%(by)s downloaded the activity log"),
    "member.account_recovery_shown": _l("The operator looked up the recovery address and phone of %(person)s"),
    "member.account_address_asked": _l("The operator was asked to change the address of %(person)s"),
    "member.account_suspended": _l("The account of %(person)s was suspended by the operator"),
    "member.account_unlocked": _l("The account of %(person)s was unlocked by the operator"),
    "member.account_reinstated": _l("The suspension of the account of %(person)s was lifted by the operator"),
}

# What the fields are called that a line of such a kind says were changed; what has no name goes by the standard's.
FIELDS: dict[str, dict[str, Lazy]] = {
    "product.changed": {"label": _l("Name"), "technical_name": _l("Technical name"), "address": _l("Address"),
                        "seats": _l("Seats")},
    "client.changed": {"redirect_uris": _l("Addresses people return to after signing in (redirect URIs)"),
                       "logout_uris": _l("Addresses to lead people to after signing out"),
                       "backchannel_uri": _l("Address for back-channel sign-out")},
}

PERSON: dict[str, Lazy] = {
    "account.created": _l("You created your account"),
    "account.changed": _l("You changed your profile"),
    "account.address_asked": _l("The operator was asked to change your address to %(new)s"),
    "account.recovery_shown": _l("The operator looked up your recovery address and phone"),
    "account.suspended": _l("The operator suspended your account: %(reason)s"),
    "account.reinstated": _l("The operator lifted the suspension of your account"),
    "account.operator_removed": _l("You are no longer an operator"),
    "support_code.made": _l("You created a support code"),
    "support_code.checked": _l("The operator checked your support code"),
    "account.locked": _l("Your account was locked after wrong passwords"),
    "account.unlocked": _l("Your account was unlocked"),
    "alerts.changed": _l("You changed which sign-ins you are told of"),
    "address.change_asked": _l("You asked to change your address to %(new)s"),
    "address.change_cancelled": _l("You cancelled the change of your address"),
    "address.changed": _l("Your address changed from %(old)s to %(new)s"),
    "address.reverted": _l("The change of your address was undone"),
    "password.changed": _l("You changed your password"),
    "password.removed": _l("You removed your password"),
    "password.reset_asked": _l("Somebody asked for a new password"),
    "password.reset_done": _l("You chose a new password by a link"),
    "proof.given": _l("You proved again that it is you"),
    "proof.failed": _l("Somebody signed in as you failed to prove it again"),
    "session.signed_out": _l("You signed out"),
    "session.ended": _l("You ended a session"),
    "session.others_ended": _l("You ended all other sessions"),
    "session.ended_elsewhere": _l("A session ended together with your sign-in there: %(way)s"),
    "recovery.address_asked": _l("You asked to make %(new)s your recovery address"),
    "recovery.address_changed": _l("Your recovery address is now %(new)s"),
    "recovery.address_removed": _l("You removed your recovery address"),
    "recovery.phone_asked": _l("You asked to make %(new)s your recovery phone"),
    "recovery.phone_confirmed": _l("You confirmed your recovery phone %(after)s"),
    "recovery.phone_failed": _l("A wrong code was entered for your recovery phone"),
    "recovery.phone_changed": _l("You changed your recovery phone"),
    "recovery.address_asked_by_phone": _l("Somebody asked at your recovery phone which address you sign in with"),
    "recovery.address_told": _l("Somebody asked at your recovery address which address you sign in with"),
    "recovery.opened": _l("Somebody who knows your password asked to get in without a second factor"),
    "recovery.vouched": _l("%(by)s vouched for you: a day later you get in without a second factor"),
    "recovery.refused": _l("%(by)s refused your request to get in without a second factor"),
    "recovery.link_sent": _l("You were sent the link to get in without a second factor"),
    "recovery.cancelled": _l("The request to get in without a second factor was cancelled"),
    "two_factor.reset": _l("Your second factors were removed, as they were lost"),
    "session.disowned": _l("You said that a sign-in was not yours"),
    "account.cleared": _l("You ended all other sessions, and nothing else opens your account any more"),
    "session.all_ended": _l("You signed out everywhere"),
    "sign_in.done": _l("You signed in"),
    "sign_in.first_step": _l("Your password was entered, and the second factor was asked for"),
    "sign_in.failed": _l("Somebody entered a wrong password for your address"),
    "sign_in.second_step_failed": _l("Somebody entered a wrong code after your password"),
    "two_factor.on": _l("You switched two-factor authentication on"),
    "two_factor.off": _l("You switched two-factor authentication off"),
    "factor.added": _l("You added a second factor: %(factor)s"),
    "factor.removed": _l("You removed a second factor: %(factor)s"),
    "factor.renamed": _l("You renamed a second factor: %(factor)s"),
    "app_password.created": _l("You created the app password %(name)s"),
    "app_password.revoked": _l("You revoked the app password %(name)s"),
    "app_password.all_revoked": _l("All app passwords were revoked"),
    "approval.asked": _l("A sign-in waited for a yes in another browser"),
    "approval.given": _l("You approved a sign-in in another browser"),
    "approval.failed": _l("A wrong number was typed for a sign-in in another browser"),
    "approval.denied": _l("You stopped a sign-in from %(network)s: “This was not me”"),
    "push.on": _l("You chose a browser that notifies you when a sign-in is waiting"),
    "push.off": _l("You stopped a browser from notifying you when a sign-in is waiting"),
    "browser.remembered": _l("You had a browser remembered: the second factor is not asked for in it"),
    "browser.forgotten": _l("You had browsers forgotten: the second factor is asked for again"),
    "browser.dropped": _l("You removed a browser that was known to be yours"),
    "browser.trust_on": _l("You allowed that browsers are remembered"),
    "browser.trust_off": _l("You decided that no browser is remembered"),
    "identity.linked": _l("You linked a way to sign in: %(way)s"),
    "identity.unlinked": _l("You unlinked a way to sign in: %(way)s"),
    "factor.preferred": _l("You chose which second factor is asked for first: %(factor)s"),
    "passkey.possible_clone": _l("A key was refused, as there may be a copy of it: %(label)s"),
    "backup_code.used": _l("A backup code was used; codes left: %(left)s"),
    "backup_codes.renewed": _l("You created new backup codes"),
    "application.let": _l("You let %(application)s sign you in for %(organisation)s"),
    "application.withdrawn": _l("You no longer let %(application)s sign you in for %(organisation)s"),
    "application.reused": _l("A token of %(application)s was used twice, and all of its tokens were ended"),
    "organisation.created": _l("You created the organisation %(organisation)s"),
    "organisation.joined": _l("You joined %(organisation)s"),
    "organisation.left": _l("You left %(organisation)s"),
    "organisation.blocked": _l("You were blocked in %(organisation)s"),
    "organisation.unblocked": _l("You were unblocked in %(organisation)s"),
    "organisation.removed": _l("You were removed from %(organisation)s"),
}

INSTALLATION: dict[str, Lazy] = {
    "sign_in.unknown": _l("Somebody entered an address that has no account"),
    "sign_in.way_failed": _l("Somebody tried to sign in without a password, and could not"),
    "factor.reset": _l("The second factors of somebody were removed"),
    "links.guessed": _l("Somebody tried many links that do not exist"),
    "operator.added": _l("%(person)s was made an operator"),
    "account.address_asked": _l("The address of %(person)s is to be changed to %(new)s"),
    "account.recovery_shown": _l("%(by)s looked up the recovery address and phone of %(person)s"),
    "operator.removed": _l("%(by)s removed %(person)s as an operator"),
    "account.unlocked": _l("%(by)s unlocked the account of %(person)s"),
    "account.suspended": _l("%(by)s suspended the account of %(person)s: %(reason)s"),
    "account.reinstated": _l("%(by)s lifted the suspension of the account of %(person)s"),
    "support_code.checked": _l("%(by)s checked the support code of %(person)s"),
    "client.trusted": _l("%(by)s decided that nobody is asked for consent by the application %(name)s"),
    "client.not_trusted": _l("%(by)s decided that people are asked for consent by the application %(name)s"),
    "signing_key.renewed": _l("A new key for signing in to applications was made"),
    "family.added": _l("%(by)s added the family %(name)s to the catalogue"),
    "family.changed": _l("%(by)s changed the family %(name)s of the catalogue"),
    "category.added": _l("%(by)s added the category %(name)s to the catalogue"),
    "category.changed": _l("%(by)s changed the category %(name)s of the catalogue"),
    "category.retired": _l("%(by)s took the category %(name)s off the catalogue"),
    "category.brought_back": _l("%(by)s put the category %(name)s back into the catalogue"),
}


def of_organisation(event: Event, facts: dict[str, Any] | None) -> str:
    return told(ORGANISATION, event.kind, facts)


def of_person(event: PersonalEvent, facts: dict[str, Any] | None) -> str:
    return told(PERSON, event.kind, facts)


def changes(kind: str, facts: dict[str, Any] | None) -> list[tuple[Any, str]]:
    """What a line of an organisation's book changed: (of what, from what to what), or (given or taken, over what)."""
    known = facts or {}
    if kind == "access.changed":
        return words.told(known.get("given", ()), known.get("taken", ()), known.get("categories", {}))
    if (labels := FIELDS.get(kind)) is None:
        return [(label, f"{before} → {after}") for label, before, after in details.told(known.get("changes", ()))]
    return [(labels.get(field, field), f"{before or '–'} → {after or '–'}")
            for field, before, after in known.get("changes", ())]


def saying(sentences: dict[str, Lazy], word: str) -> list[str]:
    """The kinds whose sentence has this word, in the language being spoken; what stands in for a fact is no word."""
    return [kind for kind, sentence in sentences.items() if word in fold(_PLACE.sub(" ", str(sentence)))]


def told(sentences: dict[str, Lazy], kind: str, facts: dict[str, Any] | None) -> str:
    sentence = sentences.get(kind)
    if sentence is None:
        return kind
    return sentence % _Known(facts or {})


class _Known(dict[str, Any]):
    """The facts in words; what is not known is «somebody» or «…»."""

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if name == "fields" and (changes := self.get("changes")):
            return formats.list_of([str(label) for label, _before, _after in details.told(changes)])
        if name in ("role", "before") and value in set(LABELS):
            return str(LABELS[value])
        if name == "at" and value:
            return formats.day(datetime.fromtimestamp(value, UTC), there=self.get("zone", ""))
        if name == "factor" and value:
            kind = str(plugins.find("accounts.factors", value).label)
            return f"{kind}, {own}" if (own := self.get("label")) and own != kind else kind
        if name == "way" and (way := signin.backends().get(value or "")):
            return str(way.label)
        if name in ("by", "person") and not value:
            return _("somebody") if value is None else _("Kanton itself")
        return str(value) if value not in (None, "") else "…"
