"""Match statistics: what was submitted, doubted and found overpaid, our months beside the audit's published ones; table first, chart beside it."""

import io
from collections.abc import Iterable
from typing import Any

from flask import Response, abort, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.commands.match_quality import quality_rows
from app.commands.match_statistics import Figures, not_checked, published_rows, statistics_rows
from app.core import clock, roc
from app.exchange import codes
from app.extensions import db
from app.rules.benefits import benefits
from app.security import web
from app.security.roles import ACCOUNTANT, AUDITOR, COUNTY, MINISTRY_OFFICER

from .base import PageView
from .base_values import show
from .export import Facts, Spreadsheet, file_response
from .statistics_chart import MEASURES, MonthTotal, draw

ORDER = 70
PUBLISHED_FIRST, PUBLISHED_LAST = roc.month(98, 3), roc.month(98, 7)
COLUMNS = [
    ("月份", "month"),
    ("縣市代碼", "text"),
    ("縣市", "text"),
    ("資料種類", "text"),
    ("報送筆數", "number"),
    ("疑義筆數", "number"),
    ("縣市定義條件疑義", "number"),
    ("溢領件數", "number"),
    ("溢領金額", "money"),
    ("來源", "text"),
]

QUALITY = [
    ("月份", "month"),
    ("縣市代碼", "text"),
    ("縣市", "text"),
    ("送出疑義", "number"),
    ("已答復", "number"),
    ("確認", "number"),
    ("抽查已查明", "number"),
    ("抽查查出溢領", "number"),
    ("確認率", "text"),
    ("確認率下限", "text"),
    ("確認率上限", "text"),
    ("估計找到比率", "text"),
    ("找到比率下限", "text"),
    ("找到比率上限", "text"),
    ("答復日數中位數", "text"),
    ("未比對", "text"),
]


def _sum(values: Iterable[int | None]) -> int | None:
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def totals(rows: list[Figures], published: bool) -> list[MonthTotal]:
    """The rows added up by month; a column that nobody has stays unknown."""
    out = []
    for month in sorted({r.month for r in rows}):
        mine = [r for r in rows if r.month == month]
        out.append(
            MonthTotal(
                month,
                published,
                sum(r.submitted for r in mine),
                _sum(r.doubtful for r in mine),
                _sum(r.county_defined for r in mine),
                sum(r.overpaid_count for r in mine),
                sum(r.overpaid_amount for r in mine),
            )
        )
    return out


