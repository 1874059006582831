"""停車位識別證: holder, car, one per person, special plate, last day with the card, three years' ban, the older versions."""

from typing import Any

import pytest

from app.rules.disability import Card
from app.rules.facts import Residence
from app.rules.parking_permit import Holder, PermitFacts, Vehicle, banned_until, decide, ended_by, renewal_opens
from app.rules.trace import Answer, Decision, Outcome
from app.rules.versions import NoLaw

from .disabled import NO, YES_, Finding, ah_mei, card, day, her_case, line_of, outcome
from .families import parameters, setting

YES, NOT, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
ON = day("112/5/10")
FIVE = card(permanent=False, expires=day("115/12/31"))


def judged(on: Any = ON, rows: Any = None, **more: Any) -> Decision:
    names = ("mobility", "mobility_until", "holder", "same_home", "vehicle", "plate", "owner_is_self", "driver_is_self", "special_plate",
             "other_permit", "misuse_found", "county_rules", "issued", "card")  # fmt: skip
    own = {k: more.pop(k) for k in names if k in more}
    base: dict[str, Any] = {
        "card": FIVE, "mobility": YES_, "holder": Holder.SELF, "vehicle": Vehicle.CAR, "plate": "ABC-1234", "special_plate": NO, "other_permit": NO,
    }  # fmt: skip
    return decide(PermitFacts(her_case(on=on, **more), **{**base, **own}), rows or parameters())


def test_核發至證明有效期限() -> None:
    got = judged()
    assert (got.eligible, got.amount, got.valid_from, got.valid_to) == (YES, 0, ON, day("115/12/31"))
    assert line_of(got, "expiry").article.endswith("第10條第1項")


def test_需求評估期限較早者以其為準() -> None:
    assert judged(mobility_until=day("114/6/30")).valid_to == day("114/6/30")


def test_無有效期限之證明_依評估期限或縣府年限_都沒有就未定() -> None:
    assert judged(card=card(), mobility_until=day("117/5/9")).valid_to == day("117/5/9")
    assert judged(card=card(), rows=parameters(setting("parking_permit.max_years", 5))).valid_to == day("117/5/10")
    got = judged(card=card())
    assert got.eligible is UNKNOWN and any("停車證之使用年限" in m.text for m in got.missing)


@pytest.mark.parametrize(
    ("changes", "code", "eligible"),
    [
        ({"card": Card(held=False)}, "card", NOT),
        ({"card": None}, "card", UNKNOWN),
        ({"mobility": NO}, "mobility", NOT),
        ({"mobility": Finding(None)}, "mobility", UNKNOWN),
        ({"other_permit": YES_}, "other_permit", NOT),
        ({"other_permit": Finding(None)}, "other_permit", UNKNOWN),
        ({"special_plate": YES_}, "special_plate", NOT),
        ({"special_plate": Finding(None)}, "special_plate", UNKNOWN),
        ({"holder": None}, "holder", UNKNOWN),
        ({"holder": Holder.STRANGER}, "holder", NOT),
        ({"holder": Holder.OTHER_RELATIVE, "same_home": False}, "holder", NOT),
        ({"holder": Holder.OTHER_RELATIVE, "same_home": None}, "holder", UNKNOWN),
        ({"vehicle": None}, "vehicle", UNKNOWN),
        ({"vehicle": Vehicle.OTHER}, "vehicle", NOT),
        ({"residence": Residence("10005", True, 365)}, "registered", NOT),
        ({"who": ah_mei(death=day("112/5/1"))}, "alive", NOT),
    ],
)
def test_每一項要件(changes: dict[str, Any], code: str, eligible: Answer) -> None:
    got = judged(**changes)
    assert got.eligible is eligible and outcome(got, code) is (Outcome.NOT_MET if eligible is NOT else Outcome.NOT_KNOWN)


@pytest.mark.parametrize("holder", [Holder.SELF, Holder.SPOUSE_OR_FIRST])
def test_本人配偶一親等不問同戶(holder: Holder) -> None:
    assert judged(holder=holder, same_home=False).eligible is YES


def test_二親等以上須同戶籍或同址分戶() -> None:
    assert judged(holder=Holder.OTHER_RELATIVE, same_home=True).eligible is YES


@pytest.mark.parametrize("vehicle", [Vehicle.TAXI, Vehicle.LIGHT_TRUCK])
@pytest.mark.parametrize(
    ("owner", "driver", "eligible"), [(True, True, YES), (True, False, NOT), (False, True, NOT), (None, True, UNKNOWN)]
)
def test_計程車與自用小貨車限本人(vehicle: Vehicle, owner: bool | None, driver: bool, eligible: Answer) -> None:
    assert judged(vehicle=vehicle, owner_is_self=owner, driver_is_self=driver).eligible is eligible


@pytest.mark.parametrize(("misuse", "eligible"), [("109/5/10", NOT), ("109/5/9", YES), ("112/5/1", NOT)])
def test_違規後三年內不得再申請(misuse: str, eligible: Answer) -> None:
    assert judged(misuse_found=day(misuse)).eligible is eligible
    assert banned_until(day("109/5/10")) == day("112/5/10")


def test_原證明逾期註記中_期限須俟新證明() -> None:
    old = card(permanent=False, expires=day("112/4/30"), annotated=True)
    got = judged(card=old)
    assert outcome(got, "card") is Outcome.MET and got.eligible is UNKNOWN


@pytest.mark.parametrize("on", ["98/3/15", "101/7/11", "104/12/14", "112/3/13"])
def test_112年3月14日以前_未公開之條文由縣府認定(on: str) -> None:
    got = judged(on=day(on))
    assert got.eligible is UNKNOWN and any(m.kind == "setting" and "停車位識別證" in m.text for m in got.missing)
    assert judged(on=day(on), county_rules=YES_).eligible is YES
    assert judged(on=day(on), county_rules=NO).eligible is NOT


def test_98年不問需求評估_104年12月14日起才有三年禁止() -> None:
    assert judged(on=day("98/3/15"), county_rules=YES_, mobility=Finding(None)).eligible is YES
    old = {"county_rules": YES_, "misuse_found": day("104/1/1")}
    assert judged(on=day("104/12/13"), **old).eligible is YES
    assert judged(on=day("104/12/14"), **old).eligible is NOT
    with pytest.raises(NoLaw):
        judged(on=day("91/12/12"))


def test_失效事由_死亡_證明註銷_不再行動不便_違規() -> None:
    on = day("112/6/1")
    got = ended_by(on, died=day("112/5/20"), card=card(cancelled=day("112/5/25")), moves_freely=True, misuse=day("112/5/30"))
    assert [e.day for e in got] == [day("112/5/20"), day("112/5/25"), day("112/5/30"), on]
    assert "115/05/30" in got[2].text
    assert ended_by(on, card=card(permanent=False, expires=day("112/5/31"), annotated=False))[0].day == on
    assert ended_by(on, card=card()) == ()


def test_期滿前一個月得重新申請() -> None:
    assert renewal_opens(day("115/12/31")) == day("115/11/30")
