"""Every table, what it holds, and what one row can say of itself."""
import enum
from datetime import timedelta
from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BlobField,
    BooleanField,
    Check,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
    fn,
)

import crypto
from clock import DAY, now
from db import InstantField, Record, stored
from tenancy import Owned, at_work


class Role(enum.StrEnum):
    """What somebody is in an organisation (domain §1.1), the strongest first."""

    LEGAL = "legal"
    ADMIN = "admin"
    COLLABORATOR = "collaborator"
    EXTERNAL = "external"


# --- people -----------------------------------------------------------------------------------


class User(Record):
    """A person's account: one identity for the whole installation."""

    public_id = TextField(unique=True, default=crypto.public_id)
    email = TextField(unique=True)              # the key: folded, domain in ASCII
    email_typed = TextField()                   # where mail goes, as the person wrote it
    password = BlobField(null=True)             # sealed PHC string; none: another way in
    password_changed = InstantField(null=True)
    password_long = BooleanField(default=False) # may it stand alone, without a second factor?
    first_name = TextField()
    last_name = TextField()
    language = TextField()
    country = TextField(default="CH")
    time_zone = TextField(default="Europe/Zurich")
    theme = TextField(default="")               # "", light or dark
    operator = BooleanField(default=False)
    two_factor = BooleanField(default=False)    # is a second factor active?
    preferred_factor = TextField(default="")    # the kind asked for first; empty: as SECOND_FACTORS says
    trusts_browsers = BooleanField(default=True)    # may a browser be remembered for the second step at all (G7-R7)?
    alert_new_place = BooleanField(default=True)    # a sign-in from a new browser or network
    alert_failure = BooleanField(default=True)      # wrong passwords and codes
    alert_success = BooleanField(default=False)     # every sign-in
    lock_threshold = IntegerField(default=10)   # wrong passwords in a row, from browsers not known, that lock (3 to 50)
    failures = IntegerField(default=0)          # so many of them, since the last right one
    locked = InstantField(null=True)            # only browsers it knows, and passkeys, open it
    must_renew = BooleanField(default=False)    # «that was not me»: a new password at the next sign-in
    recovery_email = TextField(default="")      # the key of a second address, confirmed
    recovery_email_typed = TextField(default="")
    recovery_phone = TextField(default="")      # E.164
    recovery_phone_since = InstantField(null=True)
    recovery_phone_confirmed = InstantField(null=True)      # by a code sent to it
    epoch = IntegerField(default=0)             # raised when everything signed in must end
    created = InstantField(default=now)
    suspended = InstantField(null=True)

    class Meta:
        table_name = "account"                  # `user` is a word PostgreSQL keeps for itself
        indexes = (SQL("CREATE INDEX account_recovery ON account (recovery_email) WHERE recovery_email <> ''"),
                   SQL("CREATE INDEX account_phone ON account (recovery_phone) WHERE recovery_phone <> ''"),
                   SQL("CREATE INDEX account_locked ON account (id) WHERE locked IS NOT NULL"))

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Device(Record):
    """A browser we have seen a person use. Known devices are not locked out by strangers."""

    token_hash = TextField()
    user = ForeignKeyField(User, on_delete="CASCADE", backref="devices")
    label = TextField(default="")
    network = TextField(default="")
    epoch = IntegerField(default=0)
    first_seen = InstantField(default=now)
    last_seen = InstantField(default=now)
    trusted_until = InstantField(null=True)     # so long the second step is not asked for in it

    class Meta:
        indexes = ((("token_hash", "user"), True),)

    @property
    def signed_id(self) -> str:
        """What the outside calls it: made of the row by a key of ours, kept nowhere."""
        return crypto.sign("device", self.id)


class Session(Record):
    """One sign-in on one browser. The cookie holds a random token; here is its hash only."""

    public_id = TextField(unique=True, default=crypto.public_id)
    token_hash = TextField(unique=True)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="sessions")
    device = ForeignKeyField(Device, null=True, on_delete="SET NULL")
    epoch = IntegerField()
    proofs = TextField()                        # what was proved, in order: "password totp"
    proved = InstantField(default=now)          # when the last fresh proof was given
    stay = BooleanField(default=False)
    agent = TextField(default="")
    network = TextField(default="")
    created = InstantField(default=now)
    last_seen = InstantField(default=now)       # to the minute
    expires = InstantField()                    # absolute
    idle_seconds = IntegerField()
    ended = InstantField(null=True)
    ended_by = TextField(default="")            # signed_out, owner, disowned, password, factor, reset, …
    elsewhere = TextField(default="")           # by which way from elsewhere it was opened, and its session there

    class Meta:
        indexes = ((("user", "ended"), False), (("elsewhere",), False))

    @property
    def alive(self) -> bool:
        idle = self.last_seen + timedelta(seconds=self.idle_seconds)
        return self.ended is None and now() < min(self.expires, idle)


class Attempt(Record):
    """Somebody half-way in: the first proof is given, the second is not. Has its own cookie."""

    token_hash = TextField(unique=True)
    user = ForeignKeyField(User, on_delete="CASCADE")
    device = ForeignKeyField(Device, null=True, on_delete="CASCADE")
    epoch = IntegerField()
    proofs = TextField()
    stay = BooleanField(default=False)
    place = TextField(default="")               # the path wanted in the first place
    elsewhere = TextField(default="")           # as in the session it may become
    asked = JSONField(default=dict)             # what each factor asked, by its kind: {"webauthn": {"challenge": …}}
    tries = IntegerField(default=0)
    created = InstantField(default=now)
    expires = InstantField()


