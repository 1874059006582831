"""The collector of garbage runs again when nobody holds it back any more, whatever went wrong meanwhile."""

import gc

import pytest

from app.core import collector


def test_最後一個離開才恢復_發生錯誤也一樣() -> None:
    @collector.held_back()
    def work() -> bool:
        return gc.isenabled()

    with collector.held_back():
        assert not work(), "裡面的工作做完，外面的還在做"
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), collector.held_back():
        raise ValueError("x")
    assert gc.isenabled()
