"""The parts of an AutoML job's program that need no platform: settings, journal, charts, the served model."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from bancada.domain.base import parse
from bancada.domain.jobs import Job
from bancada.learning import automl
from bancada.learning.automl import GuardRail, Row
from bancada.learning.automl.columns import Column, columns_of
from bancada.learning.automl.featurize.encode import Encoded, Encoder
from bancada.learning.automl.frame import frame_of
from bancada.learning.automl.intake import take_in
from bancada.learning.automl_job.charts import draw
from bancada.learning.automl_job.client import Refused
from bancada.learning.automl_job.conversions import TableError
from bancada.learning.automl_job.journal import Journal
from bancada.learning.automl_job.program import _Program  # pyright: ignore[reportPrivateUsage]
from bancada.learning.automl_job.publish import Extras, publish_reports
from bancada.learning.automl_job.recorder import Recorder
from bancada.learning.automl_job.served import ServedModel
from bancada.learning.automl_job.settings import settings_of

JOB: dict[str, Any] = {
    "type": "automl",
    "task": "classification",
    "target_column_name": "y",
    "training_data": "./t.csv",
    "primary_metric": "AUC_weighted",
    "n_cross_validations": 4,
    "weight_column_name": "w",
    "positive_label": "yes",
    "limits": {
        "timeout_minutes": 2,
        "trial_timeout_minutes": 1,
        "max_trials": 9,
        "max_concurrent_trials": 2,
        "max_cores_per_trial": 1,
        "enable_early_termination": False,
        "exit_score": 0.9,
    },
    "training": {
        "allowed_training_algorithms": ["LightGBM", "LogisticRegression"],
        "blocked_training_algorithms": ["KNN"],
        "enable_vote_ensemble": False,
        "enable_stack_ensemble": False,
        "enable_model_explainability": False,
        "stack_ensemble_settings": {"stack_meta_learner_type": "LogisticRegression"},
    },
    "featurization": {
        "mode": "custom",
        "column_name_and_types": {"a": "Numeric"},
        "blocked_transformers": ["TfIdf"],
        "transformer_params": {"imputer": [{"fields": ["a"], "parameters": {"strategy": "median"}}]},
        "dataset_language": "eng",
    },
}


def test_every_field_of_a_job_reaches_the_engine_in_its_own_spelling() -> None:
    document = parse(Job, JOB).document()
    found = settings_of(automl, document, metric="AUC_weighted", seed=3, cores=2).checked()
    assert (found.task, found.target_column_name, found.metric, found.seed, found.cores) == (
        "classification", "y", "AUC_weighted", 3, 2
    )  # fmt: skip
    assert (found.n_cross_validations, found.weight_column_name, found.positive_label) == (4, "w", "yes")
    assert found.limits == automl.Limits(2, 1, 9, 2, 1, False, 0.9)
    training = found.training
    assert list(training.allowed_training_algorithms) == ["LightGBM", "LogisticRegression"]
    assert list(training.blocked_training_algorithms) == ["KNN"]
    assert not training.enable_vote_ensemble
    assert not training.enable_stack_ensemble
    assert not training.enable_model_explainability
    featurization = found.featurization
    assert (featurization.mode, featurization.dataset_language) == ("custom", "eng")
    assert list(featurization.blocked_transformers) == ["TfIdf"]
    assert featurization.transformer_params == {"imputer": [{"fields": ["a"], "parameters": {"strategy": "median"}}]}


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_jobs_and_engine_know_the_same_algorithms_and_metrics(task: str) -> None:
    from bancada.domain.fields import fold
    from bancada.domain.jobs.automl_settings import ALGORITHMS, METRICS
    from bancada.learning.automl import settings

    known = (*settings.ALGORITHMS[task], *settings.EXTENSIONS[task])  # type: ignore[index]
    assert {fold(one) for one in ALGORITHMS[task]} == {fold(one) for one in known}
    assert {fold(one) for one in METRICS[task]} == {fold(one) for one in settings.PRIMARY_METRICS[task]}
    assert fold(METRICS[task][0]) == fold(settings.PRIMARY_METRICS[task][0])


def test_a_journal_remembers_what_earlier_attempts_found(tmp_path: Path) -> None:
    first = Journal(tmp_path, 1, minimize=True)
    assert first.best is None
    assert first.beats_earlier(99.0)
    first.current.spent_s, first.current.candidates = 12.0, 3
    first.current.best, first.current.score = 2, 0.5
    first.save()
    second = Journal(tmp_path, 2, minimize=True)
    assert second.spent_s == 12.0
    assert second.best is not None
    assert (second.best.best, second.best.attempt) == (2, 1)
    assert second.beats_earlier(0.4)
    assert not second.beats_earlier(0.6)
    assert not second.beats_earlier(None)
    # All attempts go on in one folder.
    assert second.folder == first.folder
    second.save()
    assert [one.attempt for one in Journal(tmp_path, 3, minimize=False).earlier] == [1, 2]


def test_a_journal_cut_off_in_the_middle_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "attempts.json").write_text('[{"attempt": 1, "spe')
    assert Journal(tmp_path, 2, minimize=True).earlier == []


class Inner:
    labels: tuple[str, ...] = ()

    def predict(self, data: Any) -> list[float]:
        return [1.0] * len(data)

    def predict_proba(self, data: Any) -> list[list[float]]:
        return [[0.0, 1.0]] * len(data)

    def notes(self, data: Any) -> list[str]:
        return ["`year` is 2024 in 1 row; training had 2011 to 2012."]


def test_a_served_model_says_what_is_unusual_about_a_request(caplog: pytest.LogCaptureFixture) -> None:
    model = ServedModel(Inner())
    with caplog.at_level(logging.WARNING, logger="azmlinfsrv"):
        assert model.predict(pd.DataFrame({"year": [2024]})) == [1.0]
    assert "`year` is 2024" in caplog.text
    caplog.clear()
    model.predict(pd.DataFrame({"year": [2024] * 50}))
    assert caplog.text == ""


def test_only_classifiers_have_probabilities() -> None:
    model = ServedModel(Inner())
    assert not hasattr(model, "predict_proba")
    inner = Inner()
    inner.labels = ("no", "yes")
    assert ServedModel(inner).predict_proba([0]) == [[0.0, 1.0]]


def test_a_chart_without_a_picture_is_left_out(tmp_path: Path) -> None:
    assert not draw("something_else", {"data": {}}, tmp_path / "x.png")


class FakeTracking:
    """Keeps what a job's program writes."""

    job = "a_job"

    def __init__(self, children: list[dict[str, Any]]) -> None:
        self._children = children
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.ended: list[tuple[str, str]] = []
        self.tags: dict[str, str] = {}

    def children(self) -> list[dict[str, Any]]:
        return self._children

    def create_child(self, name: str, tags: dict[str, str], start_s: float) -> str:
        return f"run_{tags['automl.candidate']}"

    def log(self, run: str, *, metrics: Any = None, params: Any = None, tags: Any = None, step: int = 0) -> None:
        self.logged.append((run, dict(metrics or {})))
        self.tags |= tags or {}

    def upload(self, run: str, path: Path) -> None:
        """Take files."""

    def end(self, run: str, status: str) -> None:
        self.ended.append((run, status))


