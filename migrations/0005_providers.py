"""OpenID providers that organisations have brought along."""
from peewee import SqliteDatabase

COLUMNS = '''"id" {number} NOT NULL PRIMARY KEY, "organisation_id" INTEGER NOT NULL, "public_id" TEXT NOT NULL,
    "name" TEXT NOT NULL, "issuer" TEXT NOT NULL, "client_id" TEXT NOT NULL, "client_secret" {octets},
    "trust_mfa" {json} NOT NULL, "active" {truth} NOT NULL, "created" {instant} NOT NULL,
    FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE'''
SQLITE = {"number": "INTEGER", "octets": "BLOB", "json": "TEXT", "truth": "INTEGER", "instant": "INTEGER"}
POSTGRESQL = {"number": "SERIAL", "octets": "BYTEA", "json": "JSONB", "truth": "BOOLEAN", "instant": "TIMESTAMPTZ"}


def up(_migrator, db):
    sqlite = isinstance(db, SqliteDatabase)
    columns = COLUMNS.format(**SQLITE if sqlite else POSTGRESQL)
    db.execute_sql(f'CREATE TABLE "provider" ({columns})' + (" STRICT" if sqlite else ""))
    db.execute_sql('CREATE INDEX "provider_organisation_id" ON "provider" ("organisation_id")')
    db.execute_sql('CREATE UNIQUE INDEX "provider_public_id" ON "provider" ("public_id")')
    if not sqlite:
        at_work = "nullif(current_setting('kanton.organisation', true), '')::int"
        db.execute_sql("ALTER TABLE provider ENABLE ROW LEVEL SECURITY")
        db.execute_sql("ALTER TABLE provider FORCE ROW LEVEL SECURITY")
        db.execute_sql(f"CREATE POLICY organisation_at_work ON provider USING ({at_work} IN (0, organisation_id))")
