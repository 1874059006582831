"""From evidence to doubts: what the gates stopped is counted, what passed is put together per payment and counterpart, and said.

One doubt = one rule about one roster row and one counterpart, with its months. Several doubts about one payment never claim more than
was paid; the strongest speaks.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from .rules import LETTER, RULES, Rule
from .wording import ntd

CONTRACT_RELATION: Final = {
    "gives_way": "suspend_a",
    "choose_one": "choose_one",
    "top_up": "top_up",
    "cap": "cap_sum",
    "info": "info_only",
    "none": "none",
}
PAIRS: Final = ("DUPLICATE", "SUSPENDED_BY", "CHOOSE_ONE")
_STRENGTH: Final = pl.DataFrame(
    {"rule": list(RULES), "strength": [r.strength for r in RULES.values()]}, schema={"rule": pl.String, "strength": pl.Int64}
)
_ONE: Final = (
    "rule",
    "grade",
    "rec_key",
    "run",
    "county",
    "town",
    "kind",
    "ref_month",
    "rec_no",
    "person_id",
    "written_id",
    "name",
    "birth",
    "case_no",
    "relation",
    "own",
    "law",
    "article",
    "c_source",
    "c_county",
    "c_kind",
    "c_rec",
    "c_key",
    "c_case",
    "c_name",
    "c_birth",
)


@dataclass(frozen=True)
class Names:
    """Chinese names of counties and of the kinds of payments, registers and counterparts."""

    counties: Mapping[str, str]
    kinds: Mapping[str, str]


def settle(evidence: pl.DataFrame, shadows: Collection[tuple[str, str]] = (), held: Collection[tuple[str, str]] = ()) -> pl.DataFrame:
    """Evidence settled (see `_settle`). What is not sent is settled among itself: it claims no payment from a doubt that is sent, and takes
    no counterpart away from one. `shadows`: (rule, grade) in shadow; `held`: (county, rule) whose sending is held back."""
    number = {letter: grade for grade, letter in LETTER.items()}
    in_shadow = [(pl.col("rule") == rule) & (pl.col("grade") == number[letter]) for rule, letter in shadows]
    waiting = [(pl.col("county") == county) & (pl.col("rule") == rule) for county, rule in held]
    dark, late = (pl.any_horizontal(pl.lit(False), *tests) for tests in (in_shadow, waiting))
    place = pl.when(pl.col("stop").is_not_null()).then(0).when(dark).then(1).when(late).then(2).otherwise(0)
    if not shadows and not held:
        return _settle(evidence)
    placed = evidence.with_columns(place.alias("place"))
    return pl.concat([_settle(placed.filter(pl.col("place") == n).drop("place")) for n in range(3)])


def _settle(evidence: pl.DataFrame) -> pl.DataFrame:
    """Evidence with further stops: the counterpart is itself not due, or a stronger doubt already claims the payment; `claim` = NTD left.

    A pair of payments is no overpayment when the other one is taken back for a reason of its own.
    """
    open_ = evidence.filter(pl.col("stop").is_null()).join(_STRENGTH, on="rule").with_row_index("no")
    stopped = evidence.filter(pl.col("stop").is_not_null())
    alone = open_.filter(~pl.col("rule").is_in([*PAIRS, "CAP"]), pl.col("grade") == 1, pl.col("over") > 0)
    gone = alone.group_by("rec_key", "month").agg(pl.col("over").max().alias("gone"))
    open_ = open_.join(gone.rename({"rec_key": "c_key"}), on=["c_key", "month"], how="left")
    undue = pl.col("rule").is_in(PAIRS) & (pl.col("gone") >= pl.col("c_paid")).fill_null(False)
    open_ = open_.with_columns(pl.when(undue).then(pl.lit("counterpart_not_due")).otherwise(pl.col("stop")).alias("stop")).drop("gone")
    open_ = _cap_after_others(open_)
    claims = pl.col("stop").is_null() & (pl.col("over") > 0)
    order = ["rec_key", "month", "grade", "strength", "c_rec", "no"]
    live = open_.filter(claims).sort(order, nulls_last=True)
    taken = pl.col("over").cum_sum().over("rec_key", "month") - pl.col("over")
    live = live.with_columns(pl.min_horizontal("over", (pl.col("paid") - taken).clip(lower_bound=0)).alias("claim"))
    live = live.with_columns(pl.when(pl.col("claim") <= 0).then(pl.lit("covered")).otherwise(pl.col("stop")).alias("stop"))
    rest = open_.filter(~claims).with_columns(pl.lit(0, dtype=pl.Int64).alias("claim"))
    return pl.concat([live.select(rest.columns), rest, _widened(stopped, rest)]).drop("no", "strength")


def _widened(stopped: pl.DataFrame, like: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=t).alias(c) for c, t in like.schema.items() if c not in stopped.columns]
    return stopped.with_columns(missing).select(like.columns)


def _cap_after_others(open_: pl.DataFrame) -> pl.DataFrame:
    """The cap counts what is rightly paid: what stronger doubts take back of the person's month leaves the sum first."""
    back = (
        open_.filter(pl.col("stop").is_null(), pl.col("rule") != "CAP", pl.col("grade") == 1)
        .group_by("person_id", "month", "rec_key")
        .agg(pl.min_horizontal(pl.col("over").sum(), pl.col("paid").max()).alias("back"))
        .group_by("person_id", "month")
        .agg(pl.col("back").sum())
    )
    joined = open_.join(back, on=["person_id", "month"], how="left")
    left = pl.col("over") - pl.col("back").fill_null(0)
    is_cap = pl.col("rule") == "CAP"
    return joined.with_columns(
        pl.when(is_cap).then(left.clip(lower_bound=0)).otherwise(pl.col("over")).alias("over"),
        pl.when(is_cap & (left <= 0)).then(pl.lit("counterpart_not_due")).otherwise(pl.col("stop")).alias("stop"),
    ).drop("back")


