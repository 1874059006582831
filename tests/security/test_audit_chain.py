"""The chain finds a changed, missing, inserted and reordered entry and a cut tail, on both databases, and cannot fork."""

import threading

import pytest
from sqlalchemy import select, text

from app.extensions import WRITE, db
from app.models.audit import AuditEntry
from app.security import audit, scope

KEY = "k" * 32


@pytest.fixture
def chain(session):
    """Five entries, and the append-only triggers out of the way as they are for somebody who owns the database."""
    audit.append(
        session, KEY, [audit.Draft("event", "table", str(i), {"值": i}) for i in range(5)], actor_id=1, actor="王", office="竹北市公所"
    )
    session.commit()
    on = " ON audit_entry" if session.get_bind().dialect.name == "postgresql" else ""
    for what in ("update", "delete"):
        session.execute(text(f"DROP TRIGGER audit_entry_no_{what}{on}"))
    session.commit()
    assert list(audit.verify(session, KEY)) == []
    return session


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE audit_entry SET details = '{\"值\":9}' WHERE seq = 3",
        "UPDATE audit_entry SET actor = '李' WHERE seq = 2",
        "UPDATE audit_entry SET at = '2001-01-01' WHERE seq = 4",
        "DELETE FROM audit_entry WHERE seq = 3",
        "DELETE FROM audit_entry WHERE seq = 5",
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET seq = CASE seq WHEN 2 THEN 30 WHEN 3 THEN 2 ELSE seq END",
        "INSERT INTO audit_entry SELECT 6, at, actor_id, actor, office, event, subject_table, subject_id, details, hash, 'x' || substr(hash, 2)"
        " FROM audit_entry WHERE seq = 5",
        "UPDATE audit_head SET seq = 4",
    ],
)
def test_damage_is_found(chain, damage):
    chain.connection().exec_driver_sql(damage)
    chain.commit()
    chain.expire_all()
    assert list(audit.verify(chain, KEY))


def test_every_column_is_covered(chain):
    for column in AuditEntry.__table__.columns:
        if column.name in ("seq", "prev_hash", "hash", "at", "actor_id"):
            continue
        chain.execute(text(f"UPDATE audit_entry SET {column.name} = {column.name} || 'x' WHERE seq = 2"))
        chain.expire_all()
        assert list(audit.verify(chain, KEY)), column.name
        chain.rollback()


def test_the_table_refuses_update_and_delete(session):
    audit.append(session, KEY, [audit.Draft("event", "table", "1", {})], actor_id=1, actor="王", office="")
    session.commit()
    for statement in ("UPDATE audit_entry SET details = ''", "DELETE FROM audit_entry"):
        with pytest.raises(Exception, match="append-only"):
            session.execute(text(statement))
        session.rollback()


def test_four_writers_make_one_chain(app):
    errors = []

    def write(n: int) -> None:
        with app.app_context(), scope.use(scope.SYSTEM):
            try:
                for i in range(15):
                    session = db.session()
                    session.connection(execution_options=WRITE)
                    audit.append(session, KEY, [audit.Draft("event", "writer", f"{n}-{i}", {})], actor_id=n, actor="w", office="")
                    session.commit()
            except Exception as error:
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []
    assert db.session.query(AuditEntry).count() == 60
    assert list(audit.verify(db.session(), KEY)) == []
    hashes = db.session.scalars(select(AuditEntry.prev_hash)).all()
    assert len(set(hashes)) == 60
