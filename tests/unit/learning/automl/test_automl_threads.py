"""Answers are computed on one thread, and the number of threads that a person has is put back."""

from __future__ import annotations

import threading

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


def test_one_within_another_puts_nothing_back_too_early(two_threads):
    before = counts()
    with one_thread():
        with one_thread():
            assert set(counts()) == {1}
        assert set(counts()) == {1}
    assert counts() == before


def test_what_an_error_interrupts_is_put_back_too(two_threads):
    before = counts()
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert counts() == before


def test_threads_that_overlap_compute_on_one_and_put_back_what_was(two_threads):
    """The second one comes while the first is inside, and leaves after it, as in a server."""
    before, inside = counts(), list[list[int]]()
    first_in, second_in, first_out = (threading.Event() for _ in range(3))

    def first() -> None:
        with one_thread():
            first_in.set()
            assert second_in.wait(60)
        first_out.set()

    def second() -> None:
        assert first_in.wait(60)
        with one_thread():
            second_in.set()
            assert first_out.wait(60)
            inside.append(counts())

    together = [threading.Thread(target=one) for one in (first, second)]
    for one in together:
        one.start()
    for one in together:
        one.join()
    assert [set(one) for one in inside] == [{1}]
    assert counts() == before
