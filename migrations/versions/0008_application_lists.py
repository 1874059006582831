"""Indexes by which lists of applications are read: page by page, by state, by date, without sorting a million."""

from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

INDEXES = {
    'ix_application_list': ['county_code', 'benefit', 'id'],
    'ix_application_state': ['county_code', 'benefit', 'state', 'id'],
    'ix_application_received': ['county_code', 'benefit', 'received_on'],
    'ix_application_complete': ['county_code', 'benefit', 'documents_complete_on'],
    'ix_application_due': ['county_code', 'benefit', 'due_on'],
    'ix_application_town_received': ['town_code', 'benefit', 'received_on'],
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.create_index(name, 'application', columns)


def downgrade() -> None:
    for name in reversed(INDEXES):
        op.drop_index(name, 'application')
