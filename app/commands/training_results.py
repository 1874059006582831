"""Results of training: signed when they leave the training console, taken over by the real one, and asked for before a right is given.

The file is JSON with an Ed25519 signature. The training installation keeps the private key in its own database; a county enters the public
key once, and from then on a file that was changed, or comes from elsewhere, is refused whole.
"""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.models.office import Office
from app.models.training import FAILED, PASSED, Installation, TrainingRequirement, TrainingResult, TrainingSource, TrainingTry
from app.models.user import User
from app.security import installation, roles

from .base import Context, Refused, command

FORMAT: Final = "swis-training-results/1"
LARGEST: Final = 4 << 20
KEEPERS: Final = (roles.COUNTY_SUPERVISOR, roles.ADMINISTRATOR)
TITLES: dict[str, str] = {}
"""Task → title; the tasks' own room fills it."""


def title_of(task: str) -> str:
    """What a task is called; its code when this version does not know it any more."""
    return TITLES.get(task, task)


def _key(session: Session) -> Ed25519PrivateKey:
    """The key of this training installation, made on first use."""
    row = session.get(Installation, 1)
    if row is None or not installation.is_training():
        raise Refused("成績檔只能在訓練環境匯出", "E-TRAINING")
    if row.signing_key is None:
        made = Ed25519PrivateKey.generate()
        row.signing_key = made.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return Ed25519PrivateKey.from_private_bytes(row.signing_key)


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _bytes(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@command("training.export", roles=(*roles.SUPERVISORS, roles.ADMINISTRATOR))
def export_results(ctx: Context, offices: Sequence[int]) -> tuple[bytes, str]:
    """The finished tries of these offices' people as a signed file, and the public key it is checked with. Raises Refused outside of training."""
    key = _key(ctx.session)
    rows = ctx.session.execute(
        select(TrainingTry, User).join(User, User.id == TrainingTry.user_id)
        .where(TrainingTry.state.in_((PASSED, FAILED)), User.office_id.in_(offices)).order_by(TrainingTry.id)
    ).unique().all()  # fmt: skip
    results = [
        {"username": u.username, "name": u.get_full_name(), "task": t.task, "passed": t.state == PASSED, "points": t.points, "of": t.of_points,
         "finished_at": (t.finished_at or t.began_at).isoformat()} for t, u in rows
    ]  # fmt: skip
    content = {"format": FORMAT, "key": _public(key), "made_at": ctx.now.isoformat(), "results": results}
    ctx.audit("training.exported", ("installation", 1), results=len(results))
    return json.dumps({**content, "signature": key.sign(_bytes(content)).hex()}, ensure_ascii=False, indent=1).encode(), _public(key)


def _refuse_training() -> None:
    if installation.is_training():
        raise Refused("這是訓練環境；成績請在正式環境匯入，條件也在正式環境設定", "E-TRAINING")


@command("training.require", roles=KEEPERS)
def add_source(ctx: Context, label: str, public_key: str) -> int:
    """From now on results signed with this key count for the actor's county (the ministry's: for everybody). Raises Refused."""
    _refuse_training()
    text = "".join(public_key.split()).lower()
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        raise Refused("訓練環境的公鑰應是 64 個十六進位字元，請由訓練環境的成績頁複製", "E-TRAINING-KEY") from None
    if not label.strip():
        raise Refused("請填這個訓練環境的名稱，例如「縣府訓練教室」", "E-TRAINING-KEY")
    row = TrainingSource(county_code=ctx.actor.scope.county_code or _county(ctx), label=label.strip()[:60], public_key=text, added_by=ctx.actor.display[:128])
    ctx.session.add(row)
    ctx.audit("training.source", row, label=row.label, key=text[:16])
    return row.id


def _county(ctx: Context) -> str:
    """The county of the actor's office; administrators have no row scope."""
    office = ctx.session.get(Office, ctx.actor.office_id) if ctx.actor.office_id else None
    return (office.county_code if office else None) or ""


@command("training.require", roles=KEEPERS)
def import_results(ctx: Context, data: bytes) -> dict[str, int]:
    """Take over a signed file: all of it or nothing; counts of new and known results and of people without an account yet. Raises Refused."""
    _refuse_training()
    if len(data) > LARGEST:
        raise Refused("成績檔太大，請確認選的是訓練環境匯出的成績檔", "E-TRAINING-FILE")
    try:
        whole = json.loads(data)
        signature = bytes.fromhex(whole.pop("signature"))
        public, results = whole["key"], whole["results"]
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, _bytes(whole))
        rows = [_result(r) for r in results] if whole["format"] == FORMAT else None
    except InvalidSignature:
        raise Refused("成績檔的簽章不符：檔案在匯出後被改過，沒有匯入。請向訓練人員重新索取", "E-TRAINING-SIGNATURE") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        rows = None
    if rows is None:
        raise Refused("這不是訓練環境匯出的成績檔，沒有匯入", "E-TRAINING-FILE")
    county = ctx.actor.scope.county_code or _county(ctx)
    source = ctx.session.scalars(
        select(TrainingSource).where(TrainingSource.public_key == public, TrainingSource.county_code.in_((county, "")), TrainingSource.ended_at.is_(None))
    ).first()
    if source is None:
        raise Refused("成績檔來自沒有登錄的訓練環境，沒有匯入；請先登錄它的公鑰", "E-TRAINING-SOURCE")
    have = set(ctx.session.execute(select(TrainingResult.username, TrainingResult.task, TrainingResult.finished_at).where(TrainingResult.source_id == source.id)).all())
    new = {(r["username"], r["task"], r["finished_at"]): r for r in rows if (r["username"], r["task"], r["finished_at"]) not in have}
    ctx.session.add_all(TrainingResult(source_id=source.id, taken_by=ctx.actor.display[:128], taken_at=ctx.now, **r) for r in new.values())
    names = {r["username"] for r in new.values()}
    accounts = set(ctx.session.scalars(select(User.username).where(User.username.in_(names))))
    ctx.audit("training.imported", source, new=len(new), known=len(rows) - len(new))
    return {"new": len(new), "known": len(rows) - len(new), "waiting": len(names - accounts)}


