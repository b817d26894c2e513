"""The side bar shows what exists and what one may open, and which of it one looks at."""
from types import SimpleNamespace

import flask
import pytest

import navigation


def make_app(*rules):
    app = flask.Flask(__name__, static_folder=None)
    for number, (rule, needs) in enumerate(rules):
        def view(**_values):
            return ""
        view.needs = needs
        app.add_url_rule(rule, f"page{number}", view)
    return app


APP = make_app(
    ("/o/<organisation>/", "see"),
    ("/o/<organisation>/members", "people"), ("/o/<organisation>/members/<id>", "people"),
    ("/o/<organisation>/invitations", "people"), ("/o/<organisation>/billing/invoices", "money"),
    ("/o/<organisation>/security", "see"), ("/account", "signed in"), ("/account/organisations", "signed in"),
    ("/operator/", "operator"))
HERE = SimpleNamespace(people=14, unprotected=0)


@pytest.fixture
def side():
    def look(path, *rights, here=HERE, operator=False):
        with APP.test_request_context(path):
            flask.g.me, flask.g.here, flask.g.slug = SimpleNamespace(operator=operator), here, "lumen"
            flask.g.may = rights.__contains__
            return {str(entry.label): entry for group in navigation.side() for entry in group.entries}
    return look


def test_a_page_that_does_not_exist_has_no_entry(side):
    assert set(side("/o/lumen/", "see", "people", "money")) == {"Overview", "Members", "Security", "Invoices"}


def test_a_page_one_may_not_open_has_no_entry(side):
    assert set(side("/o/lumen/", "see", "money")) == {"Overview", "Security", "Invoices"}


def test_a_group_without_entries_has_no_title(side):
    with APP.test_request_context("/o/lumen/"):
        flask.g.me, flask.g.here, flask.g.slug = SimpleNamespace(operator=False), HERE, "lumen"
        flask.g.may = {"see"}.__contains__
        assert [str(group.title) for group in navigation.side()] == ["None", "People"]


@pytest.mark.parametrize(("path", "label"), [
    ("/o/lumen/", "Overview"), ("/o/lumen/members", "Members"), ("/o/lumen/members/7x", "Members"),
    ("/o/lumen/invitations", "Members"), ("/o/lumen/invitations/7x/link", "Members"),
    ("/o/lumen/billing/invoices/2026-1", "Invoices"), ("/o/lumen/membership", None)])
def test_the_entry_of_the_page_one_looks_at_is_the_current_one(side, path, label):
    current = [name for name, entry in side(path, "see", "people", "money").items() if entry.current]
    assert current == ([label] if label else [])


def test_an_entry_leads_into_the_organisation_one_is_in(side):
    assert side("/o/lumen/", "people")["Members"].href == "/o/lumen/members"


def test_what_is_counted_comes_from_the_organisation(side):
    entries = side("/o/lumen/", "see", "people")
    assert (entries["Members"].count, entries["Security"].count) == (14, 0)


@pytest.mark.parametrize("operator", [True, False])
def test_the_console_is_the_operators(side, operator):
    assert ("Operator’s console" in side("/account", here=None, operator=operator)) is operator


def test_outside_an_organisation_the_account_is_shown(side):
    entries = side("/account/organisations", here=None)
    assert [name for name, entry in entries.items() if entry.current] == ["My organisations"]


def test_a_visitor_sees_none_of_it():
    with APP.test_request_context("/"):
        assert navigation.side() == navigation.account_menu() == []
        assert navigation.help_address() == ""
