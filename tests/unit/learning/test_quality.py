"""How good the Bayesian sampler is: against random sampling, and against Optuna's, an independent implementation.

Median over seeds of the best value after a number of trials, on Branin (2 parameters), Hartmann (6) and a mixed
function (logarithmic, uniform, two choices). Optuna is no dependency: its test is skipped where it is not installed.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

import pytest

from bancada.domain.jobs.search_space import Choice, LogUniform, Uniform
from bancada.learning.samplers import Ask, Trial, sampler_for

pytestmark = pytest.mark.slow

Function = Callable[[dict[str, Any]], float]

_ALPHA = (1.0, 1.2, 3.0, 3.2)
_A = ((10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8), (17, 8, 0.05, 10, 0.1, 14))
_P = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


def branin(point: dict[str, Any]) -> float:
    """Two parameters, three equal minima of 0.398."""
    x, y = point["x"], point["y"]
    bowl = (y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2
    return bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def hartmann(point: dict[str, Any]) -> float:
    """Six parameters, minimum -3.322."""
    x = [point[f"x{axis}"] for axis in range(6)]
    hills = [
        alpha * math.exp(-sum(a * (at - p) ** 2 for a, at, p in zip(row, x, peak, strict=True)))
        for alpha, row, peak in zip(_ALPHA, _A, _P, strict=True)
    ]
    return -sum(hills)


def mixed(point: dict[str, Any]) -> float:
    """A learning rate, a momentum and two choices; minimum 0."""
    penalty = {"a": 0.0, "b": 1.0, "c": 2.0}[point["kind"]] + {10: 0.6, 50: 0.0, 100: 0.3, 200: 0.9}[point["trees"]]
    return (math.log10(point["rate"]) + 2.5) ** 2 + (point["momentum"] - 0.7) ** 2 * 4 + penalty


PROBLEMS: dict[str, tuple[Function, dict[str, Any]]] = {
    "branin": (branin, {"x": Uniform(min_value=-5, max_value=10), "y": Uniform(min_value=0, max_value=15)}),
    "hartmann": (hartmann, {f"x{axis}": Uniform(min_value=0, max_value=1) for axis in range(6)}),
    "mixed": (
        mixed,
        {
            "rate": LogUniform(min_value=math.log(1e-5), max_value=0.0),
            "momentum": Uniform(min_value=0, max_value=1),
            "kind": Choice(values=["a", "b", "c"]),
            "trees": Choice(values=[10, 50, 100, 200]),
        },
    ),
}


def searched(name: str, algorithm: str, trials: int, seed: int) -> float:
    """Return the lowest value that a sweep of so many trials finds."""
    function, space = PROBLEMS[name]
    sampler, history = sampler_for(algorithm, space), list[Trial]()
    for index in range(trials):
        point = sampler.next_point(Ask(seed, index, history, goal="minimize"))
        assert point is not None
        history.append(Trial(point, function(point)))
    return min(trial.value for trial in history if trial.value is not None)


def searched_by_optuna(name: str, trials: int, seed: int) -> float:
    """Return the lowest value that Optuna's default sampler finds."""
    optuna: Any = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    function, space = PROBLEMS[name]

    def suggest(trial: Any, key: str) -> Any:
        parameter = space[key]
        if isinstance(parameter, Choice):
            return trial.suggest_categorical(key, parameter.values)
        if isinstance(parameter, LogUniform):
            low, high = math.exp(parameter.min_value or 0), math.exp(parameter.max_value or 0)
            return trial.suggest_float(key, low, high, log=True)
        return trial.suggest_float(key, parameter.min_value, parameter.max_value)

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(lambda trial: function({key: suggest(trial, key) for key in space}), n_trials=trials)
    return float(study.best_value)


@pytest.mark.parametrize("name", PROBLEMS)
def test_bayesian_beats_random_by_a_wide_margin(name: str) -> None:
    ours = statistics.median(searched(name, "bayesian", 60, seed) for seed in range(12))
    at_random = statistics.median(searched(name, "random", 60, seed) for seed in range(12))
    best = {"branin": 0.398, "hartmann": -3.322, "mixed": 0.0}[name]
    assert ours - best < 0.6 * (at_random - best)


@pytest.mark.parametrize("name", PROBLEMS)
def test_bayesian_is_as_good_as_optuna(name: str) -> None:
    theirs = statistics.median(searched_by_optuna(name, 80, seed) for seed in range(15))
    ours = statistics.median(searched(name, "bayesian", 80, seed) for seed in range(15))
    at_random = statistics.median(searched(name, "random", 80, seed) for seed in range(15))
    # Within a tenth of the way from random to Optuna: the noise of 15 seeds.
    assert ours <= theirs + 0.1 * (at_random - theirs)
