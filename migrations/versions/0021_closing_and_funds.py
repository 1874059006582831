"""Month and year closing with its guard, funding sources of payment lines, deductions by signed consent."""

import sqlalchemy as sa
from alembic import op

from app.models import closing_guard
from app.models.append_only import statements

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

GUARDED = ('payment_run', 'payment_line', 'payment', 'payment_file', 'result_file', 'accounting_line', 'budget_line')
SHARE = ('county_code', 'benefit', 'from_month', 'central', 'county', 'town', 'reason', 'entered_by_id', 'entered_at')
CONSENT = (
    'county_code', 'town_code', 'benefit', 'overpayment_id', 'award_id', 'document_no', 'signed_by', 'signed_as', 'signed_on',
    'monthly_limit', 'from_month', 'to_month', 'entered_by_id', 'entered_at',
)  # fmt: skip
BUDGET = ('county_code', 'benefit', 'year', 'fund', 'amount', 'on_excess', 'reason', 'entered_by_id', 'entered_at')
OLD = (
    'run_id', 'line_no', 'root_run_id', 'root_line_no', 'award_id', 'recipient_id', 'person_id', 'name', 'band',
    'amount', 'month_from', 'month_to', 'channel', 'payee_person_id', 'payee_name', 'institution', 'account',
)  # fmt: skip
NEW = (*OLD, 'deduction', 'adjusts_line_no')
COLUMNS = (
    'deduction BIGINT NOT NULL DEFAULT 0 CONSTRAINT ck_payment_line_deduction CHECK (deduction >= 0)',
    'fund_central BIGINT',
    'fund_county BIGINT',
    'fund_town BIGINT CONSTRAINT ck_payment_line_funds CHECK (fund_central + fund_county + fund_town = amount + deduction)',
    'adjusts_line_no INTEGER',
)


def refusing(table: str, dialect: str, frozen: tuple[str, ...] | None) -> None:
    """The append-only triggers of a table anew, or (no `frozen`) none."""
    on = f' ON {table}' if dialect == 'postgresql' else ''
    for name in ('no_update', 'no_delete'):
        op.execute(f'DROP TRIGGER IF EXISTS {table}_{name}{on}')
    for statement in statements(table, dialect, frozen) if frozen else ():
        op.execute(statement)