class StatisticsView(PageView):
    """比對統計：與審計部附表 4 相同的五欄。"""

    route_base = "/statistics"
    title = _l("Match statistics")
    base_permissions = ["can_index", "can_export"]
    default_roles = (*COUNTY, MINISTRY_OFFICER, ACCOUNTANT, AUDITOR)

    def _period(self) -> tuple[int, int]:
        """The months asked for; without a usable answer, the last twelve."""
        now = roc.month_of(clock.today())
        try:
            first = roc.parse_month(request.args.get("first") or roc.month5(now - 11))
            last = roc.parse_month(request.args.get("last") or roc.month5(now))
        except roc.RocError:
            return now - 11, now
        return min(first, last), min(max(first, last), min(first, last) + 119)

    def _published(self) -> list[Figures]:
        """The audit's figures; a county compares with its own."""
        county = web.signed_in().scope.county_code
        rows = published_rows(db.session(), PUBLISHED_FIRST, PUBLISHED_LAST)
        return [r for r in rows if county is None or r.county_code == county]

    @expose("/")
    @has_access
    def index(self) -> Any:
        first, last = self._period()
        own = statistics_rows(db.session(), first, last)
        published = self._published()
        months = sorted({r.month for r in own} | {r.month for r in published})
        try:
            chosen = roc.parse_month(request.args.get("month", ""))
        except roc.RocError:
            chosen = max((r.month for r in own), default=PUBLISHED_LAST)
        kinds = {code: b.name for code, b in benefits().items()}
        listed = [(r, False) for r in own if r.month == chosen] or [(r, True) for r in published if r.month == chosen]
        args: dict[str, Any] = {"first": roc.month5(first), "last": roc.month5(last)}
        return self.page(
            "statistics/index.html",
            totals=totals(published, True) + totals(own, False),
            listed=listed,
            chosen=chosen,
            not_checked=[(codes.COUNTIES.get(c, c), reason) for c, reason in not_checked(db.session(), chosen)],
            months=months,
            kinds=kinds,
            args=args,
            charts=[(m, title, url_for("StatisticsView.chart", measure=m, **args)) for m, (title, _) in MEASURES.items()],
            own=bool(own),
            quality=quality_rows(db.session(), first, last),
            counties=codes.COUNTIES,
            may_list=self.appbuilder.sm.has_access("can_list", "DoubtView"),
        )

    @expose("/chart/<measure>.svg")
    @has_access
    @permission_name("index")
    def chart(self, measure: str) -> Response:
        if measure not in MEASURES:
            abort(404)
        first, last = self._period()
        both = totals(self._published(), True) + totals(statistics_rows(db.session(), first, last), False)
        drawing = Response(draw(both, measure), mimetype="image/svg+xml")
        drawing.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"  # the drawing's own style sheet
        return drawing

    @expose("/export", methods=["POST"])
    @has_access
    def export(self) -> Response:
        first, last = self._period()
        who = web.signed_in()
        rows = [(r, "本系統") for r in statistics_rows(db.session(), first, last)] + [(r, "審計部公布") for r in self._published()]
        period = [("月份", f"{roc.show_month(first)}至{roc.show_month(last)}，及審計部公布的五個月")]
        memory = io.BytesIO()
        book = Spreadsheet(memory, Facts("比對統計", who.display, who.office, clock.now(), period, "統計"), COLUMNS)
        kinds = {code: b.name for code, b in benefits().items()}
        for r, source in rows:
            figures = (r.submitted, r.doubtful, r.county_defined, r.overpaid_count, r.overpaid_amount)
            book.add(
                [
                    roc.month5(r.month),
                    r.county_code,
                    r.county,
                    kinds.get(r.data_kind, r.data_kind),
                    *(_number(f) for f in figures),
                    source,
                ]
            )
        book.close(len(rows))
        memory.seek(0)
        return file_response(memory, "比對統計", clock.now())


    @expose("/quality", methods=["POST"])
    @has_access
    @permission_name("export")
    def quality(self) -> Response:
        """The quality of the match as a spreadsheet; an unknown figure is an empty cell."""
        first, last = self._period()
        who = web.signed_in()
        rows = quality_rows(db.session(), first, last)
        memory = io.BytesIO()
        period = [("月份", f"{roc.show_month(first)}至{roc.show_month(last)}")]
        book = Spreadsheet(memory, Facts("比對品質", who.display, who.office, clock.now(), period, "品質"), QUALITY)
        for q in rows:
            counted = (q.sent, q.answered, q.confirmed, q.sample.looked if q.sample else None, q.sample.overpaid if q.sample else None)
            span, recall = q.interval or (None, None), q.recall
            shares = (q.precision, *span, recall.share if recall else None, recall.low if recall else None, recall.high if recall else None)
            book.add(
                [
                    roc.month5(q.month), q.county, codes.COUNTIES.get(q.county, q.county), *(_number(n) for n in counted),
                    *(_percent(share) for share in shares), "" if q.days_to_answer is None else f"{q.days_to_answer:.1f}", "；".join(q.unchecked),
                ]
            )  # fmt: skip
        book.close(len(rows))
        memory.seek(0)
        return file_response(memory, "比對品質", clock.now())


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


class _Number(str):
    """A number as text with its value beside it; an unknown one is an empty cell, never 0."""

    raw: int | None


def _number(value: int | None) -> _Number:
    cell = _Number("" if value is None else show(value))
    cell.raw = value
    return cell


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        StatisticsView,
        "Match statistics",
        label=_l("Match statistics"),
        icon="fa-bar-chart",
        category="Statistics",
        category_label=_l("Statistics"),
        category_icon="fa-bar-chart",
    )
