CREATE TABLE "account" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "public_id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "email_typed" TEXT NOT NULL,
    "password" BYTEA,
    "password_changed" TIMESTAMPTZ,
    "password_long" BOOLEAN NOT NULL,
    "first_name" TEXT NOT NULL,
    "last_name" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "theme" TEXT NOT NULL,
    "operator" BOOLEAN NOT NULL,
    "two_factor" BOOLEAN NOT NULL,
    "epoch" INTEGER NOT NULL,
    "last_organisation" INTEGER,
    "created" TIMESTAMPTZ NOT NULL,
    "suspended" TIMESTAMPTZ
);
CREATE TABLE "device" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "token_hash" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "label" TEXT NOT NULL,
    "network" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "first_seen" TIMESTAMPTZ NOT NULL,
    "last_seen" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE
);
CREATE TABLE "session" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "public_id" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "device_id" INTEGER,
    "epoch" INTEGER NOT NULL,
    "proofs" TEXT NOT NULL,
    "proved" TIMESTAMPTZ NOT NULL,
    "stay" BOOLEAN NOT NULL,
    "agent" TEXT NOT NULL,
    "network" TEXT NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "last_seen" TIMESTAMPTZ NOT NULL,
    "expires" TIMESTAMPTZ NOT NULL,
    "idle_seconds" INTEGER NOT NULL,
    "ended" TIMESTAMPTZ,
    "ended_by" TEXT NOT NULL,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("device_id") REFERENCES "device" ("id") ON DELETE SET NULL
);
CREATE TABLE "attempt" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "token_hash" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "device_id" INTEGER,
    "epoch" INTEGER NOT NULL,
    "proofs" TEXT NOT NULL,
    "stay" BOOLEAN NOT NULL,
    "place" TEXT NOT NULL,
    "tries" INTEGER NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "expires" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("device_id") REFERENCES "device" ("id") ON DELETE CASCADE
);
CREATE TABLE "credential" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "public_id" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "handle" TEXT NOT NULL,
    "secret" BYTEA,
    "counter" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "last_used" TIMESTAMPTZ,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE
);
CREATE TABLE "link" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "public_id" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "user_id" INTEGER,
    "email" TEXT NOT NULL,
    "facts" JSONB NOT NULL,
    "epoch" INTEGER NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "expires" TIMESTAMPTZ NOT NULL,
    "used" TIMESTAMPTZ,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE
);
CREATE TABLE "organisation" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "public_id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "street" TEXT NOT NULL,
    "house_number" TEXT NOT NULL,
    "address_line" TEXT NOT NULL,
    "postcode" TEXT NOT NULL,
    "town" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "phone" TEXT NOT NULL,
    "vat_number" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "logo" TEXT NOT NULL,
    "admins_may_edit" BOOLEAN NOT NULL,
    "checklist_hidden" BOOLEAN NOT NULL,
    "origin" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "members" INTEGER NOT NULL,
    "externals" INTEGER NOT NULL,
    "unprotected" INTEGER NOT NULL,
    "invitations" INTEGER NOT NULL,
    "created" TIMESTAMPTZ NOT NULL
);
CREATE TABLE "membership" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "public_id" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "role" TEXT NOT NULL,
    "accounting" BOOLEAN NOT NULL,
    "pref_billing" BOOLEAN NOT NULL,
    "pref_product_events" BOOLEAN NOT NULL,
    "status" TEXT NOT NULL,
    "joined" TIMESTAMPTZ NOT NULL,
    "ended" TIMESTAMPTZ,
    "last_seen" TIMESTAMPTZ NOT NULL,
    "alerted" TIMESTAMPTZ,
    "sort_name" TEXT NOT NULL,
    "search" TEXT NOT NULL,
    "two_factor" BOOLEAN NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id"),
    CHECK (role IN ('legal', 'admin', 'collaborator', 'external')),
    CHECK (status IN ('active', 'blocked', 'removed', 'left')),
    CHECK ((ended IS NULL) = (status IN ('active', 'blocked'))),
    UNIQUE (organisation_id, id)
);
CREATE TABLE "invitation" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "public_id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "email_typed" TEXT NOT NULL,
    "first_name" TEXT NOT NULL,
    "last_name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "accounting" BOOLEAN NOT NULL,
    "pref_billing" BOOLEAN NOT NULL,
    "pref_product_events" BOOLEAN NOT NULL,
    "exact_address" BOOLEAN NOT NULL,
    "language" TEXT NOT NULL,
    "note" TEXT NOT NULL,
    "inviter_id" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "sent_count" INTEGER NOT NULL,
    "last_sent" TIMESTAMPTZ NOT NULL,
    "reminders" INTEGER NOT NULL,
    "seen" TIMESTAMPTZ,
    "expires" TIMESTAMPTZ NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "closed" TIMESTAMPTZ,
    "membership_id" INTEGER,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("inviter_id") REFERENCES "account" ("id"),
    FOREIGN KEY ("membership_id") REFERENCES "membership" ("id"),
    CHECK (state IN ('pending', 'accepted', 'declined', 'withdrawn', 'expired')),
    FOREIGN KEY (organisation_id, membership_id) REFERENCES membership (organisation_id, id)
);
CREATE TABLE "picture" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "content" BYTEA NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE
);
CREATE TABLE "event" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "kind" TEXT NOT NULL,
    "actor_id" INTEGER,
    "actor_kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "commitment" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("actor_id") REFERENCES "account" ("id"),
    UNIQUE (organisation_id, id)
);
CREATE TABLE "event_facts" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "event_id" INTEGER NOT NULL,
    "salt" TEXT NOT NULL,
    "facts" JSONB NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("event_id") REFERENCES "event" ("id"),
    FOREIGN KEY (organisation_id, event_id) REFERENCES event (organisation_id, id)
);
CREATE TABLE "personal_event" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "user_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "kind" TEXT NOT NULL,
    "actor_id" INTEGER,
    "actor_kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "commitment" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id"),
    FOREIGN KEY ("actor_id") REFERENCES "account" ("id")
);
CREATE TABLE "personal_event_facts" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "event_id" INTEGER NOT NULL,
    "salt" TEXT NOT NULL,
    "facts" JSONB NOT NULL,
    FOREIGN KEY ("event_id") REFERENCES "personal_event" ("id")
);
CREATE TABLE "installation_event" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number" INTEGER NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "kind" TEXT NOT NULL,
    "actor_id" INTEGER,
    "actor_kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "commitment" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    FOREIGN KEY ("actor_id") REFERENCES "account" ("id")
);
CREATE TABLE "installation_event_facts" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "event_id" INTEGER NOT NULL,
    "salt" TEXT NOT NULL,
    "facts" JSONB NOT NULL,
    FOREIGN KEY ("event_id") REFERENCES "installation_event" ("id")
);
CREATE TABLE "message" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "public_id" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "recipient" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "notice" TEXT NOT NULL,
    "facts" JSONB,
    "language" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "user_id" INTEGER,
    "organisation_id" INTEGER,
    "subject" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "due" TIMESTAMPTZ NOT NULL,
    "error" TEXT NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "sent" TIMESTAMPTZ,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE SET NULL,
    CHECK (state IN ('waiting', 'sent', 'failed'))
);
CREATE UNIQUE INDEX "account_public_id" ON "account" ("public_id");
CREATE UNIQUE INDEX "account_email" ON "account" ("email");

