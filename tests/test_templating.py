"""Templates: one environment a language, its sentences folded in."""
from gettext import NullTranslations

import pytest
from jinja2 import TemplateAssertionError
from markupsafe import Markup

import templating
from i18n import Voice, speaking

LAYOUT = """
<!doctype html><title>{% block title %}{% endblock %}</title>
{% block flash %}<p id="flash">{{ told }}</p>{% endblock %}
{% block main %}{% endblock %}
"""
FIELDS = """
{% macro field(label) %}<label>{{ label }} ({{ _("just now") }})</label>{% endmacro %}
"""
PAGE = """
{% extends "layout.html" %}
{% from "fields.html" import field %}
{% set size = 3 %}
{% block title %}{{ _("This field is required.") }}{% endblock %}
{% block main %}
{% block people %}<ul>{{ field(_("Invalid input.")) }} {{ size }} {{ who }}</ul>{% endblock %}
{% endblock %}
"""


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """Writes templates: `pages(name=text)` is name.html."""
    monkeypatch.setattr(templating, "ROOT", tmp_path)
    templating.environment.cache_clear()
    (tmp_path / "templates").mkdir()

    def write(**texts):
        for name, text in texts.items():
            (tmp_path / "templates" / f"{name}.html").write_text(text.lstrip("\n"))
        return tmp_path
    yield write
    templating.environment.cache_clear()


@pytest.fixture
def shown(pages):
    """What a template shows: `shown(text, language, **context)`."""
    def show(text, language="en", **context):
        pages(page=text)
        templating.environment.cache_clear()
        return templating.render("page.html", language, **context)
    return show


def code(text, language):
    return templating.Speaking(language).compile(text, "page.html", raw=True)


# Folding


def test_a_sentence_is_a_constant_of_the_compiled_template():
    source = code('<b>{{ _("This field is required.") }}</b>', "fr")
    assert "yield '<b>Remplissez ce champ.</b>'" in source
    assert "gettext" not in source
    assert "This field" not in source


def test_a_sentence_with_values_is_text_and_value_in_turn():
    source = code('{{ _("Date must be at least %(min)s.", min=low) }}', "de")
    assert "yield 'Wählen Sie ein Datum ab dem '" in source
    assert "Date must" not in source


def test_a_sentence_handed_to_a_macro_is_folded_too():
    source = code('{{ field(_("Invalid input.")) }}{% set x = _("just now") %}', "it")
    assert "'Questo dato non è valido.'" in source
    assert "'proprio ora'" in source


def test_values_are_escaped_and_so_is_the_text(shown):
    assert shown('{{ _("Tom & %(who)s", who=who) }}', who="<Jerry>") == "Tom &amp; &lt;Jerry&gt;"
    assert shown('{{ _("Tom & Jerry") }}') == "Tom &amp; Jerry"
    assert shown('{% set x = _("Tom & %(who)s", who=who) %}{{ x }}', who="<Jerry>") == "Tom &amp; &lt;Jerry&gt;"


def test_a_trans_block_may_hold_markup_and_escapes_what_it_shows(shown):
    page = "{% trans name=who %}Leave <b>{{ name }}</b>, 100 %?{% endtrans %}"
    assert shown(page, who="<Acme>") == "Leave <b>&lt;Acme&gt;</b>, 100 %?"


def test_a_mails_subject_is_not_escaped(pages):
    pages(letter='{% block subject %}{{ _("Tom & %(who)s", who=who) }}{% endblock %}')
    assert templating.render_text("letter.html", "subject", who="<Jerry> &amp;") == "Tom & <Jerry> &amp;"


@pytest.mark.parametrize(("language", "written"), [
    ("en", ["0 teams", "1 team", "2 teams"]), ("fr", ["0 team", "1 team", "2 teams"])])
def test_plurals_follow_the_language(shown, language, written):
    for page in ('{{ ngettext("%(num)s team", "%(num)s teams", n) }}',
                 "{% trans n=n %}{{ n }} team{% pluralize %}{{ n }} teams{% endtrans %}"):
        assert [shown(page, language, n=n) for n in (0, 1, 2)] == written