class Begun(Record):
    """Something begun that is not finished: by a visitor, or from inside a session. Has its own cookie, for one use."""

    token_hash = TextField(unique=True)
    kind = TextField()                          # what for: "backend passkey", "proof webauthn", "link company"
    user = ForeignKeyField(User, null=True, on_delete="CASCADE")
    session = ForeignKeyField(Session, null=True, on_delete="CASCADE")
    facts = JSONField(default=dict)             # what the other side must match: a challenge, a state, a nonce
    place = TextField(default="")               # the path wanted in the first place
    created = InstantField(default=now)
    expires = InstantField()


class Credential(Record):
    """Something that proves who one is: a second factor, or one backup code."""

    PENDING, ACTIVE = "pending", "active"

    public_id = TextField(unique=True, default=crypto.public_id)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="credentials")
    kind = TextField()                          # the factor's folder
    label = TextField(default="")
    handle = TextField(unique=True, default=crypto.public_id)   # how a given answer finds it
    secret = BlobField(null=True)               # sealed
    counter = BigIntegerField(default=0)        # the last step or count accepted
    facts = JSONField(default=dict)             # what is no secret: a public key, transports, a masked number
    state = TextField(default=PENDING)
    created = InstantField(default=now)
    last_used = InstantField(null=True)

    class Meta:
        indexes = ((("user", "kind", "state"), False),)


class Identity(Record):
    """Who somebody is elsewhere, in a directory or at a provider. Found by its subject, never by an address."""

    user = ForeignKeyField(User, on_delete="CASCADE", backref="identities")
    provider = TextField()                      # the name in the settings, or `Provider.way`
    subject = TextField()                       # `sub`, entryUUID: never given to anybody else there
    email = TextField(default="")               # as they said last, to be shown
    groups = JSONField(default=list)            # theirs, as last told, for the teams to come
    created = InstantField(default=now)
    last_used = InstantField(null=True)

    class Meta:
        indexes = ((("provider", "subject"), True), (("user", "provider"), False))

    @classmethod
    def opening(cls) -> Any:
        """Those that open the account: what an organisation has brought along opens that organisation only."""
        return cls.select().where(~cls.provider.contains("@"))


class AppPassword(Record):
    """For what cannot do two steps. Its secret is shown once; it reaches neither people, credentials nor money."""

    public_id = TextField(unique=True, default=crypto.public_id)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="app_passwords")
    name = TextField()
    digest = TextField(unique=True)             # SHA-256 of 160 random bits
    hint = TextField()                          # its first symbols, to tell it from others
    created = InstantField(default=now)
    last_used = InstantField(null=True)
    revoked = InstantField(null=True)


class Approval(Record):
    """A sign-in that waits for a yes in another browser of the same person (TF-19, TF-20)."""

    WAITING, APPROVED, DENIED, LAPSED = "waiting", "approved", "denied", "lapsed"

    public_id = TextField(unique=True, default=crypto.public_id)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="approvals")
    attempt = ForeignKeyField(Attempt, null=True, on_delete="SET NULL")
    number = TextField()                        # shown where one signs in, typed where one approves
    agent = TextField(default="")               # the browser that asks, in its own words
    network = TextField(default="")
    state = TextField(default=WAITING)
    tries = IntegerField(default=0)
    created = InstantField(default=now)
    expires = InstantField()
    answered = InstantField(null=True)

    class Meta:
        constraints = [Check("state IN ('waiting', 'approved', 'denied', 'lapsed')")]

    @property
    def present(self) -> str:
        """Its state at this moment: waiting for longer than its time is lapsed."""
        return self.LAPSED if self.state == self.WAITING and self.expires <= now() else self.state


class PushSubscription(Record):
    """A browser that is told at once when a sign-in waits: its address at its maker's, and its keys (RFC 8291).

    It ends when one signs out there, or when the session in it is ended from elsewhere; not when that runs out.
    """

    public_id = TextField(unique=True, default=crypto.public_id)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="push_subscriptions")
    device = ForeignKeyField(Device, unique=True, on_delete="CASCADE")
    endpoint = TextField(unique=True)
    key = BlobField()                           # a point of P-256: only this browser reads what is sent
    secret = BlobField()                        # sealed; who knows it speaks for this browser
    failures = IntegerField(default=0)          # so often the service said no, since it last said yes
    created = InstantField(default=now)
    last_used = InstantField(null=True)


class Recovery(Record):
    """Somebody asks to get back in without a second factor: two proofs, a day's wait, and a no from any address."""

    OPEN, APPROVED, DONE, REJECTED, CANCELLED, LAPSED = "open", "approved", "done", "rejected", "cancelled", "lapsed"

    public_id = TextField(unique=True, default=crypto.public_id)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="recoveries")
    kind = TextField()                          # factor: the password is known, the factor is lost
    state = TextField(default=OPEN)
    vouched_by = ForeignKeyField(User, null=True, on_delete="SET NULL", backref="+")
    vouched_in = IntegerField(null=True)        # the organisation whose legal representative vouched
    agent = TextField(default="")
    network = TextField(default="")
    opens = InstantField(null=True)             # not before: a day after the vouching
    expires = InstantField()
    created = InstantField(default=now)
    closed = InstantField(null=True)

    class Meta:
        constraints = [Check("state IN ('open', 'approved', 'done', 'rejected', 'cancelled', 'lapsed')")]
        indexes = ((("user", "state"), False),
                   SQL("CREATE INDEX recovery_under_way ON recovery (user_id) WHERE closed IS NULL"))