CREATE INDEX "device_user_id" ON "device" ("user_id");
CREATE UNIQUE INDEX "device_token_hash_user_id" ON "device" ("token_hash", "user_id");

CREATE UNIQUE INDEX "session_public_id" ON "session" ("public_id");
CREATE UNIQUE INDEX "session_token_hash" ON "session" ("token_hash");
CREATE INDEX "session_user_id" ON "session" ("user_id");
CREATE INDEX "session_device_id" ON "session" ("device_id");
CREATE INDEX "session_user_id_ended" ON "session" ("user_id", "ended");

CREATE UNIQUE INDEX "attempt_token_hash" ON "attempt" ("token_hash");
CREATE INDEX "attempt_user_id" ON "attempt" ("user_id");
CREATE INDEX "attempt_device_id" ON "attempt" ("device_id");

CREATE UNIQUE INDEX "credential_public_id" ON "credential" ("public_id");
CREATE INDEX "credential_user_id" ON "credential" ("user_id");
CREATE UNIQUE INDEX "credential_handle" ON "credential" ("handle");
CREATE INDEX "credential_user_id_kind_state" ON "credential" ("user_id", "kind", "state");

CREATE UNIQUE INDEX "link_public_id" ON "link" ("public_id");
CREATE INDEX "link_user_id" ON "link" ("user_id");
CREATE INDEX "link_user_id_purpose" ON "link" ("user_id", "purpose");
CREATE INDEX "link_email_purpose" ON "link" ("email", "purpose");

