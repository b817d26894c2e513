"""The people of an organisation: the list of them, and one of them."""
from collections.abc import Callable
from typing import Any

from flask import Response, g, request, url_for

import formats
import limits
import paging
import sheets
import web
from accounts import lost_factor
from accounts.sessions import CREDENTIALS, PEOPLE
from forms import Choice, Form, NothingForm, Text, Tick, required
from i18n import _, _l, ngettext
from models import Membership, Role, User
from organisations import blocking, directory, members, roles
from organisations import unlocking as locks
from organisations import vouching as vouchers
from organisations.directory import Filter, Person
from organisations.members import others_legal
from organisations.roles import LABELS, Right
from pages import page, tone
from rules import Conflict, Forbidden, NotHere, Refused
from web import OrganisationBlueprint, done

blueprint = OrganisationBlueprint("members", __name__)

SORT = "name"


@blueprint.page("/members", needs=Right.SEE_MEMBERS)
def show() -> Response:
    """Everybody present, searched and filtered by the address."""
    if elsewhere := web.tidy(sort=SORT):
        return elsewhere
    who, sort = Filter.of(request.args), sort_of(request.args.get("sort", ""))
    cut = people(who, sort)
    return page("organisations/members.html", cut=cut, lines=[line(each) for each in cut.rows], who=who, sorted=sort,
                labels=LABELS, states=directory.STATES, total=total(who, cut), most=directory.COUNTED,
                crumbs=((_("People"), None), (_("Members"), None)))


@blueprint.page("/members.csv", needs=Right.SEE_MEMBERS, limit=limits.EXPORT)
def export() -> Response:
    """What the list shows, as a file."""
    found = directory.export(Filter.of(request.args))
    head = [_("First name"), _("Last name"), _("E-mail address"), _("Role"), _("Accounting"), _("Status"),
            _("Two-factor authentication"), _("Joined"), _("Last seen")]
    return sheets.sheet(f"{g.here.slug}-members", head, (
        [each.first_name, each.last_name, each.email, LABELS[each.role], yes(each.accounts),
         directory.STATES[each.status], yes(each.two_factor), each.since.isoformat(), each.seen.isoformat()]
        for each in found))


@blueprint.page("/members/<id>", needs=Right.SEE_MEMBERS)
def look(id: str) -> Response:
    """One of them: what one is here, and what one is written about."""
    return member_page(one(id))


def member_page(member: Membership, status: int = 200, why: Any = "") -> Response:
    return page("organisations/member.html", status, member=member, labels=LABELS, why=why,
                mine=member.user_id == g.me.user_id, changeable=changeable(member),
                blocked=blocking.standing_block(member), crumbs=crumbs_of(member),
                vouch=g.may(Right.VOUCH) and member.two_factor and lost_factor.waiting(member.user_id))


# --- role --------------------------------------------------------------------------------------


class RoleForm(Form):
    role = Choice(_l("Role"), choices=[(role.value, label) for role, label in LABELS.items()])
    accounting = Tick(_l("May see and pay invoices"))


@blueprint.page("/members/<id>/role", needs=Right.CHANGE_ROLES, fresh=PEOPLE)
def role(id: str) -> Response:
    member = one(id)
    return role_page(member, RoleForm(role=member.role, accounting=member.accounting))


@blueprint.action("/members/<id>/role", needs=Right.CHANGE_ROLES, fresh=PEOPLE)
def change_role(id: str) -> Response:
    member, form = one(id), RoleForm()
    if form.submit_to(lambda role, accounting: members.change_role(id, role, accounting=accounting)):
        if member.user_id == g.me.user_id:
            return done(_("Your role has been changed."), "overview.show")
        return done(_("The role of %(name)s has been changed.", name=member.user.name), ".look", id=id)
    return role_page(member, form, 422)


def role_page(member: Membership, form: RoleForm, status: int = 200) -> Response:
    if not changeable(member):
        raise Forbidden(Right.TAKE_LEGAL)
    return page("organisations/member_role.html", status, member=member, form=form, crumbs=crumbs_of(member),
                roles=roles.choices(g.here.standing), stays=member.role == Role.LEGAL and not others_legal(member))


# --- preferences -------------------------------------------------------------------------------


class PreferencesForm(Form):
    accounting = Tick(_l("May see and pay invoices"))
    pref_billing = Tick(_l("Gets reminders about billing"))
    pref_product_events = Tick(_l("Is told about products and new members"))


