"""How much a product is used: who came in by a door of ours. What happens in the service afterwards, nobody sees."""
from dataclasses import dataclass
from datetime import date, timedelta

from peewee import fn

import crypto
from clock import DAY, now
from db import transaction
from models import Product, ProductUse
from tenancy import across_organisations, working_for

SHOWN = 30                                      # days
KEPT = 400 * DAY


@dataclass(frozen=True)
class Figures:
    """Of one day, or of all of them: then somebody who came on two days is one person all the same."""

    day: date | None
    times: int = 0
    people: int = 0
    devices: int = 0


@dataclass(frozen=True)
class Statistics:
    days: list[Figures]                         # each day, also those on which nobody came
    total: Figures

    def of(self, what: str) -> list[tuple[date | None, int]]:
        """One figure, day by day."""
        return [(day.day, getattr(day, what)) for day in self.days]

    def most(self, what: str) -> int:
        return max(getattr(day, what) for day in self.days)


def note(product: Product, user_id: int, device: str) -> None:
    """Somebody has come in. Said by a door, once it has opened. `device`: whatever tells this browser from others."""
    with transaction(), working_for(product.organisation):
        ProductUse.insert(product=product, day=_today().isoformat(), user=user_id,
                          device=crypto.sign("product use", product.id, device)).on_conflict(
            conflict_target=[ProductUse.organisation, ProductUse.product, ProductUse.day, ProductUse.user,
                             ProductUse.device],
            update={ProductUse.times: ProductUse.times + 1}).execute()


def statistics(product: Product) -> Statistics:
    """Of the last days, today among them, in one statement."""
    days = [_today() - timedelta(days=back) for back in range(SHOWN)][::-1]
    here = (ProductUse.product == product.id) & (ProductUse.day >= days[0].isoformat())
    people, devices = (ProductUse.select(fn.COUNT(fn.DISTINCT(column))).where(here)
                       for column in (ProductUse.user, ProductUse.device))
    rows = list(ProductUse.select(ProductUse.day, fn.SUM(ProductUse.times), fn.COUNT(fn.DISTINCT(ProductUse.user)),
                                  fn.COUNT(fn.DISTINCT(ProductUse.device)), people, devices)
                .where(here).group_by(ProductUse.day).tuples())
    found = {day: Figures(date.fromisoformat(day), *counts) for day, *counts, _people, _devices in rows}
    return Statistics([found.get(day.isoformat()) or Figures(day) for day in days],
                      Figures(None, sum(each.times for each in found.values()), *(rows[0][-2:] if rows else ())))


def forget_old() -> None:
    """What is older than any figure that is shown."""
    with transaction(), across_organisations("uses that no figure is made of any more"):
        ProductUse.delete().where(ProductUse.day < (_today() - KEPT).isoformat()).execute()


def _today() -> date:
    return now().date()