def test_italian_shortens_an_article_before_eight_and_eleven(shown):
    text = '{{ _("Until %(day)s", day=day) }}'
    assert shown(text, "it", day="8 marzo") == "Fino all’8 marzo"
    assert shown(text, "it", day="9 marzo") == "Fino al 9 marzo"
    assert shown(text, "it", day=Markup("<b>11 marzo</b>")) == "Fino all’<b>11 marzo</b>"
    assert shown("{% set told = " + text[3:-3] + " %}{{ told }}", "it", day="<8") == "Fino al &lt;8"


def test_per_cent_signs(shown):
    assert shown('{{ _("50 %") }}') == "50 %"
    assert shown('{{ _("50 %% of %(all)s", all=8) }}') == "50 % of 8"


class Careless(NullTranslations):
    """Somebody translated the placeholders too."""

    def gettext(self, message):
        return message.replace("name", "nom").replace("Hello", "Bonjour")

    def ngettext(self, singular, plural, n):
        return "%(nombre)s équipes, 100 %"


@pytest.mark.parametrize("page", [
    '{{ _("Hello, %(name)s", name="Luc") }}', '{% trans name="Luc" %}Hello, {{ name }}{% endtrans %}',
    '{{ ngettext("Hello, %(name)s", "Hello, %(num)s", 1, name="Luc") }}'])
def test_ml_06_a_sentence_with_a_broken_translation_is_folded_in_english(page):
    environment = templating.Speaking("fr")
    environment.words = Careless()
    assert environment.from_string(page).render() == "Hello, Luc"


def test_a_sentence_that_lacks_a_value_does_not_compile():
    with pytest.raises(TemplateAssertionError, match="Hello"):
        code('{{ _("Hello, %(name)s", nome=1) }}', "en")
    with pytest.raises(TemplateAssertionError, match="constant text"):
        code("{{ _(label) }}", "en")


def test_swiss_german_is_folded_in_as_well(shown):
    page = """{{ ngettext("'%(value)s' is not a valid choice for this field.",
                          "'%(value)s' are not valid choices for this field.", 1, value=x) }}"""
    with speaking(Voice("de", "CH")):
        assert shown(page, None, x="Weiß") == "«Weiß» steht hier nicht zur Wahl."


def test_filters_follow_the_one_spoken_to_not_the_one_who_compiled(shown):
    with speaking(Voice("de", "CH")):
        assert shown('{{ 124900|money("CHF") }}', None) == "CHF\N{NO-BREAK SPACE}1’249.00"
    with speaking(Voice("de", "DE")):
        assert templating.render("page.html") == "1.249,00\N{NO-BREAK SPACE}CHF"


# Blocks


@pytest.mark.parametrize("block", ["title", "flash", "main", "people"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_block_is_the_same_alone_as_in_the_page(pages, block, language):
    pages(layout=LAYOUT, fields=FIELDS, page=PAGE)
    context = {"who": "<Luc>", "told": "Done."}
    part = templating.render_block("page.html", block, language, **context)
    assert part
    assert part in templating.render("page.html", language, **context)


def test_a_block_alone_knows_what_it_replaces(pages):
    pages(layout=LAYOUT, page='{% extends "layout.html" %}{% block flash %}<b>{{ super() }}</b>{% endblock %}')
    assert templating.render_block("page.html", "flash", told="Done.") == '<b><p id="flash">Done.</p></b>'


def test_a_page_has_its_blocks_and_those_of_what_it_extends(pages):
    pages(layout=LAYOUT, fields=FIELDS, page=PAGE)
    assert [templating.has_block("page.html", block) for block in ("people", "flash", "modal")] == [True, True, False]


def test_a_plug_in_carries_its_own_pages(pages):
    folder = pages(layout=LAYOUT) / "accounts" / "factors" / "abacus"
    folder.mkdir(parents=True)
    (folder / "enrol.html").write_text('{% extends "layout.html" %}{% block main %}beads{% endblock %}')
    assert templating.render_block("factors/abacus/enrol.html", "main") == "beads"


def test_names_given_later_are_known_to_macros(pages, monkeypatch):
    pages(parts="{% macro link() %}{{ place() }}{% endmacro %}", page='{% from "parts.html" import link %}{{ link() }}')
    monkeypatch.setitem(templating.names, "place", lambda: "here")
    assert templating.render("page.html") == "here"


# Ours


@pytest.mark.parametrize("words", ["en", "de-CH"])
def test_every_template_compiles(words):
    """In the other languages they differ by their sentences alone, and every page is opened in each (test_pages.py)."""
    environment = templating.environment(words)
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