def gather(
    settled: pl.DataFrame, names: Names, month: int, county: str | None = None, versions: Mapping[str, Rule] = RULES
) -> list[dict[str, Any]]:
    """The doubts of a run, strongest grade and greatest amount first. `county` limits them to one county's rows; `versions`: the rules asked."""
    live = settled.filter(pl.col("stop").is_null())
    if county is not None:
        live = live.filter(pl.col("county") == county)
    if live.is_empty():
        return []
    grouped = (
        live.sort("month")
        .group_by(_ONE, maintain_order=True)
        .agg(
            pl.col("month").alias("months"),
            pl.col("paid").alias("paid_by_month"),
            pl.col("claim").alias("over_by_month"),
            pl.col("paid").sum(),
            pl.col("claim").sum().alias("over"),
            pl.col("c_paid").max(),
            pl.col("d1", "d2", "d3", "n1", "n2").last(),
        )
        .sort("county", "grade", "over", "rule", "rec_key", descending=[False, False, True, False, False])
    )
    out = [_doubt(row, versions[row["rule"]], names, month) for row in grouped.iter_rows(named=True)]
    _tell_apart(out)
    out += [m for d in out if (m := _mirror(d, names)) is not None]
    return [d for d in out if county is None or d["county"] == county]


def _tell_apart(found: list[dict[str, Any]]) -> None:
    """Two rows of one award about which the same is said (a supplement beside the payment, arrears beside the month) are two doubts: the second
    in order of months and record numbers is known by its place beside the first, so that next month it is recognised again."""
    places: dict[str, int] = {}
    for doubt in sorted(found, key=lambda d: (d["fingerprint"], d["months"], d["rec_key"], d["c_rec"] or "", d["c_key"] or "")):
        place = places[doubt["fingerprint"]] = places.get(doubt["fingerprint"], 0) + 1
        if place > 1:
            doubt["fingerprint"] = hashlib.sha256(f"{place}|{doubt['fingerprint']}".encode()).hexdigest()


