"""A sign-in that waits is told to a browser by a push service, shown by its service worker, and answered there.

The product's own worker sends; the service is a real one on this machine. Chromium's own subscription wants the
internet: a page gets one of this service instead, and what arrives there is handed to the service worker.
"""
import queue
import re
import sqlite3

import psycopg
import pytest
from playwright.sync_api import Page, expect

from demo import PASSWORD
from tests import postgresql
from tests.browser.conftest import WHOLE, how_to_launch
from tests.browser.test_passkeys import accessible
from tests.browser.test_story import MARA, sign_in
from tests.conftest import SCRATCH
from tests.push_service import Listener, PushService
from tests.serving import Sink, product

ADDRESS = "mara@bergquell.example"
PAGE = "/account/security/two-factor"
SUBSCRIBES_HERE = """
PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
  if (!userVisibleOnly) throw new DOMException("", "NotAllowedError");
  const { endpoint, key, secret } = await listen(applicationServerKey);
  localStorage.setItem("subscribed", endpoint);
  return { toJSON: () => ({ endpoint, keys: { p256dh: key, auth: secret } }) };
};
PushManager.prototype.getSubscription = async () =>
  localStorage.getItem("subscribed") ? { unsubscribe: async () => localStorage.removeItem("subscribed") } : null;
"""
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
  .map(({ title, body }) => ({ title, body }))"""
PRESSED = """async () => {
  const opened = [];
  Clients.prototype.openWindow = async path => opened.push(path);
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
  return [opened, (await self.registration.getNotifications()).length];
}"""
MOVED = """async fresh => {
  const event = new ExtendableEvent("pushsubscriptionchange");
  event.newSubscription = { toJSON: () => ({ endpoint: fresh.endpoint,
                                             keys: { p256dh: fresh.key, auth: fresh.secret } }) };
  event.waitUntil = promise => { self.moved = promise; };
  self.dispatchEvent(event);
  await self.moved;
}"""


class House:
    """A product that pushes, its push service, and its rows: `say` changes them as time would."""

    def __init__(self, address: str, service: PushService, say):
        self.address, self.service, self.say = address, service, say


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running_house(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("push")
    with Sink() as sink, PushService() as service:
        here = {"SMTP_URL": sink.url, "PUSH_SERVICES": "127.0.0.1"}
        if request.param == "sqlite":
            with product(folder, **here) as address:
                yield House(address, service, lambda sql: in_sqlite(folder / "kanton.db", sql))
        else:
            with postgresql.empty_database(SCRATCH) as (url, owner), product(
                    folder, DATABASE_URL=url, DATABASE_OWNER_URL=owner, **here) as address:
                yield House(address, service, lambda sql: in_postgresql(owner, sql))


def in_sqlite(path, sql):
    connection = sqlite3.connect(path, timeout=20)
    with connection:
        connection.execute(sql)
    connection.close()


def in_postgresql(url, sql):
    with psycopg.connect(url) as connection:
        connection.execute(sql)


@pytest.fixture
def house(running_house):
    """As if nobody had asked for anything for a while."""
    running_house.say("DELETE FROM approval")
    running_house.say("UPDATE credential SET counter = 0 WHERE kind = 'totp'")
    running_house.say("UPDATE account SET language = 'en', must_renew = FALSE, epoch = epoch + 1")
    running_house.service.answer = 201
    return running_house


@pytest.fixture(scope="module")
def whole_browser(browser_type, browser_type_launch_args):
    """The lean one shows no notifications."""
    browser = browser_type.launch(**how_to_launch(browser_type_launch_args, WHOLE))
    yield browser
    browser.close()


@pytest.fixture
def open_browser(whole_browser, house):
    contexts = []

    def open_one(**more) -> Page:
        contexts.append(whole_browser.new_context(base_url=house.address, locale="en-GB", **more))
        return contexts[-1].new_page()

    yield open_one
    for context in contexts:
        context.close()


class Phone:
    """A browser of Mara's that is told: its page, what its push service has for it, and its service worker."""

    def __init__(self, page: Page, house: House):
        self.page, self.house, self.registration = page, house, None
        self.listener: Listener | None = None
        page.context.expose_function("listen", self.listen)
        page.add_init_script(SUBSCRIBES_HERE)
        sign_in(page, ADDRESS, totp=MARA)
        page.goto(PAGE)
        if page.get_by_role("button", name="Switch on").is_visible():
            page.get_by_role("button", name="Switch on").click()
        page.get_by_role("button", name="Notify me in this browser").click()
        expect(page.locator(".toast")).to_contain_text("This browser notifies you")
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.on("ServiceWorker.workerRegistrationUpdated", self.registered)
        self.cdp.send("ServiceWorker.enable")

    def listen(self, application: str) -> dict:
        self.listener = self.house.service.listener(application)
        return self.listener.form

    def registered(self, told: dict) -> None:
        self.registration = told["registrations"][0]["registrationId"] if told["registrations"] else self.registration

    def told(self) -> str:
        """A message arrives, is shown, and pressed: the path it opens."""
        message = self.listener.next()
        self.cdp.send("ServiceWorker.deliverPushMessage", {
            "origin": self.house.address, "registrationId": self.registration, "data": message})
        self.page.wait_for_function(f"async () => (await ({SHOWN})()).length")
        (self.shown,) = self.page.evaluate(SHOWN)
        (path,), left = self.page.context.service_workers[0].evaluate(PRESSED)
        assert left == 0
        return path

    def look(self, path: str) -> None:
        self.page.goto(path)
        expect(self.page.get_by_role("heading", level=1)).to_have_text("A sign-in is waiting for you")

    def answer(self, number: str) -> None:
        self.page.get_by_label("The number shown in that browser").fill(number)
        self.page.get_by_role("button", name="Approve this sign-in").click()


