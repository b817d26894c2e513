"""Where somebody was last is remembered by their browser: looking at a page writes nothing."""


def up(_migrator, db):
    db.execute_sql("ALTER TABLE account DROP COLUMN last_organisation")
