"""Rule versions in shadow, floods of doubts held back, and the states of doubts that were found and not sent."""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


SENT = "state IN ('open', 'answered', 'withdrawn')"
STORED = "state IN ('open', 'answered', 'withdrawn', 'shadow', 'held')"


def upgrade() -> None:
    with op.batch_alter_table('doubt', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_doubt_state'), type_='check')
        batch_op.create_check_constraint(op.f('ck_doubt_state'), STORED)
    op.create_table('rule_hold',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('rule_code', sa.String(length=24), nullable=False),
    sa.Column('rule_version', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('usual', sa.Double(), nullable=False),
    sa.Column('history', sa.JSON(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('held_at', sa.DateTime(), nullable=False),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("state IN ('held', 'released', 'dropped', 'superseded')", name=op.f('ck_rule_hold_state')),
    sa.CheckConstraint("state NOT IN ('released', 'dropped') OR decided_by_id IS NOT NULL", name=op.f('ck_rule_hold_decided')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['ab_user.id'], name=op.f('fk_rule_hold_decided_by_id')),
    sa.ForeignKeyConstraint(['run_id'], ['match_run.id'], name=op.f('fk_rule_hold_run_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_hold')),
    sa.UniqueConstraint('run_id', 'county_code', 'rule_code', name=op.f('uq_rule_hold_run_id_county_code_rule_code'))
    )
    with op.batch_alter_table('rule_hold', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rule_hold_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_rule_hold_run_id'), ['run_id'], unique=False)

    op.create_table('rule_shadow',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('rule_code', sa.String(length=24), nullable=False),
    sa.Column('rule_version', sa.Integer(), nullable=False),
    sa.Column('grade', sa.String(length=1), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('answered', sa.Integer(), nullable=False),
    sa.Column('confirmed', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('entered_by', sa.String(length=64), nullable=False),
    sa.Column('entered_at', sa.DateTime(), nullable=False),
    sa.Column('asked_by_id', sa.Integer(), nullable=True),
    sa.Column('restored_by_id', sa.Integer(), nullable=True),
    sa.Column('restored_at', sa.DateTime(), nullable=True),
    sa.Column('answered_then', sa.Integer(), nullable=True),
    sa.Column('confirmed_then', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.CheckConstraint("state <> 'restored' OR (asked_by_id IS NOT NULL AND restored_by_id IS NOT NULL)", name=op.f('ck_rule_shadow_restored_by_two')),
    sa.CheckConstraint("state IN ('shadow', 'asked', 'restored')", name=op.f('ck_rule_shadow_state')),
    sa.CheckConstraint('restored_by_id <> asked_by_id', name=op.f('ck_rule_shadow_maker_checker')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['ab_user.id'], name=op.f('fk_rule_shadow_asked_by_id')),
    sa.ForeignKeyConstraint(['restored_by_id'], ['ab_user.id'], name=op.f('fk_rule_shadow_restored_by_id')),
    sa.ForeignKeyConstraint(['run_id'], ['match_run.id'], name=op.f('fk_rule_shadow_run_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_shadow'))
    )
    with op.batch_alter_table('rule_shadow', schema=None) as batch_op:
        batch_op.create_index('uq_rule_shadow_standing', ['rule_code', 'rule_version', 'grade'], unique=True, sqlite_where=sa.text("state <> 'restored'"), postgresql_where=sa.text("state <> 'restored'"))



def downgrade() -> None:
    op.execute("UPDATE doubt_sighting SET state = 'withdrawn' WHERE state IN ('shadow', 'held')")
    op.execute("UPDATE doubt SET state = 'withdrawn' WHERE state IN ('shadow', 'held')")
    with op.batch_alter_table('doubt', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_doubt_state'), type_='check')
        batch_op.create_check_constraint(op.f('ck_doubt_state'), SENT)
    with op.batch_alter_table('rule_shadow', schema=None) as batch_op:
        batch_op.drop_index('uq_rule_shadow_standing', sqlite_where=sa.text("state <> 'restored'"), postgresql_where=sa.text("state <> 'restored'"))

    op.drop_table('rule_shadow')
    with op.batch_alter_table('rule_hold', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_rule_hold_run_id'))
        batch_op.drop_index(batch_op.f('ix_rule_hold_county_code'))

    op.drop_table('rule_hold')
