"""Record types read by the same readers but not part of the published contract: one-off imports with a command and a page of their own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from . import codes
from .layouts import BIRTH, LAYOUTS, NAME, PERSON_ID, Field, Layout
from .layouts import layout as published

OLD_REGISTER: Final = Layout(
    source="old_disability_register",
    label="舊身心障礙者資料",
    agency="縣（市）政府舊系統",
    key=("person_id", "card_no", "issue_date"),
    later=(("assess_date", "issue_date"), ("issue_date", "cancelled_date")),
    fields=(
        replace(PERSON_ID, note="檢查碼不符且系統內沒有此編號時列為待查明"),
        NAME,
        BIRTH,
        Field("sex", "性別", "code", True, 1, codes.SEX, example="M"),
        Field("township", "鄉鎮市區", required=True, size=20, synonyms=("鄉鎮市區代碼", "鄉鎮代碼", "鄉鎮", "行政區"), note="名稱或 8 碼代碼", example="竹北市"),
        Field("address", "戶籍地址", size=120, synonyms=("地址", "住址")),
        Field("card_no", "手冊（證明）號碼", required=True, size=20, synonyms=("手冊號碼", "證明號碼", "證號"), example="A0000001"),
        Field("class_old", "舊制障礙類別", size=40, note="01 至 16，多項以 ; 分隔；與新制至少填一種", example="05"),
        Field("class_new", "新制障礙類別", size=40, note="1 至 8，多項以 ; 分隔"),
        Field("grade", "障礙等級", "code", True, 10, codes.GRADE, synonyms=("障礙程度",), example="moderate"),
        Field("assess_date", "鑑定日期", "date", example="0950101"),
        Field("issue_date", "核發日期", "date", True, synonyms=("發證日期", "製發日期"), example="0950120"),
        Field("expiry", "有效期限", size=20, synonyms=("效期",), note="民國年月日 7 碼，或填「永久」", example="1000119"),
        Field("permanent", "永久效期", "code", False, 1, codes.YES_NO, note="Y 表示沒有有效期限"),
        Field("reassess_date", "重新鑑定日期", "date"),
        Field("cause", "致殘原因", size=60, synonyms=("致障原因",)),
        Field("cancelled_date", "註銷日期", "date"),
        Field("cancel_reason", "註銷原因", size=60),
    ),
)
INTERNAL: Final[Mapping[str, Layout]] = {OLD_REGISTER.source: OLD_REGISTER}
READABLE: Final[Mapping[str, Layout]] = {**LAYOUTS, **INTERNAL}
"""Every record type the readers and the mappings know. What senders may deliver is `LAYOUTS`."""


def readable(source: str, kind: str | None = None) -> Layout:
    """The layout of a record type, published or internal. KeyError for an unknown one."""
    return INTERNAL[source] if source in INTERNAL else published(source, kind)
