"""A low-income household may have the status without cash: its decision and award may be worth 0, no other benefit's may."""

from alembic import op

from app.models.append_only import statements

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

ZERO = "amount = 0 AND benefit IN ('low_income_living_assistance')"
GRANTED = "outcome <> 'granted' OR (amount > 0 AND start_month IS NOT NULL) OR valid_from IS NOT NULL"
CHANGED = "kind NOT IN ('grant', 'amount') OR amount > 0"
FROZEN = {
    'decision': (
        'application_id', 'decision_no', 'outcome', 'amount', 'band', 'start_month', 'end_month', 'valid_from', 'valid_to', 'rule_version', 'facts',
        'judgement', 'reason', 'exception_code', 'made_by_id', 'decided_at',
    ),
    'award_change': (
        'award_id', 'seq', 'kind', 'month', 'recorded_on', 'amount', 'band', 'channel', 'payee_person_id', 'payee_name', 'institution', 'account',
    ),
}  # fmt: skip


def check(table: str, name: str, condition: str) -> None:
    """Another check of `table`; PostgreSQL keeps the triggers, SQLite makes the table anew and loses them."""
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(op.f(name), type_='check')
        batch_op.create_check_constraint(op.f(name), condition)
    if op.get_bind().dialect.name == 'sqlite' and table in FROZEN:
        for statement in statements(table, 'sqlite', FROZEN[table]):
            op.execute(statement)


def upgrade() -> None:
    check('decision', 'ck_decision_granted_has_amount', f'{GRANTED} OR ({ZERO} AND band IS NOT NULL AND start_month IS NOT NULL)')
    check('award', 'ck_award_amount', f'amount > 0 OR ({ZERO})')
    check('award_change', 'ck_award_change_amount', f'{CHANGED} OR ({ZERO})')


def downgrade() -> None:
    check('award_change', 'ck_award_change_amount', CHANGED)
    check('award', 'ck_award_amount', 'amount > 0')
    check('decision', 'ck_decision_granted_has_amount', GRANTED)
