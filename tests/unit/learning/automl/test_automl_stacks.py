"""What a stack combines its members with: the learner that was asked for, with its own parameters."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.linear_model import ElasticNetCV, LinearRegression, LogisticRegression, LogisticRegressionCV

from bancada.domain.base import parse
from bancada.domain.fields import fold
from bancada.domain.jobs import Job
from bancada.domain.jobs.automl_settings import META_LEARNERS as WORDS
from bancada.learning import automl
from bancada.learning.automl import worker
from bancada.learning.automl.candidates import Candidate
from bancada.learning.automl.clocks import Speeds
from bancada.learning.automl.closing import Closing
from bancada.learning.automl.columns import columns_of
from bancada.learning.automl.featurize.encode import Encoder
from bancada.learning.automl.folds import k_folds, monte_carlo
from bancada.learning.automl.frame import frame_of
from bancada.learning.automl.learners import META_LEARNERS as FUNCTIONS
from bancada.learning.automl.learners import Lesson, learn_meta
from bancada.learning.automl.learners.costs import answering
from bancada.learning.automl.pool import Done
from bancada.learning.automl.portfolio import Entry
from bancada.learning.automl.problem import Problem
from bancada.learning.automl.settings import META_LEARNERS, Featurization, Settings, SettingsError, Training
from bancada.learning.automl.worker import Blend, Fitted
from bancada.learning.automl_job.settings import settings_of

ROWS = 240


class Here:
    """Workers that do a task at once, in this process."""

    idle = 1

    def __init__(self, folder):
        self.folder, self.tasks, self.done = folder, {}, []

    def start(self, key, task, limit_s):
        self.tasks[key] = task
        try:
            self.done.append(Done(key, value=worker._do(self.folder, task)))
        except Exception as error:  # as a worker answers
            self.done.append(Done(key, error=worker._sentence(error)))

    def wait(self, seconds):
        done, self.done = self.done, []
        return done

    def stop(self, key):
        raise AssertionError(f"{key} took too long")


def problem(classes: int, splits=None) -> Problem:
    random = np.random.default_rng(classes)
    x = random.normal(0, 1, ROWS)
    target = (x > 0).astype(float) if classes else x
    frame = frame_of({"x": x})
    encoder = Encoder.of(columns_of(frame, Featurization()), frame)
    labels = ("no", "yes")[:classes]
    task, metric = ("classification", "AUC_weighted") if classes else ("regression", "r2_score")
    rows = encoder.encode(frame)
    splits = splits or k_folds(target, classes, 4, 0)
    return Problem(
        task, metric, encoder, Featurization(), labels, rows, target, None, splits, 0, (-3.0, 3.0), None, None
    )


def candidates(one: Problem) -> list[Candidate]:
    """Return three that are right about different rows."""
    random = np.random.default_rng(9)
    found = []
    for number, name in enumerate(("LightGBM", "KNN", "RandomForest")):
        candidate = Candidate(number, Entry(name, {}), len(one.splits), state="completed")
        for place, split in enumerate(one.splits):
            values = one.target[split.valid] + random.normal(0, 0.5, len(split.valid))
            sure = np.clip(values, 0.02, 0.98)
            candidate.fitted[place] = Fitted(
                np.column_stack([1 - sure, sure]) if one.classes else values, 1, 0.1, 0.1, 10
            )
            candidate.scores[place] = 0.5
        found.append(candidate)
    return found


def closing(one: Problem, folder, training: Training) -> Closing:
    training = replace(training, enable_vote_ensemble=False)
    settings = Settings(one.task, "y", training=training).checked()
    return Closing(one, settings, (), folder, Here(folder), Speeds(), 1e12, True)


def stack_of(one: Problem, folder, training: Training):
    """Return the stack's row, and what it combines with."""
    chosen = [c for c in closing(one, folder, training).choose(candidates(one)) if c.row.algorithm == "StackEnsemble"]
    (stack,) = chosen
    return stack.row, pickle.loads((folder / stack.stack).read_bytes())


