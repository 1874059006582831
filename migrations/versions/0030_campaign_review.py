"""Yearly reviews in two stages with visits and corrections beside the tax file, reviews every second year, objections against decisions."""

import sqlalchemy as sa
from alembic import op

from app.models.append_only import statements

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

STATE = 'ck_campaign_case_state'
BEFORE = "state IN ('frozen', 'judged', 'reviewed', 'decided', 'reopened')"
NOW = "state IN ('frozen', 'judged', 'reviewed', 'checked', 'decided', 'reopened', 'excepted')"
FROZEN = {
    'campaign_visit': ('case_id', 'visited_on', 'found', 'visited_by_id'),
    'campaign_correction': ('case_id', 'position', 'line', 'said', 'kind', 'amount', 'code', 'proof', 'recorded_at', 'recorded_by_id'),
}


def place(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column('benefit', sa.String(length=40), nullable=False),
        sa.Column('county_code', sa.String(length=5), nullable=False),
        sa.Column('town_code', sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{table}')),
    ]


def indexes(table: str, *columns: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        for column in ('benefit', 'county_code', 'town_code', *columns):
            batch_op.create_index(batch_op.f(f'ix_{table}_{column}'), [column], unique=False)


def upgrade() -> None:
    with op.batch_alter_table('campaign', schema=None) as batch_op:
        batch_op.add_column(sa.Column('every_years', sa.Integer(), server_default='1', nullable=False))
        batch_op.add_column(sa.Column('excepted_from', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('provisional_until', sa.Date(), nullable=True))
        batch_op.create_check_constraint(op.f('ck_campaign_every_years'), 'every_years IN (1, 2)')
    with op.batch_alter_table('campaign_case', schema=None) as batch_op:
        batch_op.add_column(sa.Column('finding', sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column('finding_text', sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column('checked_by_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f('fk_campaign_case_checked_by_id'), 'ab_user', ['checked_by_id'], ['id'])
        batch_op.drop_constraint(op.f(STATE), type_='check')
        batch_op.create_check_constraint(op.f(STATE), NOW)
        batch_op.create_check_constraint(op.f('ck_campaign_case_maker_checker_check'), 'checked_by_id <> opinion_by_id AND decided_by_id <> checked_by_id')
    op.create_index(op.f('ix_campaign_case_decision_id'), 'campaign_case', ['decision_id'], unique=False)
    op.create_table('campaign_visit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('visited_on', sa.Date(), nullable=False),
    sa.Column('found', sa.String(length=500), nullable=False),
    sa.Column('visited_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['campaign_case.id'], name=op.f('fk_campaign_visit_case_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['visited_by_id'], ['ab_user.id'], name=op.f('fk_campaign_visit_visited_by_id')),
    *place('campaign_visit'),
    )
    indexes('campaign_visit', 'case_id')
    op.create_table('campaign_correction',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('line', sa.String(length=200), nullable=False),
    sa.Column('said', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('code', sa.String(length=24), nullable=True),
    sa.Column('proof', sa.String(length=80), nullable=False),
    sa.Column('recorded_at', sa.DateTime(), nullable=False),
    sa.Column('recorded_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('amount', 'principal', 'counted', 'not_counted', 'exempt')", name=op.f('ck_campaign_correction_kind')),
    sa.CheckConstraint("(kind IN ('amount', 'principal')) = (amount IS NOT NULL) AND (kind = 'exempt') = (code IS NOT NULL)", name=op.f('ck_campaign_correction_given')),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_campaign_correction_amount')),
    sa.ForeignKeyConstraint(['case_id'], ['campaign_case.id'], name=op.f('fk_campaign_correction_case_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['ab_user.id'], name=op.f('fk_campaign_correction_recorded_by_id')),
    *place('campaign_correction'),
    )
    indexes('campaign_correction', 'case_id')
    for table, frozen in FROZEN.items():
        for statement in statements(table, op.get_bind().dialect.name, frozen):
            op.execute(statement)
    op.create_table('objection',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('decision_id', sa.Integer(), nullable=False),
    sa.Column('application_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('filed_on', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('grounds', sa.Text(), nullable=False),
    sa.Column('outcome', sa.String(length=12), nullable=True),
    sa.Column('outcome_text', sa.Text(), nullable=True),
    sa.Column('outcome_no', sa.String(length=60), nullable=True),
    sa.Column('settled_on', sa.Date(), nullable=True),
    sa.Column('proposed_by_id', sa.Integer(), nullable=True),
    sa.Column('settled_by_id', sa.Integer(), nullable=True),
    sa.Column('reopened_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('own', 'appeal')", name=op.f('ck_objection_kind')),
    sa.CheckConstraint("state IN ('open', 'proposed', 'settled', 'withdrawn')", name=op.f('ck_objection_state')),
    sa.CheckConstraint("outcome IN ('upheld', 'revised', 'inadmissible')", name=op.f('ck_objection_outcome')),
    sa.CheckConstraint("state <> 'settled' OR (outcome IS NOT NULL AND settled_by_id IS NOT NULL)", name=op.f('ck_objection_settled')),
    sa.CheckConstraint('settled_by_id <> proposed_by_id', name=op.f('ck_objection_maker_checker')),
    *(sa.ForeignKeyConstraint([column], [target], name=op.f(f'fk_objection_{column}')) for column, target in (
        ('application_id', 'application.id'), ('changed_by_id', 'ab_user.id'), ('created_by_id', 'ab_user.id'), ('decision_id', 'decision.id'),
        ('proposed_by_id', 'ab_user.id'), ('reopened_id', 'application.id'), ('settled_by_id', 'ab_user.id'))),
    *place('objection'),
    )
    indexes('objection', 'application_id', 'decision_id')
    live = sa.text("state <> 'withdrawn'")
    op.create_index('uq_objection_live', 'objection', ['decision_id', 'kind'], unique=True, sqlite_where=live, postgresql_where=live)


def downgrade() -> None:
    for table in ('objection', 'campaign_correction', 'campaign_visit'):
        op.drop_table(table)
    op.drop_index(op.f('ix_campaign_case_decision_id'), 'campaign_case')
    with op.batch_alter_table('campaign_case', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_campaign_case_maker_checker_check'), type_='check')
        batch_op.drop_constraint(op.f(STATE), type_='check')
        batch_op.create_check_constraint(op.f(STATE), BEFORE)
        batch_op.drop_constraint(op.f('fk_campaign_case_checked_by_id'), type_='foreignkey')
        for column in ('checked_by_id', 'finding_text', 'finding'):
            batch_op.drop_column(column)
    with op.batch_alter_table('campaign', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_campaign_every_years'), type_='check')
        for column in ('provisional_until', 'excepted_from', 'every_years'):
            batch_op.drop_column(column)