CREATE UNIQUE INDEX "organisation_public_id" ON "organisation" ("public_id");
CREATE UNIQUE INDEX "organisation_slug" ON "organisation" ("slug");

CREATE INDEX "membership_organisation_id" ON "membership" ("organisation_id");
CREATE UNIQUE INDEX "membership_public_id" ON "membership" ("public_id");
CREATE INDEX "membership_user_id" ON "membership" ("user_id");
CREATE UNIQUE INDEX membership_once ON membership (organisation_id, user_id) WHERE ended IS NULL;
CREATE INDEX membership_by_name ON membership (organisation_id, sort_name, id, search) WHERE ended IS NULL;
CREATE INDEX membership_by_joined ON membership (organisation_id, joined, id) WHERE ended IS NULL;
CREATE INDEX membership_by_seen ON membership (organisation_id, last_seen, id) WHERE ended IS NULL;
CREATE INDEX membership_by_role ON membership (organisation_id, role, sort_name, id) WHERE ended IS NULL;
CREATE INDEX membership_unprotected ON membership (organisation_id, sort_name, id) WHERE ended IS NULL AND NOT two_factor;
CREATE INDEX membership_blocked ON membership (organisation_id, sort_name, id) WHERE status = 'blocked';

CREATE INDEX "invitation_organisation_id" ON "invitation" ("organisation_id");
CREATE UNIQUE INDEX "invitation_public_id" ON "invitation" ("public_id");
CREATE INDEX "invitation_inviter_id" ON "invitation" ("inviter_id");
CREATE INDEX "invitation_membership_id" ON "invitation" ("membership_id");
CREATE UNIQUE INDEX invitation_once ON invitation (organisation_id, email) WHERE state = 'pending';
CREATE INDEX invitation_by_state ON invitation (organisation_id, state, created, id);
CREATE INDEX invitation_to ON invitation (email) WHERE state = 'pending';
CREATE INDEX invitation_due ON invitation (expires) WHERE state = 'pending';

CREATE INDEX "picture_organisation_id" ON "picture" ("organisation_id");
CREATE UNIQUE INDEX "picture_organisation_id_digest" ON "picture" ("organisation_id", "digest");

CREATE INDEX "event_organisation_id" ON "event" ("organisation_id");
CREATE INDEX "event_actor_id" ON "event" ("actor_id");
CREATE UNIQUE INDEX "event_organisation_id_number" ON "event" ("organisation_id", "number");
CREATE INDEX "event_organisation_id_actor_id_number" ON "event" ("organisation_id", "actor_id", "number");
CREATE INDEX "event_organisation_id_kind_number" ON "event" ("organisation_id", "kind", "number");
CREATE INDEX "event_organisation_id_at" ON "event" ("organisation_id", "at");

CREATE INDEX "event_facts_organisation_id" ON "event_facts" ("organisation_id");
CREATE UNIQUE INDEX "event_facts_event_id" ON "event_facts" ("event_id");

CREATE INDEX "personal_event_user_id" ON "personal_event" ("user_id");
CREATE INDEX "personal_event_actor_id" ON "personal_event" ("actor_id");
CREATE UNIQUE INDEX "personal_event_user_id_number" ON "personal_event" ("user_id", "number");
CREATE INDEX "personal_event_user_id_at" ON "personal_event" ("user_id", "at");

CREATE UNIQUE INDEX "personal_event_facts_event_id" ON "personal_event_facts" ("event_id");

CREATE UNIQUE INDEX "installation_event_number" ON "installation_event" ("number");
CREATE INDEX "installation_event_actor_id" ON "installation_event" ("actor_id");

CREATE UNIQUE INDEX "installation_event_facts_event_id" ON "installation_event_facts" ("event_id");

CREATE UNIQUE INDEX "message_public_id" ON "message" ("public_id");
CREATE INDEX "message_user_id" ON "message" ("user_id");
CREATE INDEX message_due ON message (due, id) WHERE state = 'waiting';
CREATE INDEX message_about ON message (subject, id);
