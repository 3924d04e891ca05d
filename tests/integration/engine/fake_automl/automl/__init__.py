"""An engine that learns nothing: it reports candidates with set scores, as fast or slowly as the table says.

Its table has the columns `score` (what the next candidate scores), `seconds` (how long it takes) and `y`.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any


class SettingsError(ValueError):
    pass


class TablesChanged(SettingsError):
    pass


@dataclass(frozen=True)
class Limits:
    timeout_minutes: float = 1.0
    trial_timeout_minutes: float | None = None
    max_trials: int | None = None
    max_concurrent_trials: int | None = None
    max_cores_per_trial: int = 1
    enable_early_termination: bool = True
    exit_score: float | None = None

    @property
    def timeout_s(self) -> float:
        return self.timeout_minutes * 60


@dataclass(frozen=True)
class Training:
    allowed_training_algorithms: Any = None
    blocked_training_algorithms: Any = ()
    enable_vote_ensemble: bool = True
    enable_stack_ensemble: bool = True
    enable_model_explainability: bool = True


@dataclass(frozen=True)
class Featurization:
    mode: str = "auto"
    column_name_and_types: Any = None


@dataclass(frozen=True)
class Settings:
    task: str
    target_column_name: str
    primary_metric: str
    n_cross_validations: Any = None
    validation_data_size: float | None = None
    limits: Limits = field(default_factory=Limits)
    training: Training = field(default_factory=Training)
    featurization: Featurization = field(default_factory=Featurization)
    seed: int = 0
    cores: int | None = None

    def checked(self) -> Settings:
        return self


@dataclass(frozen=True)
class Row:
    number: int
    name: str
    algorithm: str
    state: str
    score: float | None
    parameters: Any = field(default_factory=dict)
    error_of_score: float | None = None
    metrics: Any = field(default_factory=dict)
    folds: int = 1
    fit_s: float = 0.1
    predict_s: float = 0.01
    size_bytes: int = 100
    members: Any = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True)
class Rail:
    name: str
    status: str
    found: str
    done: str


@dataclass(frozen=True)
class Member:
    name: str


@dataclass(frozen=True)
class Explanation:
    method: str
    importances: Any
    rows: int


@dataclass(frozen=True)
class LocalExplanation:
    method: str
    columns: tuple[str, ...]
    shares: Any
    base: Any
    others: int


CHARTS = {"residuals": {"data": {"bin_edges": [0, 1 / 3], "bin_counts": [1]}}}


class Predicted(list):
    def tolist(self) -> list[float]:
        return list(self)


@dataclass(frozen=True)
class Model:
    score: float
    labels: Any = ()

    def predict(self, table: Any) -> Predicted:
        return Predicted(0.5 for _ in table.rows)

    @property
    def members(self) -> list[Member]:
        return [Member("Fake")]


@dataclass(frozen=True)
class Result:
    best: Row | None
    model: Model | None
    leaderboard: list[Row]
    columns: Any = ()
    guard_rails: Any = ()
    transformations: Any = ()
    test_metrics: Any = field(default_factory=dict)
    explanation: Any = None
    charts: Any = field(default_factory=dict)
    code: str = "print('the best model')\n"
    reason: str = "all candidates are through"
    elapsed_s: float = 1.0
    learning_curve: Any = ()
    ensemble: Any = field(default_factory=dict)


def fit(
    table: Any, settings: Settings, *, observer: Any, is_cancelled: Any, folder: Any, resume: bool = False, **_: Any
) -> Result:
    """With `resume` no candidate takes any time: as if all of them had ended before."""
    if settings.target_column_name not in table.columns:
        raise SettingsError(f"Column `{settings.target_column_name}` is not in the data.")
    observer.on_data_checked([], [Rail("Number of rows", "alerted", f"{len(table.rows)} rows are few.", "Beware.")])
    rows: list[Row] = []
    best: Row | None = None
    for number, one in enumerate(table.rows[: settings.limits.max_trials]):
        if resume and one["score"] == "changed":
            raise TablesChanged("The tables are not those that the search had begun with.")
        ends = time.monotonic() + (0.0 if resume else float(one["seconds"]))
        while time.monotonic() < ends and not is_cancelled():
            observer.on_progress(None)
            time.sleep(0.02)
        if is_cancelled():
            break
        while one["score"] == "hangs":
            time.sleep(1)
        failed = one["score"] == "fails"
        score = None if failed else float(one["score"])
        row = Row(
            number,
            f"Plain, Fake{number}",
            f"Fake{number}",
            "failed" if failed else "completed",
            score,
            {"depth": number},
            metrics={} if failed else {"r2_score": score, "root_mean_squared_error": 1.0},
            error="it never works" if failed else None,
        )
        rows.append(row)
        observer.on_candidate(row)
        if not failed:
            observer.on_charts(row, lambda score=score: CHARTS if score >= 0 else 1 / 0)
        if score is not None and (best is None or score > best.score):
            best = row
            (folder / "best.json").write_text(json.dumps(score))
            observer.on_best(row)
    explanation = Explanation("permutation", {"score": 0.123456789}, 1)
    return Result(best, Model(best.score) if best else None, rows, charts=CHARTS, explanation=explanation)


def load_best(folder: Any) -> Model:
    return Model(json.loads((folder / "best.json").read_text()))


def explain_rows(model: Any, table: Any, *, others: Any, ends_at: float, clock: Any) -> LocalExplanation | None:
    """A share a row, as many as there are other rows; without time none."""
    if clock() >= ends_at:
        return None
    shares, base = [[[0.1234567]] for _ in table.rows], [[1.0] for _ in table.rows]
    return LocalExplanation("permutation", ("score",), shares, base, len(others.rows))