class Link(Record):
    """A link sent by mail, for one use. Its token is a signature of `public_id`, stored nowhere."""

    public_id = TextField(unique=True, default=crypto.public_id)
    purpose = TextField()                       # signup, reset, unlock, address.confirm, address.revert, …
    user = ForeignKeyField(User, null=True, on_delete="CASCADE")
    email = TextField(default="")               # the key of the address it was sent to
    facts = JSONField(default=dict)
    epoch = IntegerField(default=0)
    created = InstantField(default=now)
    expires = InstantField()
    used = InstantField(null=True)

    class Meta:
        indexes = ((("user", "purpose"), False), (("email", "purpose"), False))

    @property
    def token(self) -> str:
        return f"{self.public_id}.{crypto.sign('link', self.purpose, self.public_id)}"


# --- organisations ----------------------------------------------------------------------------


class Organisation(Record):
    """A tenant. Counts are kept by the verbs that change them, so that no page counts rows."""

    OFF, ANNOUNCED, ON = "off", "announced", "on"

    public_id = TextField(unique=True, default=crypto.public_id)
    slug = TextField(unique=True)               # never used again, not even after the end
    name = TextField()
    kind = TextField(default="other")
    street = TextField(default="")
    house_number = TextField(default="")
    address_line = TextField(default="")        # c/o, building, P.O. box
    postcode = TextField(default="")
    town = TextField(default="")
    region = TextField(default="")
    country = TextField(default="CH")
    phone = TextField(default="")               # E.164
    vat_number = TextField(default="")
    currency = TextField(default="CHF")         # of future documents
    language = TextField()                      # of letters to people without an account
    time_zone = TextField(default="Europe/Zurich")
    logo = TextField(default="")                # the digest of its Picture
    admins_may_edit = BooleanField(default=False)
    two_factor = TextField(default=OFF)         # demanded of everybody: off, announced, on (G10)
    two_factor_from = InstantField(null=True)   # announced: from then on
    two_factor_zone = TextField(default="")     # announced: where that is the beginning of a day
    two_factor_notice = TextField(default="")   # what those without it are still to be told; empty: nothing
    two_factor_told = IntegerField(default=0)   # up to which membership they have been
    session_hours = IntegerField(null=True)     # sessions live no longer here; none: as everywhere
    trusts_browsers = BooleanField(default=True)    # is a remembered browser good enough here?
    trusted_upstreams = JSONField(default=list) # providers whose second step counts here
    checklist_hidden = BooleanField(default=False)
    origin = TextField(default="created")       # registration or created
    status = TextField(default="active")
    version = IntegerField(default=0)           # raised by each change of details, against lost edits
    members = IntegerField(default=0)           # present, externals not counted
    externals = IntegerField(default=0)
    unprotected = IntegerField(default=0)       # present, without a second factor
    invitations = IntegerField(default=0)       # pending
    requests = IntegerField(default=0)          # for access to a product, waiting for an answer
    created = InstantField(default=now)


def _points_at(column: str, table: str) -> SQL:
    """A row of ours cannot point at a row of theirs, not even by mistake."""
    return SQL(f"FOREIGN KEY (organisation_id, {column}) REFERENCES {table} (organisation_id, id)")


class OrganisationOwned(Owned):
    """A row that belongs to the organisation at work."""

    organisation = ForeignKeyField(Organisation, default=lambda: at_work().id, on_delete="CASCADE")


class Provider(OrganisationOwned):
    """An OpenID provider that an organisation has brought along: its members sign in there, to it alone."""

    public_id = TextField(unique=True, default=crypto.public_id)
    name = TextField()
    issuer = TextField()                        # for ever: a subject says nothing without it
    client_id = TextField()
    client_secret = BlobField(null=True)        # sealed
    trust_mfa = JSONField(default=list)         # values of `amr` or `acr` that say two steps
    active = BooleanField(default=True)
    created = InstantField(default=now)

    @property
    def way(self) -> str:
        """What sessions and identities call it. Whose own it is can be read from it: rules need not ask (policy)."""
        return f"{self.public_id}@{self.organisation.public_id}"

    @property
    def place(self) -> str:
        """Where its secret is sealed."""
        return f"provider.client_secret:{self.public_id}"


