"""The record types of the exchange contract, declared once.

One `Layout` per record type drives the reader (column names and their synonyms), the validator (form, code list, rules),
the snapshot (column types), the writer, the published specification, the sample file and the error catalogue.
A layout says what a *canonical* file holds; files of other shapes are mapped onto one of these (see `mapping`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from . import codes

Form = Literal["text", "name", "person_id", "digits", "code", "date", "month", "int", "decimal", "year"]

# How each form is written, for the specification page and in messages.
FORM_WORDING: Final[Mapping[str, str]] = {
    "text": "文字",
    "name": "姓名（保留原字形）",
    "person_id": "身分證統一編號或居留證統一證號，10 碼",
    "digits": "數字代碼，位數固定",
    "code": "代碼，只能填列出的值",
    "date": "民國年月日 7 碼，例如 0980301",
    "month": "民國年月 5 碼，例如 09803",
    "int": "整數，新臺幣元或個數，不必加逗號",
    "decimal": "數字，可有小數",
    "year": "民國年，例如 97",
}


@dataclass(frozen=True)
class Field:
    """One column. `kinds` limits it to some roster kinds; `required_for` names the roster kinds that must fill it."""

    name: str
    label: str
    form: Form = "text"
    required: bool = False
    size: int = 60
    codes: Mapping[str, str] | None = None
    kinds: frozenset[str] | None = None
    required_for: frozenset[str] = frozenset()
    synonyms: tuple[str, ...] = ()
    note: str = ""
    example: str = ""

    def is_required(self, kind: str | None) -> bool:
        return self.required or (kind is not None and kind in self.required_for)

    def belongs_to(self, kind: str | None) -> bool:
        return self.kinds is None or kind is None or kind in self.kinds


@dataclass(frozen=True)
class Layout:
    """One record type. `key` identifies a record within a delivery; `cumulative` sources add up over deliveries
    (events), the others are replaced by the newest delivery (states). `later` names pairs that must be in order."""

    source: str
    label: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    cumulative: bool = False
    later: tuple[tuple[str, str], ...] = ()
    agency: str = ""
    kind: str | None = None

    def field(self, name: str) -> Field:
        return next(f for f in self.fields if f.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.fields)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.fields if f.is_required(self.kind))

    def has(self, name: str) -> bool:
        return any(f.name == name for f in self.fields)

    def for_kind(self, kind: str) -> "Layout":
        """The roster layout of one kind: its own extra columns only, and its own required columns."""
        if self.source != "roster":
            return self
        return replace(self, fields=tuple(f for f in self.fields if f.belongs_to(kind)), kind=kind, label=codes.KINDS[kind])


def _kinds(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


_LOW_INCOME = _kinds("low_income_living_assistance", "child_youth_living_assistance")
_CASH = codes.CASH_KINDS

PERSON_ID: Final = Field(
    "person_id",
    "身分證統一編號",
    "person_id",
    required=True,
    size=10,
    synonyms=("身分證號", "身分證字號", "身份證字號", "身份證號", "身分證統編", "國民身分證統一編號", "統一編號", "統一證號", "idno", "id"),
    note="檢查碼不符時仍收下並註記",
    example="A123456789",
)
NAME: Final = Field("name", "姓名", "name", required=True, size=50, synonyms=("受補助人姓名", "申請人姓名", "戶籍姓名"), example="王小明")
BIRTH: Final = Field("birth", "出生日期", "date", required=True, synonyms=("出生年月日", "生日", "出生日"), example="0200101")


def _county(name: str = "county_code", label: str = "縣市代碼", required: bool = False, **more: Any) -> Field:
    return Field(
        name, label, "code", required, 5, codes.COUNTIES, synonyms=("縣市別", "縣市別代碼") if name == "county_code" else (), **more
    )


ROSTER: Final = Layout(
    source="roster",
    label="縣市名冊",
    agency="各直轄市、縣（市）政府",
    key=("rec_no",),
    later=(("start_month", "end_month"), ("pay_month_from", "pay_month_to")),
    fields=(
        Field(
            "rec_no",
            "紀錄編號",
            required=True,
            size=20,
            synonyms=("序號", "流水號", "編號"),
            note="檔內不可重複",
            example="09803ELA0000001",
        ),
        _county(required=True, note="發放縣市", example="10004"),
        Field(
            "town_code",
            "鄉鎮市區代碼",
            "digits",
            True,
            8,
            synonyms=("鄉鎮代碼", "鄉鎮市代碼", "行政區代碼"),
            note="前 5 碼為縣市代碼",
            example="10004010",
        ),
        Field(
            "data_kind",
            "資料種類",
            "code",
            True,
            40,
            codes.KINDS,
            synonyms=("資料別", "補助別", "補助項目"),
            example="elderly_living_allowance",
        ),
        Field("ref_month", "資料年月", "month", True, synonyms=("資料月份", "年月"), note="名冊所報月份", example="09803"),
        PERSON_ID,
        NAME,
        BIRTH,
        Field("sex", "性別", "code", True, 1, codes.SEX, example="M"),
        Field(
            "household_no", "戶號", size=30, required_for=_kinds("low_income_living_assistance"), synonyms=("戶籍戶號",), example="F0000001"
        ),
        Field("case_no", "案號", required=True, size=30, synonyms=("個案編號", "案件編號"), example="10004ELA00000001"),
        Field("decision_no", "核定文號", size=30, synonyms=("核定函文號", "文號")),
        Field("start_month", "核定起月", "month", True, synonyms=("起始年月", "核定起始年月"), example="09701"),
        Field("end_month", "核定迄月", "month", synonyms=("迄止年月", "核定終止年月"), note="空白表示未定"),
        Field("status", "狀態", "code", True, 12, codes.AWARD_STATUS, synonyms=("領取狀態",), example="active"),
        Field("pay_month_from", "給付起月", "month", required_for=_CASH, synonyms=("發放起月",), example="09803"),
        Field("pay_month_to", "給付迄月", "month", required_for=_CASH, synonyms=("發放迄月",), example="09803"),
        Field(
            "pay_unit",
            "給付單位",
            "code",
            size=10,
            codes=codes.PAY_UNIT,
            required_for=_CASH,
            note="全戶金額列於戶長，其餘成員填 0",
            example="person",
        ),
        Field(
            "amount",
            "金額",
            "int",
            True,
            synonyms=("補助金額", "發放金額", "核發金額"),
            note="給付起月至迄月合計；名冊類填 0",
            example="6000",
        ),
        Field("channel", "發放方式", "code", size=12, codes=codes.CHANNEL, required_for=_CASH, synonyms=("撥付方式",), example="post"),
        Field("account_hash", "帳號雜湊值", size=128, note="十六進位；絕不填帳號本身"),
        Field("exempt_code", "例外代碼", size=10, note="縣市已依法認定的例外；代碼由縣市自訂"),
        Field("class", "低收入戶款別", "code", size=1, codes=codes.CLASS, kinds=_LOW_INCOME, synonyms=("款別",), example="2"),
        Field("member_relation", "與戶長關係", size=20, kinds=_LOW_INCOME, synonyms=("稱謂",)),
        Field("band", "級距", "code", size=4, codes=codes.BAND, kinds=_kinds("elderly_living_allowance"), example="full"),
        Field(
            "grade",
            "障礙等級",
            "code",
            size=10,
            codes=codes.GRADE,
            kinds=_kinds("disability_living_allowance", "disability_register"),
            synonyms=("障礙程度",),
            example="severe",
        ),
        Field(
            "low_income_flag", "低收入戶註記", "code", size=1, codes=codes.YES_NO, kinds=_kinds("disability_living_allowance"), example="N"
        ),
        Field("institution_id", "機構代碼", size=20, kinds=_kinds("disability_care_subsidy"), example="I001"),
        Field(
            "service_type",
            "服務類型",
            "code",
            size=12,
            codes=codes.SERVICE_TYPE,
            kinds=_kinds("disability_care_subsidy"),
            example="residential",
        ),
        Field("rate", "補助比率", "int", kinds=_kinds("disability_care_subsidy"), note="百分比，例如 75", example="75"),
        Field("card_no", "手冊（證明）號碼", size=30, kinds=_kinds("disability_register"), synonyms=("手冊號碼",), example="C0000001"),
        Field("class_old", "舊制障礙類別", size=40, kinds=_kinds("disability_register"), note="01 至 16，多項以 ; 分隔", example="05"),
        Field("class_new", "新制障礙類別", size=40, kinds=_kinds("disability_register"), note="1 至 8，多項以 ; 分隔"),
        Field("assess_date", "鑑定日期", "date", kinds=_kinds("disability_register"), example="0950101"),
        Field("reassess_date", "重新鑑定日期", "date", kinds=_kinds("disability_register"), note="空白表示免重新鑑定"),
        Field("expiry", "有效期限", "date", kinds=_kinds("disability_register", "parking_permit")),
        Field("permit_no", "識別證號碼", size=30, kinds=_kinds("parking_permit"), example="P0000001"),
        Field("plate_no", "車牌號碼", size=12, kinds=_kinds("parking_permit"), example="AB1234"),
    ),
)


def _record_no(example: str) -> Field:
    return Field("record_no", "紀錄編號", required=True, size=30, synonyms=("序號", "流水號"), example=example)


def _optional_id(name: str, label: str) -> Field:
    return Field(name, label, "person_id", size=10, note="有值時須為 10 碼")


_TAX_YEAR = Field("tax_year", "課稅年度", "year", True, 3, example="97")

REGISTERS: Final = (
    Layout(
        source="household_register",
        label="戶籍資料",
        agency="內政部戶政司",
        key=("person_id",),
        fields=(
            PERSON_ID,
            NAME,
            BIRTH,
            Field("sex", "性別", "code", True, 1, codes.SEX, example="M"),
            Field("household_no", "戶號", required=True, size=30, example="F0000001"),
            _optional_id("head_id", "戶長統一編號"),
            Field("relation", "與戶長關係", size=20, synonyms=("稱謂",), example="戶長"),
            _county(required=True, example="10004"),
            Field("town_code", "鄉鎮市區代碼", "digits", True, 8, example="10004010"),
            Field("address", "戶籍地址", size=120, synonyms=("地址",)),
            Field("move_in_date", "遷入日期", "date"),
            _optional_id("spouse_id", "配偶統一編號"),
            _optional_id("father_id", "父統一編號"),
            _optional_id("mother_id", "母統一編號"),
            Field("status", "戶籍狀態", "code", True, 12, codes.RESIDENT_STATUS, example="resident"),
        ),
    ),
    Layout(
        source="household_change",
        label="戶籍異動",
        agency="內政部戶政司",
        key=("change_no",),
        cumulative=True,
        fields=(
            Field("change_no", "異動編號", required=True, size=30, example="H00000001"),
            PERSON_ID,
            NAME,
            BIRTH,
            Field("event", "異動事由", "code", True, 16, codes.CHANGE_EVENT, example="death"),
            Field("event_date", "事實發生日", "date", True, example="0980115"),
            Field("registered_date", "登記日期", "date", True, synonyms=("申登日期",), example="0980120"),
            _county("county_from", "遷出縣市代碼"),
            _county("county_to", "遷入縣市代碼"),
            Field("new_value", "新值", size=60, note="改名或統號更正後的值"),
        ),
    ),
    Layout(
        source="custody",
        label="監管資料",
        agency="法務部矯正署",
        key=("record_no",),
        later=(("from_date", "to_date"),),
        fields=(
            _record_no("J0000001"),
            PERSON_ID,
            NAME,
            BIRTH,
            Field("kind", "監管種類", "code", True, 12, codes.CUSTODY_KIND, example="prison"),
            Field("from_date", "入監日期", "date", True, example="0970531"),
            Field("to_date", "出監日期", "date", note="空白表示仍在監"),
        ),
    ),
    Layout(
        source="border_crossing",
        label="國人入出境",
        agency="內政部移民署",
        key=("record_no",),
        cumulative=True,
        fields=(
            _record_no("B0000001"),
            PERSON_ID,
            Field("date", "入出境日期", "date", True, example="0970428"),
            Field("direction", "入出境別", "code", True, 3, codes.DIRECTION, example="out"),
        ),
    ),
    Layout(
        source="pension",
        label="退休撫卹給與",
        agency="銓敘部、國防部",
        key=("record_no",),
        later=(("from_date", "to_date"),),
        fields=(
            _record_no("P0000001"),
            PERSON_ID,
            NAME,
            BIRTH,
            Field("kind", "給與種類", "code", True, 20, codes.PENSION_KIND, example="civil_monthly"),
            Field("from_date", "起日", "date", True, example="0891101"),
            Field("to_date", "迄日", "date", note="空白表示持續中"),
            Field("amount", "金額", "int", True, example="22155"),
        ),
    ),
    Layout(
        source="benefit_elsewhere",
        label="其他機關給付",
        agency="勞工保險局、退輔會等",
        key=("record_no",),
        later=(("month_from", "month_to"),),
        fields=(
            _record_no("E0000001"),
            PERSON_ID,
            NAME,
            BIRTH,
            Field("kind", "給付種類", "code", True, 30, codes.BENEFIT_ELSEWHERE_KIND, example="farmer_allowance"),
            Field("month_from", "起月", "month", True, example="09710"),
            Field("month_to", "迄月", "month", note="空白表示持續中"),
            Field("amount", "每月金額", "int", True, example="6000"),
            Field("agency", "給付機關", size=60, example="勞工保險局"),
        ),
    ),
    Layout(
        source="tax_income",
        label="綜合所得",
        agency="財政部財政資訊中心",
        fields=(
            PERSON_ID,
            NAME,
            _TAX_YEAR,
            Field("format_code", "所得格式代號", required=True, size=4, example="50"),
            Field("payer_id", "扣繳單位統一編號", size=10, example="12345675"),
            Field("payer_name", "扣繳單位名稱", size=80),
            Field("gross", "給付總額", "int", True, example="240000"),
            Field("withheld", "扣繳稅額", "int", example="0"),
        ),
    ),
    Layout(
        source="tax_property",
        label="財產歸屬",
        agency="財政部財政資訊中心",
        fields=(
            PERSON_ID,
            NAME,
            _TAX_YEAR,
            Field("kind", "財產種類", "code", True, 10, codes.PROPERTY_KIND, example="land"),
            Field("location", "座落", size=120),
            Field("lot_no", "地號或建號", size=60),
            Field("area", "面積（平方公尺）", "decimal", example="120.5"),
            Field("share_num", "持分分子", "int", example="1"),
            Field("share_den", "持分分母", "int", example="3"),
            Field("assessed_value", "公告現值或評定價格", "int", True, example="1200000"),
        ),
    ),
    Layout(
        source="tax_investment",
        label="投資",
        agency="財政部財政資訊中心",
        fields=(
            PERSON_ID,
            NAME,
            _TAX_YEAR,
            Field("company_id", "公司統一編號", size=10, example="12345675"),
            Field("company_name", "公司名稱", size=80),
            Field("face_value", "面額總值", "int", True, example="50000"),
        ),
    ),
    Layout(
        source="insured_wage",
        label="投保薪資",
        agency="勞工保險局",
        later=(("from_date", "to_date"),),
        fields=(
            PERSON_ID,
            NAME,
            Field("from_date", "加保日期", "date", True, example="0970301"),
            Field("to_date", "退保日期", "date", note="空白表示在保"),
            Field("employer_id", "投保單位代號", size=20),
            Field("monthly_wage", "月投保薪資", "int", True, example="17280"),
        ),
    ),
    Layout(
        source="disability_assessment",
        label="身心障礙鑑定",
        agency="鑑定醫療機構、縣市衛生局",
        key=("assessment_no",),
        cumulative=True,
        fields=(
            Field("assessment_no", "鑑定編號", required=True, size=30, example="D0000001"),
            PERSON_ID,
            NAME,
            BIRTH,
            Field("hospital", "鑑定醫院", size=60),
            Field("doctor", "鑑定醫師", size=50),
            Field("assess_date", "鑑定日期", "date", True, example="0980210"),
            Field("class_old", "舊制障礙類別", size=40, example="05"),
            Field("class_new", "新制障礙類別", size=40),
            Field("icf_codes", "鑑定向度代碼", size=200, note="多項以 ; 分隔"),
            Field("grade", "障礙等級", "code", True, 10, codes.GRADE, example="moderate"),
            Field("reassess_date", "重新鑑定日期", "date", note="空白表示永久有效"),
            Field("cause", "致殘原因", size=60),
        ),
    ),
    Layout(
        source="transfer_result",
        label="轉帳結果",
        agency="郵局、銀行、票據交換所",
        key=("run_no", "line_no"),
        cumulative=True,
        fields=(
            Field("run_no", "發放批號", required=True, size=30, example="R0000001"),
            Field("line_no", "明細序號", "int", True, example="1"),
            PERSON_ID,
            Field("amount", "金額", "int", True, example="6000"),
            Field("result", "結果", "code", True, 10, codes.TRANSFER_RESULT, example="credited"),
            Field("return_code", "退匯代碼", size=4),
            Field("value_date", "入帳或退匯日期", "date", True, example="0980310"),
        ),
    ),
)

LAYOUTS: Final[Mapping[str, Layout]] = {layout.source: layout for layout in (ROSTER, *REGISTERS)}

# Files the product sends back or takes from counties that are not personal records of a source.
DOUBT_COLUMNS: Final = (
    "doubt_no",
    "county_code",
    "data_kind",
    "ref_month",
    "rec_no",
    "person_id",
    "rule_code",
    "rule_version",
    "relation",
    "grade",
    "counterpart_source",
    "counterpart_county",
    "counterpart_kind",
    "counterpart_rec_no",
    "months",
    "expected_overpaid",
    "law",
    "article",
    "facts",
    "first_month",
    "times_seen",
)
ANSWER_COLUMNS: Final = (
    "doubt_no",
    "outcome",
    "reason_code",
    "reason",
    "overpaid_from",
    "overpaid_to",
    "overpaid_amount",
    "decided_by",
    "decided_on",
    "valid_until",
)
EXCLUSION_COLUMNS: Final = (
    "county_code",
    "benefit",
    "counterpart",
    "relation",
    "enabled",
    "effective_from",
    "effective_to",
    "law",
    "article",
    "note",
)
STATISTICS_COLUMNS: Final = (
    "month",
    "county_code",
    "county",
    "data_kind",
    "submitted",
    "doubtful",
    "county_defined",
    "overpaid_count",
    "overpaid_amount",
)


def layout(source: str, kind: str | None = None) -> Layout:
    """The layout of a source (for a roster: of one kind). KeyError for an unknown source or kind."""
    found = LAYOUTS[source]
    if source == "roster" and kind is not None:
        if kind not in codes.KINDS:
            raise KeyError(kind)
        return found.for_kind(kind)
    return found


def every_layout() -> Iterator[Layout]:
    """Every record type: each roster kind, then each register."""
    for kind in codes.KINDS:
        yield ROSTER.for_kind(kind)
    yield from REGISTERS
