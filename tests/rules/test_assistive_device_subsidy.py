"""輔具費用補助: rates, four in two years, years of use, apply before buying, the claim, and the table nobody published."""

from typing import Any

import pytest

from app.rules.clocks import Calendar
from app.rules.device_item import DeviceFacts, DeviceItem, PriorDevice, claim, counted_in_window, decide, next_allowed
from app.rules.disability import Card
from app.rules.facts import Finding, OtherBenefit, Residence, Status
from app.rules.trace import Answer, Decision, Outcome
from app.rules.versions import NoLaw

from .disabled import NO, YES_, ah_mei, card, day, her_case, line_of, outcome
from .families import HSINCHU, parameters

YES, NOT, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
ON = day("112/6/1")
CHAIR = DeviceItem("12", "輕量化量產型輪椅", 4_000, 3)
CANE = DeviceItem("41", "單支拐杖", 1_000, 5, assessed=False)


def judged(on: Any = ON, **more: Any) -> Decision:
    names = ("item", "qualifies", "report", "bought", "history", "recycled", "special", "county_rules", "county_amount", "card")
    own = {k: more.pop(k) for k in names if k in more}
    base: dict[str, Any] = {"card": card(), "item": CHAIR, "qualifies": YES_, "report": day("112/5/20"), "history": ()}
    return decide(DeviceFacts(her_case(on=on, **more), **{**base, **own}), parameters())


@pytest.mark.parametrize(("status", "amount"), [(Status.LOW, 4_000), (Status.NEAR_LOW, 3_000), (Status.NONE, 2_000)])
def test_低收全額_中低收75成_其他50成(status: Status, amount: int) -> None:
    for on in ("101/7/11", "112/6/1"):
        got = judged(status=status, on=day(on))
        assert (got.eligible, got.amount) == (YES, amount)
    assert line_of(judged(), "amount").article.endswith("第3條")
    assert line_of(judged(on=day("103/3/1")), "amount").article.endswith("第2條第3項")


def test_特定項目不受比例限制() -> None:
    full = DeviceItem("99", "特定輔具", 10_000, 1, full_rate=True)
    assert judged(item=full).amount == 10_000
    assert judged(item=full, status=None).amount == 10_000


@pytest.mark.parametrize(
    ("changes", "code", "eligible"),
    [
        ({"card": Card(held=False)}, "card", NOT),
        ({"residence": Residence(HSINCHU, True, 183)}, "days_in_taiwan", NOT),
        ({"qualifies": NO}, "qualifies", NOT),
        ({"qualifies": Finding(None)}, "qualifies", UNKNOWN),
        ({"report": None}, "report", UNKNOWN),
        ({"status": None}, "amount", UNKNOWN),
        ({"item": None}, "item", UNKNOWN),
        ({"item": DeviceItem("12", "輪椅", None, 3)}, "amount", UNKNOWN),
        ({"history": None}, "window", UNKNOWN),
        ({"other_benefits": None}, "other_benefits", UNKNOWN),
        ({"who": ah_mei(death=day("112/5/1"))}, "alive", NOT),
    ],
)
def test_每一項要件(changes: dict[str, Any], code: str, eligible: Answer) -> None:
    got = judged(**changes)
    assert got.eligible is eligible and outcome(got, code) is (Outcome.NOT_MET if eligible is NOT else Outcome.NOT_KNOWN)


# --- 先購買


@pytest.mark.parametrize(
    ("on", "item", "bought", "eligible"),
    [
        ("112/6/1", CHAIR, "112/5/31", NOT), ("112/6/1", CANE, "112/5/31", NOT), ("112/6/1", CHAIR, None, YES), ("112/6/1", CHAIR, "112/6/2", YES),
        ("111/6/1", CHAIR, "111/5/1", NOT), ("111/6/1", CANE, "111/5/1", YES), ("101/9/1", CHAIR, "101/8/1", YES),
        ("102/3/1", CHAIR, "101/12/31", YES), ("102/3/1", CHAIR, "102/1/1", NOT),
        ("111/6/1", DeviceItem("12", "輪椅", 4_000, 3, assessed=None), "111/5/1", UNKNOWN),
    ],
)  # fmt: skip
def test_先購買不補助_101年版限須評估項目並有過渡_112年起一律(on: str, item: DeviceItem, bought: str | None, eligible: Answer) -> None:
    got = judged(on=day(on), item=item, bought=day(bought) if bought else None)
    assert got.eligible is eligible


# --- 四項、使用年限