def budget_funds(allowed: str, dialect: str) -> None:
    """SQLite makes the table anew, so its triggers come back afterwards."""
    refusing('budget_line', dialect, None)
    if 'town' not in allowed:
        op.execute("UPDATE budget_line SET fund = 'county' WHERE fund = 'town'")
    with op.batch_alter_table('budget_line', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_budget_line_fund'), type_='check')
        batch_op.create_check_constraint(op.f('ck_budget_line_fund'), f'fund IN ({allowed})')
    refusing('budget_line', dialect, BUDGET)


def upgrade() -> None:
    op.create_table('accounting_closing',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('period', sa.String(length=5), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('closed_by_id', sa.Integer(), nullable=False),
    sa.Column('closed_at', sa.DateTime(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('asked_by_id', sa.Integer(), nullable=True),
    sa.Column('reopened_by_id', sa.Integer(), nullable=True),
    sa.Column('reopened_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("period = 'month' OR (month + 1) / 12 * 12 = month + 1", name=op.f('ck_accounting_closing_year_end')),
    sa.CheckConstraint("period IN ('month', 'year')", name=op.f('ck_accounting_closing_period')),
    sa.CheckConstraint("state <> 'reopened' OR reopened_by_id IS NOT NULL", name=op.f('ck_accounting_closing_reopened')),
    sa.CheckConstraint("state = 'closed' OR (reason IS NOT NULL AND asked_by_id IS NOT NULL)", name=op.f('ck_accounting_closing_reason')),
    sa.CheckConstraint("state IN ('closed', 'asked', 'reopened')", name=op.f('ck_accounting_closing_state')),
    sa.CheckConstraint('reopened_by_id <> asked_by_id', name=op.f('ck_accounting_closing_maker_checker')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['ab_user.id'], name=op.f('fk_accounting_closing_asked_by_id')),
    sa.ForeignKeyConstraint(['closed_by_id'], ['ab_user.id'], name=op.f('fk_accounting_closing_closed_by_id')),
    sa.ForeignKeyConstraint(['reopened_by_id'], ['ab_user.id'], name=op.f('fk_accounting_closing_reopened_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounting_closing'))
    )
    with op.batch_alter_table('accounting_closing', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_accounting_closing_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_accounting_closing_month'), ['month'], unique=False)
        batch_op.create_index('uq_accounting_closing_standing', ['county_code', 'period', 'month'], unique=True, sqlite_where=sa.text("state <> 'reopened'"), postgresql_where=sa.text("state <> 'reopened'"))

    op.create_table('fund_share',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('from_month', sa.Integer(), nullable=False),
    sa.Column('central', sa.Integer(), nullable=False),
    sa.Column('county', sa.Integer(), nullable=False),
    sa.Column('town', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('entered_by_id', sa.Integer(), nullable=False),
    sa.Column('entered_at', sa.DateTime(), nullable=False),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("state = 'proposed' OR (approved_by_id IS NOT NULL AND approved_at IS NOT NULL)", name=op.f('ck_fund_share_approved')),
    sa.CheckConstraint("state IN ('proposed', 'approved', 'refused')", name=op.f('ck_fund_share_state')),
    sa.CheckConstraint('approved_by_id <> entered_by_id', name=op.f('ck_fund_share_maker_checker')),
    sa.CheckConstraint('central >= 0 AND county >= 0 AND town >= 0 AND central + county + town = 10000', name=op.f('ck_fund_share_whole')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['ab_user.id'], name=op.f('fk_fund_share_approved_by_id')),
    sa.ForeignKeyConstraint(['entered_by_id'], ['ab_user.id'], name=op.f('fk_fund_share_entered_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fund_share'))
    )
    with op.batch_alter_table('fund_share', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_fund_share_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_fund_share_county_code'), ['county_code'], unique=False)
        batch_op.create_index('ix_fund_share_from', ['county_code', 'benefit', 'from_month'], unique=False)

    op.create_table('accounting_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('of_month', sa.Integer(), nullable=False),
    sa.Column('root_run_id', sa.Integer(), nullable=False),
    sa.Column('root_line_no', sa.Integer(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('made_by_id', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_accounting_line_amount')),
    sa.CheckConstraint('month > of_month', name=op.f('ck_accounting_line_later')),
    sa.ForeignKeyConstraint(['made_by_id'], ['ab_user.id'], name=op.f('fk_accounting_line_made_by_id')),
    sa.ForeignKeyConstraint(['root_run_id'], ['payment_run.id'], name=op.f('fk_accounting_line_root_run_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounting_line')),
    sa.UniqueConstraint('root_run_id', 'root_line_no', name=op.f('uq_accounting_line_root_run_id_root_line_no'))
    )
    with op.batch_alter_table('accounting_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_accounting_line_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_accounting_line_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_accounting_line_month'), ['month'], unique=False)
        batch_op.create_index(batch_op.f('ix_accounting_line_town_code'), ['town_code'], unique=False)

    op.create_table('closing_figure',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('closing_id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=8), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('approved', sa.BigInteger(), nullable=False),
    sa.Column('filed', sa.BigInteger(), nullable=False),
    sa.Column('credited', sa.BigInteger(), nullable=False),
    sa.Column('returned', sa.BigInteger(), nullable=False),
    sa.Column('deducted', sa.BigInteger(), nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.ForeignKeyConstraint(['closing_id'], ['accounting_closing.id'], name=op.f('fk_closing_figure_closing_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_closing_figure')),
    sa.UniqueConstraint('closing_id', 'benefit', 'source', name=op.f('uq_closing_figure_closing_id_benefit_source'))
    )
    with op.batch_alter_table('closing_figure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_closing_figure_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_closing_figure_closing_id'), ['closing_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_closing_figure_county_code'), ['county_code'], unique=False)

    op.create_table('offset_consent',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('overpayment_id', sa.Integer(), nullable=False),
    sa.Column('award_id', sa.Integer(), nullable=False),
    sa.Column('document_no', sa.String(length=30), nullable=False),
    sa.Column('signed_by', sa.String(length=50), nullable=False),
    sa.Column('signed_as', sa.String(length=10), nullable=False),
    sa.Column('signed_on', sa.Date(), nullable=False),
    sa.Column('monthly_limit', sa.BigInteger(), nullable=False),
    sa.Column('from_month', sa.Integer(), nullable=False),
    sa.Column('to_month', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('entered_by_id', sa.Integer(), nullable=False),
    sa.Column('entered_at', sa.DateTime(), nullable=False),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_at', sa.DateTime(), nullable=True),
    sa.Column('withdrawn_on', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("state <> 'withdrawn' OR withdrawn_on IS NOT NULL", name=op.f('ck_offset_consent_withdrawn')),
    sa.CheckConstraint("state IN ('entered', 'approved', 'refused', 'withdrawn')", name=op.f('ck_offset_consent_state')),
    sa.CheckConstraint("state NOT IN ('approved', 'refused') OR approved_by_id IS NOT NULL", name=op.f('ck_offset_consent_approved')),
    sa.CheckConstraint('approved_by_id <> entered_by_id', name=op.f('ck_offset_consent_maker_checker')),
    sa.CheckConstraint('monthly_limit > 0', name=op.f('ck_offset_consent_monthly_limit')),
    sa.CheckConstraint('to_month IS NULL OR to_month >= from_month', name=op.f('ck_offset_consent_months')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['ab_user.id'], name=op.f('fk_offset_consent_approved_by_id')),
    sa.ForeignKeyConstraint(['award_id'], ['award.id'], name=op.f('fk_offset_consent_award_id')),
    sa.ForeignKeyConstraint(['entered_by_id'], ['ab_user.id'], name=op.f('fk_offset_consent_entered_by_id')),
    sa.ForeignKeyConstraint(['overpayment_id'], ['overpayment.id'], name=op.f('fk_offset_consent_overpayment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offset_consent')),
    sa.UniqueConstraint('county_code', 'document_no', name=op.f('uq_offset_consent_county_code_document_no'))
    )
    with op.batch_alter_table('offset_consent', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offset_consent_award_id'), ['award_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_offset_consent_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_offset_consent_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_offset_consent_overpayment_id'), ['overpayment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_offset_consent_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_offset_consent_town_code'), ['town_code'], unique=False)

    op.create_table('payment_deduction',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('line_no', sa.Integer(), nullable=False),
    sa.Column('consent_id', sa.Integer(), nullable=False),
    sa.Column('overpayment_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_payment_deduction_amount')),
    sa.ForeignKeyConstraint(['consent_id'], ['offset_consent.id'], name=op.f('fk_payment_deduction_consent_id')),
    sa.ForeignKeyConstraint(['overpayment_id'], ['overpayment.id'], name=op.f('fk_payment_deduction_overpayment_id')),
    sa.ForeignKeyConstraint(['run_id'], ['payment_run.id'], name=op.f('fk_payment_deduction_run_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_deduction')),
    sa.UniqueConstraint('run_id', 'line_no', name=op.f('uq_payment_deduction_run_id_line_no'))
    )
    with op.batch_alter_table('payment_deduction', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_deduction_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_deduction_consent_id'), ['consent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_deduction_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_deduction_overpayment_id'), ['overpayment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_deduction_run_id'), ['run_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_deduction_town_code'), ['town_code'], unique=False)

    dialect = op.get_bind().dialect.name
    refusing('payment_line', dialect, None)
    for column in COLUMNS:
        op.execute(f'ALTER TABLE payment_line ADD COLUMN {column}')
    refusing('payment_line', dialect, NEW)
    budget_funds("'central', 'county', 'town'", dialect)
    for table, frozen in (('closing_figure', ()), ('accounting_line', ()), ('fund_share', SHARE), ('offset_consent', CONSENT), ('payment_deduction', ())):
        for statement in statements(table, dialect, frozen):
            op.execute(statement)
    for table in GUARDED:
        for statement in closing_guard.statements(table, dialect):
            op.execute(statement)


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for table in GUARDED:
        for statement in closing_guard.removal(table, dialect):
            op.execute(statement)
    if dialect == 'postgresql':
        for function in closing_guard.functions():
            op.execute(f'DROP FUNCTION {function}')
    budget_funds("'central', 'county'", dialect)
    refusing('payment_line', dialect, None)
    for column in reversed(COLUMNS):
        op.drop_column('payment_line', column.split()[0])
    refusing('payment_line', dialect, OLD)
    for table in ('payment_deduction', 'offset_consent', 'closing_figure', 'accounting_line', 'fund_share', 'accounting_closing'):
        op.drop_table(table)
