"""The disability card (手冊) and certificate (證明) as a fact other benefits stand on: grade, classes, and whether it is valid on a day."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from app.core import roc

from .facts import Source
from .logic import Truth, all_of
from .personal import some
from .trace import TestLine, outcome_of

ACT = "身心障礙者權益保障法"
SINCE_101 = dt.date(2012, 7, 11)


class Grade(StrEnum):
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"
    PROFOUND = "profound"

    @property
    def zh(self) -> str:
        return {"mild": "輕度", "moderate": "中度", "severe": "重度", "profound": "極重度"}[self.value]

    @property
    def moderate_plus(self) -> bool:
        return self is not Grade.MILD


OLD_CLASSES = {
    "01": "視覺障礙", "02": "聽覺機能障礙", "03": "平衡機能障礙", "04": "聲音機能或語言機能障礙", "05": "肢體障礙", "06": "智能障礙",
    "07": "重要器官失去功能", "08": "顏面損傷", "09": "植物人", "10": "失智症", "11": "自閉症", "12": "慢性精神病", "13": "多重障礙",
    "14": "頑性（難治型）癲癇", "15": "罕見疾病", "16": "其他障礙",
}  # fmt: skip
NEW_CLASSES = {
    "1": "神經系統構造及精神、心智功能", "2": "眼、耳及相關構造與感官功能及疼痛", "3": "涉及聲音與言語構造及其功能",
    "4": "循環、造血、免疫與呼吸系統構造及其功能", "5": "消化、新陳代謝與內分泌系統相關構造及其功能", "6": "泌尿與生殖系統相關構造及其功能",
    "7": "神經、肌肉、骨骼之移動相關構造及其功能", "8": "皮膚與相關構造及其功能",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A card or certificate. `held` False = looked up, there is none. `expires` is the last valid day.

    `permanent`: no last day. `annotated`: the county noted that the old one may be used until the new one is there (§15, since 101).
    `cancelled`: first day it is void.
    """

    held: bool | None = True
    grade: Grade | None = None
    classes: tuple[str, ...] = ()
    issued: dt.date | None = None
    expires: dt.date | None = None
    permanent: bool | None = None
    annotated: bool | None = None
    cancelled: dt.date | None = None
    number: str = ""
    source: Source | None = None


def valid_on(card: Card | None, day: dt.date) -> Truth:
    """Is the card valid on a day? None while the card, its last day or the annotation is not known."""
    if card is None:
        return None
    if card.held is False:
        return False
    begun: Truth = True if card.issued is None else card.issued <= day
    alive = card.cancelled is None or day < card.cancelled
    if card.expires is not None:
        lasting: Truth = day <= card.expires or (card.annotated if day >= SINCE_101 else False)
    else:
        lasting = True if card.permanent else None
    return all_of(card.held, begun, alive, lasting)


def card_line(card: Card | None, article: str, day: dt.date, question: str = "是否領有有效之身心障礙手冊或證明？") -> TestLine:
    """The line of every benefit that asks for a valid card."""
    truth = valid_on(card, day)
    return TestLine(
        "card",
        article,
        question,
        card_text(card, day),
        "領有效期內之手冊或證明",
        outcome_of(truth),
        sources=some(card.source if card else None),
    )


def card_text(card: Card | None, day: dt.date) -> str:
    """`中度，效期至101/05/31`, and what is wrong with it."""
    if card is None:
        return "尚未查明"
    if card.held is False:
        return "未領有"
    grade = card.grade.zh if card.grade else "等級尚未查明"
    if card.cancelled is not None and card.cancelled <= day:
        return f"{grade}，{roc.show_date(card.cancelled)}註銷"
    if card.issued is not None and day < card.issued:
        return f"{grade}，{roc.show_date(card.issued)}起生效"
    if card.expires is None:
        return f"{grade}，{'無註記有效期限' if card.permanent else '有效期限尚未查明'}"
    text = f"{grade}，效期至{roc.show_date(card.expires)}"
    if day > card.expires:
        note = {True: "，已註記暫以原證明繼續享有權益", False: "，已逾期", None: "，已逾期，是否註記換證中尚未查明"}
        text += note[card.annotated if day >= SINCE_101 else False]
    return text
