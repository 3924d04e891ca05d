"""Resources: versions, compare-and-set, pages of newest versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bancada.errors import AlreadyExists, Conflict, Invalid
from bancada.store import resources
from bancada.store.database import Database, Tx
from bancada.store.resources import Row


def put(db: Database, name: str, version: str = "", **values: Any) -> Row:
    return db.write(lambda tx: resources.put(tx, Row("w", "data", name, version, **values)))


def get(db: Database, name: str, version: str = "") -> Row | None:
    return db.read(lambda tx: resources.get(tx, "w", "data", name, version))


def page(db: Database, **given: Any) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        rows, cursor = db.read(lambda tx, at=cursor: resources.page(tx, "w", "data", cursor=at, **given))
        found += [f"{row.name}:{row.version}" for row in rows]
        if cursor is None:
            return found


def test_a_resource_comes_back_as_it_was_stored(db: Database) -> None:
    row = Row("w", "data", "heart", "1", {"path": "a", "n": [1, None]}, "Creating", 1, True, 5.5, 6.5)
    assert db.write(lambda tx: resources.put(tx, row)) == row
    assert get(db, "heart", "1") == row
    assert get(db, "heart") is None
    assert db.read(lambda tx: resources.get(tx, "w", "models", "heart", "1")) is None


def test_putting_again_changes_and_counts_the_revision(db: Database) -> None:
    first = put(db, "a", doc={"x": 1})
    assert first.revision == 1
    assert first.created_at == first.updated_at > 0
    second = put(db, "a", doc={"x": 2}, state="Failed", archived=True)
    assert (second.revision, second.created_at) == (2, first.created_at)
    assert second.updated_at >= first.updated_at
    assert get(db, "a") == second


def test_a_resource_that_must_be_new_is_refused_when_it_is_not(db: Database) -> None:
    row = Row("w", "data", "a", "1")
    db.write(lambda tx: resources.put(tx, row, expect_revision=0))
    with pytest.raises(AlreadyExists, match="`a` version 1 of data"):
        db.write(lambda tx: resources.put(tx, row, expect_revision=0))


def test_of_two_changes_from_one_revision_the_second_is_refused(db: Database) -> None:
    row = put(db, "a")
    db.write(lambda tx: resources.put(tx, replace(row, state="Deleting"), expect_revision=1))
    with pytest.raises(Conflict, match="revision 2, not 1"):
        db.write(lambda tx: resources.put(tx, row, expect_revision=1))
    db.write(lambda tx: resources.delete(tx, "w", "data", "a", ""))
    with pytest.raises(Conflict, match="was deleted"):
        db.write(lambda tx: resources.put(tx, row, expect_revision=2))


def test_versions_are_numbered_by_the_greatest_number_and_ordered_by_age(db: Database) -> None:
    assert db.read(lambda tx: resources.next_version(tx, "w", "data", "a")) == "1"
    for version in ("1", "10", "2", "beta", "²"):
        put(db, "a", version)
    put(db, "ab", "99")
    assert db.read(lambda tx: resources.versions(tx, "w", "data", "a")) == ["1", "10", "2", "beta", "²"]
    assert db.read(lambda tx: resources.next_version(tx, "w", "data", "a")) == "11"


def test_latest_is_the_newest_version_that_is_not_archived(db: Database) -> None:
    def latest() -> str | None:
        row = db.read(lambda tx: resources.latest(tx, "w", "data", "a"))
        return row and row.version

    assert latest() is None
    put(db, "a", "2")
    put(db, "a", "1")
    assert latest() == "1"
    put(db, "a", "1", archived=True)
    assert latest() == "2"
    put(db, "a", "2", archived=True)
    assert latest() == "1"


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_page_has_one_row_a_name_newest_first(db: Database, limit: int) -> None:
    for name, version in ("a1", "b1", "a2", "c1", "b2", "d1"):
        put(db, name, version)
    put(db, "b", "2", archived=True)
    put(db, "d", "1", archived=True)
    assert page(db, limit=limit) == ["c:1", "a:2", "b:1"]
    assert page(db, limit=limit, archived=None) == ["d:1", "b:2", "c:1", "a:2"]
    assert page(db, limit=limit, archived=True) == ["d:1", "b:2"]
    assert page(db, limit=limit, name="b", archived=None) == ["b:2", "b:1"]
    assert page(db, limit=limit, name="nobody") == []


def test_a_made_up_cursor_is_refused(db: Database) -> None:
    with pytest.raises(Invalid, match="cursor"):
        db.read(lambda tx: resources.page(tx, "w", "data", cursor="nonsense"))


def test_all_of_a_kind_are_listed_by_age(db: Database) -> None:
    put(db, "b")
    put(db, "a", state="Creating")
    db.write(lambda tx: resources.put(tx, Row("", "data", "machine-wide", state="Creating")))

    def names(workspace: str | None, state: str | None = None) -> list[str]:
        return [row.name for row in db.read(lambda tx: resources.all_of(tx, workspace, "data", state=state))]

    assert names("w") == ["b", "a"]
    assert names(None) == ["b", "a", "machine-wide"]
    assert names(None, "Creating") == ["a", "machine-wide"]
    assert db.read(lambda tx: resources.names(tx, "w", "data")) == ["a", "b"]


def test_a_version_or_all_of_a_name_are_deleted(db: Database) -> None:
    for version in ("1", "2", "3"):
        put(db, "a", version)
    put(db, "b")

    def delete(name: str, version: str | None = None) -> int:
        def act(tx: Tx) -> int:
            return resources.delete(tx, "w", "data", name, version)

        return db.write(act)

    assert delete("a", "2") == 1
    assert delete("a", "2") == 0
    assert delete("a", "") == 0
    assert delete("a") == 2
    assert delete("b", "") == 1
    assert page(db, archived=None) == []
