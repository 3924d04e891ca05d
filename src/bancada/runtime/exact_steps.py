"""The preparing steps of scikit-learn pipelines as plain numpy arithmetic, operation for operation.

What is not understood for certain is not tried: `compile_reader` raises NotUnderstood for a pipeline, `Reader`
raises Declined for one input, and the original object does the work. numpy comes from the user's environment, by
way of the model. Standard library only at import, Python 3.8+.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple, cast

__all__ = ["Block", "Declined", "NotUnderstood", "Reader", "compile_reader"]

Change = Callable[[Any], Any]


class NotUnderstood(Exception):
    """The pipeline has a step, or a setting of one, that has no exact equivalent here."""


class Declined(Exception):
    """This input is for the original object."""


class Block(NamedTuple):
    """Columns that are read together: as numbers, or through the categories of an encoder.

    `centre` and `width` say where the numbers of each column usually lie.
    """

    columns: List[Any]  # names, or positions when the model knows no names
    categories: Optional[List[Dict[Any, int]]]
    one_hot: bool
    changes: List[Change]
    centre: List[float]
    width: List[float]


class Reader:
    """Turns a frame or an array into the matrix that the last step gets."""

    def __init__(self, blocks: List[Block], names: Optional[List[str]], after: List[Change], any_order: bool) -> None:
        self.blocks = blocks
        self.names = names  # feature_names_in_
        self.after = after
        # A ColumnTransformer picks columns by name; every other step wants all, in the order of the fit.
        self.any_order = any_order
        self.by_columns = False  # the matrix's layout in memory
        self.numpy: Any = sys.modules["numpy"]
        self.frame: Any = getattr(sys.modules.get("pandas"), "DataFrame", ())

    def __call__(self, given: Any) -> Any:
        """Return the matrix. Raises Declined."""
        pick = self._picker(given)
        rows = len(given)
        if not rows:
            raise Declined
        parts = [self._block(block, pick, rows) for block in self.blocks]
        matrix = parts[0] if len(parts) == 1 else self.numpy.hstack(parts)
        for change in self.after:
            matrix = change(matrix)
        return self.numpy.asfortranarray(matrix) if self.by_columns else matrix

    def _picker(self, given: Any) -> Callable[[Any], Any]:
        if type(given) is self.frame:
            if self.names is None:
                raise Declined
            columns = list(given.columns)
            if columns != self.names and not (self.any_order and set(self.names) <= set(columns)):
                raise Declined
            if len(set(columns)) != len(columns):
                raise Declined
            return lambda name: given[name].to_numpy()
        plain = type(given) is self.numpy.ndarray and self.names is None and not self.any_order
        if not plain or given.ndim != 2 or given.shape[1] != len(self.blocks[0].columns):
            raise Declined
        if given.dtype != self.numpy.float64 and given.dtype != self.numpy.int64:
            raise Declined
        return lambda position: given[:, position]

    def _block(self, block: Block, pick: Callable[[Any], Any], rows: int) -> Any:
        matrix = self._numbers(block, pick, rows) if block.categories is None else self._codes(block, pick, rows)
        for change in block.changes:
            matrix = change(matrix)
        return matrix

    def _numbers(self, block: Block, pick: Callable[[Any], Any], rows: int) -> Any:
        numpy = self.numpy
        matrix = numpy.empty((rows, len(block.columns)))
        for at, name in enumerate(block.columns):
            values = pick(name)
            if values.dtype != numpy.float64 and values.dtype != numpy.int64:
                raise Declined
            matrix[:, at] = values
        if not numpy.isfinite(matrix).all():
            raise Declined
        return matrix

    def _codes(self, block: Block, pick: Callable[[Any], Any], rows: int) -> Any:
        numpy = self.numpy
        found: List[Any] = []
        for name, known in zip(block.columns, block.categories or ()):
            values = pick(name)
            text = type(next(iter(known))) is str
            if values.dtype != object if text else values.dtype not in (numpy.float64, numpy.int64):
                raise Declined
            listed = values.tolist()
            try:
                codes = [known[one] for one in listed]
            except (KeyError, TypeError):
                raise Declined from None
            if text and any(type(one) is not str for one in listed):
                raise Declined
            if block.one_hot:
                part = numpy.zeros((rows, len(known)))
                part[numpy.arange(rows), codes] = 1.0
            else:
                part = numpy.array(codes, dtype=numpy.float64).reshape(rows, 1)
            found.append(part)
        return found[0] if len(found) == 1 else numpy.hstack(found)


def compile_reader(steps: Sequence[Any]) -> Reader:
    """Return what does the work of the preparing steps. Raises NotUnderstood."""
    flat = _flat(steps)
    if not flat:
        raise NotUnderstood("there is no preparing step")
    first = flat[0]
    names = _names(first)
    if _kind(first) == "ColumnTransformer":
        blocks = [_block(step, columns, names) for step, columns in _parts(first)]
        after, any_order = flat[1:], True
        if names is None:
            raise NotUnderstood("the ColumnTransformer knows no column names")
    else:
        columns: List[Any] = list(names) if names is not None else list(range(int(first.n_features_in_)))
        blocks, after, any_order = [_block(first, columns, names)], flat[1:], False
    return Reader(blocks, names, [_change(step)[0] for step in after], any_order)


def _kind(step: Any) -> str:
    """The class's name, of scikit-learn's own classes only."""
    if not str(type(step).__module__).startswith("sklearn."):
        raise NotUnderstood("`%s` is not scikit-learn's" % type(step).__name__)
    if getattr(step, "_sklearn_output_config", None):
        raise NotUnderstood("a step was told by set_output() what to return")
    return type(step).__name__


def _flat(steps: Sequence[Any]) -> List[Any]:
    """The steps in order, inner pipelines opened, steps that do nothing left out."""
    found: List[Any] = []
    for step in steps:
        if step is None or step == "passthrough":
            continue
        found += _flat([one for _, one in step.steps]) if _kind(step) == "Pipeline" else [step]
    return found


def _names(step: Any) -> Optional[List[str]]:
    names = getattr(step, "feature_names_in_", None)
    return None if names is None else [str(one) for one in names]


def _parts(transformer: Any) -> List[Tuple[Any, List[Any]]]:
    """Return (step, columns) of a fitted ColumnTransformer."""
    if transformer.transformer_weights or getattr(transformer, "sparse_output_", False):
        raise NotUnderstood("the ColumnTransformer has weights, or gives a sparse matrix")
    found: List[Tuple[Any, List[Any]]] = []
    for name, step, columns in transformer.transformers_:
        is_list = isinstance(columns, (list, tuple)) or hasattr(columns, "tolist")
        listed: Optional[List[Any]] = list(cast("List[Any]", columns)) if is_list else None
        if listed is not None and not listed or isinstance(step, str) and step == "drop":
            continue
        if name == "remainder" or listed is None or not all(isinstance(one, str) for one in listed):
            raise NotUnderstood("the ColumnTransformer takes columns in another way than by their names")
        found.append((step, listed))
    return found


def _block(step: Any, columns: List[Any], names: Optional[List[str]]) -> Block:
    steps = [] if isinstance(step, str) and step == "passthrough" else _flat([step])
    count = len(columns)
    if steps and _kind(steps[0]) in ("OneHotEncoder", "OrdinalEncoder"):
        encoder = steps[0]
        one_hot = _kind(encoder) == "OneHotEncoder"
        changes = [_change(one)[0] for one in steps[1:]]
        return Block(columns, _categories(encoder, one_hot), one_hot, changes, [0.0] * count, [1.0] * count)
    if names is None and count != int(steps[0].n_features_in_):
        raise NotUnderstood("the columns are not all of the step's")
    changed = [_change(one) for one in steps]
    centre, width = next((place for _, place in changed if place is not None), ([0.0] * count, [10.0] * count))
    return Block(columns, None, False, [change for change, _ in changed], centre, width)


def _categories(encoder: Any, one_hot: bool) -> List[Dict[Any, int]]:
    numpy: Any = sys.modules["numpy"]
    if encoder.dtype is not numpy.float64 or getattr(encoder, "_infrequent_enabled", False):
        raise NotUnderstood("the encoder has another type than float64, or joins rare categories")
    if one_hot and encoder.drop is not None:
        raise NotUnderstood("the encoder drops a category")
    found = [{value: at for at, value in enumerate(one.tolist())} for one in encoder.categories_]
    for known in found:
        kinds: Set[type] = {type(one) for one in known}
        if kinds not in ({str}, {int}, {float}) or any(one != one for one in known):
            raise NotUnderstood("the encoder's categories are neither all text nor all numbers")
    return found


Place = Tuple[List[float], List[float]]


def _change(step: Any) -> Tuple[Change, Optional[Place]]:
    """Return the arithmetic of one numeric step, and where its columns' numbers lie, if it knows."""
    make = _CHANGES.get(_kind(step))
    if make is None:
        raise NotUnderstood("there is no exact equivalent of `%s`" % type(step).__name__)
    return make(step)


