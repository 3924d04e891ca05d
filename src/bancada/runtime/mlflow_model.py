"""An MLflow model, loaded by the environment's own mlflow: from JSON values to frames, from predictions to JSON.

Nothing here knows requests' forms (see `mlflow_forms`) or replicas. mlflow, pandas and numpy are imported from
the user's environment when the model is loaded. Standard library only at import, Python 3.8+.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import importlib
import json
import logging
import os
from typing import Any, Dict, List, Optional, Tuple, cast

from .mlflow_forms import METHOD_KEYS, METHODS, BadInput, Values, as_row

__all__ = ["Column", "ModelUnusable", "ServedModel", "find_model", "load_model"]

# How deep below AZUREML_MODEL_DIR a model may lie: <folder of the registration>/<artifact path>/MLmodel.
_DEPTH = 3
_EXAMPLE_ROWS = 3

logger = logging.getLogger("azmlinfsrv")

Column = Tuple[str, str]  # name and MLflow's type


class ModelUnusable(Exception):
    """The model cannot be served; the message says why and what to do."""


def find_model(folder: str) -> str:
    """Return the folder of the model: the one nearest to the top that has an `MLmodel`. Raises ModelUnusable."""
    level = [folder]
    for _ in range(_DEPTH + 1):
        for one in level:
            if os.path.isfile(os.path.join(one, "MLmodel")):
                return one
        level = [entry.path for one in level for entry in sorted(_entries(one), key=_name) if entry.is_dir()]
    raise ModelUnusable("There is no file MLmodel in the model: %s has none." % (folder or "AZUREML_MODEL_DIR"))


def _entries(folder: str) -> "List[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _name(entry: "os.DirEntry[str]") -> str:
    return entry.name


def load_model(folder: str) -> "ServedModel":
    """Load the model in a folder with `mlflow.pyfunc`. Raises ModelUnusable, and whatever the model's code raises."""
    try:
        pyfunc: Any = importlib.import_module("mlflow.pyfunc")
        importlib.import_module("pandas")
    except ImportError as reason:
        text = (
            "The environment cannot serve an MLflow model: %s. Leave `environment` out, so that the model's own "
            "is used, or put mlflow (or mlflow-skinny) and pandas into it."
        )
        raise ModelUnusable(text % reason) from reason
    model = pyfunc.load_model(folder)
    return ServedModel(folder, model)


