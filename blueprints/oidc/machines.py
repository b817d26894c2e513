"""What programs ask of the OpenID provider: no cookie, no page, answers in JSON, for pages of any origin."""
from typing import Any

from flask import Response, jsonify, make_response, request

import pages
from oidc import authenticating, discovery, keys, tokens
from oidc.reading import Known
from oidc.refusals import Refusal, once
from web import ANYONE, Blueprint

blueprint = Blueprint("machines", __name__)

KEPT = "public, max-age=300"                    # what does not change from one minute to the next


@blueprint.page("/.well-known/openid-configuration", needs=ANYONE, machine=True)
def configuration() -> Response:
    return kept(discovery.told())


@blueprint.page("/oauth/jwks", needs=ANYONE, machine=True)
def jwks() -> Response:
    return kept({"keys": keys.published()})


@blueprint.action("/oauth/token", needs=ANYONE, machine=True)
def token() -> Response:
    form = sent()
    return jsonify(tokens.issue(client(form), form))


@blueprint.action("/oauth/introspect", needs=ANYONE, machine=True)
def introspect() -> Response:
    form = sent()
    asking = client(form)
    if asking.public:
        raise Refusal("invalid_client", "Only an application that keeps a secret may ask.", 401, "Basic")
    return jsonify(tokens.introspected(asking, form.get("token", "")))


@blueprint.action("/oauth/revoke", needs=ANYONE, machine=True)
def revoke() -> Response:
    """The same answer whatever the token was (RFC 7009 §2.2)."""
    form = sent()
    tokens.revoke(client(form), form.get("token", ""))
    return make_response("", 200)


@blueprint.page("/oauth/userinfo", needs=ANYONE, machine=True)
def userinfo() -> Response:
    return jsonify(tokens.person(bearer()))


@blueprint.action("/oauth/userinfo", needs=ANYONE, machine=True)
def userinfo_by_form() -> Response:
    return jsonify(tokens.person(bearer() or sent().get("access_token", "")))


@blueprint.errorhandler(Refusal)
def refused(no: Refusal) -> Response:
    answer = jsonify({"error": no.error} | ({"error_description": no.description} if no.description else {}))
    answer.status_code = no.status
    if no.scheme == "Basic":
        answer.headers["WWW-Authenticate"] = 'Basic realm="applications"'
    elif no.scheme:
        answer.headers["WWW-Authenticate"] = f'Bearer error="{no.error}"' if bearer() else "Bearer"
    return answer


@blueprint.after_request
def for_every_origin(response: Response) -> Response:
    """Applications that run in a browser may ask, too: nothing here is answered because of a cookie (OP-23)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Headers"] = "Authorization"
    return response


def sent() -> dict[str, str]:
    """What the form says. Nothing of the address is read: secrets there would stand in logs (OP-15)."""
    return once(request.form.items(multi=True))


def client(form: dict[str, str]) -> Known:
    return authenticating.client(pages.header("Authorization"), form)


def bearer() -> str:
    scheme, _blank, found = pages.header("Authorization").partition(" ")
    return found.strip() if scheme.lower() == "bearer" else ""


def kept(told: dict[str, Any]) -> Response:
    response = jsonify(told)
    response.headers["Cache-Control"] = KEPT
    return response
