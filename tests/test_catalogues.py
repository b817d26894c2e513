"""The translators' desk."""
import pytest

import catalogues

SOURCE = '''
flash(_("Save"))
ngettext("%(num)s team", "%(num)s teams", n)
pgettext("verb", "Open")
LABEL = _l("Open")
'''
PAGE = """
{% trans name=who %}
  Leave <b>{{ name }}</b>?
{% endtrans %}
"""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A project of two sources and no translation."""
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path / "translations")
    (tmp_path / "app.py").write_text(SOURCE)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "leave.html").write_text(PAGE)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_app.py").write_text('_("Not a sentence of ours")')
    catalogues.update()
    return tmp_path


def said(language="fr"):
    return {(entry.context, catalogues._forms(entry.id)[0]): entry.string
            for entry in catalogues._entries(catalogues.read(language)) if any(catalogues._forms(entry.string))}


def written(folder, language="fr"):
    return (folder / "translations" / language / "LC_MESSAGES" / "messages.po").read_text()


def test_every_sentence_of_the_sources_waits_for_its_translation(desk):
    waiting = {(entry.context, catalogues._forms(entry.id)[0]) for entry in catalogues.missing("de")}
    assert {(None, "Save"), (None, "%(num)s team"), ("verb", "Open"), (None, "Open"),
            (None, "Leave <b>%(name)s</b>?"), (None, "This field is required.")} <= waiting
    assert "Not a sentence of ours" not in written(desk, "de")


def test_translations_are_taken_in(desk):
    unknown = catalogues.add({
        "Save": {"fr": "Enregistrer"},
        "%(num)s team": {"plural": "%(num)s teams", "fr": ["%(num)s équipe", "%(num)s équipes"]},
        "verb|Open": {"fr": "Ouvrir"}, "Open": {"fr": "Ouvert"}})
    assert unknown == []
    assert said() == {(None, "Save"): "Enregistrer", (None, "%(num)s team"): ("%(num)s équipe", "%(num)s équipes"),
                      ("verb", "Open"): "Ouvrir", (None, "Open"): "Ouvert"}
    assert said("de") == {}


def test_what_the_sources_do_not_say_is_refused_by_name(desk):
    assert catalogues.add({"Sav": {"fr": "Enregistrer"}, "%(num)s team": {"fr": "équipe"}}) == ["%(num)s team", "Sav"]
    assert said() == {}


def test_the_same_word_on_purpose_is_written_down_as_such(desk):
    catalogues.add({"Save": {"fr": "="}})
    assert "# the same in this language\nmsgid \"Save\"\nmsgstr \"Save\"\n" in written(desk)
    catalogues.add({"Save": {"fr": "Enregistrer"}})
    assert catalogues.SAME not in written(desk)


def test_what_is_no_longer_said_goes_and_the_rest_stays(desk):
    catalogues.add({"Save": {"fr": "Enregistrer"}, "Open": {"fr": "Ouvert"}})
    (desk / "app.py").write_text('_("Save")')
    assert not catalogues.is_up_to_date("fr")
    catalogues.update()
    assert catalogues.is_up_to_date("fr")
    assert said() == {(None, "Save"): "Enregistrer"}


def test_the_files_are_sorted_undated_and_written_only_when_they_change(desk):
    text = written(desk)
    ids = [line for line in text.splitlines() if line.startswith("msgid ")][1:]
    assert ids == sorted(ids)
    assert "Date:" not in text
    assert "#:" not in text
    assert "#," not in text
    file = desk / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
    before = file.stat().st_mtime_ns
    catalogues.update()
    catalogues.add({})
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize(("typed", "set_"), [
    ("Vraiment ?", "Vraiment\u202f?"), ("Attention : ici", "Attention\u00a0: ici"), ("« oui »", "«\u00a0oui\u00a0»"),
    ("l'accès", "l’accès"), ("à 14:05", "à 14:05"), ('<a title=\'x\' href="a?b;c">', '<a title=\'x\' href="a?b;c">')])
def test_french_is_set_with_the_spaces_no_keyboard_has(typed, set_):
    assert catalogues.typeset(typed, "fr") == set_


def test_other_languages_only_get_their_apostrophe():
    assert catalogues.typeset("l'accesso: ora?", "it") == "l’accesso: ora?"
