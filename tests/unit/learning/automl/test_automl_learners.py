"""Each learner of the table learns, also from what a fold gives it; merged and rewritten models answer the same."""

from __future__ import annotations

import pickle
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier, RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC

from bancada.learning.automl.learners import LEARNERS, Lesson, is_installed, learn
from bancada.learning.automl.learners.boosting import joined
from bancada.learning.automl.metrics import score_of
from bancada.learning.automl.settings import ALGORITHMS, EXTENSIONS

REGRESSION = [*ALGORITHMS["regression"], *EXTENSIONS["regression"]]
CLASSIFICATION = [*ALGORITHMS["classification"], *EXTENSIONS["classification"]]


def lesson(classes: int, rows: int = 300, name: str = "MultinomialNaiveBayes", **more) -> Lesson:
    random = np.random.default_rng(classes)
    x = random.random((rows + 100, 4))
    x -= 0.0 if name == "MultinomialNaiveBayes" else 0.5  # which alone takes nothing below 0
    score = 3 * x[:, 0] + 2 * x[:, 1] + 0.1 * random.normal(0, 1, rows + 100)
    y = (
        score
        if not classes
        else np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1])).astype(float)
    )
    valid = (x[rows:], y[rows:], None)
    return Lesson(x[:rows], y[:rows], classes, valid=valid, seed=1, **more)


def quality(learned, one: Lesson) -> float:
    x, y, _ = one.valid
    found = learned.predict(x)
    if one.classes:
        np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)
        return score_of("AUC_weighted", y.astype(np.int64), found)
    return score_of("r2_score", y, found)


def test_the_table_has_azures_names_and_ours():
    assert set(LEARNERS) == set(REGRESSION) | set(CLASSIFICATION)


@pytest.mark.parametrize("name", REGRESSION)
def test_every_learner_of_regression_learns(name):
    if not is_installed(name):
        pytest.skip(f"{LEARNERS[name].needs} is not installed")
    one = lesson(0, weights=None)
    learned = learn(name, one)
    assert quality(learned, one) > 0.8
    again = pickle.loads(pickle.dumps(learned))
    np.testing.assert_array_equal(again.predict(one.x), learned.predict(one.x))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", CLASSIFICATION)
def test_every_learner_of_classification_learns(name, classes):
    if not is_installed(name):
        pytest.skip(f"{LEARNERS[name].needs} is not installed")
    one = lesson(classes, name=name)
    assert quality(learn(name, one), one) > 0.75
    assert learn(name, one).predict(one.x[:1]).shape == (1, classes)


@pytest.mark.parametrize("name", [n for n in CLASSIFICATION if n not in ("CatBoost", "XGBoostClassifier")])
def test_a_class_that_a_fold_does_not_have_gets_no_probability_but_a_column(name):
    one = lesson(3)
    seen = one.y != 2
    x, y, _ = one.valid
    part = Lesson(one.x[seen], one.y[seen], 3, valid=(x[y != 2], y[y != 2], None))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = learn(name, part).predict(one.x)
    assert found.shape == (300, 3)
    assert found[:, 2].mean() < 0.1


@pytest.mark.parametrize("name", [n for n, one in LEARNERS.items() if one.uses_weights and is_installed(n)])
def test_weights_of_rows_count(name):
    """Rows of weight nought, with the opposite target, change nothing to speak of."""
    if name not in CLASSIFICATION:
        one = lesson(0)
        wrong = -10 * one.y
    else:
        one = lesson(2, name=name)
        wrong = 1 - one.y
    weights = np.r_[np.ones(300), np.full(300, 1e-6)]
    x, y = np.vstack([one.x, one.x]), np.r_[one.y, wrong]
    weighted = Lesson(x, y, one.classes, weights=weights, valid=one.valid, seed=1)
    assert quality(learn(name, weighted), one) > 0.6


def test_a_machine_of_two_classes_answers_as_scikit_learn_does():

    one = lesson(2, name="SVM")
    theirs = CalibratedClassifierCV(SVC(C=3.0), cv=3, ensemble=False).fit(one.x, one.y)
    ours = learn("SVM", replace(one, parameters={"C": 3.0}, weights=None))
    far = np.vstack([one.x, 1e6 * one.x[:5]])
    np.testing.assert_allclose(ours.predict(far), theirs.predict_proba(far), rtol=1e-9, atol=1e-12)
    assert ours.predict(one.x[:0]).shape == (0, 2)