def settings_of_job(task: str, stack: dict) -> Settings:
    job = {"type": "automl", "task": task, "target_column_name": "y", "training_data": "./t.csv"}
    document = parse(Job, {**job, "training": {"stack_ensemble_settings": stack}}).document()
    metric = {"classification": "accuracy", "regression": "r2_score"}[task]
    return settings_of(automl, document, metric=metric, seed=0, cores=1).checked()


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_jobs_settings_and_learners_know_the_same_meta_learners(task):
    assert [fold(one) for one in META_LEARNERS[task]] == [fold(one) for one in WORDS[task]]
    assert set(FUNCTIONS) == {name for names in META_LEARNERS.values() for name in names}
    for word, name in zip(WORDS[task], META_LEARNERS[task], strict=True):
        for spelling in (word, name):
            found = settings_of_job(task, {"stack_meta_learner_type": spelling}).training
            assert found.stack_meta_learner_type == name


def test_parameters_of_the_meta_learner_reach_the_engine_also_without_its_name():
    found = settings_of_job("regression", {"stack_meta_learner_type": "None", "stack_meta_learner_k_wargs": {"C": 2}})
    assert found.training.stack_meta_learner_type is None
    assert found.training.stack_meta_learner_kwargs == {"C": 2}


@pytest.mark.parametrize("classes", [0, 2])
def test_a_stack_combines_with_the_learner_that_was_asked_for(classes, tmp_path):
    one = problem(classes)
    row, learned = stack_of(one, tmp_path, Training())
    assert row.parameters["meta_learner"] == META_LEARNERS[one.task][0]
    boosted = "LightGBMClassifier" if classes else "LightGBMRegressor"
    options = {"n_estimators": 7, "num_leaves": 4}
    training = Training(stack_meta_learner_type=boosted, stack_meta_learner_kwargs=options)
    row, learned = stack_of(one, tmp_path, training)
    assert row.parameters["meta_learner"] == boosted
    assert learned.booster.num_trees() == 7
    assert row.score > 0.6


def test_parameters_change_what_a_stack_learns(tmp_path):
    plain = stack_of(problem(2), tmp_path, Training())[1]
    held = stack_of(problem(2), tmp_path, Training(stack_meta_learner_kwargs={"C": 1e-4}))[1]
    assert np.abs(held.coefficients).max() < 0.2 * np.abs(plain.coefficients).max()


def test_a_stack_that_cannot_be_made_is_a_row_that_says_why(tmp_path):
    one = problem(2)
    at_end = closing(one, tmp_path, Training(stack_meta_learner_kwargs={"C_": 1}))
    (best,) = at_end.choose(candidates(one))
    assert best.row.algorithm == "LightGBM"
    (row,) = at_end.failed
    assert (row.state, row.name, row.number) == ("failed", "StackEnsemble", 3)
    assert "unexpected keyword argument 'C_'" in row.error


def test_a_meta_learner_of_the_other_task_is_refused():
    with pytest.raises(SettingsError, match=r"regression `LightGBMClassifier` .* Did you mean `LightGBMRegressor`\?"):
        Settings("regression", "y", training=Training(stack_meta_learner_type="LightGBMClassifier")).checked()


def test_a_stack_is_scored_on_rows_that_it_has_not_seen_also_where_folds_share_rows(tmp_path, monkeypatch):
    one = problem(0, monte_carlo(np.arange(float(ROWS)), 0, 3, 0.4, seed=0))
    seen = []
    monkeypatch.setattr(worker, "_combination", lambda task, some: seen.append(task.rows[some]) or Mean())
    rows = one.positions()
    folds = np.repeat(np.arange(3), [len(split.valid) for split in one.splits])
    x = np.zeros((len(rows), 1))
    worker._do(tmp_path, Blend("ElasticNet", {}, x, one.target[rows], None, 0, folds, rows, 0, "models/s.pkl"))
    assert len(seen) == 4
    for known, split in zip(seen, one.splits, strict=False):
        assert len(known)
        assert not set(known) & set(split.valid)


