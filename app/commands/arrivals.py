"""What the product does at once with a delivery it has taken in, or taken back: actions per source, in the delivery's own transaction."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

import polars as pl

from app.exchange.delivery import Delivery

from .base import Context

Action = Callable[[Context, Delivery, pl.DataFrame], list[str]]
Undoing = Callable[[Context], Any]
ACTIONS: Final[dict[str, list[Action]]] = defaultdict(list)
UNDOING: Final[dict[str, list[Undoing]]] = defaultdict(list)


def on_arrival(source: str) -> Callable[[Action], Action]:
    """Register an action of a source: it gets the delivery and the rows in force after it, and gives notices for whoever sent it.

    It has to be repeatable: the same content sent again reaches it again. A Refused it raises refuses the delivery.
    """

    def register(action: Action) -> Action:
        ACTIONS[source].append(action)
        return action

    return register


def on_taking_back(source: str) -> Callable[[Undoing], Undoing]:
    """Register what follows when a delivery of the source was taken back."""

    def register(action: Undoing) -> Undoing:
        UNDOING[source].append(action)
        return action

    return register


def arrived(ctx: Context, delivery: Delivery, frame: pl.DataFrame) -> list[str]:
    """Do what the source asks for; the notices."""
    return [text for action in ACTIONS.get(delivery.meta.source, ()) for text in action(ctx, delivery, frame)]


def taken_back(ctx: Context, source: str) -> None:
    """Do what follows from an undone delivery."""
    for action in UNDOING.get(source, ()):
        action(ctx)
