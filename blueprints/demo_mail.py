"""The demonstration's post office: mail that a real installation would have sent (DATA/mail)."""
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import Response, make_response, request

from pages import page
from rules import NotHere
from settings import setting
from web import ANYONE, Blueprint

blueprint = Blueprint("demo_mail", __name__)

MOST = 200
# The letter itself, in a frame of its own: its styles stand in the tags, and nothing else may run or load.
LETTER = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups"


@blueprint.page("/demo/mail", needs=ANYONE)
def show() -> Response:
    """The latest first; `to`: those of one recipient."""
    _only_in_the_demo()
    to = request.args.get("to", "")
    latest = sorted(_folder().glob("*.eml"), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    letters = [(path.stem, _read(path)) for path in latest[:MOST]]
    recipients = sorted({_recipient(letter) for _name, letter in letters})
    return page("demo/mail.html", recipients=[(each, each) for each in recipients], to=to,
                letters=[each for each in letters if to in ("", _recipient(each[1]))])


@blueprint.page("/demo/mail/<name>", needs=ANYONE)
def letter(name: str) -> Response:
    return page("demo/letter.html", name=name, letter=_find(name),
                text=_find(name).get_body(("plain",)).get_content())  # type: ignore[union-attr]


@blueprint.page("/demo/mail/<name>/html", needs=ANYONE)
def html(name: str) -> Response:
    body = _find(name).get_body(("html",))
    return make_response(body.get_content() if body else "", {  # type: ignore[attr-defined]
        "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": LETTER})


def _find(name: str) -> EmailMessage:
    _only_in_the_demo()
    path = _folder() / f"{name}.eml"
    if path not in _folder().glob("*.eml"):
        raise NotHere
    return _read(path)


def _read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)  # type: ignore[return-value]


def _recipient(letter: EmailMessage) -> str:
    return str(letter["To"].addresses[0].addr_spec)


def _folder() -> Path:
    return setting.data / "mail"  # type: ignore[no-any-return]


def _only_in_the_demo() -> None:
    if not setting.demo or setting.smtp_url:
        raise NotHere
