"""Transfers fetched over SFTP (a channel of their own, and the state of the host's file, so that it is fetched once); outgoing lists."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def transfer(channels: str, added: bool) -> None:
    """Change the table and guard it again: SQLite makes it anew, which loses its triggers."""
    bind = op.get_bind()
    name = op.f('ck_transfer_channel')
    if bind.dialect.name == 'postgresql':
        for trigger in ('transfer_no_update', 'transfer_no_delete'):
            op.execute(f'DROP TRIGGER {trigger} ON transfer')
    with op.batch_alter_table('transfer') as batch_op:
        batch_op.drop_constraint(name, type_='check')
        if added:
            batch_op.add_column(sa.Column('remote', sa.String(length=300), nullable=True))
            batch_op.create_index(op.f('ix_transfer_remote'), ['remote'])
        else:
            batch_op.drop_index(op.f('ix_transfer_remote'))
            batch_op.drop_column('remote')
        batch_op.create_check_constraint(name, f'channel IN ({channels})')
    for statement in statements('transfer', bind.dialect.name):
        op.execute(statement)


def upgrade() -> None:
    transfer("'endpoint', 'folder', 'sftp'", True)
    op.create_table('outgoing_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('list_code', sa.String(length=30), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=300), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('made_by', sa.String(length=128), nullable=False),
    sa.Column('sent_at', sa.DateTime(), nullable=True),
    sa.Column('sent_by_id', sa.Integer(), nullable=True),
    sa.Column('receipt', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("state IN ('made', 'sent', 'received', 'returned')", name=op.f('ck_outgoing_file_state')),
    sa.CheckConstraint("state <> 'received' OR receipt <> ''", name=op.f('ck_outgoing_file_receipt')),
    sa.ForeignKeyConstraint(['sent_by_id'], ['ab_user.id'], name=op.f('fk_outgoing_file_sent_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outgoing_file')),
    sa.UniqueConstraint('county_code', 'list_code', 'month', 'seq', name=op.f('uq_outgoing_file_county_code_list_code_month_seq'))
    )
    with op.batch_alter_table('outgoing_file') as batch_op:
        batch_op.create_index(op.f('ix_outgoing_file_county_code'), ['county_code'])


def downgrade() -> None:
    op.drop_table('outgoing_file')
    transfer("'endpoint', 'folder'", False)
