"""What we say of ourselves to applications: only what we do (OpenID Discovery, RFC 8414)."""
from typing import Any

from oidc import authenticating, claims, keys, scopes, tokens
from settings import setting


def told() -> dict[str, Any]:
    issuer = setting.base_url
    by = [method for method in authenticating.METHODS if method != "none"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "end_session_endpoint": f"{issuer}/oauth/end-session",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(tokens.GRANTS),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(keys.ALGORITHMS),
        "scopes_supported": list(scopes.ALL),
        "claims_supported": list(claims.ALL),
        "acr_values_supported": [claims.ONE_STEP, claims.TWO_STEPS],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(authenticating.METHODS),
        "revocation_endpoint_auth_methods_supported": list(authenticating.METHODS),
        "introspection_endpoint_auth_methods_supported": by,
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }
