"""Transfers fetched over SFTP: a channel of their own, and the state of the host's file, so that it is fetched once."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements

revision = '0007'
down_revision = '0006'
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


def downgrade() -> None:
    transfer("'endpoint', 'folder'", False)
