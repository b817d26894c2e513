"""What htmx is given: the block it asks for, or the whole page where that page has no such block (decision 7)."""
import re

import pytest

import app
import db
from settings import setting

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(scope="module")
def visitor(tmp_path_factory):
    with setting.changed(data=tmp_path_factory.mktemp("data"), database_url=""):
        yield app.create_app().test_client()
        db.database.close()


def ask(visitor, **headers):
    return visitor.get("/cookies?x=1", base_url=setting.base_url, headers=headers)


def test_the_block_named_like_the_target_is_all_that_comes(visitor):
    answer = ask(visitor, **HTMX | {"HX-Target": "div#box"})
    assert answer.text.lstrip().startswith("<div>")
    assert "<html" not in answer.text
    assert "HX-Retarget" not in answer.headers


def test_the_title_comes_with_it_but_not_with_a_dialog(visitor):
    whole = re.search("<title>.*</title>", ask(visitor).text)[0]
    assert ask(visitor, **HTMX | {"HX-Target": "div#box"}).text.endswith(whole)


def test_a_page_without_such_a_block_takes_the_whole_window(visitor):
    answer = ask(visitor, **HTMX | {"HX-Target": "form#modal"})
    assert "<html" in answer.text
    assert answer.headers["HX-Retarget"] == "body"
    assert answer.headers["HX-Push-Url"] == "/cookies?x=1"


def test_an_error_takes_the_whole_window_and_is_not_put_into_a_part(visitor):
    answer = visitor.get("/nowhere", base_url=setting.base_url, headers={**HTMX, "HX-Target": "section#people"})
    assert answer.status_code == 404
    assert answer.headers["HX-Retarget"] == "body"


@pytest.mark.parametrize("headers", [
    {},
    {"HX-Target": "div#box"},
    {**HTMX, "HX-Target": "body"},
    {**HTMX, "HX-Target": "div#box", "HX-Request-Type": "full"},
    {**HTMX, "HX-Target": "div#box", "HX-History-Restore-Request": "true"},
])
def test_everything_else_gets_the_whole_page(visitor, headers):
    answer = ask(visitor, **headers)
    assert "<html" in answer.text
    assert "HX-Retarget" not in answer.headers
