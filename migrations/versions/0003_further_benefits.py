"""Casework of five further benefits: living allowance of the disabled, low income, children, the disability register, parking permits."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

VALIDITY = ('valid_from', 'valid_to')
MEMBER = {
    'listed': sa.Boolean, 'card': sa.Boolean, 'student': sa.Boolean, 'pregnant_months': sa.Integer, 'residence_lives_there': sa.Boolean,
    'residence_days_in_taiwan': sa.Integer,
}
GRANTED = "outcome <> 'granted' OR (amount > 0 AND start_month IS NOT NULL)"
FROZEN = (
    'application_id', 'decision_no', 'outcome', 'amount', 'band', 'start_month', 'end_month', 'rule_version', 'facts', 'judgement', 'reason',
    'exception_code', 'made_by_id', 'decided_at',
)


def decision(granted: str, frozen: tuple[str, ...], added: tuple[str, ...] = (), dropped: tuple[str, ...] = ()) -> None:
    """Change the columns and the check of `decision` and guard it again: SQLite makes the table anew, which loses its triggers."""
    bind = op.get_bind()
    name = op.f('ck_decision_granted_has_amount')
    columns = [sa.Column(c, sa.Date(), nullable=True) for c in added]
    if bind.dialect.name == 'postgresql':
        for trigger in ('decision_no_update', 'decision_no_delete'):
            op.execute(f'DROP TRIGGER {trigger} ON decision')
    with op.batch_alter_table('decision') as batch_op:
        batch_op.drop_constraint(name, type_='check')
        for column in columns:
            batch_op.add_column(column)
        for column_name in dropped:
            batch_op.drop_column(column_name)
        batch_op.create_check_constraint(name, granted)
    for statement in statements('decision', bind.dialect.name, frozen):
        op.execute(statement)


def upgrade() -> None:
    op.create_table('child_youth_application',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('category', sa.String(length=12), nullable=True),
    sa.Column('hardship', sa.Boolean(), nullable=True),
    sa.Column('fraud', sa.Boolean(), nullable=True),
    sa.Column('custodian', sa.String(length=10), nullable=True),
    sa.Column('school', sa.String(length=60), nullable=True),
    sa.Column('lives_at_registration', sa.Boolean(), nullable=True),
    sa.Column('public_placement', sa.Boolean(), nullable=True),
    sa.Column('placement_since', sa.Date(), nullable=True),
    sa.Column('low_income_status', sa.String(length=10), nullable=True),
    sa.ForeignKeyConstraint(['id'], ['application.id'], name=op.f('fk_child_youth_application_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_child_youth_application'))
    )
    op.create_table('disability_living_application',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('housed', sa.Boolean(), nullable=True),
    sa.Column('housed_since', sa.Date(), nullable=True),
    sa.Column('misuse', sa.Boolean(), nullable=True),
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
    sa.Column('public_placement', sa.Boolean(), nullable=True),
    sa.Column('placement_since', sa.Date(), nullable=True),
    sa.Column('in_custody', sa.Boolean(), nullable=True),
    sa.Column('custody_since', sa.Date(), nullable=True),
    sa.Column('low_income_status', sa.String(length=10), nullable=True),
    sa.Column('recipient_since', sa.Integer(), nullable=True),
    sa.Column('uninterrupted', sa.Boolean(), nullable=True),
    sa.Column('holdings_unchanged', sa.Boolean(), nullable=True),
    sa.Column('land_last_year', sa.BigInteger(), nullable=True),
    sa.Column('land_this_year', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['id'], ['application.id'], name=op.f('fk_disability_living_application_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disability_living_application'))
    )
    op.create_table('disability_register_application',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('issue', sa.String(length=12), nullable=True),
    sa.Column('assessment_number', sa.String(length=20), nullable=True),
    sa.Column('assessment_hospital', sa.String(length=60), nullable=True),
    sa.Column('assessment_doctor', sa.String(length=50), nullable=True),
    sa.Column('assessment_day', sa.Date(), nullable=True),
    sa.Column('assessment_qualifies', sa.Boolean(), nullable=True),
    sa.Column('assessment_grade', sa.String(length=10), nullable=True),
    sa.Column('assessment_classes', sa.String(length=60), nullable=True),
    sa.Column('assessment_irreversible', sa.Boolean(), nullable=True),
    sa.Column('assessment_provisional', sa.Boolean(), nullable=True),
    sa.Column('assessment_reassess', sa.Date(), nullable=True),
    sa.Column('assessment_received', sa.Date(), nullable=True),
    sa.Column('assessment_needs_assessed', sa.Date(), nullable=True),
    sa.Column('diagnosis_codes', sa.String(length=60), nullable=True),
    sa.Column('function_codes', sa.String(length=120), nullable=True),
    sa.Column('cause', sa.String(length=12), nullable=True),
    sa.Column('old_held', sa.Boolean(), nullable=True),
    sa.Column('old_number', sa.String(length=20), nullable=True),
    sa.Column('old_grade', sa.String(length=10), nullable=True),
    sa.Column('old_classes', sa.String(length=60), nullable=True),
    sa.Column('old_issued', sa.Date(), nullable=True),
    sa.Column('old_expires', sa.Date(), nullable=True),
    sa.Column('old_permanent', sa.Boolean(), nullable=True),
    sa.Column('loss', sa.Boolean(), nullable=True),
    sa.Column('card_no', sa.String(length=20), nullable=True),
    sa.Column('picked_up_on', sa.Date(), nullable=True),
    sa.Column('mobility_difficulty', sa.Boolean(), nullable=True),
    sa.Column('companion_discount', sa.Boolean(), nullable=True),
    sa.Column('rehab_bus', sa.Boolean(), nullable=True),
    sa.Column('lives_at_registration', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['id'], ['application.id'], name=op.f('fk_disability_register_application_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disability_register_application'))
    )
    op.create_table('low_income_application',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('county_class', sa.String(length=1), nullable=True),
    sa.Column('fraud', sa.Boolean(), nullable=True),
    sa.Column('refused', sa.Boolean(), nullable=True),
    sa.Column('cause', sa.String(length=16), nullable=True),
    sa.Column('housing', sa.String(length=10), nullable=True),
    sa.Column('monthly_rent', sa.BigInteger(), nullable=True),
    sa.Column('debts', sa.String(length=120), nullable=True),
    sa.Column('wants_work_relief', sa.Boolean(), nullable=True),
    sa.Column('village_opinion', sa.String(length=300), nullable=True),
    sa.Column('lives_at_registration', sa.Boolean(), nullable=True),
    sa.Column('days_in_taiwan', sa.Integer(), nullable=True),
    sa.Column('public_placement', sa.Boolean(), nullable=True),
    sa.Column('placement_since', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['id'], ['application.id'], name=op.f('fk_low_income_application_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_low_income_application'))
    )
    op.create_table('parking_permit_application',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mobility', sa.Boolean(), nullable=True),
    sa.Column('mobility_since', sa.Date(), nullable=True),
    sa.Column('mobility_until', sa.Date(), nullable=True),
    sa.Column('holder', sa.String(length=16), nullable=True),
    sa.Column('holder_name', sa.String(length=50), nullable=True),
    sa.Column('same_home', sa.Boolean(), nullable=True),
    sa.Column('vehicle', sa.String(length=12), nullable=True),
    sa.Column('plate', sa.String(length=10), nullable=True),
    sa.Column('owner_is_self', sa.Boolean(), nullable=True),
    sa.Column('driver_is_self', sa.Boolean(), nullable=True),
    sa.Column('special_plate', sa.Boolean(), nullable=True),
    sa.Column('other_permit', sa.Boolean(), nullable=True),
    sa.Column('misuse_found', sa.Date(), nullable=True),
    sa.Column('permit_no', sa.String(length=20), nullable=True),
    sa.Column('label_no', sa.String(length=20), nullable=True),
    sa.Column('lives_at_registration', sa.Boolean(), nullable=True),
    sa.Column('card_held', sa.Boolean(), nullable=True),
    sa.Column('card_number', sa.String(length=20), nullable=True),
    sa.Column('card_grade', sa.String(length=10), nullable=True),
    sa.Column('card_classes', sa.String(length=60), nullable=True),
    sa.Column('card_issued', sa.Date(), nullable=True),
    sa.Column('card_expires', sa.Date(), nullable=True),
    sa.Column('card_permanent', sa.Boolean(), nullable=True),
    sa.Column('card_annotated', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['id'], ['application.id'], name=op.f('fk_parking_permit_application_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parking_permit_application'))
    )
    for name in VALIDITY:
        op.add_column('application', sa.Column(name, sa.Date(), nullable=True))
    for name, kind in MEMBER.items():
        op.add_column('household_member', sa.Column(name, kind(), nullable=True))
    decision(f'{GRANTED} OR valid_from IS NOT NULL', (*FROZEN, *VALIDITY), added=VALIDITY)


def downgrade() -> None:
    decision(GRANTED, FROZEN, dropped=VALIDITY)
    for name in reversed(MEMBER):
        op.drop_column('household_member', name)
    for name in reversed(VALIDITY):
        op.drop_column('application', name)
    for name in ('parking_permit', 'low_income', 'disability_register', 'disability_living', 'child_youth'):
        op.drop_table(f'{name}_application')
