"""How many questions a page asks the database: few, and as many for long lists as for short ones (decision 30)."""
import pytest

import db
from accounts import signup
from demo import acting
from models import Membership, Role, Team, User
from organisations import invitations, members
from rules import address
from tenancy import working_for
from tests.doors import Visitor

MOST = 4
OVERVIEW = "/o/lumen/"
LISTS = ("/o/lumen/members", "/o/lumen/members?q=e&role=collaborator&sort=-seen", "/o/lumen/members?last",
         "/o/lumen/members?two_factor=off", "/o/lumen/members?q=e&team=0",
         "/o/lumen/teams", "/o/lumen/invitations", "/o/lumen/activity")


@pytest.fixture
def asked(count):
    """What a page asks when it is opened once more: the first time also remembers that one was there."""
    def ask(visitor, path):
        visitor.get(path)
        count.clear()
        answer = visitor.get(path)
        return answer.status_code, list(count)
    return ask


def test_every_page_inside_an_organisation_asks_little(app, cast, asked):
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        ids = {"members": Membership.get(Membership.user == cast.people["luc"].id).public_id,
               "invitations": invitations.invite("nea@lumen.example", Role.EXTERNAL).public_id,
               "teams": Team.get(Team.key == "festival").public_id}
    visitor, looked_at, many = Visitor(app, cast.people["anne"]), 0, {}
    for rule in app.url_map.iter_rules():
        kind = rule.rule.removeprefix("/o/<organisation>/").partition("/")[0]
        if "GET" not in rule.methods or "organisation" not in rule.arguments or rule.rule.endswith(".csv") or (
                rule.arguments - {"organisation", "id"}):
            continue
        path = rule.rule.replace("<organisation>", "lumen").replace("<id>", ids.get(kind, ""))
        status, statements = asked(visitor, path + ("?do=alert&all=yes" if path.endswith("/bulk") else ""))
        looked_at += status == 200
        # A link that is copied, a file that is kept: these are written down.
        if len([each for each in statements if each.startswith("SELECT")]) > MOST and "INSERT" not in str(statements):
            many[path] = statements
    assert looked_at > 12
    assert not many


def test_as_many_questions_for_many_rows_as_for_few(app, cast, asked):
    visitor = Visitor(app, cast.people["anne"])

    def more(number):
        for each in range(number):
            name = f"{each}-of-{number}"
            members.add(signup.create(address(f"n{name}@many.example"), "N", f"E{each}", "", language="en",
                                      country="CH", time_zone="Europe/Zurich"), Role.COLLABORATOR)
            invitations.invite(f"i{name}@many.example", Role.EXTERNAL)
    with working_for(cast.organisations["lumen"]), acting(cast.people["anne"]):
        more(2)
        few = {path: asked(visitor, path) for path in LISTS}
        more(20)
        many = {path: asked(visitor, path) for path in LISTS}
    for path in LISTS:
        assert few[path][0] == many[path][0] == 200, path
        assert len(few[path][1]) == len(many[path][1]) <= MOST, path


def test_an_answer_takes_as_much_work_among_many_people_as_among_few(app, cast, sqlite_only):
    """Counted in steps of SQLite's own machine: a page that reads everybody to show some would show here."""
    visitor = Visitor(app, cast.people["anne"])

    def work(path):
        visitor.get(path)
        steps = []
        db.database.connection().set_progress_handler(lambda: steps.append(1), 10)
        assert visitor.get(path).status_code == 200
        db.database.connection().set_progress_handler(None, 0)
        return len(steps)

    with working_for(cast.organisations["lumen"]):
        fill(30)
        few = {path: work(path) for path in (OVERVIEW, "/o/lumen/members", "/o/lumen/members?last")}
        fill(1_500)
        many = {path: work(path) for path in few}
    for path in few:
        assert many[path] < 1.3 * few[path] + 20, (path, few, many)


def fill(number):
    """So many more, written in bulk."""
    with db.transaction():
        start = User.select().count()
        User.insert_many([{"email": f"c{n}@many.example", "email_typed": f"c{n}@many.example", "first_name": "C",
                           "last_name": f"Crowd{n:06}", "language": "en"}
                          for n in range(start, start + number)]).execute()
        Membership.insert_many([{"user": person, "role": Role.COLLABORATOR, **members.listed_as(person)}
                                for person in User.select().order_by(User.id.desc()).limit(number)]).execute()
