"""`flask verify` finds what is wrong, says it, and ends with a status."""
import pytest

import commands
import db
import verification
from models import Membership, Organisation, Picture, Role
from tenancy import across_organisations, working_for


@pytest.fixture
def verify(app, cast):
    """What the command prints, and its exit status."""
    def run():
        db.database.close()
        answer = app.test_cli_runner().invoke(commands.verify)
        db.database.connect(reuse_if_open=True)
        return answer.exit_code, answer.output.splitlines()
    return run


def test_a_sound_installation_is_told_so(verify):
    assert verify() == (0, ["Everything is as it must be."])


def test_what_is_wrong_is_said_and_the_status_is_1(verify, cast):
    with working_for(cast.organisations["onda"]):
        Membership.update(role=Role.ADMIN).execute()
    Organisation.update(invitations=7).where(Organisation.slug == "aurora").execute()
    status, lines = verify()
    assert status == 1
    assert "onda: no active legal representative (RI-1)" in lines
    assert "aurora: invitations is kept as 7, but there are 0" in lines
    assert lines[-1] == "2 faults."


def test_a_logo_without_its_picture_shows(verify, cast):
    with working_for(cast.organisations["lumen"]) as lumen:
        Picture.create(digest="d" * 32, kind="image/png", width=1, height=1, content=b"x")
        Organisation.update(logo="d" * 32).where(Organisation.id == lumen.id).execute()
        assert list(verification.faults()) == []
        Picture.delete().execute()
    assert verify() == (1, ["lumen: its logo is gone", "1 fault."])


def test_a_row_that_points_into_nothing_shows(verify, cast, sqlite_only):
    db.database.execute_sql("PRAGMA foreign_keys = 0")
    with across_organisations("a test that makes an orphan"):
        Membership.update(user=4711).where(Membership.user == cast.people["grace"].id).execute()
    status, lines = verify()
    assert status == 1
    assert "1 rows of membership have a user that is not there" in lines
