"""Roundcube and Dovecot: a webmail that signs people in by us, and a mail server that asks us about its tokens."""
import pytest
from playwright.sync_api import expect

from models import Grant
from oidc import clients
from organisations import teams
from products import grants, lifecycle
from tests.browser.clients.conftest import sign_in
from tests.browser.clients.dovecot import dovecot
from tests.browser.clients.roundcube import roundcube
from tests.serving import free_port

WHO = "luc@lumen.example"
LETTER = """From: Anne-Sophie <anne@lumen.example>
To: luc@lumen.example
Subject: The programme of the festival
Date: Mon, 2 Nov 2026 10:00:00 +0100
Message-ID: <programme@lumen.example>

Here it is.
"""


@pytest.fixture
def webmail(kanton, tmp_path):
    """Its address. Those in the team Festival may use it."""
    port = free_port()
    address = f"http://localhost:{port}"
    with kanton.by():
        product = lifecycle.add("application-with-single-sign-on", "Webmail", address=address)
        grants.give(grants.of_team(kanton.team("festival")), product, Grant.USE)
        client, secret = clients.create(product.public_id, [f"{address}/index.php/login/oauth"], pkce=False)
    ours = {"kanton": kanton.address, "client": client.client_id, "secret": secret}
    with dovecot({WHO: LETTER}, **ours) as imap, roundcube(tmp_path, port, imap, **ours):
        yield address


def test_op_09_who_leaves_the_team_reads_no_mail_any_more(page, kanton, webmail):
    page.goto(webmail)
    page.click("#rcmloginoauth")
    sign_in(page, WHO)
    page.click("button[value=allow]")
    inbox = page.locator("#messagelist")
    expect(inbox).to_contain_text("The programme of the festival")
    with kanton.by():
        teams.leave(kanton.team("festival"), [kanton.member(WHO)])
    page.goto(f"{webmail}/?_task=mail")                     # his token is worth nothing at the mail server
    expect(page.locator("#messagestack")).to_contain_text("Connection to IMAP server failed")
    expect(inbox).not_to_contain_text("The programme of the festival")
    page.context.clear_cookies(name="roundcube_sessid")     # and there is no other
    page.goto(webmail)
    page.click("#rcmloginoauth")
    page.click("a[href*='error=access_denied']")
    expect(page.locator("#messagestack")).to_contain_text("This person has no access to this application.")
