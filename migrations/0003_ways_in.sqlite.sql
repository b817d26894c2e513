ALTER TABLE "account" ADD COLUMN "preferred_factor" TEXT NOT NULL DEFAULT '';
ALTER TABLE "account" ADD COLUMN "trusts_browsers" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "account" ADD COLUMN "alert_new_place" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "account" ADD COLUMN "alert_failure" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "account" ADD COLUMN "alert_success" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "account" ADD COLUMN "lock_threshold" INTEGER NOT NULL DEFAULT 10;
ALTER TABLE "account" ADD COLUMN "failures" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "account" ADD COLUMN "locked" INTEGER;
ALTER TABLE "account" ADD COLUMN "must_renew" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "account" ADD COLUMN "recovery_email" TEXT NOT NULL DEFAULT '';
ALTER TABLE "account" ADD COLUMN "recovery_email_typed" TEXT NOT NULL DEFAULT '';
ALTER TABLE "account" ADD COLUMN "recovery_phone" TEXT NOT NULL DEFAULT '';
ALTER TABLE "account" ADD COLUMN "recovery_phone_confirmed" INTEGER;
ALTER TABLE "device" ADD COLUMN "trusted_until" INTEGER;
ALTER TABLE "attempt" ADD COLUMN "asked" TEXT NOT NULL DEFAULT '{}';
ALTER TABLE "attempt" ADD COLUMN "elsewhere" TEXT NOT NULL DEFAULT '';
ALTER TABLE "session" ADD COLUMN "elsewhere" TEXT NOT NULL DEFAULT '';
CREATE INDEX "session_elsewhere" ON "session" ("elsewhere");
ALTER TABLE "credential" ADD COLUMN "facts" TEXT NOT NULL DEFAULT '{}';
ALTER TABLE "organisation" ADD COLUMN "two_factor" TEXT NOT NULL DEFAULT 'off';
ALTER TABLE "organisation" ADD COLUMN "two_factor_from" INTEGER;
ALTER TABLE "organisation" ADD COLUMN "two_factor_notice" TEXT NOT NULL DEFAULT '';
ALTER TABLE "organisation" ADD COLUMN "two_factor_told" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "organisation" ADD COLUMN "session_hours" INTEGER;
ALTER TABLE "organisation" ADD COLUMN "trusts_browsers" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "organisation" ADD COLUMN "trusted_upstreams" TEXT NOT NULL DEFAULT '[]';

CREATE INDEX account_recovery ON account (recovery_email) WHERE recovery_email <> '';

CREATE TABLE "begun" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "token_hash" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "user_id" INTEGER,
    "session_id" INTEGER,
    "facts" TEXT NOT NULL,
    "place" TEXT NOT NULL,
    "created" INTEGER NOT NULL,
    "expires" INTEGER NOT NULL,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("session_id") REFERENCES "session" ("id") ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX "begun_token_hash" ON "begun" ("token_hash");
CREATE INDEX "begun_user_id" ON "begun" ("user_id");
CREATE INDEX "begun_session_id" ON "begun" ("session_id");

CREATE TABLE "identity" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "user_id" INTEGER NOT NULL,
    "provider" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "groups" TEXT NOT NULL,
    "created" INTEGER NOT NULL,
    "last_used" INTEGER,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE
) STRICT;
CREATE INDEX "identity_user_id" ON "identity" ("user_id");
CREATE UNIQUE INDEX "identity_provider_subject" ON "identity" ("provider", "subject");
CREATE INDEX "identity_user_id_provider" ON "identity" ("user_id", "provider");

CREATE TABLE "app_password" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "public_id" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "created" INTEGER NOT NULL,
    "last_used" INTEGER,
    "revoked" INTEGER,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX "app_password_public_id" ON "app_password" ("public_id");
CREATE INDEX "app_password_user_id" ON "app_password" ("user_id");
CREATE UNIQUE INDEX "app_password_digest" ON "app_password" ("digest");

CREATE TABLE "approval" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "public_id" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "attempt_id" INTEGER,
    "number" TEXT NOT NULL,
    "agent" TEXT NOT NULL,
    "network" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "tries" INTEGER NOT NULL,
    "created" INTEGER NOT NULL,
    "expires" INTEGER NOT NULL,
    "answered" INTEGER,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("attempt_id") REFERENCES "attempt" ("id") ON DELETE SET NULL,
    CHECK (state IN ('waiting', 'approved', 'denied', 'lapsed'))
) STRICT;
CREATE UNIQUE INDEX "approval_public_id" ON "approval" ("public_id");
CREATE INDEX "approval_user_id" ON "approval" ("user_id");
CREATE INDEX "approval_attempt_id" ON "approval" ("attempt_id");

CREATE TABLE "recovery" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "public_id" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "vouched_by_id" INTEGER,
    "vouched_in" INTEGER,
    "agent" TEXT NOT NULL,
    "network" TEXT NOT NULL,
    "opens" INTEGER,
    "expires" INTEGER NOT NULL,
    "created" INTEGER NOT NULL,
    "closed" INTEGER,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("vouched_by_id") REFERENCES "account" ("id") ON DELETE SET NULL,
    CHECK (state IN ('open', 'approved', 'done', 'rejected', 'cancelled', 'lapsed'))
) STRICT;
CREATE UNIQUE INDEX "recovery_public_id" ON "recovery" ("public_id");
CREATE INDEX "recovery_user_id" ON "recovery" ("user_id");
CREATE INDEX "recovery_vouched_by_id" ON "recovery" ("vouched_by_id");
CREATE INDEX "recovery_user_id_state" ON "recovery" ("user_id", "state");

CREATE TABLE "block" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "membership_id" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "by_id" INTEGER NOT NULL,
    "at" INTEGER NOT NULL,
    "lifted" INTEGER,
    "lifted_by_id" INTEGER,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("membership_id") REFERENCES "membership" ("id"),
    FOREIGN KEY ("by_id") REFERENCES "account" ("id"),
    FOREIGN KEY ("lifted_by_id") REFERENCES "account" ("id"),
    FOREIGN KEY (organisation_id, membership_id) REFERENCES membership (organisation_id, id)
) STRICT;
CREATE INDEX "block_organisation_id" ON "block" ("organisation_id");
CREATE INDEX "block_membership_id" ON "block" ("membership_id");
CREATE INDEX "block_by_id" ON "block" ("by_id");
CREATE INDEX "block_lifted_by_id" ON "block" ("lifted_by_id");
CREATE UNIQUE INDEX block_once ON block (organisation_id, membership_id) WHERE lifted IS NULL;
