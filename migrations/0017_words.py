"""What a line of a book is searched by stands beside its details, and goes with them."""
import audit
from models import EventFacts, PersonalEventFacts
from tenancy import across_organisations

BOOKS = ((EventFacts, audit.HIDDEN), (PersonalEventFacts, audit.HIDDEN_FROM_ONESELF))


def up(_migrator, db):
    for details, hidden in BOOKS:
        table = details._meta.table_name
        db.execute_sql(f"""ALTER TABLE "{table}" ADD COLUMN "words" TEXT NOT NULL DEFAULT ''""")
        with across_organisations("every book is searched from now on"):
            for number, facts in list(details.select(details.id, details.facts).tuples().bind(db)):
                details.update(words=audit.sought(facts, hidden)).where(details.id == number).execute(db)