@pytest.mark.parametrize("classes", [0, 2, 3])
@pytest.mark.parametrize("name", ["LightGBM", "NeuralNetwork", "SVM", "KNN", "ExtremeRandomTrees"])
def test_many_rows_are_answered_as_each_of_them(name, classes):
    """Many rows go in parts that fit into a processor's cache; no rows are answered by none."""
    if name == "SVM" and not classes:
        pytest.skip("SVM classifies")
    one = lesson(classes)
    learned = learn(name, replace(one, parameters={"rounds": 250} if name == "LightGBM" else {}))
    many = np.random.default_rng(3).random((1500, 4))
    parts = [learned.predict(many[start : start + 100]) for start in range(0, len(many), 100)]
    np.testing.assert_allclose(learned.predict(many), np.concatenate(parts), rtol=1e-6, atol=1e-9)
    assert learned.predict(many[:0]).shape == ((0, classes) if classes else (0,))


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_joined_boosted_models_answer_with_the_mean_of_their_raw_scores(classes):
    one = lesson(classes)
    models = [learn("LightGBM", Lesson(one.x, one.y, classes, {"rounds": n}, seed=n)) for n in (7, 12, 30)]
    whole = joined(models)
    raw = [m.booster.predict(one.x, raw_score=True) for m in models]
    expected = np.mean(raw, axis=0)
    np.testing.assert_allclose(whole.booster.predict(one.x, raw_score=True) / 3, expected, rtol=1e-9, atol=1e-9)
    shares = whole.contributions(one.x[:20])
    np.testing.assert_allclose(shares.sum(axis=1), expected[:20].reshape(20, -1), rtol=1e-6, atol=1e-6)


def test_boosting_stops_by_itself_and_keeps_the_best_round():
    one = lesson(0)
    learned = learn("LightGBM", one)
    assert 1 < learned.rounds < 1000
    losses = [
        score_of("root_mean_squared_error", one.valid[1], learned.booster.predict(one.valid[0], num_iteration=n))
        for n in range(1, learned.rounds + 1)
    ]
    assert int(np.argmin(losses)) + 1 == learned.rounds


def test_without_a_clock_the_same_seed_gives_the_same_model():
    for name in ("LightGBM", "NeuralNetwork", "ExtremeRandomTrees"):
        first, second = learn(name, lesson(2)), learn(name, lesson(2))
        np.testing.assert_array_equal(first.predict(lesson(2).x), second.predict(lesson(2).x))


def test_a_forest_as_arrays_answers_as_scikit_learn_does():
    one = lesson(3)
    independent = ExtraTreesClassifier(100, n_jobs=1, random_state=1).fit(one.x, one.y)
    found = learn("ExtremeRandomTrees", one)
    np.testing.assert_allclose(found.predict(one.x), independent.predict_proba(one.x), atol=1e-6)
    real = lesson(0)
    independent = RandomForestRegressor(100, n_jobs=1, random_state=1).fit(real.x, real.y)
    np.testing.assert_allclose(learn("RandomForest", real).predict(real.x), independent.predict(real.x), rtol=1e-9)


@pytest.mark.parametrize("depth", [None, 1, 2])
@pytest.mark.parametrize("digits", [3, 8])
def test_a_forest_walked_in_parts_answers_as_scikit_learn_does(depth, digits):
    """Many rows, trees for several parts, some rows at a leaf long before others; cells that equal thresholds."""
    random = np.random.default_rng(5)
    x = random.random((4000, 3)).round(digits)
    y = np.sin(9 * x[:, 0]) * (x[:, 1] > 0.2) + random.normal(0, 0.3, 4000)
    options = {"n_estimators": 60, "max_depth": depth}
    independent = RandomForestRegressor(n_jobs=1, random_state=1, **options).fit(x, y)
    found = learn("RandomForest", Lesson(x, y, 0, options, seed=1))
    many = np.vstack([x, random.random((3000, 3)).round(digits)])
    np.testing.assert_allclose(found.predict(many), independent.predict(many), rtol=1e-9)
    for rows in (0, 1, 2):
        np.testing.assert_allclose(found.predict(many[:rows]), found.predict(many)[:rows], rtol=1e-12)


def test_a_forest_of_single_leaves_answers_with_the_mean():
    flat = Lesson(np.zeros((20, 2)), np.arange(20.0), 0, {"n_estimators": 3, "bootstrap": False})
    np.testing.assert_allclose(learn("RandomForest", flat).predict(np.ones((5, 2))), np.full(5, 9.5))


