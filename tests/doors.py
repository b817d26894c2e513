"""Going in as somebody, without the form: for tests that knock at many doors and read status lines."""
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts import sessions
from clock import now
from db import transaction
from models import Session, User
from settings import setting


class Visitor:
    """A browser with somebody signed in, or nobody."""

    def __init__(self, app: Flask, person: User | None = None, *, stale: bool = False, **headers: str):
        self.client: FlaskClient = app.test_client()
        self.headers = {"Accept-Language": "en", **headers}
        if person is not None:
            self._sign_in(person, stale)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=self.headers | headers, base_url=setting.base_url)

    def post(self, path: str, form=None, **headers: str) -> TestResponse:
        """With the token a form of ours would carry."""
        return self.client.post(path, data={"csrf_token": self.token()} | (form or {}),
                                headers=self.headers | headers, base_url=setting.base_url)

    def open(self, method: str, path: str, **headers: str) -> TestResponse:
        return self.client.open(path, method=method, headers=self.headers | headers, base_url=setting.base_url)

    def token(self) -> str:
        if not hasattr(self, "_token"):
            page = self.get("/cookies").get_data(as_text=True)
            self._token = page.split('name="csrf_token" value="')[1].split('"')[0]
        return self._token

    def _sign_in(self, person: User, stale: bool) -> None:
        with transaction():
            person = User.get_by_id(person.id)
            proofs = "password totp" if person.two_factor else "password"
            _session, secret = sessions.begin(person, proofs, stay=False, device=None)
            if stale:
                Session.update(proved=now() - 2 * sessions.PEOPLE).execute()
        with self.client.session_transaction(base_url=setting.base_url) as cookie:
            cookie["_user_id"] = secret
            cookie["_fresh"] = True
