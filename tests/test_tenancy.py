"""Whatever the shape of a query, it shows and changes the rows of the organisation at work only (TN-06, TN-16)."""
import math

import pytest
from peewee import JOIN, SQL, IntegrityError, Select, fn, prefetch

import crypto
import tenancy
from clock import now
from db import database, locked, transaction
from demo import acting
from models import OWNED, TABLES, Event, Invitation, Membership, Organisation, Picture, Role, User
from organisations import invitations
from organisations.directory import Filter, how_many, some
from organisations.switching import places
from questions import question, slot
from tenancy import NoTenant, WrongTenant, across_organisations, working_for


@pytest.fixture
def ours(cast):
    return cast.organisations["lumen"]


@pytest.fixture
def theirs(cast):
    """The neighbour has an invitation of its own, to somebody who belongs to us as well."""
    organisation = cast.organisations["bergquell"]
    with working_for(organisation), acting(cast.people["mara"]):
        invitations.invite("luc@lumen.example", Role.EXTERNAL)
    return organisation


def owners(rows):
    """Of which organisations there are rows. A row is a model, a dict or a number."""
    return {getattr(row, "organisation_id", None) or (row["organisation"] if isinstance(row, dict) else row)
            for row in rows}


M, U, I = Membership, User, Invitation  # noqa: E741
OTHER = Membership.alias("other")


def common_table():
    inside = M.select(M.organisation, M.user).cte("inside", columns=("organisation", "user_id"))
    return User.select(inside.c.organisation).join(inside, on=(inside.c.user_id == User.id)).with_cte(inside)


READS = {
    "select": lambda: M.select(),
    "some columns": lambda: M.select(M.organisation).dicts(),
    "where": lambda: M.select().where(M.role == Role.LEGAL),
    "an or": lambda: M.select().where((M.role == Role.LEGAL) | (M.id > 0)),
    "a table of everybody joined to ours": lambda: U.select(M.organisation).join(M).dicts(),
    "ours joined to a table of everybody": lambda: M.select(M, U).join(U),
    "left join": lambda: [row for row in U.select(M.organisation).join(M, JOIN.LEFT_OUTER).dicts()
                          if row["organisation"]],
    "two of ours joined": lambda: M.select(M).join(Event, on=(Event.subject == M.public_id)),
    "backref": lambda: [row for person in U.select() for row in person.memberships],
    "the organisation's own backref": lambda: [row for each in Organisation.select() for row in each.membership_set],
    "alias": lambda: OTHER.select(),
    "alias joined": lambda: U.select(OTHER.organisation).join(OTHER, on=(OTHER.user == U.id)).dicts(),
    "joined to itself": lambda: M.select(OTHER.organisation).join(OTHER, on=(OTHER.user == M.user)).dicts(),
    "subquery in where": lambda: M.select().where(M.user.in_(M.select(M.user))),
    "subquery as a column": lambda: Organisation.select(
        M.select(fn.MAX(M.organisation)).alias("organisation")).dicts(),
    "exists": lambda: M.select().where(fn.EXISTS(I.select(SQL("1")).where(I.inviter == M.user))),
    "union": lambda: M.select(M.organisation).union_all(I.select(I.organisation)).dicts(),
    "common table": lambda: common_table().dicts(),
    "derived table": lambda: [number for (number,) in Select(
        [M.select(M.organisation).alias("inner")], [SQL("organisation_id")]).bind(database).tuples()],
    "grouped": lambda: M.select(M.organisation, fn.COUNT(M.id)).group_by(M.organisation).dicts(),
    "prefetch": lambda: [row for person in prefetch(U.select(), M.select()) for row in person.memberships],
    "order and limit": lambda: M.select().order_by(M.id.desc()).limit(3),
    "distinct": lambda: M.select(M.organisation).distinct().dicts(),
    "objects": lambda: M.select(M, U.first_name).join(U).objects(),
    "locked": lambda: locked(M.select()),
}


def test_tn_06_no_shape_of_a_query_shows_a_neighbours_row(cast, ours, theirs):
    assert len(READS) >= 25
    wrong = {}
    with working_for(ours), transaction():
        for name, read in READS.items():
            if (found := owners(read())) != {ours.id}:
                wrong[name] = found
    assert not wrong


