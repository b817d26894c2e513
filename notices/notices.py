"""What people are told: one line a notice, its text in templates/notices/<name>.html."""
from dataclasses import dataclass

WHEN, WHO = "when", "who"


@dataclass(frozen=True)
class Notice:
    """`path`: where its button leads, with the link's token in it. `muteable`: appendix A, class M is not.

    `circumstances`: does it say when it happened, or also by whom and from where?
    """

    name: str
    path: str = ""
    muteable: bool = False
    circumstances: str = ""


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
    Notice("member_removed", circumstances=WHO),
    Notice("member_role_changed", circumstances=WHO),
    Notice("role_changed", circumstances=WHO),
    Notice("access_changed", circumstances=WHO),
    Notice("access_asked"),
    Notice("access_refused", circumstances=WHEN),
    Notice("product_blocked", muteable=True, circumstances=WHEN),
    Notice("product_unblocked", muteable=True, circumstances=WHEN),
    Notice("product_maintained", muteable=True, circumstances=WHEN),
    Notice("product_resumed", muteable=True, circumstances=WHEN),
    Notice("team_joined", circumstances=WHO),
    Notice("team_left", circumstances=WHO),
    Notice("removed", circumstances=WHO),
    Notice("left", circumstances=WHO),
    Notice("blocked", circumstances=WHO),
    Notice("unblocked", circumstances=WHO),
    Notice("member_blocked", circumstances=WHEN),
    Notice("member_unblocked", circumstances=WHEN),
    Notice("security_alert"),
    Notice("two_factor_announced"),
    Notice("two_factor_forced"),
    Notice("two_factor_policy"),
    Notice("provider_changed"),
    Notice("signup", path="/signup/confirm/{token}"),
    Notice("signup_known"),
    Notice("account_created"),
    Notice("reset", path="/reset/{token}"),
    Notice("reset_unknown"),
    Notice("reset_elsewhere"),
    Notice("password_changed", circumstances=WHO),
    Notice("password_removed", circumstances=WHO),
    Notice("details_changed"),
    Notice("address_change_asked", path="/account/address/revert/{token}"),
    Notice("address_change_vouched", path="/account/address/revert/{token}"),
    Notice("address_confirm", path="/account/address/confirm/{token}"),
    Notice("address_wanted"),
    Notice("address_changed", path="/account/address/revert/{token}"),
    Notice("address_changed_here", circumstances=WHO),
    Notice("address_reverted", circumstances=WHO),
    Notice("new_sign_in", muteable=True),
    Notice("sign_in", muteable=True),
    Notice("failed_sign_ins", muteable=True),
    Notice("account_locked"),
    Notice("member_locked"),
    Notice("unlock", path="/unlock/{token}"),
    Notice("unlock_needless"),
    Notice("account_unlocked", circumstances=WHO),
    Notice("recovery_confirm", path="/account/recovery/confirm/{token}", circumstances=WHEN),     # not proven yet
    Notice("recovery_changed", circumstances=WHO),
    Notice("recovery_phone_changed", circumstances=WHO),
    Notice("address_told"),
    Notice("address_unknown"),
    Notice("factor_lost", path="/signin/lost-factor/keep/{token}"),
    Notice("vouch_asked"),
    Notice("factor_vouched", path="/signin/lost-factor/keep/{token}"),
    Notice("factor_refused"),
    Notice("member_factor_refused"),
    Notice("factor_link", path="/signin/lost-factor/{token}"),
    Notice("factor_kept", circumstances=WHO),
    Notice("factor_reset", circumstances=WHO),
    Notice("member_factor_reset"),
    Notice("disowned"),
    Notice("member_disowned"),
    Notice("account_cleared", circumstances=WHO),
    Notice("two_factor_on", circumstances=WHO),
    Notice("two_factor_off", circumstances=WHO),
    Notice("factor_added", circumstances=WHO),
    Notice("factor_removed", circumstances=WHO),
    Notice("identity_linked", circumstances=WHO),
    Notice("identity_unlinked", circumstances=WHO),
    Notice("passkey_possible_clone", circumstances=WHO),
    Notice("backup_code_used", circumstances=WHO),
    Notice("backup_codes_renewed", circumstances=WHO),
    Notice("account_suspended", circumstances=WHO),
    Notice("account_reinstated", circumstances=WHO),
    Notice("operator_removed", circumstances=WHO),
    Notice("approval_denied"),
    Notice("approval_on", circumstances=WHO),
    Notice("approval_off", circumstances=WHO),
    Notice("app_password_created", circumstances=WHO),
    Notice("app_password_revoked", circumstances=WHO),
    Notice("app_passwords_revoked", circumstances=WHO),
    Notice("application_reused"),
)}
