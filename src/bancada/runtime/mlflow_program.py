"""The scoring program of deployments without a script: `init()` and `run()` around an MLflow model.

The replica loads it in place of a user's script, so routes, headers, limits and swagger are the same. What it
adds is `prepare()`: all requests that wait are scored by one call of the model, where that is exact
(`mlflow_batches`). Standard library only at import, Python 3.8+.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any, Dict, List, Optional, Sequence

from .exact_gate import Served
from .exact_steps import NotUnderstood
from .mlflow_batches import Batches
from .mlflow_direct import Direct, make_direct, served_booster
from .mlflow_forms import BadInput, ModelRequest, parse_request, wrap
from .mlflow_model import ServedModel, find_model, load_model
from .rawhttp import RawResponse

__all__ = ["begin", "examples", "facts", "init", "largest_batch", "level", "prepare", "run", "swagger_types"]

logger = logging.getLogger("azmlinfsrv")

# What the model's own code raises over values that it does not know: the request's fault, as at MLflow's server.
_INPUT_FAULTS = (ValueError, TypeError, KeyError, IndexError)


class _Program:
    def __init__(self, model: ServedModel) -> None:
        self.model = model
        self.batches = Batches(model)
        self.direct: Optional[Direct] = None
        self.direct_reason = "there is no exact equivalent of the model"

    def answer(self, text: str) -> Any:
        try:
            ready = self.batches.take(text)
            if ready is not None:
                return wrap(ready[0], self.model.to_json(ready[1]))
            request = parse_request(text)
            found = self._straight(request)
            if found is None:
                found = self.model.predict(self.model.to_input(request.values), request.params, request.method)
            return wrap(request.form, self.model.to_json(found))
        except BadInput as reason:
            return _refusal(str(reason))
        except _INPUT_FAULTS as reason:
            logger.warning("The model refused a request", exc_info=reason)
            return _refusal("The model cannot score this input: %s: %s" % (type(reason).__name__, reason))

    def _straight(self, request: ModelRequest) -> Any:
        if self.direct is None or request.params:
            return None
        found = self.direct.predict(request.values, request.method)
        return None if found is None else self.direct.checked(request.values, request.method, found)

    def use(self, served: Sequence[Served]) -> None:
        """Take the exact equivalent that was admitted, when JSON values can go to it straight."""
        mine = [one for one in served if one.model is self.model.raw]
        try:
            if not mine and type(self.model.raw).__module__ == "xgboost.core":
                mine = [served_booster(self.model, examples())]
            if mine:
                self.direct = make_direct(self.model, mine[0])
        except NotUnderstood as reason:
            self.direct_reason = str(reason)
        except Exception as reason:  # the model's own code, on rows that nobody asked for
            logger.info("The direct way was not tried", exc_info=reason)
            self.direct_reason = "it could not be tried: %s" % reason


_program: Optional[_Program] = None
# MLflow's object, where the replica looks for estimators whose `n_jobs` it sets.
model: Any = None


def init() -> None:
    """Load the model that AZUREML_MODEL_DIR holds."""
    global _program, model
    loaded = load_model(find_model(os.environ.get("AZUREML_MODEL_DIR", "")))
    model = loaded.pyfunc
    _program = _Program(loaded)


def begin(served: Sequence[Served] = ()) -> None:
    """Find out, once everything about the model is settled, what may be scored together, and how."""
    program = _loaded()
    program.use(served)
    program.batches.admit(program.direct)


def examples() -> List[Any]:
    """Return the model's input example, as its library gets it."""
    example = _loaded().model.example()
    return [] if example is None or not len(example) else [_loaded().model.enforced(example)]


def run(data: str) -> Any:
    """Answer one request."""
    return _loaded().answer(data)


def prepare(texts: List[str]) -> None:
    """Score several requests at once; `run` then finds its predictions ready. An empty list forgets them."""
    _loaded().batches.prepare(texts)


def largest_batch() -> int:
    """Return how many requests may be handed over at a time; 1 when the model was not found to allow it."""
    return _loaded().batches.largest


def facts() -> Dict[str, Any]:
    """Return what `deployment show` says about how the model is served."""
    program = _loaded()
    return {"flavors": program.model.flavors, "batch": program.batches.largest, "batch_reason": program.batches.reason}


def level(below: str) -> "tuple[str, str]":
    """Return the level, given the one of the model's object, and why: requests go straight to the equivalent or not."""
    program = _loaded()
    if program.direct is not None:
        return "L2", "straight from JSON, without pandas"
    return below, "through pandas: %s" % program.direct_reason


def swagger_types() -> "tuple[Dict[str, Any], Dict[str, Any]]":
    """Return the JSON schemas of request and answer, with the input example and its predictions."""
    program = _loaded()
    asked: Dict[str, Any] = {
        "type": "object",
        "required": ["input_data"],
        "properties": {"input_data": _table_type(program.model), "params": {"type": "object"}},
    }
    given: Dict[str, Any] = {"type": "array", "items": {}}
    example = program.model.example_document()
    if example is not None:
        asked["example"] = example
        answer = program.answer(json.dumps(example))
        if not isinstance(answer, RawResponse):
            given["example"] = answer
    return asked, given


_JSON_TYPES = {
    "boolean": "boolean", "integer": "integer", "long": "integer", "float": "number", "double": "number",
    "string": "string", "datetime": "string", "binary": "string",
}  # fmt: skip


def _table_type(model: ServedModel) -> Dict[str, Any]:
    columns = model.columns or []
    names: Dict[str, Any] = {"type": "array", "items": {"type": "string"}}
    if columns:
        names["items"]["enum"] = [name for name, _ in columns]
        told = ["%s (%s)" % (name, _JSON_TYPES.get(kind, "any")) for name, kind in columns]
        names["description"] = "The model's columns: %s." % ", ".join(told)
    properties: Dict[str, Any] = {
        "columns": names,
        "index": {"type": "array", "items": {"type": "integer"}},
        "data": {"type": "array", "items": {"type": "array", "items": {}}},
    }
    return {"type": "object", "required": ["columns", "data"], "properties": properties}


def _loaded() -> _Program:
    if _program is None:
        raise RuntimeError("init() was not called")
    return _program


def _refusal(message: str) -> RawResponse:
    text = json.dumps({"error_code": "BAD_REQUEST", "message": message})
    return RawResponse(text, 400, mimetype="application/json")
