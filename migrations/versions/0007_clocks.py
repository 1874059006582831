"""The holiday calendar, and the next statutory deadline on every application."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('calendar_year',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(), nullable=True),
    sa.Column('confirmed_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['confirmed_by_id'], ['ab_user.id'], name=op.f('fk_calendar_year_confirmed_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_year')),
    sa.UniqueConstraint('county_code', 'year', name=op.f('uq_calendar_year_county_code_year'))
    )
    op.create_table('day_off',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('kind', sa.String(length=6), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("county_code = '' OR reason <> ''", name=op.f('ck_day_off_reason')),
    sa.CheckConstraint("kind IN ('off', 'worked')", name=op.f('ck_day_off_kind')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_day_off_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_day_off_created_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_day_off')),
    sa.UniqueConstraint('county_code', 'day', name=op.f('uq_day_off_county_code_day'))
    )
    with op.batch_alter_table('application', schema=None) as batch_op:
        batch_op.add_column(sa.Column('due_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('due_clock', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('due_provisional', sa.Boolean(), nullable=True))
        batch_op.create_index(batch_op.f('ix_application_due_on'), ['due_on'], unique=False)

    with op.batch_alter_table('disability_register_application', schema=None) as batch_op:
        batch_op.add_column(sa.Column('assessment_forwarded', sa.Date(), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('disability_register_application', schema=None) as batch_op:
        batch_op.drop_column('assessment_forwarded')

    with op.batch_alter_table('application', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_application_due_on'))
        batch_op.drop_column('due_provisional')
        batch_op.drop_column('due_clock')
        batch_op.drop_column('due_on')

    op.drop_table('day_off')
    op.drop_table('calendar_year')
