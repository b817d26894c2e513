"""The password kept here (Argon2id; decision 16)."""
from accounts import passwords
from accounts.backends import Backend, Proof
from i18n import _l
from models import User


class Password(Backend):
    name, label = "password", _l("Password")
    typed = True

    def opens(self, user: User) -> bool:
        return user.password is not None

    def right(self, user: User | None, email: str, password: str) -> Proof | None:
        return Proof(user, self.name) if passwords.right(user, password) and user else None


plugin = Password()
