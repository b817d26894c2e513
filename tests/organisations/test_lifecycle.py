"""Making an organisation, and the short names that are free (SU-10)."""
import pytest

from demo import acting
from models import Organisation
from organisations import lifecycle
from rules import Refused, TooMany


@pytest.mark.parametrize(("name", "slug"), [
    ("Atelier Ümlaut & Fils", "atelier-umlaut-fils"), ("Œuvre d’Été", "oeuvre-d-ete"), ("Admin", "admin-org"),
    ("日本", "organisation"), ("Lumen", "lumen-2"), ("x" * 100, "x" * 40), ("--", "organisation")])
def test_a_short_name_is_made_from_the_name(cast, name, slug):
    assert lifecycle.free_slug(name) == slug


def test_a_short_name_is_never_given_twice(cast):
    Organisation.update(status="deleted").where(Organisation.slug == "aurora").execute()
    assert lifecycle.free_slug("Aurora") == "aurora-2"
    with acting(cast.people["luc"]), pytest.raises(Refused) as refusal:
        lifecycle.create("Aurora", slug="aurora")
    assert refusal.value.field == "slug"


def test_somebody_was_a_moment_faster(cast, monkeypatch):
    """Two people ask for one short name at one instant: the second is told, not the error page."""
    monkeypatch.setattr(lifecycle, "checked_slug", lambda text: text)
    with acting(cast.people["luc"]), pytest.raises(Refused) as refusal:
        lifecycle.create("Another", slug="lumen")
    assert refusal.value.field == "slug"
    assert Organisation.select().count() == 4


def test_names_are_not_taken_by_the_dozen(cast):
    with acting(cast.people["luc"]), pytest.raises(TooMany):
        for number in range(12):
            lifecycle.create(f"Number {number}")
