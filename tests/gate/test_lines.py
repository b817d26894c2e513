"""The lines for proxies: what the README shows is what they say, and no address opens one of them."""
import re
from pathlib import Path

from gate import lines
from gate.lines import of
from settings import setting

README = Path(__file__).parents[2] / "README.md"
FOR_EXAMPLE = "https://wiki.lumen.example"


def test_the_readme_shows_the_lines_of_the_page():
    shown = re.search(r"```nginx\n(.*?)```", README.read_text(), re.DOTALL)[1]
    with setting.changed(base_url="https://login.example"):
        assert of(FOR_EXAMPLE)["nginx"].strip() == shown.strip()


def test_each_proxy_is_told_our_address_its_host_and_the_secret():
    with setting.changed(base_url="https://login.example:8443"):
        told = of("https://wiki.lumen.example:9443/start", "kgs_new")
    assert list(told) == ["nginx", "Caddy", "Traefik"]
    for text in told.values():
        assert "https://login.example:8443" in text and "kgs_new" in text and lines.UNSAID not in text
        assert text.count("{") == text.count("}") and "/start" not in text and "{{" not in text
    assert "listen 9443 ssl;\n    server_name wiki.lumen.example;" in told["nginx"]
    assert told["Caddy"].startswith("wiki.lumen.example:9443 {")
    assert "Host(`wiki.lumen.example`)" in told["Traefik"] and "wiki-lumen-example-9443-ask:" in told["Traefik"]


def test_what_reads_like_a_header_to_a_proxy_is_every_mixture_but_itself():
    assert lines.spellings("X-Gate-Secret") == ["X-Gate_Secret", "X_Gate-Secret", "X_Gate_Secret"]
    assert len(lines.spellings("X-Auth-Request-User", "_.")) == 3 ** 3 - 1


def test_an_address_that_is_no_plain_host_gets_no_lines():
    for odd in ("https://wiki.example;return", "https://wiki{.example", "https://`wiki`.example", "https://$host"):
        assert of(odd) == {}
