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
_ENCODERS = ("OneHotEncoder", "OrdinalEncoder")


class NotUnderstood(Exception):
    """The pipeline has a step, or a setting of one, that has no exact equivalent here."""


class Declined(Exception):
    """This input is for the original object."""


class Block(NamedTuple):
    """Columns that are read together: as numbers, or through the categories of an encoder.

    `centre` and `width` say where the numbers of each column usually lie; `offset` and `factor` lead back from the
    matrix: a column's value is what stands in the matrix times factor, plus offset.
    """

    columns: List[Any]  # names, or positions when the model knows no names
    categories: Optional[List[Dict[Any, int]]]
    one_hot: bool
    changes: List[Change]
    centre: List[float]
    width: List[float]
    fills: bool = False  # whether a step replaces missing numbers
    offset: Any = 0.0
    factor: Any = 1.0


class Reader:
    """Turns a frame or an array into the matrix that the last step gets."""

    def __init__(self, blocks: List[Block], names: Optional[List[str]], after: List[Change], any_order: bool) -> None:
        self.blocks = blocks
        self.names = names  # feature_names_in_
        self.after = after
        # A ColumnTransformer picks columns by name; every other step wants all, in the order of the fit.
        self.any_order = any_order
        self.by_columns = False  # the matrix's layout in memory
        self.takes_nan = False  # whether the last step knows what to do with missing numbers
        self.numpy: Any = sys.modules["numpy"]
        self.frame: Any = getattr(sys.modules.get("pandas"), "DataFrame", ())

    def __call__(self, given: Any) -> Any:
        """Return the matrix. Raises Declined."""
        return self.read(self._picker(given), len(given))

    def read(self, pick: Callable[[Any], Any], rows: int) -> Any:
        """Return the matrix of so many rows; `pick` gives the array of a column's values. Raises Declined."""
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
            return _columns_of(given, columns)
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
            # Not single precision: scalers reckon with it as it is.
            if values.dtype != numpy.float64 and values.dtype.kind != "i":
                raise Declined
            matrix[:, at] = values
        if not numpy.isfinite(matrix).all() and not ((block.fills or self.takes_nan) and not numpy.isinf(matrix).any()):
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


def _columns_of(frame: Any, names: List[str]) -> Callable[[Any], Any]:
    """Return what gives a column's values. Making a Series of each costs more than a small forest's arithmetic."""
    direct: Any = getattr(frame, "_get_column_array", None)
    if direct is None:
        return lambda name: frame[name].to_numpy()
    places = {name: at for at, name in enumerate(names)}
    ndarray: Any = sys.modules["numpy"].ndarray

    def pick(name: Any) -> Any:
        values = direct(places[name])
        return values if type(values) is ndarray else frame[name].to_numpy()

    return pick


def compile_reader(steps: Sequence[Any]) -> Reader:
    """Return what does the work of the preparing steps. Raises NotUnderstood."""
    flat = _flat(steps)
    if not flat:
        raise NotUnderstood("there is no preparing step")
    first = flat[0]
    names = _names(first)
    if _kind(first) == "ColumnTransformer":
        blocks = [_block([step], columns, names) for step, columns in _parts(first)]
        after, any_order = flat[1:], True
        if names is None:
            raise NotUnderstood("the ColumnTransformer knows no column names")
    else:
        columns: List[Any] = list(names) if names is not None else list(range(int(first.n_features_in_)))
        if _kind(first) in _ENCODERS and names is None:
            raise NotUnderstood("an encoder of columns without names")
        blocks, after, any_order = [_block(flat, columns, names)], [], False
    return Reader(blocks, names, [_change(step).change for step in after], any_order)


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


def _block(given: Sequence[Any], columns: List[Any], names: Optional[List[str]]) -> Block:
    steps = _flat(given)
    count = len(columns)
    if steps and _kind(steps[0]) in _ENCODERS:
        encoder = steps[0]
        one_hot = _kind(encoder) == "OneHotEncoder"
        changes = [_change(one).change for one in steps[1:]]
        return Block(columns, _categories(encoder, one_hot), one_hot, changes, [0.0] * count, [1.0] * count)
    if names is None and count != int(steps[0].n_features_in_):
        raise NotUnderstood("the columns are not all of the step's")
    changed = [_change(one) for one in steps]
    centre, width = next((one.place for one in changed if one.place is not None), ([0.0] * count, [10.0] * count))
    offset: Any = 0.0
    factor: Any = 1.0
    for one in changed:
        offset, factor = offset + one.offset * factor, factor * one.factor
    fills = any(_kind(one) == "SimpleImputer" for one in steps)
    return Block(columns, None, False, [one.change for one in changed], centre, width, fills, offset, factor)


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


class Step(NamedTuple):
    """The arithmetic of one numeric step; where its columns' numbers lie, if it knows; and the way back."""

    change: Change
    place: Optional[Tuple[List[float], List[float]]]
    offset: Any = 0.0
    factor: Any = 1.0


def _change(step: Any) -> Step:
    make = _CHANGES.get(_kind(step))
    if make is None:
        raise NotUnderstood("there is no exact equivalent of `%s`" % type(step).__name__)
    return make(step)


def _standard(step: Any) -> Step:
    return _scaler(step.mean_ if step.with_mean else None, step.scale_ if step.with_std else None)


def _robust(step: Any) -> Step:
    return _scaler(step.center_ if step.with_centering else None, step.scale_ if step.with_scaling else None)


def _scaler(centre: Any, scale: Any) -> Step:
    def change(matrix: Any) -> Any:
        if centre is not None:
            matrix = matrix - centre
        return matrix / scale if scale is not None else matrix

    place = (list(centre), list(scale)) if centre is not None and scale is not None else None
    return Step(change, place, 0.0 if centre is None else centre, 1.0 if scale is None else scale)


def _min_max(step: Any) -> Step:
    if step.clip:
        raise NotUnderstood("the MinMaxScaler clips")
    scale, low = step.scale_, step.min_
    place = (list((step.data_min_ + step.data_max_) / 2), list(step.data_range_ + 1e-9))

    def change(matrix: Any) -> Any:
        return matrix * scale + low

    return Step(change, place, -low / scale, 1.0 / scale)


def _imputer(step: Any) -> Step:
    values = step.statistics_
    is_plain = not step.add_indicator and step.missing_values != step.missing_values
    if not is_plain or values.dtype.kind != "f" or any(one != one for one in values):
        raise NotUnderstood("the imputer adds columns, drops some, or fills in for something else than NaN")
    numpy: Any = sys.modules["numpy"]

    def change(matrix: Any) -> Any:
        missing = numpy.isnan(matrix)
        return numpy.where(missing, values, matrix) if missing.any() else matrix

    return Step(change, ([float(one) for one in values], [max(1.0, abs(float(one))) for one in values]))


_CHANGES: Dict[str, Callable[[Any], Step]] = {
    "StandardScaler": _standard,
    "MinMaxScaler": _min_max,
    "RobustScaler": _robust,
    "SimpleImputer": _imputer,
}