class Membership(OrganisationOwned):
    """A person in an organisation, with a role. Rows of people who are gone stay, ended."""

    ACTIVE, BLOCKED, REMOVED, LEFT = "active", "blocked", "removed", "left"
    KNOWN = 7 * DAY                             # so long one has belonged before others can tell who one is

    public_id = TextField(unique=True, default=crypto.public_id)
    user = ForeignKeyField(User, backref="memberships")
    role = TextField()
    accounting = BooleanField(default=False)
    pref_billing = BooleanField(default=False)
    pref_product_events = BooleanField(default=False)
    status = TextField(default=ACTIVE)
    joined = InstantField(default=now)
    ended = InstantField(null=True)
    last_seen = InstantField(default=now)       # to the hour; whoever joins is there
    alerted = InstantField(null=True)           # the last security alert
    warned = BooleanField(default=False)        # told that a second factor is or will be demanded, and not yet undone
    # Kept equal to the person's own by the verbs that change them: the list sorts, searches and
    # filters a hundred thousand people by one index.
    sort_name = TextField(default="")           # folded, last name first
    search = TextField(default="")              # folded name and address
    two_factor = BooleanField(default=False)
    raised = InstantField(null=True)            # when an external became more than that

    class Meta:
        constraints = [Check("role IN ('legal', 'admin', 'collaborator', 'external')"),
                       Check("status IN ('active', 'blocked', 'removed', 'left')"),
                       Check("(ended IS NULL) = (status IN ('active', 'blocked'))"),
                       SQL("UNIQUE (organisation_id, id)")]
        indexes = (
            SQL("CREATE UNIQUE INDEX membership_once ON membership (organisation_id, user_id) WHERE ended IS NULL"),
            # `search` stands in it as well: who is not looked for is passed over without reading the row.
            SQL("CREATE INDEX membership_by_name ON membership (organisation_id, sort_name, id, search)"
                " WHERE ended IS NULL"),
            SQL("CREATE INDEX membership_by_joined ON membership (organisation_id, joined, id) WHERE ended IS NULL"),
            SQL("CREATE INDEX membership_by_seen ON membership (organisation_id, last_seen, id) WHERE ended IS NULL"),
            SQL("CREATE INDEX membership_by_role ON membership (organisation_id, role, sort_name, id)"
                " WHERE ended IS NULL"),
            SQL("CREATE INDEX membership_unprotected ON membership (organisation_id, sort_name, id)"
                " WHERE ended IS NULL AND NOT two_factor"),
            SQL("CREATE INDEX membership_blocked ON membership (organisation_id, sort_name, id)"
                " WHERE status = 'blocked'"),
        )

    @classmethod
    def present(cls) -> Any:
        return cls.select().where(cls.ended.is_null())

    @classmethod
    def belonging(cls, user: int) -> Any:
        """Where a person really is one of them: see `belongs`."""
        return cls.select().where(cls.user == user, cls.known_at(stored(now() - cls.KNOWN)))

    @classmethod
    def known_at(cls, since: Any) -> Any:
        """The same as a condition: `since` then at the latest."""
        return ((cls.status == cls.ACTIVE) & (cls.role != Role.EXTERNAL)
                & (fn.COALESCE(cls.raised, cls.joined) <= since))

    @classmethod
    def legal_representatives(cls) -> Any:
        """Those who can act, with their accounts: neither blocked here nor suspended everywhere (RI-1, RI-3).

        Found by the index over those present, however many they are.
        """
        return cls.present().select_extend(User).join(User).where(
            cls.role == Role.LEGAL, cls.status == cls.ACTIVE, User.suspended.is_null())

    @property
    def belongs(self) -> bool:
        """Active, more than external, and so for long enough to be known: whoever wants an account could make an
        organisation of their own, and ask its owner in (TF-25)."""
        return (self.status == self.ACTIVE and self.role != Role.EXTERNAL
                and bool((self.raised or self.joined) <= now() - self.KNOWN))

    @property
    def accounts(self) -> bool:
        """May this person see to money? Legal representatives and administration always, RI-5, RI-6."""
        return self.role in (Role.LEGAL, Role.ADMIN) or (self.role == Role.COLLABORATOR and self.accounting)


class Block(OrganisationOwned):
    """Somebody kept out of one organisation, and why (G8). What was granted stays, for the day it is lifted."""

    membership = ForeignKeyField(Membership, backref="blocks")
    reason = TextField()
    by = ForeignKeyField(User, backref="+")
    at = InstantField(default=now)
    lifted = InstantField(null=True)
    lifted_by = ForeignKeyField(User, null=True, backref="+")

    class Meta:
        constraints = [_points_at("membership_id", "membership")]
        indexes = (SQL("CREATE UNIQUE INDEX block_once ON block (organisation_id, membership_id)"
                       " WHERE lifted IS NULL"),)


class Invitation(OrganisationOwned):
    """Somebody asked in (domain §3.3). Its token is a signature, rebuilt on demand, stored nowhere."""

    PENDING, ACCEPTED, DECLINED, WITHDRAWN, EXPIRED = "pending", "accepted", "declined", "withdrawn", "expired"

    public_id = TextField(unique=True, default=crypto.public_id)
    email = TextField()                         # the key
    email_typed = TextField()
    first_name = TextField(default="")
    last_name = TextField(default="")
    role = TextField()
    accounting = BooleanField(default=False)
    pref_billing = BooleanField(default=False)
    pref_product_events = BooleanField(default=False)
    exact_address = BooleanField(default=True)
    language = TextField()
    note = TextField(default="")
    teams = JSONField(default=list)             # public ids of those to join, as far as they are still there then
    inviter = ForeignKeyField(User, backref="+")
    generation = IntegerField(default=0)        # raised by each new sending: older links end
    state = TextField(default=PENDING)
    sent_count = IntegerField(default=0)
    last_sent = InstantField(default=now)
    reminders = IntegerField(default=0)         # how many have gone out since it was sent
    seen = InstantField(null=True)
    expires = InstantField()
    created = InstantField(default=now)
    closed = InstantField(null=True)
    membership = ForeignKeyField(Membership, null=True, backref="+")

    class Meta:
        constraints = [Check("state IN ('pending', 'accepted', 'declined', 'withdrawn', 'expired')"),
                       _points_at("membership_id", "membership")]
        indexes = (
            SQL("CREATE UNIQUE INDEX invitation_owned ON invitation (organisation_id, id)"),
            SQL("CREATE UNIQUE INDEX invitation_once ON invitation (organisation_id, email) WHERE state = 'pending'"),
            SQL("CREATE INDEX invitation_by_state ON invitation (organisation_id, state, created, id)"),
            SQL("CREATE INDEX invitation_to ON invitation (email) WHERE state = 'pending'"),
            SQL("CREATE INDEX invitation_due ON invitation (expires) WHERE state = 'pending'"),
        )

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email_typed

    @property
    def open(self) -> bool:
        return self.state == self.PENDING and now() < self.expires

    @property
    def copied_token(self) -> str:
        """Of a link handed over by hand: unlike the mailed one, it does not prove the mailbox (decision 14)."""
        return f"{self.public_id}.{crypto.sign('invitation copied', self.public_id, self.generation)}"


