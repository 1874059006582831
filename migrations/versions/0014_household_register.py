"""What the household register said about a family, and where a member of a household came from."""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('household_download',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('application_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=True),
    sa.Column('asked_at', sa.DateTime(), nullable=False),
    sa.Column('asked_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(), nullable=True),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('lines', sa.JSON(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("state IN ('asked', 'ready', 'same', 'absent', 'nothing', 'decided')", name=op.f('ck_household_download_state')),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_household_download_application_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['asked_by_id'], ['ab_user.id'], name=op.f('fk_household_download_asked_by_id')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['ab_user.id'], name=op.f('fk_household_download_decided_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_household_download'))
    )
    with op.batch_alter_table('household_download', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_household_download_application_id'), ['application_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_household_download_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_household_download_town_code'), ['town_code'], unique=False)

    with op.batch_alter_table('household_member', schema=None) as batch_op:
        batch_op.add_column(sa.Column('source', sa.String(length=12), server_default='declared', nullable=False))
        batch_op.add_column(sa.Column('as_of', sa.Date(), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('household_member', schema=None) as batch_op:
        batch_op.drop_column('as_of')
        batch_op.drop_column('source')

    with op.batch_alter_table('household_download', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_household_download_town_code'))
        batch_op.drop_index(batch_op.f('ix_household_download_county_code'))
        batch_op.drop_index(batch_op.f('ix_household_download_application_id'))

    op.drop_table('household_download')
