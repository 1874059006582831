"""How a command runs: permission, scope, one transaction, the audit row with it.

@command("payments.release", roles=(ACCOUNTANT,))
def release_run(ctx: Context, run_id: int, seen_version: int) -> int: ...

release_run(actor, run_id=1, seen_version=2)      # its own transaction
release_run(ctx, run_id=1, seen_version=2)        # inside another command's transaction
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import current_app
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.core import clock
from app.extensions import WRITE, db
from app.models.closing_guard import CLOSED
from app.security import access, audit, scope
from app.security.actor import Actor

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class CommandError(Exception):
    """A command did not happen; nothing was changed. `message` is Chinese and says what to do."""

    status = 400

    def __init__(self, message: str, code: str = "E-CMD") -> None:
        super().__init__(message)
        self.message, self.code = message, code


class Refused(CommandError):
    """The rules of the work forbid it now."""

    status = 422


class Forbidden(CommandError):
    """The actor lacks the permission."""

    status = 403


class Elsewhere(Refused):
    """Refused because it is another office's; who reached for which row (`obj`) stays in the security log."""

    def __init__(self, message: str, code: str, obj: Any) -> None:
        super().__init__(message, code)
        self.subject = access.subject_of(obj)


class NotFound(CommandError):
    """No such record within the actor's reach."""

    status = 404


class Conflict(CommandError):
    """Somebody else changed the record first."""

    status = 409


STALE = "這筆資料剛被其他人更新，請重新開啟後再處理；您輸入的內容沒有存檔"


@dataclass
class Context:
    """What a command works with. `session` is bound to the actor's scope until the command ends."""

    session: Session
    actor: Actor
    now: dt.datetime = field(default_factory=clock.now)
    drafts: list[audit.Draft] = field(default_factory=list)

    def audit(self, event: str, subject: Any, **details: Any) -> None:
        """Note an event on a mapped object or a (table, id) pair; it is chained when the transaction commits."""
        if not isinstance(subject, tuple):
            if not inspect(subject).identity and subject in self.session.new:
                self.session.flush()
            subject = access.subject_of(subject)
        self.drafts.append(audit.Draft(event, str(subject[0]), str(subject[1]), details))

    def get(self, model: type[T], pk: Any, *, lock: bool = False) -> T:
        """The row, if it is within reach. Raises NotFound; a try at another office's row is logged."""
        column = inspect(model).primary_key[0]
        statement = select(model).where(column == pk)
        if lock:
            statement = statement.with_for_update(of=model).execution_options(populate_existing=True)
        row = self.session.execute(statement).unique().scalar_one_or_none()
        if row is None:
            raise _missing(self.session, self.actor, model, pk)
        return row

    def require(self, permission: str) -> None:
        """Raises Forbidden."""
        if not self.actor.can(permission):
            raise Forbidden("您的角色沒有這項權限，需要時請洽單位主管設定", "E-PERM")

    def check_version(self, obj: Any, seen_version: int | None) -> None:
        """Raises Conflict when the row is no longer what the person saw."""
        if seen_version is not None and obj.version != seen_version:
            raise Conflict(STALE, "E-STALE")


class _Missing(NotFound):
    """Carries the log line that must survive the roll-back."""

    def __init__(self, model: type[Any], pk: Any, elsewhere: bool) -> None:
        super().__init__("查無這筆資料，或不在您的業務範圍", "E-404")
        self.model, self.pk, self.elsewhere = model, pk, elsewhere


def _missing(session: Session, actor: Actor, model: type[Any], pk: Any) -> _Missing:
    return _Missing(model, pk, access.exists_elsewhere(session, model, pk))


def log_denied(session: Session, actor: Actor, what: str, **details: Any) -> None:
    """Write a refused attempt to the security log, in a transaction of its own."""
    session.add(access.security_event("denied", actor.username, details.pop("address", None), what=what, **details))
    session.commit()


@dataclass(frozen=True)
class Registered:
    """A command as the permission matrix knows it."""

    permission: str
    roles: tuple[str, ...]
    name: str


REGISTRY: dict[str, Registered] = {}


def command(
    permission: str, roles: tuple[str, ...] = ()
) -> Callable[[Callable[Concatenate[Context, P], R]], Callable[Concatenate[Actor | Context, P], R]]:
    """Make a function a command. `roles` hold the permission in a fresh installation."""

    def decorate(function: Callable[Concatenate[Context, P], R]) -> Callable[Concatenate[Actor | Context, P], R]:
        name = f"{function.__module__}.{function.__qualname__}"
        known = REGISTRY.get(permission)
        REGISTRY[permission] = Registered(permission, tuple(dict.fromkeys((known.roles if known else ()) + roles)), name)

        @wraps(function)
        def run(who: Actor | Context, *args: P.args, **kwargs: P.kwargs) -> R:
            if isinstance(who, Context):
                who.require(permission)
                return function(who, *args, **kwargs)
            return _transaction(who, permission, function, args, kwargs)

        return run

    return decorate


def _transaction(actor: Actor, permission: str, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    session: Session = db.session()
    session.rollback()  # end a read that is under way, so that the writing transaction starts clean
    with scope.use(actor.scope):
        ctx = Context(session, actor)
        try:
            ctx.require(permission)
            session.connection(execution_options=WRITE)
            result = function(ctx, *args, **kwargs)
            session.flush()
            audit.append(
                session,
                current_app.config["AUDIT_KEY"],
                ctx.drafts,
                actor_id=actor.user_id,
                actor=actor.display,
                office=actor.office,
            )
            session.commit()
            return result
        except Forbidden:
            session.rollback()
            log_denied(session, actor, permission)
            raise
        except _Missing as missing:
            session.rollback()
            if missing.elsewhere:
                log_denied(session, actor, permission, table=missing.model.__tablename__, id=missing.pk)
            raise
        except Elsewhere as elsewhere:
            session.rollback()
            log_denied(session, actor, permission, table=elsewhere.subject[0], id=elsewhere.subject[1], reason=elsewhere.code)
            raise
        except scope.OutOfScope:
            session.rollback()
            log_denied(session, actor, permission, reason="write outside scope")
            raise Forbidden("這筆資料不在您的業務範圍，沒有存檔", "E-SCOPE") from None
        except StaleDataError:
            session.rollback()
            raise Conflict(STALE, "E-STALE") from None
        except IntegrityError as error:
            session.rollback()
            raise Conflict(_constraint_message(error), "E-UNIQUE") from error
        except BaseException:
            session.rollback()
            raise


def _constraint_message(error: IntegrityError) -> str:
    text = str(error.orig).lower()
    if "maker_checker" in text or "different" in text:
        return "同一人不可以同時經手與審核，請由另一位同仁處理"
    if CLOSED in text:
        return "這個月份（或年度）已結帳，不能再新增或更改；請列入未結帳的月份，或請主計人員申請重開"
    if "unique" in text or "duplicate" in text:
        return "同樣的資料已經存在，沒有重複存檔"
    if "exclusion constraint" in text or "overlapping days" in text:
        return "同一人的期間與另一筆有同一天，沒有存檔；請先終止前一筆"
    return "資料不符合完整性限制，沒有存檔；請檢查內容，仍有問題請通知系統管理人員"
