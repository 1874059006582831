"""Code lists of the exchange contract, each code with its Chinese wording."""

from collections.abc import Mapping
from typing import Final

# The kinds of a county roster (`data_kind`).
KINDS: Final[Mapping[str, str]] = {
    "low_income_living_assistance": "低收入戶生活扶助",
    "child_youth_living_assistance": "低收入戶兒童及青少年生活補助",
    "elderly_living_allowance": "中低收入老人生活津貼",
    "disability_register": "身心障礙者名冊",
    "disability_living_allowance": "身心障礙者生活補助",
    "disability_care_subsidy": "身心障礙者托育養護費用補助",
    "assistive_device_subsidy": "身心障礙者輔助器具補助",
    "parking_permit": "身心障礙者專用停車位識別證",
    "paralysis_living_allowance": "癱瘓老人生活補助",
    "county_senior_allowance": "縣市敬老津貼",
}
REGISTER_KINDS: Final = frozenset({"disability_register", "parking_permit"})  # carry no money
CASH_KINDS: Final = frozenset(KINDS) - REGISTER_KINDS

# County codes in force in ROC 98 and their successors.
COUNTIES: Final[Mapping[str, str]] = {
    "09007": "連江縣",
    "09020": "金門縣",
    "10001": "台北縣",
    "10002": "宜蘭縣",
    "10003": "桃園縣",
    "10004": "新竹縣",
    "10005": "苗栗縣",
    "10006": "台中縣",
    "10007": "彰化縣",
    "10008": "南投縣",
    "10009": "雲林縣",
    "10010": "嘉義縣",
    "10011": "台南縣",
    "10012": "高雄縣",
    "10013": "屏東縣",
    "10014": "台東縣",
    "10015": "花蓮縣",
    "10016": "澎湖縣",
    "10017": "基隆市",
    "10018": "新竹市",
    "10019": "台中市",
    "10020": "嘉義市",
    "10021": "台南市",
    "63000": "臺北市",
    "64000": "高雄市",
    "65000": "新北市",
    "66000": "臺中市",
    "67000": "臺南市",
    "68000": "桃園市",
}

SEX: Final = {"M": "男", "F": "女"}
YES_NO: Final = {"Y": "是", "N": "否"}
AWARD_STATUS: Final = {"active": "領取中", "suspended": "停發", "ended": "終止"}
PAY_UNIT: Final = {"person": "個人", "household": "全戶"}
CHANNEL: Final = {"post": "郵局", "bank": "銀行", "ach": "媒體交換（ACH）", "cash": "現金", "institution": "撥付機構"}
CLASS: Final = {"1": "第一款", "2": "第二款", "3": "第三款"}
BAND: Final = {"full": "全額", "half": "半額"}
GRADE: Final = {"mild": "輕度", "moderate": "中度", "severe": "重度", "profound": "極重度"}
SERVICE_TYPE: Final = {"day": "日間托育", "night": "夜間照顧", "residential": "全日型養護"}

RESIDENT_STATUS: Final = {"resident": "在籍", "moved_out": "遷出", "deceased": "死亡", "removed": "除籍", "missing": "失蹤"}
CHANGE_EVENT: Final = {
    "death": "死亡",
    "death_annulled": "撤銷死亡登記",
    "move_out": "遷出",
    "move_in": "遷入",
    "move_within": "轄內住址變更",
    "name_change": "改名",
    "id_change": "統號更正",
    "birth": "出生",
    "marriage": "結婚",
    "divorce": "離婚",
    "removed": "除籍",
    "missing": "失蹤",
    "found": "尋獲",
}
CUSTODY_KIND: Final = {"prison": "入監服刑", "detention": "羈押", "protective": "保安處分"}
DIRECTION: Final = {"in": "入境", "out": "出境"}
PENSION_KIND: Final = {
    "civil_monthly": "公務人員月退休金",
    "civil_lump_sum": "公務人員一次退休金",
    "military_monthly": "軍職月退休俸",
    "military_lump_sum": "軍職一次退伍金",
    "survivor_monthly": "月撫慰金",
}
BENEFIT_ELSEWHERE_KIND: Final = {
    "np_old_age_guaranteed": "國民年金老年基本保證年金",
    "np_disability_guaranteed": "國民年金身心障礙基本保證年金",
    "farmer_allowance": "老年農民福利津貼",
    "veteran_care": "榮民就養給付",
    "public_placement": "政府公費收容安置",
    "unemployment_benefit": "失業給付",
    "other": "其他給付",
}
PROPERTY_KIND: Final = {"land": "土地", "house": "房屋", "farmland": "農地", "vehicle": "車輛"}
TRANSFER_RESULT: Final = {"credited": "入帳", "returned": "退匯"}
ANSWER_OUTCOME: Final = {
    "no_overpayment": "查無溢領",
    "stopped_no_overpayment": "已停發，未溢領",
    "overpaid": "溢領",
    "our_data_error": "本縣資料錯誤",
    "source_data_error": "來源資料錯誤",
    "already_recovered": "已追回",
}
