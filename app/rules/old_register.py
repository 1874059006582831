"""What becomes of the rows of an old disability register: each person's rows in order of issue, against what the county knows already."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.core import roc
from app.core.text import fold

from .disability import NEW_CLASSES, OLD_CLASSES

PERMANENT_WORDS = ("永久", "永久有效", "永久效期", "無期限", "無限期")
MOVED_WORD = "遷出"


@dataclass(frozen=True, slots=True)
class OldRow:
    """A row as read. `problem` says why it is refused; `expires` None with `permanent` False only in a refused row."""

    row_no: int
    person_id: str
    id_ok: bool
    name: str
    birth: dt.date | None
    sex: str
    town_code: str
    address: str | None
    card_no: str
    grade: str
    classes: tuple[str, ...]
    assessed_on: dt.date | None
    issued_on: dt.date
    expires: dt.date | None
    permanent: bool
    due_on: dt.date | None
    cause: str
    ended_on: dt.date | None
    end_words: str
    problem: str = ""

    @property
    def issue(self) -> tuple[str, tuple[str, ...], dt.date | None, bool]:
        """What was issued, comparable with what is stored."""
        return self.grade, tuple(sorted(self.classes)), self.expires, self.permanent


@dataclass(frozen=True, slots=True)
class Holder:
    """A person the county knows."""

    key: int
    name: str
    birth: dt.date
    sex: str
    town_code: str


@dataclass(slots=True)
class Register:
    """What the register holds of one person: `issues` by (number, day), `cards` number → day of its card, `current` the one in force."""

    issues: dict[tuple[str, dt.date], tuple[str, tuple[str, ...], dt.date | None, bool]] = field(default_factory=dict)
    cards: dict[str, dt.date] = field(default_factory=dict)
    current: tuple[str, dt.date] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a row. `status` and `ended_on` describe a written card; `has_card` False: only the timeline gets it, because a
    newer issue has the same number; `kind` is the issue's on the timeline; `ends` says whether its end is an event of its own."""

    row: OldRow
    outcome: str
    said: str = ""
    status: str = ""
    ended_on: dt.date | None = None
    has_card: bool = True
    kind: str = "first"
    ends: bool = False

    @property
    def written(self) -> bool:
        return self.outcome in ("joined", "created")


def read_classes(old: str | None, new: str | None) -> tuple[tuple[str, ...], str]:
    """(class codes, what is wrong): the old ones 01 to 16 and the new ones 1 to 8, at least one of either."""
    out: list[str] = []
    for text, known, width, label in ((old, OLD_CLASSES, 2, "舊制障礙類別"), (new, NEW_CLASSES, 1, "新制障礙類別")):
        for part in fold(text or "").replace("、", ";").replace(",", ";").replace(" ", ";").split(";"):
            if not part:
                continue
            code = part.zfill(width)
            if code not in known:
                allowed = f"{next(iter(known))} 至 {list(known)[-1]}"
                return (), f"「{label}」的「{part[:10]}」不是規格內的代碼。請填 {allowed}，多項以 ; 分隔。"
            if code not in out:
                out.append(code)
    return tuple(out), "" if out else "「舊制障礙類別」與「新制障礙類別」都沒有填。請至少填一種。"


def read_expiry(text: str | None, permanent: str | None) -> tuple[dt.date | None, bool, str]:
    """(last valid day, without a last day, what is wrong): exactly one of the two."""
    word = fold(text or "").strip()
    forever = permanent == "Y" or word in PERMANENT_WORDS
    if not word or word in PERMANENT_WORDS:
        return None, forever, "" if forever else "「有效期限」沒有填，也沒有註明永久。請填日期，或填「永久」。"
    try:
        day = roc.parse_date(word[:10] if word[4:5] == "-" else word)
    except ValueError:
        return None, False, f"「有效期限」的「{word[:20]}」不是存在的日期。請填民國年月日 7 碼，例如 0980301；沒有期限請填「永久」。"
    if forever:
        return None, True, "「永久效期」是 Y，但「有效期限」有日期。請只填一種。"
    return day, False, ""