class Picture(OrganisationOwned):
    """A raster image, re-encoded by us. In the database, so that every node has it."""

    digest = TextField()
    kind = TextField()                          # image/png or image/webp
    width = IntegerField()
    height = IntegerField()
    content = BlobField()
    created = InstantField(default=now)

    class Meta:
        indexes = ((("organisation", "digest"), True),)


# --- products ---------------------------------------------------------------------------------


class Family(Record):
    """A group of categories in the catalogue, which the operator keeps for the whole installation."""

    code = TextField(unique=True)               # collaboration
    names = JSONField()                         # {"en": "Collaboration", "fr": …}, a name in each language
    icon = TextField(default="package")
    position = IntegerField(default=0)


class Category(Record):
    """What can be had: products of one kind, with the same rights (domain §3.6, «product type»)."""

    UNION, INDIVIDUAL = "union", "individual"

    code = TextField(unique=True)               # mail
    family = ForeignKeyField(Family, backref="categories")
    kind = TextField()                          # the folder in products/kinds
    names = JSONField()
    position = IntegerField(default=0)
    used = BooleanField(default=True)           # can it be used, or only managed?
    rights = JSONField(default=list)            # over the management, in order: ["technical", "statistics"]
    blockable = BooleanField(default=True)      # can its management be blocked (G8-R1)?
    maintainable = BooleanField(default=False)  # can the service be in maintenance?
    seated = BooleanField(default=False)        # are the people who use it counted?
    team_merge = TextField(default=UNION)       # a team's rights beside one's own, or one's own instead (G2-R5)
    retired = InstantField(null=True)           # no new products since; those there are stay

    class Meta:
        constraints = [Check("team_merge IN ('union', 'individual')")]


class Product(OrganisationOwned):
    """Something an organisation has. Blocking concerns its management, maintenance its use; neither takes a grant."""

    ACTIVE, ENDED = "active", "ended"

    public_id = TextField(unique=True, default=crypto.public_id)
    category = ForeignKeyField(Category, backref="products")
    label = TextField()                         # Festival of lights
    technical_name = TextField(default="")      # lumen.example
    address = TextField(default="")             # where one uses it; empty: it has no door of ours
    seats = IntegerField(null=True)             # so many may use it; none: as many as are granted
    status = TextField(default=ACTIVE)
    blocked = InstantField(null=True)           # its management, since
    blocked_reason = TextField(default="")
    maintained = InstantField(null=True)        # in maintenance, since
    maintained_reason = TextField(default="")
    version = IntegerField(default=0)           # raised by each change of its details, against lost edits
    created = InstantField(default=now)
    ended = InstantField(null=True)

    class Meta:
        constraints = [Check("status IN ('active', 'ended')"),
                       Check("(ended IS NULL) = (status = 'active')"),
                       SQL("UNIQUE (organisation_id, id)")]
        indexes = ((("organisation", "category"), False),)

    @classmethod
    def present(cls) -> Any:
        return cls.select().where(cls.ended.is_null())


class Team(OrganisationOwned):
    """People who work together: joining it gives what it carries, leaving it takes exactly that."""

    public_id = TextField(unique=True, default=crypto.public_id)
    name = TextField()
    key = TextField()                           # the folded name: two teams never have the same
    colour = TextField()
    leader = ForeignKeyField(Membership, null=True, backref="+")    # whom to ask; carries no right
    people = IntegerField(default=0)
    created = InstantField(default=now)

    class Meta:
        constraints = [SQL("UNIQUE (organisation_id, id)"), _points_at("leader_id", "membership")]
        indexes = ((("organisation", "key"), True),)


class TeamMember(OrganisationOwned):
    team = ForeignKeyField(Team, on_delete="CASCADE", backref="members")
    membership = ForeignKeyField(Membership, index=False, backref="teams")
    since = InstantField(default=now)

    class Meta:
        constraints = [_points_at("team_id", "team"), _points_at("membership_id", "membership")]
        indexes = ((("organisation", "membership", "team"), True),)