class OwnPreferencesForm(Form):
    pref_billing = Tick(_l("Send me reminders about billing"))
    pref_product_events = Tick(_l("Tell me about products and new members"))


@blueprint.page("/members/<id>/preferences", needs=Right.SET_PREFERENCES, fresh=PEOPLE)
def preferences(id: str) -> Response:
    member = one(id)
    return preferences_page(member, PreferencesForm(**preferences_of(member), accounting=member.accounting))


@blueprint.action("/members/<id>/preferences", needs=Right.SET_PREFERENCES, fresh=PEOPLE)
def set_preferences(id: str) -> Response:
    member, form = one(id), PreferencesForm()
    if form.submit_to(lambda **chosen: members.set_preferences(id, **chosen)):
        return done(_("Saved."), ".look", id=id)
    return preferences_page(member, form, 422)


def preferences_page(member: Membership, form: Form, status: int = 200) -> Response:
    return page("organisations/member_preferences.html", status, member=member, form=form, crumbs=crumbs_of(member))


@blueprint.page("/preferences", needs=Right.OWN_PREFERENCES)
def own_preferences() -> Response:
    return own_preferences_page(OwnPreferencesForm(**preferences_of(roles.mine())))


@blueprint.action("/preferences", needs=Right.OWN_PREFERENCES)
def set_own_preferences() -> Response:
    form = OwnPreferencesForm()
    if form.submit_to(members.set_own_preferences):
        return done(_("Saved."), ".own_preferences")
    return own_preferences_page(form, 422)


def own_preferences_page(form: Form, status: int = 200) -> Response:
    return page("organisations/own_preferences.html", status, form=form, role=g.here.role,
                crumbs=((g.here.name, url_for("overview.show")), (_("What I am written about"), None)))


def preferences_of(member: Any) -> dict[str, bool]:
    return {"pref_billing": member.pref_billing, "pref_product_events": member.pref_product_events}


# --- removing, leaving -------------------------------------------------------------------------


class SureForm(Form):
    sure = Tick(_l("I understand that this takes effect at once"), [required(_l("Tick this box to go on."))])


@blueprint.page("/members/<id>/remove", needs=Right.REMOVE_MEMBERS, fresh=PEOPLE)
def removal(id: str) -> Response:
    return removal_page(one(id), SureForm())


@blueprint.action("/members/<id>/remove", needs=Right.REMOVE_MEMBERS, fresh=PEOPLE)
def remove(id: str) -> Response:
    member, form = one(id), SureForm()
    if form.submit_to(lambda sure: members.remove(id)):
        return done(_("%(name)s is no longer a member.", name=member.user.name), ".show")
    return removal_page(member, form, 422)


def removal_page(member: Membership, form: SureForm, status: int = 200) -> Response:
    if not changeable(member):
        raise Forbidden(Right.TAKE_LEGAL)
    return page("organisations/member_removal.html", status, member=member, form=form, crumbs=crumbs_of(member))


@blueprint.page("/leave", needs=Right.LEAVE, fresh=PEOPLE, before_wall={Role.EXTERNAL})
def leaving() -> Response:
    return leaving_page(SureForm())


@blueprint.action("/leave", needs=Right.LEAVE, fresh=PEOPLE, before_wall={Role.EXTERNAL})
def leave() -> Response:
    form = SureForm()
    try:
        if form.submit_to(lambda sure: members.leave()):
            return done(_("You have left %(organisation)s.", organisation=g.here.name), "my_organisations.show")
    except Conflict:
        return leaving_page(form, 409)
    return leaving_page(form, 422)


def leaving_page(form: SureForm, status: int = 200) -> Response:
    me = roles.mine()
    stays = g.here.role == Role.LEGAL and me is not None and not others_legal(me)
    return page("organisations/leaving.html", status, form=form, why=members.LAST_LEGAL if stays else "",
                crumbs=((g.here.name, url_for("overview.show")), (_("Leave the organisation"), None)))


# --- blocking ----------------------------------------------------------------------------------


class BlockForm(Form):
    reason = Text(_l("Reason"), [required()])


@blueprint.page("/members/<id>/block", needs=Right.BLOCK_MEMBERS, fresh=PEOPLE)
def blocking_form(id: str) -> Response:
    return blocking_page(one(id), BlockForm())