def _standard(step: Any) -> Tuple[Change, Optional[Place]]:
    mean, scale = (step.mean_ if step.with_mean else None), (step.scale_ if step.with_std else None)

    def change(matrix: Any) -> Any:
        if mean is not None:
            matrix = matrix - mean
        return matrix / scale if scale is not None else matrix

    place = (list(mean), list(scale)) if mean is not None and scale is not None else None
    return change, place


def _min_max(step: Any) -> Tuple[Change, Optional[Place]]:
    if step.clip:
        raise NotUnderstood("the MinMaxScaler clips")
    scale, low = step.scale_, step.min_
    place = (list((step.data_min_ + step.data_max_) / 2), list(step.data_range_ + 1e-9))
    return lambda matrix: matrix * scale + low, place


def _robust(step: Any) -> Tuple[Change, Optional[Place]]:
    centre, scale = (step.center_ if step.with_centering else None), (step.scale_ if step.with_scaling else None)

    def change(matrix: Any) -> Any:
        if centre is not None:
            matrix = matrix - centre
        return matrix / scale if scale is not None else matrix

    place = (list(centre), list(scale)) if centre is not None and scale is not None else None
    return change, place


def _imputer(step: Any) -> Tuple[Change, Optional[Place]]:
    values = step.statistics_
    if step.add_indicator or step.missing_values == step.missing_values or any(one != one for one in values):
        raise NotUnderstood("the imputer adds columns, drops some, or fills in for something else than NaN")
    # Inputs with NaN are declined before; to all others it does nothing.
    return lambda matrix: matrix, ([float(one) for one in values], [max(1.0, abs(float(one))) for one in values])


_CHANGES: Dict[str, Callable[[Any], Tuple[Change, Optional[Place]]]] = {
    "StandardScaler": _standard,
    "MinMaxScaler": _min_max,
    "RobustScaler": _robust,
    "SimpleImputer": _imputer,
}
