"""How often is too often: one table, counted in the database so that all workers share it.

The count is taken before the secret is looked at (reserve, then check), so
that a hundred guesses at one instant are a hundred counts. On SQLite the
counts stand in a file of their own, which may lose a second in a power cut.
"""
import threading
from dataclasses import dataclass
from typing import Any

import crypto
import db
from clock import epoch
from i18n import _l
from rules import Busy, TooMany
from settings import setting


@dataclass(frozen=True)
class Limit:
    """`times` in `seconds` from the first one on, counted for each subject apart.

    `misses`: only what led nowhere counts. `told`: what people read where waiting is not the way on.
    `apart`: a route inside an organisation counts each person for themselves, not all of them together.
    """

    name: str
    times: int
    seconds: int
    why: str
    misses: bool = False
    told: Any = None
    apart: bool = False


SIGN_IN_ACCOUNT = Limit("sign-in account", 10, 900, "guesses against one account from browsers it does not know")
SIGN_IN_DEVICE = Limit("sign-in device", 10, 900, "guesses from a browser the account knows; apart from strangers'")
SIGN_IN_DEVICE_DAY = Limit("sign-in device day", 30, 86_400, "a slow drip of guesses from a browser the account knows")
SIGN_IN_NETWORK = Limit("sign-in network", 60, 900, "one network through many accounts; an office arrives at nine")
SECOND_STEP = Limit("second step", 5, 900, "wrong codes, of all factors together: five, then a pause (G7)")
SECOND_STEP_DAY = Limit("second step day", 30, 86_400, "a slow drip of guesses over a day")
SECOND_STEP_ROW = Limit("second step in a row", 100, 30 * 86_400, "wrong codes, none right between: the next ones wait",
                        told=_l("Too many wrong codes: this account now opens only in a browser you have used before."))
SECOND_STEP_PERSON = Limit("second step person", 100, 86_400, "wrong codes for one account, in all browsers together")
WAY_NETWORK = Limit("way network", 600, 900, "rows for what is begun; each sign-in page asks once, an office at nine")
SUPPORT_CODE = Limit("support code", 10, 3600, "one operator trying codes (SP-01)")
SUPPORT_CODES = Limit("support codes", 100, 3600, "all operators together trying codes")
APP_PASSWORD = Limit("app password", 10, 900, "a program with a dead app password, asking for ever", misses=True)
APP_PASSWORD_NETWORK = Limit("app password network", 60, 900, "one network with secrets that are nobody's", misses=True)
AUTHORIZE = Limit("authorize", 1200, 900, "codes and questions that one person, or one office, makes us write down")
CLIENT_SECRET = Limit("client secret", 20, 900, "an application with a wrong secret, or a guess", misses=True)
SMS_NUMBER = Limit("sms number", 3, 3600, "text messages to somebody who may not have asked (TF-16)")
SMS_PERSON = Limit("sms person", 5, 86_400, "text messages that one account costs (TF-16)")
SMS_DAY = Limit("sms day", 200, 86_400, "text messages that all accounts cost; the setting SMS_A_DAY says how many")
RECOVERY_NUMBER = Limit("recovery number", 3, 86_400, "text messages to somebody who may not have asked (SP-10)")
FACTOR_CONFIRM = Limit("factor confirm", 10, 900, "guessing the code that proves a number is one's own")
SIGNED_OUT_NETWORK = Limit("sign-out elsewhere", 3000, 900, "a provider's word that people signed out there, in waves")
PUSH = Limit("push", 20, 3600, "names we look up because a browser says that it can be told there")
PUSH_RENEWED = Limit("push renewed", 60, 3600, "browsers of one network whose maker gives them another address")
PROOF = Limit("proof", 10, 900, "wrong passwords from inside a session")
PROOF_DAY = Limit("proof day", 30, 86_400, "a slow drip of guesses from inside a session")
PASSWORD_CHANGE = Limit("password change", 20, 3600, "each is a mail, and ends the links of before")
SIGN_UP_ADDRESS = Limit("sign-up address", 3, 3600, "mails to somebody who may not have asked")
SIGN_UP_NETWORK = Limit("sign-up network", 20, 3600, "one network making accounts")
RESET_ADDRESS = Limit("reset address", 3, 3600, "mails to somebody who may not have asked")
UNLOCK_MEMBER = Limit("unlock member", 3, 30 * 86_400, "each time somebody else unlocks, ten more can be tried (LG-03)",
                      told=_l("This account has been unlocked too often. Only a link sent to its mailbox can unlock it "
                               "now."))
UNLOCK_OPERATOR = Limit("unlock by operators", 3, 30 * 86_400, "the same, when an operator unlocks: a caller may lie",
                        told=_l("This account has been unlocked too often. Only a link sent to its mailbox can unlock "
                                 "it now."))
