"""Notices: templates, sending offices, issued notices with their service."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

LIVE = "state <> 'withdrawn'"
RECOVERY = f"kind = 'recovery' AND {LIVE}"
FROZEN = (
    'kind', 'number', 'agency', 'issued_on', 'issued_at', 'issued_by_id', 'template_id', 'edition', 'application_id', 'decision_id', 'change_id',
    'correction_id', 'overpayment_id', 'person_id', 'name', 'address', 'subject', 'letter', 'fields', 'batch',
)


def upgrade() -> None:
    op.create_table('notice_sender',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agency', sa.String(length=40), nullable=False),
    sa.Column('head_title', sa.String(length=20), nullable=False),
    sa.Column('head_name', sa.String(length=30), nullable=False),
    sa.Column('word', sa.String(length=12), nullable=False),
    sa.Column('address', sa.String(length=120), nullable=False),
    sa.Column('unit', sa.String(length=60), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_notice_sender_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_notice_sender_created_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_sender')),
    sa.UniqueConstraint('town_code', name=op.f('uq_notice_sender_town_code'))
    )
    with op.batch_alter_table('notice_sender', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_sender_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_sender_town_code'), ['town_code'], unique=False)

    op.create_table('notice_template',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('edition', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('effective_from', sa.Date(), nullable=False),
    sa.Column('title', sa.String(length=30), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('explanation', sa.Text(), nullable=False),
    sa.Column('basis', sa.Text(), nullable=False),
    sa.Column('remedy', sa.Text(), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('written_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("state <> 'approved' OR approved_by_id IS NOT NULL", name=op.f('ck_notice_template_approved_by')),
    sa.CheckConstraint("state IN ('draft', 'approved', 'withdrawn')", name=op.f('ck_notice_template_state')),
    sa.CheckConstraint('approved_by_id <> written_by_id', name=op.f('ck_notice_template_maker_checker')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['ab_user.id'], name=op.f('fk_notice_template_approved_by_id')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_notice_template_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_notice_template_created_by_id')),
    sa.ForeignKeyConstraint(['written_by_id'], ['ab_user.id'], name=op.f('fk_notice_template_written_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_template')),
    sa.UniqueConstraint('county_code', 'kind', 'benefit', 'edition', name=op.f('uq_notice_template_county_code_kind_benefit_edition'))
    )
    with op.batch_alter_table('notice_template', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_template_county_code'), ['county_code'], unique=False)

    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('agency', sa.String(length=40), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('issued_at', sa.DateTime(), nullable=False),
    sa.Column('issued_by_id', sa.Integer(), nullable=True),
    sa.Column('template_id', sa.Integer(), nullable=True),
    sa.Column('edition', sa.Integer(), nullable=False),
    sa.Column('application_id', sa.Integer(), nullable=True),
    sa.Column('decision_id', sa.Integer(), nullable=True),
    sa.Column('change_id', sa.Integer(), nullable=True),
    sa.Column('correction_id', sa.Integer(), nullable=True),
    sa.Column('overpayment_id', sa.Integer(), nullable=True),
    sa.Column('person_id', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('address', sa.String(length=120), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('letter', sa.JSON(), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('batch', sa.String(length=40), nullable=True),
    sa.Column('service_method', sa.String(length=12), nullable=True),
    sa.Column('service_on', sa.Date(), nullable=True),
    sa.Column('served_on', sa.Date(), nullable=True),
    sa.Column('appeal_until', sa.Date(), nullable=True),
    sa.Column('service_note', sa.String(length=200), nullable=True),
    sa.Column('service_by_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("state <> 'served' OR (served_on IS NOT NULL AND service_method IS NOT NULL)", name=op.f('ck_notice_service')),
    sa.CheckConstraint("state IN ('issued', 'served', 'withdrawn')", name=op.f('ck_notice_state')),
    sa.CheckConstraint('served_on IS NULL OR served_on >= issued_on', name=op.f('ck_notice_served_after_issue')),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_notice_application_id')),
    sa.ForeignKeyConstraint(['change_id'], ['case_change.id'], name=op.f('fk_notice_change_id')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_notice_changed_by_id')),
    sa.ForeignKeyConstraint(['correction_id'], ['correction_notice.id'], name=op.f('fk_notice_correction_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_notice_created_by_id')),
    sa.ForeignKeyConstraint(['decision_id'], ['decision.id'], name=op.f('fk_notice_decision_id')),
    sa.ForeignKeyConstraint(['issued_by_id'], ['ab_user.id'], name=op.f('fk_notice_issued_by_id')),
    sa.ForeignKeyConstraint(['overpayment_id'], ['overpayment.id'], name=op.f('fk_notice_overpayment_id')),
    sa.ForeignKeyConstraint(['service_by_id'], ['ab_user.id'], name=op.f('fk_notice_service_by_id')),
    sa.ForeignKeyConstraint(['template_id'], ['notice_template.id'], name=op.f('fk_notice_template_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_application_id'), ['application_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_batch'), ['batch'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_number'), ['number'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_overpayment_id'), ['overpayment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_notice_queue', ['town_code', 'state', 'issued_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_town_code'), ['town_code'], unique=False)
        batch_op.create_index('uq_notice_change', ['change_id'], unique=True, sqlite_where=sa.text(LIVE), postgresql_where=sa.text(LIVE))
        batch_op.create_index('uq_notice_correction', ['correction_id'], unique=True, sqlite_where=sa.text(LIVE), postgresql_where=sa.text(LIVE))
        batch_op.create_index('uq_notice_decision', ['decision_id'], unique=True, sqlite_where=sa.text(LIVE), postgresql_where=sa.text(LIVE))
        batch_op.create_index('uq_notice_recovery', ['overpayment_id'], unique=True, sqlite_where=sa.text(RECOVERY), postgresql_where=sa.text(RECOVERY))

    for statement in statements('notice', op.get_bind().dialect.name, FROZEN):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table('notice')
    op.drop_table('notice_template')
    op.drop_table('notice_sender')
