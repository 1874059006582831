"""Offices that pay through the clearing house: their numbers there."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('payer_setting', schema=None) as batch_op:
        batch_op.add_column(sa.Column('bank_format', sa.String(length=4), server_default='csv', nullable=False))
        batch_op.add_column(sa.Column('ach_with_post', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('ach_sender', sa.String(length=7), server_default='', nullable=False))
        batch_op.add_column(sa.Column('ach_bank', sa.String(length=7), server_default='', nullable=False))
        batch_op.add_column(sa.Column('ach_account', sa.String(length=16), server_default='', nullable=False))
        batch_op.add_column(sa.Column('tax_id', sa.String(length=10), server_default='', nullable=False))
        batch_op.add_column(sa.Column('ach_transaction', sa.String(length=3), server_default='312', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('payer_setting', schema=None) as batch_op:
        batch_op.drop_column('ach_transaction')
        batch_op.drop_column('tax_id')
        batch_op.drop_column('ach_account')
        batch_op.drop_column('ach_bank')
        batch_op.drop_column('ach_sender')
        batch_op.drop_column('ach_with_post')
        batch_op.drop_column('bank_format')