def _result(r: dict[str, Any]) -> dict[str, Any]:
    return {
        "username": str(r["username"]).strip().lower()[:64], "name": str(r["name"])[:128], "task": str(r["task"])[:40], "passed": r["passed"] is True,
        "points": int(r["points"]), "of_points": int(r["of"]), "finished_at": dt.datetime.fromisoformat(r["finished_at"]),
    }  # fmt: skip


@command("training.require", roles=KEEPERS)
def require(ctx: Context, right: str, task: str) -> int:
    """Nobody in the county is given this right (a role, or a permission "thing.verb") any more without having passed the task. Raises Refused."""
    _refuse_training()
    if task not in TITLES or not right:
        raise Refused("請選擇權限與任務", "E-TRAINING")
    row = TrainingRequirement(
        county_code=ctx.actor.scope.county_code or _county(ctx), right=right[:120], task=task, since=clock.today(), set_by=ctx.actor.display[:128]
    )
    ctx.session.add(row)
    ctx.audit("training.required", row, right=right, task=task)
    return row.id


@command("training.require", roles=KEEPERS)
def lift(ctx: Context, requirement_id: int) -> None:
    """The requirement no longer holds. Raises NotFound, Refused."""
    row = ctx.get(TrainingRequirement, requirement_id)
    if row.county_code != (ctx.actor.scope.county_code or _county(ctx)):
        raise Refused("這是其他機關的條件，請由設定的機關解除", "E-TRAINING")
    ctx.audit("training.lifted", row, right=row.right, task=row.task)
    ctx.session.delete(row)


def passed_by(session: Session, people: Iterable[User]) -> dict[int, dict[str, dt.datetime]]:
    """user → task → when it was first passed; here (training) or taken over (real). A result under another name does not count."""
    by_name = {u.username: u for u in people}
    out: dict[int, dict[str, dt.datetime]] = {u.id: {} for u in by_name.values()}
    if installation.is_training():
        found = session.execute(
            select(TrainingTry.user_id, TrainingTry.task, TrainingTry.finished_at).where(TrainingTry.state == PASSED, TrainingTry.user_id.in_(out)).order_by(TrainingTry.id)
        ).all()  # fmt: skip
    else:
        rows = session.scalars(select(TrainingResult).where(TrainingResult.passed, TrainingResult.username.in_(by_name)).order_by(TrainingResult.finished_at))
        found = ((by_name[r.username].id, r.task, r.finished_at) for r in rows if r.name == by_name[r.username].get_full_name())  # type: ignore[assignment]
    for user_id, task, at in found:
        if at is not None:
            out[user_id].setdefault(task, at)
    return out


def requirements(session: Session, county: str | None) -> list[TrainingRequirement]:
    """What holds in a county: its own and the ministry's."""
    where = or_(TrainingRequirement.county_code == "", TrainingRequirement.county_code == (county or ""))
    return list(session.scalars(select(TrainingRequirement).where(where).order_by(TrainingRequirement.right, TrainingRequirement.task)))


def rights_of(found: Iterable[Any]) -> set[str]:
    """Roles (Flask-AppBuilder's rows) as rights: their names and every permission they hold."""
    out: set[str] = set()
    for role in found:
        out |= {role.name, *(f"{p.view_menu.name}.{p.permission.name}" for p in role.permissions)}
    return out


def refuse_unpassed(session: Session, user: User, county: str | None, gained: set[str]) -> None:
    """Raises Refused, naming what has to be passed first, when one of these rights asks for a task the person has not passed."""
    needed = [r for r in requirements(session, county) if r.right in gained]
    if not needed:
        return
    done = passed_by(session, [user])[user.id]
    if missing := sorted({title_of(r.task) for r in needed if r.task not in done}):
        raise Refused(
            f"{user.get_full_name()}還沒有通過：{'、'.join(missing)}。請先在訓練環境通過，並匯入成績檔，再給這個角色；其他內容也沒有存檔", "E-TRAINING-FIRST"
        )
