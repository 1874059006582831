"""Monthly figures and kept questions."""

import sqlalchemy as sa
from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('statistic_cell',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('place', sa.String(length=8), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('paid_rows', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('band', sa.String(length=24), nullable=False),
    sa.Column('grade', sa.String(length=10), nullable=False),
    sa.Column('sex', sa.String(length=1), nullable=False),
    sa.Column('age_from', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('cause', sa.String(length=16), nullable=False),
    sa.Column('movement', sa.String(length=8), nullable=False),
    sa.Column('persons', sa.Integer(), nullable=False),
    sa.Column('due', sa.BigInteger(), nullable=False),
    sa.Column('paid', sa.BigInteger(), nullable=False),
    sa.Column('fund_central', sa.BigInteger(), nullable=False),
    sa.Column('fund_county', sa.BigInteger(), nullable=False),
    sa.Column('fund_town', sa.BigInteger(), nullable=False),
    sa.Column('fund_none', sa.BigInteger(), nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statistic_cell'))
    )
    with op.batch_alter_table('statistic_cell', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_statistic_cell_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_statistic_cell_county_code'), ['county_code'], unique=False)
        batch_op.create_index('ix_statistic_cell_month', ['county_code', 'month', 'benefit'], unique=False)
        batch_op.create_index('ix_statistic_cell_nation', ['month', 'benefit'], unique=False)

    op.create_table('statistic_month',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('built_at', sa.DateTime(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statistic_month')),
    sa.UniqueConstraint('county_code', 'month', name=op.f('uq_statistic_month_county_code_month'))
    )
    with op.batch_alter_table('statistic_month', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_statistic_month_county_code'), ['county_code'], unique=False)

    op.create_table('saved_question',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('home', sa.String(length=5), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('shared', sa.Boolean(), nullable=False),
    sa.Column('asked', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_saved_question_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_saved_question_created_by_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['ab_user.id'], name=op.f('fk_saved_question_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_question')),
    sa.UniqueConstraint('owner_id', 'name', name=op.f('uq_saved_question_owner_id_name'))
    )
    with op.batch_alter_table('saved_question', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_saved_question_home'), ['home'], unique=False)
        batch_op.create_index(batch_op.f('ix_saved_question_owner_id'), ['owner_id'], unique=False)

    op.create_table('statistic_fact',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=6), nullable=False),
    sa.Column('source_id', sa.Integer(), nullable=False),
    sa.Column('recipient_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('band', sa.String(length=24), nullable=False),
    sa.Column('grade', sa.String(length=10), nullable=False),
    sa.Column('sex', sa.String(length=1), nullable=False),
    sa.Column('age_from', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('cause', sa.String(length=16), nullable=False),
    sa.Column('movement', sa.String(length=8), nullable=False),
    sa.Column('persons', sa.Integer(), nullable=False),
    sa.Column('due', sa.BigInteger(), nullable=False),
    sa.Column('paid', sa.BigInteger(), nullable=False),
    sa.Column('fund_central', sa.BigInteger(), nullable=False),
    sa.Column('fund_county', sa.BigInteger(), nullable=False),
    sa.Column('fund_town', sa.BigInteger(), nullable=False),
    sa.Column('fund_none', sa.BigInteger(), nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("source IN ('award', 'card', 'permit')", name=op.f('ck_statistic_fact_source')),
    sa.ForeignKeyConstraint(['recipient_id'], ['person.id'], name=op.f('fk_statistic_fact_recipient_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statistic_fact')),
    sa.UniqueConstraint('month', 'source', 'source_id', name=op.f('uq_statistic_fact_month_source_source_id'))
    )
    with op.batch_alter_table('statistic_fact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_statistic_fact_benefit'), ['benefit'], unique=False)
        batch_op.create_index('ix_statistic_fact_county', ['county_code', 'month', 'benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_statistic_fact_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_statistic_fact_recipient_id'), ['recipient_id'], unique=False)
        batch_op.create_index('ix_statistic_fact_town', ['town_code', 'month', 'benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_statistic_fact_town_code'), ['town_code'], unique=False)




def downgrade() -> None:

    with op.batch_alter_table('statistic_fact', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_statistic_fact_town_code'))
        batch_op.drop_index('ix_statistic_fact_town')
        batch_op.drop_index(batch_op.f('ix_statistic_fact_recipient_id'))
        batch_op.drop_index(batch_op.f('ix_statistic_fact_county_code'))
        batch_op.drop_index('ix_statistic_fact_county')
        batch_op.drop_index(batch_op.f('ix_statistic_fact_benefit'))

    op.drop_table('statistic_fact')
    with op.batch_alter_table('saved_question', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_saved_question_owner_id'))
        batch_op.drop_index(batch_op.f('ix_saved_question_home'))

    op.drop_table('saved_question')
    with op.batch_alter_table('statistic_month', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_statistic_month_county_code'))

    op.drop_table('statistic_month')
    with op.batch_alter_table('statistic_cell', schema=None) as batch_op:
        batch_op.drop_index('ix_statistic_cell_nation')
        batch_op.drop_index('ix_statistic_cell_month')
        batch_op.drop_index(batch_op.f('ix_statistic_cell_county_code'))
        batch_op.drop_index(batch_op.f('ix_statistic_cell_benefit'))

    op.drop_table('statistic_cell')

