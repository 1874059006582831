"""`flask swis demo`: fill an empty database with the generated demo county."""

import click

from . import answer, command, json_option


@command("demo")
@click.option("--households", type=click.IntRange(20, 20_000), default=None, help="虛構家庭數（預設 1130）")
@click.option("--seed", type=int, default=None, help="亂數種子；相同種子產生相同的人")
@json_option
def demo(households: int | None, seed: int | None, as_json: bool) -> None:
    """在空的資料庫建立示範縣（人物、案件、撥款與比對都是虛構的）"""
    from app import demo as county

    counts = county.fill(households or county.DEFAULT_HOUSEHOLDS, county.DEFAULT_SEED if seed is None else seed)
    answer(counts, as_json, "、".join(f"{k} {v:,}" for k, v in counts.items()))
