"""Searches for the beginning of a name or a case number use an index on PostgreSQL."""

from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_person_county_name', 'person')
    op.create_index('ix_person_county_name', 'person', ['county_code', 'name'], postgresql_ops={'name': 'varchar_pattern_ops'})
    op.create_index('ix_application_case_no', 'application', ['county_code', 'case_no'], postgresql_ops={'case_no': 'varchar_pattern_ops'})


def downgrade() -> None:
    op.drop_index('ix_application_case_no', 'application')
    op.drop_index('ix_person_county_name', 'person')
    op.create_index('ix_person_county_name', 'person', ['county_code', 'name'])
