"""One sum everywhere: register, XLSX, print lists, deposit file, clearing house and bank file, ledger, and the page."""

import io
import re

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.commands import payment_files, payment_results
from app.extensions import db
from app.models.payment import Payment, PaymentLine
from app.payments import ach, bank_csv, cash_list, post_office, register, signature_pdf
from app.security import scope

from .making import MARCH, line, payee
from .test_ach import BEFORE, DAY, WHO
from .test_lists import HEAD

LINES = st.lists(
    st.tuples(st.integers(1, 99_999), st.sampled_from(["post", "bank", "ach", "cash"]), st.sampled_from(["10004010", "10004020"]), st.integers(0, 500)),
    min_size=1, max_size=40,
)  # fmt: skip


def sums_in(content, column):
    """The grand totals of every township's sheet, added."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    rows = [r for name in book.sheetnames if name not in ("彙總", "與上次差異") for r in book[name].iter_rows(values_only=True)]
    at = next(r for r in rows if r[0] == "編號").index(column)
    return sum(r[at] for r in rows if r[1] == "總計")


@settings(max_examples=25)
@given(LINES)
def test_every_list_and_file_has_the_registers_total(given_lines):
    lines = [line(n, a, channel=c, town=t, deduction=d) for n, (a, c, t, d) in enumerate(given_lines, 1)]
    whole = register.totals(lines)
    cash = [x for x in lines if x.payee.channel == "cash"]
    assert sums_in(cash_list.register_list(HEAD, lines), "金額") == whole.amount == sum(a for _, a in whole.by_channel.values())
    on_paper = sum(int(s.grand[4].replace(",", "")) for v in signature_pdf.volumes(HEAD, lines) for s in v)
    by_page = sum(int(p.total[4].replace(",", "")) for v in signature_pdf.volumes(HEAD, lines) for s in v for p in s.pages)
    assert sums_in(cash_list.signature_list(HEAD, lines), "金額") == on_paper == by_page == sum(x.amount for x in cash)
    deposit = post_office.write(lines, post_office.Payer("縣府", "0061234", "12345678"), DAY)
    _, count, bank, _ = bank_csv.write(lines, "中老")
    assert deposit.slip.total == sum(int(str(r["amount"])) for r in post_office.read(deposit.content))
    assert (deposit.slip.total + bank + on_paper, deposit.slip.count + count + len(cash)) == (whole.amount, whole.count)
    rest = ach.write(lines, WHO, HEAD.run_no, DAY, BEFORE, HEAD.made_at.time(), "中老", with_post=True) if len(cash) < len(lines) else None
    assert (rest.total if rest else 0) + on_paper == whole.amount
    assert whole.deducted == sum(x.gross for x in lines) - whole.amount


def test_page_sheets_files_and_ledger_agree(county, client_as):
    for n, channel in enumerate(("post", "bank", "ach", "cash", "cash", "post"), 1):
        county.award(n, amount=1000 * n + 7, pay=payee(n, channel), from_month=MARCH - n % 2)
    run_id = county.filed(county.build())
    with scope.use(scope.SYSTEM):
        ledger = db.session.scalar(select(func.sum(Payment.amount)).where(Payment.run_id == run_id, Payment.live))
        stored = db.session.scalar(select(func.sum(PaymentLine.amount)).where(PaymentLine.run_id == run_id))
        level = payment_results.levels(db.session, county.run(run_id))[0]
    xlsx, _, _ = payment_files.register_sheet(county.officer, run_id)
    volumes, _, _, _ = payment_files.signature_volumes(county.officer, run_id)
    run = county.run(run_id)
    paper = sum(int(s.grand[4].replace(",", "")) for v in volumes for s in v)
    assert run.total == ledger == stored == sums_in(xlsx, "金額") == level.approved[1] == level.filed[1] == sum(f.total for f in run.files)
    assert paper == run.totals["by_channel"]["cash"][1] == next(f.total for f in run.files if f.kind == "cash_list")
    page = client_as("officer.10004").get(f"/payment_runs/show/{run_id}").text
    assert f"{run.total:,} 元" in re.sub(r"\s+", " ", page)
