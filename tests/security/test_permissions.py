"""The permission matrix of a fresh installation, as a snapshot: a change shows in the diff and must be meant.

`python -m tests.security.test_permissions` writes it anew.
"""

from pathlib import Path

import pytest
from flask_babel import force_locale

from app.security import roles

SNAPSHOT = Path(__file__).with_name("permissions.txt")
HEAD = "# thing.verb: roles that hold it in a fresh installation (supervisors change it afterwards in the console)\n"


def matrix() -> str:
    """One line per permission, sorted; needs an application context."""
    from app.commands import load_all
    from app.commands.setup import default_grants

    load_all()
    lines = [f"{thing}.{verb}: {'、'.join(r for r in roles.ALL if r in holders)}" for (verb, thing), holders in default_grants().items()]
    return HEAD + "\n".join(sorted(line for line in lines if not line.startswith("test."))) + "\n"


def test_the_matrix_is_the_one_we_mean(app):
    assert matrix() == SNAPSHOT.read_text(encoding="utf-8")


def test_every_permission_has_a_chinese_name(app):
    from app.commands.setup import default_grants
    from app.views.accounts import thing_label, verb_label

    with app.test_request_context(), force_locale("zh_Hant_TW"):
        names = {(thing_label(p), verb_label(p)): p for p in default_grants() if not p[1].startswith("test")}
    english = {p for (thing, verb), p in names.items() if thing.isascii() or verb.isascii() or ":" in thing or ":" in verb}
    assert not english


def test_the_auditor_only_reads(app):
    """No command that changes anything is the auditor's, but for the own password."""
    from app.commands import load_all
    from app.commands.base import REGISTRY

    load_all()
    held = {p for p, entry in REGISTRY.items() if roles.AUDITOR in entry.roles and not p.startswith("test.")}
    assert held <= {"accounts.own_password", "exports.request", "searches.remember", "training.play"}, held


def test_the_administrator_has_no_casework(app):
    from app.commands.setup import default_grants

    things = {thing for (_, thing), holders in default_grants().items() if roles.ADMINISTRATOR in holders}
    assert not things & {"casework", "payments", "recovery", "doubts", "ElderlyApplicationView", "PersonView", "DoubtView", "PaymentRunView"}


@pytest.mark.parametrize(
    ("held", "fine"),
    [
        ({roles.AUDITOR}, True),
        ({roles.AUDITOR, roles.COUNTY_OFFICER}, False),
        ({roles.ADMINISTRATOR, roles.COUNTY_SUPERVISOR}, False),
        ({roles.COUNTY_OFFICER, roles.ACCOUNTANT}, False),
        ({roles.TOWN_CLERK, roles.ACCOUNTANT}, False),
        ({roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR}, True),
    ],
)
def test_roles_that_exclude_each_other(held, fine):
    assert (roles.conflict(held) is None) is fine


def test_public_holds_nothing(app):
    assert app.appbuilder.sm.find_role("Public").permissions == []


if __name__ == "__main__":
    import tempfile

    from app import create_app
    from tests.conftest import settings

    folder = Path(tempfile.mkdtemp())
    with create_app(settings(folder, f"sqlite:///{folder}/x.db")).app_context():
        SNAPSHOT.write_text(matrix(), encoding="utf-8")