class _Spoken:
    """What a rule's sentence may say."""

    def __init__(self, row: Mapping[str, Any], rule: Rule, names: Names) -> None:
        self.__dict__.update(row)
        self.parameters = rule.parameters
        self.kind_zh = names.kinds.get(row["kind"], row["kind"])
        self.c_kind_zh = names.kinds.get(row["c_kind"] or "", row["c_kind"])
        self.c_county_zh = names.counties.get(row["c_county"] or "", row["c_county"])


def _doubt(row: dict[str, Any], rule: Rule, names: Names, month: int) -> dict[str, Any]:
    spoken = _Spoken(row, rule, names)
    return {
        **row,
        "grade": LETTER[row["grade"]],
        "asked_grade": LETTER[row["grade"]],  # the mirror of a pair keeps it
        "run_month": month,
        "rule_version": rule.version,
        "law": row["law"] or rule.law,
        "article": row["article"] or rule.article,
        "relation": CONTRACT_RELATION[row["relation"] or "info"],
        "facts": rule.sentence(spoken),
        "lines": [
            {"month": m, "paid": p, "due": p - o} for m, p, o in zip(row["months"], row["paid_by_month"], row["over_by_month"], strict=True)
        ],
        "fingerprint": fingerprint(row, rule.facts),
        "mirror": False,
    }


def _mirror(doubt: dict[str, Any], names: Names) -> dict[str, Any] | None:
    """The other side of a pair across two counties or two benefits is told, for information: it is not asked to pay back."""
    rule = RULES[doubt["rule"]]
    if not rule.mirrored or doubt["grade"] == "C" or (doubt["c_county"] == doubt["county"] and doubt["c_kind"] == doubt["kind"]):
        return None
    kind, c_kind = names.kinds.get(doubt["c_kind"], doubt["c_kind"]), names.kinds.get(doubt["kind"], doubt["kind"])
    where = names.counties.get(doubt["county"], doubt["county"])
    ref_month = int(doubt["c_key"].split("|")[2])
    return {
        **doubt,
        "grade": "C",
        "mirror": True,
        "rec_key": doubt["c_key"],
        "c_key": doubt["rec_key"],
        "county": doubt["c_county"],
        "c_county": doubt["county"],
        "kind": doubt["c_kind"],
        "c_kind": doubt["kind"],
        "rec_no": doubt["c_rec"],
        "c_rec": doubt["rec_no"],
        "case_no": doubt["c_case"],
        "c_case": doubt["case_no"],
        "name": doubt["c_name"],
        "c_name": doubt["name"],
        "birth": doubt["c_birth"],
        "c_birth": doubt["birth"],
        "ref_month": ref_month,
        "town": None,
        "paid": sum(doubt["paid_by_month"]) and doubt["c_paid"] * len(doubt["months"]),
        "c_paid": doubt["paid"],
        "over": 0,
        "lines": [{"month": m, "paid": doubt["c_paid"], "due": doubt["c_paid"]} for m in doubt["months"]],
        "facts": f"同月{where}{'' if doubt['county'] == doubt['c_county'] else '亦'}發給{c_kind}{ntd(doubt['paid'])}，已向該筆提出疑義；"
        f"本筆{kind}依法優先保留，僅供參考，無須追繳。",
        "fingerprint": hashlib.sha256(f"mirror|{doubt['fingerprint']}".encode()).hexdigest(),
    }


def fingerprint(row: Mapping[str, Any], compared: tuple[str, ...]) -> str:
    """SHA-256 over the compared facts: rule, whose award, counterpart, and what the rule says decides. Months and record numbers are not in it,
    so the same fact seen again next month is the same doubt; the rule's version is not in it, so a better version remembers."""
    facts = [str(row[name]) for name in compared]
    parts = [row["rule"], row["grade"], row["county"], row["kind"], row["person_id"], row["case_no"], row["c_source"], *facts]
    return hashlib.sha256(json.dumps([str(p) for p in parts], ensure_ascii=False).encode()).hexdigest()


def counts(settled: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows stopped, by county, rule and reason."""
    return (
        settled.filter(pl.col("stop").is_not_null())
        .group_by("county", "rule", "stop")
        .agg(pl.len().alias("rows"), pl.col("paid").sum().alias("amount"))
        .sort("county", "rule", "stop")
        .to_dicts()
    )