def prior(*days: str, code: str = "77", **more: Any) -> tuple[PriorDevice, ...]:
    return tuple(PriorDevice(f"{code}{i}", day(d), **more) for i, d in enumerate(days))


def test_二年度四項_第五項不可() -> None:
    assert judged(history=prior("111/1/1", "111/5/1", "112/1/1")).eligible is YES
    got = judged(history=prior("111/1/1", "111/5/1", "112/1/1", "112/5/1"))
    assert got.eligible is NOT and "已補助4項" in line_of(got, "window").measured


def test_前年度以前不計_回收移轉不計() -> None:
    assert judged(history=prior("110/12/31", "111/5/1", "112/1/1", "112/5/1")).eligible is YES
    assert judged(history=prior("111/1/1", "111/5/1", "112/1/1", "112/5/1", counted=False)).eligible is YES
    assert counted_in_window(prior("111/1/1", "112/6/1", "112/6/2"), ON) == 2


def test_本次為回收輔具不受四項限制() -> None:
    assert judged(history=prior("111/1/1", "111/5/1", "112/1/1", "112/5/1"), recycled=True).eligible is YES


@pytest.mark.parametrize(("special", "eligible"), [(YES_, YES), (Finding(None), UNKNOWN), (NO, NOT)])
def test_第五項以專案申請(special: Finding, eligible: Answer) -> None:
    got = judged(history=prior("111/1/1", "111/5/1", "112/1/1", "112/5/1"), special=special)
    assert got.eligible is eligible


@pytest.mark.parametrize(("last", "eligible"), [("109/5/31", YES), ("109/6/1", NOT), ("111/6/1", NOT)])
def test_同一項目最低使用年限三年(last: str, eligible: Answer) -> None:
    history = (PriorDevice("12", day(last)),)
    got = judged(history=history)
    assert got.eligible is eligible
    assert next_allowed(CHAIR, (PriorDevice("12", day("109/6/1")),)) == day("112/6/2")


def test_年限內特殊情形得專案_年限未登錄未定() -> None:
    history = (PriorDevice("12", day("111/6/1")),)
    assert judged(history=history, special=YES_).eligible is YES
    assert judged(history=history, item=DeviceItem("12", "輪椅", 4_000, None)).eligible is UNKNOWN


def test_與長照輔具擇一_與身障生活補助得併領() -> None:
    both = (OtherBenefit("ltc_device", 112 * 12 + 1911 * 12, amount=1000),)
    assert judged(other_benefits=both).eligible is not YES
    assert judged(other_benefits=(OtherBenefit("disability_living_allowance", 1911 * 12 + 112 * 12, amount=5437),)).eligible is YES


# --- 98年


def test_98年標準表未取得_由縣府登錄金額與認定() -> None:
    got = judged(on=day("98/3/15"))
    assert got.eligible is UNKNOWN and any("補助標準表" in m.text and m.kind == "setting" for m in got.missing)
    done = judged(on=day("98/3/15"), county_rules=YES_, county_amount=3_500)
    assert (done.eligible, done.amount) == (YES, 3_500)
    assert judged(on=day("98/3/15"), county_rules=NO, county_amount=3_500).eligible is NOT
    with pytest.raises(NoLaw):
        judged(on=day("96/12/26"))


# --- 請款

OFFICE = Calendar.of([], years=(2023,))
SERVED = day("112/6/10")


@pytest.mark.parametrize(
    ("receipt", "bought", "claimed", "paid"),
    [
        (5_000, "112/7/1", "112/8/1", 2_000), (1_500, "112/7/1", "112/8/1", 1_500), (5_000, "112/5/1", "112/8/1", 0),
        (5_000, "112/7/1", "112/12/11", 2_000), (5_000, "112/7/1", "112/12/12", 0), (None, "112/7/1", "112/8/1", None),
    ],
)  # fmt: skip
def test_六個月內檢據請款_依憑證但不逾核定_先購買不付(receipt: int | None, bought: str, claimed: str, paid: int | None) -> None:
    """112-12-10 is a Sunday, so the six months end on the 11th."""
    got = claim(2_000, SERVED, receipt, day(bought), day(claimed), ON, OFFICE)
    assert got.amount == paid


def test_送達日未登錄_未定_101年版憑證日不限() -> None:
    assert claim(2_000, None, 5_000, ON, ON, ON, OFFICE).amount is None
    old = claim(2_000, day("103/4/1"), 5_000, day("103/3/1"), day("103/5/1"), day("103/3/20"), OFFICE)
    assert old.amount == 2_000 and old.line.article.endswith("第9條第2項")
