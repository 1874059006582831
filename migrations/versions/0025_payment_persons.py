"""The persons of a household that is paid as one, on its payment line."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('payment_person',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('line_no', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('relation', sa.String(length=16), nullable=False),
    sa.Column('person_id', sa.String(length=10), nullable=True),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('birth', sa.Date(), nullable=True),
    sa.Column('sex', sa.String(length=1), nullable=True),
    sa.Column('listed', sa.Boolean(), nullable=False),
    sa.Column('parts', sa.JSON(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_payment_person_amount')),
    sa.CheckConstraint('listed OR amount = 0', name=op.f('ck_payment_person_listed')),
    sa.ForeignKeyConstraint(['run_id'], ['payment_run.id'], name=op.f('fk_payment_person_run_id')),
    sa.ForeignKeyConstraint(['run_id', 'line_no'], ['payment_line.run_id', 'payment_line.line_no'], name=op.f('fk_payment_person_run_id_line_no')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_person')),
    sa.UniqueConstraint('run_id', 'line_no', 'position', name=op.f('uq_payment_person_run_id_line_no_position'))
    )
    with op.batch_alter_table('payment_person', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_person_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_person_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_person_run_id'), ['run_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_person_town_code'), ['town_code'], unique=False)
        batch_op.create_index('ix_payment_person_who', ['person_id'], unique=False)
    for statement in statements('payment_person', op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table('payment_person')
