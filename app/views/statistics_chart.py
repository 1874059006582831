"""The charts beside the statistics tables: drawn on the server as SVG, shown as an image, so no script is needed."""

from collections.abc import Sequence
from dataclasses import dataclass

import pygal
from pygal.style import Style

from app.commands.figures.ask import Answer
from app.core import roc
from app.core.small_cells import TOTAL

PUBLISHED, OURS = "#9AA7B2", "#0B5C8A"
COLORS = (OURS, "#E07B39", "#3D8B5F", "#8E5EA2", "#C9A227", "#4BA3C7", "#B0413E", "#6B7A87", "#2F4858", "#A3B18A")
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


def _style(colors: tuple[str, ...]) -> Style:
    return Style(
        font_family=FONT, background="#FFFFFF", plot_background="#FFFFFF", colors=colors, title_font_size=17, label_font_size=13, legend_font_size=13,
        value_font_size=12,
    )  # fmt: skip


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
        style=_style((PUBLISHED, OURS)),
    )
    chart.x_labels = [roc.show_month(t.month) for t in totals]
    chart.add("審計部公布", [getattr(t, attribute) if t.published else None for t in totals])
    chart.add("本系統", [getattr(t, attribute) if not t.published else None for t in totals])
    return chart.render()


def draw_answer(answer: Answer) -> bytes:
    """The answer to a question: the first dimension along the foot, the last one as parts of each bar; what is left out has no bar."""
    chart = pygal.StackedBar(
        js=[], width=960, height=420, title=f"{answer.measure.label}（{answer.measure.unit}）", show_legend=len(answer.axes) > 1, legend_at_bottom=True,
        value_formatter=lambda v: "" if v is None else f"{v:,.0f}", no_data_text="尚無資料", style=_style(COLORS), x_label_rotation=30,
        truncate_label=16, truncate_legend=20,
    )  # fmt: skip
    foot = [pair for pair in answer.axes[0] if pair[0] != TOTAL]
    chart.x_labels = [name for _, name in foot]
    between = (TOTAL,) * (len(answer.axes) - 2)
    parts = [pair for pair in answer.columns if pair[0] != TOTAL]
    if not parts or len(parts) > len(COLORS):
        rest = (TOTAL,) * (len(answer.axes) - 1)
        chart.add("合計", [answer.figure(value, *rest) for value, _ in foot])
    else:
        for column, name in parts:
            chart.add(name, [answer.figure(value, *between, column) for value, _ in foot])
    return chart.render()
