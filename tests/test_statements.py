"""How many questions a page asks the database: few, and as many for long lists as for short ones (decision 30)."""
import pytest

from accounts import signup
from demo import acting
from models import Membership, Role
from organisations import invitations, members
from rules import address
from tenancy import working_for
from tests.doors import Visitor

MOST = 4
LISTS = ("/o/lumen/members", "/o/lumen/members?q=e&role=collaborator&sort=-seen", "/o/lumen/members?last",
         "/o/lumen/members?two_factor=off", "/o/lumen/invitations", "/o/lumen/activity")


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
               "invitations": invitations.invite("nea@lumen.example", Role.EXTERNAL).public_id}
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
