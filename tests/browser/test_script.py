"""What app.js and htmx add, in a real browser under the real policy: every page here also works without them."""
import threading
from types import SimpleNamespace

import pytest
from flask import Flask, Response, request
from markupsafe import Markup
from playwright.sync_api import expect
from werkzeug.serving import make_server

import assets
import i18n
import pages  # noqa: F401 (macros ask it for addresses)
import templating
from app import HEADERS

ME = SimpleNamespace(name="Mara Lehmann", email="mara@bergquell.example", initials="ML", public_id="m3hk", theme="")

PAGE = """{% extends "shell.html" %}
{% from "parts/fields.html" import copy_button, field %}
{% from "parts/swaps.html" import opens, swaps_get, swaps_post %}
{% block title %}Members{% endblock %}
{% block main %}
<h1>Members</h1>
<p><a id="remove" href="/remove" {{ opens("/remove") }}>Remove…</a></p>
<button id="more" type="button" popovertarget="menu">More</button>
<div class="menu" id="menu" popover><a href="/remove" {{ opens("/remove") }}>Remove from the menu</a></div>
<form id="people" method="post" action="/save" {{ swaps_post("/save", "people") }}>
  <label for="name">Name</label><input id="name" name="name"><button id="save" type="submit">Save</button>
</form>
<form id="search" action="/search" {{ swaps_get("/search", "found") }}>
  <label for="q">Search</label><input id="q" name="q">
</form>
<p id="found"></p>
<form id="slow" method="post" action="/slow"><button id="order" type="submit">Order</button></form>
<form id="guarded" data-guard><label for="long">Long</label><input id="long"></form>
<div>
  <label for="secret">Secret</label><input id="secret" type="password" value="hush">
  <button id="show" type="button" aria-pressed="false" data-show="secret" data-needs-script>Show</button>
</div>
<form><table><thead><tr><th><input id="every" class="check" type="checkbox" aria-label="All"></th></tr></thead>
<tbody>{% for n in (1, 2) %}
  <tr><td><input id="row-{{ n }}" class="check pickrow" type="checkbox" aria-label="{{ n }}"></td></tr>
{% endfor %}</tbody></table>
<b data-picked></b></form>
<p id="link">https://kanton.example/x</p>{{ copy_button("link") }}
<label for="narrow">Narrow</label><input id="narrow" data-narrow="#places">
<ul id="places"><li>Sàrl Lumen</li><li>Onda</li></ul>
<form id="strict" method="post" action="/slow">
  <input id="wanted" name="wanted" required aria-label="Wanted"><button type="submit">Send</button>
</form>
{% endblock %}"""

CONFIRM = """{% from "parts/dialogs.html" import confirm %}
{% call confirm("Remove Luc?", "/remove", "Remove this member", "/", effects=["Loses two products."], form=form) %}
<label for="sure">Sure</label><input id="sure" name="sure">{% endcall %}"""

WHOLE = """{% extends "shell.html" %}
{% block main %}{% block modal %}{{ inside }}{% endblock %}{% endblock %}"""

WRONG = """<form id="people" method="post" action="/save" hx-post="/save" hx-target="#people" hx-swap="outerMorph">
<div id="errors" tabindex="-1" role="alert">One entry needs correcting</div>
<label for="name">Name</label><input id="name" name="name" aria-invalid="true">
<button id="save" type="submit">Save</button></form>"""

SAVED = """<form id="people">Saved</form>
<hx-partial hx-target="#toasts" hx-swap="beforeend"><p class="toast done">Saved.</p></hx-partial>"""


def written(source, **context):
    """A page in English, with what the shell asks for."""
    with i18n.speaking(i18n.Voice("en")):
        return templating.environment("en").from_string(source).render(
            {"me": ME, "language": "en", "instance": "Kanton", "navigation": (), "crumbs": (),
             "account_entries": (), "announced": list, "request_id": "1", "languages": ()} | context)


def make_app():
    app = Flask(__name__, static_folder=None)
    app.config.update(SECRET_KEY="only for tests", WTF_CSRF_ENABLED=False)
    app.seen = []

    @app.after_request
    def guard(response):
        response.headers.update(HEADERS)
        return response

    @app.get("/static/<path:name>")
    def static(name):
        path, mimetype, _encoding = assets.find(name, False)
        return Response(path.read_bytes(), mimetype=mimetype)

    @app.post("/signout", endpoint="signin.leave")
    @app.get("/")
    def home():
        return written(PAGE)

    @app.post("/save")
    def save():
        return (WRONG, 422) if request.form["name"] != "right" else SAVED

    @app.get("/remove")
    def ask():
        block = written(CONFIRM)
        if request.headers.get("HX-Target", "").endswith("#modal"):
            return block
        return written(WHOLE, inside=Markup(block))

    @app.post("/remove")
    def remove():
        if request.form["sure"] != "yes":
            form = SimpleNamespace(failed=True, errors={None: ["No."]}, form_errors=["Say yes."])
            form = type("Form", (SimpleNamespace,), {"__iter__": lambda self: iter(())})(**vars(form))
            return written(CONFIRM, form=form), 422
        return Response(written(PAGE.replace("<h1>Members</h1>", "<h1>Gone</h1>")), headers={
            "HX-Retarget": "body", "HX-Reswap": "outerSync", "HX-Push-Url": "/gone"})

    @app.get("/search")
    def search():
        return f'<p id="found">{request.args["q"].title()}</p>'

    @app.post("/slow")
    def slow():
        app.seen.append(request.form.get("wanted"))
        return Response(status=204)
    return app