def child(number: int, **metrics: float) -> dict[str, Any]:
    data = {
        "tags": [{"key": "automl.candidate", "value": str(number)}],
        "metrics": [{"key": key, "value": value} for key, value in metrics.items()],
    }
    return {"info": {"run_id": f"run_{number}"}, "data": data}


def test_after_a_kill_what_was_half_written_is_filled_and_nothing_is_written_twice(tmp_path: Path) -> None:
    tracking = FakeTracking([child(0, automl_fit_seconds=1.0), child(1)])
    recorder = Recorder(cast("Any", tracking), "AUC_weighted", Journal(tmp_path, 2, minimize=False), lambda _: None)
    for number in range(3):
        recorder.on_candidate(Row(number, "native LightGBM", "LightGBM", "completed", score=0.8))
    recorder.close()
    assert [run for run, _ in tracking.logged] == ["run_1", "run_2"]
    assert tracking.ended == [("run_1", "FINISHED"), ("run_2", "FINISHED")]


def test_the_named_best_is_the_one_whose_model_is_saved_whatever_an_earlier_attempt_had_named(tmp_path: Path) -> None:
    before = Journal(tmp_path, 1, minimize=False)
    before.current.best, before.current.score, before.current.algorithm = 7, 0.9, "VotingEnsemble"
    before.save()
    tracking = FakeTracking([child(7, automl_fit_seconds=1.0)])
    recorder = Recorder(cast("Any", tracking), "AUC_weighted", Journal(tmp_path, 2, minimize=False), lambda _: None)
    row = Row(8, "VotingEnsemble", "VotingEnsemble", "completed", score=0.89)
    recorder.on_best(row)
    recorder.flush()
    assert recorder.best_run is None  # as long as the search goes on, the better one stands
    recorder.settle(row)
    recorder.flush()
    assert recorder.best_run == "run_8"
    assert tracking.tags["automl_best_child_run_id"] == "run_8"
    recorder.close()


