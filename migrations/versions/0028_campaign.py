"""Campaigns of the yearly review: the cohort, what is known of each member's taxes, and what was decided."""

import sqlalchemy as sa
from alembic import op

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('campaign',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('tax_year', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('what_if', sa.Boolean(), nullable=False),
    sa.Column('frozen_on', sa.Date(), nullable=False),
    sa.Column('judged_for', sa.Date(), nullable=False),
    sa.Column('closes_on', sa.Date(), nullable=False),
    sa.Column('sample_size', sa.Integer(), nullable=False),
    sa.Column('paused_at', sa.DateTime(), nullable=True),
    sa.Column('paused_why', sa.String(length=200), nullable=True),
    sa.Column('list_sha256', sa.String(length=64), nullable=True),
    sa.Column('requested_at', sa.DateTime(), nullable=True),
    sa.Column('reply_no', sa.String(length=60), nullable=True),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('judged_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('closed_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("state IN ('open', 'frozen', 'requested', 'answered', 'judged', 'closed', 'dropped')", name=op.f('ck_campaign_state')),
    sa.CheckConstraint('approved_by_id <> judged_by_id', name=op.f('ck_campaign_maker_checker_campaign')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['ab_user.id'], name=op.f('fk_campaign_approved_by_id')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_campaign_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_campaign_created_by_id')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_campaign_job_id')),
    sa.ForeignKeyConstraint(['judged_by_id'], ['ab_user.id'], name=op.f('fk_campaign_judged_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign'))
    )
    with op.batch_alter_table('campaign', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_campaign_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_county_code'), ['county_code'], unique=False)
        batch_op.create_index('uq_campaign_live', ['county_code', 'benefit', 'year'], unique=True, sqlite_where=sa.text("state NOT IN ('closed', 'dropped') AND NOT what_if"), postgresql_where=sa.text("state NOT IN ('closed', 'dropped') AND NOT what_if"))

    op.create_table('campaign_case',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('campaign_id', sa.Integer(), nullable=False),
    sa.Column('award_id', sa.Integer(), nullable=False),
    sa.Column('application_id', sa.Integer(), nullable=True),
    sa.Column('before_id', sa.Integer(), nullable=True),
    sa.Column('case_no', sa.String(length=30), nullable=False),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('amount_before', sa.BigInteger(), nullable=False),
    sa.Column('band_before', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.Column('reason', sa.String(length=16), nullable=True),
    sa.Column('amount_after', sa.BigInteger(), nullable=True),
    sa.Column('band_after', sa.String(length=16), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('differences', sa.JSON(), nullable=True),
    sa.Column('facts', sa.JSON(), nullable=True),
    sa.Column('judgement', sa.JSON(), nullable=True),
    sa.Column('sampled', sa.Boolean(), nullable=False),
    sa.Column('opinion', sa.String(length=10), nullable=True),
    sa.Column('opinion_text', sa.String(length=300), nullable=True),
    sa.Column('opinion_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decision_id', sa.Integer(), nullable=True),
    sa.Column('reopened_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("outcome IN ('same', 'changed', 'stops', 'unknown')", name=op.f('ck_campaign_case_outcome')),
    sa.CheckConstraint("state IN ('frozen', 'judged', 'reviewed', 'decided', 'reopened')", name=op.f('ck_campaign_case_state')),
    sa.CheckConstraint('decided_by_id <> opinion_by_id', name=op.f('ck_campaign_case_maker_checker_campaign_case')),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_campaign_case_application_id')),
    sa.ForeignKeyConstraint(['award_id'], ['award.id'], name=op.f('fk_campaign_case_award_id')),
    sa.ForeignKeyConstraint(['before_id'], ['decision.id'], name=op.f('fk_campaign_case_before_id')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_campaign_case_campaign_id')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['ab_user.id'], name=op.f('fk_campaign_case_decided_by_id')),
    sa.ForeignKeyConstraint(['decision_id'], ['decision.id'], name=op.f('fk_campaign_case_decision_id')),
    sa.ForeignKeyConstraint(['opinion_by_id'], ['ab_user.id'], name=op.f('fk_campaign_case_opinion_by_id')),
    sa.ForeignKeyConstraint(['reopened_id'], ['application.id'], name=op.f('fk_campaign_case_reopened_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_case')),
    sa.UniqueConstraint('campaign_id', 'award_id', name=op.f('uq_campaign_case_campaign_id_award_id'))
    )
    with op.batch_alter_table('campaign_case', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_campaign_case_application_id'), ['application_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_case_award_id'), ['award_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_case_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_case_campaign_id'), ['campaign_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_case_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_case_town_code'), ['town_code'], unique=False)
        batch_op.create_index('ix_campaign_case_work', ['campaign_id', 'outcome', 'state', 'town_code'], unique=False)

    op.create_table('campaign_member',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('campaign_id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.String(length=10), nullable=True),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('tax_state', sa.String(length=12), nullable=False),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("tax_state IN ('requested', 'received', 'none_on_file', 'rejected')", name=op.f('ck_campaign_member_tax_state')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_campaign_member_campaign_id')),
    sa.ForeignKeyConstraint(['case_id'], ['campaign_case.id'], name=op.f('fk_campaign_member_case_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_member')),
    sa.UniqueConstraint('case_id', 'position', name=op.f('uq_campaign_member_case_id_position'))
    )
    with op.batch_alter_table('campaign_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_campaign_member_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_member_county_code'), ['county_code'], unique=False)
        batch_op.create_index('ix_campaign_member_person', ['campaign_id', 'person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_member_town_code'), ['town_code'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('campaign_member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_campaign_member_town_code'))
        batch_op.drop_index('ix_campaign_member_person')
        batch_op.drop_index(batch_op.f('ix_campaign_member_county_code'))
        batch_op.drop_index(batch_op.f('ix_campaign_member_benefit'))

    op.drop_table('campaign_member')
    with op.batch_alter_table('campaign_case', schema=None) as batch_op:
        batch_op.drop_index('ix_campaign_case_work')
        batch_op.drop_index(batch_op.f('ix_campaign_case_town_code'))
        batch_op.drop_index(batch_op.f('ix_campaign_case_county_code'))
        batch_op.drop_index(batch_op.f('ix_campaign_case_campaign_id'))
        batch_op.drop_index(batch_op.f('ix_campaign_case_benefit'))
        batch_op.drop_index(batch_op.f('ix_campaign_case_award_id'))
        batch_op.drop_index(batch_op.f('ix_campaign_case_application_id'))

    op.drop_table('campaign_case')
    with op.batch_alter_table('campaign', schema=None) as batch_op:
        batch_op.drop_index('uq_campaign_live', sqlite_where=sa.text("state NOT IN ('closed', 'dropped') AND NOT what_if"), postgresql_where=sa.text("state NOT IN ('closed', 'dropped') AND NOT what_if"))
        batch_op.drop_index(batch_op.f('ix_campaign_county_code'))
        batch_op.drop_index(batch_op.f('ix_campaign_benefit'))

    op.drop_table('campaign')
