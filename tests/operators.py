"""A second one who runs the installation."""
import rules
from accounts import signup
from db import transaction
from models import User


def another():
    """Olga, with a second factor."""
    with transaction():
        person = signup.create(rules.address("olga@kanton.example"), "Olga", "Ops", None, language="en", country="CH",
                               time_zone="Europe/Zurich")
        signup.make_operator(person)
        User.update(two_factor=True).where(User.id == person.id).execute()
    return User.get_by_id(person.id)