class Grant(OrganisationOwned):
    """One right given to one subject: a member, a team, or somebody invited.

    Over one product; over the future products of a category; or, with neither, over everything there is and will be.
    """

    USE, EVERYTHING = "use", "everything"

    membership = ForeignKeyField(Membership, null=True, index=False, backref="grants")
    team = ForeignKeyField(Team, null=True, on_delete="CASCADE", backref="grants")
    invitation = ForeignKeyField(Invitation, null=True, index=False, backref="grants")
    product = ForeignKeyField(Product, null=True, index=False, backref="grants")
    category = ForeignKeyField(Category, null=True, index=False, backref="+")
    right = TextField()                         # use, technical, statistics, …; everything where there is neither
    by_rule = BooleanField(default=False)       # made when the product came, by a rule about future ones (G2-R4)
    by = ForeignKeyField(User, null=True, index=False, backref="+")
    created = InstantField(default=now)
    until = InstantField(null=True)             # from then on it opens nothing (RL-08)

    class Meta:
        constraints = [
            Check("CASE WHEN membership_id IS NULL THEN 0 ELSE 1 END + CASE WHEN team_id IS NULL THEN 0 ELSE 1 END"
                  " + CASE WHEN invitation_id IS NULL THEN 0 ELSE 1 END = 1"),
            Check("product_id IS NULL OR category_id IS NULL"),
            Check("(\"right\" = 'everything') = (product_id IS NULL AND category_id IS NULL)"),
            _points_at("membership_id", "membership"), _points_at("team_id", "team"),
            _points_at("invitation_id", "invitation"), _points_at("product_id", "product")]
        indexes = tuple(
            SQL(f"CREATE UNIQUE INDEX grant_of_{whose} ON access_grant (organisation_id, {whose}_id,"
                f" COALESCE(product_id, 0), COALESCE(category_id, 0), \"right\") WHERE {whose}_id IS NOT NULL")
            for whose in ("membership", "team", "invitation")
        ) + (SQL("CREATE INDEX grant_on_product ON access_grant (organisation_id, product_id)"),)
        table_name = "access_grant"             # GRANT is a word of SQL


# --- applications -----------------------------------------------------------------------------


class Client(OrganisationOwned):
    """An application that signs people in by us. It belongs to a product, and whose that is looks after it."""

    client_id = TextField(unique=True, default=crypto.public_id)
    product = ForeignKeyField(Product, index=False, backref="clients")
    public = BooleanField(default=False)        # keeps no secret: on a telephone, or in the browser itself
    pkce = BooleanField(default=True)           # must it prove that it began what it finishes? A public one always.
    algorithm = TextField(default="ES256")      # what its ID tokens are signed with
    scopes = JSONField(default=list)            # what it may ask for at most
    redirect_uris = JSONField(default=list)     # where answers go, to the letter
    logout_uris = JSONField(default=list)       # where people may go on to after signing out, to the letter
    backchannel_uri = TextField(default="")     # where it wants to be told that somebody signed out
    service = BooleanField(default=False)       # may it act in its own name (client credentials)?
    trusted = BooleanField(default=False)       # the operator's word: nobody is asked for consent
    version = IntegerField(default=0)
    created = InstantField(default=now)
    disabled = InstantField(null=True)

    class Meta:
        constraints = [Check("algorithm IN ('ES256', 'RS256')"), SQL("UNIQUE (organisation_id, id)"),
                       _points_at("product_id", "product")]
        indexes = ((("organisation", "product"), False),)


class ClientSecret(OrganisationOwned):
    """One of an application's secrets: an older one stays good for a while beside the next."""

    public_id = TextField(unique=True, default=crypto.public_id)
    client = ForeignKeyField(Client, on_delete="CASCADE", backref="secrets")
    digest = TextField(index=True)              # SHA-256 of 256 random bits
    hint = TextField()                          # its first symbols, to tell it from others
    created = InstantField(default=now)
    expires = InstantField(null=True)           # when a younger one has taken its place

    class Meta:
        constraints = [_points_at("client_id", "client")]


class ClientProduct(OrganisationOwned):
    """Whose people come in by a client: its own product's and, where several share one application, theirs, too."""

    client = ForeignKeyField(Client, on_delete="CASCADE", backref="products")
    product = ForeignKeyField(Product, index=False, backref="+")

    class Meta:
        constraints = [_points_at("product_id", "product")]
        indexes = ((("client", "product"), True), (("organisation", "product"), False))


class Consent(OrganisationOwned):
    """What somebody lets an application know, and have done, as a member of one organisation."""

    public_id = TextField(unique=True, default=crypto.public_id)
    user = ForeignKeyField(User, on_delete="CASCADE", index=False, backref="consents")
    client = ForeignKeyField(Client, on_delete="CASCADE", backref="consents")
    product = ForeignKeyField(Product, index=False, backref="+")
    scopes = JSONField(default=list)
    given = InstantField(default=now)
    last_used = InstantField(null=True)         # to the minute
    withdrawn = InstantField(null=True)

    class Meta:
        constraints = [_points_at("product_id", "product")]
        indexes = (SQL("CREATE UNIQUE INDEX consent_once ON consent (user_id, client_id, product_id)"
                       " WHERE withdrawn IS NULL"),
                   (("organisation", "product"), False))


