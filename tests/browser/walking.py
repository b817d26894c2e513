"""Walking through the product by its links, one address for each page there is."""
from collections import deque
from urllib.parse import urlsplit

from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException

from tests.browser.test_story import sign_in

NOT_PAGES = {"files.static", "public.healthz"}


def one_of_each(page: Page, start: str, routes, most: int = 80, without: str = "\n") -> dict[str, str]:
    """{endpoint: path} of every page that can be reached from `start` by links, but for those `without` leads to."""
    found: dict[str, str] = {}
    waiting = deque([start])
    while waiting and len(found) < most:
        path = waiting.popleft()
        endpoint = endpoint_of(path, routes)
        if endpoint is None or endpoint in found or endpoint in NOT_PAGES or path.startswith(without):
            continue
        answer = page.goto(path)
        if "html" not in (answer.headers.get("content-type") or ""):
            continue
        arrived = urlsplit(page.url)
        found[endpoint] = path
        assert answer.status < 400, f"{path} answers {answer.status}"
        waiting.append(arrived.path)
        waiting.extend(page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))"))
    return found


def endpoint_of(href: str, routes) -> str | None:
    parts = urlsplit(href)
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        return None
    try:
        endpoint, _values = routes.match(parts.path, method="GET")
    except HTTPException:
        raise AssertionError(f"a link leads to {href}, where nothing is") from None
    return endpoint


def signed_in(browser, address: str, email: str | None, **sign_in_with) -> Page:
    page = browser.new_context(base_url=address).new_page()
    if email:
        sign_in(page, email, **sign_in_with)
    return page