def plan(rows: Sequence[OldRow], holder: Holder | None, known: Register, namesake: bool, foreign: set[str]) -> list[Verdict]:
    """The verdicts on the rows of one person ID, in order of issue.

    `namesake`: somebody else of that name and birth is known, or comes in the same file; `foreign`: numbers that are another person's.
    """
    out: dict[int, Verdict] = {}
    fresh: list[OldRow] = []
    days = {day for _, day in known.issues}
    first = next((r for r in rows if not r.problem), None)
    for row in sorted(rows, key=lambda r: (r.issued_on, r.row_no)):
        if row.problem:
            out[row.row_no] = Verdict(row, "refused", row.problem)
        elif asked := _who(row, holder, first, namesake) or _which(row, known, foreign, days):
            out[row.row_no] = Verdict(row, "question", asked)
        elif (row.card_no, row.issued_on) in known.issues:
            out[row.row_no] = _again(row, known)
        else:
            fresh.append(row)
            days.add(row.issued_on)
    number_of = {row.card_no: row.issued_on for row in fresh}  # the newest issue of a number has the card
    created = holder is None
    earlier = sorted(days)
    for row in fresh:
        later = next((day for day in earlier if day > row.issued_on), None)
        status, ended, notes = "current", None, _notes(row, holder)
        if row.ended_on is not None and (later is None or row.ended_on < later):
            status, ended = "moved_out" if MOVED_WORD in row.end_words else "cancelled", row.ended_on
        elif later is not None:
            status, ended = "replaced", later
        if status == "replaced" and row.ended_on is not None and ended is not None and row.ended_on > ended:
            notes.append("註銷日期晚於下一張的核發日期，以換發結束")
        has_card = row.card_no not in known.cards and number_of[row.card_no] == row.issued_on
        kind = "first" if earlier[0] == row.issued_on else "reassessed" if row.assessed_on else "exchanged"
        out[row.row_no] = Verdict(
            row, "created" if created else "joined", "；".join(notes), status, ended, has_card, kind, status in ("cancelled", "moved_out")
        )
        created = False
    return [out[r.row_no] for r in sorted(rows, key=lambda r: (r.issued_on, r.row_no))]


def _who(row: OldRow, holder: Holder | None, first: OldRow | None, namesake: bool) -> str:
    """Why it is not certain who this is; "" when it is."""
    if row.birth is None:
        return "出生日期不完整，無法核對是不是同一人；請查明後補正再匯入"
    if holder is not None:
        return "身分證統一編號相同，但出生日期與系統內的資料不同；請查明何者正確" if holder.birth != row.birth else ""
    if first is not None and first.birth != row.birth:
        return "檔案內同一身分證統一編號有不同的出生日期；請查明何者正確"
    if namesake:
        return "查無此身分證統一編號，但有同姓名同出生日期的另一人；請查明是否為統號更正，系統不會自動合併"
    return "" if row.id_ok else "身分證統一編號檢查碼不符，且系統內沒有此編號；請查明編號"


def _which(row: OldRow, known: Register, foreign: set[str], days: set[dt.date]) -> str:
    """Why it is not certain which card this is; "" when it is."""
    if row.card_no in foreign:
        return "手冊（證明）號碼與另一人的相同；請查明號碼"
    if (row.card_no, row.issued_on) in known.issues:
        return ""
    if row.card_no in known.cards and row.issued_on > known.cards[row.card_no]:
        return "同號的手冊（證明）已在系統內，核發日期較早；請查明是否換發"
    if row.issued_on in days:
        return "同一人同一天已有另一張手冊（證明）；請查明何者有效"
    if known.current is not None and row.issued_on > known.current[1]:
        return f"系統內有效的手冊（證明）核發於 {roc.show_date(known.current[1])}，舊資料的較新；請人工確認後以換發或補發辦理"
    return ""


def _again(row: OldRow, known: Register) -> Verdict:
    if known.issues[row.card_no, row.issued_on] != row.issue:
        return Verdict(row, "question", "同號同核發日期的手冊（證明）已在系統內，但等級、類別或期限不同；請查明何者正確")
    if row.ended_on is not None and known.current == (row.card_no, row.issued_on):
        return Verdict(row, "question", f"舊資料記載 {roc.show_date(row.ended_on)} 已註銷，系統內仍有效；請查明後以註銷或遷出辦理")
    return Verdict(row, "there")


def _notes(row: OldRow, holder: Holder | None) -> list[str]:
    if holder is None:
        return []
    told = ((holder.name != row.name, "姓名"), (holder.town_code != row.town_code, "鄉鎮市區"), (holder.sex != row.sex, "性別"))
    differing = "、".join(label for differs, label in told if differs)
    return [f"{differing}與系統內的資料不同，保留系統內的"] if differing else []