def test_types_by_kind_each_finding_and_what_passed_are_said_before_the_first_model(tmp_path: Path) -> None:
    said: list[str] = []
    recorder = Recorder(
        cast("Any", FakeTracking([])), "AUC_weighted", Journal(tmp_path, 1, minimize=False), said.append
    )
    kinds = ["numeric"] * 14 + ["category"]
    columns = [Column(f"c{number}", cast("Any", kind), "", 0, 9) for number, kind in enumerate(kinds)]
    rails = [
        GuardRail("Class balance", "passed", "Even.", "Nothing."),
        GuardRail("Leaks of the target", "alerted", "`c1` tells it.", "Beware."),
        GuardRail("Number of rows", "passed", "Many.", "Nothing."),
    ]
    recorder.on_data_checked(columns, rails)
    recorder.close()
    assert said == [
        "Columns: 14 numeric (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 and 2 more); 1 category (c14).",
        "Guard rail alerted: Leaks of the target: `c1` tells it. Beware.",
        "Guard rails passed: Class balance, Number of rows.",
    ]


def test_charts_that_cannot_be_made_end_neither_the_recorder_nor_the_job(tmp_path: Path) -> None:
    said: list[str] = []
    tracking = FakeTracking([child(0, automl_fit_seconds=1.0)])
    recorder = Recorder(cast("Any", tracking), "AUC_weighted", Journal(tmp_path, 2, minimize=False), said.append)

    def charts() -> dict[str, Any]:
        raise TypeError("no such axis")

    recorder.on_charts(Row(0, "native LightGBM", "LightGBM", "completed"), charts)
    recorder.flush()
    assert said == ["The charts of candidate 0 could not be made: no such axis"]
    recorder.close()


def test_an_attempt_that_was_given_up_stays_so_whatever_is_refused_after(tmp_path: Path) -> None:
    tracking = FakeTracking([])
    recorder = Recorder(cast("Any", tracking), "AUC_weighted", Journal(tmp_path, 1, minimize=False), lambda _: None)

    def refuse(why: str) -> Callable[[], None]:
        def order() -> None:
            raise Refused(why)

        return order

    recorder.later(refuse("Attempt 1 of job `a` was superseded by attempt 2; it may not write any more."))
    recorder.later(refuse("Invalid value for parameter 'metrics[0].name' supplied."))
    recorder.flush()
    with pytest.raises(Refused, match="takes nothing more from this attempt"):
        recorder.on_progress(None)
    recorder.close()


