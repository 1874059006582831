"""Rule versions, rule parameters and settings files are replayed too; a run remembers the parameters of its rules."""

import sqlalchemy as sa
from alembic import op


revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None

ONE = (
    "(pair_id IS NOT NULL AND parameter_id IS NULL AND file_sha256 IS NULL)"
    " OR (pair_id IS NULL AND parameter_id IS NOT NULL AND file_sha256 IS NULL)"
    " OR (pair_id IS NULL AND parameter_id IS NULL AND file_sha256 IS NOT NULL)"
)


def upgrade() -> None:
    with op.batch_alter_table('match_replay', schema=None) as batch_op:
        batch_op.alter_column('pair_id', existing_type=sa.Integer(), nullable=True)
        batch_op.add_column(sa.Column('parameter_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('file_sha256', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('about', sa.String(length=200), nullable=False, server_default=''))
        batch_op.create_foreign_key(batch_op.f('fk_match_replay_parameter_id'), 'parameter', ['parameter_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_match_replay_parameter_id'), ['parameter_id'], unique=False)
        batch_op.create_check_constraint(batch_op.f('ck_match_replay_one_setting'), ONE)
    op.execute(
        "UPDATE match_replay SET about = (SELECT benefit_zh || '／' || counterpart_zh FROM exclusion_pair WHERE exclusion_pair.id = match_replay.pair_id)"
        " WHERE pair_id IS NOT NULL"
    )
    with op.batch_alter_table('match_replay', schema=None) as batch_op:
        batch_op.alter_column('about', server_default=None)
    with op.batch_alter_table('match_run', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rule_parameters', sa.JSON(), nullable=False, server_default='{}'))
    with op.batch_alter_table('match_run', schema=None) as batch_op:
        batch_op.alter_column('rule_parameters', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('match_run', schema=None) as batch_op:
        batch_op.drop_column('rule_parameters')
    op.execute("DELETE FROM match_replay WHERE pair_id IS NULL")
    with op.batch_alter_table('match_replay', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_match_replay_one_setting'), type_='check')
        batch_op.drop_index(batch_op.f('ix_match_replay_parameter_id'))
        batch_op.drop_constraint(batch_op.f('fk_match_replay_parameter_id'), type_='foreignkey')
        batch_op.drop_column('about')
        batch_op.drop_column('file_sha256')
        batch_op.drop_column('parameter_id')
        batch_op.alter_column('pair_id', existing_type=sa.Integer(), nullable=False)
