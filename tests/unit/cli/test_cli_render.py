"""How results are shown, and how words on the command line are read."""

from __future__ import annotations

import json

import pytest
import yaml

from bancada.cli.endpoint import shares
from bancada.cli.entities import changed, overrides
from bancada.cli.flags import assignments, spread, view_type
from bancada.cli.render import apply_query, show, show_error
from bancada.errors import Invalid, NotFound, Problem

JOBS = [
    {"name": "a", "status": "Completed", "tags": {"x": "1"}, "context": {"at": "2026-01-02T03:04:05Z"}, "n": 3},
    {"name": "b", "status": "Failed", "tags": {}, "context": {"at": "2026-01-02T03:04:05Z"}, "ok": True},
]


def shown(capsys, *args, **named) -> str:
    show(*args, **named)
    return capsys.readouterr().out


def test_json_and_yaml_are_whole(capsys):
    assert json.loads(shown(capsys, JOBS)) == JOBS
    assert yaml.safe_load(shown(capsys, JOBS, "yaml")) == JOBS


def test_a_table_shows_the_named_columns(capsys):
    lines = shown(capsys, JOBS, "table", columns=("name", "status", "tags")).splitlines()
    assert lines[0].split() == ["Name", "Status", "Tags"]
    assert set(lines[1]) == {"-", " "}
    assert lines[2].split() == ["a", "Completed", '{"x":', '"1"}']


def test_a_table_without_columns_shows_the_plain_fields_of_all_rows(capsys):
    lines = shown(capsys, JOBS, "table").splitlines()
    assert lines[0].split() == ["Name", "Status", "N", "Ok"]
    assert lines[3].split() == ["b", "Failed", "true"]


def test_a_nested_column_and_a_time_in_the_readers_zone(capsys, monkeypatch):
    lines = shown(capsys, JOBS[:1], "table", columns=("context.at",)).splitlines()
    assert lines[0] == "At"
    assert lines[2].startswith("2026-01-0")
    assert "T" not in lines[2]


def test_a_table_of_lists_has_numbered_columns_as_with_az(capsys):
    lines = shown(capsys, JOBS, "table", query="[].[name,n,tags,ok]").splitlines()
    assert lines[0].split() == ["Column1", "Column2", "Column3", "Column4"]
    assert lines[2].split() == ["a", "3", '{"x":', '"1"}']
    assert lines[3].split() == ["b", "{}", "true"]


def test_an_empty_table_is_nothing(capsys):
    assert shown(capsys, [], "table") == ""


def test_a_query_picks_before_anything_is_shown(capsys):
    assert shown(capsys, JOBS, "tsv", query="[?status=='Failed'].name") == "b\n"
    assert shown(capsys, JOBS[0], "tsv", query="name") == "a\n"
    assert shown(capsys, JOBS, "tsv", query="[].[name, status]") == "a\tCompleted\nb\tFailed\n"
    lines = shown(capsys, JOBS, "table", query="[].{who: name}", columns=("status",)).splitlines()
    assert lines[0] == "Who"
    assert shown(capsys, JOBS, query="nothing") == "null\n"


def test_a_wrong_query_is_one_error():
    with pytest.raises(Invalid, match="no JMESPath"):
        apply_query(JOBS, "[?")


def test_several_problems_are_several_lines(capsys):
    show_error(Invalid.of([Problem("a", "is wrong.", 1), Problem("b", "too.", 2)], source="job.yml"))
    assert capsys.readouterr().err.splitlines() == ["ERROR (invalid): job.yml:1: a: is wrong.", "  job.yml:2: b: too."]


def test_an_error_carries_its_code(capsys):
    show_error(NotFound.of("job", "x"))
    assert capsys.readouterr().err == "ERROR (job.not_found): There is no job named `x`.\n"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["--set", "a=1", "b=2", "-n", "x"], ["--set", "a=1", "--set", "b=2", "-n", "x"]),
        (["--set", "a=1", "--set", "b=2"], ["--set", "a=1", "--set", "b=2"]),
        (["-n", "x", "--set", "a=1"], ["-n", "x", "--set", "a=1"]),
        (["--set"], ["--set"]),
    ],
)
def test_a_flag_takes_all_words_up_to_the_next_flag(given, read):
    assert spread(given, {"--set"}) == read


def test_assignments_name_what_is_none():
    assert assignments(["a.b=c=d", "e="]) == {"a.b": "c=d", "e": ""}
    with pytest.raises(Invalid, match="`abc` is no assignment"):
        assignments(["abc"])


def test_set_beats_flags_and_values_are_read_as_yaml():
    given = overrides({"name": "x", "type": None}, ["limits.timeout=60", "tags.ok=true", "inputs.lr=1e-4", "v=[1, 2]"])
    assert given == [{"name": "x"}, {"limits.timeout": 60}, {"tags.ok": True}, {"inputs.lr": 1e-4}, {"v": [1, 2]}]


def test_changed_leaves_the_original_alone():
    before = {"tags": {"a": "1"}, "n": 1}
    assert changed(before, ["tags.b=2", "n=3"]) == {"tags": {"a": "1", "b": 2}, "n": 3}
    assert before == {"tags": {"a": "1"}, "n": 1}
    with pytest.raises(Invalid, match="is a value"):
        changed(before, ["n.x=1"])


@pytest.mark.parametrize("words", [["blue=90 green=10"], ["blue=90", "green=10"], ["blue=90,green=10"]])
def test_traffic_comes_in_one_word_or_several(words):
    assert shares(words, "--traffic") == {"blue": 90, "green": 10}


def test_traffic_is_a_number():
    with pytest.raises(Invalid, match="no percentage"):
        shares(["blue=all"], "--traffic")


def test_view_types_are_azures():
    assert [view_type(False, False), view_type(True, False), view_type(False, True)] == [
        "ActiveOnly",
        "All",
        "ArchivedOnly",
    ]
