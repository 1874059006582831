"""The roles an installation starts with. Afterwards they are data: supervisors change them in the console."""

TOWN_CLERK = "公所承辦"
TOWN_SUPERVISOR = "公所主管"
COUNTY_OFFICER = "縣府承辦"
COUNTY_SUPERVISOR = "縣府主管"
ACCOUNTANT = "主計出納"
MINISTRY_OFFICER = "中央承辦"
AUDITOR = "稽核"
ADMINISTRATOR = "系統管理"

ALL = (TOWN_CLERK, TOWN_SUPERVISOR, COUNTY_OFFICER, COUNTY_SUPERVISOR, ACCOUNTANT, MINISTRY_OFFICER, AUDITOR, ADMINISTRATOR)

TOWNSHIP = (TOWN_CLERK, TOWN_SUPERVISOR)
COUNTY = (COUNTY_OFFICER, COUNTY_SUPERVISOR)
CASEWORKERS = TOWNSHIP + COUNTY
SUPERVISORS = (TOWN_SUPERVISOR, COUNTY_SUPERVISOR)
READERS = (*CASEWORKERS, ACCOUNTANT, AUDITOR)

OFFICE_KINDS = {
    TOWN_CLERK: ("township",),
    TOWN_SUPERVISOR: ("township",),
    COUNTY_OFFICER: ("county",),
    COUNTY_SUPERVISOR: ("county",),
    ACCOUNTANT: ("county", "township"),
    MINISTRY_OFFICER: ("ministry",),
    AUDITOR: ("ministry", "county"),
    ADMINISTRATOR: ("ministry", "county", "township"),
}
"""The kinds of office in which a role makes sense."""


def conflict(roles: set[str]) -> str | None:
    """Why these roles may not be held together (Chinese), or None. The auditor is nobody else; neither is the administrator."""
    for alone in (AUDITOR, ADMINISTRATOR):
        if alone in roles and len(roles) > 1:
            return f"「{alone}」不可與其他角色由同一人擔任"
    if {TOWN_CLERK, ACCOUNTANT} <= roles or {COUNTY_OFFICER, ACCOUNTANT} <= roles:
        return "承辦與主計出納不可由同一人擔任"
    return None
