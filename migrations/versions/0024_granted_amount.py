"""A granted decision about money has an amount: one without any passed the check, because NULL is neither true nor false."""

from alembic import op
from sqlalchemy import text

from app.models.append_only import statements

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

NAME = 'ck_decision_granted_has_amount'
ZERO = "amount = 0 AND benefit IN ('low_income_living_assistance')"
BEFORE = (
    "outcome <> 'granted' OR (amount > 0 AND start_month IS NOT NULL) OR valid_from IS NOT NULL"
    f" OR ({ZERO} AND band IS NOT NULL AND start_month IS NOT NULL)"
)
NOW = (
    "outcome <> 'granted' OR (benefit IN ('disability_register', 'parking_permit') AND valid_from IS NOT NULL)"
    " OR (amount IS NOT NULL AND start_month IS NOT NULL AND amount > 0)"
    f" OR (amount IS NOT NULL AND start_month IS NOT NULL AND band IS NOT NULL AND {ZERO})"
)
FROZEN = (
    'application_id', 'decision_no', 'outcome', 'amount', 'band', 'start_month', 'end_month', 'valid_from', 'valid_to', 'rule_version', 'facts',
    'judgement', 'reason', 'exception_code', 'made_by_id', 'decided_at',
)


def check(condition: str) -> None:
    """Another check of `decision`; SQLite makes the table anew and loses its triggers."""
    with op.batch_alter_table('decision') as batch_op:
        batch_op.drop_constraint(op.f(NAME), type_='check')
        batch_op.create_check_constraint(op.f(NAME), condition)
    if op.get_bind().dialect.name == 'sqlite':
        for statement in statements('decision', 'sqlite', FROZEN):
            op.execute(statement)


def upgrade() -> None:
    rows = op.get_bind().execute(text(f'SELECT decision_no FROM decision WHERE NOT coalesce({NOW}, false) ORDER BY id LIMIT 20')).scalars().all()
    if rows:
        raise RuntimeError(f"核定處分沒有金額或起發月份（{'、'.join(rows)}）；請先查明補正，再升級")
    check(NOW)


def downgrade() -> None:
    check(BEFORE)
