"""Imports of a county's old disability register: the files with their dry runs, and what became of every row."""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('old_register_import',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('path', sa.String(length=300), nullable=False),
    sa.Column('file_sha256', sa.String(length=64), nullable=False),
    sa.Column('mapping_id', sa.Integer(), nullable=True),
    sa.Column('entered_by_id', sa.Integer(), nullable=False),
    sa.Column('confirmed_by_id', sa.Integer(), nullable=True),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('problem', sa.Text(), nullable=False),
    sa.Column('row_count', sa.Integer(), nullable=False),
    sa.Column('found', sa.JSON(), nullable=True),
    sa.Column('done', sa.JSON(), nullable=True),
    sa.Column('finished_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("state IN ('received', 'checked', 'confirmed', 'done', 'dropped')", name=op.f('ck_old_register_import_state')),
    sa.CheckConstraint("state NOT IN ('confirmed', 'done') OR confirmed_by_id IS NOT NULL", name=op.f('ck_old_register_import_confirmed')),
    sa.CheckConstraint('confirmed_by_id <> entered_by_id', name=op.f('ck_old_register_import_maker_checker_old_register')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_old_register_import_changed_by_id')),
    sa.ForeignKeyConstraint(['confirmed_by_id'], ['ab_user.id'], name=op.f('fk_old_register_import_confirmed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_old_register_import_created_by_id')),
    sa.ForeignKeyConstraint(['entered_by_id'], ['ab_user.id'], name=op.f('fk_old_register_import_entered_by_id')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_old_register_import_job_id')),
    sa.ForeignKeyConstraint(['mapping_id'], ['exchange_mapping.id'], name=op.f('fk_old_register_import_mapping_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_old_register_import'))
    )
    with op.batch_alter_table('old_register_import', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_old_register_import_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_old_register_import_mapping_id'), ['mapping_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_old_register_import_state'), ['state'], unique=False)

    op.create_table('old_register_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.Column('row_no', sa.Integer(), nullable=False),
    sa.Column('planned', sa.String(length=8), nullable=False),
    sa.Column('outcome', sa.String(length=8), nullable=True),
    sa.Column('person_id', sa.String(length=10), nullable=True),
    sa.Column('name', sa.String(length=50), nullable=True),
    sa.Column('card_no', sa.String(length=20), nullable=True),
    sa.Column('said', sa.Text(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("outcome IN ('joined', 'created', 'there', 'refused', 'question')", name=op.f('ck_old_register_line_outcome')),
    sa.CheckConstraint("planned IN ('joined', 'created', 'there', 'refused', 'question')", name=op.f('ck_old_register_line_planned')),
    sa.ForeignKeyConstraint(['import_id'], ['old_register_import.id'], name=op.f('fk_old_register_line_import_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_old_register_line')),
    sa.UniqueConstraint('import_id', 'row_no', name=op.f('uq_old_register_line_import_id_row_no'))
    )
    with op.batch_alter_table('old_register_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_old_register_line_county_code'), ['county_code'], unique=False)
        batch_op.create_index('ix_old_register_line_planned', ['import_id', 'planned'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('old_register_line', schema=None) as batch_op:
        batch_op.drop_index('ix_old_register_line_planned')
        batch_op.drop_index(batch_op.f('ix_old_register_line_county_code'))

    op.drop_table('old_register_line')
    with op.batch_alter_table('old_register_import', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_old_register_import_state'))
        batch_op.drop_index(batch_op.f('ix_old_register_import_mapping_id'))
        batch_op.drop_index(batch_op.f('ix_old_register_import_county_code'))

    op.drop_table('old_register_import')
