"""Providers that organisations bring along, for tests: connected, linked, and signed in by."""
from contextlib import contextmanager
from urllib.parse import urlsplit

from accounts import identities, signin
from accounts.backends import Someone
from demo import acting
from models import User
from organisations import providers
from settings import setting
from tenancy import working_for
from tests.certificates import Authority
from tests.provider import ORDINARY, SECRET, Provider


@contextmanager
def lenders(folder, *names):
    """Providers that speak TLS on this machine, and an installation where organisations may name them."""
    authority = Authority(folder / "authority")
    with setting.changed(backends=("password", "passkey", "oidc"), provider_networks=("127.0.0.1",),
                         provider_ca=str(authority.file)):
        opened = [Provider(name=name, tls=authority.sign("127.0.0.1")).__enter__() for name in names]
        try:
            yield opened
        finally:
            for each in opened:
                each.__exit__()


def connect(cast, provider, slug="lumen", by="anne", *, counts=False):
    """As the organisation's administration does it."""
    with working_for(cast.organisations[slug]), acting(cast.people[by], "password"):
        return providers.add(f"{provider.name} login", provider.issuer, "kanton", SECRET, "mfa", counts=counts)


def link(row, person, subject=ORDINARY["sub"]):
    """A member says who they are there."""
    with acting(person):
        identities.link(person.id, signin.way(row.public_id), Someone(subject=subject), keep=None)
    return User.get_by_id(person.id)


def way_out(browser, row, path=""):
    """The address of the provider, on the page that leads there."""
    page = browser.get(path or f"/signin/with/{row.public_id}")
    return next(address for address in page.links if "/authorize?" in address)


def come_back(browser, address, expect=200):
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" == setting.base_url
    return browser.get(f"{parts.path}?{parts.query}", expect=expect)


def sign_in(browser, provider, row, expect=200, path=""):
    return come_back(browser, provider.sign_in(way_out(browser, row, path)), expect)
