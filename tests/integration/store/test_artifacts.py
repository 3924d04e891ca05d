"""The artifact store on real disks. What every store does is in test_contracts."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import bancada
from bancada.errors import StorageFull
from bancada.store import artifacts, trees
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_full_disk_is_storage_full_and_leaves_no_temporary_file(small_disk: Path, tmp_path: Path) -> None:
    store = ArtifactStore(small_disk)
    kept = store.put("w", b"kept")
    big = tmp_path / "big"
    big.write_bytes(os.urandom(8_000_000))
    for source in (big, big.read_bytes(), iter([b"x" * 1_000_000] * 8)):
        with pytest.raises(StorageFull, match="make room"):
            store.put("w", source)
        assert files(small_disk) == [store.path("w", kept.digest)]
    assert store.put("w", b"room for this").size == 13


def test_a_full_disk_while_a_tree_is_made_is_storage_full(small_disk: Path, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "home")
    blob = store.put("w", b"x" * 2_000_000)
    entries = [artifacts.Entry(name, False, blob.size, blob.digest) for name in ("one", "two")]
    with pytest.raises(StorageFull):
        store.materialise("w", entries, small_disk / "work", writable=True)
    assert [path.name for path in files(small_disk)] == ["one"]
    assert store.has("w", blob.digest)


def test_a_big_file_is_stored_and_made_without_being_held_in_memory(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from bancada.store.artifacts import ArtifactStore, Entry;"
        "home = Path(sys.argv[1]); store = ArtifactStore(home);"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "blob = store.put('w', home / 'big');"
        "store.materialise('w', [Entry('big', False, blob.size, blob.digest)], home / 'out', writable=True);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    with (tmp_path / "big").open("wb") as file:
        file.truncate(200_000_000)
    environment = {**os.environ, "PYTHONPATH": str(Path(bancada.__file__).parents[1])}
    grown = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env=environment, capture_output=True, check=True
    )
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(grown.stdout) * unit < 30_000_000
    assert (tmp_path / "out" / "big").stat().st_size == 200_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0


def test_garbage_is_what_no_tree_needs(db: Database, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "home")
    blobs = [store.put("w", text.encode()) for text in ("one", "two", "three")]
    for number, blob in enumerate(blobs):
        db.write(lambda tx, n=number, b=blob: trees.add(tx, "w", f"runs/{n}", "file", b))
    db.write(lambda tx: trees.copy_tree(tx, "w", "runs/0", "", "models/m/1"))
    db.write(lambda tx: (trees.delete(tx, "w", "runs/0"), trees.delete(tx, "w", "runs/1")))
    collected = store.collect("w", db.read(lambda tx: trees.referenced(tx, "w")), grace_s=-1)
    assert collected == artifacts.Collected(1, 3)
    assert [store.has("w", blob.digest) for blob in blobs] == [True, False, True]


def test_a_small_blob_outlives_a_power_cut_that_undid_its_rename(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    blob = store.put("w", b"acknowledged")
    place = store.path("w", blob.digest)
    incoming = place.parents[1] / ".incoming"
    assert list(incoming.iterdir()) == []
    place.rename(incoming / f"{blob.digest}.0123")
    torn = incoming / f"{'0' * 64}.4567"
    torn.write_bytes(b"never acknowl")
    after = ArtifactStore(tmp_path)
    assert place.read_bytes() == b"acknowledged"
    assert [one.name for one in incoming.iterdir()] == [torn.name]
    assert after.collect("w", {blob.digest}, grace_s=-1).files == 1


def test_an_interrupted_deletion_is_finished_later(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    store.put("w", b"x")
    store.folder("w").rename(tmp_path / "workspaces" / ".deleted-by-a-server-that-died")
    assert files(tmp_path)
    store.finish_deletions()
    assert list((tmp_path / "workspaces").iterdir()) == []
    ArtifactStore(tmp_path / "fresh").finish_deletions()
