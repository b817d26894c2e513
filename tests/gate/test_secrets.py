"""What a proxy proves itself with: said once, kept as a digest, changed without a standstill."""
from datetime import timedelta

import pytest
import time_machine

from clock import now
from gate import secrets
from models import Event
from products import lifecycle
from products.secrets import MOST
from rules import Forbidden, NotHere, Refused
from tests.gate.conftest import Proxy, the_gate


def test_a_new_secret_and_the_last_are_good_beside_each_other_for_a_week(app, wiki, by, product):
    with by():
        younger = secrets.add(product)
    for secret in (wiki.secret, younger):
        assert Proxy(app, secret).ask().status_code == 401      # a proxy of ours; nobody is there
    with time_machine.travel(now() + timedelta(days=8)):
        assert Proxy(app, younger).ask().status_code == 401
        assert wiki.ask().status_code == 403


def test_a_secret_is_ended_at_once_and_the_book_says_so(app, wiki, by, product):
    with by():
        younger = secrets.add(product)
        secrets.end(product, the_gate(product).living[-1].public_id)
        assert [each.kind for each in Event.select().order_by(Event.number.desc()).limit(2)] == [
            "gate.secret_ended", "gate.secret_made"]
        with pytest.raises(NotHere):
            secrets.end(product, "0" * 16)
    assert (wiki.ask().status_code, Proxy(app, younger).ask().status_code) == (403, 401)


def test_there_are_a_few_and_none_is_kept_itself(by, product, secrets_kept):
    with by():
        made = [secrets.add(product) for _ in range(MOST - 1)]
        with pytest.raises(Refused):
            secrets.add(product)
    assert all(secret.startswith("kgs_") and len(secret) > 40 for secret in made)
    assert not [each for each in secrets_kept() if each.digest in made or len(each.hint) > 8]


def test_who_does_not_look_after_the_product_sets_up_nothing(by, product):
    for who, no in (("grace", NotHere), ("luc", NotHere), ("esteban", Forbidden), ("chiara", Forbidden)):
        with by(who):
            for verb in (secrets.add, secrets.take_app_passwords):
                with pytest.raises(no):
                    verb(product)


def test_a_gate_stands_before_what_asks_for_one_only(by):
    with by():
        mail = lifecycle.add("e-mail", "Post", address="https://mail.lumen.example").public_id
        with pytest.raises(NotHere):
            secrets.add(mail)


def test_tn_03_a_neighbour_has_no_secret_of_ours(by, product):
    with by("mara", "bergquell"), pytest.raises(NotHere):
        secrets.add(product)


def test_tn_03_who_looks_after_another_gate_ends_no_secret_of_this_one(app, wiki, by, product):
    with by():
        other = lifecycle.add("protected-application", "Other", address="https://other.lumen.example").public_id
        secrets.add(other)
        with pytest.raises(NotHere):
            secrets.end(other, the_gate(product).living[0].public_id)
    assert wiki.ask().status_code == 401        # a proxy of ours still
