"""Indexes by which lists of applications are read, page by page, by state and by date, without sorting a million; recomputations of running awards."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

INDEXES = {
    'ix_application_list': ['county_code', 'benefit', 'id'],
    'ix_application_state': ['county_code', 'benefit', 'state', 'id'],
    'ix_application_state_due': ['county_code', 'benefit', 'state', 'due_on'],
    'ix_application_state_received': ['county_code', 'benefit', 'state', 'received_on'],
    'ix_application_received': ['county_code', 'benefit', 'received_on'],
    'ix_application_complete': ['county_code', 'benefit', 'documents_complete_on'],
    'ix_application_due': ['county_code', 'benefit', 'due_on'],
    'ix_application_town_list': ['town_code', 'benefit', 'id'],
    'ix_application_town_received': ['town_code', 'benefit', 'received_on'],
}


def upgrade() -> None:
    op.drop_index('ix_application_queue', 'application')
    op.create_index('ix_application_queue', 'application', ['town_code', 'benefit', 'state', 'received_on'])
    for name, columns in INDEXES.items():
        op.create_index(name, 'application', columns)
    op.create_index('ix_person_county_name', 'person', ['county_code', 'name'])
    op.create_table('recomputation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('judged_on', sa.Date(), nullable=False),
    sa.Column('traced', sa.Boolean(), nullable=False),
    sa.Column('same', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('stops', sa.Integer(), nullable=False),
    sa.Column('unknown', sa.Integer(), nullable=False),
    sa.Column('finished_at', sa.DateTime(), nullable=True),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_recomputation_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_recomputation_created_by_id')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_recomputation_job_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recomputation')),
    sa.UniqueConstraint('job_id', name=op.f('uq_recomputation_job_id'))
    )
    with op.batch_alter_table('recomputation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recomputation_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_recomputation_county_code'), ['county_code'], unique=False)

    op.create_table('recomputation_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('recomputation_id', sa.Integer(), nullable=False),
    sa.Column('award_id', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('amount_before', sa.BigInteger(), nullable=False),
    sa.Column('amount_after', sa.BigInteger(), nullable=True),
    sa.Column('band_after', sa.String(length=16), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('judgement', sa.JSON(), nullable=True),
    sa.Column('benefit', sa.String(length=40), nullable=False),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.Column('town_code', sa.String(length=8), nullable=False),
    sa.CheckConstraint("outcome IN ('same', 'changed', 'stops', 'unknown')", name=op.f('ck_recomputation_line_outcome')),
    sa.ForeignKeyConstraint(['award_id'], ['award.id'], name=op.f('fk_recomputation_line_award_id')),
    sa.ForeignKeyConstraint(['recomputation_id'], ['recomputation.id'], name=op.f('fk_recomputation_line_recomputation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recomputation_line')),
    sa.UniqueConstraint('recomputation_id', 'award_id', name=op.f('uq_recomputation_line_recomputation_id_award_id'))
    )
    with op.batch_alter_table('recomputation_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recomputation_line_award_id'), ['award_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_recomputation_line_benefit'), ['benefit'], unique=False)
        batch_op.create_index(batch_op.f('ix_recomputation_line_county_code'), ['county_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_recomputation_line_recomputation_id'), ['recomputation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_recomputation_line_town_code'), ['town_code'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('recomputation_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_recomputation_line_town_code'))
        batch_op.drop_index(batch_op.f('ix_recomputation_line_recomputation_id'))
        batch_op.drop_index(batch_op.f('ix_recomputation_line_county_code'))
        batch_op.drop_index(batch_op.f('ix_recomputation_line_benefit'))
        batch_op.drop_index(batch_op.f('ix_recomputation_line_award_id'))

    op.drop_table('recomputation_line')
    with op.batch_alter_table('recomputation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_recomputation_county_code'))
        batch_op.drop_index(batch_op.f('ix_recomputation_benefit'))

    op.drop_table('recomputation')
    for name in reversed(INDEXES):
        op.drop_index(name, 'application')
    op.drop_index('ix_application_queue', 'application')
    op.create_index('ix_application_queue', 'application', ['town_code', 'benefit', 'state'])
    op.drop_index('ix_person_county_name', 'person')
