"""The disability register as one timeline, parking permits as issued, and their tasks in the cases that hang on them."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

FROZEN = (
    'holder_id', 'card_id', 'application_id', 'kind', 'happened_on', 'card_no', 'assessment_no', 'hospital', 'doctor', 'grade', 'classes',
    'function_codes', 'expires', 'permanent', 'due_on', 'reason', 'article', 'recorded_at', 'recorded_by_id',
)
CASE = 'award_id IS NOT NULL OR application_id IS NOT NULL'


def upgrade() -> None:
    op.create_table('disability_card',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('holder_id', sa.Integer(), nullable=False),
    sa.Column('application_id', sa.Integer(), nullable=True),
    sa.Column('card_no', sa.String(length=20), nullable=False),
    sa.Column('issue', sa.String(length=12), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('grade', sa.String(length=10), nullable=False),
    sa.Column('classes', sa.String(length=60), nullable=False),
    sa.Column('assessment_no', sa.String(length=30), nullable=True),
    sa.Column('assessed_on', sa.Date(), nullable=True),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('expires', sa.Date(), nullable=True),
    sa.Column('permanent', sa.Boolean(), nullable=False),
    sa.Column('needs_due_on', sa.Date(), nullable=True),
    sa.Column('mobility_difficulty', sa.Boolean(), nullable=True),
    sa.Column('notified_on', sa.Date(), nullable=True),
    sa.Column('extended_to', sa.Date(), nullable=True),
    sa.Column('annotated_on', sa.Date(), nullable=True),
    sa.Column('picked_up_on', sa.Date(), nullable=True),
    sa.Column('ended_on', sa.Date(), nullable=True),
    sa.Column('end_reason', sa.String(length=16), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("(status = 'current') = (ended_on IS NULL)", name=op.f('ck_disability_card_ended')),
    sa.CheckConstraint('assessed_on IS NULL OR assessed_on <= issued_on', name=op.f('ck_disability_card_assessed_first')),
    sa.CheckConstraint('expires IS NULL OR expires >= issued_on', name=op.f('ck_disability_card_expires')),
    sa.CheckConstraint('permanent OR expires IS NOT NULL', name=op.f('ck_disability_card_last_day_known')),
    sa.CheckConstraint('picked_up_on IS NULL OR picked_up_on >= issued_on', name=op.f('ck_disability_card_picked_up')),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_disability_card_application_id')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_disability_card_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_disability_card_created_by_id')),
    sa.ForeignKeyConstraint(['holder_id'], ['person.id'], name=op.f('fk_disability_card_holder_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disability_card')),
    sa.UniqueConstraint('county_code', 'card_no', name=op.f('uq_disability_card_county_code_card_no'))
    )
    with op.batch_alter_table('disability_card', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_disability_card_application_id'), ['application_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_disability_card_county_code'), ['county_code'], unique=False)
        batch_op.create_index('ix_disability_card_expires', ['status', 'expires'], unique=False)
        batch_op.create_index(batch_op.f('ix_disability_card_holder_id'), ['holder_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_disability_card_town_code'), ['town_code'], unique=False)
        batch_op.create_index('uq_disability_card_current', ['holder_id'], unique=True, sqlite_where=sa.text("status = 'current'"), postgresql_where=sa.text("status = 'current'"))

    op.create_table('parking_permit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('application_id', sa.Integer(), nullable=False),
    sa.Column('replaces_id', sa.Integer(), nullable=True),
    sa.Column('permit_no', sa.String(length=20), nullable=False),
    sa.Column('label_no', sa.String(length=20), nullable=True),
    sa.Column('plate', sa.String(length=10), nullable=False),
    sa.Column('vehicle', sa.String(length=12), nullable=False),
    sa.Column('holder', sa.String(length=16), nullable=False),
    sa.Column('holder_name', sa.String(length=50), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('expires', sa.Date(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('print_count', sa.Integer(), nullable=False),
    sa.Column('printed_at', sa.DateTime(), nullable=True),
    sa.Column('ended_on', sa.Date(), nullable=True),
    sa.Column('end_reason', sa.String(length=200), nullable=True),
    sa.Column('ban_until', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("(status = 'misused') = (ban_until IS NOT NULL)", name=op.f('ck_parking_permit_banned')),
    sa.CheckConstraint("(status = 'valid') = (ended_on IS NULL)", name=op.f('ck_parking_permit_ended')),
    sa.CheckConstraint('expires >= issued_on', name=op.f('ck_parking_permit_expires')),
    sa.CheckConstraint('print_count = 0 OR label_no IS NOT NULL', name=op.f('ck_parking_permit_labelled')),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_parking_permit_application_id')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_parking_permit_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_parking_permit_created_by_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_parking_permit_person_id')),
    sa.ForeignKeyConstraint(['replaces_id'], ['parking_permit.id'], name=op.f('fk_parking_permit_replaces_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parking_permit')),
    sa.UniqueConstraint('county_code', 'label_no', name=op.f('uq_parking_permit_county_code_label_no')),
    sa.UniqueConstraint('county_code', 'permit_no', name=op.f('uq_parking_permit_county_code_permit_no'))
    )
    with op.batch_alter_table('parking_permit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_parking_permit_application_id'), ['application_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_parking_permit_county_code'), ['county_code'], unique=False)
        batch_op.create_index('ix_parking_permit_expires', ['status', 'expires'], unique=False)
        batch_op.create_index(batch_op.f('ix_parking_permit_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_parking_permit_plate', ['county_code', 'plate'], unique=False)
        batch_op.create_index(batch_op.f('ix_parking_permit_town_code'), ['town_code'], unique=False)
        batch_op.create_index('uq_parking_permit_valid', ['person_id'], unique=True, sqlite_where=sa.text("status = 'valid'"), postgresql_where=sa.text("status = 'valid'"))

    with op.batch_alter_table('case_task', schema=None) as batch_op:
        batch_op.add_column(sa.Column('card_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('permit_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('due_on', sa.Date(), nullable=True))
        batch_op.drop_constraint(batch_op.f('ck_case_task_case'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_case_task_case'), f'{CASE} OR card_id IS NOT NULL OR permit_id IS NOT NULL')
        batch_op.create_index(batch_op.f('ix_case_task_card_id'), ['card_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_task_permit_id'), ['permit_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_task_due_on'), ['due_on'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_case_task_card_id'), 'disability_card', ['card_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_case_task_permit_id'), 'parking_permit', ['permit_id'], ['id'])

    op.create_table('disability_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('holder_id', sa.Integer(), nullable=False),
    sa.Column('card_id', sa.Integer(), nullable=True),
    sa.Column('application_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=False),
    sa.Column('card_no', sa.String(length=20), nullable=True),
    sa.Column('assessment_no', sa.String(length=30), nullable=True),
    sa.Column('hospital', sa.String(length=60), nullable=True),
    sa.Column('doctor', sa.String(length=50), nullable=True),
    sa.Column('grade', sa.String(length=10), nullable=True),
    sa.Column('classes', sa.String(length=60), nullable=True),
    sa.Column('function_codes', sa.String(length=200), nullable=True),
    sa.Column('expires', sa.Date(), nullable=True),
    sa.Column('permanent', sa.Boolean(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('article', sa.String(length=120), nullable=True),
    sa.Column('recorded_at', sa.DateTime(), nullable=False),
    sa.Column('recorded_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_disability_event_application_id')),
    sa.ForeignKeyConstraint(['card_id'], ['disability_card.id'], name=op.f('fk_disability_event_card_id')),
    sa.ForeignKeyConstraint(['holder_id'], ['person.id'], name=op.f('fk_disability_event_holder_id')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['ab_user.id'], name=op.f('fk_disability_event_recorded_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disability_event'))
    )
    with op.batch_alter_table('disability_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_disability_event_card_id'), ['card_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_disability_event_county_code'), ['county_code'], unique=False)
        batch_op.create_index('ix_disability_event_holder', ['holder_id', 'happened_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_disability_event_town_code'), ['town_code'], unique=False)
        batch_op.create_index('uq_disability_event_assessment', ['county_code', 'assessment_no'], unique=True, sqlite_where=sa.text("kind = 'assessed'"), postgresql_where=sa.text("kind = 'assessed'"))

    for statement in statements('disability_event', op.get_bind().dialect.name, FROZEN):
        op.execute(statement)
    with op.batch_alter_table('disability_register_application', schema=None) as batch_op:
        batch_op.drop_column('picked_up_on')

    with op.batch_alter_table('parking_permit_application', schema=None) as batch_op:
        batch_op.drop_column('permit_no')
        batch_op.drop_column('label_no')


def downgrade() -> None:
    with op.batch_alter_table('parking_permit_application', schema=None) as batch_op:
        batch_op.add_column(sa.Column('label_no', sa.VARCHAR(length=20), nullable=True))
        batch_op.add_column(sa.Column('permit_no', sa.VARCHAR(length=20), nullable=True))

    with op.batch_alter_table('disability_register_application', schema=None) as batch_op:
        batch_op.add_column(sa.Column('picked_up_on', sa.DATE(), nullable=True))

    op.drop_table('disability_event')
    op.execute("DELETE FROM case_task WHERE source = 'disability_register'")
    with op.batch_alter_table('case_task', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_case_task_permit_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_case_task_card_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('ck_case_task_case'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_case_task_case'), CASE)
        batch_op.drop_index(batch_op.f('ix_case_task_due_on'))
        batch_op.drop_index(batch_op.f('ix_case_task_permit_id'))
        batch_op.drop_index(batch_op.f('ix_case_task_card_id'))
        batch_op.drop_column('due_on')
        batch_op.drop_column('permit_id')
        batch_op.drop_column('card_id')
    op.drop_table('parking_permit')
    op.drop_table('disability_card')
