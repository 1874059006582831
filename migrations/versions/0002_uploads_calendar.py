"""Uploads step by step, mappings, the exchange calendar, tokens of county systems and the log of transfers."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('calendar_rule',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=30), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('deliverer', sa.String(length=10), nullable=False),
    sa.Column('every', sa.Integer(), nullable=False),
    sa.Column('due', sa.Integer(), nullable=False),
    sa.Column('unit', sa.String(length=12), nullable=False),
    sa.Column('fresh_days', sa.Integer(), nullable=False),
    sa.Column('law', sa.String(length=80), nullable=False),
    sa.Column('article', sa.String(length=40), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('effective_from', sa.Integer(), nullable=False),
    sa.Column('effective_to', sa.Integer(), nullable=True),
    sa.CheckConstraint("deliverer IN ('county', 'national')", name=op.f('ck_calendar_rule_deliverer')),
    sa.CheckConstraint("unit IN ('working_days', 'days')", name=op.f('ck_calendar_rule_unit')),
    sa.CheckConstraint('due BETWEEN 1 AND 28 AND every IN (1, 3, 6, 12)', name=op.f('ck_calendar_rule_clock')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_rule')),
    sa.UniqueConstraint('source', 'kind', 'effective_from', name=op.f('uq_calendar_rule_source_kind_effective_from'))
    )
    op.create_table('upload_token',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(length=60), nullable=False),
    sa.Column('token_sha256', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('created_by', sa.String(length=128), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=False),
    sa.Column('revoked_at', sa.DateTime(), nullable=True),
    sa.Column('revoked_by', sa.String(length=128), nullable=False),
    sa.Column('used_at', sa.DateTime(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upload_token')),
    sa.UniqueConstraint('token_sha256', name=op.f('uq_upload_token_token_sha256'))
    )
    with op.batch_alter_table('upload_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upload_token_county_code'), ['county_code'], unique=False)

    op.create_table('calendar_setting',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=30), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('expected', sa.Boolean(), nullable=False),
    sa.Column('due', sa.Integer(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('due IS NULL OR due BETWEEN 1 AND 28', name=op.f('ck_calendar_setting_due')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_calendar_setting_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_calendar_setting_created_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_setting')),
    sa.UniqueConstraint('county_code', 'source', 'kind', name=op.f('uq_calendar_setting_county_code_source_kind'))
    )
    with op.batch_alter_table('calendar_setting', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_calendar_setting_county_code'), ['county_code'], unique=False)

    op.create_table('exchange_mapping',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('source', sa.String(length=30), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('tested_at', sa.DateTime(), nullable=True),
    sa.Column('tested_rows', sa.Integer(), nullable=False),
    sa.Column('tested_accepted', sa.Integer(), nullable=False),
    sa.Column('used_at', sa.DateTime(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("state = 'draft' OR tested_accepted > 0", name=op.f('ck_exchange_mapping_tested_before_use')),
    sa.CheckConstraint("state IN ('draft', 'in_use', 'retired')", name=op.f('ck_exchange_mapping_state')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_exchange_mapping_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_exchange_mapping_created_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exchange_mapping')),
    sa.UniqueConstraint('county_code', 'source', 'name', 'version', name=op.f('uq_exchange_mapping_county_code_source_name_version'))
    )
    with op.batch_alter_table('exchange_mapping', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_exchange_mapping_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_exchange_mapping_source'), ['source'], unique=False)
        batch_op.create_index('uq_exchange_mapping_in_use', ['county_code', 'source', 'name'], unique=True, sqlite_where=sa.text("state = 'in_use'"), postgresql_where=sa.text("state = 'in_use'"))

    op.create_table('transfer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(length=10), nullable=False),
    sa.Column('source', sa.String(length=30), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('file_sha256', sa.String(length=64), nullable=False),
    sa.Column('path', sa.String(length=300), nullable=False),
    sa.Column('received_at', sa.DateTime(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('batch_id', sa.Integer(), nullable=True),
    sa.Column('token_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("channel IN ('endpoint', 'folder')", name=op.f('ck_transfer_channel')),
    sa.CheckConstraint("outcome IN ('taken', 'refused', 'duplicate')", name=op.f('ck_transfer_outcome')),
    sa.ForeignKeyConstraint(['batch_id'], ['batch.id'], name=op.f('fk_transfer_batch_id')),
    sa.ForeignKeyConstraint(['token_id'], ['upload_token.id'], name=op.f('fk_transfer_token_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transfer'))
    )
    with op.batch_alter_table('transfer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_transfer_batch_id'), ['batch_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_transfer_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_transfer_file_sha256'), ['file_sha256'], unique=False)
        batch_op.create_index('ix_transfer_rate', ['token_id', 'received_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_transfer_received_at'), ['received_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_transfer_token_id'), ['token_id'], unique=False)

    op.create_table('upload',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=43), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('path', sa.String(length=300), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('file_sha256', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=30), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=True),
    sa.Column('month', sa.Integer(), nullable=True),
    sa.Column('mode', sa.String(length=12), nullable=False),
    sa.Column('encoding', sa.String(length=12), nullable=False),
    sa.Column('mapping_id', sa.Integer(), nullable=True),
    sa.Column('found', sa.JSON(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('batch_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.CheckConstraint("state IN ('open', 'checking', 'checked', 'importing', 'done', 'abandoned')", name=op.f('ck_upload_state')),
    sa.ForeignKeyConstraint(['batch_id'], ['batch.id'], name=op.f('fk_upload_batch_id')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_upload_job_id')),
    sa.ForeignKeyConstraint(['mapping_id'], ['exchange_mapping.id'], name=op.f('fk_upload_mapping_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['ab_user.id'], name=op.f('fk_upload_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upload')),
    sa.UniqueConstraint('token', name=op.f('uq_upload_token'))
    )
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upload_batch_id'), ['batch_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_upload_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_upload_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_upload_file_sha256'), ['file_sha256'], unique=False)
        batch_op.create_index(batch_op.f('ix_upload_mapping_id'), ['mapping_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_upload_owner_id'), ['owner_id'], unique=False)

    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.add_column(sa.Column('concerns', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('reason', sa.Text(), server_default='', nullable=False))

    for statement in statements("transfer", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.drop_column('reason')
        batch_op.drop_column('concerns')

    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_upload_owner_id'))
        batch_op.drop_index(batch_op.f('ix_upload_mapping_id'))
        batch_op.drop_index(batch_op.f('ix_upload_file_sha256'))
        batch_op.drop_index(batch_op.f('ix_upload_created_at'))
        batch_op.drop_index(batch_op.f('ix_upload_county_code'))
        batch_op.drop_index(batch_op.f('ix_upload_batch_id'))

    op.drop_table('upload')
    with op.batch_alter_table('transfer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_transfer_token_id'))
        batch_op.drop_index(batch_op.f('ix_transfer_received_at'))
        batch_op.drop_index('ix_transfer_rate')
        batch_op.drop_index(batch_op.f('ix_transfer_file_sha256'))
        batch_op.drop_index(batch_op.f('ix_transfer_county_code'))
        batch_op.drop_index(batch_op.f('ix_transfer_batch_id'))

    op.drop_table('transfer')
    with op.batch_alter_table('exchange_mapping', schema=None) as batch_op:
        batch_op.drop_index('uq_exchange_mapping_in_use', sqlite_where=sa.text("state = 'in_use'"), postgresql_where=sa.text("state = 'in_use'"))
        batch_op.drop_index(batch_op.f('ix_exchange_mapping_source'))
        batch_op.drop_index(batch_op.f('ix_exchange_mapping_county_code'))

    op.drop_table('exchange_mapping')
    with op.batch_alter_table('calendar_setting', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_calendar_setting_county_code'))

    op.drop_table('calendar_setting')
    with op.batch_alter_table('upload_token', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_upload_token_county_code'))

    op.drop_table('upload_token')
    op.drop_table('calendar_rule')