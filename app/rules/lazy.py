"""Parts of an answer that are written only when somebody reads them: a trace nobody opens costs no sentence.

The verdict (a code, an outcome, an amount) is there at once; the rest of the object comes from a function that is called on the first
read of any other field. Facts and parameters are immutable, so what is written later is what would have been written at once.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

put = object.__setattr__
Text = str | Callable[[], str]


class Later:
    """Base of frozen dataclasses with slots. A field without a value is fetched, together with all the others, from `_make()`."""

    __slots__ = ("_make",)

    @classmethod
    def later(cls, make: Callable[[], Self], /, **known: Any) -> Self:
        """An object whose `known` fields are there; `make` writes the whole of it when another field is read."""
        self = object.__new__(cls)
        put(self, "_make", make)
        for name, value in known.items():
            put(self, name, value)
        return self

    if not TYPE_CHECKING:  # for the type checker the fields are simply there

        def __getattr__(self, name: str) -> Any:
            if name not in type(self).__slots__:
                raise AttributeError(name)
            whole = object.__getattribute__(self, "_make")()
            for field in type(self).__slots__:
                put(self, field, getattr(whole, field))
            put(self, "_make", None)
            return object.__getattribute__(self, name)


def written(text: Text) -> str:
    """A text, or what the function writes."""
    return text if isinstance(text, str) else text()
