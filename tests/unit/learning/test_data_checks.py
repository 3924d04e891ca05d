"""Checks before an AutoML training say what the engine's guard rails say of the same table, without its libraries."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bancada.learning.automl import columns as engines_columns
from bancada.learning.automl.engine import _MOST_FOLDED, _PLANNED_SHARE  # pyright: ignore[reportPrivateUsage]
from bancada.learning.automl.intake import take_in
from bancada.learning.automl.learners import LEARNERS
from bancada.learning.automl.portfolio import portfolio
from bancada.learning.automl.settings import ALGORITHMS, COLUMN_TYPES, Featurization, Settings
from bancada.learning.column_kinds import CALENDAR_NAMES, CALENDAR_RANGES
from bancada.learning.column_kinds import COLUMN_TYPES as OUR_TYPES
from bancada.learning.data_checks import LEAK_SAMPLE
from bancada.learning.table_process import checks
from bancada.learning.training_time import COSTS, MOST_FOLDED, MOST_ROWS, PLANNED_SHARE, Plan, estimate, folds_of

ROWS = 400
ENGINES_FOLDS = 5


def table(seed: int) -> dict[str, list[str]]:
    """Return columns of every kind, some with gaps, one that gives the target away."""
    chance = random.Random(seed)
    grade = [chance.choice("abc") for _ in range(ROWS)]
    amount = [2.5 * chance.randint(0, 40) for _ in range(ROWS)]
    sick = [int(one > 75) for one in amount]
    return {
        "customer_id": [str(90_000 + 7 * at) for at in range(ROWS)],
        "row": [str(at + 1) for at in range(ROWS)],
        "grade": grade,
        "grade_again": list(grade),
        "amount": ["" if chance.random() < 0.1 else str(one) for one in amount],
        "height": [str(chance.randint(150, 200)) for _ in range(ROWS)],
        "agreed": [chance.choice(["yes", "no", "?"]) for _ in range(ROWS)],
        "place": [f"p{chance.randint(0, 250)}" for _ in range(ROWS)],
        "token": [f"x{chance.random()}" for _ in range(ROWS)],
        "note": [f"seen by {chance.random()} on ward {at}" for at in range(ROWS)],
        "at": [f"2024-0{1 + at % 9}-1{at % 10}" for at in range(ROWS)],
        "same": ["1"] * ROWS,
        "nothing": [""] * ROWS,
        "noise": [str(chance.random()) for _ in range(ROWS)],
        "sick": [str(one) for one in sick],
        "cost": [str(one * 3 + chance.random() / 100) for one in amount],
    }


def write(folder: Path, columns: Mapping[str, Sequence[str]]) -> Path:
    path = folder / "t.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def ours(path: Path, target: str | None, task: str, types: Mapping[str, str] | None = None, **said: Any) -> Any:
    asked = {"target": target, "task": task, "types": types or {}, "folds": ENGINES_FOLDS, **said}
    return checks({"files": [str(path)], "form": "delimited", "asked": asked})


def engines(path: Path, target: str, task: Any, types: Mapping[str, str] | None = None) -> Any:
    pandas: Any = pytest.importorskip("pandas")
    featurization = Featurization(mode="custom", column_name_and_types=types or {})
    settings = Settings(task, target, featurization=featurization).checked()
    return take_in(pandas.read_csv(path), None, settings, lambda *_: ENGINES_FOLDS)


def told(rails: Sequence[Any]) -> list[tuple[str, str, set[str]]]:
    plain = [one if isinstance(one, dict) else vars(one) for one in rails]
    return [(one["name"], one["status"], set(one["columns"])) for one in plain]


@pytest.mark.parametrize(("target", "task"), [("sick", "classification"), ("cost", "regression")])
@pytest.mark.parametrize("seed", range(3))
def test_columns_and_rails_are_the_engines(tmp_path: Path, target: str, task: str, seed: int):
    path = write(tmp_path, table(seed))
    found, real = ours(path, target, task), engines(path, target, task)
    kinds = {one["name"]: one["kind"] for one in found["columns"] if one["name"] != target}
    assert kinds == {one.name: one.kind for one in real.columns}
    missing = {one["name"]: one["missing"] for one in found["columns"] if one["name"] != target}
    assert missing == {one.name: one.missing for one in real.columns}
    assert told(found["rails"]) == told(real.rails)


def dated(seed: int, name: str = "day") -> dict[str, list[str]]:
    """Return a table whose dates stand in three columns."""
    chance = random.Random(seed)
    days = [at % 365 for at in range(ROWS)]
    return {
        "Year": ["2023" if at < 365 else "2024" for at in range(ROWS)],
        "mnth": [str(1 + day // 31) for day in days],
        name: [str(1 + day % 31) for day in days],
        "x": [str(chance.random()) for _ in days],
        "sold": [str(day * chance.random()) for day in days],
    }


@pytest.mark.parametrize("name", ["day", "day_of_month", "weekday"])
def test_a_date_in_three_columns_is_told_as_the_engine_tells_it(tmp_path: Path, name: str):
    path = write(tmp_path, dated(1, name))
    found, real = ours(path, "sold", "regression"), engines(path, "sold", "regression")
    assert told(found["rails"]) == told(real.rails)
    parts = next((one for one in found["rails"] if one["name"] == "Date in parts"), None)
    assert (parts is None) == (name == "weekday")
    assert parts is None or (parts["status"], parts["columns"]) == ("done", ["Year", "mnth", name])
    # Without featurization, nothing is made of a date.
    plain = ours(path, "sold", "regression", mode="off")["rails"]
    assert "Date in parts" not in {one["name"] for one in plain}


def test_the_names_and_ranges_of_dates_are_the_engines():
    assert (CALENDAR_NAMES, CALENDAR_RANGES) == (engines_columns._CALENDAR_NAMES, engines_columns._CALENDAR_RANGES)  # pyright: ignore[reportPrivateUsage]


def test_a_word_of_the_user_goes_before_what_is_found(tmp_path: Path):
    path = write(tmp_path, table(1))
    types = {"cost": "Ignore", "height": "Categorical", "row": "Numeric"}
    found, real = ours(path, "sick", "classification", types), engines(path, "sick", "classification", types)
    kinds = {one["name"]: (one["kind"], one["reason"]) for one in found["columns"]}
    assert kinds["cost"] == ("ignored", "set")
    assert kinds["height"] == ("category", "set")
    assert told(found["rails"]) == told(real.rails)


def test_copies_and_imbalance_have_their_figures(tmp_path: Path):
    columns = {"a": [str(at % 50) for at in range(200)], "y": ["rare" if at < 8 else "often" for at in range(200)]}
    found = {one["name"]: one for one in ours(write(tmp_path, columns), "y", "classification")["rails"]}
    assert found["Class balance"]["reason"] == "imbalanced"
    values = found["Class balance"]["values"]
    assert (values["small"], values["small_rows"], values["large_rows"]) == ("rare", 8, 192)
    assert found["Equal rows"]["values"] == {"rows": 150, "of": 200}


def test_two_different_classes_are_named_also_when_they_are_equal(tmp_path: Path):
    columns = {"a": [str(at) for at in range(100)], "y": ["yes" if at % 2 else "no" for at in range(100)]}
    found = {one["name"]: one for one in ours(write(tmp_path, columns), "y", "classification")["rails"]}
    values = found["Class balance"]["values"]
    assert (values["small"], values["large"]) == ("no", "yes")


def test_a_decimal_comma_is_a_number(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text("peso;y\n" + "".join(f"{at % 37},5;{at}\n" for at in range(60)))
    assert ours(path, "y", "regression")["columns"][0]["kind"] == "numeric"


@pytest.mark.parametrize(
    ("target", "task", "said", "reason"),
    [
        ("grade", "regression", {}, "no_number"),
        ("same", "classification", {}, "one_value"),
        ("noise", "classification", {}, "too_many_classes"),
        ("sick", "classification", {"positive_label": "maybe"}, "no_such_class"),
        ("grade", "classification", {"positive_label": "nowhere"}, "no_such_class"),
        ("gone", "classification", {}, "absent"),
        ("nothing", "classification", {}, "too_few_rows"),
    ],
)
def test_what_cannot_be_learnt_is_said_before(tmp_path: Path, target: str, task: str, said: Any, reason: str):
    found = ours(write(tmp_path, table(0)), target, task, **said)
    assert [(one["status"], one["reason"]) for one in found["rails"]] == [("failed", reason)]


def test_without_a_target_columns_are_told(tmp_path: Path):
    found = ours(write(tmp_path, table(0)), None, "")
    assert (len(found["columns"]), found["rails"], found["rows"]) == (16, [], ROWS)


def test_of_many_rows_a_sample_is_enough(tmp_path: Path):
    chance = random.Random(3)
    rows = 30_000
    columns = {
        "id": [str(at) for at in range(rows)],
        "x": [f"{chance.random()}" for _ in range(rows)],
        "y": [chance.choice("aaaaaaab") for _ in range(rows)],
    }
    found = ours(write(tmp_path, columns), "y", "classification")
    assert found["sampled"]
    assert [one["kind"] for one in found["columns"]] == ["identifier", "numeric", "category"]
    balance = next(one for one in found["rails"] if one["name"] == "Class balance")
    assert balance["values"]["small_rows"] == pytest.approx(columns["y"].count("b"), rel=0.1)
    assert rows > LEAK_SAMPLE


def test_the_words_for_types_are_the_engines():
    assert OUR_TYPES == COLUMN_TYPES


@pytest.mark.parametrize("shape", [(700, 12, 0), (700, 12, 2), (50_000, 40, 5)])
def test_costs_are_the_engines(shape: tuple[int, int, int]):
    for name, cost in COSTS.items():
        assert cost(*shape) == pytest.approx(LEARNERS[name].cost(*shape, {}), rel=0.01), name
    assert {name: one.most_rows for name, one in LEARNERS.items() if one.most_rows} == MOST_ROWS
    everything = {name for names in ALGORITHMS.values() for name in names}
    assert {name for name in everything if not name.startswith("XGBoost")} <= set(COSTS)
    assert (MOST_FOLDED, PLANNED_SHARE) == (_MOST_FOLDED, _PLANNED_SHARE)
    assert portfolio("regression", ("LightGBM",), shape[0], "plain")


def test_algorithms_that_are_too_slow_for_so_many_rows_do_not_count():
    both = Plan(["svm", "light_gbm"], max_trials=2, workers=2, folds=3)
    assert estimate(both, 50_000, 20, 2) == estimate(
        Plan(["light_gbm"], max_trials=2, workers=2, folds=3), 50_000, 20, 2
    )
    alone = Plan(["svm"], max_trials=2, workers=2, folds=3)
    assert estimate(alone, 50_000, 20, 2)["search_s"] > estimate(both, 50_000, 20, 2)["search_s"]


def test_a_limit_in_trials_shortens_the_time_and_nothing_else_does():
    plan = Plan(["random_forest", "light_gbm"], timeout_s=900, max_trials=3, workers=2, folds=1)
    short = estimate(plan, 731, 12, 0)
    assert 0.2 < short["search_s"] < 20
    assert short["total_s"] < short["most_s"] == pytest.approx(900 * 1.05 + 2, abs=10)
    assert estimate(Plan(["light_gbm"], timeout_s=60), 731, 12, 0)["search_s"] == 60
    assert folds_of(Plan([], timeout_s=60, workers=2), 731, 12, 0) == 8
    assert folds_of(Plan([], timeout_s=60), 300_000, 12, 0) == 1


def test_no_library_of_the_engine_is_needed(tmp_path: Path):
    code = (
        "import sys, bancada.learning.table_process as p\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'lightgbm'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_a_leak_is_seen_in_a_table_with_a_rhythm(tmp_path: Path):
    columns = {"weight": [f"{at % 8}.5" for at in range(200)], "y": [str(3 * (at % 8)) for at in range(200)]}
    found = ours(write(tmp_path, columns), "y", "regression")
    assert next(one for one in found["rails"] if one["name"] == "Leaks of the target")["columns"] == ["weight"]
