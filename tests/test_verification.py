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
    def run(*options):
        db.database.close()
        answer = app.test_cli_runner().invoke(commands.verify, options)
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


def test_a_book_that_could_be_rewritten_shows(verify, sqlite_only):
    db.database.execute_sql("DROP TRIGGER personal_event_no_update")
    assert verify() == (1, ["nothing keeps the book personal_event from being rewritten", "1 fault."])


def test_lines_cut_off_the_end_of_a_book_show(verify, cast, tmp_path, sqlite_only):
    heads = tmp_path / "heads.json"
    assert verify("--heads", str(heads)) == (0, ["Everything is as it must be."])
    kept = heads.read_text()
    assert cast.organisations["lumen"].public_id in kept and cast.people["grace"].public_id in kept
    db.database.execute_sql("DROP TRIGGER event_no_delete")
    end = "organisation_id = (SELECT id FROM organisation WHERE slug = 'lumen') ORDER BY number DESC LIMIT 1"
    db.database.execute_sql(f"DELETE FROM event_facts WHERE event_id = (SELECT id FROM event WHERE {end})")
    db.database.execute_sql(f"DELETE FROM event WHERE id = (SELECT id FROM event WHERE {end})")
    schema_kept = "CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'no'); END"
    db.database.execute_sql(schema_kept)
    assert verify() == (0, ["Everything is as it must be."])
    status, lines = verify("--heads", str(heads))
    assert status == 1
    assert f"organisation {cast.organisations['lumen'].public_id}: line " in lines[0]
    assert heads.read_text() == kept


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
