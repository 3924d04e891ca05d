"""An AutoML job's data before it is submitted: a first look at uploads, and checks by a process of its own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.engine.data_files import TableOptions
from bancada.errors import Invalid, NotFound

CSV = "id,size,sold\n" + "".join(f"{at},{at % 17},{'yes' if at % 17 > 8 else 'no'}\n" for at in range(120))


def look(bench: Bench, reference: str, **options: Any) -> Any:
    return bench.platform.previews.preview_at(WORKSPACE, reference, 5, TableOptions(**options))


def check(bench: Bench, reference: str, **job: Any) -> Any:
    document = {"type": "automl", "training_data": {"path": reference}, **job}
    return bench.until(
        lambda: bench.platform.data_checks.check(WORKSPACE, document), lambda found: found["state"] != "computing"
    )


def test_an_upload_is_looked_at_before_it_is_an_asset(bench: Bench):
    tree = bench.upload({"t.csv": f"A report\n\n{CSV}", "u.txt": "a|b\n1|2\n"})
    found = look(bench, f"{tree}/t.csv", skip_rows=2)
    assert [one["name"] for one in found["columns"]] == ["id", "size", "sold"]
    assert found["rows"][0] == ["0", "0", "no"]
    # A name that says nothing is a table once somebody says how it is written.
    assert look(bench, f"{tree}/u.txt")["form"] == "text"
    assert look(bench, f"{tree}/u.txt", delimiter="|")["rows"] == [["1", "2"]]
    with pytest.raises(NotFound):
        look(bench, f"{tree}/v.csv")
    with pytest.raises(Invalid):
        look(bench, "/etc/passwd")


def test_an_uploaded_mltable_says_itself_how_it_is_read(bench: Bench):
    text = "paths: [{file: ./t.csv}]\ntransformations: [{read_delimited: {delimiter: ';', skip_rows: 1}}]\n"
    tree = bench.upload({"MLTable": text, "t.csv": "title\na;b\n1;2\n"})
    assert look(bench, tree)["rows"] == [["1", "2"]]
    assert [one["name"] for one in check(bench, tree)["columns"]] == ["a", "b"]


def test_data_are_checked_as_the_job_will_find_them(bench: Bench):
    tree = bench.upload({"t.csv": CSV})
    found = check(bench, f"{tree}/t.csv", task="classification", target_column_name="sold")
    rails = {one["name"]: one for one in found["rails"]}
    assert (found["rows"], found["sampled"]) == (120, False)
    assert rails["Leaks of the target"]["columns"] == ["size"]
    assert rails["Feature types"]["columns"] == ["id"]
    assert {one["value"]: one["count"] for one in found["classes"]} == {"no": 64, "yes": 56}
    assert found["estimate"]["search_s"] == 360 * 60
    limited = check(
        bench,
        f"{tree}/t.csv",
        task="classification",
        target_column_name="sold",
        limits={"max_trials": 3, "timeout_minutes": 2},
        featurization={"column_name_and_types": {"size": "Ignore"}},
    )
    assert limited["estimate"]["total_s"] < 60
    assert {one["status"] for one in limited["rails"] if one["name"] == "Leaks of the target"} == {"passed"}


def test_a_folder_of_tables_is_checked_as_one(bench: Bench):
    tree = bench.upload({"f/a.csv": CSV, "f/b.csv": CSV})
    assert check(bench, f"{tree}/f")["rows"] == 240


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_parquet_and_json_lines_are_checked_as_csv_is(bench: Bench, tmp_path: Path, form: str):
    pandas: Any = pytest.importorskip("pandas")
    if form == "parquet":
        pytest.importorskip("pyarrow")
    table = pandas.read_csv(io.StringIO(CSV))
    path = tmp_path / f"t.{form}"
    if form == "parquet":
        table.to_parquet(path)
    else:
        table.to_json(path, orient="records", lines=True)
    tree = bench.upload_bytes({"t.csv": CSV.encode(), path.name: path.read_bytes()})
    job = {"task": "classification", "target_column_name": "sold"}
    by_csv, by_form = (check(bench, f"{tree}/{name}", **job) for name in ("t.csv", path.name))
    assert by_form["state"] == "ready"
    for part in ("rows", "columns", "rails", "classes"):
        assert by_form[part] == by_csv[part], part


@pytest.mark.parametrize(
    ("job", "path"),
    [
        ({"task": "forecasting"}, "task"),
        ({"limits": {"timeout_minutes": 0}}, "limits.timeout_minutes"),
        ({"featurization": {"column_name_and_types": {"a": "Colour"}}}, "featurization.column_name_and_types.a"),
    ],
)
def test_a_wrong_word_of_the_job_is_named(bench: Bench, job: dict[str, Any], path: str):
    tree = bench.upload({"t.csv": CSV})
    with pytest.raises(Invalid) as caught:
        check(bench, f"{tree}/t.csv", **job)
    assert [one.path for one in caught.value.problems] == [path]


def test_what_is_no_table_fails_with_a_reason(bench: Bench):
    tree = bench.upload({"t.csv": ""})
    found = check(bench, f"{tree}/t.csv")
    assert (found["state"], found["error"]["code"]) == ("failed", "invalid")


def test_a_look_at_nothing_is_refused(bench: Bench):
    with pytest.raises(Invalid):
        look(bench, "")


@pytest.mark.parametrize(
    "odd",
    [
        {"n_cross_validations": -3},
        {"n_cross_validations": 10**400},
        {"limits": {"max_trials": float("nan")}},
        {"limits": {"timeout_minutes": float("inf")}},
        {"limits": {"max_concurrent_trials": True}},
    ],
)
def test_numbers_that_are_none_are_refused_by_their_place(bench: Bench, odd: dict[str, Any]):
    tree = bench.upload({"t.csv": CSV})
    with pytest.raises(Invalid, match=next(iter(odd))):
        check(bench, f"{tree}/t.csv", **odd)


def test_a_check_that_finds_no_room_fails_and_is_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    tree = bench.upload({"t.csv": CSV})

    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("bancada.engine.tables.tempfile.TemporaryDirectory", no_room)
        found = check(bench, f"{tree}/t.csv")
        assert (found["state"], found["error"]["code"]) == ("failed", "internal")
        assert "No space left" in found["error"]["message"]
    assert check(bench, f"{tree}/t.csv")["state"] == "ready"
