"""AutoML in the SDK: Azure's names and arguments, jobs that are sent, and a leaderboard that is followed live."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest
from rest_world import Asked, FakeServer, Reply
from test_sdk_streaming import Story
from test_sdk_surface import arguments

from bancada.domain.base import check
from bancada.domain.jobs import AutoMLJob
from bancada.errors import BancadaError, Invalid, JobFailed
from bancada.ml import Input, MLClient, automl, leaderboard, load_job
from bancada.ml.loaders import check_job_file
from bancada.ml.streaming import Follower

TABLE = (
    "training_data target_column_name primary_metric enable_model_explainability weight_column_name validation_data "
    "validation_data_size n_cross_validations cv_split_column_names test_data test_data_size"
)
FEATURIZATION = (
    "blocked_transformers column_name_and_types dataset_language transformer_params mode enable_dnn_featurization"
)
LIMITS = (
    "enable_early_termination exit_score max_concurrent_trials max_cores_per_trial max_nodes max_trials "
    "timeout_minutes trial_timeout_minutes"
)
TRAINING = (
    "enable_onnx_compatible_models enable_dnn_training enable_model_explainability enable_stack_ensemble "
    "enable_vote_ensemble stack_ensemble_settings ensemble_model_download_timeout allowed_training_algorithms "
    "blocked_training_algorithms training_mode"
)
SETTERS = {
    "set_data": "training_data target_column_name weight_column_name validation_data validation_data_size "
    "n_cross_validations cv_split_column_names test_data test_data_size",
    "set_featurization": FEATURIZATION,
    "set_limits": LIMITS,
    "set_training": TRAINING,
}
ENUMS = {
    "BlockedTransformers": "TextTargetEncoder OneHotEncoder CatTargetEncoder TfIdf WoETargetEncoder LabelEncoder "
    "WordEmbedding NaiveBayes CountVectorizer HashOneHotEncoder",
    "ClassificationModels": "LogisticRegression SGD MultinomialNaiveBayes BernoulliNaiveBayes SVM LinearSVM KNN "
    "DecisionTree RandomForest ExtremeRandomTrees LightGBM GradientBoosting XGBoostClassifier",
    "ClassificationPrimaryMetrics": "AUCWeighted Accuracy NormMacroRecall AveragePrecisionScoreWeighted "
    "PrecisionScoreWeighted",
    "FeaturizationMode": "Auto Custom Off",
    "NCrossValidationsMode": "Auto Custom",
    "RegressionModels": "ElasticNet GradientBoosting DecisionTree KNN LassoLars SGD RandomForest ExtremeRandomTrees "
    "LightGBM XGBoostRegressor",
    "RegressionPrimaryMetrics": "SpearmanCorrelation NormalizedRootMeanSquaredError R2Score "
    "NormalizedMeanAbsoluteError",
}
CLASSES = {
    "ColumnTransformer": "fields parameters",
    "StackEnsembleSettings": "stack_meta_learner_k_wargs stack_meta_learner_train_percentage stack_meta_learner_type",
    "TabularFeaturizationSettings": FEATURIZATION,
    "TabularLimitSettings": LIMITS,
    "TrainingSettings": TRAINING,
}
DATA = Input(type="mltable", path="azureml:bike:1")


@pytest.mark.parametrize("name", ["classification", "regression"])
def test_functions_have_azures_arguments(name: str) -> None:
    assert arguments(getattr(automl, name)) == TABLE.split()


@pytest.mark.parametrize("name", list(SETTERS))
@pytest.mark.parametrize("job", ["ClassificationJob", "RegressionJob"])
def test_setters_have_azures_arguments(job: str, name: str) -> None:
    assert arguments(getattr(getattr(automl, job), name)) == SETTERS[name].split()


@pytest.mark.parametrize("name", list(ENUMS))
def test_enumerations_have_azures_words(name: str) -> None:
    ours = {"CatBoost", "NeuralNetwork", "GaussianProcess"} if name.endswith("Models") else set()
    assert [str(one) for one in getattr(automl, name) if str(one) not in ours] == ENUMS[name].split()


@pytest.mark.parametrize("name", list(CLASSES))
def test_classes_take_azures_arguments(name: str) -> None:
    kind = getattr(automl, name)
    kind(**dict.fromkeys(CLASSES[name].split()))
    with pytest.raises(Invalid):
        kind(nonsense=1)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("forecasting", "forecasts of time series"),
        ("image_classification", "images"),
        ("image_classification_multilabel", "images"),
        ("image_instance_segmentation", "images"),
        ("image_object_detection", "images"),
        ("text_classification", "texts"),
        ("text_classification_multilabel", "texts"),
        ("text_ner", "texts"),
    ],
)
def test_a_task_that_is_not_there_yet_says_so(name: str, what: str) -> None:
    with pytest.raises(BancadaError, match=rf"`automl\.{name}` is not there in this version.*no AutoML for {what}"):
        getattr(automl, name)(training_data=DATA)


def test_a_class_that_is_not_there_yet_says_so() -> None:
    with pytest.raises(ImportError, match="`ForecastingSettings` of Azure ML is not there"):
        from bancada.ml.automl import ForecastingSettings  # noqa: F401  # pyright: ignore


def test_a_job_is_built_as_on_azure() -> None:
    job = automl.classification(
        compute="cpu-cluster",
        experiment_name="e",
        training_data=DATA,
        target_column_name="y",
        primary_metric=automl.ClassificationPrimaryMetrics.ACCURACY,
        n_cross_validations=5,
        enable_model_explainability=True,
        tags={"team": "blue"},
        positive_label="yes",
    )
    job.set_limits(timeout_minutes=60, max_trials=5)
    job.set_training(
        blocked_training_algorithms=[automl.ClassificationModels.LOGISTIC_REGRESSION],
        stack_ensemble_settings=automl.StackEnsembleSettings(stack_meta_learner_k_wargs={"C": 1}),
        ensemble_model_download_timeout=5,
    )
    check(job)
    document = job.document()
    assert (document["type"], document["task"], document["primary_metric"]) == ("automl", "classification", "accuracy")
    assert document["training"] == {
        "enable_model_explainability": True,
        "blocked_training_algorithms": ["logistic_regression"],
        "stack_ensemble_settings": {
            "stack_meta_learner_kwargs": {"C": 1},
            "stack_meta_learner_train_percentage": 0.2,
        },
        "ensemble_model_download_timeout_minutes": 5,
    }
    assert (document["compute"], document["tags"], document["positive_label"]) == (
        "cpu-cluster",
        {"team": "blue"},
        "yes",
    )


def test_a_jobs_task_stays_what_its_function_made() -> None:
    with pytest.raises(Invalid):
        automl.regression(training_data=DATA, target_column_name="y").task = "classification"  # type: ignore[assignment]


def test_local_tables_are_sent_and_named_when_they_are_missing(
    tmp_path: Path, server: FakeServer, client: MLClient
) -> None:
    file = tmp_path / "job.yml"
    file.write_text(
        "type: automl\ntask: regression\ntarget_column_name: y\n"
        "training_data: {type: mltable, path: ./table}\nvalidation_data: ./none.csv\n"
    )
    with pytest.raises(BancadaError, match=r"validation_data\.path.*none\.csv"):
        client.jobs.create_or_update(load_job(file))
    with pytest.raises(Invalid) as caught:
        check_job_file(file)
    assert [(one.path, one.line) for one in caught.value.problems] == [
        ("training_data.path", 4),
        ("validation_data", 5),
    ]
    (tmp_path / "none.csv").write_text("y\n1\n")
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "MLTable").write_text("paths: [{file: ./t.csv}]")
    job = load_job(file)
    assert isinstance(job, AutoMLJob)
    sent: list[Any] = []

    def take(asked: Asked) -> Reply:
        sent.append(asked.json())
        return Reply({**asked.json(), "status": "Queued", "id": "azureml:jobs/j"})

    server.route("PUT", "jobs/j", take)
    job.name = "j"
    made = client.jobs.create_or_update(job)
    assert isinstance(made, AutoMLJob)
    assert sent[0]["training_data"]["path"].endswith("/table")
    assert sent[0]["training_data"]["path"].startswith("azureml:trees/")
    assert sent[0]["validation_data"]["path"].endswith("/none.csv")


ROWS: list[dict[str, Any]] = [
    {"name": "a", "trial": 0, "status": "Completed", "algorithm": "LightGBM", "value": 0.9, "seconds_running": 1.25},
    {"name": "b", "trial": 1, "status": "Failed", "algorithm": "KNN", "error": "too much memory"},
    {"name": "c", "trial": 2, "status": "Canceled", "algorithm": "SVM", "value": 0.01},
    {"name": "d", "trial": 3, "status": "Completed", "algorithm": "RandomForest", "value": 0.5, "is_best": True},
]
RESULTS = {"primary_metric": "normalized_root_mean_squared_error", "goal": "minimize"}
RUNNING: dict[str, Any] = {
    "name": "j",
    "type": "automl",
    "status": "Running",
    "started_at": "2026-01-01T00:00:00Z",
    "limits": {"timeout_minutes": 10},
    "results": RESULTS,
}
STARTED = 1767225600.0


def test_a_terminal_shows_the_leaderboard_with_the_best_so_far_and_the_time_left() -> None:
    lines = leaderboard.frame(RUNNING, ROWS, STARTED + 120, width=100, height=20)
    assert lines == [
        "j: Running, 4 candidates (2 completed, 1 failed, 1 canceled), 8 min left",
        "Best normalized_root_mean_squared_error: 0.5 by RandomForest (trial 3)",
        "",
        " trial  algorithm             state       seconds       norm_rmse     best so far",
        "     0  LightGBM              completed       1.2             0.9             0.9",
        "     1  KNN                   failed",
        "     2  SVM                   stopped                        0.01",
        "     3  RandomForest          completed                       0.5             0.5 *",
    ]
    assert all(len(one) < 40 for one in leaderboard.frame(RUNNING, ROWS, STARTED, width=40, height=6))


LOG = (
    b"Read training_data: 100 rows, 3 columns in 0.1 s.\nColumns: 2 numeric (a, b).\n"
    b"Guard rail alerted: Leaks of the target: `a` alone reaches AUC 1.000. Beware.\n"
    b"Guard rails passed: Class balance.\nCandidate 0: native LightGBM completed\nThe best model is saved in j_0.\n"
)


def test_types_and_guard_rails_are_told_before_the_first_candidate(server: FakeServer, client: MLClient) -> None:
    Story(server, [{"status": "Running"}, {"status": "Completed"}], LOG, **RUNNING)
    server.route("GET", "jobs/j/trials", Reply({"items": ROWS[:1], "next": None}))
    out = io.StringIO()
    Follower(client.jobs._scope, "j", out).run()  # pyright: ignore[reportPrivateUsage]
    told = out.getvalue()
    assert LOG.decode().partition("Candidate")[0] + "Candidate 0: LightGBM completed" in told
    assert (told.count("Candidate 0"), "is saved" in told) == (1, False)


def test_a_terminal_has_types_and_guard_rails_above_the_leaderboard(server: FakeServer, client: MLClient) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    Story(server, [{"status": "Running"}, {"status": "Completed"}], LOG, **RUNNING)
    server.route("GET", "jobs/j/trials", Reply({"items": ROWS[:1], "next": None}))
    out = Terminal()
    Follower(client.jobs._scope, "j", out).run()  # pyright: ignore[reportPrivateUsage]
    assert out.getvalue().index("Guard rails passed") < out.getvalue().index("trial  algorithm")


def test_a_job_is_followed_with_a_line_for_each_candidate(server: FakeServer, client: MLClient) -> None:
    seen = [0]

    def trials(asked: Asked) -> Reply:
        seen[0] += 2
        return Reply({"items": ROWS[: seen[0]], "next": None})

    Story(server, [{"status": "Running"}, {"status": "Running"}, {"status": "Completed"}], **RUNNING)
    server.route("GET", "jobs/j/trials", trials)
    out = io.StringIO()
    Follower(client.jobs._scope, "j", out).run()  # pyright: ignore[reportPrivateUsage]
    lines = [one.partition(", ")[0] for one in out.getvalue().splitlines() if one.startswith("Candidate")]
    metric = "normalized_root_mean_squared_error"
    assert lines == [
        f"Candidate 0: LightGBM completed  {metric}=0.9  best so far 0.9",
        "Candidate 1: KNN failed",
        f"Candidate 2: SVM stopped  {metric}=0.01",
        f"Candidate 3: RandomForest completed  {metric}=0.5  best so far 0.5",
    ]
    assert "(too much memory)" in out.getvalue()


def test_the_best_so_far_is_of_all_that_were_told_in_whatever_order_they_ended(
    server: FakeServer, client: MLClient
) -> None:
    late = [ROWS[3], {**ROWS[0], "value": 0.7}]
    answers = iter([late[:1], late, late])
    Story(server, [{"status": "Running"}, {"status": "Running"}, {"status": "Completed"}], **RUNNING)
    server.route("GET", "jobs/j/trials", lambda _: Reply({"items": next(answers, late), "next": None}))
    out = io.StringIO()
    Follower(client.jobs._scope, "j", out).run()  # pyright: ignore[reportPrivateUsage]
    told = [one.rpartition("best so far ")[2].partition(",")[0] for one in out.getvalue().splitlines() if "Cand" in one]
    assert told == ["0.5", "0.5"]


def test_the_last_words_of_a_killed_program_are_told_though_their_line_has_no_end(
    server: FakeServer, client: MLClient
) -> None:
    Story(server, [{"status": "Running"}, {"status": "Failed"}], b"Read training_data.\nKilled by signal 9", **RUNNING)
    server.route("GET", "jobs/j/trials", Reply({"items": [], "next": None}))
    out = io.StringIO()
    with contextlib.suppress(JobFailed):
        Follower(client.jobs._scope, "j", out).run()  # pyright: ignore[reportPrivateUsage]
    assert "Read training_data.\nKilled by signal 9\n" in out.getvalue()