class Authorization(OrganisationOwned):
    """One answer to an application: a code at first, then the family of tokens that came of it.

    It belongs to one organisation for good. It stands while the session stands in which it was given; `offline`,
    without it. A service acts in its own name: it has neither person nor code.
    """

    client = ForeignKeyField(Client, on_delete="CASCADE", backref="authorizations")
    product = ForeignKeyField(Product, index=False, backref="+")
    user = ForeignKeyField(User, null=True, on_delete="CASCADE", backref="authorizations")
    session = ForeignKeyField(Session, null=True, on_delete="SET NULL", backref="authorizations")
    scopes = JSONField(default=list)            # never more than these
    offline = BooleanField(default=False)
    epoch = IntegerField(default=0)             # the account's; raised, nothing stands that has no session
    proofs = TextField(default="")              # what the session had proved, in order, and when
    proved = InstantField(null=True)
    code_hash = TextField(null=True, unique=True)
    code_expires = InstantField(null=True)
    code_used = InstantField(null=True)
    redirect_uri = TextField(default="")
    challenge = TextField(default="")
    nonce = TextField(default="")
    created = InstantField(default=now)
    expires = InstantField()                    # absolute, of the whole family
    ended = InstantField(null=True)
    ended_by = TextField(default="")            # session, withdrawn, reused, revoked, client, access

    class Meta:
        table_name = "app_authorization"        # AUTHORIZATION is a word of SQL
        constraints = [SQL("UNIQUE (organisation_id, id)"), _points_at("product_id", "product")]
        indexes = ((("organisation", "product"), False),
                   SQL("CREATE INDEX app_authorization_living ON app_authorization (expires) WHERE ended IS NULL"))


class Token(OrganisationOwned):
    """An access or a refresh token, by its SHA-256. A refresh token is used once; used again, its family ends."""

    ACCESS, REFRESH = "access", "refresh"

    digest = TextField(unique=True)
    kind = TextField()
    authorization = ForeignKeyField(Authorization, on_delete="CASCADE", backref="tokens")
    scopes = JSONField(default=list)
    created = InstantField(default=now)
    expires = InstantField(index=True)
    used = InstantField(null=True)

    class Meta:
        constraints = [Check("kind IN ('access', 'refresh')"), _points_at("authorization_id", "app_authorization")]


class Gate(OrganisationOwned):
    """A proxy before an application asks us about each request, at the host of its product's address."""

    product = ForeignKeyField(Product, index=False, backref="gates")
    app_passwords = BooleanField(default=False)     # may programs come in with one?
    created = InstantField(default=now)

    class Meta:
        constraints = [SQL("UNIQUE (organisation_id, id)"), _points_at("product_id", "product")]
        indexes = ((("organisation", "product"), True),)


class GateSecret(OrganisationOwned):
    """What the proxy proves itself with: an older one stays good for a while beside the next."""

    public_id = TextField(unique=True, default=crypto.public_id)
    gate = ForeignKeyField(Gate, on_delete="CASCADE", backref="secrets")
    digest = TextField(unique=True)             # SHA-256 of 256 random bits
    hint = TextField()                          # its first symbols, to tell it from others
    created = InstantField(default=now)
    expires = InstantField(null=True)           # when a younger one has taken its place

    class Meta:
        constraints = [_points_at("gate_id", "gate")]


class GateTicket(OrganisationOwned):
    """Somebody's way in by a gate, in one browser: a code for a minute, then a ticket. Opens nothing without its
    session, and nothing but its product."""

    product = ForeignKeyField(Product, index=False, backref="+")
    user = ForeignKeyField(User, on_delete="CASCADE", backref="gate_tickets")
    session = ForeignKeyField(Session, on_delete="CASCADE", backref="gate_tickets")
    digest = TextField(unique=True)             # of the code at first, then of the ticket
    browser = TextField(default="")             # in which browser it began; empty: it is a ticket
    place = TextField(default="")               # the address wanted in the first place
    created = InstantField(default=now)
    expires = InstantField(index=True)

    class Meta:
        constraints = [_points_at("product_id", "product")]
        indexes = ((("organisation", "product"), False),)


class ConnectionTest(OrganisationOwned):
    """The latest walk through an application's connection: what was seen of each step, and who walked."""

    product = ForeignKeyField(Product, index=False, backref="+")
    user = ForeignKeyField(User, null=True, on_delete="SET NULL", backref="+")
    begun = InstantField(default=now)
    until = InstantField()                      # so long what the application does is watched
    seen = JSONField(default=dict)              # {step: [what was wrong, or nothing; a detail of it]}

    class Meta:
        constraints = [_points_at("product_id", "product")]
        indexes = ((("organisation", "product"), True),)


class SigningKey(Record):
    """What ID tokens are signed with. The next one is published before it signs, the last one after it did."""

    kid = TextField(unique=True)
    algorithm = TextField()
    secret = BlobField()                        # sealed
    public = JSONField()                        # as the JWKS shows it
    created = InstantField(default=now)
    signs_from = InstantField()
    gone = InstantField(null=True)              # from then on it is shown and believed no more


class AccessRequest(OrganisationOwned):
    """A member asks to be let into a product, and why; somebody of the administration answers."""

    WAITING, GRANTED, REFUSED, WITHDRAWN, CLOSED = "waiting", "granted", "refused", "withdrawn", "closed"

    public_id = TextField(unique=True, default=crypto.public_id)
    membership = ForeignKeyField(Membership, index=False, backref="requests")
    product = ForeignKeyField(Product, index=False, backref="requests")
    reason = TextField()
    state = TextField(default=WAITING)          # closed: the person or the product has gone
    answer = TextField(default="")              # a word to the person, of who refused
    answered_by = ForeignKeyField(User, null=True, index=False, backref="+")
    answered = InstantField(null=True)
    created = InstantField(default=now)

    class Meta:
        constraints = [Check("state IN ('waiting', 'granted', 'refused', 'withdrawn', 'closed')"),
                       Check("(answered IS NULL) = (state = 'waiting')"),
                       _points_at("membership_id", "membership"), _points_at("product_id", "product")]
        indexes = (
            SQL("CREATE UNIQUE INDEX access_request_once ON access_request (organisation_id, membership_id, product_id)"
                " WHERE state = 'waiting'"),
            SQL("CREATE INDEX access_request_waiting ON access_request (organisation_id, created, id)"
                " WHERE state = 'waiting'"),
            SQL("CREATE INDEX access_request_on_product ON access_request (organisation_id, product_id)"))

    @classmethod
    def waiting(cls) -> Any:
        return cls.select().where(cls.state == cls.WAITING)


