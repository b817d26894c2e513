"""Days as an organisation's clock says them: near midnight, others than UTC's."""
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from clock import now
from models import Organisation


def in_days(number: int, organisation: Organisation) -> date:
    return now().astimezone(ZoneInfo(organisation.time_zone)).date() + timedelta(days=number)
