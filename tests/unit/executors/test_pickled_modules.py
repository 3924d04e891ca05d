"""The modules that a pickle names: read quickly, as the opcodes say, and without running anything."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import pickle
import random
from pathlib import Path
from typing import Any

import numpy
import pytest

from bancada.runtime.pickled_modules import modules_in_opcodes, modules_in_pickle


class Bag(dict[str, Any]):
    """A dictionary with attributes: pickled with SETITEMS and BUILD."""


class Row(list[Any]):
    """A list of a class: pickled with APPENDS."""


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a, self.b = 1, {2}


def filled() -> list[Any]:
    bag, row = Bag(a=Row([1, Slotted()])), Row([collections.OrderedDict(x=1), frozenset({"a"})])
    bag.extra = datetime.date(2026, 1, 2)  # type: ignore[attr-defined]
    return [bag, row, decimal.Decimal("1.5"), fractions.Fraction(1, 3), random.Random(3), {Slotted(), 1}]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [*filled(), filled(), numpy.arange(4.0), numpy.dtype("i4"), {"a": [1, None, b"x"]}])
def test_the_quick_reading_agrees_with_the_opcodes(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    assert modules_in_pickle(data) == modules_in_opcodes(data)


def test_modules_are_named() -> None:
    named = modules_in_pickle(pickle.dumps(filled()))
    assert {"decimal", "fractions", "random", "datetime", "collections", __name__} <= named


class Trap:
    """Writes a file when it is loaded."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def test_nothing_is_run_or_imported(tmp_path: Path) -> None:
    data = pickle.dumps(Trap(str(tmp_path / "trap")))
    assert modules_in_pickle(data) == modules_in_opcodes(data) != set()
    assert list(tmp_path.iterdir()) == []
    assert modules_in_pickle(b"\x80\x04cno_such_module_here\nname\n.") == {"no_such_module_here"}


def test_a_module_that_cloudpickle_wrote_down_by_name_counts() -> None:
    # As cloudpickle does: a call of its `subimport` with the module's name.
    data = b"\x80\x04\x8c\x17cloudpickle.cloudpickle\x8c\x09subimport\x93\x8c\x08colorsys\x85R."
    assert modules_in_pickle(data) == modules_in_opcodes(data) == {"cloudpickle.cloudpickle", "colorsys"}


def test_what_stand_ins_cannot_bear_is_read_by_its_opcodes() -> None:
    data = b"\x80\x05\x8c\x03abc\x8c\x01x\x93\x97."  # NEXT_BUFFER without buffers
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(data.replace(b"\x8c\x03abc\x8c\x01x\x93", b""))
    assert modules_in_pickle(data) == {"abc"}


@pytest.mark.parametrize("data", [b"", b"no pickle", b"\x80\x04\x95"])
def test_what_is_no_pickle_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        modules_in_pickle(data)
