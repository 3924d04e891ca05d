"""Rows on which an equivalent must show that it is one: on and beside the thresholds of its trees, and odd ones.

They come in the form that the model was fitted on, a frame or an array. Standard library only at import, 3.8+.
"""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Tuple

from .exact_models import ExactModel
from .exact_steps import Block, NotUnderstood

__all__ = ["generated", "odd"]

_FEWEST, _MOST = 300, 6000
# Rows times trees that are tried: the start of a replica must not take seconds.
_MOST_WORK = 600_000
_BESIDE = 5


def generated(exact: ExactModel) -> Tuple[List[Any], str]:
    """Return frames (plain, whole numbers, some missing), and in words which thresholds they lie on and beside."""
    numpy: Any = sys.modules["numpy"]
    draw = numpy.random.RandomState(0)
    limits = exact.limits
    longest = max([len(one) for one in limits.values()] or [0])
    most = min(_MOST, max(_FEWEST, _MOST_WORK // max(1, exact.trees)))
    rows = min(most, max(_FEWEST, _BESIDE * longest))
    columns: Dict[Any, Any] = {}
    numbers: List[Any] = []
    start = 0
    for block in exact.reader.blocks:
        for at, name in enumerate(block.columns):
            if block.categories is not None:
                known = list(block.categories[at])
                columns[name] = [known[one] for one in draw.randint(len(known), size=rows)]
            else:
                columns[name] = _numbers(draw, block, at, limits.get(start + at), rows)
                numbers.append(name)
        start += _width(block)
    whole = {name: numpy.round(ones) if name in numbers else ones for name, ones in columns.items()}
    frames = [_in_form(exact, columns), _in_form(exact, _small_enough(whole, numbers))]
    if exact.reader.takes_nan or any(block.fills for block in exact.reader.blocks):
        frames.append(_in_form(exact, _with_gaps(draw, exact, columns)))
    total = sum(len(one) for one in limits.values())
    tried = sum(min(len(one), rows // _BESIDE) for one in limits.values())
    return frames, "on and beside %d of %d thresholds" % (tried, total) if total else "drawn from the columns' ranges"


def _width(block: Block) -> int:
    if block.categories is None or not block.one_hot:
        return len(block.columns)
    return sum(len(one) for one in block.categories)


def _numbers(draw: Any, block: Block, at: int, limits: Any, rows: int) -> Any:
    """Return a column: each threshold, the next numbers below and above in double and in single precision."""
    numpy: Any = sys.modules["numpy"]
    centre, width = float(block.centre[at]), float(block.width[at])
    anywhere = centre + width * draw.standard_normal(rows) * 1.5
    if limits is None or not len(limits):
        return anywhere
    # In the column's own numbers: a scaler may round, so that "on" is beside and the neighbours are on.
    raw = limits * _of(block.factor, at) + _of(block.offset, at)
    raw = raw[numpy.isfinite(raw)]
    narrow = raw.astype(numpy.float32)
    single = numpy.float32(numpy.inf)
    beside = numpy.concatenate(
        [
            raw,
            numpy.nextafter(raw, -numpy.inf),
            numpy.nextafter(raw, numpy.inf),
            numpy.nextafter(narrow, -single).astype(numpy.float64),
            numpy.nextafter(narrow, single).astype(numpy.float64),
        ]
    )
    beside = beside[numpy.isfinite(beside)]
    column = numpy.resize(beside[draw.permutation(len(beside))], rows) if len(beside) else anywhere
    # Beside rows full of thresholds some that lie anywhere.
    loose = draw.random_sample(rows) < (0.1 if rows > len(beside) else 0.0)
    return numpy.where(loose, anywhere, column)


def _of(value: Any, at: int) -> float:
    return float(value[at]) if hasattr(value, "__len__") else float(value)


def _small_enough(columns: Dict[Any, Any], numbers: List[Any]) -> Dict[Any, Any]:
    """Whole numbers as integers, where they are such that integers hold them."""
    found = dict(columns)
    for name in numbers:
        if bool((abs(columns[name]) < 1 << 53).all()):
            found[name] = columns[name].astype("int64")
    return found


def _with_gaps(draw: Any, exact: ExactModel, columns: Dict[Any, Any]) -> Dict[Any, Any]:
    numpy: Any = sys.modules["numpy"]
    found = dict(columns)
    for block in exact.reader.blocks:
        for name in block.columns:
            if block.categories is None and (block.fills or exact.reader.takes_nan):
                gaps = draw.random_sample(len(columns[name])) < 0.15
                found[name] = numpy.where(gaps, numpy.nan, columns[name])
    return found


def _in_form(exact: ExactModel, columns: Dict[Any, Any]) -> Any:
    reader = exact.reader
    if reader.names is None:
        return reader.numpy.array([columns[at] for at in range(len(columns))]).T.copy()
    pandas: Any = sys.modules.get("pandas")
    if pandas is None:
        raise NotUnderstood("the model was fitted on named columns, and pandas is not imported")
    frame = pandas.DataFrame(columns)
    for name in reader.names:
        if name not in columns:
            frame[name] = 0  # columns that no step looks at
    return frame[reader.names]


def odd(frame: Any) -> List[Any]:
    """Return inputs that the original refuses or reads in its own way."""
    few = frame[:2]
    found: List[Any] = [frame[:0]]
    if not hasattr(frame, "columns"):
        bad = few.astype("float64")
        bad[0, 0] = float("nan")
        return [*found, bad, few.tolist(), few[:, ::-1], few.astype("float32"), few[0]]
    first, last = frame.columns[0], frame.columns[-1]
    found += [few.drop(columns=[first]), few[list(frame.columns)[::-1]], few.assign(unknown=1)]
    for name in (first, last):
        for value in (float("nan"), None, "zzz", True, 10**30):
            changed = few.copy()
            changed[name] = [value, *few[name].tolist()[1:]]
            found.append(changed)
    return [*found, few.astype(object), few.to_numpy(), few.to_dict(orient="records")]
