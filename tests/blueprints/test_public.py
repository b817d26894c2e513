"""Whoever doubts a message finds who writes for us, without signing in (G4)."""
from settings import setting

DESK = "desk@kanton.example"


def test_the_page_about_messages_names_the_sender_and_is_a_link_away(visitor):
    browser = visitor()
    assert "/messages" in browser.get("/signin").links
    with setting.changed(mail_from="post@kanton.example", support=DESK):
        text = browser.get("/messages?lang=en").text()
    assert "post@kanton.example" in text and setting.base_url in text and f"writes from {DESK}" in text


def test_it_speaks_of_text_messages_where_there_are_some(visitor):
    browser = visitor()
    assert "Text messages" not in browser.get("/messages?lang=en").text()
    with setting.changed(sms_url="jsons://gateway.example/{number}"):
        assert "Text messages" in browser.get("/messages?lang=en").text()