def test_tn_06_counting_counts_ours(cast, ours, theirs):
    with across_organisations("to compare"):
        mine = Membership.select().where(Membership.organisation == ours.id).count()
        everybody = Membership.select().count()
    with working_for(ours):
        assert mine < everybody
        assert Membership.select().count() == mine
        assert Membership.select(fn.COUNT(Membership.id)).scalar() == mine
        assert Membership.select().join(User).count() == mine
        assert not Invitation.select().where(Invitation.state == Invitation.PENDING).exists()
        assert how_many(Filter()) == len(some(Filter(), "name", 100)) == mine


def test_tn_03_a_neighbours_row_cannot_be_fetched_by_its_key(ours, theirs):
    with working_for(theirs):
        row = Membership.select().first()
    with working_for(ours):
        assert Membership.get_or_none(Membership.id == row.id) is None
        assert Membership.get_or_none(Membership.public_id == row.public_id) is None
        with pytest.raises(Membership.DoesNotExist):
            Membership.get_by_id(row.id)
        with pytest.raises(Membership.DoesNotExist):
            _ = Invitation(membership=row.id).membership


CHANGES = {
    "update": lambda row: Membership.update(accounting=True).execute(),
    "update by key": lambda row: Membership.update(accounting=True).where(Membership.id == row.id).execute(),
    "update with a subquery": lambda row: Membership.update(accounting=True).where(
        Membership.user.in_(Membership.select(Membership.user))).execute(),
    "update returning": lambda row: list(Membership.update(accounting=True).returning(Membership).execute()),
    "save": lambda row: setattr(row, "accounting", True) or row.save(),
    "delete": lambda row: Invitation.delete().execute(),
    "delete others": lambda row: Invitation.delete().where(Invitation.id > 0).execute(),
    "delete an instance": lambda row: row.delete_instance(),
}


def test_tn_02_no_shape_of_a_change_reaches_a_neighbours_row(ours, theirs):
    def picture():
        with working_for(theirs):
            return [list(table.select().order_by(table.id).tuples()) for table in OWNED]
    with working_for(theirs):
        row = Membership.select().first()
    before = picture()
    for name, change in CHANGES.items():
        with working_for(ours), transaction():
            change(row)
        assert picture() == before, name


INSERTS = {
    "create": lambda theirs: picture_of(theirs).save(force_insert=True),
    "insert": lambda theirs: Picture.insert(organisation=theirs.id, **DRAWING).execute(),
    "insert with an object": lambda theirs: Picture.insert(organisation=theirs, **DRAWING).execute(),
    "insert many": lambda theirs: Picture.insert_many([{"organisation": theirs, **DRAWING}]).execute(),
    "insert tuples": lambda theirs: Picture.insert_many(
        [(theirs.id, *DRAWING.values())], [Picture.organisation, *(getattr(Picture, name) for name in DRAWING)]
    ).execute(),
    "move by update": lambda theirs: Membership.update(organisation=theirs).execute(),
    "move by update with fields": lambda theirs: Membership.update({Membership.organisation: theirs.id}).execute(),
    "move by saving": lambda theirs: moved_to(theirs).save(),
}
DRAWING = {"digest": "d", "kind": "image/png", "width": 1, "height": 1, "content": b"x"}


def picture_of(organisation):
    return Picture(organisation=organisation, **DRAWING)


def moved_to(organisation):
    mine = Membership.select().first()
    mine.organisation = organisation
    return mine


def test_tn_05_nothing_is_written_into_a_neighbour(ours, theirs):
    for name, insert in INSERTS.items():
        with working_for(ours), pytest.raises(WrongTenant), transaction():
            insert(theirs)
            pytest.fail(name)


def test_a_new_row_is_ours_by_default(ours):
    with working_for(ours):
        assert Picture.create(**DRAWING).organisation_id == ours.id
        assert Picture.get_or_create(digest="d", defaults=DRAWING)[1] is False
        Picture.insert_many([{**DRAWING, "digest": "e"}]).execute()
        Picture.insert(digest="d", kind="k", width=1, height=1, content=b"").on_conflict(
            conflict_target=[Picture.organisation, Picture.digest], update={Picture.width: 9}).execute()
        assert owners(Picture.select()) == {ours.id}
        assert {row.digest: row.width for row in Picture.select()} == {"d": 9, "e": 1}


