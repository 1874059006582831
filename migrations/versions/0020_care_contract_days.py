"""Nobody has two care contracts on the same day: the database refuses it."""

from alembic import op
from sqlalchemy import text

from app.models.no_overlap import statements, undone

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

OVERLAPS = """
SELECT a.id, b.id FROM care_contract a JOIN care_contract b ON b.recipient_id = a.recipient_id AND b.id > a.id
WHERE (a.until IS NULL OR a.until >= b.since) AND (b.until IS NULL OR b.until >= a.since) ORDER BY a.id LIMIT 20
"""


def upgrade() -> None:
    bind = op.get_bind()
    if found := bind.execute(text(OVERLAPS)).all():
        pairs = '、'.join(f'{a} 與 {b}' for a, b in found)
        raise RuntimeError(f'照顧契約期間重疊（契約編號 {pairs}）；請先以原版本更正迄日，再升級')
    for statement in statements('care_contract', 'recipient_id', bind.dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in undone('care_contract', 'recipient_id', op.get_bind().dialect.name):
        op.execute(statement)
