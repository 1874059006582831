"""The catalogue of everything that can be said about a file, a row or a cell: code, level, what happened, what to do.

Levels: `file` (the whole file is refused), `row` (the row is rejected), `notice` (accepted and said).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Level = Literal["file", "row", "notice"]


@dataclass(frozen=True)
class Entry:
    """One entry. Texts may use {names} filled in when said."""

    code: str
    level: Level
    what: str
    fix: str

    def in_general(self) -> tuple[str, str]:
        """(what happened, what to do) without a file at hand, for the published catalogue."""
        words = _General(label="欄位名稱", other="另一欄位")
        return self.what.format_map(words), self.fix.format_map(words)


class _General(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


_ENTRIES: Final = (
    # the file
    Entry("file_missing", "file", "找不到檔案「{name}」。", "請確認路徑與檔名後再試一次。"),
    Entry("file_empty", "file", "檔案是空的，沒有任何資料列。", "如果本月確實沒有資料，請改用「無資料申報」（nil）；否則請重新匯出檔案。"),
    Entry("file_large", "file", "檔案大小 {size} 超過上限 {limit}。", "請依資料種類或月份分成數個檔案，或壓縮成 ZIP 再送。"),
    Entry(
        "file_heavy",
        "file",
        "檔案展開後超過讀取的記憶體或時間上限（{limit}）。",
        "請分成數個較小的檔案，或改存為 CSV 再送；如果檔案其實不大，可能已經損壞，請重新匯出。",
    ),
    Entry(
        "carrier_unknown", "file", "無法辨識檔案格式。", "請使用 CSV、以 | 分隔的 TXT、XLSX、ODS，或內含這些檔案的 ZIP。"
    ),
    Entry(
        "carrier_html",
        "file",
        "這個檔案其實是網頁（HTML），只是副檔名叫做 Excel。",
        "請用 Excel 開啟後，另存新檔為「Excel 活頁簿 (*.xlsx)」再上傳。",
    ),
    Entry(
        "carrier_xls",
        "file",
        "這是舊版 Excel（.xls）檔案，無法直接讀取。",
        "請用 Excel 開啟後，另存新檔為「Excel 活頁簿 (*.xlsx)」再上傳。",
    ),
    Entry("carrier_encrypted", "file", "這個 Excel 檔案有密碼保護，無法讀取。", "請在 Excel 移除密碼後另存，再上傳。"),
    Entry("carrier_pdf", "file", "這是 PDF 檔案，不是資料檔。", "請由原系統匯出 CSV 或 XLSX 再上傳。"),
    Entry("carrier_macro", "file", "這個 Excel 檔案內含巨集。", "請另存為不含巨集的「Excel 活頁簿 (*.xlsx)」再上傳。"),
    Entry(
        "carrier_broken", "file", "檔案損壞或不完整，無法開啟。", "請重新匯出或重新傳送檔案；若檔案在 Excel 可以開啟，請另存新檔後再上傳。"
    ),
    Entry("sheet_empty", "file", "活頁簿裡沒有可讀的工作表資料。", "請把資料放在第一張工作表，第一列為欄位名稱。"),
    Entry(
        "cell_error",
        "row",
        "「{label}」是 Excel 的錯誤值或沒有算出結果的公式。",
        "請在 Excel 選取該欄，複製後以「值」貼上，修正錯誤再存檔。",
    ),
    Entry(
        "excel_dates",
        "notice",
        "「{label}」有 {count} 格是 Excel 日期格式，已按西元日期讀入。",
        "若當初輸入的是民國日期（例如 98/3/1），Excel 會誤認為西元年；請把該欄改成文字格式，重新填 7 碼民國日期。",
    ),
    Entry("zip_bomb", "file", "壓縮檔解開後過大（{size}），為安全起見不予開啟。", "請分成數個較小的檔案再送。"),
    Entry(
        "zip_unsafe",
        "file",
        "壓縮檔內有不允許的內容：{name}。",
        "壓縮檔內只能放資料檔與 manifest.json，不能有資料夾外的路徑、連結或另一個壓縮檔。",
    ),
    Entry("zip_empty", "file", "壓縮檔內沒有可讀的資料檔。", "請放入 CSV、TXT 或 XLSX 資料檔。"),
    Entry("zip_encrypted", "file", "壓縮檔有密碼保護，無法讀取。", "請移除密碼後重新壓縮。"),
    Entry("manifest_form", "file", "manifest.json 的內容不正確：{detail}。", "請依規格頁的範例填寫，存成 UTF-8。"),
    Entry("manifest_missing_file", "file", "manifest.json 列出的檔案「{name}」不在壓縮檔內。", "請補上檔案，或修正 manifest.json。"),
    Entry(
        "manifest_sha256",
        "file",
        "檔案「{name}」與 manifest.json 記載的 SHA-256 不同。",
        "檔案在製作後被改過或傳送中損壞，請重新製作壓縮檔。",
    ),
    Entry("manifest_rows", "file", "檔案「{name}」有 {rows} 列，manifest.json 記載 {expected} 列。", "請確認檔案完整後重新製作壓縮檔。"),
    Entry(
        "manifest_amount", "file", "檔案「{name}」金額合計 {amount} 元，manifest.json 記載 {expected} 元。", "請確認金額後重新製作壓縮檔。"
    ),
    Entry(
        "encoding_unknown",
        "file",
        "第 {line} 行起有既不是 UTF-8、也不是 CP950（Big5）的內容。",
        "請用原系統重新匯出，或用記事本開啟後另存為 UTF-8 編碼；使用造字的檔案請先登錄造字對照。",
    ),
    Entry("encoding_mixed", "file", "檔案標明是 UTF-8，但第 {line} 行起不是 UTF-8。", "檔案可能混用兩種編碼，請由原系統重新匯出。"),
    Entry("encoding_utf16", "file", "檔案是 UTF-16（Excel 的「Unicode 文字」）或二進位內容。", "請另存為「CSV UTF-8（逗號分隔）」再上傳。"),
    Entry(
        "separator_unknown",
        "file",
        "第一行不是以逗號或 | 分隔的欄位名稱。",
        "CSV 請用逗號分隔，TXT 請用 | 分隔；目前看到的可能是分號或定位字元。",
    ),
    Entry("line_long", "file", "{line}超過 {limit} 字元，可能是引號沒有成對或檔案損壞。", "請檢查該行的引號與換行，重新匯出。"),
    Entry(
        "quote_open",
        "file",
        '{line}附近的引號（"）沒有成對。',
        "請檢查該行；內容含逗號時，整格前後都要加引號，內容中的引號要寫兩次。",
    ),
    Entry("header_missing", "file", "找不到欄位名稱列。", "第一列請放欄位名稱，例如 {example}；規格頁可下載範例檔。"),
    Entry("header_duplicate", "file", "欄位「{names}」重複出現。", "請刪除重複的欄位後再上傳。"),
    Entry("columns_missing", "file", "缺少必要欄位：{names}。", "請補上這些欄位後再上傳；規格頁列有全部欄位與可用的中文欄名。"),
    Entry("columns_unknown", "notice", "有 {count} 個規格外的欄位未使用：{names}。", "不影響收件；內容保留在原始檔。"),
    Entry("rows_before_header", "notice", "欄位名稱列之前有 {count} 列標題，已略過。", "不影響收件；建議第一列直接放欄位名稱。"),
    Entry("second_header", "notice", "有第二列欄位名稱，已略過。", "不影響收件；建議只留一列欄位名稱。"),
    Entry("total_row", "notice", "最後的合計列（第 {row} 列）未列入資料。", "不影響收件；建議匯出時不要附合計列。"),
    Entry("total_differs", "file", "檔案最後的合計是 {total} 元，各列相加是 {amount} 元。", "請確認是否漏列或金額有誤，修正後再上傳。"),
    Entry("kind_unknown", "file", "資料種類「{kind}」不在規格內。", "請填規格頁列出的資料種類代碼。"),
    Entry("source_unknown", "file", "來源「{source}」不在規格內。", "可用的來源：{known}。"),
    Entry("kind_mixed", "file", "檔案內混有不同的資料種類：{found}。", "一個檔案只能有一個資料種類，請分開後再上傳。"),
    Entry("month_mixed", "file", "檔案內混有不同的資料年月：{found}。", "一個檔案只能有一個資料年月，請分開後再上傳。"),
    Entry("county_mixed", "file", "檔案內混有不同的縣市：{found}。", "一個檔案只能有一個縣市，請分開後再上傳。"),
    Entry("kind_other", "file", "檔案內容是「{found}」，與指定的資料種類「{given}」不同。", "請確認選對檔案或資料種類。"),
    Entry("month_other", "file", "檔案內容的資料年月是 {found}，與指定的 {given} 不同。", "請確認選對檔案或月份。"),
    Entry("county_other", "file", "檔案內容是 {found} 的資料，與指定的 {given} 不同。", "請確認選對檔案或縣市。"),
    Entry("mapping_form", "file", "格式對照設定不正確：{detail}。", "請修正格式對照後再試。"),
    Entry("mapping_missing", "file", "固定長度檔案需要格式對照。", "請選擇這個來源的格式對照（--mapping）。"),
    Entry("all_rejected", "notice", "全部 {count} 列都未通過檢核。", "多半是同一個原因；請先看錯誤彙總，修正後重新上傳整個檔案。"),
    # the row
    Entry(
        "columns_count",
        "row",
        "這一列有 {value} 欄，與欄位名稱列的欄數不同。",
        "請檢查是否有內容含分隔符號或漏了欄位；CSV 內容含逗號時整格要加引號。",
    ),
    Entry(
        "record_length",
        "row",
        "這一列長 {value} 位元組，與格式對照的每列長度不同。",
        "固定長度檔案每列必須等長，請檢查中文字是否以兩個位元組計。",
    ),
    Entry("bytes_unknown", "row", "「{label}」有無法解讀的位元組。", "請確認編碼；使用造字請先登錄造字對照。"),
    Entry("missing", "row", "「{label}」沒有填。", "這是必填欄位，請補上。"),
    Entry("text_long", "row", "「{label}」超過 {size} 個字。", "請縮短內容，或確認欄位沒有錯位。"),
    Entry("text_control", "row", "「{label}」含有看不見的控制字元。", "請刪除特殊字元後再上傳。"),
    Entry("text_break", "notice", "「{label}」含有換行或定位字元，已改為一個空白。", "不影響收件；請確認內容。"),
    Entry(
        "date_form", "row", "「{label}」的「{value}」不是存在的日期。", "請填民國年月日 7 碼，例如 0980301；民國前請加負號，例如 -0050301。"
    ),
    Entry("date_range", "row", "「{label}」的「{value}」早於合理範圍。", "請確認年份是民國年。"),
    Entry("month_form", "row", "「{label}」的「{value}」不是年月。", "請填民國年月 5 碼，例如 09803。"),
    Entry("int_form", "row", "「{label}」的「{value}」不是整數。", "請填整數，不要有小數、文字或單位。"),
    Entry("int_negative", "row", "「{label}」的「{value}」是負數。", "請填 0 或正整數；追回款請以答覆檔回報。"),
    Entry("decimal_form", "row", "「{label}」的「{value}」不是數字。", "請填數字，可有小數。"),
    Entry("year_form", "row", "「{label}」的「{value}」不是年度。", "請填民國年，例如 97。"),
    Entry(
        "digits_form",
        "row",
        "「{label}」的「{value}」不是 {size} 碼數字。",
        "請填完整代碼；Excel 可能去掉了開頭的 0，請把欄位改成文字格式。",
    ),
    Entry("code_unknown", "row", "「{label}」的「{value}」不是規格內的代碼。", "請填下列其中之一：{known}。"),
    Entry(
        "id_form",
        "row",
        "「{label}」不是 10 碼的身分證統一編號或統一證號。",
        "請填第 1 碼英文字母加 9 碼；請確認沒有多字、少字或欄位錯位。",
    ),
    Entry("id_masked", "row", "「{label}」被遮蔽（含 * 或 ○）。", "請提供完整編號；遮蔽的資料無法比對。"),
    Entry("month_order", "row", "「{label}」早於「{other}」。", "請確認兩個年月沒有填反。"),
    Entry("date_order", "row", "「{label}」早於「{other}」。", "請確認兩個日期沒有填反。"),
    Entry("birth_future", "row", "「{label}」晚於資料年月。", "請確認出生日期。"),
    Entry("town_county", "row", "「鄉鎮市區代碼」不屬於「縣市代碼」的縣市。", "鄉鎮市區代碼的前 5 碼必須等於縣市代碼。"),
    Entry("register_amount", "row", "名冊類資料的「金額」應為 0。", "請把金額改為 0；有給付的資料請以該給付的資料種類上傳。"),
    Entry("county_differs", "row", "這一列的縣市與檔案其他列不同。", "一個檔案只能有一個縣市，請移到該縣市的檔案。"),
    Entry("kind_differs", "row", "這一列的資料種類與檔案其他列不同。", "一個檔案只能有一個資料種類，請移到另一個檔案。"),
    Entry("month_differs", "row", "這一列的資料年月與檔案其他列不同。", "一個檔案只能有一個資料年月，請移到另一個檔案。"),
    Entry("key_repeated", "row", "「{label}」與第 {first} 列重複。", "同一檔案內不可重複；若是同一筆請刪除一列，若不同筆請改編號。"),
    # notices on rows
    Entry("id_checksum", "notice", "「{label}」的檢查碼不符。", "資料已收下並註記；請核對戶籍資料，確有此號者不必更正。"),
    Entry("id_optional", "notice", "「{label}」不是 10 碼編號，已照原樣收下。", "請核對；這一欄不影響本列收件。"),
    Entry(
        "name_doubtful",
        "notice",
        "「姓名」含有造字或無法對應的字，已保留原碼。",
        "資料已收下；若能提供該字的 Unicode 或全字庫碼，請登錄造字對照。",
    ),
    Entry("date_day_unknown", "notice", "「{label}」的月日不詳，已保留原值。", "資料已收下；若查得完整日期請於下次更新。"),
    Entry("sex_differs", "notice", "「性別」與身分證統一編號第 2 碼不一致。", "資料已收下；請核對是編號或性別有誤。"),
    Entry("paid_not_active", "notice", "狀態不是「領取中」，但金額大於 0。", "資料已收下；若是補發請確認給付起迄月。"),
    Entry("person_repeated", "notice", "同一人在檔內有兩列以上重疊的給付月份。", "資料已收下；請確認是否重複發放。"),
    Entry("household_paid_twice", "notice", "同一戶在同一給付期間有兩列以上全戶金額大於 0。", "資料已收下；全戶金額應只列在戶長。"),
)

CATALOGUE: Final[Mapping[str, Entry]] = {entry.code: entry for entry in _ENTRIES}


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def say(code: str, **values: Any) -> tuple[str, str]:
    """(what happened, what to do) of a catalogue entry."""
    entry = CATALOGUE[code]
    filled = _Blank(values)
    return entry.what.format_map(filled), entry.fix.format_map(filled)


class FileProblem(Exception):
    """The whole file is refused. `code` names the catalogue entry; the text is Chinese and says what to do."""

    def __init__(self, code: str, **values: Any) -> None:
        self.code = code
        self.values = values
        self.what, self.fix = say(code, **values)
        super().__init__(f"{self.what}{self.fix}")
