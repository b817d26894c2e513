CREATE TABLE "connection_test" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "product_id" INTEGER NOT NULL,
    "user_id" INTEGER,
    "begun" INTEGER NOT NULL,
    "until" INTEGER NOT NULL,
    "seen" TEXT NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("product_id") REFERENCES "product" ("id"),
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE SET NULL,
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
) STRICT;
CREATE INDEX "connection_test_organisation_id" ON "connection_test" ("organisation_id");
CREATE INDEX "connection_test_user_id" ON "connection_test" ("user_id");
CREATE UNIQUE INDEX "connection_test_organisation_id_product_id" ON "connection_test" ("organisation_id", "product_id");
