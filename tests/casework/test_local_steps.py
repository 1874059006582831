"""Steps of a local benefit, chosen on its form: with or without 訪視, with or without 縣府複審, reviewed every year or not; and its exclusions seen from the other side."""

import datetime as dt
from html.parser import HTMLParser

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.commands import payments
from app.commands.base import Context, Refused
from app.commands.casework import yearly_review
from app.core import clock, roc
from app.models.case_task import CaseTask
from app.models.decision import Decision
from app.rules.exclusions import Relation
from app.rules.local_definition import LocalExclusion, problems
from app.security.actor import Actor
from app.views.casework import ApplicationView

from .test_local_benefits import county, told, wedding  # noqa: F401  (fixture)


class Fields(HTMLParser):
    """What a browser would send of a page's form, as it stands."""

    def __init__(self, page):
        super().__init__()
        self.sent, self.select, self.area = [], "", ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "input" and a.get("name") and (a.get("type") not in ("checkbox", "radio") or "checked" in a):
            self.sent.append((a["name"], a.get("value") or ""))
        elif tag == "select":
            self.select = a.get("name", "")
        elif tag == "option" and "selected" in a and self.select:
            self.sent.append((self.select, a.get("value") or ""))

    def posted(self, **changed):
        kept = [(k, v) for k, v in self.sent if k not in changed]
        return [*kept, *((k, v) for k, values in changed.items() for v in values), ("go", "save")]


@pytest.fixture
def second(county, client_as):  # noqa: F811
    """新婚祝賀金 is in force; the officer writes 百歲敬老金 (每年 10,000) and chooses its steps on the form."""
    county.defined()

    def make(steps, **more):
        hundred = wedding(
            law="新竹縣百歲敬老金發給辦法", who="百歲老人", rhythm="yearly",
            examples=(told("符合", "yes", 6_000), told("不符", "no", registered_since=dt.date(2026, 5, 2))), **more,
        )  # fmt: skip
        county.write(hundred, name="百歲敬老金", short="CEN")
        client, page = client_as("officer.10004"), f"/local-benefits/edit/{county.pk}"
        form = Fields(client.get(page).text)
        answer = client.post(page, data=MultiDict(form.posted(**{"h-steps": steps})))
        assert answer.status_code == 303, answer.text
        return county.propose().activate()

    return make


def taken_in(desk, county, born=dt.date(1995, 5, 6)):  # noqa: F811
    desk.open(benefit=county.code, born=born, name="彭百歲")
    desk.save(fields={"registered_since": dt.date(2020, 1, 1), "finding_q1": True})
    return desk.papers().account()


def test_第二項地方津貼_不設縣府複審_要訪視_每年複查_發得出去(second, desk, session):
    county = second(["visit", "yearly_review"])  # noqa: F811
    assert set(county.row.body["steps"]) == {"visit", "preliminary_review", "approval", "yearly_review"}
    taken_in(desk, county).submit().complete().first_review()
    with pytest.raises(Refused, match="須派員訪視"):
        desk.forward()
    today = clock.today()
    desk.first_review(visited_on=today, visit_report="獨居，生活可自理")
    desk.forward()
    assert desk.case.state == "second_reviewed", "waits for the county's decision at once"
    with pytest.raises(Refused):
        desk.second_review()
    decision = session.get(Decision, desk.approve())
    month = decision.start_month
    session.commit()
    run = payments.build_run(desk.who("officer"), benefit=county.code, payer="10004", month=month, cutoff_on=roc.last_day(month))
    assert (run.line_count, run.total) == (1, 6_000) and "-CEN-" in run.run_no


def test_有縣府複審的津貼_仍須複審_沒有陳報核定這一步(second, desk):
    county = second(["second_review"])  # noqa: F811
    taken_in(desk, county).submit().complete().first_review().forward()
    assert desk.case.state == "forwarded"
    with pytest.raises(Refused, match="目前狀態"):
        desk.approve()


def test_案件頁_沒有複審的案件不畫複審這一步(second, desk):
    county = second([])  # noqa: F811
    taken_in(desk, county)
    labels = [str(label) for label, _ in ApplicationView.progress_of(ApplicationView, desk.case)]
    assert len(labels) == len(ApplicationView.progress) - 1 and str(ApplicationView.progress[3][0]) not in labels


def test_公所初審與縣府核定不能拿掉():
    assert any("公所初審" in text for text in problems(wedding(steps=("approval",))))
    assert any("不在選項內" in text for text in problems(wedding(steps=("preliminary_review", "approval", "magic"))))


def context(session):
    return Context(session, Actor.system("test"))


def test_核定滿十一個月_開每年複查的待辦_只開一次(second, desk, session):
    county = second(["second_review", "yearly_review"])  # noqa: F811
    taken_in(desk, county).to_decision()
    desk.approve()
    session.commit()
    today = clock.today()
    assert yearly_review.open_due(context(session), today + dt.timedelta(days=300)) == 0
    later = today + dt.timedelta(days=345)
    assert yearly_review.open_due(context(session), later) == 1
    session.commit()
    assert yearly_review.open_due(context(session), later) == 0
    task = session.scalars(select(CaseTask).where(CaseTask.kind == "review")).one()
    assert (task.source, task.change_kind, task.case_no) == ("yearly_review", "means", desk.case.case_no)
    assert task.due_on.year == today.year + 1 and "前應複查" in task.facts


def test_不勾每年複查的津貼不開待辦(second, desk, session):
    county = second(["second_review"])  # noqa: F811
    taken_in(desk, county).to_decision()
    desk.approve()
    session.commit()
    assert yearly_review.open_due(context(session), clock.today() + dt.timedelta(days=800)) == 0


def test_地方津貼的互斥_在中低收入老人津貼的複審頁也看得到(second, desk):
    born = dt.date(1948, 3, 1)
    county = second(["second_review"], exclusions=(LocalExclusion("elderly_living_allowance", Relation.CHOOSE_ONE, article="第6條"),))  # noqa: F811
    taken_in(desk, county, born).to_decision()
    desk.approve()
    desk.open(born=born, name="彭百歲").fill(children=[(45, 42_000)]).to_decision()
    hit = next(h for h in desk.case.exclusions["hits"] if h["counterpart"] == county.code)
    assert (hit["name"], hit["article"], hit["rule"]) == ("百歲敬老金", "第6條", "由百歲敬老金處理：擇一領取")
