"""JSON schemas are made for every kind, the same each time, and name what a text must have."""

from __future__ import annotations

import json
from pathlib import Path

from bancada.domain.base import Entity
from bancada.domain.kinds import KINDS
from bancada.domain.schemas import main, schema_of, schema_text


def test_every_kind_has_a_schema_that_says_it_is_generated(tmp_path: Path) -> None:
    main(str(tmp_path))
    files = sorted(tmp_path.iterdir())
    assert len(files) == len(KINDS)
    for file in files:
        assert next(iter(json.loads(file.read_text()))) == "$comment"


def test_every_entity_is_complete_as_soon_as_it_is_imported() -> None:
    # Else what a class knows of its fields, and with it schemas and messages, would depend on what was used before.
    classes = [Entity]
    for one in classes:
        classes += one.__subclasses__()
    assert len(classes) > 60
    assert not [one.__name__ for one in classes if not one.__pydantic_fields_complete__]


def test_schemas_are_the_same_each_time() -> None:
    assert all(schema_text(kind) == schema_text(kind) for kind in KINDS.values())


def test_whole_numbers_are_not_refused_for_being_numbers_too() -> None:
    assert not any('"oneOf"' in schema_text(kind) for kind in KINDS.values())


def test_a_file_may_name_its_schema() -> None:
    assert schema_of(KINDS["models"])["properties"]["$schema"] == {"type": "string"}
    assert "$schema" in schema_of(KINDS["jobs"])["$defs"]["SweepJob"]["properties"]
    assert "$schema" not in schema_of(KINDS["jobs"])["$defs"]["Choice"]["properties"]


def test_needed_fields_are_required_and_the_servers_are_read_only() -> None:
    definitions = schema_of(KINDS["jobs"])["$defs"]
    assert set(definitions["SweepJob"]["required"]) >= {"trial", "search_space", "objective", "limits"}
    assert definitions["CommandJob"]["properties"]["status"]["readOnly"] is True
