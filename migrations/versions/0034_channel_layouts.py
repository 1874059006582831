"""File layouts a county writes for its own banks and farmers' associations."""

import sqlalchemy as sa
from alembic import op

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('draft', 'proposed')")


def upgrade() -> None:
    op.create_table('channel_layout',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=30), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('effective_from', sa.Date(), nullable=True),
    sa.Column('effective_to', sa.Date(), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('written_by_id', sa.Integer(), nullable=True),
    sa.Column('proposed_by_id', sa.Integer(), nullable=True),
    sa.Column('activated_by_id', sa.Integer(), nullable=True),
    sa.Column('activated_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("state IN ('draft', 'proposed', 'active', 'superseded')", name=op.f('ck_channel_layout_state')),
    sa.CheckConstraint('activated_by_id <> proposed_by_id', name=op.f('ck_channel_layout_maker_checker_proposer')),
    sa.CheckConstraint('activated_by_id <> written_by_id', name=op.f('ck_channel_layout_maker_checker_writer')),
    sa.CheckConstraint("state IN ('draft', 'proposed') OR (effective_from IS NOT NULL AND activated_at IS NOT NULL)", name=op.f('ck_channel_layout_active_is_dated')),
    sa.CheckConstraint('effective_to IS NULL OR effective_to >= effective_from', name=op.f('ck_channel_layout_dates')),
    sa.ForeignKeyConstraint(['activated_by_id'], ['ab_user.id'], name=op.f('fk_channel_layout_activated_by_id')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_channel_layout_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_channel_layout_created_by_id')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['ab_user.id'], name=op.f('fk_channel_layout_proposed_by_id')),
    sa.ForeignKeyConstraint(['written_by_id'], ['ab_user.id'], name=op.f('fk_channel_layout_written_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_channel_layout')),
    sa.UniqueConstraint('county_code', 'name', 'number', name=op.f('uq_channel_layout_county_code_name_number'))
    )
    with op.batch_alter_table('channel_layout', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_channel_layout_county_code'), ['county_code'], unique=False)
        batch_op.create_index('uq_channel_layout_open', ['county_code', 'name'], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.add_column('payer_setting', sa.Column('own_layouts', sa.JSON(), server_default='[]', nullable=False))
    if op.get_bind().dialect.name == 'sqlite':  # a table made anew would lose its triggers
        op.execute('ALTER TABLE payment_file ADD COLUMN layout_id INTEGER CONSTRAINT fk_payment_file_layout_id REFERENCES channel_layout (id)')
    else:
        op.add_column('payment_file', sa.Column('layout_id', sa.Integer(), nullable=True))
        op.create_foreign_key(op.f('fk_payment_file_layout_id'), 'payment_file', 'channel_layout', ['layout_id'], ['id'])


def downgrade() -> None:
    op.drop_column('payment_file', 'layout_id')
    op.drop_column('payer_setting', 'own_layouts')
    op.drop_table('channel_layout')
