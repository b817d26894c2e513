"""What each language says: complete, sound, and in our voice.

Bring the catalogues up to date: python -m catalogues. Translate: python -m catalogues add FILE.json.
"""
import ast
import re

import pytest

import catalogues
from catalogues import ROOT, _entries, _forms, is_sound, placeholders

LANGUAGES = pytest.mark.parametrize("language", catalogues.LANGUAGES)

TU = {"fr": r"tu|te|toi|ton|ta|tes", "de": r"du|dich|dir|dein\w*|euch|euer\w*|eure\w*",
      "es": r"tú|tu|tus|te|ti|contigo|vosotr\w+", "it": r"tu|ti|te|tuo|tua|tuoi|tue|voi|vostr\w+"}

# Roles are named by function, and one word is kept for one thing (the table of the glossary).
NOT_OUR_WORDS = {
    "fr": r"administrateurs?|administratrices?|collaborateurs?|collaboratrices?|représentants? légal"
          r"|validation en deux étapes|codes? de récupération|notes? de crédit|s’il vous plaît|merci de|veuillez|oups",
    "de": r"Administrator\w*|Mitarbeiter\w*|Benutzer\w*|Kennwort\w*|Notfallcodes?|Gutschrift\w*"
          r"|gesetzliche\w* Vertret\w+|Zwei-Schritt\w*|bitte|hoppla",
    "es": r"administrador\w*|colaborador\w*|representante legal|verificación en dos pasos|clave de acceso"
          r"|notas? de crédito|por favor|usuarios?",
    "it": r"amministrator[ei]|amministratric[ei]|collaborator[ei]|collaboratric[ei]|rappresentante legale"
          r"|verifica in due passaggi|codici di emergenza|per favore|utent[ei]"}

GLOSSARY = {
    r"organisations?": {"fr": "organisation", "de": "Organisation", "es": "organizaci", "it": "organizzazion"},
    r"invitations?": {"fr": "invit", "de": "[Ee]in(ge)?lad", "es": "invit", "it": "invit"},
    r"members?": {"fr": "membre", "de": "Mitglied", "es": "miembro", "it": "membr"},
    r"teams?": {"fr": "équipe", "de": "Team", "es": "equipo", "it": "team"},
    r"two-factor authentication": {"fr": "double authentification", "de": "Zwei-Faktor-Authentifizierung",
                                   "es": "autenticación de dos factores", "it": "autenticazione a due fattori"},
    r"passkeys?": {"fr": "clés? d’accès", "de": "Passkey", "es": "llaves? de acceso", "it": "passkey"},
    r"security keys?": {"fr": "clés? de sécurité", "de": "Sicherheitsschlüssel", "es": "llaves? de seguridad",
                        "it": "chiav[ei] di sicurezza"},
    r"backup codes?": {"fr": "codes? de secours", "de": "Wiederherstellungscode", "es": "códigos? de respaldo",
                       "it": "codic[ei] di backup"},
    r"app passwords?": {"fr": "mots? de passe d’application", "de": "App-Passw", "es": "contraseñas? de aplicación",
                        "it": "password per app"},
    r"activity log": {"fr": "journal d’activité", "de": "Aktivitätsprotokoll", "es": "registro de actividad",
                      "it": "registro attività"},
    r"legal representatives?": {"fr": "responsables? léga", "de": "rechtlich verantwortlich",
                                "es": "responsables? legal", "it": "responsabil[ei] legal"},
    r"prepaid account": {"fr": "compte prépayé", "de": "Prepaid-Guthaben", "es": "cuenta prepago",
                         "it": "conto prepagato"},
    r"security alerts?": {"fr": "alertes? de sécurité", "de": "Sicherheitshinweis", "es": "alertas? de seguridad",
                          "it": "avvis[io] di sicurezza"},
    r"operators?": {"fr": "exploitant", "de": "Betreiber", "es": "entidad(es)? operadora", "it": "gestor"},
}


def texts(language):
    """Every (English, translation), form by form."""
    return [pair for entry in _entries(catalogues.read(language))
            for pair in zip(_forms(entry.id), _forms(entry.string), strict=True)]


@pytest.fixture(scope="module")
def ours():
    """Our own sentences, without those of WTForms."""
    return [text for entry in _entries(catalogues.extract(catalogues.ours())) for text in _forms(entry.id)]


# The sources


def test_the_sources_speak_our_english(ours):
    slips = re.compile(r"[«»!]|\bplease\b|\boops\b|organization|log ?in\b|sign up\b|recovery codes?|'", re.I)
    assert not [text for text in ours if slips.search(text)]


