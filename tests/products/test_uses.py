"""Uses are counted by product, day, person and browser; nobody learns which browser, nor for ever."""
from datetime import timedelta

import pytest
import time_machine

from clock import now
from models import Product, ProductUse
from products import uses
from tenancy import across_organisations, working_for


@pytest.fixture
def wiki(cast):
    with working_for(cast.organisations["lumen"]):
        yield Product.get(Product.label == "Wiki")


def test_the_same_browser_on_the_same_day_is_one_row(cast, wiki):
    for _ in range(3):
        uses.note(wiki, cast.people["esteban"].id, "device 1")
    uses.note(wiki, cast.people["esteban"].id, "device 2")
    assert sorted(each.times for each in ProductUse.select()) == [1, 3]


def test_figures_count_a_person_once_however_many_days(cast, wiki):
    esteban, anne = cast.people["esteban"].id, cast.people["anne"].id
    noon = now().replace(hour=12)
    for back, who, device in ((40, anne, "a"), (29, esteban, "e"), (1, esteban, "e"), (1, anne, "a"),
                              (0, esteban, "f")):
        with time_machine.travel(noon - timedelta(days=back), tick=False):
            uses.note(wiki, who, device)
    with time_machine.travel(noon, tick=False):
        found = uses.statistics(wiki)
    assert (found.total.times, found.total.people, found.total.devices) == (4, 2, 3)
    assert len(found.days) == uses.SHOWN
    assert [(day.times, day.people) for day in (found.days[0], found.days[-2], found.days[-1])] == [
        (1, 1), (2, 2), (1, 1)]
    assert found.most("people") == 2


def test_nobody_yet_is_nothing_at_all(wiki, count):
    count.clear()
    found = uses.statistics(wiki)
    assert not found.total.times and not any(day.times for day in found.days) and len(count) == 1


def test_a_browser_is_another_one_for_each_product_and_never_kept_itself(cast, wiki):
    other = Product.get(Product.label == "Planning")
    for product in (wiki, other):
        uses.note(product, cast.people["esteban"].id, "device 1")
    kept = {each.device for each in ProductUse.select()}
    assert len(kept) == 2 and not any("device 1" in each for each in kept)


def test_what_is_old_is_forgotten(cast, wiki):
    with time_machine.travel(now() - timedelta(days=401), tick=False):
        uses.note(wiki, cast.people["esteban"].id, "device 1")
    uses.note(wiki, cast.people["esteban"].id, "device 1")
    uses.forget_old()
    assert ProductUse.select().count() == 1


def test_tn_06_a_door_notes_it_where_the_product_belongs(cast, wiki):
    with across_organisations("a door stands nowhere"):
        uses.note(wiki, cast.people["esteban"].id, "device 1")
    with working_for(cast.organisations["bergquell"]):
        assert not ProductUse.select().count()
        assert not uses.statistics(wiki).total.times
    assert ProductUse.get().organisation_id == cast.organisations["lumen"].id
