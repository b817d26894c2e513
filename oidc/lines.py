"""What an application that signs people in by us is set up with, ready to be copied."""
import crypto
import templating
from models import Client
from oidc import discovery
from settings import setting

UNSAID = "kcs_…"                                # a secret that is not said any more


def apache(client: Client, secret: str = "") -> str:
    """For Apache with mod_auth_openidc, which keeps a secret; its addresses were looked at when they were registered
    (`oidc.addresses`), so that none can end a line or a word of it. Nothing for an application that keeps none.

    The passphrase is its server's own, another one each time: one that changed at each restart would sign everybody
    out.
    """
    if client.public:
        return ""
    return templating.render_plain(
        "connecting/mod_auth_openidc.conf", ours=setting.base_url, client_id=client.client_id,
        secret=secret or UNSAID, algorithm=client.algorithm, scopes=" ".join(client.scopes),
        redirect_uri=client.redirect_uris[0], passphrase=crypto.token())


def values(client: Client, secret: str = "") -> dict[str, str]:
    """For any other: what it asks for, by the names of the standards (OpenID Discovery, RFC 7591)."""
    told = discovery.told()
    found = {"issuer": told["issuer"], "discovery": f"{told['issuer']}/.well-known/openid-configuration"}
    found |= {name: told[name] for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri",
                                            "introspection_endpoint", "end_session_endpoint")}
    found |= {"client_id": client.client_id,
              "client_secret": "" if client.public else secret or UNSAID,
              "redirect_uri": client.redirect_uris[0], "scope": " ".join(client.scopes), "response_type": "code",
              "code_challenge_method": "S256",
              "token_endpoint_auth_method": "none" if client.public else "client_secret_basic",
              "id_token_signed_response_alg": client.algorithm}
    return {name: value for name, value in found.items() if value}
