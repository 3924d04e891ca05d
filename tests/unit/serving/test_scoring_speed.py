"""`n_jobs=1` on every estimator that the script's globals reach, and on nothing else."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from bancada.runtime.scoring_speed import use_one_thread


class Estimator:
    """What scikit-learn's base class is, as far as parameters go."""

    def __init__(self, **parameters: Any) -> None:
        self.__dict__.update(parameters)
        self._names = list(parameters)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in self._names}
        if deep:
            for name, value in list(found.items()):
                if isinstance(value, Estimator):
                    found.update({f"{name}__{inner}": one for inner, one in value.get_params().items()})
        return found

    def set_params(self, **parameters: Any) -> Estimator:
        for name, value in parameters.items():
            outer, _, inner = name.partition("__")
            if inner:
                getattr(self, outer).set_params(**{inner: value})
            else:
                setattr(self, name, value)
        return self


@pytest.fixture
def sklearn(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("sklearn.base")
    vars(module)["BaseEstimator"] = Estimator
    monkeypatch.setitem(sys.modules, "sklearn.base", module)


def test_nothing_happens_without_sklearn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sklearn.base", raising=False)
    model = Estimator(n_jobs=4)
    assert use_one_thread([{"model": model}]) == []
    assert model.get_params()["n_jobs"] == 4


@pytest.mark.usefixtures("sklearn")
def test_parameters_and_fitted_parts_are_reached() -> None:
    forest, fitted, best = Estimator(n_jobs=-1), Estimator(n_jobs=2), Estimator(n_jobs=8, verbose=0)
    pipeline = Estimator(forest=forest, memory=None)
    pipeline.transformers_ = [("scale", fitted, ["a"]), ("rest", "passthrough", [])]  # type: ignore[attr-defined]
    search = Estimator(n_jobs=3)
    search.best_estimator_ = best  # type: ignore[attr-defined]
    changed = use_one_thread([{"model": pipeline, "models": {"a": [search]}, "__name__": "x", "number": 3}])
    assert {forest.get_params()["n_jobs"], fitted.get_params()["n_jobs"], best.get_params()["n_jobs"]} == {1}
    assert search.get_params()["n_jobs"] == 1
    assert len(changed) == 4
    assert use_one_thread([{"model": pipeline, "models": {"a": [search]}}]) == []


@pytest.mark.usefixtures("sklearn")
def test_models_inside_the_scripts_own_objects_are_reached() -> None:
    holder = type("Holder", (), {"__module__": "entry_module"})()
    holder.model = Estimator(n_jobs=2)
    foreign = type("Foreign", (), {"__module__": "somewhere"})()
    foreign.model = Estimator(n_jobs=2)
    assert use_one_thread([{"holder": holder, "foreign": foreign}]) == ["holder.model.n_jobs"]
    assert foreign.model.get_params()["n_jobs"] == 2


@pytest.mark.usefixtures("sklearn")
def test_none_and_one_stay_and_a_stubborn_estimator_is_left_alone() -> None:
    class Stubborn(Estimator):
        def set_params(self, **parameters: Any) -> Estimator:
            raise RuntimeError("no")

    values = {"a": Estimator(n_jobs=None), "b": Estimator(n_jobs=1), "c": Stubborn(n_jobs=2)}
    assert use_one_thread([values]) == []
    assert values["c"].get_params()["n_jobs"] == 2


@pytest.mark.usefixtures("sklearn")
def test_circles_and_crowds_end() -> None:
    first, second = Estimator(n_jobs=2), Estimator(n_jobs=2)
    first.other, second.other = second, first  # type: ignore[attr-defined]
    crowd = [Estimator(n_jobs=None) for _ in range(10_000)]
    assert len(use_one_thread([{"first": first, "crowd": crowd}])) == 2


@pytest.mark.usefixtures("sklearn")
def test_where_none_means_all_cores_it_is_set_too() -> None:
    class Light(Estimator):
        pass

    Light.__module__ = "lightgbm.sklearn"
    plain, light = Estimator(n_jobs=None), Light(n_jobs=None)
    assert use_one_thread([{"plain": plain, "light": light}]) == ["light.n_jobs"]
    assert (plain.get_params()["n_jobs"], light.get_params()["n_jobs"]) == (None, 1)