def test_the_sources_name_their_values(ours):
    assert not [text for text in ours if any(kind != "s" or not name for name, kind in placeholders(text))
                and catalogues.named(placeholders(text))]


def test_a_sentence_gets_the_values_it_names():
    wrong = []
    for path in catalogues.ours():
        if path.suffix != ".py":
            continue
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") not in catalogues.KEYWORDS:
                continue
            if call.func.id == "_l" and not call.keywords:
                continue                      # a pattern, filled in where it is said
            constant = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            given = {option.arg for option in call.keywords} | ({"num"} if call.func.id == "ngettext" else set())
            named = {name for text in constant for name, _kind in placeholders(text) if name}
            if not named <= given and None not in given:
                wrong.append(f"{path.relative_to(ROOT)}:{call.lineno}: {named - given}")
    assert not wrong


# The languages


@LANGUAGES
def test_the_catalogue_is_up_to_date(language):
    assert catalogues.is_up_to_date(language), "run python -m catalogues"


@LANGUAGES
def test_nothing_is_missing(language):
    assert not [entry.id for entry in catalogues.missing(language)]


@LANGUAGES
def test_nothing_is_fuzzy(language):
    assert not [entry.id for entry in catalogues.read(language) if entry.id and entry.fuzzy]


@LANGUAGES
def test_placeholders_are_those_of_the_source(language):
    assert not [(entry.id, entry.string) for entry in _entries(catalogues.read(language))
                if all(_forms(entry.string)) and not is_sound(entry)]


@LANGUAGES
def test_nothing_is_left_in_english(language):
    """The same word on purpose is said so: "=" in the JSON."""
    assert not [entry.id for entry in _entries(catalogues.read(language))
                if _forms(entry.id) == _forms(entry.string) and catalogues.SAME not in entry.user_comments]


@LANGUAGES
def test_blanks_at_the_ends_and_full_stops_are_those_of_the_source(language):
    wrong = [(english, said) for english, said in texts(language) if said and (
        english[0].isspace() != said[0].isspace() or english[-1].isspace() != said[-1].isspace()
        or english.endswith(".") != said.endswith(".") or re.search(r"\s\s", said))]
    assert not wrong


@LANGUAGES
def test_people_are_addressed_formally(language):
    tu = re.compile(rf"\b({TU[language]})\b", re.I)
    assert not [said for _english, said in texts(language) if tu.search(placeholderless(said))]


def test_italian_writes_the_courtesy_form_small():
    assert not [said for _english, said in texts("it") if re.search(r"[\w,)] (Lei|La|Le|Suo|Sua|Suoi|Sue)\b", said)]


def test_french_does_not_say_whether_one_is_a_man():
    participle = re.compile(r"\b(vous (êtes|serez|étiez)|(?<!peut-)(être|rester|restez|reste) )\s?\w+é\b", re.I)
    assert not [said for _english, said in texts("fr") if participle.search(said)]


@LANGUAGES
def test_no_form_is_gendered(language):
    double = re.compile(r"\w\((e|es|ne|nes|trice|in|innen|a|as|i)\)|\w[·*]\w|\w:in(nen)?\b"
                        r"|\w/-?(in|innen|a|as|trice)\b|\wInnen\b")
    assert not [said for _english, said in texts(language) if double.search(said)]


@LANGUAGES
def test_one_word_is_kept_for_one_thing(language):
    other = re.compile(rf"\b({NOT_OUR_WORDS[language]})\b", re.I)
    assert not [said for _english, said in texts(language) if other.search(placeholderless(said))]
    wrong = []
    for english, said in texts(language):
        for term, words in GLOSSARY.items():
            meant = re.search(rf"\b{term}\b", placeholderless(english), re.I)
            if said and meant and not re.search(words[language], said, re.I):
                wrong.append((term, english, said))
    assert not wrong


@LANGUAGES
def test_quotes_and_apostrophes_are_the_languages(language):
    wrong = r"[\"']|“|”" if language != "de" else r"[\"'«»”]"
    assert not [said for _english, said in texts(language) if re.search(wrong, markupless(said))]


def test_french_spacing():
    narrow, wide = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
    wrong = re.compile(rf"(?<!{narrow})[;!?](?=\s|$|»)|(?<!{wide}):(?=\s|$)|«(?!{wide})|(?<!{wide})»")
    assert not [said for _english, said in texts("fr") if wrong.search(re.sub(r"&\w+;", "", markupless(said)))]


def test_spanish_opens_what_it_closes():
    assert not [said for _english, said in texts("es") if said.count("?") != said.count("¿") or "!" in said]


def placeholderless(text):
    return re.sub(r"%\(\w+\)\w", "", markupless(text))


def markupless(text):
    return re.sub(r"<[^>]+>", "", text)