@pytest.fixture
def phone(open_browser, house):
    house.say("DELETE FROM push_subscription")
    return Phone(open_browser(permissions=["notifications"]), house)


@pytest.fixture
def there(open_browser):
    """The browser in which Mara wants to get in: the number it shows."""
    return asking(open_browser())


def asking(page: Page) -> Page:
    page.goto("/signin")
    page.fill("[name=email]", ADDRESS)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Another browser of yours").click()
    return page


def number_of(page: Page) -> str:
    return page.locator(".shown-number").inner_text()


def other(number: str) -> str:
    return "10" if number != "10" else "11"


def inside(page: Page) -> bool:
    return page.request.get("/account", max_redirects=0).status == 200


def test_a_browser_that_is_told_lets_the_other_one_in(phone, there):
    expect(there.locator("main")).to_contain_text("1 of your browsers notifies you.")
    path = phone.told()
    assert phone.shown == {"title": "A sign-in is waiting for you",
                           "body": "Look at it within a minute. Approve it only if that is you."}
    phone.look(path)
    accessible(phone.page)
    for words in ("Kanton", "Chrome, Linux", "127.0.0.0/24"):
        expect(phone.page.get_by_role("region", name="The sign-in")).to_contain_text(words)
    phone.answer(number_of(there))
    expect(phone.page).to_have_url(re.compile("/account/sessions$"))
    there.wait_for_url(lambda url: "signin" not in url, timeout=15_000)
    assert inside(there)


def test_tf_20_three_wrong_numbers(phone, there):
    phone.look(phone.told())
    for _time in range(2):
        phone.answer(other(number_of(there)))
        expect(phone.page.locator("#errors")).to_be_visible()
    phone.answer(other(number_of(there)))
    expect(phone.page.locator("main")).to_contain_text("Three wrong numbers: that sign-in is cancelled.")
    there.wait_for_url(re.compile("/signin$"))              # it asks by itself how it stands
    assert not inside(there)


def test_tf_20_too_late(phone, there, house):
    path = phone.told()
    phone.look(path)
    number = number_of(there)
    house.say("UPDATE approval SET expires = created")      # its minute is over
    phone.answer(number)
    expect(phone.page.locator("main")).to_contain_text("A sign-in waits for one minute.")
    expect(there.locator("#code")).to_contain_text("Nobody has approved this sign-in within a minute.")
    assert not inside(there)


def test_tf_19_this_is_not_me(phone, there):
    phone.look(phone.told())
    phone.page.get_by_role("button", name="This was not me").click()
    expect(phone.page).to_have_url(re.compile("/account/(password|secure)"))
    there.wait_for_url(re.compile("/signin$"))              # it asks by itself how it stands
    assert not inside(there)


def test_tf_19_three_requests_in_ten_minutes(phone, open_browser):
    for _time in range(3):
        asking(open_browser())
        phone.listener.next()
    fourth = asking(open_browser())
    expect(fourth.locator("#code")).to_contain_text("Several sign-ins have waited for an answer.")
    expect(fourth.get_by_role("link", name="Authenticator app")).to_be_visible()
    with pytest.raises(queue.Empty):
        phone.listener.next(1)


def test_rt_31_the_service_is_away(phone, open_browser, house):
    house.service.answer = 503
    there = asking(open_browser())
    expect(there.locator("#code")).to_contain_text("Being tried again", timeout=15_000)
    phone.page.goto("/account")
    phone.page.locator(".banner a").click()
    phone.answer(number_of(there))
    there.wait_for_url(lambda url: "signin" not in url, timeout=15_000)
    assert inside(there)


def test_the_makers_of_the_browser_give_it_another_address(phone, open_browser, house):
    fresh = house.service.listener(phone.listener.application)
    phone.page.context.service_workers[0].evaluate(MOVED, fresh.form)
    old, phone.listener = phone.listener, fresh
    phone.look(asking(open_browser()) and phone.told())
    assert old.shown == []


def test_what_the_page_offers(phone):
    page = phone.page
    page.goto(PAGE)
    expect(page.locator("li", has_text="This one")).to_contain_text("not notified yet")
    expect(page.get_by_role("button", name="Notify me in this browser")).to_be_hidden()
    expect(page.locator("[data-without-push]")).to_be_hidden()
    accessible(page)
    installed = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert installed["errors"] == [] and installed["url"].endswith("/manifest.webmanifest")
    page.get_by_role("button", name="Stop notifying").click()
    expect(page.get_by_role("button", name="Notify me in this browser")).to_be_visible()


@pytest.mark.parametrize("lacks", ["delete window.PushManager", ""], ids=["no push", "no JavaScript"])
def test_a_browser_that_cannot_be_told_says_so(phone, open_browser, house, lacks):
    house.say("UPDATE credential SET counter = 0 WHERE kind = 'totp'")
    page = open_browser(java_script_enabled=bool(lacks))
    page.add_init_script(lacks)
    sign_in(page, ADDRESS, totp=MARA)
    page.goto(PAGE)
    expect(page.locator("[data-without-push]")).to_be_visible()
    expect(page.get_by_role("button", name="Notify me in this browser")).to_be_hidden()


def test_a_browser_that_may_show_nothing_says_so(phone, open_browser, house):
    house.say("UPDATE credential SET counter = 0 WHERE kind = 'totp'")
    page = open_browser()
    page.add_init_script("Notification.requestPermission = async () => 'denied'")
    sign_in(page, ADDRESS, totp=MARA)
    page.goto(PAGE)
    page.get_by_role("button", name="Notify me in this browser").click()
    expect(page.get_by_role("alert").filter(has_text="may not show messages")).to_be_visible()