class ProductUse(OrganisationOwned):
    """That somebody came into a product by a door of ours, on one day, in one browser. Kept for its figures only."""

    product = ForeignKeyField(Product, index=False, backref="uses")
    day = TextField()                           # 2026-11-27, in UTC
    user = ForeignKeyField(User, index=False, on_delete="CASCADE", backref="+")
    device = TextField()                        # a digest of the browser, another one for each product
    times = IntegerField(default=1)

    class Meta:
        constraints = [_points_at("product_id", "product")]
        indexes = ((("organisation", "product", "day", "user", "device"), True), (("day",), False))


# --- memory -----------------------------------------------------------------------------------


class Event(OrganisationOwned):
    """A line in an organisation's book; `digest` chains it to the one before. Neither changed nor deleted: triggers
    refuse it."""

    number = IntegerField()                     # 1, 2, 3 … in this book
    at = InstantField(default=now)
    kind = TextField()                          # member.invited
    actor = ForeignKeyField(User, null=True, backref="+")
    actor_kind = TextField()
    subject = TextField(default="")             # the public id of whom or what it is about
    commitment = TextField()                    # SHA-256 of salt and facts
    digest = TextField()

    class Meta:
        constraints = [SQL("UNIQUE (organisation_id, id)")]
        indexes = ((("organisation", "number"), True), (("organisation", "actor", "number"), False),
                   (("organisation", "kind", "number"), False), (("organisation", "at"), False))


class EventFacts(OrganisationOwned):
    """The personal details of a line: these can be erased, and the chain still holds."""

    event = ForeignKeyField(Event, unique=True, backref="details")
    salt = TextField()
    facts = JSONField()
    words = TextField(default="")               # what it is searched by: folded, and erased with the rest

    class Meta:
        constraints = [_points_at("event_id", "event")]


class PersonalEvent(Record):
    """A line in a person's own book: sign-ins, factors, changes of the account."""

    user = ForeignKeyField(User, backref="events")
    number = IntegerField()
    at = InstantField(default=now)
    kind = TextField()
    actor = ForeignKeyField(User, null=True, backref="+")
    actor_kind = TextField()
    subject = TextField(default="")
    commitment = TextField()
    digest = TextField()

    class Meta:
        indexes = ((("user", "number"), True), (("user", "at"), False))


class PersonalEventFacts(Record):
    event = ForeignKeyField(PersonalEvent, unique=True, backref="details")
    salt = TextField()
    facts = JSONField()
    words = TextField(default="")               # what it is searched by: folded, and erased with the rest


class InstallationEvent(Record):
    """A line in the installation's own book: operators, keys, moves."""

    number = IntegerField(unique=True)
    at = InstantField(default=now)
    kind = TextField()
    actor = ForeignKeyField(User, null=True, backref="+")
    actor_kind = TextField()
    subject = TextField(default="")
    commitment = TextField()
    digest = TextField()


class InstallationEventFacts(Record):
    event = ForeignKeyField(InstallationEvent, unique=True, backref="details")
    salt = TextField()
    facts = JSONField()


class Message(Record):
    """Something the outside world is still to be told. Read by the worker only."""

    WAITING, SENT, FAILED = "waiting", "sent", "failed"

    public_id = TextField(unique=True, default=crypto.public_id)    # the Message-ID, the same at every try
    channel = TextField(default="email")
    recipient = TextField()                     # where it goes
    name = TextField(default="")
    notice = TextField()
    facts = JSONField(null=True)                # wiped when sent
    language = TextField()
    country = TextField(default="")
    time_zone = TextField(default="")
    user = ForeignKeyField(User, null=True, on_delete="SET NULL", backref="+")
    organisation_id = IntegerField(null=True)   # whose errand it is; read without the boundary
    subject = TextField(default="")             # the public id of what it is about, e.g. an invitation
    state = TextField(default=WAITING)
    attempts = IntegerField(default=0)
    due = InstantField(default=now)
    error = TextField(default="")
    created = InstantField(default=now)
    sent = InstantField(null=True)

    class Meta:
        constraints = [Check("state IN ('waiting', 'sent', 'failed')")]
        indexes = (SQL("CREATE INDEX message_due ON message (due, id) WHERE state = 'waiting'"),
                   SQL("CREATE INDEX message_about ON message (subject, id)"),
                   SQL("CREATE INDEX message_in_trouble ON message (user_id) WHERE error <> ''"))


TABLES = [User, Device, Session, Attempt, Begun, Credential, Identity, AppPassword, Approval, PushSubscription,
          Recovery, Link, Organisation, Provider, Membership, Block, Invitation, Picture,
          Family, Category, Product, Team, TeamMember, Grant, AccessRequest, ProductUse,
          Client, ClientSecret, ClientProduct, Consent, Authorization, Token, Gate, GateSecret, GateTicket,
          ConnectionTest, SigningKey,
          Event, EventFacts, PersonalEvent, PersonalEventFacts, InstallationEvent, InstallationEventFacts, Message]
OWNED = [table for table in TABLES if issubclass(table, OrganisationOwned)]