def test_with_no_organisation_at_work_nothing_is_there(cast):
    for attempt in (
            lambda: list(Membership.select()), lambda: list(User.select().join(Membership)),
            lambda: Membership.update(accounting=True).execute(), lambda: Membership.delete().execute(),
            lambda: Picture.create(**DRAWING), lambda: some(Filter(), "name", 5)):
        with pytest.raises(NoTenant):
            attempt()


def test_a_row_of_ours_cannot_point_at_one_of_theirs(cast, ours, theirs):
    with working_for(theirs):
        row = Membership.select().first()
    with working_for(ours), pytest.raises(IntegrityError), transaction():
        Invitation.create(email="x@y.example", email_typed="x@y.example", role=Role.EXTERNAL, language="en",
                          inviter=cast.people["anne"], expires=now(), membership=row.id)


# --- text that is kept -------------------------------------------------------------------------


def test_kept_text_is_bound_anew_for_each_organisation(ours, theirs):
    """A, B, A: the text of the first is used for the second (decision 1)."""
    def here(organisation):
        with working_for(organisation):
            return {person.public_id for person in some(Filter(), "name", 100)}
    first, second, again = here(ours), here(theirs), here(ours)
    assert first == again and len(first) == 6
    assert len(second) == 1 and not first & second


def test_kept_text_holds_no_organisation(ours):
    @question
    def named(shape):
        return Membership.select(Membership.id, Membership.organisation).where(Membership.sort_name > slot("after"))
    ask = named("x")
    with pytest.raises(NoTenant):
        ask(after="")
    with working_for(ours):
        assert owners(row[1] for row in ask(after="")) == {ours.id}


# --- the second wall ---------------------------------------------------------------------------


@pytest.fixture
def postgresql_only():
    """Row-level security is PostgreSQL's: see `pytest_collection_modifyitems`."""


def test_tn_16_with_our_boundary_lifted_the_database_still_shows_ours_only(ours, theirs, postgresql_only, monkeypatch):
    monkeypatch.setattr(tenancy, "_unbounded", lambda: True)
    with working_for(ours):
        assert "WHERE" not in Membership.select().sql()[0]
        for table in OWNED:
            assert owners(table.select()) <= {ours.id}
        assert Membership.update(accounting=True).execute() == 6
        with pytest.raises(Exception, match="row-level security"), transaction():
            Picture.insert(organisation=theirs.id, **DRAWING).execute()


def test_tn_16_constant_sql_without_an_organisation_shows_nothing(ours, theirs, postgresql_only):
    for table in OWNED:
        name = table._meta.table_name
        assert database.execute_sql(f'SELECT count(*) FROM "{name}"').fetchone() == (0,), name


def test_tn_16_the_application_is_a_role_that_owns_nothing(cast, postgresql_only):
    owns, rules = database.execute_sql(
        "SELECT (SELECT count(*) FROM pg_class WHERE relowner = r.oid), r.rolsuper OR r.rolbypassrls "
        "FROM pg_roles AS r WHERE rolname = current_user").fetchone()
    assert (owns, rules) == (0, False)


def test_a_person_sees_their_own_places_only(cast):
    assert [place.slug for place in places(cast.people["mara"].id)] == ["lumen", "bergquell"]
    assert [place.slug for place in places(cast.people["grace"].id)] == ["lumen"]


def test_tn_12_in_12_what_the_outside_calls_things_is_random(cast, ours):
    names = {crypto.public_id() for _ in range(10_000)}
    assert len(names) == 10_000 and {len(name) for name in names} == {16}
    assert math.log2(len(crypto.CROCKFORD)) * 16 >= 80
    assert all(table.public_id.unique for table in TABLES if hasattr(table, "public_id"))
    with working_for(ours), acting(cast.people["anne"]):
        first = invitations.invite("a@random.example", Role.EXTERNAL)
        second = invitations.resend(first.public_id)
    signatures = {each.copied_token.partition(".")[2] for each in (first, second)}
    assert len(signatures) == 2 and all(len(each) * 6 >= 128 for each in signatures)
