"""The catalogue: kept by the operator, named in every language."""
import pytest

import i18n
from demo import acting
from models import Category, Family
from products import catalogue
from rules import Conflict, Forbidden, Refused
from settings import setting

NAMES = {"en": "Music", "fr": "Musique", "de": "Musik", "es": "Música", "it": "Musica"}


@pytest.fixture
def otto(cast):
    with acting(cast.people["otto"]):
        yield cast.people["otto"]


def test_the_neutral_catalogue_has_a_category_of_every_kind(cast):
    assert {each.kind for each in Category.select()} == set(setting.product_kinds)
    assert all(set(each.names) == set(setting.languages) for table in (Family, Category) for each in table.select())


def test_it_is_taken_into_an_empty_catalogue_only(otto):
    with pytest.raises(Conflict):
        catalogue.take_neutral()


def test_only_the_operator_keeps_it(cast):
    with acting(cast.people["anne"]), pytest.raises(Forbidden):
        catalogue.add_family(NAMES)


def test_a_family_is_told_in_the_language_spoken(otto):
    family = catalogue.add_family(NAMES, "megaphone")
    assert family.code == "music"
    for language, name in NAMES.items():
        with i18n.speaking(i18n.Voice(language)):
            assert catalogue.told(family) == name


def test_a_name_is_missing_in_one_language(otto):
    with pytest.raises(Refused) as refused:
        catalogue.add_family(NAMES | {"it": " "})
    assert refused.value.field == "name_it"
    assert not Family.select().where(Family.code == "music").exists()


def test_a_category_begins_as_its_kind_says_and_may_say_otherwise(otto):
    catalogue.add_family(NAMES)
    mail = catalogue.add_category("music", "mail", NAMES, maintainable=False)
    assert (mail.blockable, mail.maintainable, mail.rights) == (False, False, ["technical"])
    drive = catalogue.add_category("music", "drive", {**NAMES, "en": "Scores"}, rights=["statistics", "sales"])
    assert (drive.team_merge, drive.rights) == (Category.INDIVIDUAL, ["statistics"])


def test_a_category_of_no_kind_and_one_without_a_right(otto):
    catalogue.add_family(NAMES)
    with pytest.raises(Refused, match="kind"):
        catalogue.add_category("music", "opera", NAMES)
    with pytest.raises(Refused, match="right"):
        catalogue.add_category("music", "mail", NAMES, rights=["statistics"])


def test_a_retired_category_is_there_and_can_be_brought_back(otto):
    assert catalogue.retire("link").retired is not None
    assert catalogue.bring_back("link").retired is None


def test_every_family_comes_with_its_categories_in_order(cast):
    assert [(each.code, [category.code for category in each.all]) for each in catalogue.families()][1] == (
        "web-and-domain-names", ["domain-name", "web-hosting"])