class SlowModel:
    """A model of a clock that is not real: an answer takes `call_s`, and `row_s` more for each row."""

    stack, members, labels = None, (1, 2), ()

    def __init__(self, table: pd.DataFrame, call_s: float, row_s: float) -> None:
        frame = frame_of(table)
        self.encoder = Encoder.of(columns_of(frame, automl.Featurization()), frame)
        self.feature_names = self.encoder.names
        self.call_s, self.row_s, self.now = call_s, row_s, 0.0

    def scores(self, rows: Encoded) -> Any:
        self.now += self.call_s + self.row_s * len(rows)
        return rows.matrix.sum(axis=1)

    def predict(self, table: pd.DataFrame) -> Any:
        return self.scores(self.encoder.encode(table))


def program_after(spent: float, model: SlowModel, tables: dict[str, Any], tmp_path: Path) -> _Program:
    """Return a program whose search had 60 s, and whose model was saved after so many seconds."""

    def fit(*_: Any, **__: Any) -> None:
        model.now += spent

    engine = SimpleNamespace(fit=fit, explain_rows=automl.explain_rows, TablesChanged=automl.TablesChanged)
    order = {"job": {"target_column_name": "y"}}
    journal = Journal(tmp_path, 1, minimize=True)
    program = _Program(order, engine, cast("Any", None), journal, tables=tables, clock=lambda: model.now)
    limits = automl.Limits(timeout_minutes=1)
    program._search(automl.Settings("regression", "y", limits=limits), cast("Any", None))  # pyright: ignore[reportPrivateUsage]
    return program


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"path": "azureml:trees/0123abcd/one.csv", "type": "uri_file"}, "one.csv"),
        (
            {"path": "azureml://datastores/workspaceblobstore/paths/LocalUpload/0123/tables/", "type": "mltable"},
            "tables",
        ),
        ({"path": "azureml:bike-rentals:1", "type": "mltable"}, "azureml:bike-rentals:1"),
    ],
)
def test_what_the_data_do_not_allow_is_told_with_their_name(tmp_path: Path, given: dict[str, str], named: str):
    table = pd.DataFrame({"a": range(40), "y": ["no"] * 40})
    order = {"job": {"target_column_name": "y", "training_data": given}}
    journal = Journal(tmp_path, 1, minimize=False)
    program = _Program(order, automl, cast("Any", None), journal, tables={"training_data": table})
    with pytest.raises(TableError) as caught:
        program._search(automl.Settings("classification", "y").checked(), cast("Any", automl.Silent()))  # pyright: ignore[reportPrivateUsage]
    text = "Target `y` is `no` in every row: there is nothing to learn."
    assert str(caught.value) == f"{text} The training data are `{named}`."


def test_more_folds_than_rows_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pd.DataFrame({"a": range(30), "y": range(30)}).to_csv(tmp_path / "t.csv", index=False)
    order = {"tables": {"training_data": str(tmp_path / "t.csv")}, "job": {}}
    for folds, told in ((500, True), (30, False)):
        program = _Program(order, automl, cast("Any", None), Journal(tmp_path, 1, minimize=True))
        program._read_tables(automl.Settings("regression", "y", n_cross_validations=folds).checked())  # pyright: ignore[reportPrivateUsage]
        text = "n_cross_validations is 500, but there are 30 rows: there can be no more folds than rows."
        assert (text in capsys.readouterr().out) is told


def training(rows: int, columns: int = 100) -> pd.DataFrame:
    cells = {f"c{n}": [float((at * (n + 7)) % 31) for at in range(rows)] for n in range(columns)}
    return pd.DataFrame({**cells, "y": range(rows)})


