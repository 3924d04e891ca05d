"""Answers are computed on one thread, and the number of threads that a person has is put back."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from bancada.learning.automl.threads import one_thread


def counts() -> list[int]:
    return [one["num_threads"] for one in threadpool_info()]


@pytest.fixture
def two_threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(2):
        if 2 not in counts():
            pytest.skip("no library here takes two threads")
        yield


def test_inside_there_is_one_thread_and_afterwards_as_many_as_before(two_threads):
    before = counts()
    with one_thread():
        assert set(counts()) == {1}
    assert counts() == before


def test_one_within_another_changes_and_puts_back_nothing(two_threads):
    before = counts()
    outer, inner = one_thread(), None
    with outer:
        inner = one_thread()
        inner.__enter__()
    # The outer one has ended first, as in a server of many threads.
    inner.__exit__(None, None, None)
    assert counts() == before


def test_what_an_error_interrupts_is_put_back_too(two_threads):
    before = counts()
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert counts() == before
