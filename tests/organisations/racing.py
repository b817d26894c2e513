"""Two long-lived processes that do something at one instant, round after round."""
import multiprocessing
import traceback

import db
import demo
from models import Block, Invitation, Membership, Organisation, Role, User
from organisations import blocking, invitations, members
from rules import Conflict, Forbidden, Gone, NotHere, Refused
from settings import setting
from tenancy import working_for

REFUSALS = (Refused, Conflict, Forbidden, NotHere, Gone)
PATIENCE = 30                                   # seconds at a barrier, before a round is called stuck


def race(kind, rounds, settings):
    """What happened in each round: (outcome of the one, outcome of the other, what is there afterwards)."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    runners = [context.Process(target=_run, args=(kind, number, rounds, settings, barrier, results))
               for number in (0, 1)]
    for runner in runners:
        runner.start()
    told = dict(results.get(timeout=PATIENCE * 2) for _ in runners)
    for runner in runners:
        runner.join(PATIENCE)
    for outcome in told.values():
        assert isinstance(outcome, list), outcome
    return [(one, other, after) for (one, after), (other, _after) in zip(told[0], told[1], strict=True)]


def _run(kind, number, rounds, settings, barrier, results):
    try:
        with setting.changed(**settings):
            db.connect_to(setting.database)
            db.database.connect()
            with working_for(Organisation.get(Organisation.slug == "lumen")) as lumen:
                results.put((number, list(_rounds(KINDS[kind](lumen), number, rounds, barrier))))
            db.database.close()
    except BaseException:
        barrier.abort()
        results.put((number, traceback.format_exc()))


def _rounds(course, number, rounds, barrier):
    for _ in range(rounds):
        if number == 0:
            course.prepare()
        barrier.wait(PATIENCE)
        act = course.line_up(number)
        barrier.wait(PATIENCE)
        try:
            act()
            outcome = "done"
        except REFUSALS as error:
            outcome = type(error).__name__
        barrier.wait(PATIENCE)
        yield outcome, course.after() if number == 0 else None


class Course:
    """`prepare` by the first, `line_up` by both, `after` by the first."""

    def __init__(self, lumen):
        self.lumen = lumen
        self.anne, self.mara, self.luc = (User.get(User.first_name == name) for name in ("Anne-Sophie", "Mara", "Luc"))

    def of(self, person):
        return Membership.get(Membership.user == person.id, Membership.ended.is_null())


class Demoting(Course):
    """Two legal representatives, each of whom takes the role from the other."""

    def prepare(self):
        with db.transaction():
            Membership.update(role=Role.LEGAL).where(Membership.user.in_((self.anne.id, self.mara.id))).execute()

    def line_up(self, number):
        me, other = (self.anne, self.mara) if number == 0 else (self.mara, self.anne)
        id = self.of(other).public_id

        def act():
            with demo.acting(me):
                members.change_role(id, Role.ADMIN)
        return act

    def after(self):
        return Membership.legal_representatives().count()


class Blocking(Demoting):
    """Two legal representatives, each of whom blocks the other."""

    def prepare(self):
        super().prepare()
        with db.transaction():
            Membership.update(status=Membership.ACTIVE).execute()
            Block.update(lifted=Block.at, lifted_by=self.anne.id).execute()

    def line_up(self, number):
        me, other = (self.anne, self.mara) if number == 0 else (self.mara, self.anne)
        id = self.of(other).public_id

        def act():
            with demo.acting(me):
                blocking.block(id, "Mutual.")
        return act


class Removing(Course):
    """One removes a member whose role another one changes."""

    def prepare(self):
        with db.transaction():
            if members.present(self.luc.id) is None:
                members.add(self.luc, Role.COLLABORATOR)

    def line_up(self, number):
        id = self.of(self.luc).public_id

        def act():
            with demo.acting(self.anne if number == 0 else self.mara):
                members.remove(id) if number == 0 else members.change_role(id, Role.EXTERNAL)
        return act

    def after(self):
        present = [member.role for member in Membership.present()]
        kept = Organisation.get_by_id(self.lumen.id)
        return (self.luc.id in [member.user_id for member in Membership.present()],
                (kept.members, kept.externals) == (len(present) - present.count("external"), present.count("external")))


class Accepting(Course):
    """A person answers one invitation in two windows."""

    def prepare(self):
        with demo.acting(self.anne):
            if member := members.present(self.luc.id):
                members.remove(member.public_id)
            invitations.invite(self.luc.email, Role.COLLABORATOR)

    def line_up(self, number):
        token = invitations.pending(self.luc.email).copied_token

        def act():
            with demo.acting(self.luc):
                invitations.accept(token)
        return act

    def after(self):
        return (Membership.present().where(Membership.user == self.luc.id).count(),
                Organisation.get_by_id(self.lumen.id).invitations,
                Invitation.select().where(Invitation.state == Invitation.PENDING).count())


KINDS = {"demoting": Demoting, "blocking": Blocking, "removing": Removing, "accepting": Accepting}
