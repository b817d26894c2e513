"""Two long-lived processes that do something at one instant, round after round."""
import multiprocessing
import traceback

import crypto
import db
import demo
from accounts import sessions
from clock import DAY, MINUTE, now
from models import (
    Authorization,
    Block,
    Client,
    Invitation,
    Membership,
    Organisation,
    Product,
    Role,
    Session,
    Team,
    Token,
    User,
)
from oidc import reading, tokens
from oidc.refusals import Refusal
from organisations import blocking, invitations, members, seats, teams
from products import grants
from rules import Conflict, Forbidden, Gone, NotHere, Refused
from settings import setting
from tenancy import working_for

REFUSALS = (Refused, Conflict, Forbidden, NotHere, Gone, Refusal)
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


class Redeeming(Course):
    """An application hands in one code twice; or, of the same answer, one refresh token."""

    def __init__(self, lumen):
        super().__init__(lumen)
        self.round, self.client = 0, reading.client(demo.APP)

    def prepare(self):
        chiara = User.get(User.first_name == "Chiara")
        with db.transaction():
            _session, secret = sessions.begin(chiara, "password", stay=False, device=None)
            self.family = Authorization.create(
                client=self.client.number, product=Client.get().product_id, user=chiara, proofs="password",
                session=Session.get(Session.token_hash == crypto.digest(secret)).id, scopes=["openid"], proved=now(),
                code_hash=crypto.digest(f"code {self.round}"), code_expires=now() + MINUTE, redirect_uri=demo.APP_BACK,
                expires=now() + DAY)
            Token.create(digest=crypto.digest(f"krt_{self.round}"), kind=Token.REFRESH, authorization=self.family,
                         scopes=["openid"], expires=now() + DAY)

    def line_up(self, number):
        form = self.form(self.round)
        self.round += 1
        return lambda: tokens.issue(self.client, form)

    def form(self, number):
        return {"grant_type": "authorization_code", "code": f"code {number}", "redirect_uri": demo.APP_BACK}

    def after(self):
        return Authorization.get_by_id(self.family.id).ended_by


class Refreshing(Redeeming):
    def form(self, number):
        return {"grant_type": "refresh_token", "refresh_token": f"krt_{number}"}


class Seating(Course):
    """One seat is left: one gives it to a team of one, the other to somebody else."""

    def prepare(self):
        mail, grace = Product.get(Product.label == "Messagerie"), User.get(User.first_name == "Grace")
        with demo.acting(self.anne):
            for key in [team.public_id for team in Team.select().where(Team.key == "crew")]:
                teams.delete(key)
            grants.save(grants.of_member(self.of(self.luc).public_id), "e-mail", [])
            teams.join(teams.create("Crew", "blue").public_id, [self.of(grace).public_id])
        with db.transaction():
            Product.update(seats=4).where(Product.id == mail.id).execute()

    def line_up(self, number):
        box = Product.get(Product.label == "Messagerie").public_id, "use"
        whose = (grants.of_team(Team.get(Team.key == "crew").public_id) if number == 0
                 else grants.of_member(self.of(self.luc).public_id))

        def act():
            with demo.acting(self.anne if number == 0 else self.mara):
                grants.save(whose, "e-mail", [box])
        return act

    def after(self):
        return seats.taken(Product.get(Product.label == "Messagerie"))


KINDS = {"redeeming": Redeeming, "refreshing": Refreshing, "seating": Seating,
         "demoting": Demoting, "blocking": Blocking, "removing": Removing, "accepting": Accepting}
