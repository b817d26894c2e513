"""Browsers that are told at once when a sign-in waits: what they fetch for it, one less, another address for one."""
import json

from flask import Response, abort, send_file

import assets
from accounts import pushes
from accounts.sessions import CREDENTIALS
from forms import Form, Text, required
from i18n import _
from limits import PUSH_RENEWED
from settings import setting
from web import ANYONE, SIGNED_IN, Blueprint, done

blueprint = Blueprint("pushes", __name__)


class RenewalForm(Form):
    """`before` and `proof` are the address and the secret that the browser had until now."""

    before = Text(validators=[required()])
    proof = Text(validators=[required()])
    endpoint = Text(validators=[required()])
    key = Text(validators=[required()])
    secret = Text(validators=[required()])


@blueprint.page("/push-worker.js", needs=ANYONE)
def worker() -> Response:
    """What shows a message while no page of ours is open. It stands at the root, since it speaks for the whole site,
    and under one name, by which browsers look whether it has changed."""
    found = assets.find(assets.url("push-worker.js").removeprefix("/static/"), accepts_gzip=False) or abort(404)
    response = send_file(found[0], mimetype=found[1], conditional=False, etag=False, last_modified=None)
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.page("/manifest.webmanifest", needs=ANYONE)
def manifest() -> Response:
    """As what a phone puts us on its home screen: an iPhone shows messages of such pages only."""
    icon = {"src": assets.url("mark.svg"), "type": "image/svg+xml", "sizes": "any"}
    told = {"name": setting.instance, "short_name": setting.instance, "id": "/", "start_url": "/", "scope": "/",
            "display": "standalone", "icons": [icon]}
    return Response(json.dumps(told), mimetype="application/manifest+json")


@blueprint.action("/account/security/told-browsers/<id>/remove", needs=SIGNED_IN, fresh=CREDENTIALS)
def remove(id: str) -> Response:
    pushes.unsubscribe(id)
    return done(_("That browser no longer notifies you."), "security.two_factor")


@blueprint.action("/push/renewed", needs=ANYONE, limit=PUSH_RENEWED, machine=True)
def renew() -> Response:
    """The browser's own word, with no page of ours open: its maker gave it another address."""
    form = RenewalForm()
    return Response(status=204 if form.submit_to(pushes.renew) else 422)
