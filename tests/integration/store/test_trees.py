"""Trees: listings, walks, copies, and that a path is a file or a folder, never both."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bancada.errors import Conflict, Invalid
from bancada.store import trees
from bancada.store.database import Database, Tx
from bancada.store.trees import Blob, Entry

ROOT = "runs/a"


def blob(text: str) -> Blob:
    return Blob(hashlib.sha256(text.encode()).hexdigest(), len(text))


def add(db: Database, *paths: str, root: str = ROOT) -> None:
    entries = [Entry(path, False, blob(path).size, blob(path).digest) for path in paths]
    db.write(lambda tx: trees.add_many(tx, "w", root, entries))


def listed(db: Database, prefix: str = "", root: str = ROOT) -> list[str]:
    return [
        entry.path + ("/" if entry.is_dir else "") for entry in db.read(lambda tx: trees.list_(tx, "w", root, prefix))
    ]


def walked(db: Database, prefix: str = "", root: str = ROOT) -> list[str]:
    return [entry.path for entry in db.read(lambda tx: trees.walk(tx, "w", root, prefix))]


def test_a_file_comes_back_with_its_content_and_its_bit(db: Database) -> None:
    entry = db.write(lambda tx: trees.add(tx, "w", ROOT, "./code//run.sh", blob("x"), executable=True))
    assert entry == Entry("code/run.sh", False, 1, blob("x").digest, True)
    assert db.read(lambda tx: trees.get(tx, "w", ROOT, "code/run.sh")) == entry
    assert db.read(lambda tx: trees.walk(tx, "w", ROOT)) == [entry]
    db.write(lambda tx: trees.add(tx, "w", ROOT, "code/run.sh", blob("longer")))
    assert db.read(lambda tx: trees.walk(tx, "w", ROOT)) == [Entry("code/run.sh", False, 6, blob("longer").digest)]
    assert db.read(lambda tx: trees.size(tx, "w", ROOT)) == 6
    assert db.read(lambda tx: trees.get(tx, "other", ROOT, "code/run.sh")) is None


def test_a_folder_lists_what_lies_directly_in_it(db: Database) -> None:
    add(db, "a", "b/c", "b/d/e", "b/d/f", "b-c", "b0", "b.txt", "z/y/x")
    assert listed(db) == ["a", "b/", "b-c", "b.txt", "b0", "z/"]
    assert listed(db, "b") == listed(db, "b/") == listed(db, "./b") == ["b/c", "b/d/"]
    assert listed(db, "z") == ["z/y/"]
    assert listed(db, "a") == listed(db, "nothing") == listed(db, "b/c") == listed(db, root="runs/none") == []


def test_a_folder_of_many_files_beside_others_lists_them_all(db: Database) -> None:
    add(db, *(f"big/{number:04}" for number in range(1000)), *(f"file-{number:03}" for number in range(450)), "zoo/x")
    assert listed(db) == ["big/", *(f"file-{number:03}" for number in range(450)), "zoo/"]
    assert len(listed(db, "big")) == 1000


def test_a_walk_takes_a_folder_or_a_file(db: Database) -> None:
    add(db, "m/a", "m/b/c", "m0", "m-x/y")
    assert walked(db) == ["m-x/y", "m/a", "m/b/c", "m0"]
    assert walked(db, "m") == ["m/a", "m/b/c"]
    assert walked(db, "m/b/c") == ["m/b/c"]
    assert walked(db, "m/b/c/d") == []


def test_a_tree_may_be_empty(db: Database) -> None:
    assert not db.read(lambda tx: trees.exists(tx, "w", "trees/1"))
    assert db.write(lambda tx: trees.create(tx, "w", "trees/1"))
    assert not db.write(lambda tx: trees.create(tx, "w", "trees/1"))
    assert db.read(lambda tx: trees.exists(tx, "w", "trees/1"))
    assert walked(db, root="trees/1") == []
    assert db.read(lambda tx: trees.size(tx, "w", "trees/1")) == 0


@pytest.mark.parametrize("path", ["", ".", "/etc/passwd", "../a", "a/../../b", "a\\b", "C:\\a", "c:a", "a\0b", "a\nb"])
def test_an_unsafe_path_is_refused_everywhere(db: Database, path: str) -> None:
    for act in (
        lambda tx: trees.add(tx, "w", ROOT, path, blob("x")),
        lambda tx: trees.get(tx, "w", ROOT, path),
        lambda tx: trees.copy_tree(tx, "w", ROOT, "x", ROOT, to_prefix=path) if path not in ("", ".") else refuse(),
        lambda tx: trees.walk(tx, "w", ROOT, path) if path not in ("", ".") else refuse(),
    ):
        with pytest.raises(Invalid):
            db.write(act)


def refuse() -> None:
    raise Invalid("a prefix may be empty: that is the whole tree")


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a", "a/b/c"), ("a/b", "a"), ("a/b/c", "a")])
def test_a_path_is_a_file_or_a_folder(db: Database, first: str, second: str) -> None:
    add(db, first, "a0", "a-b")
    with pytest.raises(Conflict, match="`a`"):
        add(db, second)
    with pytest.raises(Conflict):
        add(db, first, second, root="runs/both")
    assert walked(db) == sorted([first, "a0", "a-b"])
    assert walked(db, root="runs/both") == []


def test_a_folder_is_copied_without_its_path(db: Database) -> None:
    add(db, "m/a", "m/b/c", "m0")
    assert db.write(lambda tx: trees.copy_tree(tx, "w", ROOT, "m", "models/x/1")) == 2
    assert walked(db, root="models/x/1") == ["a", "b/c"]
    assert db.write(lambda tx: trees.copy_tree(tx, "w", ROOT, "m/b/c", "models/x/2")) == 1
    assert walked(db, root="models/x/2") == ["c"]
    assert db.write(lambda tx: trees.copy_tree(tx, "w", ROOT, "", "models/x/3", to_prefix="in/side")) == 3
    assert walked(db, root="models/x/3") == ["in/side/m/a", "in/side/m/b/c", "in/side/m0"]
    assert db.write(lambda tx: trees.copy_tree(tx, "w", ROOT, "nothing", "models/x/4")) == 0
    assert db.read(lambda tx: trees.exists(tx, "w", "models/x/4"))
    assert walked(db) == ["m/a", "m/b/c", "m0"]


def test_trees_and_parts_of_them_are_deleted(db: Database) -> None:
    add(db, "m/a", "m/b", "m0")
    for root in ("outputs/j", "outputs/j/one", "outputs/j/two", "outputs/j2/one"):
        add(db, "x", "y", root=root)
    delete: Callable[[str], int] = lambda prefix: db.write(lambda tx: trees.delete(tx, "w", ROOT, prefix))  # noqa: E731
    assert delete("nothing") == 0
    assert delete("m") == 2
    assert walked(db) == ["m0"]
    assert db.write(lambda tx: trees.delete(tx, "w", ROOT)) == 1
    assert not db.read(lambda tx: trees.exists(tx, "w", ROOT))
    assert db.read(lambda tx: trees.roots(tx, "w", "outputs/j")) == ["outputs/j", "outputs/j/one", "outputs/j/two"]
    assert db.write(lambda tx: trees.delete_roots(tx, "w", "outputs/j")) == 6
    assert walked(db, root="outputs/j2/one") == ["x", "y"]
    assert db.read(lambda tx: trees.referenced(tx, "w")) == {blob("x").digest, blob("y").digest}
    assert db.read(lambda tx: trees.referenced(tx, "other")) == set()


names = st.sampled_from(["a", "b", "a-", "a0", "é", "a.b"])
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


def is_tree(some: set[str]) -> bool:
    return not any(one != other and other.startswith(one + "/") for one in some for other in some)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=st.sets(paths, max_size=12).filter(is_tree))
def test_listings_are_those_of_a_real_folder(db: Database, some: set[str]) -> None:
    def refill(tx: Tx) -> None:
        trees.delete(tx, "w", ROOT)
        trees.add_many(tx, "w", ROOT, [Entry(path, False, 0, blob(path).digest) for path in some])

    db.write(refill)
    assert walked(db) == sorted(some, key=str.encode)
    folders = {"", *("/".join(path.split("/")[:depth]) for path in some for depth in range(1, path.count("/") + 1))}
    for folder in folders:
        base = f"{folder}/" if folder else ""
        inside = {path for path in some if path.startswith(base)}
        firsts = {(path[len(base) :].partition("/")[0], "/" in path[len(base) :]) for path in inside}
        assert listed(db, folder) == [
            base + name + ("/" if is_dir else "")
            for name, is_dir in sorted(firsts, key=lambda one: (base + one[0]).encode())
        ]
        if folder:
            assert walked(db, folder) == sorted(inside, key=str.encode)
