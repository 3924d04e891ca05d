"""A draft holds a form's document and its YAML together, with every problem at its path and line."""

from __future__ import annotations

from typing import Any

import pytest

from bancada.domain.base import parse
from bancada.domain.jobs import Job
from bancada.domain.yaml_source import load_yaml
from bancada.engine.drafts import draft_of_document, draft_of_yaml
from bancada.errors import MOST_PROBLEMS, Invalid

SWEEP: dict[str, Any] = {
    "type": "sweep",
    "display_name": "try them",
    "trial": {"command": "python t.py --d ${{search_space.depth}}", "environment": "azureml:e@latest"},
    "search_space": {"depth": {"type": "choice", "values": [1, 2, "1e-4"]}},
    "objective": {"goal": "maximize", "primary_metric": "Score"},
    "limits": {"max_total_trials": 4},
}


def test_a_document_becomes_yaml_that_is_the_same_document():
    draft = draft_of_document("w", SWEEP)
    assert draft["problems"] == []
    read, _ = load_yaml(draft["yaml"])
    schema = read.pop("$schema")
    assert schema.endswith("/sweepJob.schema.json")
    assert read == SWEEP
    assert parse(Job, read).document() == parse(Job, SWEEP).document()
    assert "bancada job create" in draft.get("cli", "")
    assert "ml_client.jobs.create_or_update" in draft.get("sdk", "")


def test_problems_of_a_form_name_their_fields_and_the_lines_of_the_yaml():
    draft = draft_of_document("w", {"type": "command", "command": "echo ${{inputs.x}}", "environment": ""})
    found = {one["path"]: one for one in draft["problems"]}
    assert set(found) == {"command", "environment"}
    lines = draft["yaml"].splitlines()
    assert lines[found["command"].get("line", 0) - 1].startswith("command:")
    assert draft.get("sdk") is None
    # What was filled in so far stays: the form goes on from it.
    assert draft.get("document", {})["command"] == "echo ${{inputs.x}}"


def test_a_text_stays_as_it_was_written_and_gives_the_document():
    text = "# mine\ntype: command\ncommand: echo 1\nenvironment: azureml:e:1\n"
    draft = draft_of_yaml("w", text)
    assert draft["yaml"] == text
    assert draft.get("document", {}) == {"type": "command", "command": "echo 1", "environment": "azureml:e:1"}
    assert draft["problems"] == []


def test_what_is_no_yaml_has_a_line_and_no_document():
    draft = draft_of_yaml("w", "type: command\ncommand: [")
    assert draft.get("document") is None
    assert draft["problems"][0].get("line", 0) >= 2


def test_an_empty_text_and_a_list_say_what_a_job_needs():
    assert draft_of_yaml("w", "")["problems"]
    assert "mapping" in draft_of_yaml("w", "- a")["problems"][0]["message"]


def test_paths_of_the_users_machine_are_refused_where_they_stand():
    text = (
        "type: command\ncode: ./src\ncommand: python t.py ${{inputs.a}}\nenvironment: azureml:e:1\n"
        "inputs:\n  a:\n    type: uri_file\n    path: ./heart.csv\n"
    )
    found = {one["path"]: one.get("line") for one in draft_of_yaml("w", text)["problems"]}
    assert found == {"code": 2, "inputs.a.path": 8}
    uploaded = text.replace("./src", "azureml:trees/" + "0" * 64 + "/src").replace(
        "./heart.csv", "azureml:heart@latest"
    )
    assert draft_of_yaml("w", uploaded)["problems"] == []


def test_a_job_that_is_wrong_all_through_is_told_the_first_hundred_problems():
    document = {"type": "command", "command": "x", "environment": "azureml:e:1"}
    draft = draft_of_document("w", {**document, **{f"key{at}": at for at in range(1000)}})
    *told, more = draft["problems"]
    assert [one["path"] for one in told] == [f"key{at}" for at in range(MOST_PROBLEMS)]
    assert (more["path"], "more is wrong than these 100" in more["message"]) == ("", True)


def test_a_draft_beyond_all_measure_is_refused_before_it_is_read():
    many = {f"key{at}": at for at in range(45_000)}
    with pytest.raises(Invalid, match="holds more than 20,000 values"):
        draft_of_document("w", many)
    with pytest.raises(Invalid, match="holds more than 20,000 values"):
        draft_of_document("w", {"inputs": {"deep": [[at] for at in range(15_000)]}})
    # What comes behind the last value that is read is no YAML: it is not looked at.
    text = "".join(f"{key}: {value}\n" for key, value in many.items()) + "}"
    (problem,) = draft_of_yaml("w", text)["problems"]
    assert (problem.get("line"), "more values than anything needs" in problem["message"]) == (10_000, True)


def test_an_automl_job_is_written_in_all_forms_and_its_tables_have_to_be_on_the_server():
    job = {"type": "automl", "task": "regression", "target_column_name": "rentals", "limits": {"max_trials": 3}}
    draft = draft_of_document("w", {**job, "training_data": {"type": "uri_file", "path": "azureml:bike:1"}})
    assert draft["problems"] == []
    assert "autoMLJob.schema.json" in draft["yaml"]
    assert "automl.regression(" in draft["sdk"]
    local = draft_of_document("w", {**job, "training_data": {"type": "uri_file", "path": "./bike.csv"}})
    assert [one["path"] for one in local["problems"]] == ["training_data.path"]