@pytest.fixture(scope="module")
def site():
    assets.prepare()
    app = make_app()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.port}", seen=app.seen)
    server.shutdown()


@pytest.fixture
def page(browser, site):
    context = browser.new_context(base_url=site.address, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(5000)
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto("/")
    yield page
    # A 422 is reported by the browser itself; whatever breaks the policy would be too.
    assert not [said for said in page.complaints if "status of 422" not in said and "ERR_" not in said
                and "htmx:error" not in said]
    context.close()


def focused(page):
    return page.evaluate("document.activeElement.id")


def test_a_page_opens_as_a_dialog_and_closes_again(page):
    page.click("#remove")
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("heading", name="Remove Luc?").wait_for()
    assert dialog.get_attribute("aria-labelledby") == "modal-title"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    assert focused(page) == "remove"
    page.click("#remove")
    dialog.get_by_role("link", name="Cancel").click()
    page.wait_for_selector("dialog:not([open])", state="attached")
    assert page.url.endswith("/")


def test_after_a_dialog_that_a_menu_opened_the_focus_is_on_the_button_of_the_menu(page):
    page.focus("#more")
    for key in ("Enter", "Tab", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("dialog[open] form")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    page.wait_for_selector("#more:focus")


def test_only_an_open_menu_looks_for_another_place(page):
    """A closed one that does makes WebKit stand still when the side menu around it closes."""
    looks = "document.querySelector('#menu').computedStyleMap().get('position-try-fallbacks').toString()"
    assert page.evaluate(looks) == "none"
    page.click("#more")
    assert "flip-block" in page.evaluate(looks)


def test_a_refusal_stays_in_the_dialog_and_takes_the_focus(page):
    page.click("#remove")
    page.fill("#sure", "perhaps")
    page.click("text=Remove this member")
    page.wait_for_selector("dialog[open] #errors:focus")
    assert page.input_value("#sure") == "perhaps"


def test_after_the_dialog_the_whole_page_is_new(page):
    page.click("#remove")
    page.fill("#sure", "yes")
    page.click("text=Remove this member")
    page.get_by_role("heading", name="Gone").wait_for()
    assert page.url.endswith("/gone")
    assert not page.locator("dialog[open]").count()
    page.wait_for_function("document.activeElement.id == 'main'")


def test_a_refused_form_shows_its_errors_and_keeps_what_was_typed(page):
    page.fill("#name", "wrong")
    page.click("#save")
    page.wait_for_selector("#errors:focus")
    assert page.input_value("#name") == "wrong"
    assert page.get_attribute("#people", "aria-busy") is None


def test_what_was_done_is_said_in_a_toast_that_leaves(page):
    page.clock.install()
    page.fill("#name", "right")
    page.click("#save")
    page.get_by_role("status").get_by_text("Saved.").wait_for()
    page.clock.run_for(7000)
    page.wait_for_selector(".toast", state="detached")


def test_a_lost_connection_is_said(page, site):
    page.context.set_offline(True)
    page.fill("#name", "right")
    page.click("#save")
    page.get_by_text("No connection.").wait_for()
    page.context.set_offline(False)


def test_a_search_follows_what_is_typed_and_the_address_with_it(page):
    page.locator("#q").press_sequentially("lu")
    page.locator("#found", has_text="Lu").wait_for()
    assert focused(page) == "q"
    assert page.url.endswith("/search?q=lu")


def test_a_password_can_be_shown(page):
    page.click("#show")
    assert page.get_attribute("#secret", "type") == "text"
    assert page.get_attribute("#show", "aria-pressed") == "true"
    page.click("#show")
    assert page.get_attribute("#secret", "type") == "password"


def test_one_box_ticks_all(page):
    page.check("#every")
    assert page.is_checked("#row-1") and page.is_checked("#row-2")
    page.uncheck("#row-2")
    assert page.evaluate("document.querySelector('#every').indeterminate")
    assert page.inner_text("[data-picked]") == "1"


def test_words_can_be_copied(page):
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "https://kanton.example/x"


def test_a_list_shrinks_to_what_is_typed_without_regard_to_accents(page):
    page.fill("#narrow", "SARL")
    assert page.is_visible("text=Sàrl Lumen")
    assert not page.is_visible("text=Onda")


def test_a_form_pressed_twice_is_sent_once(page, site):
    before = len(site.seen)
    page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('#order').click()")
    page.wait_for_load_state("networkidle")
    assert len(site.seen) == before + 1


def test_the_server_says_what_is_missing_not_the_browser(page, site):
    before = len(site.seen)
    with page.expect_request("**/slow"):
        page.click("#strict button")
    page.wait_for_load_state("networkidle")
    assert len(site.seen) == before + 1


def test_leaving_a_changed_form_asks_first(page):
    page.fill("#long", "a long story")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("setTimeout(() => { location.href = '/elsewhere' })")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]


def test_without_a_script_nothing_shows_that_needs_one(browser, site):
    context = browser.new_context(base_url=site.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    assert not page.is_visible("#show")
    assert not page.is_visible("[data-copy]")
    page.click("#remove")
    assert page.is_visible("text=Loses two products.")
    context.close()


def test_g17_r4_only_a_browser_that_is_too_old_is_told_so(browser, running_on_sqlite):
    page = browser.new_context(base_url=running_on_sqlite.address).new_page()
    page.goto("/signin")
    expect(page.locator(".old-browser")).to_be_hidden()
    page.route("**/app-*.css", lambda route: route.fulfill(
        content_type="text/css", body=route.fetch().text().replace("light-dark(red,blue)", "nothing-known(red)")))
    page.reload()
    expect(page.locator(".old-browser")).to_be_visible()
    page.context.close()
