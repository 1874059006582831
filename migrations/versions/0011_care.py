"""Care in institutions: application, institutions, contracts, absences, invoices."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('care_institution',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('tax_no', sa.String(length=8), nullable=False),
    sa.Column('place_code', sa.String(length=5), nullable=False),
    sa.Column('address', sa.String(length=120), nullable=True),
    sa.Column('phone', sa.String(length=20), nullable=True),
    sa.Column('licence_no', sa.String(length=40), nullable=False),
    sa.Column('licence_from', sa.Date(), nullable=False),
    sa.Column('licence_to', sa.Date(), nullable=True),
    sa.Column('bank_code', sa.String(length=7), nullable=False),
    sa.Column('account', sa.String(length=20), nullable=False),
    sa.Column('payee_name', sa.String(length=50), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint('licence_to IS NULL OR licence_to >= licence_from', name=op.f('ck_care_institution_licence')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_care_institution_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_care_institution_created_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_care_institution')),
    sa.UniqueConstraint('county_code', 'tax_no', name=op.f('uq_care_institution_county_code_tax_no'))
    )
    with op.batch_alter_table('care_institution', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_care_institution_county_code'), ['county_code'], unique=False)

    op.create_table('care_contract',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('recipient_id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('service', sa.String(length=12), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('bed', sa.String(length=20), nullable=True),
    sa.Column('fee', sa.BigInteger(), nullable=False),
    sa.Column('self_pay', sa.BigInteger(), nullable=True),
    sa.Column('end_reason', sa.String(length=200), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint('fee > 0', name=op.f('ck_care_contract_fee')),
    sa.CheckConstraint('self_pay IS NULL OR self_pay >= 0', name=op.f('ck_care_contract_self_pay')),
    sa.CheckConstraint('until IS NULL OR until >= since', name=op.f('ck_care_contract_days')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_care_contract_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_care_contract_created_by_id')),
    sa.ForeignKeyConstraint(['institution_id'], ['care_institution.id'], name=op.f('fk_care_contract_institution_id')),
    sa.ForeignKeyConstraint(['recipient_id'], ['person.id'], name=op.f('fk_care_contract_recipient_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_care_contract'))
    )
    with op.batch_alter_table('care_contract', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_care_contract_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_contract_recipient_id'), ['recipient_id'], unique=False)
        batch_op.create_index('ix_care_contract_stay', ['institution_id', 'since'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_contract_town_code'), ['town_code'], unique=False)

    op.create_table('care_invoice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('invoice_no', sa.String(length=40), nullable=True),
    sa.Column('claimed_count', sa.Integer(), nullable=True),
    sa.Column('claimed_total', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('line_count', sa.Integer(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('entered_by_id', sa.Integer(), nullable=True),
    sa.Column('checked_by_id', sa.Integer(), nullable=True),
    sa.Column('checked_at', sa.DateTime(), nullable=True),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("state <> 'approved' OR approved_at IS NOT NULL", name=op.f('ck_care_invoice_approved')),
    sa.CheckConstraint('approved_by_id <> entered_by_id', name=op.f('ck_care_invoice_maker_checker_invoice')),
    sa.CheckConstraint('total >= 0', name=op.f('ck_care_invoice_total')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['ab_user.id'], name=op.f('fk_care_invoice_approved_by_id')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_care_invoice_changed_by_id')),
    sa.ForeignKeyConstraint(['checked_by_id'], ['ab_user.id'], name=op.f('fk_care_invoice_checked_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_care_invoice_created_by_id')),
    sa.ForeignKeyConstraint(['entered_by_id'], ['ab_user.id'], name=op.f('fk_care_invoice_entered_by_id')),
    sa.ForeignKeyConstraint(['institution_id'], ['care_institution.id'], name=op.f('fk_care_invoice_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_care_invoice'))
    )
    with op.batch_alter_table('care_invoice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_care_invoice_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_invoice_institution_id'), ['institution_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_invoice_month'), ['month'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_invoice_state'), ['state'], unique=False)
        batch_op.create_index('uq_care_invoice_once', ['institution_id', 'month', 'seq'], unique=True, sqlite_where=sa.text("state <> 'cancelled'"), postgresql_where=sa.text("state <> 'cancelled'"))

    op.create_table('care_service',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('service', sa.String(length=12), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('ceiling', sa.BigInteger(), nullable=False),
    sa.Column('beds', sa.Integer(), nullable=True),
    sa.Column('ground', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint('beds IS NULL OR beds > 0', name=op.f('ck_care_service_beds')),
    sa.CheckConstraint('ceiling > 0', name=op.f('ck_care_service_ceiling')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_care_service_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_care_service_created_by_id')),
    sa.ForeignKeyConstraint(['institution_id'], ['care_institution.id'], name=op.f('fk_care_service_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_care_service')),
    sa.UniqueConstraint('institution_id', 'service', 'since', name=op.f('uq_care_service_institution_id_service_since'))
    )
    with op.batch_alter_table('care_service', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_care_service_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_service_institution_id'), ['institution_id'], unique=False)

    op.create_table('care_absence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('contract_id', sa.Integer(), nullable=False),
    sa.Column('left_on', sa.Date(), nullable=False),
    sa.Column('back_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=12), nullable=False),
    sa.Column('withdrawn', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint('back_on IS NULL OR back_on > left_on', name=op.f('ck_care_absence_days')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_care_absence_changed_by_id')),
    sa.ForeignKeyConstraint(['contract_id'], ['care_contract.id'], name=op.f('fk_care_absence_contract_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_care_absence_created_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_care_absence'))
    )
    with op.batch_alter_table('care_absence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_care_absence_contract_id'), ['contract_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_absence_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_absence_town_code'), ['town_code'], unique=False)

    op.create_table('disability_care_application',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('placed', sa.Boolean(), nullable=True),
    sa.Column('care_home', sa.String(length=60), nullable=True),
    sa.Column('service', sa.String(length=12), nullable=True),
    sa.Column('fee', sa.BigInteger(), nullable=True),
    sa.Column('service_from', sa.Date(), nullable=True),
    sa.Column('referred', sa.Boolean(), nullable=True),
    sa.Column('same_service', sa.Boolean(), nullable=True),
    sa.Column('disabled_in_family', sa.Integer(), nullable=True),
    sa.Column('parent_65', sa.Boolean(), nullable=True),
    sa.Column('decided_rate', sa.Integer(), nullable=True),
    sa.Column('rate_reason', sa.String(length=200), nullable=True),
    sa.Column('rate_decided_by_id', sa.Integer(), nullable=True),
    sa.Column('lives_at_registration', sa.Boolean(), nullable=True),
    sa.Column('days_in_taiwan', sa.Integer(), nullable=True),
    sa.Column('card_held', sa.Boolean(), nullable=True),
    sa.Column('card_number', sa.String(length=20), nullable=True),
    sa.Column('card_grade', sa.String(length=10), nullable=True),
    sa.Column('card_classes', sa.String(length=60), nullable=True),
    sa.Column('card_issued', sa.Date(), nullable=True),
    sa.Column('card_expires', sa.Date(), nullable=True),
    sa.Column('card_permanent', sa.Boolean(), nullable=True),
    sa.Column('card_annotated', sa.Boolean(), nullable=True),
    sa.Column('low_income_status', sa.String(length=10), nullable=True),
    sa.ForeignKeyConstraint(['id'], ['application.id'], name=op.f('fk_disability_care_application_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['rate_decided_by_id'], ['ab_user.id'], name=op.f('fk_disability_care_application_rate_decided_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disability_care_application'))
    )
    op.create_table('care_invoice_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('line_no', sa.Integer(), nullable=False),
    sa.Column('contract_id', sa.Integer(), nullable=False),
    sa.Column('recipient_id', sa.Integer(), nullable=False),
    sa.Column('award_id', sa.Integer(), nullable=True),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=True),
    sa.Column('service', sa.String(length=12), nullable=False),
    sa.Column('fee', sa.BigInteger(), nullable=False),
    sa.Column('rate', sa.Integer(), nullable=True),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('absent', sa.Integer(), nullable=False),
    sa.Column('deducted', sa.Integer(), nullable=False),
    sa.Column('computed', sa.BigInteger(), nullable=False),
    sa.Column('claimed', sa.BigInteger(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.String(length=400), nullable=False),
    sa.Column('problem', sa.String(length=200), nullable=True),
    sa.Column('adjust_reason', sa.String(length=200), nullable=True),
    sa.Column('adjusted_by_id', sa.Integer(), nullable=True),
    sa.Column('confirmed_by_id', sa.Integer(), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint('adjust_reason IS NOT NULL OR amount <= computed', name=op.f('ck_care_invoice_line_adjusted_with_reason')),
    sa.CheckConstraint('adjusted_by_id IS NULL OR adjust_reason IS NOT NULL', name=op.f('ck_care_invoice_line_reason')),
    sa.CheckConstraint('amount = 0 OR award_id IS NOT NULL', name=op.f('ck_care_invoice_line_award')),
    sa.CheckConstraint('amount >= 0 AND computed >= 0 AND fee > 0 AND (claimed IS NULL OR claimed >= 0)', name=op.f('ck_care_invoice_line_amounts')),
    sa.CheckConstraint('confirmed_by_id <> adjusted_by_id', name=op.f('ck_care_invoice_line_maker_checker_adjustment')),
    sa.ForeignKeyConstraint(['adjusted_by_id'], ['ab_user.id'], name=op.f('fk_care_invoice_line_adjusted_by_id')),
    sa.ForeignKeyConstraint(['award_id'], ['award.id'], name=op.f('fk_care_invoice_line_award_id')),
    sa.ForeignKeyConstraint(['confirmed_by_id'], ['ab_user.id'], name=op.f('fk_care_invoice_line_confirmed_by_id')),
    sa.ForeignKeyConstraint(['contract_id'], ['care_contract.id'], name=op.f('fk_care_invoice_line_contract_id')),
    sa.ForeignKeyConstraint(['invoice_id'], ['care_invoice.id'], name=op.f('fk_care_invoice_line_invoice_id')),
    sa.ForeignKeyConstraint(['recipient_id'], ['person.id'], name=op.f('fk_care_invoice_line_recipient_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_care_invoice_line')),
    sa.UniqueConstraint('award_id', 'month', 'seq', name=op.f('uq_care_invoice_line_award_id_month_seq')),
    sa.UniqueConstraint('invoice_id', 'contract_id', name=op.f('uq_care_invoice_line_invoice_id_contract_id'))
    )
    with op.batch_alter_table('care_invoice_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_care_invoice_line_contract_id'), ['contract_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_invoice_line_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_invoice_line_invoice_id'), ['invoice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_invoice_line_recipient_id'), ['recipient_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_invoice_line_town_code'), ['town_code'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('care_invoice_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_care_invoice_line_town_code'))
        batch_op.drop_index(batch_op.f('ix_care_invoice_line_recipient_id'))
        batch_op.drop_index(batch_op.f('ix_care_invoice_line_invoice_id'))
        batch_op.drop_index(batch_op.f('ix_care_invoice_line_county_code'))
        batch_op.drop_index(batch_op.f('ix_care_invoice_line_contract_id'))

    op.drop_table('care_invoice_line')
    op.drop_table('disability_care_application')
    with op.batch_alter_table('care_absence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_care_absence_town_code'))
        batch_op.drop_index(batch_op.f('ix_care_absence_county_code'))
        batch_op.drop_index(batch_op.f('ix_care_absence_contract_id'))

    op.drop_table('care_absence')
    with op.batch_alter_table('care_service', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_care_service_institution_id'))
        batch_op.drop_index(batch_op.f('ix_care_service_county_code'))

    op.drop_table('care_service')
    with op.batch_alter_table('care_invoice', schema=None) as batch_op:
        batch_op.drop_index('uq_care_invoice_once', sqlite_where=sa.text("state <> 'cancelled'"), postgresql_where=sa.text("state <> 'cancelled'"))
        batch_op.drop_index(batch_op.f('ix_care_invoice_state'))
        batch_op.drop_index(batch_op.f('ix_care_invoice_month'))
        batch_op.drop_index(batch_op.f('ix_care_invoice_institution_id'))
        batch_op.drop_index(batch_op.f('ix_care_invoice_county_code'))

    op.drop_table('care_invoice')
    with op.batch_alter_table('care_contract', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_care_contract_town_code'))
        batch_op.drop_index('ix_care_contract_stay')
        batch_op.drop_index(batch_op.f('ix_care_contract_recipient_id'))
        batch_op.drop_index(batch_op.f('ix_care_contract_county_code'))

    op.drop_table('care_contract')
    with op.batch_alter_table('care_institution', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_care_institution_county_code'))

    op.drop_table('care_institution')
