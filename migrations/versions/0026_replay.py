"""Replays of proposed settings over matched months, with the confirmed doubts they would lose."""

import sqlalchemy as sa
from alembic import op


revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('match_replay',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('pair_id', sa.Integer(), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('first_month', sa.Integer(), nullable=False),
    sa.Column('last_month', sa.Integer(), nullable=False),
    sa.Column('asked_by_id', sa.Integer(), nullable=True),
    sa.Column('started_at', sa.DateTime(), nullable=False),
    sa.Column('finished_at', sa.DateTime(), nullable=True),
    sa.Column('cpu_seconds', sa.Double(), nullable=False),
    sa.Column('gained', sa.Integer(), nullable=False),
    sa.Column('lost', sa.Integer(), nullable=False),
    sa.Column('confirmed_lost', sa.Integer(), nullable=False),
    sa.Column('months', sa.JSON(), nullable=False),
    sa.CheckConstraint('last_month >= first_month', name=op.f('ck_match_replay_months')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['ab_user.id'], name=op.f('fk_match_replay_asked_by_id')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_match_replay_job_id')),
    sa.ForeignKeyConstraint(['pair_id'], ['exclusion_pair.id'], name=op.f('fk_match_replay_pair_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_match_replay')),
    sa.UniqueConstraint('job_id', name=op.f('uq_match_replay_job_id'))
    )
    with op.batch_alter_table('match_replay', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_match_replay_pair_id'), ['pair_id'], unique=False)

    op.create_table('replay_case',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('replay_id', sa.Integer(), nullable=False),
    sa.Column('doubt_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.ForeignKeyConstraint(['doubt_id'], ['doubt.id'], name=op.f('fk_replay_case_doubt_id')),
    sa.ForeignKeyConstraint(['replay_id'], ['match_replay.id'], name=op.f('fk_replay_case_replay_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_replay_case')),
    sa.UniqueConstraint('replay_id', 'doubt_id', 'month', name=op.f('uq_replay_case_replay_id_doubt_id_month'))
    )
    with op.batch_alter_table('replay_case', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_replay_case_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_replay_case_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_replay_case_doubt_id'), ['doubt_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_replay_case_replay_id'), ['replay_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('replay_case', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_replay_case_replay_id'))
        batch_op.drop_index(batch_op.f('ix_replay_case_doubt_id'))
        batch_op.drop_index(batch_op.f('ix_replay_case_county_code'))
        batch_op.drop_index(batch_op.f('ix_replay_case_benefit'))

    op.drop_table('replay_case')
    with op.batch_alter_table('match_replay', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_match_replay_pair_id'))

    op.drop_table('match_replay')