class Mean:
    def predict(self, x):
        return np.zeros(len(x))


def lesson(classes: int, **parameters) -> Lesson:
    random = np.random.default_rng(5)
    x = random.normal(0, 1, (200, 3))
    y = x @ [1.0, 2.0, 0.0] + random.normal(0, 0.3, 200)
    return Lesson(x, np.digitize(y, [-1, 1]).astype(float) if classes == 3 else y, classes, parameters, seed=1)


def test_linear_meta_learners_are_scikit_learns():
    one = lesson(0)
    expected = LinearRegression().fit(one.x, one.y).predict(one.x)
    np.testing.assert_allclose(learn_meta("LinearRegression", one).predict(one.x), expected, rtol=1e-9)
    theirs = ElasticNetCV(cv=5, max_iter=2000).fit(one.x, (one.y - one.y.mean()) / one.y.std())
    found = learn_meta("ElasticNetCV", one).predict(one.x)
    np.testing.assert_allclose(found, theirs.predict(one.x) * one.y.std() + one.y.mean(), rtol=1e-9)
    one = lesson(3, Cs=[0.1, 1.0])
    theirs = LogisticRegressionCV(
        cv=5, Cs=[0.1, 1.0], max_iter=200, l1_ratios=(0.0,), use_legacy_attributes=False, scoring="accuracy"
    ).fit(one.x, one.y)
    found = learn_meta("LogisticRegressionCV", one).predict(one.x)
    np.testing.assert_allclose(found, theirs.predict_proba(one.x), atol=1e-6)
    theirs = LogisticRegression(C=0.1, max_iter=200, tol=1e-3).fit(one.x, one.y)
    found = learn_meta("LogisticRegression", lesson(3, C=0.1)).predict(one.x)
    np.testing.assert_allclose(found, theirs.predict_proba(one.x), atol=1e-6)


@pytest.mark.parametrize("classes", [0, 3])
def test_boosted_meta_learners_take_the_names_of_lightgbms_classes(classes):
    names = {"n_estimators": 12, "min_child_samples": 8, "reg_lambda": 2.0, "learning_rate": 0.2, "max_depth": 3}
    one = lesson(classes, **names, n_jobs=2)
    theirs = (LGBMClassifier if classes else LGBMRegressor)(
        **names, n_jobs=1, verbosity=-1, random_state=1, deterministic=True, force_row_wise=True
    ).fit(one.x, one.y)
    found = learn_meta("LightGBMClassifier" if classes else "LightGBMRegressor", one).predict(one.x)
    expected = theirs.predict_proba(one.x) if classes else theirs.predict(one.x)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    with pytest.raises(ValueError, match="LightGBM is not given `n_estimator` here"):
        learn_meta("LightGBMRegressor", lesson(0, n_estimator=3))


@pytest.mark.parametrize("folds", [3, 4, 8])
def test_a_slow_member_costs_a_vote_what_the_one_fit_costs_that_it_will_be(folds, tmp_path, monkeypatch):
    """With few folds everything is fitted once, with more of them what would be too slow as a mean."""
    told = []
    monkeypatch.setattr(
        "bancada.learning.automl.closing.without_dear", lambda weights, costs, loss: told.append(costs) or weights
    )
    one = problem(0, k_folds(problem(0).target, 0, folds, 0))
    found = candidates(one)
    for place, fitted in found[0].fitted.items():
        found[0].fitted[place] = replace(fitted, rounds=1000)
    settings = Settings("regression", "y", training=Training(enable_stack_ensemble=False)).checked()
    Closing(one, settings, (), tmp_path, Here(tmp_path), Speeds(), 1e12, True).choose(found)
    (costs,) = told
    assert costs[0] == pytest.approx(answering("LightGBM", ROWS, 1, 0, {}, 1000))