UNLOCK_ADDRESS = Limit("unlock address", 3, 3600, "mails to somebody who may not have asked")
RECOVERY_ADDRESS = Limit("recovery address", 3, 3600, "mails to somebody who may not have asked")
LOST_FACTOR = Limit("lost factor", 5, 86_400, "mails about a lost factor, by whoever knows the password")
RESET_NETWORK = Limit("reset network", 20, 3600, "one network asking for many people")
LINK_NETWORK = Limit("link network", 60, 900, "trying tokens; a whole choir may open good ones at once", misses=True)
ADDRESS_CHANGE = Limit("address change", 5, 3600, "mails to addresses that are not ours yet")
INVITE_ORGANISATION = Limit("invite", 200, 3600, "an organisation writing to strangers (decision 20)")
UPLOAD = Limit("upload", 20, 3600, "pictures cost a second each")
CREATE_ORGANISATION = Limit("create organisation", 10, 86_400, "names taken for ever")
PROVIDER_CHECK = Limit("provider check", 20, 3600, "addresses that we fetch because somebody typed them (WH-11)")
CONNECTION_TEST = Limit("connection test", 30, 3600, "addresses of applications that we go to because somebody asks",
                        apart=True)
ASK_ACCESS = Limit("ask for access", 20, 86_400, "mails to those responsible, by one member")
EXPORT = Limit("export", 30, 3600, "whole lists of people leaving the house")

_COUNT = """
INSERT INTO hit (bucket, ends, times) VALUES (?, ?, 1)
ON CONFLICT (bucket) DO UPDATE SET
  times = CASE WHEN hit.ends > ? THEN hit.times + 1 ELSE 1 END,
  ends = CASE WHEN hit.ends > ? THEN hit.ends ELSE excluded.ends END
RETURNING times, ends"""


def spend(limit: Limit, subject: object) -> int:
    """Count once more; TooMany when that is too often. What is left."""
    if setting.rate_limits == "off":
        return limit.times
    now = epoch()
    times, ends = _ask(_COUNT, (crypto.bucket(limit.name, str(subject)), now + limit.seconds, now, now))
    if times > limit.times:
        raise TooMany(ends - now, limit.told)
    return int(limit.times - times)


def left(limit: Limit, subject: object) -> int:
    """How many are left, without counting."""
    times, _ends = _counted(limit, subject)
    return limit.times - times


def wait(limit: Limit, subject: object) -> int:
    """For how many seconds nothing is left; 0 when there is."""
    times, ends = _counted(limit, subject)
    return ends - epoch() if times >= limit.times else 0


def look(limit: Limit, subject: object) -> None:
    """TooMany when nothing is left, without counting."""
    if setting.rate_limits != "off" and (seconds := wait(limit, subject)):
        raise TooMany(seconds, limit.told)


def forgive(limit: Limit, subject: object) -> None:
    """After a success the subject begins anew. Never said of a network."""
    _ask("DELETE FROM hit WHERE bucket = ? RETURNING 1", (crypto.bucket(limit.name, str(subject)),))


def give_back(limit: Limit, subject: object) -> None:
    """What was counted last was right: one count less, the others stay."""
    _ask("UPDATE hit SET times = times - 1 WHERE bucket = ? AND times > 0 RETURNING 1",
         (crypto.bucket(limit.name, str(subject)),))


def forget_old() -> None:
    """Counts whose time is over say nothing any more."""
    _ask("DELETE FROM hit WHERE ends < ? RETURNING 1", (epoch(),))


def _counted(limit: Limit, subject: object) -> tuple[int, int]:
    """How often, and until when that counts."""
    now = epoch()
    return _ask("SELECT times, ends FROM hit WHERE bucket = ? AND ends > ?",
                (crypto.bucket(limit.name, str(subject)), now)) or (0, now)


_local = threading.local()


def _ask(sql: str, parameters: tuple[Any, ...]) -> Any:
    if not db.on_sqlite():
        rows: list[Any] = db.database.execute_sql(db.placeholders(sql), parameters).fetchall()
    else:
        try:
            rows = _file().execute(sql, parameters).fetchall()
        except db.FileTrouble as trouble:       # no room: nothing is let through uncounted
            raise Busy from trouble
    return rows[0] if rows else None


def _file() -> Any:
    path = str(setting.data / "limits.db")
    if getattr(_local, "path", None) != path:
        _local.connection, _local.path = db.open_plain(path), path
        _local.connection.execute("CREATE TABLE IF NOT EXISTS hit "
                                  "(bucket TEXT PRIMARY KEY, ends INTEGER NOT NULL, times INTEGER NOT NULL) STRICT")
    return _local.connection