@blueprint.action("/members/<id>/block", needs=Right.BLOCK_MEMBERS, fresh=PEOPLE)
def block(id: str) -> Response:
    member, form = one(id), BlockForm()
    if form.submit_to(lambda reason: blocking.block(id, reason)):
        return done(_("%(name)s is blocked.", name=member.user.name), ".look", id=id)
    return blocking_page(member, form, 422)


def blocking_page(member: Membership, form: BlockForm, status: int = 200) -> Response:
    if not changeable(member):
        raise Forbidden(Right.TAKE_LEGAL)
    return page("organisations/member_block.html", status, member=member, form=form, longest=blocking.LONGEST_REASON,
                crumbs=crumbs_of(member))


@blueprint.page("/members/<id>/unblock", needs=Right.BLOCK_MEMBERS, fresh=PEOPLE)
def unblocking_form(id: str) -> Response:
    return unblocking_page(one(id), NothingForm())


@blueprint.action("/members/<id>/unblock", needs=Right.BLOCK_MEMBERS, fresh=PEOPLE)
def unblock(id: str) -> Response:
    member, form = one(id), NothingForm()
    if form.submit_to(lambda: blocking.unblock(id)):
        return done(_("%(name)s is no longer blocked.", name=member.user.name), ".look", id=id)
    return unblocking_page(member, form, 422)


def unblocking_page(member: Membership, form: NothingForm, status: int = 200) -> Response:
    if not changeable(member):
        raise Forbidden(Right.TAKE_LEGAL)
    return page("organisations/member_unblock.html", status, member=member, form=form, crumbs=crumbs_of(member))


# --- security alert ----------------------------------------------------------------------------


@blueprint.page("/members/<id>/alert", needs=Right.ALERT_MEMBERS)
def alerting(id: str) -> Response:
    member = one(id)
    return page("organisations/member_alert.html", member=member, crumbs=crumbs_of(member))


@blueprint.action("/members/<id>/alert", needs=Right.ALERT_MEMBERS)
def alert(id: str) -> Response:
    try:
        member = members.alert(id)
    except Conflict as conflict:
        return member_page(one(id), 409, conflict.why)
    return done(_("The security alert to %(name)s is on its way.", name=member.user.name), ".look", id=id)


# --- a locked account --------------------------------------------------------------------------


@blueprint.page("/members/<id>/unlock", needs=Right.UNLOCK, fresh=PEOPLE)
def unlocking(id: str) -> Response:
    member = one(id)
    return page("organisations/member_unlock.html", member=member, crumbs=crumbs_of(member))


@blueprint.action("/members/<id>/unlock", needs=Right.UNLOCK, fresh=PEOPLE)
def unlock(id: str) -> Response:
    try:
        member = locks.unlock(id)
    except Conflict as conflict:
        return member_page(one(id), 409, conflict.why)
    return done(_("The account of %(name)s is open again.", name=member.user.name), ".look", id=id)


# --- a lost factor -----------------------------------------------------------------------------


@blueprint.page("/members/<id>/vouch", needs=Right.VOUCH, fresh=CREDENTIALS)
def vouching(id: str) -> Response:
    member = vouchers.asking(id)
    if member.user_id == g.me.user_id:
        raise NotHere
    return page("organisations/member_vouch.html", member=member, crumbs=crumbs_of(member))


@blueprint.action("/members/<id>/vouch", needs=Right.VOUCH, fresh=CREDENTIALS)
def vouch(id: str) -> Response:
    try:
        member = vouchers.vouch(id)
    except Conflict as conflict:
        return member_page(one(id), 409, conflict.why)
    return done(_("You have vouched for %(name)s.", name=member.user.name), ".look", id=id)


# --- several at once ---------------------------------------------------------------------------


class BulkForm(Form):
    do = Choice("", choices=[(name, name) for name in ("alert", "role", "remove")])
    m = Text("")                                # the ids, one after the other
    role = Choice(_l("Role"), choices=[("", ""), *((role.value, label) for role, label in LABELS.items())], default="")
    sure = Tick(_l("I understand that this takes effect at once"))


