CREATE TABLE "client" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "client_id" TEXT NOT NULL,
    "product_id" INTEGER NOT NULL,
    "public" BOOLEAN NOT NULL,
    "pkce" BOOLEAN NOT NULL,
    "algorithm" TEXT NOT NULL,
    "scopes" JSONB NOT NULL,
    "redirect_uris" JSONB NOT NULL,
    "logout_uris" JSONB NOT NULL,
    "backchannel_uri" TEXT NOT NULL,
    "service" BOOLEAN NOT NULL,
    "trusted" BOOLEAN NOT NULL,
    "version" INTEGER NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "disabled" TIMESTAMPTZ,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("product_id") REFERENCES "product" ("id"),
    CHECK (algorithm IN ('ES256', 'RS256')),
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);
CREATE INDEX "client_organisation_id" ON "client" ("organisation_id");
CREATE UNIQUE INDEX "client_client_id" ON "client" ("client_id");
CREATE INDEX "client_organisation_id_product_id" ON "client" ("organisation_id", "product_id");

CREATE TABLE "client_secret" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "public_id" TEXT NOT NULL,
    "client_id" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "expires" TIMESTAMPTZ,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, client_id) REFERENCES client (organisation_id, id)
);
CREATE INDEX "client_secret_organisation_id" ON "client_secret" ("organisation_id");
CREATE UNIQUE INDEX "client_secret_public_id" ON "client_secret" ("public_id");
CREATE INDEX "client_secret_client_id" ON "client_secret" ("client_id");
CREATE INDEX "client_secret_digest" ON "client_secret" ("digest");

CREATE TABLE "client_product" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "client_id" INTEGER NOT NULL,
    "product_id" INTEGER NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("product_id") REFERENCES "product" ("id"),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);
CREATE INDEX "client_product_organisation_id" ON "client_product" ("organisation_id");
CREATE INDEX "client_product_client_id" ON "client_product" ("client_id");
CREATE UNIQUE INDEX "client_product_client_id_product_id" ON "client_product" ("client_id", "product_id");
CREATE INDEX "client_product_organisation_id_product_id" ON "client_product" ("organisation_id", "product_id");

CREATE TABLE "consent" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "public_id" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "client_id" INTEGER NOT NULL,
    "product_id" INTEGER NOT NULL,
    "scopes" JSONB NOT NULL,
    "given" TIMESTAMPTZ NOT NULL,
    "last_used" TIMESTAMPTZ,
    "withdrawn" TIMESTAMPTZ,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("product_id") REFERENCES "product" ("id"),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);
CREATE INDEX "consent_organisation_id" ON "consent" ("organisation_id");
CREATE UNIQUE INDEX "consent_public_id" ON "consent" ("public_id");
CREATE INDEX "consent_client_id" ON "consent" ("client_id");
CREATE UNIQUE INDEX consent_once ON consent (user_id, client_id, product_id) WHERE withdrawn IS NULL;
CREATE INDEX "consent_organisation_id_product_id" ON "consent" ("organisation_id", "product_id");

CREATE TABLE "app_authorization" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "client_id" INTEGER NOT NULL,
    "product_id" INTEGER NOT NULL,
    "user_id" INTEGER,
    "session_id" INTEGER,
    "scopes" JSONB NOT NULL,
    "offline" BOOLEAN NOT NULL,
    "epoch" INTEGER NOT NULL,
    "proofs" TEXT NOT NULL,
    "proved" TIMESTAMPTZ,
    "code_hash" TEXT,
    "code_expires" TIMESTAMPTZ,
    "code_used" TIMESTAMPTZ,
    "redirect_uri" TEXT NOT NULL,
    "challenge" TEXT NOT NULL,
    "nonce" TEXT NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "expires" TIMESTAMPTZ NOT NULL,
    "ended" TIMESTAMPTZ,
    "ended_by" TEXT NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("product_id") REFERENCES "product" ("id"),
    FOREIGN KEY ("user_id") REFERENCES "account" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("session_id") REFERENCES "session" ("id") ON DELETE SET NULL,
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
);
CREATE INDEX "app_authorization_organisation_id" ON "app_authorization" ("organisation_id");
CREATE INDEX "app_authorization_client_id" ON "app_authorization" ("client_id");
CREATE INDEX "app_authorization_user_id" ON "app_authorization" ("user_id");
CREATE INDEX "app_authorization_session_id" ON "app_authorization" ("session_id");
CREATE UNIQUE INDEX "app_authorization_code_hash" ON "app_authorization" ("code_hash");
CREATE INDEX "app_authorization_organisation_id_product_id" ON "app_authorization" ("organisation_id", "product_id");
CREATE INDEX app_authorization_living ON app_authorization (expires) WHERE ended IS NULL;

CREATE TABLE "token" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "authorization_id" INTEGER NOT NULL,
    "scopes" JSONB NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "expires" TIMESTAMPTZ NOT NULL,
    "used" TIMESTAMPTZ,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("authorization_id") REFERENCES "app_authorization" ("id") ON DELETE CASCADE,
    CHECK (kind IN ('access', 'refresh')),
    FOREIGN KEY (organisation_id, authorization_id) REFERENCES app_authorization (organisation_id, id)
);
CREATE INDEX "token_organisation_id" ON "token" ("organisation_id");
CREATE UNIQUE INDEX "token_digest" ON "token" ("digest");
CREATE INDEX "token_authorization_id" ON "token" ("authorization_id");
CREATE INDEX "token_expires" ON "token" ("expires");

CREATE TABLE "signing_key" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "kid" TEXT NOT NULL,
    "algorithm" TEXT NOT NULL,
    "secret" BYTEA NOT NULL,
    "public" JSONB NOT NULL,
    "created" TIMESTAMPTZ NOT NULL,
    "signs_from" TIMESTAMPTZ NOT NULL,
    "gone" TIMESTAMPTZ
);
CREATE UNIQUE INDEX "signing_key_kid" ON "signing_key" ("kid");

