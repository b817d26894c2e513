CREATE TABLE "product_use" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "product_id" INTEGER NOT NULL,
    "day" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "device" TEXT NOT NULL,
    "times" INTEGER NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("product_id") REFERENCES "product" ("id"),
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
) STRICT;
CREATE INDEX "product_use_organisation_id" ON "product_use" ("organisation_id");
CREATE UNIQUE INDEX "product_use_organisation_id_product_id_day_user_id_device" ON "product_use" ("organisation_id", "product_id", "day", "user_id", "device");
CREATE INDEX "product_use_day" ON "product_use" ("day");