@pytest.mark.parametrize("classes", [0, 3])
def test_neighbours_are_scikit_learns(classes):
    one = lesson(classes)
    kind = KNeighborsClassifier if classes else KNeighborsRegressor
    independent = kind(15, weights="distance", n_jobs=1).fit(one.x, one.y)
    x = np.vstack([one.valid[0], one.x[:20]])  # the last ones are training rows: they find themselves
    expected = independent.predict_proba(x) if classes else independent.predict(x)
    np.testing.assert_allclose(learn("KNN", one).predict(x), expected, atol=1e-3)


def test_a_linear_model_as_coefficients_answers_as_scikit_learn_does_and_its_shares_add_up():
    one = lesson(3)
    independent = LogisticRegression(C=1.0, max_iter=200, tol=1e-3).fit(one.x, one.y)
    found = learn("LogisticRegression", one)
    np.testing.assert_allclose(found.predict(one.x), independent.predict_proba(one.x), atol=1e-9)
    shares = found.contributions(one.x)
    np.testing.assert_allclose(shares.sum(axis=1), independent.decision_function(one.x), atol=1e-9)


def test_the_networks_slopes_are_those_of_finite_differences():
    from bancada.learning.automl.learners import network

    random = np.random.default_rng(0)
    layers = [one.astype(np.float64) for one in network._start(3, 5, 2, random)]
    layers = [one + 0.1 * random.standard_normal(one.shape) for one in layers]
    x, goal = random.standard_normal((6, 3)), random.random((6, 2))

    def loss() -> float:
        return float(((network._forward(layers, x)[-1] - goal) ** 2).sum() / 2)

    outs = network._forward(layers, x)
    slopes = network._backward(layers, x, outs, outs[-1] - goal)
    for layer, slope in zip(layers, slopes, strict=True):
        place = tuple(n // 2 for n in layer.shape)
        before = layer[place]
        layer[place] = before + 1e-6
        above = loss()
        layer[place] = before - 1e-6
        below = loss()
        layer[place] = before
        assert slope[place] == pytest.approx((above - below) / 2e-6, rel=1e-4, abs=1e-7)


def test_a_gaussian_process_answers_as_scikit_learns_with_the_same_kernel():
    one = lesson(0)
    found = learn("GaussianProcess", one)
    kernel = found.kernel
    same = ConstantKernel(kernel.size) * Matern(length_scale=1 / kernel.reaches, nu=2.5)
    width = one.x.shape[1]
    same += ConstantKernel(kernel.linear / width) * DotProduct(sigma_0=1.0) + WhiteKernel(kernel.noise)
    independent = GaussianProcessRegressor(same, alpha=0.0, optimizer=None, normalize_y=True).fit(one.x, one.y)
    x = one.valid[0]
    np.testing.assert_allclose(found.predict(x), independent.predict(x), rtol=1e-6, atol=1e-6)
    # The slopes are right: the likelihood that scikit-learn computes is no lower than that of the start.
    start = ConstantKernel(1.0) * Matern(length_scale=np.full(width, 2 * width**0.5), nu=2.5)
    start += ConstantKernel(0.1 / width) * DotProduct(sigma_0=1.0) + WhiteKernel(0.1)
    before = GaussianProcessRegressor(start, alpha=0.0, optimizer=None, normalize_y=True).fit(one.x, one.y)
    assert independent.log_marginal_likelihood_value_ > before.log_marginal_likelihood_value_ + 10


@pytest.mark.parametrize(("turn", "of"), [("sqrt", np.square), ("log", np.exp)])
def test_a_gaussian_process_of_a_turned_target_is_right_on_average(turn, of):
    """What the mean is turned back to is too low: the spread around it counts."""
    random = np.random.default_rng(0)
    x = random.normal(size=(400, 2))
    y = of(3 + x[:, 0] + random.normal(0, 0.7, 400))
    learned = learn("GaussianProcess", Lesson(x, y, 0, {"target": turn}))
    # The mean of (m + e) squared is m squared and 0.49; that of exp(m + e) is exp(m) times exp(0.49 / 2).
    assert learned.smear == pytest.approx(0.49 if turn == "sqrt" else np.exp(0.245), rel=0.2)
    assert learned.predict(x).mean() == pytest.approx(y.mean(), rel=0.07)
    # Far away nothing overflows.
    far = learn("GaussianProcess", Lesson(x[:300], y[:300], 0, {"target": turn})).predict(np.full((1, 2), 1e6))
    assert np.isfinite(far).all()


def test_a_gaussian_process_keeps_to_its_seconds():
    random = np.random.default_rng(0)
    x = random.normal(size=(600, 30))
    started = time.process_time()
    learned = learn("GaussianProcess", Lesson(x, x[:, 0], 0, seconds=0.05))
    assert time.process_time() - started < 2.0
    assert np.isfinite(learned.predict(x[:3])).all()
