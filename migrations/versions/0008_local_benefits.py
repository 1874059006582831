"""Local benefits defined in the console, their applications and findings; awards paid every nth month."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('local_benefit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('short', sa.String(length=8), nullable=False),
    sa.Column('name', sa.String(length=30), nullable=False),
    sa.Column('short_name', sa.String(length=8), nullable=False),
    sa.Column('unit', sa.String(length=12), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_local_benefit_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_local_benefit_created_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_local_benefit')),
    sa.UniqueConstraint('county_code', 'code', name=op.f('uq_local_benefit_county_code_code')),
    sa.UniqueConstraint('county_code', 'short', name=op.f('uq_local_benefit_county_code_short'))
    )
    with op.batch_alter_table('local_benefit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_local_benefit_county_code'), ['county_code'], unique=False)

    op.create_table('local_benefit_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('benefit_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('effective_from', sa.Date(), nullable=True),
    sa.Column('effective_to', sa.Date(), nullable=True),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('written_by_id', sa.Integer(), nullable=True),
    sa.Column('proposed_by_id', sa.Integer(), nullable=True),
    sa.Column('activated_by_id', sa.Integer(), nullable=True),
    sa.Column('activated_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'proposed') OR (effective_from IS NOT NULL AND activated_at IS NOT NULL)", name=op.f('ck_local_benefit_version_active_is_dated')),
    sa.CheckConstraint("state IN ('draft', 'proposed', 'active', 'superseded')", name=op.f('ck_local_benefit_version_state')),
    sa.CheckConstraint('activated_by_id <> proposed_by_id', name=op.f('ck_local_benefit_version_maker_checker_proposer')),
    sa.CheckConstraint('activated_by_id <> written_by_id', name=op.f('ck_local_benefit_version_maker_checker_writer')),
    sa.CheckConstraint('effective_to IS NULL OR effective_to >= effective_from', name=op.f('ck_local_benefit_version_dates')),
    sa.ForeignKeyConstraint(['activated_by_id'], ['ab_user.id'], name=op.f('fk_local_benefit_version_activated_by_id')),
    sa.ForeignKeyConstraint(['benefit_id'], ['local_benefit.id'], name=op.f('fk_local_benefit_version_benefit_id')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_local_benefit_version_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_local_benefit_version_created_by_id')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['ab_user.id'], name=op.f('fk_local_benefit_version_proposed_by_id')),
    sa.ForeignKeyConstraint(['written_by_id'], ['ab_user.id'], name=op.f('fk_local_benefit_version_written_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_local_benefit_version')),
    sa.UniqueConstraint('benefit_id', 'number', name=op.f('uq_local_benefit_version_benefit_id_number'))
    )
    with op.batch_alter_table('local_benefit_version', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_local_benefit_version_benefit_id'), ['benefit_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_local_benefit_version_county_code'), ['county_code'], unique=False)
        batch_op.create_index('uq_local_benefit_version_open', ['benefit_id'], unique=True, sqlite_where=sa.text("state IN ('draft', 'proposed')"), postgresql_where=sa.text("state IN ('draft', 'proposed')"))

    op.create_table('local_application',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('form', sa.JSON(), nullable=False),
    sa.Column('registered_since', sa.Date(), nullable=True),
    sa.Column('own_income', sa.BigInteger(), nullable=True),
    sa.Column('own_real_estate', sa.BigInteger(), nullable=True),
    sa.Column('lives_at_registration', sa.Boolean(), nullable=True),
    sa.Column('days_in_taiwan', sa.Integer(), nullable=True),
    sa.Column('public_placement', sa.Boolean(), nullable=True),
    sa.Column('placement_since', sa.Date(), nullable=True),
    sa.Column('in_custody', sa.Boolean(), nullable=True),
    sa.Column('custody_since', sa.Date(), nullable=True),
    sa.Column('low_income_status', sa.String(length=10), nullable=True),
    sa.Column('card_held', sa.Boolean(), nullable=True),
    sa.Column('card_number', sa.String(length=20), nullable=True),
    sa.Column('card_grade', sa.String(length=10), nullable=True),
    sa.Column('card_classes', sa.String(length=60), nullable=True),
    sa.Column('card_issued', sa.Date(), nullable=True),
    sa.Column('card_expires', sa.Date(), nullable=True),
    sa.Column('card_permanent', sa.Boolean(), nullable=True),
    sa.Column('card_annotated', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['id'], ['application.id'], name=op.f('fk_local_application_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_local_application'))
    )
    op.create_table('local_finding',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('application_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=30), nullable=False),
    sa.Column('holds', sa.Boolean(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['local_application.id'], name=op.f('fk_local_finding_application_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_local_finding')),
    sa.UniqueConstraint('application_id', 'code', name=op.f('uq_local_finding_application_id_code'))
    )
    with op.batch_alter_table('local_finding', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_local_finding_application_id'), ['application_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_local_finding_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_local_finding_town_code'), ['town_code'], unique=False)

    with op.batch_alter_table('award', schema=None) as batch_op:
        batch_op.add_column(sa.Column('every', sa.Integer(), server_default='1', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('award', schema=None) as batch_op:
        batch_op.drop_column('every')

    with op.batch_alter_table('local_finding', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_local_finding_town_code'))
        batch_op.drop_index(batch_op.f('ix_local_finding_county_code'))
        batch_op.drop_index(batch_op.f('ix_local_finding_application_id'))

    op.drop_table('local_finding')
    op.drop_table('local_application')
    with op.batch_alter_table('local_benefit_version', schema=None) as batch_op:
        batch_op.drop_index('uq_local_benefit_version_open', sqlite_where=sa.text("state IN ('draft', 'proposed')"), postgresql_where=sa.text("state IN ('draft', 'proposed')"))
        batch_op.drop_index(batch_op.f('ix_local_benefit_version_county_code'))
        batch_op.drop_index(batch_op.f('ix_local_benefit_version_benefit_id'))

    op.drop_table('local_benefit_version')
    with op.batch_alter_table('local_benefit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_local_benefit_county_code'))

    op.drop_table('local_benefit')
