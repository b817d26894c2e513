"""What people are told: one line a notice, its text in templates/notices/<name>.html."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """`path`: where its button leads, with the link's token in it. `muteable`: appendix A, class M is not."""

    name: str
    path: str = ""
    muteable: bool = False


NOTICES = {notice.name: notice for notice in (
    Notice("invitation", path="/invitations/{token}"),
    Notice("invitation_reminder", path="/invitations/{token}"),
    Notice("invitation_withdrawn"),
    Notice("invitation_accepted", muteable=True),
    Notice("invitation_declined", muteable=True),
    Notice("invitation_expired", muteable=True),
    Notice("invitation_role_lowered"),
    Notice("member_joined", muteable=True),
    Notice("member_left"),
    Notice("member_removed"),
    Notice("member_role_changed"),
    Notice("role_changed"),
    Notice("removed"),
    Notice("left"),
    Notice("security_alert"),
    Notice("signup", path="/signup/confirm/{token}"),
    Notice("signup_known"),
    Notice("account_created"),
    Notice("reset", path="/reset/{token}"),
    Notice("reset_unknown"),
    Notice("password_changed"),
    Notice("details_changed"),
    Notice("address_change_asked", path="/account/address/revert/{token}"),
    Notice("address_confirm", path="/account/address/confirm/{token}"),
    Notice("address_wanted"),
    Notice("address_changed", path="/account/address/revert/{token}"),
    Notice("address_changed_here"),
    Notice("address_reverted"),
    Notice("new_sign_in", muteable=True),
    Notice("sign_in", muteable=True),
    Notice("failed_sign_ins", muteable=True),
    Notice("account_locked"),
    Notice("member_locked"),
    Notice("unlock", path="/unlock/{token}"),
    Notice("unlock_needless"),
    Notice("account_unlocked"),
    Notice("recovery_confirm", path="/account/recovery/confirm/{token}"),
    Notice("recovery_changed"),
    Notice("recovery_phone_changed"),
    Notice("address_told"),
    Notice("address_unknown"),
    Notice("factor_lost", path="/signin/lost-factor/keep/{token}"),
    Notice("vouch_asked"),
    Notice("factor_vouched", path="/signin/lost-factor/keep/{token}"),
    Notice("factor_link", path="/signin/lost-factor/{token}"),
    Notice("factor_kept"),
    Notice("factor_reset"),
    Notice("member_factor_reset"),
    Notice("disowned"),
    Notice("member_disowned"),
    Notice("account_cleared"),
    Notice("two_factor_on"),
    Notice("two_factor_off"),
    Notice("factor_added"),
    Notice("factor_removed"),
    Notice("backup_code_used"),
    Notice("backup_codes_renewed"),
)}
