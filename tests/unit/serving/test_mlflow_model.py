"""From a request's values to what an MLflow model is asked: types of columns, and which of its methods."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bancada.runtime.mlflow_forms import BadInput, Values
from bancada.runtime.mlflow_model import ServedModel


class Classifier:
    """Has what a classifier has, and nothing else."""

    def predict(self, frame: Any) -> Any:
        """Say no."""
        return ["no"] * len(frame)

    def predict_proba(self, frame: Any) -> Any:
        """Be sure of it."""
        return [[1.0, 0.0]] * len(frame)


class Pyfunc:
    """MLflow's object around a model with columns `zip` (whole numbers) and `wind`; `params` are its own parameters."""

    def __init__(self, *params: str) -> None:
        inputs = [SimpleNamespace(name=name, type=kind) for name, kind in (("zip", "long"), ("wind", "double"))]
        schema = SimpleNamespace(inputs=inputs, is_tensor_spec=lambda: False, has_input_names=lambda: True)
        own = SimpleNamespace(params=[SimpleNamespace(name=one) for one in params]) if params else None
        self.metadata = SimpleNamespace(
            get_input_schema=lambda: schema, get_params_schema=lambda: own, flavors={"sklearn": {}}
        )
        self.asked: list[Any] = []

    def get_raw_model(self) -> Any:
        """Return the library's own."""
        return Classifier()

    def predict(self, frame: Any, params: Any = None) -> Any:
        """Keep what is asked."""
        self.asked.append(params)
        return frame["zip"].tolist()


def kinds_of(*cells: Any) -> tuple[str, list[Any]]:
    column = ServedModel("", Pyfunc()).to_input(Values("rows", [[one, 0.5] for one in cells], ["zip", "wind"]))["zip"]
    return str(column.dtype), column.tolist()


@pytest.mark.parametrize("cells", [("10003",), ("10003", 7), (54.0, "8"), ("02134",)])
def test_a_whole_number_as_text_is_one_for_a_column_of_whole_numbers(cells: Any):
    assert kinds_of(*cells) == ("int64", [int(one) for one in cells])


@pytest.mark.parametrize("cells", [("54.5",), ("8", 54.5), ("x",), (None, "8"), ("1_000",), (str(2**63),)])
def test_what_is_no_whole_number_is_left_for_mlflow_to_refuse(cells: Any):
    assert kinds_of(*cells)[0] != "int64"


ROW = Values("rows", [[1, 0.5]], ["zip", "wind"])


@pytest.mark.parametrize("key", ["method", "predict_method"])
def test_a_method_that_no_model_has_is_refused_with_those_that_this_one_has(key: str):
    model = ServedModel("", Pyfunc())
    with pytest.raises(BadInput) as caught:
        model.predict(model.to_input(ROW), {key: "foo"}, "")
    text = "is `foo`, which is no method of a model. It can be asked for `predict` or `predict_proba`."
    assert str(caught.value) == f"`{key}` {text}"
    with pytest.raises(BadInput, match=r"no `decision_function`.*It can be asked for `predict` or `predict_proba`"):
        model.predict(model.to_input(ROW), {}, "decision_function")


def test_a_whole_number_that_does_not_fit_is_no_other_number() -> None:
    pyfunc = Pyfunc()
    pyfunc.metadata.get_input_schema().inputs[0].type = "integer"
    column = ServedModel("", pyfunc).to_input(Values("rows", [["3000000000", 0.5]], ["zip", "wind"]))["zip"]
    assert column.tolist() == ["3000000000"]


def test_a_models_own_parameter_may_be_called_method():
    pyfunc = Pyfunc("method")
    model = ServedModel("", pyfunc)
    assert model.predict(model.to_input(ROW), {"method": "foo"}, "") == [1]
    assert pyfunc.asked == [{"method": "foo"}]