@blueprint.page("/members/bulk", needs=Right.SEE_MEMBERS, fresh=PEOPLE)
def bulk() -> Response:
    """Whom it concerns, by name, and what will happen. `all`: everybody the filter finds, not only those ticked."""
    do = request.args.get("do", "")
    if do not in DONE:
        raise NotHere
    if request.args.get("all"):
        found = directory.some(Filter.of(request.args), SORT, members.MOST + 1)
    else:
        found = directory.named(request.args.getlist("m")[:members.MOST])
    return bulk_page(BulkForm(do=do, m=" ".join(each.public_id for each in found)), found)


@blueprint.action("/members/bulk", needs=Right.SEE_MEMBERS, fresh=PEOPLE)
def do_bulk() -> Response:
    form = BulkForm()
    found = directory.named((form.m.data or "").split()[:members.MOST])
    if not form.submit_to(lambda **chosen: members.each([each.public_id for each in found], verb_of(**chosen))):
        return bulk_page(form, found, 422)
    refused = form.result
    if refused:
        return page("organisations/bulk_report.html", 422, do=form.do.data, refused=refused, failed=True,
                    done=[each for each in found if each.public_id not in refused],
                    not_done=[each for each in found if each.public_id in refused])
    return done(DONE[form.do.data](len(found)), ".show")


def verb_of(do: str, m: str, role: str, sure: bool) -> Callable[[str], Any]:
    """What is done with each; Refused when something for it is missing."""
    if do == "role" and not role:
        raise Refused(_l("Choose a role."), "role")
    if do == "remove" and not sure:
        raise Refused(_l("Tick this box to go on."), "sure")
    return {"alert": members.alert, "remove": members.remove,
            "role": lambda id: members.change_role(id, role)}[do]


def bulk_page(form: BulkForm, found: list[Person], status: int = 200) -> Response:
    return page("organisations/bulk.html", status, form=form, do=form.do.data, people=found[:members.MOST],
                too_many=len(found) > members.MOST, most=members.MOST, labels=LABELS,
                roles=roles.choices(g.here.standing), crumbs=((_("Members"), url_for(".show")), (_("Several"), None)))


DONE: dict[str, Callable[[int], str]] = {
    "alert": lambda n: ngettext("The security alert is on its way.", "%(num)s security alerts are on their way.", n),
    "role": lambda n: ngettext("The role has been changed.", "The roles of %(num)s people have been changed.", n),
    "remove": lambda n: ngettext("One person is no longer a member.", "%(num)s people are no longer members.", n),
}


# --- what the views share ----------------------------------------------------------------------


def one(id: str) -> Membership:
    member = (Membership.select(Membership, User).join(User)
              .where(Membership.public_id == id, Membership.ended.is_null()).first())
    if member is None:
        raise NotHere
    return member  # type: ignore[no-any-return]


def changeable(member: Membership) -> bool:
    """Only a legal representative changes or removes one."""
    return member.role != Role.LEGAL or bool(g.may(Right.TAKE_LEGAL))


def crumbs_of(member: Membership) -> tuple[tuple[str, str | None], ...]:
    return (_("Members"), url_for(".show")), (member.user.name, None)


def people(who: Filter, sort: str) -> paging.Slice:
    """The page of the list that the request asks for."""
    name, key = f"members.{sort}", directory.SORTS[sort.lstrip("-")].name
    spot = paging.spot(name, 2)
    found = directory.some(who, sort, paging.EACH + 1, backwards=spot.backwards, edge=spot.edge)
    return paging.sliced(found, spot, [key, "id"], name)


def line(person: Person) -> tuple[Any, ...]:
    """A person as the list shows them: said here once, so that the template has nothing to look up."""
    state = "blocked" if person.status == Membership.BLOCKED else "on" if person.two_factor else "off"
    return (person.public_id, person.name, person.initials, tone(person.person_id), person.email, person.role,
            state, formats.ago(person.seen), formats.day(person.since), person.user_id == g.me.user_id)


def total(who: Filter, cut: paging.Slice) -> int:
    """How many there are: from the page itself, from what the organisation keeps, or counted."""
    if cut.start == 1 and not cut.after:
        return len(cut.rows)
    kept = {(): g.here.people, (("role", "external"),): g.here.externals, (("two_factor", "off"),): g.here.unprotected}
    return kept.get(tuple(who.asked.items())) or directory.how_many(who)


def sort_of(text: str) -> str:
    return text if text.removeprefix("-") in directory.SORTS else SORT


def yes(value: Any) -> str:
    return _("Yes") if value else _("No")
