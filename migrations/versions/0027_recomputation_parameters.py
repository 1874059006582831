"""By which parameters an award would change is kept with the line of a recomputation."""

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('recomputation_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('changed_by', sa.JSON(), nullable=True))
        batch_op.create_index('ix_recomputation_line_outcome', ['recomputation_id', 'outcome'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('recomputation_line', schema=None) as batch_op:
        batch_op.drop_index('ix_recomputation_line_outcome')
        batch_op.drop_column('changed_by')
