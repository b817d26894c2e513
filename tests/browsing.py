"""A browser without JavaScript, that looks at each page before it gives it to the test."""
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pyotp

import demo
from settings import setting

VOID = {"input", "img", "br", "hr", "meta", "link", "path", "use", "wbr", "rect"}
ERRORS = ("Error:", "Erreur\N{NO-BREAK SPACE}:", "Fehler:", "Errore:")
UNLABELLED = {"hidden", "submit", "button", "image"}


class Browser:
    """One browser of one person: `get` and `post` give a Page, already checked."""

    def __init__(self, app, cast, **headers):
        self.client, self.cast, self.headers = app.test_client(), cast, headers
        self.page = None

    def sign_in(self, who: str, **more) -> "Browser":
        """As a person does it: address and password, then the second step where there is one."""
        person = self.cast.people[who]
        self.get("/signin")
        self.post("/signin", email=person.email_typed, password=demo.PASSWORD, **more)
        if self.page.path == "/signin/second-step":
            self.post("/signin/second-step", factor="totp", code=pyotp.TOTP(demo.SECRET).now())
        assert "csrf_token" in self.page.html
        return self

    def get(self, path: str, expect: int | None = 200, follow: bool = True, **headers) -> "Page":
        return self._look(self.client.get(path, base_url=setting.base_url, headers=self.headers | headers), path,
                          expect, follow)

    def post(self, path: str, expect: int | None = 200, follow: bool = True, token: str | None = None, headers=None,
             files=None, **fields) -> "Page":
        """Sends a form, with the token of the page before; follows to the page after it."""
        data = {name: value for name, value in fields.items() if value is not False and value is not None}
        data["csrf_token"] = self.page.token if token is None else token
        answer = self.client.post(path, base_url=setting.base_url, data=data | (files or {}),
                                  headers=self.headers | (headers or {}),
                                  content_type="multipart/form-data" if files else None)
        return self._look(answer, path, expect, follow)

    def _look(self, answer, path, expect, follow) -> "Page":
        hops = 0
        while follow and answer.status_code == 303 and answer.headers["Location"].startswith("/"):   # of ours
            path = answer.headers["Location"]
            answer = self.client.get(path, base_url=setting.base_url, headers=self.headers)
            hops += 1
            assert hops < 8, f"turning in circles at {path}"
        page = Page(answer, urlsplit(path).path)
        assert expect in (None, answer.status_code), (
            f"{path}: {answer.status_code} instead of {expect}: {page.text()[-600:]}")
        if answer.mimetype == "text/html" and answer.status_code != 303 and "<html" in page.html:
            page.check()
            self.page = page
        return page


class Page(HTMLParser):
    """A parsed answer: `text()`, `links`, `fields`, `token`, `flash`."""

    def __init__(self, answer, path: str):
        super().__init__(convert_charrefs=True)
        self.answer, self.path, self.status = answer, path, answer.status_code
        self.html = answer.get_data(as_text=True) if answer.mimetype.startswith("text") else ""
        self.open, self.elements, self.words = [], [], []
        if answer.mimetype == "text/html":
            self.feed(self.html)

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", "inside": [each["tag"] for each in self.open], **dict(attributes)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        while self.open and self.open.pop()["tag"] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data
        if not any(element["tag"] in ("script", "style", "template") for element in self.open):
            self.words.append(data)

    def text(self, identity: str | None = None) -> str:
        if identity is None:
            return re.sub(r"\s+", " ", " ".join(self.words)).strip()
        return re.sub(r"\s+", " ", next(each["text"] for each in self.elements if each.get("id") == identity)).strip()

    def all(self, tag: str) -> list[dict]:
        return [each for each in self.elements if each["tag"] == tag]

    @property
    def links(self) -> list[str]:
        return [each["href"] for each in self.all("a") if "href" in each]

    @property
    def token(self) -> str:
        return next(each["value"] for each in self.all("input") if each.get("name") == "csrf_token")

    @property
    def flash(self) -> str:
        return re.sub(r"\s+", " ", " ".join(each["text"] for each in self.elements
                                            if "toast" in each.get("class", "").split())).strip()

    @property
    def errors(self) -> str:
        return re.sub(r"\s+", " ", " ".join(each["text"] for each in self.elements if each.get("id") == "errors"
                                            or each.get("class") == "error")).strip()

    def check(self) -> None:
        """What is true of every page, whatever it shows."""
        where = f"{self.path}: "
        headings = [each for each in self.all("h1") if "dialog" not in each["inside"]]
        assert len(headings) == 1, where + f"{len(headings)} h1"
        titles = [each for each in self.all("title") if "svg" not in each["inside"]]
        assert titles and titles[0]["text"].strip(), where + "no title"
        if self.status in (200, 422):
            begins = titles[0]["text"].strip().startswith(ERRORS)
            assert begins == (self.status == 422), where + "the title of a page that was refused begins with “Error:”"
        assert self.all("html")[0].get("lang"), where + "the page does not say its language"
        ids = [each["id"] for each in self.elements if "id" in each]
        assert len(ids) == len(set(ids)), where + f"ids twice: {sorted({i for i in ids if ids.count(i) > 1})}"
        named = {each.get("for") for each in self.all("label")}
        for each in self.all("input") + self.all("select") + self.all("textarea"):
            if each.get("type") in UNLABELLED or each.get("aria-hidden") == "true":
                continue
            assert each.get("id") in named or "aria-label" in each or "label" in each["inside"], (
                where + f"{each.get('name')} has no label")
        for each in self.all("img"):
            assert "alt" in each, where + "a picture without alt"
        assert not [each for each in self.elements if "style" in each or any(name.startswith("on") for name in each)], (
            where + "inline style or script")
        for form in self.all("form"):
            assert form.get("method", "get") in ("get", "post", "dialog"), where + "a strange form"
