"""Codes by text message, to a mobile number of a few countries (G7).

A code is for one occasion, a sign-in or a setting up, and for ten minutes. It
is made of its occasion by a key of ours and stored nowhere. Telephone networks
can be listened to and numbers taken over (NIST calls them «restricted»): the
page where it is set up says so, and what is better stands before it.
"""
import hmac
import logging
from dataclasses import replace
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

import crypto
import formats
import limits
import outbox
import rules
from accounts.factors import Factor
from clock import MINUTE, epoch
from db import transaction
from i18n import _l
from limits import Limit
from models import Credential, Message, User
from rules import Refused, TooMany
from settings import setting

log = logging.getLogger(__name__)

LIFE = 10 * MINUTE
MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
EVERYBODY = "everybody"                         # whose messages the day's budget counts
ALARM = 5                                       # it sounds when a fifth is left


class Sms(Factor):
    name, label = "sms", _l("Text message")
    hint = _l("A 6-digit code, sent to your mobile phone. An app is safer.")
    refusal = _l("This code is not right, or its ten minutes are over.")
    another = _l("Send another code")
    icon = "message-square-text"
    asks, says_first = True, True

    def begin(self, user: User, secret: str = "") -> Credential:
        """`secret` is the number, as it was typed."""
        number = mobile(secret, user.country)
        credential = Credential.create(user=user, kind=self.name, label=rules.masked_phone(number))
        credential.secret = crypto.seal(number.encode(), place(credential))
        credential.facts = send(user, credential)
        credential.save()
        return credential  # type: ignore[no-any-return]

    def shown(self, user: User, credential: Credential) -> dict[str, Any]:
        return told(credential.facts)

    def ask(self, user: User) -> tuple[dict[str, Any], dict[str, Any]]:
        """To the number that was set up last. Nothing, and why, when no more may be sent."""
        credential = (Credential.select().where(Credential.user == user.id, Credential.kind == self.name,
                                                Credential.state == Credential.ACTIVE)
                      .order_by(Credential.id.desc()).get())
        try:
            facts = send(user, credential)
        except Refused as refusal:
            return {}, {"refused": refusal.why}
        return facts, told(facts)

    def again(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        return told(asked) if asked.get("until", 0) > epoch() else None

    def check(self, credential: Credential, answer: str, asked: dict[str, Any]) -> bool:
        """Bound to what it was sent for, which ends with the first right answer (TF-17)."""
        return (asked.get("credential") == credential.public_id and asked["until"] > epoch()
                and right(answer, asked["credential"], asked["occasion"]))


def on() -> bool:
    """Is there a gateway at all?"""
    return bool(setting.sms_url)


def mobile(text: str, country: str, field: str = "number") -> str:
    """E.164, or Refused: a mobile number of the countries we send to. Without a prefix it is one of `country`."""
    home = country if country in setting.sms_countries else setting.sms_countries[0]
    try:
        number = phonenumbers.parse(text, home)
    except phonenumbers.NumberParseException:
        raise Refused(_l("This is no phone number. Enter it with the country code, for example +41 79 555 01 23."),
                      field) from None
    if phonenumbers.region_code_for_number(number) not in setting.sms_countries:
        raise Refused(_l("Codes are sent to mobile numbers of these countries: %(countries)s.",
                         countries=_countries()), field)
    if phonenumbers.number_type(number) not in MOBILE:
        raise Refused(_l("Enter the number of a mobile phone."), field)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def send(user: User, credential: Credential) -> dict[str, Any]:
    """A new code leaves; its occasion, to be kept where the answer will be looked at. Refused when it is too many."""
    number = number_of(credential)
    afford(user, number, theirs=credential.state == Credential.ACTIVE)
    facts = {"occasion": crypto.public_id(), "credential": credential.public_id,
             "until": epoch() + int(LIFE.total_seconds())}
    with transaction():
        outbox.post("sms_code", rules.masked_phone(number), channel="sms", language=user.language, country=user.country,
                    time_zone=user.time_zone, user=user.id, subject=facts["occasion"], **facts)
    return facts | {"number": rules.masked_phone(number)}


def told(facts: dict[str, Any]) -> dict[str, Any]:
    """What a page shows of a code that was sent: to whom, and what became of the message."""
    return {"number": facts["number"], "mail": Message.get_or_none(Message.subject == facts["occasion"])}


def text(user: User, number: str, notice: str, *, subject: str, **facts: Any) -> None:
    """To a number that is no factor's: it goes with the message, sealed, and is wiped when it has left. In a
    transaction."""
    outbox.post(notice, rules.masked_phone(number), channel="sms", language=user.language, country=user.country,
                time_zone=user.time_zone, user=user.id, subject=subject,
                number=crypto.seal(number.encode(), f"message.number.{subject}").hex(), **facts)


def addressee(message: Message) -> str | None:
    """The number a message is for; none when its factor was removed before it could leave."""
    facts = message.facts or {}
    if sealed := facts.get("number"):
        return crypto.unseal(bytes.fromhex(sealed), f"message.number.{message.subject}").decode()
    credential = Credential.get_or_none(Credential.public_id == facts.get("credential"))
    return number_of(credential) if credential else None


def code(credential: str, occasion: str) -> str:
    return crypto.six_digits("sms code", credential, occasion)


def right(answer: str, credential: str, occasion: str) -> bool:
    return hmac.compare_digest(code(credential, occasion).encode(), answer.replace(" ", "").encode())


def number_of(credential: Credential) -> str:
    return crypto.unseal(credential.secret, place(credential)).decode()


def place(credential: Credential) -> str:
    return f"credential.number.{credential.public_id}"


def budget() -> Limit:
    """So many messages a day, of all people together: what somebody else's trick may cost us (TF-16)."""
    return replace(limits.SMS_DAY, times=setting.sms_a_day)


def for_others() -> Limit:
    """Of these, so many are for anything but signing in: whoever makes accounts for it keeps nobody out."""
    return replace(budget(), name="sms day for others", times=max(1, budget().times // 2))


def _countries() -> str:
    names = formats.country_names()
    return formats.list_of([names.get(each, each) for each in setting.sms_countries])


def afford(user: User, number: str, *, theirs: bool) -> None:
    """Whose number it is has a count of their own: who only says so cannot use up what they need to sign in."""
    try:
        limits.spend(limits.SMS_NUMBER, f"{number} of {user.id}" if theirs else number)
        limits.spend(limits.SMS_PERSON, user.id)
    except TooMany:
        raise Refused(_l("Several codes were sent already. Choose another way, or try again later."),
                      "number") from None
    spend_one(theirs=theirs)


def spend_one(*, theirs: bool = False) -> None:
    """One of the day's messages. Refused when there is none left: of all, or of the half that is not for `theirs`,
    whoever signs in by a number that was proved."""
    try:
        if not theirs:
            limits.spend(for_others(), EVERYBODY)
        left = limits.spend(budget(), EVERYBODY)
    except TooMany:
        log.error("the day's %s text messages are used up%s", budget().times, "" if theirs else ", or the half that is "
                  "not for signing in")
        raise Refused(_l("No more text messages can be sent today. Choose another way."), "number") from None
    if left == budget().times // ALARM:
        log.warning("of the day's %s text messages only %s are left", budget().times, left)


plugin = Sms()