@pytest.mark.parametrize(("call_s", "row_s"), [(0.001, 0.0), (0.02, 0.00001), (0.0, 0.001), (0.2, 0.01)])
@pytest.mark.parametrize("spent", [5.0, 59.0, 61.0, 70.0])
def test_rows_are_explained_inside_of_the_promised_end(tmp_path: Path, call_s: float, row_s: float, spent: float):
    table = training(300)
    model = SlowModel(table.drop(columns="y"), call_s, row_s)
    program = program_after(spent, model, {"training_data": table}, tmp_path)
    found = program._explained(model, 100)  # pyright: ignore[reportPrivateUsage]
    assert model.now <= max(60 * 1.05 + 2, spent + call_s + 100 * row_s)
    if found is None:
        assert spent > 60 or call_s + row_s > 0.02
        return
    rows = len(found["shares"])
    assert rows == len(found["rows"]) == len(found["target"]) == len(found["predicted"]) == len(found["base"])
    if spent == 5 and call_s == 0.001:
        assert (rows, found["others"]) == (100, 16)


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_parquet_and_json_lines_reach_the_engine_as_csv_does(tmp_path: Path, form: str):
    at = range(60)
    table = pd.DataFrame(
        {
            "x": [None if n % 9 == 0 else n * 0.5 for n in at],
            "town": ["abc"[n % 3] for n in at],
            "smoker": [n % 2 == 0 for n in at],
            "since": [f"2024-01-{1 + n % 28:02d}" for n in at],
            "y": [n % 7 for n in at],
        }
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    if form == "parquet":
        table.to_parquet(tmp_path / "t.parquet")
    else:
        table.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    settings = automl.Settings("regression", "y").checked()
    found: list[Any] = []
    for name in ("t.csv", f"t.{form}"):
        order = {"tables": {"training_data": str(tmp_path / name), "test_data": str(tmp_path / name)}, "job": {}}
        program = _Program(order, automl, cast("Any", None), Journal(tmp_path, 1, minimize=True))
        program._read_tables(settings)  # pyright: ignore[reportPrivateUsage]
        found.append(
            take_in(program.tables["training_data"], None, settings, lambda *_: 3, program.tables["test_data"])
        )
    assert [one.kind for one in found[0].columns] == ["numeric", "category", "boolean", "date"]
    assert found[1].columns == found[0].columns
    assert found[1].rails == found[0].rails
    np.testing.assert_array_equal(found[1].problem.rows.matrix, found[0].problem.rows.matrix)
    np.testing.assert_array_equal(found[1].problem.target, found[0].problem.target)


def test_a_single_test_row_is_compared_with_the_training_data(tmp_path: Path):
    tables = {"training_data": training(300, 3), "test_data": training(300, 3)[7:8]}
    model = SlowModel(tables["training_data"].drop(columns="y"), 0.0, 0.0)
    found = program_after(1.0, model, tables, tmp_path)._explained(model, 100)  # pyright: ignore[reportPrivateUsage]
    assert (found["of"], found["others"], len(found["shares"])) == ("test_data", 16, 1)
    assert all(share != 0 for column in found["shares"][0] for share in column)


def test_what_takes_seconds_is_left_out_when_there_is_no_time_and_the_log_says_so():
    said: list[str] = []
    uploads: list[list[str]] = []

    class Uploads(FakeTracking):
        def upload(self, run: str, folder: Path) -> None:
            uploads.append(sorted(one.name for one in folder.rglob("*") if one.is_file()))

    def explain(rows: int) -> Any:
        raise AssertionError(rows)

    result = SimpleNamespace(
        charts={"residuals": {"data": {}}},
        explanation={"method": "permutation"},
        ensemble={},
        code="",
        transformations=[],
        leaderboard=[],
        learning_curve=[],
        reason="the time is over",
        elapsed_s=1.0,
        test_metrics={},
    )
    publish_reports(cast("Any", Uploads([])), "best", result, Extras(explain, lambda: False), said.append)
    assert "global.json" in uploads[1]
    assert not {"local.json", "residuals.png"} & set(uploads[1])
    assert said == [
        "There was no time to explain rows one by one.",
        "There was no time to draw all charts as pictures; their data are there.",
    ]
