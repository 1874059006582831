"""Budgets of benefits by year and funding source, in lines that are only added."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

FROZEN = ("county_code", "benefit", "year", "fund", "amount", "on_excess", "reason", "entered_by_id", "entered_at")


def upgrade() -> None:
    op.create_table('budget_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('fund', sa.String(length=8), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('on_excess', sa.String(length=8), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('entered_by_id', sa.Integer(), nullable=False),
    sa.Column('entered_at', sa.DateTime(), nullable=False),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint('approved_by_id <> entered_by_id', name=op.f('ck_budget_line_maker_checker')),
    sa.CheckConstraint("state = 'proposed' OR (approved_by_id IS NOT NULL AND approved_at IS NOT NULL)", name=op.f('ck_budget_line_approved')),
    sa.CheckConstraint("state IN ('proposed', 'approved', 'refused')", name=op.f('ck_budget_line_state')),
    sa.CheckConstraint("fund IN ('central', 'county')", name=op.f('ck_budget_line_fund')),
    sa.CheckConstraint("on_excess IN ('warn', 'block')", name=op.f('ck_budget_line_on_excess')),
    sa.CheckConstraint('amount <> 0', name=op.f('ck_budget_line_amount')),
    sa.CheckConstraint('year BETWEEN 90 AND 300', name=op.f('ck_budget_line_year')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['ab_user.id'], name=op.f('fk_budget_line_approved_by_id')),
    sa.ForeignKeyConstraint(['entered_by_id'], ['ab_user.id'], name=op.f('fk_budget_line_entered_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_budget_line'))
    )
    with op.batch_alter_table('budget_line', schema=None) as batch_op:
        batch_op.create_index('ix_budget_line_year', ['county_code', 'year', 'benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_budget_line_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_budget_line_county_code'), ['county_code'], unique=False)
    for statement in statements('budget_line', op.get_bind().dialect.name, FROZEN):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table('budget_line')
