CREATE TABLE "gate" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "product_id" INTEGER NOT NULL,
    "app_passwords" INTEGER NOT NULL,
    "created" INTEGER NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("product_id") REFERENCES "product" ("id"),
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
) STRICT;
CREATE INDEX "gate_organisation_id" ON "gate" ("organisation_id");
CREATE UNIQUE INDEX "gate_organisation_id_product_id" ON "gate" ("organisation_id", "product_id");

CREATE TABLE "gate_secret" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "public_id" TEXT NOT NULL,
    "gate_id" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "created" INTEGER NOT NULL,
    "expires" INTEGER,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("gate_id") REFERENCES "gate" ("id") ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, gate_id) REFERENCES gate (organisation_id, id)
) STRICT;
CREATE INDEX "gate_secret_organisation_id" ON "gate_secret" ("organisation_id");
CREATE UNIQUE INDEX "gate_secret_public_id" ON "gate_secret" ("public_id");
CREATE INDEX "gate_secret_gate_id" ON "gate_secret" ("gate_id");
CREATE UNIQUE INDEX "gate_secret_digest" ON "gate_secret" ("digest");

CREATE TABLE "gate_ticket" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "product_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "session_id" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "browser" TEXT NOT NULL,
    "place" TEXT NOT NULL,
    "created" INTEGER NOT NULL,
    "expires" INTEGER NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("product_id") REFERENCES "product" ("id"),
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("session_id") REFERENCES "session" ("id") ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
) STRICT;
CREATE INDEX "gate_ticket_organisation_id" ON "gate_ticket" ("organisation_id");
CREATE INDEX "gate_ticket_user_id" ON "gate_ticket" ("user_id");
CREATE INDEX "gate_ticket_session_id" ON "gate_ticket" ("session_id");
CREATE UNIQUE INDEX "gate_ticket_digest" ON "gate_ticket" ("digest");
CREATE INDEX "gate_ticket_expires" ON "gate_ticket" ("expires");
CREATE INDEX "gate_ticket_organisation_id_product_id" ON "gate_ticket" ("organisation_id", "product_id");
