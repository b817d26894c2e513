"""What a product is told of when it is added: its address goes into other people's configuration."""
import pytest

from demo import acting
from products import lifecycle
from rules import Refused

ODD = ("https://wiki.example;", "https://wiki.example{", "https://wiki.example}x", 'https://wiki".example',
       "https://wiki.example/\"", "https://wiki'.example", "https://`wiki`.example", "https://wiki.example\n;deny",
       "https://wiki .example", "https://$host", "https://*.example", "https://wiki..example", "https://@wiki.example",
       "https://wiki.example:", "https://wiki.example:0", "https://wiki%0a.example", "https://w\u0131ki.example",
       "https://[::1%25;x]/", "http://wiki.example", "//wiki.example", "wiki.example")


def test_an_address_that_could_open_a_line_of_a_proxy_is_refused(lumen, cast):
    with acting(cast.people["anne"], "password", "totp"):
        for address in ODD:
            with pytest.raises(Refused) as no:
                lifecycle.add("protected-application", "Wiki 2", address=address)
            assert no.value.field == "address", address
        for address in ("https://wiki2.example", "https://wiki-3.example:8443/start?x=1", "http://127.0.0.1:3001"):
            assert lifecycle.add("protected-application", "Wiki 2", address=address).address == address
        assert lifecycle.add("link", "Wanderwege", address="https://zürich.example/wege").address
