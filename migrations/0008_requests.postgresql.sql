ALTER TABLE organisation ADD COLUMN "requests" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organisation ALTER COLUMN "requests" DROP DEFAULT;

CREATE TABLE "access_request" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "public_id" TEXT NOT NULL,
    "membership_id" INTEGER NOT NULL,
    "product_id" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "answer" TEXT NOT NULL,
    "answered_by_id" INTEGER,
    "answered" TIMESTAMPTZ,
    "created" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("membership_id") REFERENCES "membership" ("id"),
    FOREIGN KEY ("product_id") REFERENCES "product" ("id"),
    FOREIGN KEY ("answered_by_id") REFERENCES "account" ("id"),
    CHECK (state IN ('waiting', 'granted', 'refused', 'withdrawn', 'closed')),
    CHECK ((answered IS NULL) = (state = 'waiting')),
    FOREIGN KEY (organisation_id, membership_id) REFERENCES membership (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);
CREATE INDEX "access_request_organisation_id" ON "access_request" ("organisation_id");
CREATE UNIQUE INDEX "access_request_public_id" ON "access_request" ("public_id");
CREATE UNIQUE INDEX access_request_once ON access_request (organisation_id, membership_id, product_id) WHERE state = 'waiting';
CREATE INDEX access_request_waiting ON access_request (organisation_id, created, id) WHERE state = 'waiting';
CREATE INDEX access_request_on_product ON access_request (organisation_id, product_id);
