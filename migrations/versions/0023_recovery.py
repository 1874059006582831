"""Recovery: heirs, referral with its papers, authority of a write-off, who dropped a claim (never its maker); claims only grow."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

HEIR = ('overpayment_id', 'person_id', 'name', 'relation', 'address', 'added_by_id', 'added_at')
CLAIM = (
    'county_code', 'benefit', 'claim_no', 'award_id', 'person_id', 'origin', 'origin_ref', 'rule_code', 'first_month', 'last_month', 'amount',
    'known_on', 'made_by_id',
)  # fmt: skip
CHECKS = (('ck_overpayment_maker_checker_drop', 'dropped_by_id <> made_by_id'), ('ck_overpayment_dropped_unpaid', "state <> 'dropped' OR repaid = 0"))


def upgrade() -> None:
    op.create_table('claim_heir',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('overpayment_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('relation', sa.String(length=12), nullable=False),
    sa.Column('address', sa.String(length=120), nullable=False),
    sa.Column('served_on', sa.Date(), nullable=True),
    sa.Column('service', sa.String(length=40), nullable=True),
    sa.Column('added_by_id', sa.Integer(), nullable=True),
    sa.Column('added_at', sa.DateTime(), nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint('served_on IS NULL OR service IS NOT NULL', name=op.f('ck_claim_heir_service')),
    sa.ForeignKeyConstraint(['added_by_id'], ['ab_user.id'], name=op.f('fk_claim_heir_added_by_id')),
    sa.ForeignKeyConstraint(['overpayment_id'], ['overpayment.id'], name=op.f('fk_claim_heir_overpayment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_claim_heir')),
    sa.UniqueConstraint('overpayment_id', 'person_id', name=op.f('uq_claim_heir_overpayment_id_person_id'))
    )
    with op.batch_alter_table('claim_heir', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_claim_heir_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_claim_heir_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_claim_heir_overpayment_id'), ['overpayment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_claim_heir_town_code'), ['town_code'], unique=False)

    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index('uq_notice_hearing', ['overpayment_id'], unique=True, sqlite_where=sa.text("kind = 'hearing' AND state <> 'withdrawn'"), postgresql_where=sa.text("kind = 'hearing' AND state <> 'withdrawn'"))

    with op.batch_alter_table('overpayment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('enforce_by', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('final_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('referred_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('referral_no', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('referred_to', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('referral_files', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('authority', sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column('closed_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('dropped_by_id', sa.Integer(), nullable=True))
        batch_op.drop_constraint(batch_op.f('uq_overpayment_origin_origin_ref'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_overpayment_county_code_origin_origin_ref'), ['county_code', 'origin', 'origin_ref'])
        batch_op.create_foreign_key(batch_op.f('fk_overpayment_dropped_by_id'), 'ab_user', ['dropped_by_id'], ['id'])
        for name, condition in CHECKS:
            batch_op.create_check_constraint(op.f(name), condition)
    op.execute("UPDATE overpayment SET closed_on = date(changed_at) WHERE state IN ('settled', 'written_off', 'dropped')")
    for table, frozen in (('claim_heir', HEIR), ('overpayment', CLAIM)):
        for statement in statements(table, op.get_bind().dialect.name, frozen):
            op.execute(statement)



def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for name in ('overpayment_no_update', 'overpayment_no_delete'):
        op.execute(f'DROP TRIGGER {name}' + (' ON overpayment' if dialect == 'postgresql' else ''))
    with op.batch_alter_table('overpayment', schema=None) as batch_op:
        for name, _ in CHECKS:
            batch_op.drop_constraint(op.f(name), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_overpayment_dropped_by_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_overpayment_county_code_origin_origin_ref'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_overpayment_origin_origin_ref'), ['origin', 'origin_ref'])
        batch_op.drop_column('dropped_by_id')
        batch_op.drop_column('closed_on')
        batch_op.drop_column('authority')
        batch_op.drop_column('referral_files')
        batch_op.drop_column('referred_to')
        batch_op.drop_column('referral_no')
        batch_op.drop_column('referred_on')
        batch_op.drop_column('final_on')
        batch_op.drop_column('enforce_by')

    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_index('uq_notice_hearing', sqlite_where=sa.text("kind = 'hearing' AND state <> 'withdrawn'"), postgresql_where=sa.text("kind = 'hearing' AND state <> 'withdrawn'"))

    with op.batch_alter_table('claim_heir', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_claim_heir_town_code'))
        batch_op.drop_index(batch_op.f('ix_claim_heir_overpayment_id'))
        batch_op.drop_index(batch_op.f('ix_claim_heir_county_code'))
        batch_op.drop_index(batch_op.f('ix_claim_heir_benefit'))

    op.drop_table('claim_heir')
