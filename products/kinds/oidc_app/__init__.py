"""An application that lets people in by OpenID Connect: we are its provider."""
from i18n import _l
from products.kinds import OPENID, Kind


class OpenIdApplication(Kind):
    name, label = "oidc_app", _l("OpenID application")
    icon = "plug"
    door = OPENID
    technical_label = _l("Short description")


plugin = OpenIdApplication()
