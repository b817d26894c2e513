CREATE UNIQUE INDEX invitation_owned ON invitation (organisation_id, id);

CREATE TABLE "family" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "code" TEXT NOT NULL,
    "names" TEXT NOT NULL,
    "icon" TEXT NOT NULL,
    "position" INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX "family_code" ON "family" ("code");

CREATE TABLE "category" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "code" TEXT NOT NULL,
    "family_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "names" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "used" INTEGER NOT NULL,
    "rights" TEXT NOT NULL,
    "blockable" INTEGER NOT NULL,
    "maintainable" INTEGER NOT NULL,
    "seated" INTEGER NOT NULL,
    "team_merge" TEXT NOT NULL,
    "retired" INTEGER,
    FOREIGN KEY ("family_id") REFERENCES "family" ("id"),
    CHECK (team_merge IN ('union', 'individual'))
) STRICT;
CREATE UNIQUE INDEX "category_code" ON "category" ("code");
CREATE INDEX "category_family_id" ON "category" ("family_id");

CREATE TABLE "product" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "public_id" TEXT NOT NULL,
    "category_id" INTEGER NOT NULL,
    "label" TEXT NOT NULL,
    "technical_name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "seats" INTEGER,
    "status" TEXT NOT NULL,
    "blocked" INTEGER,
    "blocked_reason" TEXT NOT NULL,
    "maintained" INTEGER,
    "maintained_reason" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "created" INTEGER NOT NULL,
    "ended" INTEGER,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("category_id") REFERENCES "category" ("id"),
    CHECK (status IN ('active', 'ended')),
    CHECK ((ended IS NULL) = (status = 'active')),
    UNIQUE (organisation_id, id)
) STRICT;
CREATE INDEX "product_organisation_id" ON "product" ("organisation_id");
CREATE UNIQUE INDEX "product_public_id" ON "product" ("public_id");
CREATE INDEX "product_category_id" ON "product" ("category_id");
CREATE INDEX "product_organisation_id_category_id" ON "product" ("organisation_id", "category_id");

CREATE TABLE "team" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "public_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "colour" TEXT NOT NULL,
    "leader_id" INTEGER,
    "people" INTEGER NOT NULL,
    "created" INTEGER NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("leader_id") REFERENCES "membership" ("id"),
    UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, leader_id) REFERENCES membership (organisation_id, id)
) STRICT;
CREATE INDEX "team_organisation_id" ON "team" ("organisation_id");
CREATE UNIQUE INDEX "team_public_id" ON "team" ("public_id");
CREATE INDEX "team_leader_id" ON "team" ("leader_id");
CREATE UNIQUE INDEX "team_organisation_id_key" ON "team" ("organisation_id", "key");

CREATE TABLE "team_member" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "team_id" INTEGER NOT NULL,
    "membership_id" INTEGER NOT NULL,
    "since" INTEGER NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("team_id") REFERENCES "team" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("membership_id") REFERENCES "membership" ("id"),
    FOREIGN KEY (organisation_id, team_id) REFERENCES team (organisation_id, id),
    FOREIGN KEY (organisation_id, membership_id) REFERENCES membership (organisation_id, id)
) STRICT;
CREATE INDEX "team_member_organisation_id" ON "team_member" ("organisation_id");
CREATE INDEX "team_member_team_id" ON "team_member" ("team_id");
CREATE UNIQUE INDEX "team_member_organisation_id_membership_id_team_id" ON "team_member" ("organisation_id", "membership_id", "team_id");

CREATE TABLE "access_grant" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "organisation_id" INTEGER NOT NULL,
    "membership_id" INTEGER,
    "team_id" INTEGER,
    "invitation_id" INTEGER,
    "product_id" INTEGER,
    "category_id" INTEGER,
    "right" TEXT NOT NULL,
    "by_rule" INTEGER NOT NULL,
    "by_id" INTEGER,
    "created" INTEGER NOT NULL,
    "until" INTEGER,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("membership_id") REFERENCES "membership" ("id"),
    FOREIGN KEY ("team_id") REFERENCES "team" ("id") ON DELETE CASCADE,
    FOREIGN KEY ("invitation_id") REFERENCES "invitation" ("id"),
    FOREIGN KEY ("product_id") REFERENCES "product" ("id"),
    FOREIGN KEY ("category_id") REFERENCES "category" ("id"),
    FOREIGN KEY ("by_id") REFERENCES "account" ("id"),
    CHECK (CASE WHEN membership_id IS NULL THEN 0 ELSE 1 END + CASE WHEN team_id IS NULL THEN 0 ELSE 1 END + CASE WHEN invitation_id IS NULL THEN 0 ELSE 1 END = 1),
    CHECK (product_id IS NULL OR category_id IS NULL),
    CHECK (("right" = 'everything') = (product_id IS NULL AND category_id IS NULL)),
    FOREIGN KEY (organisation_id, membership_id) REFERENCES membership (organisation_id, id),
    FOREIGN KEY (organisation_id, team_id) REFERENCES team (organisation_id, id),
    FOREIGN KEY (organisation_id, invitation_id) REFERENCES invitation (organisation_id, id),
    FOREIGN KEY (organisation_id, product_id) REFERENCES product (organisation_id, id)
) STRICT;
CREATE INDEX "access_grant_organisation_id" ON "access_grant" ("organisation_id");
CREATE INDEX "access_grant_team_id" ON "access_grant" ("team_id");
CREATE UNIQUE INDEX grant_of_membership ON access_grant (organisation_id, membership_id, COALESCE(product_id, 0), COALESCE(category_id, 0), "right") WHERE membership_id IS NOT NULL;
CREATE UNIQUE INDEX grant_of_team ON access_grant (organisation_id, team_id, COALESCE(product_id, 0), COALESCE(category_id, 0), "right") WHERE team_id IS NOT NULL;
CREATE UNIQUE INDEX grant_of_invitation ON access_grant (organisation_id, invitation_id, COALESCE(product_id, 0), COALESCE(category_id, 0), "right") WHERE invitation_id IS NOT NULL;
CREATE INDEX grant_on_product ON access_grant (organisation_id, product_id);
