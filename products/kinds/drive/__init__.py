"""Files that are shared. One's own rights stand instead of a team's (G2-R5)."""
from i18n import _l
from products.kinds import Kind


class Drive(Kind):
    name, label = "drive", _l("File storage")
    icon = "cloud"
    seated = True
    team_merge = "individual"
    technical_label = _l("Storage")


plugin = Drive()
