"""The chart beside the statistics table: drawn on the server as SVG, shown as an image, so no script is needed."""

from collections.abc import Sequence
from dataclasses import dataclass

import pygal
from pygal.style import Style

from app.core import roc

PUBLISHED, OURS = "#9AA7B2", "#0B5C8A"
FONT = "Noto Sans TC, Noto Sans CJK TC, Microsoft JhengHei, PingFang TC, sans-serif"


@dataclass(frozen=True)
class MonthTotal:
    """One month over all listed counties and kinds. `doubtful` None: not matched yet. `published`: the audit's figures."""

    month: int
    published: bool
    submitted: int
    doubtful: int | None
    county_defined: int | None
    overpaid_count: int
    overpaid_amount: int

    @property
    def doubts_per_thousand(self) -> float | None:
        """Doubts per thousand rows submitted; None when there is nothing to divide."""
        return None if self.doubtful is None or not self.submitted else self.doubtful * 1000 / self.submitted

    @property
    def confirmed_share(self) -> float | None:
        """Overpaid cases per hundred doubts; None when there are no doubts."""
        return None if not self.doubtful else self.overpaid_count * 100 / self.doubtful


MEASURES = {
    "doubts": ("每千筆名冊的疑義數", "doubts_per_thousand"),
    "confirmed": ("每百筆疑義中確認溢領的件數", "confirmed_share"),
}


def draw(totals: Sequence[MonthTotal], measure: str) -> bytes:
    """One measure by month, the published months grey and ours blue; an SVG document. Raises KeyError for an unknown measure."""
    title, attribute = MEASURES[measure]
    chart = pygal.Bar(
        js=[],
        width=640,
        height=340,
        title=title,
        show_legend=True,
        legend_at_bottom=True,
        print_values=True,
        value_formatter=lambda v: "" if v is None else f"{v:.2f}",
        no_data_text="尚無資料",
        style=Style(
            font_family=FONT, background="#FFFFFF", plot_background="#FFFFFF", colors=(PUBLISHED, OURS), title_font_size=17,
            label_font_size=13, legend_font_size=13, value_font_size=12,
        ),
    )  # fmt: skip
    chart.x_labels = [roc.show_month(t.month) for t in totals]
    chart.add("審計部公布", [getattr(t, attribute) if t.published else None for t in totals])
    chart.add("本系統", [getattr(t, attribute) if not t.published else None for t in totals])
    return chart.render()
