"""Training: the mark of a training database, tries, results taken over, and what a right requires."""

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('installation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('signing_key', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint('id = 1', name=op.f('ck_installation_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_installation'))
    )
    op.create_table('training_requirement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('right', sa.String(length=120), nullable=False),
    sa.Column('task', sa.String(length=40), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('set_by', sa.String(length=128), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_training_requirement')),
    sa.UniqueConstraint('county_code', 'right', 'task', name=op.f('uq_training_requirement_county_code_right_task'))
    )
    op.create_table('training_source',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('label', sa.String(length=60), nullable=False),
    sa.Column('public_key', sa.String(length=64), nullable=False),
    sa.Column('added_by', sa.String(length=128), nullable=False),
    sa.Column('added_at', sa.DateTime(), nullable=False),
    sa.Column('ended_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_training_source')),
    sa.UniqueConstraint('county_code', 'public_key', name=op.f('uq_training_source_county_code_public_key'))
    )
    op.create_table('training_result',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source_id', sa.Integer(), nullable=False),
    sa.Column('username', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=128), nullable=False),
    sa.Column('task', sa.String(length=40), nullable=False),
    sa.Column('passed', sa.Boolean(), nullable=False),
    sa.Column('points', sa.Integer(), nullable=False),
    sa.Column('of_points', sa.Integer(), nullable=False),
    sa.Column('finished_at', sa.DateTime(), nullable=False),
    sa.Column('taken_at', sa.DateTime(), nullable=False),
    sa.Column('taken_by', sa.String(length=128), nullable=False),
    sa.ForeignKeyConstraint(['source_id'], ['training_source.id'], name=op.f('fk_training_result_source_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_training_result')),
    sa.UniqueConstraint('source_id', 'username', 'task', 'finished_at', name=op.f('uq_training_result_source_id_username_task_finished_at'))
    )
    with op.batch_alter_table('training_result', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_training_result_task'), ['task'], unique=False)
        batch_op.create_index(batch_op.f('ix_training_result_username'), ['username'], unique=False)

    op.create_table('training_try',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('task', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('began_at', sa.DateTime(), nullable=False),
    sa.Column('finished_at', sa.DateTime(), nullable=True),
    sa.Column('material', sa.JSON(), nullable=False),
    sa.Column('answers', sa.JSON(), nullable=False),
    sa.Column('findings', sa.JSON(), nullable=False),
    sa.Column('points', sa.Integer(), nullable=True),
    sa.Column('of_points', sa.Integer(), nullable=False),
    sa.CheckConstraint("state IN ('open', 'passed', 'failed', 'abandoned')", name=op.f('ck_training_try_state')),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_training_try_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_training_try'))
    )
    with op.batch_alter_table('training_try', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_training_try_task'), ['task'], unique=False)
        batch_op.create_index(batch_op.f('ix_training_try_user_id'), ['user_id'], unique=False)
        batch_op.create_index('uq_training_try_open', ['user_id', 'task'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))


def downgrade() -> None:
    with op.batch_alter_table('training_try', schema=None) as batch_op:
        batch_op.drop_index('uq_training_try_open', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f('ix_training_try_user_id'))
        batch_op.drop_index(batch_op.f('ix_training_try_task'))

    op.drop_table('training_try')
    with op.batch_alter_table('training_result', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_training_result_username'))
        batch_op.drop_index(batch_op.f('ix_training_result_task'))

    op.drop_table('training_result')
    op.drop_table('training_source')
    op.drop_table('training_requirement')
    op.drop_table('installation')
