"""The random sample of unflagged rows, the second person for large overpayments, and the time an answer took."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements


revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


CHECKS = {
    'maker_checker': 'checked_by_id <> answered_by_id',
    'second_person': 'overpaid_amount <= check_above OR checked_by_id IS NOT NULL',
    'seconds_spent': 'seconds_spent >= 0',
}


def keep_append_only() -> None:
    """SQLite makes the table anew and loses its triggers; PostgreSQL keeps them."""
    if op.get_bind().dialect.name == 'sqlite':
        for statement in statements('doubt_answer', 'sqlite'):
            op.execute(statement)


def upgrade() -> None:
    op.create_table('roster_sample',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('seed', sa.String(length=40), nullable=False),
    sa.Column('wanted', sa.Integer(), nullable=False),
    sa.Column('population', sa.Integer(), nullable=False),
    sa.Column('drawn_at', sa.DateTime(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint('population >= 0 AND wanted > 0', name=op.f('ck_roster_sample_figures')),
    sa.ForeignKeyConstraint(['run_id'], ['match_run.id'], name=op.f('fk_roster_sample_run_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_sample')),
    sa.UniqueConstraint('county_code', 'month', name=op.f('uq_roster_sample_county_code_month'))
    )
    with op.batch_alter_table('roster_sample', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_roster_sample_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_roster_sample_month'), ['month'], unique=False)

    op.create_table('answer_check',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('doubt_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason_code', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('overpaid_from', sa.Integer(), nullable=False),
    sa.Column('overpaid_to', sa.Integer(), nullable=False),
    sa.Column('overpaid_amount', sa.BigInteger(), nullable=False),
    sa.Column('check_above', sa.BigInteger(), nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=False),
    sa.Column('decided_on', sa.Date(), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('months', sa.JSON(), nullable=False),
    sa.Column('seconds_spent', sa.Integer(), nullable=True),
    sa.Column('proposed_by_id', sa.Integer(), nullable=True),
    sa.Column('proposed_at', sa.DateTime(), nullable=False),
    sa.Column('checked_by_id', sa.Integer(), nullable=True),
    sa.Column('checked_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("state <> 'approved' OR (proposed_by_id IS NOT NULL AND checked_by_id IS NOT NULL)", name=op.f('ck_answer_check_approved_by_two')),
    sa.CheckConstraint("state IN ('waiting', 'approved', 'returned')", name=op.f('ck_answer_check_state')),
    sa.CheckConstraint('checked_by_id <> proposed_by_id', name=op.f('ck_answer_check_maker_checker')),
    sa.CheckConstraint('overpaid_amount > check_above AND overpaid_to >= overpaid_from', name=op.f('ck_answer_check_amount')),
    sa.ForeignKeyConstraint(['checked_by_id'], ['ab_user.id'], name=op.f('fk_answer_check_checked_by_id')),
    sa.ForeignKeyConstraint(['doubt_id'], ['doubt.id'], name=op.f('fk_answer_check_doubt_id')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['ab_user.id'], name=op.f('fk_answer_check_proposed_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answer_check'))
    )
    with op.batch_alter_table('answer_check', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_answer_check_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_answer_check_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_answer_check_doubt_id'), ['doubt_id'], unique=False)
        batch_op.create_index('uq_answer_check_waiting', ['doubt_id'], unique=True, sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))

    op.create_table('sample_row',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sample_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=True),
    sa.Column('rec_no', sa.String(length=20), nullable=False),
    sa.Column('case_no', sa.String(length=30), nullable=False),
    sa.Column('person_id', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('birth', sa.Date(), nullable=True),
    sa.Column('pay_from', sa.Integer(), nullable=True),
    sa.Column('pay_to', sa.Integer(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('overpaid_from', sa.Integer(), nullable=True),
    sa.Column('overpaid_to', sa.Integer(), nullable=True),
    sa.Column('overpaid_amount', sa.BigInteger(), nullable=True),
    sa.Column('overpayment_id', sa.Integer(), nullable=True),
    sa.Column('answered_by_id', sa.Integer(), nullable=True),
    sa.Column('answered_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("outcome = 'overpaid' OR overpaid_amount IS NULL", name=op.f('ck_sample_row_no_amount')),
    sa.CheckConstraint("outcome IN ('correct', 'overpaid', 'unclear')", name=op.f('ck_sample_row_outcome')),
    sa.CheckConstraint("outcome IS NULL OR outcome <> 'overpaid' OR (overpaid_amount > 0 AND overpaid_to >= overpaid_from)", name=op.f('ck_sample_row_overpaid_amount')),
    sa.CheckConstraint("state <> 'answered' OR outcome IS NOT NULL", name=op.f('ck_sample_row_answered')),
    sa.CheckConstraint("state IN ('open', 'answered', 'flagged')", name=op.f('ck_sample_row_state')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['ab_user.id'], name=op.f('fk_sample_row_answered_by_id')),
    sa.ForeignKeyConstraint(['overpayment_id'], ['overpayment.id'], name=op.f('fk_sample_row_overpayment_id')),
    sa.ForeignKeyConstraint(['sample_id'], ['roster_sample.id'], name=op.f('fk_sample_row_sample_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sample_row')),
    sa.UniqueConstraint('sample_id', 'benefit', 'rec_no', name=op.f('uq_sample_row_sample_id_benefit_rec_no'))
    )
    with op.batch_alter_table('sample_row', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sample_row_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_sample_row_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_sample_row_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_sample_row_queue', ['county_code', 'state', 'month'], unique=False)
        batch_op.create_index(batch_op.f('ix_sample_row_sample_id'), ['sample_id'], unique=False)

    with op.batch_alter_table('doubt_answer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('check_above', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('checked_by_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('seconds_spent', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_doubt_answer_checked_by_id'), 'ab_user', ['checked_by_id'], ['id'])
        for name, condition in CHECKS.items():
            batch_op.create_check_constraint(op.f(f'ck_doubt_answer_{name}'), condition)
    keep_append_only()



def downgrade() -> None:
    with op.batch_alter_table('doubt_answer', schema=None) as batch_op:
        for name in CHECKS:
            batch_op.drop_constraint(op.f(f'ck_doubt_answer_{name}'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_doubt_answer_checked_by_id'), type_='foreignkey')
        batch_op.drop_column('seconds_spent')
        batch_op.drop_column('checked_by_id')
        batch_op.drop_column('check_above')
    keep_append_only()

    with op.batch_alter_table('sample_row', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sample_row_sample_id'))
        batch_op.drop_index('ix_sample_row_queue')
        batch_op.drop_index(batch_op.f('ix_sample_row_person_id'))
        batch_op.drop_index(batch_op.f('ix_sample_row_county_code'))
        batch_op.drop_index(batch_op.f('ix_sample_row_benefit'))

    op.drop_table('sample_row')
    with op.batch_alter_table('answer_check', schema=None) as batch_op:
        batch_op.drop_index('uq_answer_check_waiting', sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
        batch_op.drop_index(batch_op.f('ix_answer_check_doubt_id'))
        batch_op.drop_index(batch_op.f('ix_answer_check_county_code'))
        batch_op.drop_index(batch_op.f('ix_answer_check_benefit'))

    op.drop_table('answer_check')
    with op.batch_alter_table('roster_sample', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_roster_sample_month'))
        batch_op.drop_index(batch_op.f('ix_roster_sample_county_code'))

    op.drop_table('roster_sample')