class ServedModel:
    """A loaded model with its signature. `pyfunc` is MLflow's own object."""

    def __init__(self, folder: str, pyfunc: Any) -> None:
        self.folder = folder
        self.pyfunc = pyfunc
        self._pandas: Any = importlib.import_module("pandas")
        self._numpy: Any = importlib.import_module("numpy")
        self._schema: Any = pyfunc.metadata.get_input_schema()
        self.flavors: List[str] = sorted(cast("Dict[str, Any]", pyfunc.metadata.flavors or {}))
        self.columns: Optional[List[Column]] = self._columns()

    def _columns(self) -> Optional[List[Column]]:
        if self._schema is None or self._schema.is_tensor_spec() or not self._schema.has_input_names():
            return None
        return [(str(one.name), str(getattr(one.type, "name", one.type))) for one in self._schema.inputs]

    @property
    def default_method(self) -> str:
        """The library's function that `pyfunc.predict` calls."""
        flavors = cast("Dict[str, Dict[str, Any]]", self.pyfunc.metadata.flavors or {})
        return str(flavors.get("python_function", {}).get("predict_fn") or "predict")

    @property
    def is_tensor(self) -> bool:
        """Whether the signature asks for arrays."""
        return bool(self._schema is not None and self._schema.is_tensor_spec())

    def to_input(self, values: Values) -> Any:
        """Return what the model's `predict` takes. Raises BadInput."""
        if values.kind == "rows" and not (self.is_tensor and values.columns is None):
            return self._frame(values.data, values.columns, values.index)
        if values.kind == "arrays" and not self.is_tensor:
            lengths = {len(one) for one in values.data.values()}
            if len(lengths) != 1:
                raise BadInput("The columns have different lengths: %s." % ", ".join(map(str, sorted(lengths))))
            return self._cast(self._pandas.DataFrame(values.data))
        if values.kind == "array" and not self.is_tensor:
            return self._unnamed(values.data)
        return self._arrays(values)

    def _frame(self, rows: List[Any], columns: Optional[List[str]], index: Optional[List[Any]] = None) -> Any:
        return self._cast(self._pandas.DataFrame(rows, columns=columns, index=index))

    def _unnamed(self, rows: List[Any]) -> Any:
        """Rows without names: in the signature's order when it has names, else as one array."""
        if self.columns is None:
            return self._array(rows)
        names = [name for name, _ in self.columns]
        full = [as_row(one) for one in rows]
        for number, row in enumerate(full):
            if len(row) != len(names):
                text = "Row %d has %d values; the model has %d columns: %s."
                raise BadInput(text % (number, len(row), len(names), ", ".join("`%s`" % name for name in names)))
        return self._frame(full, names)

    def _arrays(self, values: Values) -> Any:
        if values.kind == "arrays":
            types = {str(one.name): one.type for one in self._schema.inputs}
            return {name: self._array(one, types.get(name)) for name, one in values.data.items()}
        kinds = [one.type for one in self._schema.inputs]
        return self._array(values.data, kinds[0] if len(kinds) == 1 else None)

    def _array(self, rows: Any, kind: Any = None) -> Any:
        try:
            found = self._numpy.array(rows)
            return found.astype(kind) if kind is not None else found
        except (ValueError, TypeError) as reason:
            raise BadInput("The values are no array: %s." % reason) from None

    def _cast(self, frame: Any) -> Any:
        """Give each column the signature's type where JSON has no such type; MLflow itself checks the rest."""
        for name, kind in self.columns or ():
            if name not in frame.columns:
                continue
            if kind in _NUMBERS:
                frame[name] = self._to_number(frame[name], _NUMBERS[kind])
            elif kind == "datetime":
                frame[name] = self._to_time(frame[name], name)
            elif kind == "binary":
                frame[name] = self._to_bytes(frame[name], name)
        return frame

    def _to_number(self, series: Any, kind: str) -> Any:
        is_whole = not kind.startswith("float")
        try:
            # Not left to numpy: before its version 2 it cut off what of a text did not fit.
            given = series.map(_whole) if is_whole and series.dtype.kind == "O" else series
            changed = given.astype(kind)
        except (ValueError, TypeError, OverflowError):
            return series
        # Only what loses nothing: 54.0 is 54, but 54.5 is for MLflow to refuse.
        return changed if not is_whole or bool((changed == given).all()) else series

    def _to_time(self, series: Any, name: str) -> Any:
        try:
            return self._pandas.to_datetime(series)
        except (ValueError, TypeError) as reason:
            raise BadInput("Column `%s` has a value that is no time: %s." % (name, reason)) from None

    def _to_bytes(self, series: Any, name: str) -> Any:
        try:
            return series.map(_decoded)
        except (binascii.Error, ValueError) as reason:
            raise BadInput("Column `%s` has a value that is not base64: %s." % (name, reason)) from None

    def predict(self, given: Any, params: Dict[str, Any], method: str) -> Any:
        """Return the predictions, as the model gives them. Raises BadInput when the signature refuses the input."""
        self._check_method(params)
        try:
            if method not in ("", "predict"):
                return self._other(method)(self.enforced(given))
            return self.pyfunc.predict(given, params=params) if params else self.pyfunc.predict(given)
        except Exception as reason:
            if type(reason).__name__ == "MlflowException":
                raise BadInput(self._explained(str(reason))) from reason
            raise

    def _explained(self, text: str) -> str:
        """Return MLflow's complaint without the data that it repeats, and what the model takes instead."""
        said = text.rpartition("Error: ")[2] if text.startswith("Failed to enforce schema") else text
        told = ", ".join("`%s` (%s)" % one for one in self.columns or ())
        return said.strip().split("\n\n")[0].strip() + (" The model takes: %s." % told if told else "")

    def _other(self, method: str) -> Any:
        raw = self.raw
        function = getattr(raw, method, None)
        if callable(function):
            return function
        raise BadInput("The model has no `%s`: it is a %s. %s" % (method, type(raw).__name__, self._methods()))

    def _check_method(self, params: Dict[str, Any]) -> None:
        """Refuse a method no model has: MLflow would leave it out and predict. A model may have its own `method`."""
        asked = [key for key in METHOD_KEYS if params.get(key) is not None]
        if asked:
            schema: Any = getattr(self.pyfunc.metadata, "get_params_schema", lambda: None)()
            own = {str(one.name) for one in getattr(schema, "params", ())}
            for key in asked:
                if key not in own:
                    raise BadInput(
                        "`%s` is `%s`, which is no method of a model. %s" % (key, params[key], self._methods())
                    )

    def _methods(self) -> str:
        names = [one for one in METHODS if callable(getattr(self.raw, one, None))]
        return "It can be asked for %s." % " or ".join("`%s`" % one for one in names or METHODS[:1])

    @property
    def raw(self) -> Any:
        """The object of the model's own library."""
        inner = getattr(self.pyfunc, "get_raw_model", None)
        if callable(inner):
            return inner()
        wrapper: Any = getattr(self.pyfunc, "_model_impl", self.pyfunc)
        names = ("sklearn_model", "lgb_model", "xgb_model", "cb_model")
        return next((getattr(wrapper, name) for name in names if hasattr(wrapper, name)), wrapper)

    @property
    def wrapper(self) -> Any:
        """MLflow's object between its `predict` and the library's, which checks no signature."""
        return self.pyfunc._model_impl

    def enforced(self, given: Any) -> Any:
        """Return the input as `pyfunc.predict` would hand it to the library."""
        if self._schema is None:
            return given
        utils: Any = importlib.import_module("mlflow.models.utils")
        enforce: Any = getattr(utils, "_enforce_schema", None)
        return enforce(given, self._schema) if enforce is not None else given

    def to_json(self, predictions: Any) -> Any:
        """Return predictions as JSON values: a frame as records, arrays and series as lists."""
        pandas, numpy = self._pandas, self._numpy
        if isinstance(predictions, pandas.DataFrame):
            return [_plain(one) for one in predictions.to_dict(orient="records")]
        if isinstance(predictions, (pandas.Series, pandas.Index, numpy.ndarray, numpy.generic)):
            values: Any = predictions.tolist()
            return _plain(values) if predictions.dtype == object or predictions.dtype.kind in "mMSV" else values
        return _plain(predictions)

    def example(self) -> Any:
        """Return the model's input example as a frame; None when it has none, or it is no table."""
        pairs = (("serving_input_example.json", "dataframe_split"), ("input_example.json", None))
        for name, key in pairs:
            try:
                with open(os.path.join(self.folder, name), encoding="utf-8") as stream:
                    document: Any = json.load(stream)
                split = document[key] if key else document
                return self._frame(split["data"], [str(one) for one in split["columns"]])
            except (OSError, ValueError, KeyError, TypeError, BadInput):
                continue
        return None

    def example_document(self) -> Optional[Dict[str, Any]]:
        """Return a request's body that the model takes, in Azure's form; None when nothing is known of it."""
        frame = self.example()
        if frame is not None:
            head = frame.head(_EXAMPLE_ROWS)
            rows = [list(row.values()) for row in self.to_json(head)]
            columns = [str(one) for one in frame.columns]
        elif self.columns is not None:
            columns, rows = [name for name, _ in self.columns], [[_ZEROS.get(kind, "") for _, kind in self.columns]]
        else:
            return None
        return {"input_data": {"columns": columns, "index": list(range(len(rows))), "data": rows}}


def _whole(value: Any) -> Any:
    """Return a whole number that came as text as one; Python's own `1_000` is none."""
    return int(value) if isinstance(value, str) and "_" not in value else value


def _decoded(value: Any) -> Any:
    # Clients break long lines (`base64.encodebytes`); any other strange character is a mistake.
    return base64.b64decode("".join(value.split()), validate=True) if isinstance(value, str) else value


# MLflow's types whose values JSON has no type for → what numpy calls them; those that need more than that.
_NUMBERS = {"integer": "int32", "long": "int64", "float": "float32", "double": "float64"}
_ZEROS: Dict[str, Any] = {"integer": 0, "long": 0, "float": 0.0, "double": 0.0, "boolean": False}


def _plain(value: Any) -> Any:
    """Return a value made of what JSON knows; numpy's and pandas' own things by their `tolist` or text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        item: Any = getattr(value, "item", None)
        return item() if item is not None else value
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in cast("Dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in cast("List[Any]", value)]
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if hasattr(value, "to_dict"):
        return _plain(value.to_dict())
    return str(value)
