CREATE TABLE "push_subscription" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "public_id" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "device_id" INTEGER NOT NULL,
    "endpoint" TEXT NOT NULL,
    "key" BLOB NOT NULL,
    "secret" BLOB NOT NULL,
    "failures" INTEGER NOT NULL,
    "created" INTEGER NOT NULL,
    "last_used" INTEGER,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("device_id") REFERENCES "device" ("id") ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX "push_subscription_public_id" ON "push_subscription" ("public_id");
CREATE INDEX "push_subscription_user_id" ON "push_subscription" ("user_id");
CREATE UNIQUE INDEX "push_subscription_device_id" ON "push_subscription" ("device_id");
CREATE UNIQUE INDEX "push_subscription_endpoint" ON "push_subscription" ("endpoint");
