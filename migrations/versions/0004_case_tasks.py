"""Tasks in running cases that received records opened, and how long a county waits before acting on one."""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('arrival_wait',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=30), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('days BETWEEN 0 AND 90', name=op.f('ck_arrival_wait_days')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_arrival_wait_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_arrival_wait_created_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_arrival_wait')),
    sa.UniqueConstraint('county_code', 'source', name=op.f('uq_arrival_wait_county_code_source'))
    )
    with op.batch_alter_table('arrival_wait', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_arrival_wait_county_code'), ['county_code'], unique=False)

    op.create_table('case_task',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_no', sa.String(length=30), nullable=False),
    sa.Column('award_id', sa.Integer(), nullable=True),
    sa.Column('application_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('source', sa.String(length=30), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('change_kind', sa.String(length=16), nullable=False),
    sa.Column('person_id', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('effective_month', sa.Integer(), nullable=True),
    sa.Column('article', sa.String(length=160), nullable=False),
    sa.Column('facts', sa.Text(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('act_from', sa.Date(), nullable=False),
    sa.Column('opened_at', sa.DateTime(), nullable=False),
    sa.Column('batch_id', sa.Integer(), nullable=True),
    sa.Column('change_id', sa.Integer(), nullable=True),
    sa.Column('handled_by_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("state IN ('open', 'done', 'dismissed', 'withdrawn')", name=op.f('ck_case_task_state')),
    sa.CheckConstraint('award_id IS NOT NULL OR application_id IS NOT NULL', name=op.f('ck_case_task_case')),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_case_task_application_id')),
    sa.ForeignKeyConstraint(['award_id'], ['award.id'], name=op.f('fk_case_task_award_id')),
    sa.ForeignKeyConstraint(['batch_id'], ['batch.id'], name=op.f('fk_case_task_batch_id')),
    sa.ForeignKeyConstraint(['change_id'], ['case_change.id'], name=op.f('fk_case_task_change_id')),
    sa.ForeignKeyConstraint(['handled_by_id'], ['ab_user.id'], name=op.f('fk_case_task_handled_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_task')),
    sa.UniqueConstraint('county_code', 'benefit', 'case_no', 'source', 'key', name=op.f('uq_case_task_county_code_benefit_case_no_source_key'))
    )
    with op.batch_alter_table('case_task', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_task_application_id'), ['application_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_task_award_id'), ['award_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_task_batch_id'), ['batch_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_task_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_task_case_no'), ['case_no'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_task_change_id'), ['change_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_task_county_code'), ['county_code'], unique=False)
        batch_op.create_index('ix_case_task_queue', ['town_code', 'state', 'act_from'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_task_town_code'), ['town_code'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('case_task', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_case_task_town_code'))
        batch_op.drop_index('ix_case_task_queue')
        batch_op.drop_index(batch_op.f('ix_case_task_county_code'))
        batch_op.drop_index(batch_op.f('ix_case_task_change_id'))
        batch_op.drop_index(batch_op.f('ix_case_task_case_no'))
        batch_op.drop_index(batch_op.f('ix_case_task_benefit'))
        batch_op.drop_index(batch_op.f('ix_case_task_batch_id'))
        batch_op.drop_index(batch_op.f('ix_case_task_award_id'))
        batch_op.drop_index(batch_op.f('ix_case_task_application_id'))

    op.drop_table('case_task')
    with op.batch_alter_table('arrival_wait', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_arrival_wait_county_code'))

    op.drop_table('arrival_wait')
