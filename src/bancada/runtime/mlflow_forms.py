"""The JSON forms in which a request to an MLflow model may come, and the form of its answer. Not for models.

Each form is a row of `FORMS`: the key that tells it from the others, how its value is read, and what wraps the
predictions. Standard library only, Python 3.8+.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, cast

__all__ = ["FORMS", "METHODS", "METHOD_KEYS", "BadInput", "ModelRequest", "Values", "as_row", "parse_request", "wrap"]

# What may be asked for in place of the model's own prediction function.
METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")
METHOD_KEYS = ("method", "predict_method")


class BadInput(Exception):
    """The request has no form, or no content, that the model can take; the message says what to send."""


@dataclass(frozen=True)
class Values:
    """What a model is asked about: rows with named columns, rows without names, or one array per name.

    kind "rows": `data` is a list of rows, each a list as long as `columns` when there are names.
    kind "arrays": `data` maps names to (nested) lists. kind "array": `data` is one (nested) list.
    """

    kind: str
    data: Any
    columns: Optional[List[str]] = None
    index: Optional[List[Any]] = None


class ModelRequest(NamedTuple):
    """One request, read."""

    form: str
    values: Values
    params: Dict[str, Any]
    method: str  # one of METHODS; "" for the model's own


def parse_request(text: str) -> ModelRequest:
    """Read a request's body. Raises BadInput."""
    try:
        document: Any = json.loads(text)
    except ValueError as reason:
        raise BadInput("The body is not JSON: %s. %s" % (reason, _hint())) from None
    if not isinstance(document, dict):
        raise BadInput("The body is JSON, but no object. %s" % _hint())
    body = cast("Dict[str, Any]", document)
    found = [key for key in FORMS if key in body]
    if len(found) != 1:
        what = "It has %s." % _named(list(body)) if not found else "It has %s; send only one." % _named(found)
        raise BadInput("%s %s" % (what, _hint()))
    key = found[0]
    read, extra, _ = FORMS[key]
    unknown = sorted(set(body) - {key, extra})
    if unknown:
        raise BadInput("Beside `%s` there may only be `%s`; found %s." % (key, extra, _named(unknown)))
    params, method = _params(body.get(extra), extra)
    return ModelRequest(key, read(key, body[key]), params, method)


def wrap(form: str, predictions: Any) -> Any:
    """Return the answer's JSON value in the form that belongs to the request's."""
    key = FORMS[form][2]
    return {key: predictions} if key else predictions


def _hint() -> str:
    return (
        'Send one of %s, for example {"input_data": {"columns": ["a", "b"], "index": [0], "data": [[1, 2]]}}.'
        % ", ".join("`%s`" % key for key in FORMS)
    )


def _named(names: Sequence[str]) -> str:
    return ", ".join("`%s`" % name for name in names) or "nothing"


def _params(given: Any, key: str) -> Tuple[Dict[str, Any], str]:
    if not isinstance(given, dict):
        if given is None or (key == "GlobalParameters" and isinstance(given, (int, float))):
            return {}, ""  # AutoML's regression models are asked with a number there, which means nothing
        raise BadInput("`%s` must be a JSON object of names and values." % key)
    params = dict(cast("Dict[str, Any]", given))
    known = [one for one in METHOD_KEYS if one in params and (params[one] is None or params[one] in METHODS)]
    asked = [params.pop(one) for one in known]
    return params, next((str(one) for one in asked if one is not None), "")


def _split(key: str, value: Any) -> Values:
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):  # pyright: ignore
        raise BadInput('`%s` must be {"columns": […], "index": […], "data": [[…], …]}.' % key)
    body = cast("Dict[str, Any]", value)
    unknown = sorted(set(body) - {"columns", "index", "data"})
    if unknown:
        raise BadInput("`%s` may have columns, index and data; found %s." % (key, _named(unknown)))
    columns, rows = body.get("columns"), cast("List[Any]", body["data"])
    if columns is None:
        return _records(key, rows)
    names = [str(one) for one in cast("List[Any]", columns)]
    if len(names) == 1:  # `"data": ["<base64>"]`, as Azure's image models are asked
        rows = [as_row(one) for one in rows]
    _check_rows(key, rows, len(names))
    index = body.get("index")
    if index is not None and (not isinstance(index, list) or len(cast("List[Any]", index)) != len(rows)):
        raise BadInput("`%s.index` must be a list with one entry for each of the %d rows." % (key, len(rows)))
    return Values("rows", rows, names, cast("Optional[List[Any]]", index))


def as_row(value: Any) -> List[Any]:
    """Return a row of values; a value alone is a row of one."""
    return cast("List[Any]", value) if isinstance(value, list) else [value]


def _check_rows(key: str, rows: List[Any], width: int) -> None:
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(cast("List[Any]", row)) != width:
            found = "%d values" % len(cast("List[Any]", row)) if isinstance(row, list) else type(row).__name__
            raise BadInput("`%s.data[%d]` has %s; there are %d columns." % (key, number, found, width))


def _records(key: str, value: Any) -> Values:
    if not isinstance(value, list):
        raise BadInput("`%s` must be a list of rows." % key)
    rows = cast("List[Any]", value)
    if not any(isinstance(one, dict) for one in rows):
        return Values("array", rows)
    if not all(isinstance(one, dict) for one in rows):
        raise BadInput("`%s` mixes objects with other values; send all rows in one form." % key)
    records = cast("List[Dict[str, Any]]", rows)
    names = list(dict.fromkeys(name for one in records for name in one))
    return Values("rows", [[one.get(name) for name in names] for one in records], names)


def _only_records(key: str, value: Any) -> Values:
    found = _records(key, value)
    if found.kind != "rows" and found.data:
        raise BadInput("`%s` must be a list of objects, one for each row." % key)
    return found


def _input_data(key: str, value: Any) -> Values:
    if isinstance(value, dict) and "data" not in value:
        return _arrays(key, cast("Dict[str, Any]", value))
    if isinstance(value, dict):
        return _split(key, value)
    return _records(key, value)


def _arrays(key: str, value: Dict[str, Any]) -> Values:
    wrong = sorted(name for name, one in value.items() if not isinstance(one, list))
    if wrong or not value:
        raise BadInput("`%s` must map names to lists of values; see %s." % (key, _named(wrong) or "it"))
    return Values("arrays", value)


def _inputs(key: str, value: Any) -> Values:
    if isinstance(value, dict):
        return _arrays(key, cast("Dict[str, Any]", value))
    if isinstance(value, list):
        return Values("array", value)
    raise BadInput("`%s` must be a list, or an object that maps names to lists." % key)


def _automl(key: str, value: Any) -> Values:
    if isinstance(value, dict) and "data" in value:
        return _split(key, cast("Dict[str, Any]", value))
    raise BadInput('`%s` must be {"data": [{"column": value, …}, …]}.' % key)


Reader = Callable[[str, Any], Values]

# The key that tells the form → (how its value is read, the key for parameters, the key around the predictions).
# Azure's `input_data` is answered with the bare predictions, MLflow's own forms as MLflow's server does.
FORMS: Dict[str, Tuple[Reader, str, str]] = {
    "input_data": (_input_data, "params", ""),
    "dataframe_split": (_split, "params", "predictions"),
    "dataframe_records": (_only_records, "params", "predictions"),
    "instances": (_records, "params", "predictions"),
    "inputs": (_inputs, "params", "predictions"),
    "Inputs": (_automl, "GlobalParameters", "Results"),
}
