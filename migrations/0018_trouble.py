"""Letters that did not get through, found at once at each sign-in."""


def up(_migrator, db):
    db.execute_sql("CREATE INDEX message_in_trouble ON message (user_id) WHERE error <> ''")
