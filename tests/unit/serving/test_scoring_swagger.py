"""Descriptions of a script's interface: versions, the user's own files, inference-schema's types."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serving_scripts import Loaded

Load = Callable[..., Loaded]

SCRIPT = """
    def init():
        pass
    def run(data):
        return data
"""


def swagger(loaded: Loaded, query: str = "") -> tuple[int, Any]:
    """Ask for the description."""
    answer = loaded.ask(method="GET", path="/swagger.json", query=query)
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    ("query", "field", "version"),
    [
        ("", "swagger", "2.0"),
        ("version=2", "swagger", "2.0"),
        ("version=2.0", "swagger", "2.0"),
        ("version=3", "openapi", "3.0.3"),
        ("version=3.0", "openapi", "3.0.3"),
        ("version=3.1", "openapi", "3.1.0"),
    ],
)
def test_each_version_is_there(load: Load, query: str, field: str, version: str) -> None:
    status, document = swagger(load(SCRIPT, SERVICE_NAME="heart", SERVICE_PATH_PREFIX="/a/"), query)
    assert (status, document[field]) == (200, version)
    assert set(document["paths"]) == {"/a/", "/a/score", "/a/swagger.json"}
    assert document["info"]["title"] == "heart"
    assert document["paths"]["/a/score"]["post"]["security"] == [{"Bearer": []}]


def test_an_unknown_version_names_those_that_there_are(load: Load) -> None:
    status, document = swagger(load(SCRIPT), "version=4")
    assert status == 404
    assert "[2, 3, 3.1]" in document["message"]


def test_the_users_files_win(load: Load, tmp_path: Path) -> None:
    for name in ("swagger.json", "swagger3.json"):
        (tmp_path / name).write_text(json.dumps({"mine": name}))
    loaded = load(SCRIPT)
    assert swagger(loaded)[1] == {"mine": "swagger.json"}
    assert swagger(loaded, "version=3")[1] == {"mine": "swagger3.json"}
    assert swagger(loaded, "version=3.1")[1]["openapi"] == "3.1.0"


def test_a_broken_file_fails_one_request_and_not_the_replica(load: Load, tmp_path: Path) -> None:
    (tmp_path / "swagger.json").write_text("{")
    loaded = load(SCRIPT)
    status, document = swagger(loaded)
    assert status == 500
    assert "log" in document["message"]
    assert loaded.ask("1").status == 200


def _schema(monkeypatch: pytest.MonkeyPatch, versions: list[str]) -> None:
    module = types.ModuleType("inference_schema.schema_util")
    vars(module).update(
        is_schema_decorated=lambda function: True,
        get_supported_versions=lambda function: versions,
        get_input_schema=lambda function: {"type": "object", "properties": {"data": {"type": "array"}}},
        get_output_schema=lambda function: {"type": "array"},
    )
    monkeypatch.setitem(sys.modules, "inference_schema.schema_util", module)


def test_types_of_a_decorated_run_are_described(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    _schema(monkeypatch, ["3.0", "3.1"])
    loaded = load(SCRIPT)
    assert swagger(loaded)[0] == 404
    schemas = swagger(loaded, "version=3")[1]["components"]["schemas"]
    assert schemas["ServiceInput"]["properties"] == {"data": {"type": "array"}}
    assert schemas["ServiceOutput"] == {"type": "array"}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ('{"data": [1]}', "application/json", 200),
        ('{"data": [1]}', "application/vnd.x+json; charset=utf-8", 200),
        ('{"data": [1]}', "text/plain", 415),
        ("[1]", "application/json", 400),
        ("{", "application/json", 400),
        ("", "application/json", 400),
        ('{"other": 1}', "application/json", 400),
    ],
)
def test_named_parameters_come_from_a_json_object(
    load: Load, monkeypatch: pytest.MonkeyPatch, body: str, kind: str, status: int
) -> None:
    _schema(monkeypatch, ["2.0"])
    loaded = load(SCRIPT.replace("data):", "data, scale=2):"))
    answer = loaded.ask(body, headers={"content-type": kind})
    assert answer.status == status
    if status == 200:
        assert json.loads(answer.body) == [1]
        assert loaded.ask(method="GET", query="data=[1]").body == b"[1]"
