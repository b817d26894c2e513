"""The same as for the rooms below."""
from tests.oidc.conftest import by, planning, product

__all__ = ["by", "planning", "product"]
