"""The program that trains a model again: it runs for whatever a model may be made of, and does as the model did."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import joblib
import numpy as np
import pandas as pd
import pytest

from bancada.learning.automl.closing import stack_learner
from bancada.learning.automl.codegen import program
from bancada.learning.automl.featurize.prepare import Preparation
from bancada.learning.automl.intake import take_in
from bancada.learning.automl.learners import LEARNERS, is_installed
from bancada.learning.automl.portfolio import Entry, portfolio
from bancada.learning.automl.settings import ALGORITHMS, EXTENSIONS, Featurization, Settings, Training

# What LightGBM or scikit-learn refuse in a name, and two names that are one where blanks are underscores.
NUMBER, BRACKETS, QUOTES, LEVELS = "a:b", "x [m], {y}", 'he said "no"', "town__a\\b"
TARGETS = {"regression": "pay, in €", "classification": 'is "it"?'}
RECIPES = ("native", "paired", "dense", "scaled", "unit")
TASKS = {task: [*ALGORITHMS[task], *EXTENSIONS[task]] for task in ("classification", "regression")}


def table(rows: int = 90, labels=("no", "yes"), seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            NUMBER: random.normal(0, 1, rows),
            BRACKETS: random.normal(5, 2, rows).round(2),
            "two words": random.integers(1, 8, rows),
            "two_words": random.choice(["y", "n"], rows),
            QUOTES: random.choice(list("abcd"), rows),
            LEVELS: random.choice([f"s{n}" for n in range(14)], rows),
            "since": (pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, rows), unit="D")).astype(
                str
            ),
            "note": [" ".join(random.choice(["pain", "the", "leg", "arm", "bad"], 5)) + f" n{n}" for n in range(rows)],
            "w": random.integers(0, 4, rows),
        }
    )
    x, far = frame[NUMBER].to_numpy(), frame[QUOTES].isin(["a", "c"]).to_numpy()
    frame.loc[random.random(rows) < 0.2, BRACKETS] = np.nan
    frame.loc[random.random(rows) < 0.1, QUOTES] = None
    frame[TARGETS["regression"]] = np.round(np.exp(x) + 2 * far, 3)
    place = np.digitize(x + far, np.quantile(x + far, np.arange(1, len(labels)) / len(labels)))
    frame[TARGETS["classification"]] = [labels[n] for n in place]
    return frame


def asked(task: str, frame: pd.DataFrame, **more) -> tuple[pd.DataFrame, Settings]:
    """Return the table with one target, and settings."""
    (other,) = [name for name in TARGETS.values() if name != TARGETS[task]]
    return frame.drop(columns=other), Settings(task, TARGETS[task], **more).checked()


def problem_of(frame: pd.DataFrame, settings: Settings):
    return take_in(frame, None, settings, lambda *_: 3).problem


class Written:
    """A program as a module, and what it makes of a table."""

    def __init__(self, text: str, frame: pd.DataFrame, folder, monkeypatch) -> None:
        self.text = text
        self.module = ModuleType("script")
        # As its head says: the model loads where the program can be imported.
        monkeypatch.setitem(sys.modules, "script", self.module)
        exec(compile(text, "script.py", "exec"), self.module.__dict__)
        frame.to_csv(folder / "table.csv", index=False)
        self.frame = self.module.read(folder / "table.csv")
        monkeypatch.setattr(sys, "argv", ["script.py", str(folder / "table.csv"), str(folder / "model.joblib")])
        self.folder = folder

    def model(self):
        self.module.main()
        return joblib.load(self.folder / "model.joblib")


@pytest.fixture
def written(tmp_path, monkeypatch):
    def write(problem, settings, frame, members, stack=None) -> Written:
        return Written(program(problem, settings, members, stack), frame, tmp_path, monkeypatch)

    return write


def entries() -> list:
    found = []
    for task, names in TASKS.items():
        first = {one.algorithm: one for one in reversed(portfolio(task, tuple(names), 90, "plain"))}
        for name in names:
            missing = pytest.mark.skipif(not is_installed(name), reason=f"{LEARNERS[name].needs} is not installed")
            one = first.get(name, Entry(name, {"n_neighbors": 5} if name == "KNN" else {}))
            found.append(pytest.param(task, one, id=f"{task}-{name}", marks=missing))
    return found


# Libraries warn of small tables and of few epochs; what they will not take any more has to be known.
pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.filterwarnings("error::FutureWarning"),
    pytest.mark.filterwarnings("error::DeprecationWarning"),
]


@pytest.mark.parametrize(("task", "entry"), entries())
def test_the_program_of_each_learner_runs_with_odd_names_and_text_labels(task, entry, written):
    frame, settings = asked(task, table(labels=("no", "so so", "yes")))
    problem = problem_of(frame, settings)
    model = written(problem, settings, frame, [(entry, 1.0, 8)]).model()
    found = model.predict(frame)
    if task == "classification":
        assert list(model.classes_) == ["no", "so so", "yes"]
        assert set(found) <= {"no", "so so", "yes"}
        np.testing.assert_allclose(model.predict_proba(frame).sum(axis=1), 1.0, atol=1e-6)
    else:
        assert np.isfinite(found).all()
        assert found.min() >= 0  # as the target never was negative


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("labels", [(1, 2, 3), ("no", "yes")])
def test_the_program_of_each_recipe_runs_and_learns(recipe, labels, written):
    frame, settings = asked("classification", table(200, labels))
    members = [(Entry("LightGBM", {"learning_rate": 0.1, "min_data_in_leaf": 5}, recipe), 1.0, 20)]
    model = written(problem_of(frame, settings), settings, frame, members).model()
    assert (model.predict(frame) == frame[settings.target_column_name]).mean() > 0.9


def lacking(wanted: np.ndarray, found: np.ndarray) -> int:
    """Return how many of some columns are not among others."""
    wanted, found = (np.nan_to_num(np.asarray(x, dtype=float), nan=-99.0) for x in (wanted, found))
    return sum(not np.isclose(found, one[:, None], atol=1e-7).all(axis=0).any() for one in wanted.T)


IMPUTERS = {
    "imputer": [
        {"fields": [BRACKETS], "parameters": {"strategy": "constant", "fill_value": 7}},
        {"fields": [QUOTES, "since"], "parameters": {"strategy": "most_frequent"}},
    ]
}
WORDS = {"TfIdf": [{"fields": ["note"], "parameters": {"ngram_range": [1, 1], "max_features": 3}}]}
FEATURIZATIONS = {
    "auto": Featurization(),
    "imputers": Featurization(transformer_params=IMPUTERS),
    "imputers-of-codes": Featurization(transformer_params=IMPUTERS, blocked_transformers=("CatTargetEncoder",)),
    "words": Featurization(transformer_params=WORDS),
    "english": Featurization(dataset_language="eng"),
    "no-columns-of-levels": Featurization(blocked_transformers=("OneHotEncoder",)),
    "no-words": Featurization(blocked_transformers=("TfIdf",)),
}


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(
    ("task", "featurization"),
    [("classification", Featurization()), *(("regression", one) for one in FEATURIZATIONS.values())],
    ids=["classification", *FEATURIZATIONS],
)
def test_the_program_has_the_features_that_the_model_had(task, featurization, recipe, written):
    frame, settings = asked(task, table(200).drop(columns="w"), featurization=featurization)
    problem = problem_of(frame, settings)
    module = written(problem, settings, frame, [(Entry("LightGBM", {}, recipe), 1.0, 8)]).module
    preparation = Preparation(recipe, problem.encoder, problem.featurization)
    rows, target, _ = problem.part(None)
    preparation.fit_transform(rows, target)
    x = module.features(frame)
    found = getattr(module, recipe)().fit(x, target.values).transform(x)
    # Two categories and three pairs of columns have means; those of many levels elsewhere.
    means = {"paired": 5, "native": 0}.get(
        recipe, 2 if "OneHotEncoder" in settings.featurization.blocked_transformers else 1
    )
    means = 0 if "CatTargetEncoder" in settings.featurization.blocked_transformers else means
    # Means come without frequencies, as the program says. They are scaled by those of other parts of the rows.
    assert lacking(preparation.transform(rows), found) == means * (2 if recipe in ("scaled", "unit") else 1)


def test_levels_are_numbers_where_their_encoder_is_blocked():
    frame, settings = asked("regression", table(), featurization=Featurization(blocked_transformers=("LabelEncoder",)))
    text = program(problem_of(frame, settings), settings, [(Entry("LightGBM"), 1.0, 8)])
    assert "cat_feature" not in text
    assert "alphabetical order" in text
    frame, settings = asked("regression", table())
    text = program(problem_of(frame, settings), settings, [(Entry("LightGBM"), 1.0, 8)])
    assert "cat_feature=LEVELS" in text
    assert "alphabetical order" not in text


def parted(rows: int = 60) -> pd.DataFrame:
    day = pd.Series(pd.date_range("2023-11-20", periods=rows))
    parts = {"day": day.dt.day.astype(float), "mnth": day.dt.month, "year": day.dt.year}
    frame = pd.DataFrame({**parts, "x": np.random.default_rng(0).normal(size=rows)})
    frame.loc[5, "day"] = np.nan
    return frame.assign(rentals=np.arange(rows) % 7 + frame["x"].round(1) + 9)


@pytest.mark.parametrize("recipe", ["native", "dense", "scaled"])
def test_the_program_knows_dates_in_three_columns(recipe, written):
    frame, settings = parted(), Settings("regression", "rentals").checked()
    problem = problem_of(frame, settings)
    one = written(problem, settings, frame, [(Entry("LightGBM", {}, recipe), 1.0, 8)])
    assert "CALENDAR = ['year', 'mnth', 'day']" in one.text
    x = one.module.features(frame)
    known = frame["day"].notna()
    days = (pd.Series(pd.date_range("2023-11-20", periods=60)) - pd.Timestamp(0)).dt.days
    assert (x["calendar.days"][known] == days[known]).all()
    assert np.isnan(x["calendar.days"][5])
    assert x["calendar.day_of_year"][0] == 324
    assert len(one.model().predict(frame)) == 60


def test_a_column_of_text_without_any_common_word_is_left_out_as_in_the_model(written):
    frame, settings = asked("regression", table(120))
    frame["note"] = [f"a{n} b{n} c{n}" for n in range(120)]
    problem = problem_of(frame, settings)
    assert problem.encoder.texts == ["note"]
    assert len(written(problem, settings, frame, [(Entry("DecisionTree"), 1.0, 0)]).model().predict(frame)) == 120


@pytest.mark.parametrize("stack", [None, "LogisticRegression", "LightGBMClassifier"])
def test_rows_of_no_weight_teach_the_program_nothing(stack, written):
    frame, settings = asked("classification", table(240), weight_column_name="w")
    name, random = settings.target_column_name, np.random.default_rng(2)
    # Most rows say the opposite, and weigh nothing.
    right = random.random(240) < 0.4
    frame["w"] = np.where(right, 1 + random.random(240), 0)
    frame[name] = np.where((frame[NUMBER] > 0) == right, "yes", "no")
    members = [(Entry("DecisionTree", {"max_depth": 2}), 0.5, 0), (Entry("LogisticRegression", {"C": 1.0}), 0.5, 0)]
    one = written(problem_of(frame, settings), settings, frame, members, stack)
    assert (one.model().predict(frame) == frame[name])[right].mean() > 0.95
    assert "w" not in one.module.NUMBERS


@pytest.mark.parametrize("task", TASKS)
def test_a_stack_learns_from_answers_for_rows_that_its_members_have_not_seen(task, written):
    frame, settings = asked(task, table(200))
    problem = problem_of(frame, settings)
    linear = Entry("LogisticRegression", {"C": 1.0}) if problem.classes else Entry("ElasticNet", {"alpha": 0.003})
    # One that knows the training rows by heart would get all weight if it were trusted on them.
    members = [(Entry("DecisionTree"), 0.5, 0), (linear, 0.5, 0)]
    one = written(problem, settings, frame, members, stack_learner(settings))
    model = one.model()
    last = model.stack_.steps[-1][1]
    coefficients = np.abs(getattr(last, "regressor_", last).coef_).ravel()
    assert coefficients[1] > coefficients[0]
    assert len(model.predict(frame.head(3))) == 3
    assert "The stack learns from 3 folds of its own." in one.text


def test_the_stack_takes_the_learner_that_was_asked_for():
    wanted = Training(stack_meta_learner_type="LightGBMClassifier")
    assert stack_learner(Settings("classification", "y", training=wanted).checked()) == "LightGBMClassifier"
    assert stack_learner(Settings("classification", "y")) == "LogisticRegression"


@pytest.mark.parametrize(
    ("name", "given"),
    [("ElasticNetCV", {"cv": 3}), ("LinearRegression", {}), ("LightGBMRegressor", {"n_estimators": 7})],
)
def test_a_stacks_learner_is_written_with_its_parameters(name, given, written):
    training = Training(stack_meta_learner_type=name, stack_meta_learner_kwargs=given)
    frame, settings = asked("regression", table(120), training=training)
    problem = problem_of(frame, settings)
    members = [(Entry("LightGBM", {"rounds": 20}), 0.5, 20), (Entry("ElasticNet", {}), 0.5, 0)]
    one = written(problem, settings, frame, members, stack_learner(settings))
    last = one.model().stack_.steps[-1][1]
    last = getattr(last, "regressor_", last)
    assert {key: last.get_params()[key] for key in given} == given


def test_each_class_counts_alike_where_the_metric_says_so(written):
    frame, settings = asked("classification", table(200), primary_metric="norm_macro_recall")
    name = settings.target_column_name
    random = np.random.default_rng(1)
    frame[name] = np.where(random.random(200) < 0.08, "rare", "usual")
    members = [(Entry("LogisticRegression", {"C": 0.001}), 1.0, 0)]
    model = written(problem_of(frame, settings), settings, frame, members).model()
    shares = frame[name].value_counts(normalize=True)[model.classes_].to_numpy()
    expected = model.classes_[(model.predict_proba(frame) / shares).argmax(axis=1)]
    assert (model.predict(frame) == expected).all()
    assert (expected == "rare").sum() > 20


def test_only_targets_that_were_never_negative_have_a_floor():
    frame, settings = asked("regression", table())
    assert "FLOOR = 0.0" in program(problem_of(frame, settings), settings, [])
    frame[settings.target_column_name] -= 5
    assert "FLOOR" not in program(problem_of(frame, settings), settings, [])


@pytest.mark.parametrize("task", TASKS)
def test_a_run_without_any_candidate_has_a_program_too(task, written):
    frame, settings = asked(task, table())
    one = written(problem_of(frame, settings), settings, frame, [])
    assert "before any candidate was done" in one.text
    assert len(one.model().predict(frame)) == len(frame)


def test_the_program_says_what_it_does_not_do_as_the_model_did_and_nothing_else():
    frame, settings = asked("regression", table(), weight_column_name="w")
    problem = problem_of(frame, settings)
    text = program(problem, settings, [(Entry("GaussianProcess", {"target": "log"}), 0.6, 0), (Entry("KNN"), 0.4, 0)])
    assert "It takes no weights of rows." in text
    assert "func=np.log, inverse_func=np.exp" in " ".join(text.split())
    assert "LightGBM" not in text
    numbers = frame[[NUMBER, "w", settings.target_column_name]]
    plain = program(problem_of(numbers, settings), settings, [(Entry("LassoLars"), 1.0, 0)])
    assert [line for line in plain.splitlines() if line.startswith("# - ")] == ["# - Random numbers."]
    assert not {"Words", "OneHotEncoder", "to_datetime", "TargetEncoder"} & set(plain.replace("(", " ").split())


def test_the_program_has_no_long_lines_and_no_piece_that_it_does_not_use():
    frame, settings = asked("regression", table())
    named = [(Entry(name, {"max_features": 0.123456789}), 0.5, 0) for name in ("RandomForest", "ExtremeRandomTrees")]
    text = program(problem_of(frame, settings), settings, named, "ElasticNet")
    assert max(map(len, text.splitlines())) <= 120
    compile(text, "script.py", "exec")
    assert "def native" not in text
    assert "def scaled" not in text


def test_the_program_runs_by_itself_and_its_model_loads_elsewhere(tmp_path):
    frame, settings = asked("classification", table(labels=(1, 2, 3)))
    members = [(Entry("LogisticRegression", {"C": 1.0}), 1.0, 0)]
    (tmp_path / "script.py").write_text(program(problem_of(frame, settings), settings, members), encoding="utf-8")
    frame.to_csv(tmp_path / "table.csv", index=False)
    done = subprocess.run(
        [sys.executable, "script.py", "table.csv"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("accuracy: ")
    loading = "from script import *\nprint(sorted(set(joblib.load('model.joblib').predict(read('table.csv')))))"
    found = subprocess.run(
        [sys.executable, "-c", loading], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300
    )
    assert "1" in found.stdout
    assert "3" in found.stdout


def ran(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "script.py", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def test_the_program_explains_itself_and_says_in_one_line_what_it_misses(tmp_path):
    frame, settings = asked("classification", table(labels=(1, 2, 3)))
    members = [(Entry("LogisticRegression", {"C": 1.0}), 1.0, 0)]
    (tmp_path / "script.py").write_text(program(problem_of(frame, settings), settings, members), encoding="utf-8")
    frame.drop(columns=settings.target_column_name).to_csv(tmp_path / "other.csv", index=False)
    (tmp_path / "empty.csv").write_text("")
    assert "import warnings" not in (tmp_path / "script.py").read_text(encoding="utf-8")
    shown = ran(tmp_path, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Trains the model that AutoML chose" in shown.stdout
    for words, text in (
        ([], "required: table"),
        (["none.csv"], "the table cannot be read: [Errno 2] No such file or directory: 'none.csv'"),
        (["empty.csv"], "the table cannot be read: No columns to parse from file"),
        (["other.csv"], f"other.csv has no column {settings.target_column_name!r}; it has "),
    ):
        failed = ran(tmp_path, *words)
        assert failed.returncode == 2
        assert "script.py: error: " in failed.stderr
        assert text in failed.stderr
        assert "Traceback" not in failed.stderr


def test_the_program_of_boosted_trees_does_not_warn_of_its_own_arrays(tmp_path):
    frame, settings = asked("regression", table())
    text = program(problem_of(frame, settings), settings, [(Entry("LightGBM", {"n_estimators": 5}), 1.0, 5)])
    assert "X does not have valid feature names" in text  # LightGBM 4.6 with scikit-learn 1.7; newer ones are silent
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    frame.to_csv(tmp_path / "table.csv", index=False)
    done = ran(tmp_path, "table.csv")
    assert (done.returncode, done.stderr) == (0, "")
