"""Nobody widens his or her own rights by way of a role: not directly, not through a colleague's, not by making accounts."""

import pytest

from app.commands.accounts import change_user, set_role_permissions
from app.commands.base import Refused
from app.security import roles


def change(who, role, add=(), remove=()):
    set_role_permissions(who, role, list(add), list(remove))


@pytest.mark.parametrize("power", [("create", "accounts"), ("change", "accounts"), ("change", "roles"), ("can_index", "UsersView"), ("can_change", "RolesView")])
def test_a_supervisor_hands_out_no_power_over_accounts(app, actor, power):
    with pytest.raises(Refused, match="系統管理人員"):
        change(actor("director.10004"), roles.COUNTY_OFFICER, add=[power])
    change(actor("admin.10004"), roles.COUNTY_OFFICER, add=[power])


@pytest.mark.parametrize("role", [roles.AUDITOR, roles.ADMINISTRATOR])
def test_a_supervisor_leaves_the_auditor_and_the_administrator_alone(app, actor, role):
    with pytest.raises(Refused, match="系統管理人員"):
        change(actor("director.10004"), role, remove=[("menu_access", "Jobs")])


def test_a_supervisor_configures_the_others(app, actor):
    change(actor("director.10004"), roles.TOWN_CLERK, remove=[("build", "payments")], add=[("own_password", "accounts")])
    assert not actor("clerk.10004010").can("payments.build")


@pytest.mark.parametrize(("username", "role"), [("director.10004", roles.COUNTY_SUPERVISOR), ("admin.10004", roles.ADMINISTRATOR)])
def test_nobody_changes_the_own_role_or_account(app, actor, username, role):
    who = actor(username)
    with pytest.raises(Refused):
        change(who, role, add=[("release", "payments")])
    if who.can("accounts.change"):
        with pytest.raises(Refused):
            change_user(who, who.user_id, who.office_id, [roles.COUNTY_SUPERVISOR], None, True)
