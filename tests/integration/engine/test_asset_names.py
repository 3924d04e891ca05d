"""Names of assets: new ones follow Azure's rule, those from before it stay usable."""

from __future__ import annotations

from typing import Any

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.errors import Invalid, NotFound
from bancada.store import resources
from bancada.store.resources import Row

DATA = {"type": "uri_file", "path": "https://example.org/a.csv"}
KINDS = [("data", DATA), ("environments", {"image": "any"})]
OLD = "my däta!"


def create(bench: Bench, kind: str, doc: dict[str, Any], name: str, version: str | None = None) -> str:
    return str(bench.platform.assets.create(WORKSPACE, kind, doc, "owner", name, version).body["version"])


def keep_from_before(bench: Bench, kind: str, doc: dict[str, Any]) -> None:
    """Store version 1 of an asset as it was stored before there was the rule."""
    row = Row(WORKSPACE, kind, OLD, "1", {**doc, "name": OLD, "version": "1"})
    bench.core.db.write(lambda tx: resources.put(tx, row))


@pytest.mark.parametrize(("kind", "doc"), KINDS, ids=[kind for kind, _ in KINDS])
def test_a_name_that_is_there_may_have_further_versions(bench: Bench, kind: str, doc: dict[str, Any]):
    keep_from_before(bench, kind, doc)
    other = {**doc, "path": "https://example.org/b.csv"} if kind == "data" else {"image": "another"}
    assert create(bench, kind, other, OLD) == "2"
    assert create(bench, kind, {**other, "description": "changed"}, OLD, "2") == "2"
    assert bench.platform.assets.get(WORKSPACE, kind, OLD).body["description"] == "changed"


@pytest.mark.parametrize(("kind", "doc"), KINDS, ids=[kind for kind, _ in KINDS])
def test_a_new_name_follows_the_rule(bench: Bench, kind: str, doc: dict[str, Any]):
    said = r"name: `my däta!` is not a valid name: .* Use `my-data`, for example\."
    with pytest.raises(Invalid, match=said):
        create(bench, kind, doc, OLD)
    with pytest.raises(NotFound):
        bench.platform.assets.get(WORKSPACE, kind, OLD)
    keep_from_before(bench, kind, doc)
    bench.platform.assets.delete(WORKSPACE, kind, OLD, "owner")
    with pytest.raises(Invalid, match=said):
        create(bench, kind, doc, OLD)


def test_the_same_name_in_another_kind_is_a_new_one(bench: Bench):
    keep_from_before(bench, "environments", {"image": "any"})
    with pytest.raises(Invalid, match="is not a valid name"):
        create(bench, "data", DATA, OLD)
