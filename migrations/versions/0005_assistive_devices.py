"""Assistive devices: the counties' catalogue, the devices of an application, devices granted elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('device_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('code', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('max_amount', sa.BigInteger(), nullable=False),
    sa.Column('min_years', sa.Integer(), nullable=False),
    sa.Column('assessed', sa.Boolean(), nullable=False),
    sa.Column('assessor', sa.String(length=60), nullable=True),
    sa.Column('counted', sa.Boolean(), nullable=False),
    sa.Column('full_rate', sa.Boolean(), nullable=False),
    sa.Column('classes', sa.String(length=60), nullable=True),
    sa.Column('grades', sa.String(length=60), nullable=True),
    sa.Column('effective_from', sa.Date(), nullable=False),
    sa.Column('effective_to', sa.Date(), nullable=True),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('origin', sa.String(length=10), nullable=False),
    sa.Column('delivered_key', sa.String(length=200), nullable=True),
    sa.Column('entered_at', sa.DateTime(), nullable=True),
    sa.Column('approved_at', sa.DateTime(), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=True),
    sa.Column('entered_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.CheckConstraint("origin IN ('delivered', 'file', 'console')", name=op.f('ck_device_item_origin')),
    sa.CheckConstraint("state <> 'approved' OR origin <> 'console' OR (entered_by_id IS NOT NULL AND approved_by_id IS NOT NULL)", name=op.f('ck_device_item_approved_by_two')),
    sa.CheckConstraint("state IN ('proposed', 'approved', 'rejected', 'withdrawn')", name=op.f('ck_device_item_state')),
    sa.CheckConstraint('approved_by_id <> entered_by_id', name=op.f('ck_device_item_maker_checker')),
    sa.CheckConstraint('effective_to IS NULL OR effective_from IS NULL OR effective_to >= effective_from', name=op.f('ck_device_item_dates')),
    sa.CheckConstraint('max_amount > 0', name=op.f('ck_device_item_max_amount')),
    sa.CheckConstraint('min_years >= 0', name=op.f('ck_device_item_min_years')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['ab_user.id'], name=op.f('fk_device_item_approved_by_id')),
    sa.ForeignKeyConstraint(['county_code'], ['county.code'], name=op.f('fk_device_item_county_code')),
    sa.ForeignKeyConstraint(['entered_by_id'], ['ab_user.id'], name=op.f('fk_device_item_entered_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_device_item')),
    sa.UniqueConstraint('delivered_key', name=op.f('uq_device_item_delivered_key'))
    )
    with op.batch_alter_table('device_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_device_item_county_code'), ['county_code'], unique=False)
        batch_op.create_index('ix_device_item_lookup', ['county_code', 'code'], unique=False)

    op.create_table('assistive_device_application',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('history_checked_on', sa.Date(), nullable=True),
    sa.Column('special', sa.Boolean(), nullable=True),
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
    sa.ForeignKeyConstraint(['id'], ['application.id'], name=op.f('fk_assistive_device_application_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assistive_device_application'))
    )
    op.create_table('device_elsewhere',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('application_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('item_code', sa.String(length=10), nullable=False),
    sa.Column('granted_on', sa.Date(), nullable=True),
    sa.Column('agency', sa.String(length=60), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_device_elsewhere_application_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_device_elsewhere')),
    sa.UniqueConstraint('application_id', 'position', name=op.f('uq_device_elsewhere_application_id_position'))
    )
    with op.batch_alter_table('device_elsewhere', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_device_elsewhere_application_id'), ['application_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_device_elsewhere_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_device_elsewhere_town_code'), ['town_code'], unique=False)

    op.create_table('device_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('application_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('item_code', sa.String(length=10), nullable=False),
    sa.Column('spec', sa.String(length=80), nullable=True),
    sa.Column('provision', sa.String(length=4), nullable=False),
    sa.Column('recycled', sa.Boolean(), nullable=False),
    sa.Column('bought_on', sa.Date(), nullable=True),
    sa.Column('assessment_asked_on', sa.Date(), nullable=True),
    sa.Column('assessed_by', sa.String(length=60), nullable=True),
    sa.Column('report_no', sa.String(length=30), nullable=True),
    sa.Column('report_on', sa.Date(), nullable=True),
    sa.Column('report_received_on', sa.Date(), nullable=True),
    sa.Column('qualifies', sa.Boolean(), nullable=True),
    sa.Column('assessment_note', sa.String(length=200), nullable=True),
    sa.Column('item_name', sa.String(length=60), nullable=True),
    sa.Column('max_amount', sa.BigInteger(), nullable=True),
    sa.Column('min_years', sa.Integer(), nullable=True),
    sa.Column('counted', sa.Boolean(), nullable=False),
    sa.Column('approved_amount', sa.BigInteger(), nullable=True),
    sa.Column('decided_on', sa.Date(), nullable=True),
    sa.Column('refused_because', sa.String(length=300), nullable=True),
    sa.Column('served_on', sa.Date(), nullable=True),
    sa.Column('claimed_on', sa.Date(), nullable=True),
    sa.Column('vendor', sa.String(length=60), nullable=True),
    sa.Column('receipt_no', sa.String(length=30), nullable=True),
    sa.Column('receipt_on', sa.Date(), nullable=True),
    sa.Column('receipt_amount', sa.BigInteger(), nullable=True),
    sa.Column('serial_no', sa.String(length=40), nullable=True),
    sa.Column('claimed_by_id', sa.Integer(), nullable=True),
    sa.Column('checked_by_id', sa.Integer(), nullable=True),
    sa.Column('payable_amount', sa.BigInteger(), nullable=True),
    sa.Column('award_id', sa.Integer(), nullable=True),
    sa.Column('recovered_on', sa.Date(), nullable=True),
    sa.Column('due_code', sa.String(length=20), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("state <> 'payable' OR (payable_amount IS NOT NULL AND award_id IS NOT NULL)", name=op.f('ck_device_request_payable')),
    sa.CheckConstraint("state NOT IN ('approved', 'claimed', 'payable', 'delivered', 'recovered') OR approved_amount IS NOT NULL", name=op.f('ck_device_request_approved')),
    sa.CheckConstraint('approved_amount > 0', name=op.f('ck_device_request_approved_amount')),
    sa.CheckConstraint('checked_by_id <> claimed_by_id', name=op.f('ck_device_request_maker_checker')),
    sa.CheckConstraint('payable_amount > 0 AND payable_amount <= approved_amount AND payable_amount <= receipt_amount', name=op.f('ck_device_request_payable_amount')),
    sa.CheckConstraint('receipt_amount > 0', name=op.f('ck_device_request_receipt_amount')),
    sa.CheckConstraint('receipt_on >= decided_on', name=op.f('ck_device_request_apply_before_buying')),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_device_request_application_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['award_id'], ['award.id'], name=op.f('fk_device_request_award_id')),
    sa.ForeignKeyConstraint(['checked_by_id'], ['ab_user.id'], name=op.f('fk_device_request_checked_by_id')),
    sa.ForeignKeyConstraint(['claimed_by_id'], ['ab_user.id'], name=op.f('fk_device_request_claimed_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_device_request')),
    sa.UniqueConstraint('application_id', 'position', name=op.f('uq_device_request_application_id_position')),
    sa.UniqueConstraint('award_id', name=op.f('uq_device_request_award_id'))
    )
    with op.batch_alter_table('device_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_device_request_application_id'), ['application_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_device_request_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_device_request_county_code'), ['county_code'], unique=False)
        batch_op.create_index('ix_device_request_queue', ['town_code', 'state', 'due_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_device_request_town_code'), ['town_code'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('device_request', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_device_request_town_code'))
        batch_op.drop_index('ix_device_request_queue')
        batch_op.drop_index(batch_op.f('ix_device_request_county_code'))
        batch_op.drop_index(batch_op.f('ix_device_request_benefit'))
        batch_op.drop_index(batch_op.f('ix_device_request_application_id'))

    op.drop_table('device_request')
    with op.batch_alter_table('device_elsewhere', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_device_elsewhere_town_code'))
        batch_op.drop_index(batch_op.f('ix_device_elsewhere_county_code'))
        batch_op.drop_index(batch_op.f('ix_device_elsewhere_application_id'))

    op.drop_table('device_elsewhere')
    op.drop_table('assistive_device_application')
    with op.batch_alter_table('device_item', schema=None) as batch_op:
        batch_op.drop_index('ix_device_item_lookup')
        batch_op.drop_index(batch_op.f('ix_device_item_county_code'))

    op.drop_table('device_item')
