"""A browser's own words, in ours."""
import pytest

from accounts import agents

MOZILLA = "Mozilla/5.0"


@pytest.mark.parametrize(("agent", "words"), [
    (f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
    (f"{MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
     "Chrome, Windows"),
    (f"{MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 "
     "Safari/537.36 Edg/150.0.0.0", "Edge, Windows"),
    (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 "
     "Safari/605.1.15", "Safari, macOS"),
    (f"{MOZILLA} (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/150.0 "
     "Mobile/15E148 Safari/604.1", "Chrome, iPhone"),
    (f"{MOZILLA} (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
     "Chrome/140.0.0.0 Mobile Safari/537.36", "Samsung Internet, Android"),
    ("curl/8.14.1", "curl"),
    ("", "Another browser"),
    ("<script>alert(1)</script>", "Another browser"),
])
def test_a_browser_is_told_in_words(agent, words):
    assert agents.told(agent) == words


def test_a_phone_is_held_in_the_hand():
    assert agents.handheld("Mozilla/5.0 (Linux; Android 16; Pixel 9)")
    assert not agents.handheld("Mozilla/5.0 (X11; Linux x86_64)")
