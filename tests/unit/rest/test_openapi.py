"""The OpenAPI document is made from the table of operations, and the committed file is what is made."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bancada.domain.kinds import RESOURCE_KINDS
from bancada.faces.rest import OPERATIONS, PREFIX
from bancada.faces.rest.openapi import document, text

FILE = Path(__file__).parents[3] / "schemas" / "openapi.json"


def references(value):
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "$ref":
                yield one
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_the_committed_file_is_up_to_date():
    assert FILE.read_text(encoding="utf-8") == text(), "run `python -m bancada.faces.rest.openapi`"


def test_every_operation_is_in_it_with_its_parameters():
    paths = document()["paths"]
    for operation in OPERATIONS:
        found = paths[PREFIX + operation.path.replace(":path", "")][operation.method.lower()]
        named = {one["name"] for one in found["parameters"] if one["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)", operation.path))
        assert {one.name for one in operation.query} <= {one["name"] for one in found["parameters"]}


def test_every_reference_leads_somewhere():
    made = json.loads(text())
    names = {f"#/components/schemas/{name}" for name in made["components"]["schemas"]}
    assert set(references(made)) <= names


def test_every_kind_has_its_routes():
    paths = document()["paths"]
    for kind in RESOURCE_KINDS:
        place = f"{PREFIX}/workspaces/{{ws}}/{kind.segment}"
        if kind.key == "online-deployments":
            place = f"{PREFIX}/workspaces/{{ws}}/online-endpoints/{{name}}/deployments"
        assert "get" in paths[place], kind.key


def test_all_answers_of_errors_are_the_one_form():
    for methods in document()["paths"].values():
        for operation in methods.values():
            schema = operation["responses"]["default"]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}
