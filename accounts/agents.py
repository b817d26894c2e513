"""What a browser says of itself, in words: enough to know one's own again, no more."""
import re

from i18n import _

# The first that is found: most browsers say they are also Chrome, and Safari, and Mozilla.
BROWSERS = (("Edg(e|A|iOS)?", "Edge"), ("OPR|OPT|Opera", "Opera"), ("Vivaldi", "Vivaldi"),
            ("SamsungBrowser", "Samsung Internet"), ("DuckDuckGo|Ddg", "DuckDuckGo"), ("Firefox|FxiOS", "Firefox"),
            ("Chrome|CriOS|Chromium|HeadlessChrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
           ("Mac OS X|Macintosh", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))


def told(agent: str) -> str:
    """«Firefox, Linux»; what is not known is said to be so."""
    browser = next((name for sign, name in BROWSERS if re.search(rf"\b({sign})/", agent)), _("Another browser"))
    system = next((name for sign, name in SYSTEMS if re.search(sign, agent)), "")
    return f"{browser}, {system}" if system else browser


def handheld(agent: str) -> bool:
    """Does one hold it in one's hand?"""
    return bool(re.search("iPhone|iPad|Android", agent))
