"""Every notice in every language: nothing empty, nothing left over, one recipient, no header smuggled in."""
import html
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from i18n import NAMES
from models import Membership, Message
from notices import letters
from notices.channels import email
from notices.notices import NOTICES, WHO
from settings import setting

FACTS = {"organisation": "Atelier Lumen Sàrl", "inviter": "Anne-Sophie de Montmollin", "person": "Mara Lehmann",
         "role": "admin", "before": "collaborator", "note": "À bientôt", "until": 1_800_000_000, "at": 1_790_000_000,
         "accounting": True, "two_factor": False, "count": 3, "left": 2, "label": "Firefox", "agent": "Firefox, Linux",
         "address": "192.0.2.14", "network": "192.0.2.0/24", "new_address": "neu@lumen.example",
         "old_address": "alt@lumen.example", "changes": [["name", "Alt", "Neu"]], "token": ["reset", "0" * 16],
         "passwords": 3, "codes": 1, "by": "Anne-Sophie de Montmollin", "reason": "Lost laptop", "state": "announced",
         "lacking": 3, "what": "added", "provider": "Lumen Login"}


def message(notice, language="en", name="Zoë", recipient="zoe@lumen.example"):
    return Message(notice=notice, language=language, country="CH", time_zone="Europe/Zurich", name=name,
                   recipient=recipient, facts=FACTS, public_id="m" * 16)


@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize("notice", NOTICES)
def test_ml_06_a_letter_is_complete_in_every_language(notice, language):
    letter = letters.write(message(notice, language))
    assert 5 < len(letter.subject) < 60
    for text in (letter.subject, letter.text, letter.html):
        assert not re.search(r"%\(|\{\{|None|Undefined", text), text
    assert "<" not in letter.text
    assert len(letter.text.splitlines()) > 6
    told, _rule, why = letter.text.partition("\n-- \n")
    assert "zoe@lumen.example" in letter.text or "Lumen" in letter.text
    assert len(why.splitlines()) == 2 and why.splitlines()[0].count(".") >= 2        # why one gets this, who sends it
    assert setting.base_url in why
    assert (setting.base_url in told) == bool(NOTICES[notice].path)
    assert len(letter.html.encode()) < 4_000
    assert not re.search(r"<(img|script|link|iframe|form)\b|url\(|@import", letter.html)


@pytest.mark.parametrize("notice", ["security_alert", "password_changed", "two_factor_off", "factor_removed",
                                    "backup_code_used", "removed", "role_changed"])
def test_a_letter_about_security_has_no_link(notice):
    assert "http" not in letters.write(message(notice)).html.replace(f"Kanton, {setting.base_url}", "")


SEEN = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def told_by(notice, kind="user", account=7, name="Anne-Sophie de Montmollin", language="en"):
    """What a letter to Zoë, account 8, says of somebody's deed."""
    deed = {"kind": kind, "account": account, "name": name, "address": "192.0.2.14", "agent": SEEN}
    about = message(notice, language)
    about.user_id, about.facts = 8, FACTS | {"deed": deed}
    about.created = datetime(2026, 11, 27, 20, 5, tzinfo=UTC)
    return letters.write(about).text


def test_a_letter_says_when_it_happened_and_who_did_it_or_from_where():
    when = "When: 27 Nov 2026, 21:05 (Central European Standard Time)"
    place = "Browser: Firefox, Linux\nNetwork: 192.0.2.0/24"
    for notice in [name for name, notice in NOTICES.items() if notice.circumstances == WHO]:
        by_somebody, by_oneself = told_by(notice), told_by(notice, account=8)
        assert f"{when}\nBy: Anne-Sophie de Montmollin\n" in by_somebody, notice
        assert "Network" not in by_somebody, notice                     # where a colleague sits is nobody's business
        assert f"{when}\n{place}\n" in by_oneself and "By: " not in by_oneself, notice
        assert f"{when}\n{place}\n" in told_by(notice, "visitor", None, ""), notice
    assert f"{when}\nBy: The operator\n" in told_by("account_suspended", "operator", 9, "Otto Operator")
    assert told_by("two_factor_off", "system", None, "").count("When: ") == 1
    assert "Par: " not in (french := told_by("removed", language="fr")) and "Par\N{NO-BREAK SPACE}: Anne" in french


