"""What came back: results of a transfer against the lines that were sent. Either every row fits or nothing is applied."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

CREDITED = "credited"
RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class TransferResult:
    """One row of a `transfer_result` file (exchange.md §3); `row_no` is its place in the file, for messages."""

    row_no: int
    run_no: str
    line_no: int
    person_id: str
    amount: int
    result: str
    return_code: str = ""
    value_date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class SentLine:
    """A line that was filed, and the result it already has (None = none yet)."""

    line_no: int
    person_id: str
    amount: int
    result: str | None = None
    return_code: str = ""


@dataclass(frozen=True)
class ReturnAction:
    """What a return code asks for. `doubt`: the code is a sign about the person, so a task is opened in the case.

    `letter`: a new account helps, so the person is asked for one (改匯通知).
    """

    code: str
    title: str
    action: str
    doubt: bool = False
    letter: bool = False


NEW_ACCOUNT = "寄發改匯通知（附回條）請受補助人提供新帳戶，登錄後重匯"
RETURN_ACTIONS: Mapping[str, ReturnAction] = {
    a.code: a
    for a in (
        ReturnAction("04", "無此帳號", NEW_ACCOUNT, letter=True),
        ReturnAction("05", "收受者統編錯誤", "核對身分證統一編號與帳戶名義人；" + NEW_ACCOUNT, letter=True),
        ReturnAction("22", "帳戶已結清", NEW_ACCOUNT, doubt=True, letter=True),
        ReturnAction("23", "靜止戶", NEW_ACCOUNT, doubt=True, letter=True),
        ReturnAction("24", "凍結戶", "通知可申請開立專戶，登錄專戶後重匯", doubt=True, letter=True),
        ReturnAction("25", "帳戶存款遭法院強制執行", "通知可申請開立專戶，登錄專戶後重匯", doubt=True, letter=True),
        ReturnAction("26", "警示戶", "查明原因後再決定重匯或改開專戶", doubt=True, letter=True),
        ReturnAction("27", "收受者已死亡", "查對戶籍死亡登記；死亡次月起停發並計算溢領", doubt=True),
        ReturnAction("28", "帳戶停止使用", NEW_ACCOUNT, letter=True),
        ReturnAction("91", "未交易或匯入失敗", "洽金融機構查明後重匯"),
        ReturnAction("99", "其他", "洽金融機構查明原因後重匯"),
    )
}


def action_for(code: str) -> ReturnAction:
    """The action of a return code; a code nobody knows asks for a look, never for silence."""
    return RETURN_ACTIONS.get(code) or ReturnAction(code, "未定義的退匯代碼", "洽金融機構查明代碼意義後處理")


@dataclass
class Reconciliation:
    """How a result file fits the lines of a run. `broken` not empty = refuse the file."""

    credited: dict[int, TransferResult] = field(default_factory=dict)
    returned: dict[int, TransferResult] = field(default_factory=dict)
    repeated: int = 0
    """Rows that say again what is already recorded."""
    missing: list[int] = field(default_factory=list)
    """Lines that still have no result."""
    broken: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.missing and not self.broken


def reconcile(run_no: str, lines: Sequence[SentLine], results: Iterable[TransferResult]) -> Reconciliation:
    """Match results to lines by number, and check person, amount and wording. Nothing is half accepted: see `broken`."""
    sent = {x.line_no: x for x in lines}
    out = Reconciliation()
    seen: dict[int, TransferResult] = {}
    for r in results:
        row = f"第 {r.row_no} 列"
        line = sent.get(r.line_no)
        if r.run_no != run_no:
            out.broken.append(f"{row}：是清冊 {r.run_no} 的結果，不是 {run_no}；請選正確的檔案")
        elif line is None:
            out.broken.append(f"{row}：清冊沒有第 {r.line_no} 筆；請確認檔案")
        elif r.person_id != line.person_id:
            out.broken.append(f"{row}：統一編號與清冊第 {r.line_no} 筆不同；請確認檔案")
        elif r.amount != line.amount:
            out.broken.append(f"{row}：金額 {r.amount:,} 元與清冊第 {r.line_no} 筆 {line.amount:,} 元不同；請確認檔案")
        elif r.result not in (CREDITED, RETURNED):
            out.broken.append(f"{row}：結果「{r.result}」不是 credited 或 returned；請修正")
        elif r.result == CREDITED and r.return_code:
            out.broken.append(f"{row}：已入帳卻有退匯代碼 {r.return_code}；請確認檔案")
        elif r.line_no in seen:
            out.broken.append(f"{row}：第 {r.line_no} 筆在檔案中出現兩次；請確認檔案")
        elif line.result is not None and (line.result, line.return_code) != (r.result, r.return_code):
            out.broken.append(f"{row}：第 {r.line_no} 筆先前已登錄為{_said(line.result)}，與本檔不同；請先查明")
        else:
            seen[r.line_no] = r
            if line.result is not None:
                out.repeated += 1
            else:
                (out.credited if r.result == CREDITED else out.returned)[r.line_no] = r
    out.missing.extend(n for n, x in sent.items() if x.result is None and n not in seen)
    return out


def _said(result: str) -> str:
    return "入帳" if result == CREDITED else "退匯"


@dataclass(frozen=True)
class Level:
    """One level of the sum that must close: approved = filed = credited + returned (+ still open until it is complete)."""

    name: str
    approved: tuple[int, int]
    filed: tuple[int, int]
    credited: tuple[int, int]
    returned: tuple[int, int]

    @property
    def open(self) -> tuple[int, int]:
        """Count and NTD still without a result."""
        count, amount = (self.filed[i] - self.credited[i] - self.returned[i] for i in (0, 1))
        return count, amount

    @property
    def closes(self) -> bool:
        return self.approved == self.filed and self.open == (0, 0)
