"""Seats: of some products it is counted how many people use them."""
from collections.abc import Iterable
from typing import Any

from peewee import Select, fn

import db
from clock import now
from i18n import _l
from models import Grant, Membership, Product, TeamMember
from rules import Refused


def taken(product: Product) -> int:
    """How many people may use it at this moment, by whatever grant. Who is blocked keeps the seat (G8-R5)."""
    return int(people_of(product.id).scalar())


def people_of(product: Any) -> Any:
    """The same as a question, to be asked beside another one: of a product's number, or of the column that has it."""
    giving = ((Grant.product == product) & (Grant.right == Grant.USE)) | (Grant.right == Grant.EVERYTHING)
    living = giving & (Grant.until.is_null() | (Grant.until > now()))
    own = (Grant.select(Grant.membership.alias("person")).join(Membership, on=Grant.membership == Membership.id)
           .where(living, Membership.ended.is_null()))
    by_team = (TeamMember.select(TeamMember.membership.alias("person"))
               .join(Membership, on=TeamMember.membership == Membership.id).switch(TeamMember)
               .join(Grant, on=Grant.team == TeamMember.team).where(living, Membership.ended.is_null()))
    people = (own | by_team).alias("people")    # from the grants: from the members, each would be looked up in a list
    return Select([people], [fn.COUNT(people.c.person)]).bind(db.database)


def used_through(whose: Any) -> list[Product]:
    """The products with seats that these grants let somebody use: `used_through(Grant.team == team.id)`."""
    living = whose & (Grant.until.is_null() | (Grant.until > now()))
    seated = Product.present().where(Product.seats.is_null(False))
    if Grant.select().where(living, Grant.right == Grant.EVERYTHING).exists():
        return list(seated)
    return list(seated.where(Product.id.in_(Grant.select(Grant.product).where(living, Grant.right == Grant.USE))))


def enough(products: Iterable[Product]) -> None:
    """Refused when one of them has more people than seats. In the transaction that has just given some.

    Of two who take the last seat at one instant, the second is counted after the first.
    """
    for product in sorted((each for each in products if each.seats is not None), key=lambda each: each.id):
        db.exclusively(f"seats of product {product.id}")
        if (people := taken(product)) > product.seats:
            raise Refused(_l("Seats of %(product)s: %(seats)s. This would take %(people)s.",
                             product=product.label, seats=product.seats, people=people))