@pytest.mark.parametrize("notice", [name for name, notice in NOTICES.items() if notice.circumstances])
def test_a_letter_with_circumstances_says_when(notice):
    assert "When:" in letters.write(message(notice, "en")).text


def test_a_mailbox_that_is_not_proven_does_not_learn_from_where():
    told = told_by("recovery_confirm", account=8)
    assert "When: 27 Nov 2026" in told
    assert "Network" not in told


def test_what_somebody_does_is_told_with_their_name(browse, cast, lumen, letters):
    luc = Membership.get(Membership.user == cast.people["luc"].id).public_id
    anne = browse("anne")
    anne.get(f"/o/lumen/members/{luc}/block")
    anne.post(f"/o/lumen/members/{luc}/block", reason="Lost laptop")
    anne.get("/account/recovery")
    anne.post("/account/recovery/phone", phone="032 555 01 23")
    assert re.search(r"Par\s: Anne-Sophie de Montmollin", letters("luc@lumen.example")[-1][1].text)
    about_oneself = letters("anne@lumen.example")[-1][1].text
    assert re.search(r"Réseau\s: 127.0.0.0/24", about_oneself)
    assert "Par" not in about_oneself


@pytest.mark.parametrize("notice", NOTICES)
def test_somebody_we_know_nothing_of_gets_a_letter_too(notice):
    stranger = Message(notice=notice, language="fr", country="", time_zone="", name="", recipient="zoe@lumen.example",
                       facts=FACTS, public_id="m" * 16)
    assert letters.write(stranger).text.startswith("Bonjour,")


def test_the_text_says_what_the_card_says():
    letter = letters.write(message("invitation"))
    card = re.sub(r"\s+", " ", html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", letter.html, flags=re.S)))
    card = card.replace("\N{NON-BREAKING HYPHEN}", "-")
    for line in letter.text.replace("-- \n", "").splitlines():
        for part in re.split(r": |:$|(?<=\.) ", line):
            assert part.strip() in card, part


@pytest.mark.parametrize("smuggled", [
    "Ev =?utf-8?q?=0D=0ABcc:third=40z=2Eexample=0D=0AContent-Type:text=2Fhtml=0D=0A=0D=0A=3Ch1=3EPay?=",
    "=?utf-8?q?=0D=0AX-Inj:yes?=", "=?utf-8?b?DQpYLUluajp5ZXM=?=", "a =?us-ascii?q?=0AX:_y?= b"])
def test_ml_01_an_encoded_word_stays_a_word(smuggled):
    hostile = message("invitation", name=smuggled)
    hostile.facts = FACTS | {"organisation": smuggled, "inviter": smuggled, "token": ["invitation", "0" * 16, 0]}
    sent = message_from_bytes(email.compose(hostile).as_bytes(), policy=policy.default)
    assert set(sent.keys()) <= set(email.OURS)
    assert len(sent.get_all("To")) == len(sent.get_all("Subject")) == 1
    assert sent.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("name", ["A\r\nBcc: evil@example.org", "B\nSubject: x", "C\x00D", "=?utf-8?q?x?=", "E\u2028F",
                                  "G <evil@example.org>,"])
def test_ml_01_a_name_smuggles_no_header_in(name):
    mail = email.compose(message("removed", name=name))
    assert len(mail.get_all("To")) == 1
    assert "Bcc" not in mail
    assert [address.addr_spec for address in mail["To"].addresses] == ["zoe@lumen.example"]


def test_ml_02_what_people_write_is_text():
    letter = letters.write(Message(notice="invitation", language="en", country="CH", time_zone="Europe/Zurich",
                                   name="", recipient="a@b.example",
                                   facts=FACTS | {"note": "<b>x</b>{{ 7*7 }}", "token": ["invitation", "0" * 16, 0]}))
    assert "<b>x</b>" not in letter.html
    assert "{{ 7*7 }}" in letter.text


@pytest.mark.parametrize("language", ["en", "fr", "de", "it"])
def test_no_line_of_the_card_ends_within_the_word_for_it(language):
    assert re.search("e\N{NON-BREAKING HYPHEN}mail", letters.write(message("left", language)).html, re.I)
    assert re.search("e-mail", letters.write(message("left", language)).text, re.I)


def test_a_message_has_the_same_identity_at_every_try():
    first, second = (email.compose(message("left"))["Message-ID"] for _ in range(2))
    assert first == second
