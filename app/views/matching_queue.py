"""Working through a queue of records by keyboard: to the one before and the one after, the purpose carried along."""

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import Select

from app.extensions import db
from app.security import web


class QueuePages:
    """For a case view: `/onward/<pk>/next` and `/previous`. The purpose somebody gave for the first record of a queue holds for the others
    he or she goes through from there; each look is logged with it all the same."""

    endpoint: str
    item: Any
    _purpose_key: Any
    _ask_purpose: Any

    def neighbour(self, item: Any, forward: bool) -> Select[Any]:
        """SELECT of the id of the next (previous) record that waits."""
        raise NotImplementedError

    def found(self, item: Any, forward: bool) -> Any:
        """The id of the next (previous) record, None at the end."""
        return db.session.scalar(self.neighbour(item, forward).limit(1))

    def onward_urls(self, item: Any) -> dict[str, str]:
        """Where the buttons lead; a way that leads nowhere is absent."""
        ways = {"previous": False, "next": True}
        return {
            way: url_for(f"{self.endpoint}.onward", pk=item.id, way=way) for way, forward in ways.items() if self.found(item, forward) is not None
        }

    @expose("/onward/<pk>/<any(previous, next):way>", methods=["POST"])
    @has_access
    @permission_name("show")
    def onward(self, pk: str, way: str) -> ResponseReturnValue:
        """To the record before or after this one."""
        return self.go_on(self.item(pk), way == "next")

    def go_on(self, item: Any, forward: bool = True) -> ResponseReturnValue:
        """The answer that opens the neighbour of a record, or the list at the end of the queue."""
        purpose = web.purpose_for(self._purpose_key(item))
        key = self.found(item, forward)
        if key is None:
            flash("已經是這一批的最後一筆。", "info")
            return redirect(url_for(f"{self.endpoint}.list"), 303)
        if purpose is not None:
            subject = f"{item.__tablename__}:{key}"
            if web.purpose_for(subject) is None:
                web.give_purpose(subject, purpose)
        return redirect(url_for(f"{self.endpoint}.show", pk=key), 303)
