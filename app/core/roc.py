"""ROC (民國) dates and months: parsing what people and files write, and writing it back.

A month is an integer everywhere in the product: AD year * 12 + (month - 1). Intervals of months are then
plain integer intervals, in Python and in SQL alike. ROC year = AD year - 1911; 民前1年 is 1911, there is no year 0.
"""

import datetime as dt
import re

from .text import fold

EPOCH = 1911


class RocError(ValueError):
    """The text is not a date (or month) this product reads; the message is Chinese and says what is accepted."""


_SEVEN = re.compile(r"(-?)0*(\d{2,3})(\d{2})(\d{2})$")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})$")
_SPLIT = re.compile(r"(民國)?(民?前|-)?(\d{1,3})[年/.\-](\d{1,2})[月/.\-](\d{1,2})日?$")
_MONTH = re.compile(r"(-?)(\d{2,3})(\d{2})$")
_MONTH_ISO = re.compile(r"(\d{4})-(\d{1,2})$")
_MONTH_SPLIT = re.compile(r"(民國)?(民?前|-)?(\d{1,3})[年/.](\d{1,2})月?$")


def ad_year(roc_year: int, before: bool = False) -> int:
    """AD year of an ROC year; `before` marks 民前 (counted backwards from 1911)."""
    return EPOCH + 1 - roc_year if before else EPOCH + roc_year


def parse_date(text: str) -> dt.date:
    """A date from `0980301`, `980301`, `98/3/1`, `098.03.01`, `民國98年3月1日`, `-0050301`, `民前5年3月1日`, `2009-03-01`.

    Raises RocError.
    """
    s = fold(text)
    try:
        if m := _ISO.match(s):
            return dt.date(int(m[1]), int(m[2]), int(m[3]))
        if m := _SPLIT.match(s):
            before, parts = bool(m[2]), (m[3], m[4], m[5])
        elif (m := _SEVEN.match(s)) and len(s.lstrip("-")) in (6, 7, 8):
            before, parts = bool(m[1]), (m[2], m[3], m[4])
        else:
            raise RocError(f"「{text}」不是日期，請填民國年月日，例如 0980301 或 98/3/1")
        year, month, day = map(int, parts)
        if year == 0:
            raise RocError(f"「{text}」的年份是 0，民國紀年沒有 0 年")
        return dt.date(ad_year(year, before), month, day)
    except RocError:
        raise
    except ValueError:
        raise RocError(f"「{text}」不是存在的日期，請檢查月份與日數") from None


def date7(day: dt.date) -> str:
    """`0980301`; before 1912 `-0050301`."""
    year = day.year - EPOCH
    sign, year = ("", year) if year >= 1 else ("-", 1 - year)
    return f"{sign}{year:03d}{day.month:02d}{day.day:02d}"


def show_date(day: dt.date | None) -> str:
    """For people: `98/03/01`, `民前5/03/01`, empty for None."""
    if day is None:
        return ""
    year = day.year - EPOCH
    head = str(year) if year >= 1 else f"民前{1 - year}"
    return f"{head}/{day.month:02d}/{day.day:02d}"


def long_date(day: dt.date) -> str:
    """As official letters write it: 115年11月21日."""
    year = day.year - EPOCH
    return f"{year if year >= 1 else f'民前{1 - year}'}年{day.month}月{day.day}日"


def month_of(day: dt.date) -> int:
    """The month number of a date."""
    return day.year * 12 + day.month - 1


def month(year: int, month_: int) -> int:
    """The month number of an ROC year and month (98, 3)."""
    return (EPOCH + year) * 12 + month_ - 1


def parse_month(text: str) -> int:
    """A month number from `09803`, `9803`, `98/3`, `98年3月`, `2009-03`. Raises RocError."""
    s = fold(text)
    if m := _MONTH_ISO.match(s):
        year, mon = int(m[1]), int(m[2])
    elif m := _MONTH_SPLIT.match(s):
        year, mon = ad_year(int(m[3]), bool(m[2])), int(m[4])
    elif m := _MONTH.match(s):
        year, mon = ad_year(int(m[2]), bool(m[1])), int(m[3])
    else:
        raise RocError(f"「{text}」不是年月，請填民國年月五碼，例如 09803")
    if not 1 <= mon <= 12:
        raise RocError(f"「{text}」的月份不在 1 到 12 之間")
    return year * 12 + mon - 1


def month5(number: int) -> str:
    """`09803`."""
    year, mon = divmod(number, 12)
    return f"{year - EPOCH:03d}{mon + 1:02d}"


def show_month(number: int | None) -> str:
    """For people: `98年3月`."""
    if number is None:
        return ""
    year, mon = divmod(number, 12)
    return f"{year - EPOCH}年{mon + 1}月"


def first_day(number: int) -> dt.date:
    return dt.date(number // 12, number % 12 + 1, 1)


def last_day(number: int) -> dt.date:
    return first_day(number + 1) - dt.timedelta(days=1)
