"""What a browser says of itself, in words: enough to know one's own again, no more."""
import re

from i18n import _

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
            ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
           ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))


def told(agent: str) -> str:
    """«Firefox, Linux»; what is not known is said to be so."""
    browser = next((name for sign, name in BROWSERS if re.search(rf"\b{sign}\b", agent)), _("Another browser"))
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    return f"{browser}, {system}" if system else browser
