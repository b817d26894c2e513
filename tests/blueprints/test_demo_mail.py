"""The demonstration's post office: there in the demonstration, nowhere else; letters run and load nothing."""
import pytest

import outbox
from db import transaction
from models import Message
from notices.channels.email import plugin
from settings import setting


@pytest.fixture
def kept(cast, monkeypatch):
    """Two letters in the demonstration's mail."""
    monkeypatch.setitem(outbox.channels, "email", plugin.send)
    Message.delete().execute()
    with setting.changed(demo=True):
        with transaction():
            outbox.post("left", "zoe@lumen.example", language="en", organisation="First")
            outbox.post("invitation", "luc@lumen.example", language="en", organisation="Second", inviter="Anne",
                        role="admin", note="<script>alert(1)</script>", until=2_000_000_000,
                        token=["invitation", "0" * 16, 0])
        assert outbox.deliver_due() == 2, [message.error for message in Message.select()]
        yield sorted(path.stem for path in (setting.data / "mail").glob("*.eml"))


def test_the_latest_comes_first(kept, visitor):
    page = visitor().get("/demo/mail?lang=en")
    assert page.text().index("Second invites you") < page.text().index("You have left First")
    assert page.links.index(next(link for link in page.links if kept[1] in link)) < page.links.index(
        next(link for link in page.links if kept[0] in link))


def test_it_says_when_and_shows_one_recipients_alone(kept, visitor):
    page = visitor().get("/demo/mail?lang=en")
    assert len(page.all("time")) == 2
    page = visitor().get("/demo/mail?lang=en&to=zoe@lumen.example")
    assert "You have left First" in page.text() and "Second" not in page.text()
    assert "No mail yet" in visitor().get("/demo/mail?lang=en&to=nobody@lumen.example").text()


def test_a_letter_is_shown_as_text_with_its_link(kept, visitor):
    page = visitor().get(f"/demo/mail/{kept[1]}?lang=en")
    assert "Anne invites you to join the organisation Second." in page.text()
    assert "<script>alert" not in page.html
    assert any("/invitations/" in link for link in page.links)


def test_wb_04_its_card_has_a_policy_of_its_own(kept, visitor):
    answer = visitor().client.get(f"/demo/mail/{kept[1]}/html", base_url=setting.base_url)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    assert "allow-same-origin" not in policy
    assert b"&lt;script&gt;" in answer.data
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("name", ["..%2f..%2fkanton", "nothing", "%00", "..", "x" * 300])
def test_only_letters_are_shown(kept, visitor, name):
    visitor().get(f"/demo/mail/{name}", expect=404)
    visitor().get(f"/demo/mail/{name}/html", expect=404)


@pytest.mark.parametrize("knobs", [{"demo": False}, {"demo": True, "smtp_url": "smtp://mail.example"}])
def test_outside_the_demonstration_it_is_not_there(kept, visitor, knobs):
    with setting.changed(**knobs):
        for path in ("/demo/mail", f"/demo/mail/{kept[0]}", f"/demo/mail/{kept[0]}/html"):
            visitor().get(path, expect=404)


def test_before_the_first_letter_it_says_so(cast, visitor):
    with setting.changed(demo=True):
        assert "No mail yet." in visitor().get("/demo/mail?lang=en").text()
