"""What is fetched over SFTP is set in the console, by two people, instead of in a file."""

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sftp_source',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(length=60), nullable=False),
    sa.Column('source', sa.String(length=30), nullable=False),
    sa.Column('host', sa.String(length=253), nullable=False),
    sa.Column('port', sa.Integer(), nullable=False),
    sa.Column('user', sa.String(length=60), nullable=False),
    sa.Column('host_key', sa.String(length=2000), nullable=False),
    sa.Column('folder', sa.String(length=200), nullable=False),
    sa.Column('pattern', sa.String(length=80), nullable=False),
    sa.Column('login_by', sa.String(length=10), nullable=False),
    sa.Column('secret_name', sa.String(length=80), nullable=False),
    sa.Column('mapping', sa.String(length=60), nullable=False),
    sa.Column('rhythm', sa.String(length=10), nullable=False),
    sa.Column('at_hour', sa.Integer(), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('replaces_id', sa.Integer(), nullable=True),
    sa.Column('tested_at', sa.DateTime(), nullable=True),
    sa.Column('tried_at', sa.DateTime(), nullable=True),
    sa.Column('problem', sa.String(length=300), nullable=False),
    sa.Column('written_by_id', sa.Integer(), nullable=True),
    sa.Column('approved_by_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('county_code', sa.String(length=5), nullable=False),
    sa.CheckConstraint("state IN ('draft', 'in_use', 'ended')", name=op.f('ck_sftp_source_state')),
    sa.CheckConstraint("login_by IN ('key', 'password')", name=op.f('ck_sftp_source_login_by')),
    sa.CheckConstraint("rhythm IN ('quarter', 'hour', 'day')", name=op.f('ck_sftp_source_rhythm')),
    sa.CheckConstraint('at_hour BETWEEN 0 AND 23', name=op.f('ck_sftp_source_at_hour')),
    sa.CheckConstraint('port BETWEEN 1 AND 65535', name=op.f('ck_sftp_source_port')),
    sa.CheckConstraint("host_key <> ''", name=op.f('ck_sftp_source_pinned')),
    sa.CheckConstraint("source <> 'roster' OR county_code <> ''", name=op.f('ck_sftp_source_roster_county')),
    sa.CheckConstraint('approved_by_id <> written_by_id', name=op.f('ck_sftp_source_maker_checker')),
    sa.CheckConstraint("state <> 'in_use' OR (approved_by_id IS NOT NULL AND tested_at IS NOT NULL)", name=op.f('ck_sftp_source_approved')),
    sa.ForeignKeyConstraint(['approved_by_id'], ['ab_user.id'], name=op.f('fk_sftp_source_approved_by_id')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['ab_user.id'], name=op.f('fk_sftp_source_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['ab_user.id'], name=op.f('fk_sftp_source_created_by_id')),
    sa.ForeignKeyConstraint(['replaces_id'], ['sftp_source.id'], name=op.f('fk_sftp_source_replaces_id')),
    sa.ForeignKeyConstraint(['written_by_id'], ['ab_user.id'], name=op.f('fk_sftp_source_written_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sftp_source'))
    )
    with op.batch_alter_table('sftp_source') as batch_op:
        batch_op.create_index(batch_op.f('ix_sftp_source_county_code'), ['county_code'], unique=False)
        batch_op.create_index('uq_sftp_source_in_use', ['county_code', 'source', 'host', 'port', 'folder', 'pattern'], unique=True,
                              sqlite_where=sa.text("state = 'in_use'"), postgresql_where=sa.text("state = 'in_use'"))


def downgrade() -> None:
    op.drop_table('sftp_source')
