"""What the product does at once with a delivery it has taken in: one action per source, in the delivery's own transaction."""

from collections.abc import Callable
from typing import Final

import polars as pl

from app.exchange.delivery import Delivery

from .base import Context

Action = Callable[[Context, Delivery, pl.DataFrame], list[str]]
ACTIONS: Final[dict[str, Action]] = {}


def on_arrival(source: str) -> Callable[[Action], Action]:
    """Register the action of a source: it gets the delivery and the rows in force after it, and gives notices for whoever sent it.

    It has to be repeatable: the same content sent again reaches it again. A Refused it raises refuses the delivery.
    """

    def register(action: Action) -> Action:
        ACTIONS[source] = action
        return action

    return register


def arrived(ctx: Context, delivery: Delivery, frame: pl.DataFrame) -> list[str]:
    """Do what the source asks for; the notices."""
    action = ACTIONS.get(delivery.meta.source)
    return action(ctx, delivery, frame) if action else []
