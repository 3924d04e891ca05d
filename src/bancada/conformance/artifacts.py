"""The contract of an artifact store as tests: subclass `ArtifactContract`, override `artifacts`, run pytest."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bancada.errors import Invalid, NotFound
from bancada.store.artifacts import ArtifactStore, Blob, Entry

__all__ = ["ArtifactContract"]


def _blob(content: bytes) -> Blob:
    return Blob(hashlib.sha256(content).hexdigest(), len(content))


def _entry(path: str, blob: Blob, *, executable: bool = False) -> Entry:
    return Entry(path, False, blob.size, blob.digest, executable)


class ArtifactContract:
    """What every artifact store does. Override the fixture `artifacts`: an empty store."""

    @pytest.fixture
    def artifacts(self) -> ArtifactStore:
        """Give an empty store."""
        raise NotImplementedError

    def read(self, artifacts: ArtifactStore, digest: str, workspace: str = "w") -> bytes:
        """Return the bytes of a blob."""
        with artifacts.open(workspace, digest) as file:
            return file.read()

    @pytest.mark.parametrize("content", [b"", b"hello", bytes(range(256)) * 20_000])
    def test_content_comes_back_under_its_sha256(
        self, artifacts: ArtifactStore, tmp_path: Path, content: bytes
    ) -> None:
        """Whether it came as bytes, as chunks or as a file."""
        source = tmp_path / "source"
        source.write_bytes(content)
        chunks = (content[at : at + 1000] for at in range(0, len(content), 1000))
        assert artifacts.put("bytes", content) == _blob(content)
        assert artifacts.put("chunks", chunks) == _blob(content)
        assert artifacts.put("file", source) == _blob(content)
        for workspace in ("bytes", "chunks", "file"):
            assert self.read(artifacts, _blob(content).digest, workspace) == content
        assert source.read_bytes() == content

    def test_the_same_content_is_stored_once(self, artifacts: ArtifactStore) -> None:
        """And again, also by many threads at once."""
        threads = [threading.Thread(target=artifacts.put, args=("w", b"x" * 100_000)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        files = [path for path in artifacts.folder("w").rglob("*") if path.is_file()]
        assert files == [artifacts.path("w", _blob(b"x" * 100_000).digest)]

    def test_content_that_is_not_what_was_announced_is_refused(self, artifacts: ArtifactStore) -> None:
        """And leaves nothing behind."""
        announced = _blob(b"right").digest
        with pytest.raises(Invalid, match="send it again"):
            artifacts.put("w", b"wrong", expect=announced)
        assert not artifacts.has("w", announced)
        assert not artifacts.has("w", _blob(b"wrong").digest)
        assert not [path for path in artifacts.folder("w").rglob("*") if path.is_file()]
        assert artifacts.put("w", b"right", expect=announced) == _blob(b"right")

    def test_a_source_that_breaks_off_leaves_nothing(self, artifacts: ArtifactStore) -> None:
        """A client that hangs up in the middle of an upload costs no space."""

        def chunks() -> Iterator[bytes]:
            yield b"one"
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            artifacts.put("w", chunks())
        assert not [path for path in artifacts.folder("w").rglob("*") if path.is_file()]

    def test_a_missing_blob_is_not_found(self, artifacts: ArtifactStore) -> None:
        """By `has`, by `open` and when a tree is made of it."""
        missing = _blob(b"missing")
        assert not artifacts.has("w", missing.digest)
        with pytest.raises(NotFound):
            artifacts.open("w", missing.digest)

    @pytest.mark.parametrize("digest", ["", "abc", "../" * 21 + "x", "A" * 64, "g" * 64, "a" * 65])
    def test_what_is_no_digest_is_refused(self, artifacts: ArtifactStore, digest: str) -> None:
        """A digest comes from clients and becomes part of a path."""
        with pytest.raises(Invalid):
            artifacts.path("w", digest)

    @pytest.mark.parametrize("workspace", ["", ".", "..", "a/b", "/etc", "a\\b", "a\0"])
    def test_what_is_no_workspace_is_refused(self, artifacts: ArtifactStore, workspace: str) -> None:
        """A workspace's name becomes a folder."""
        with pytest.raises(Invalid):
            artifacts.put(workspace, b"x")

    def test_a_materialised_file_is_the_jobs_own(self, artifacts: ArtifactStore, tmp_path: Path) -> None:
        """Whatever a job does to it, and to its mode, the blob stays as it is."""
        blob = artifacts.put("w", b"model")
        for writable in (True, False):
            folder = tmp_path / str(writable)
            assert artifacts.materialise("w", [_entry("a/model.pkl", blob)], folder, writable=writable) == 1
            copy = folder / "a" / "model.pkl"
            assert copy.read_bytes() == b"model"
            assert bool(copy.stat().st_mode & stat.S_IWUSR) == writable
            copy.chmod(0o600)
            copy.write_bytes(b"changed")
            assert not copy.is_symlink()
            assert copy.stat().st_nlink == 1
            assert self.read(artifacts, blob.digest) == b"model"

    def test_the_executable_bit_is_kept(self, artifacts: ArtifactStore, tmp_path: Path) -> None:
        """Scripts that a job starts stay startable."""
        blob = artifacts.put("w", b"#!/bin/sh\n")
        entries = [_entry("run.sh", blob, executable=True), _entry("data", blob)]
        artifacts.materialise("w", entries, tmp_path / "code", writable=True)
        assert os.access(tmp_path / "code" / "run.sh", os.X_OK)
        assert not (tmp_path / "code" / "data").stat().st_mode & 0o111

    def test_a_tree_can_be_materialised_without_its_prefix(self, artifacts: ArtifactStore, tmp_path: Path) -> None:
        """A folder as itself, a file by its last name."""
        blob = artifacts.put("w", b"x")
        artifacts.materialise("w", [_entry("a/b/c.txt", blob)], tmp_path / "one", writable=True, strip="a/b")
        artifacts.materialise("w", [_entry("a/b/c.txt", blob)], tmp_path / "two", writable=True, strip="a/b/c.txt")
        assert (tmp_path / "one" / "c.txt").is_file()
        assert (tmp_path / "two" / "c.txt").is_file()

    @pytest.mark.parametrize("path", ["../out", "/etc/passwd", "a/../../out", "..\\out", "C:out", "link/out"])
    def test_a_path_that_leads_out_is_refused(self, artifacts: ArtifactStore, tmp_path: Path, path: str) -> None:
        """Also through a link that lies in the destination."""
        blob = artifacts.put("w", b"x")
        outside, inside = tmp_path / "outside", tmp_path / "inside"
        outside.mkdir()
        inside.mkdir()
        (inside / "link").symlink_to(outside)
        with pytest.raises(Invalid):
            artifacts.materialise("w", [_entry(path, blob)], inside, writable=True)
        assert not list(outside.iterdir())

    def test_a_file_that_is_there_is_not_written_over(self, artifacts: ArtifactStore, tmp_path: Path) -> None:
        """Nor is what a link of that name points to."""
        blob = artifacts.put("w", b"new")
        (tmp_path / "old").write_bytes(b"old")
        inside = tmp_path / "inside"
        inside.mkdir()
        (inside / "a").symlink_to(tmp_path / "old")
        with pytest.raises(FileExistsError):
            artifacts.materialise("w", [_entry("a", blob)], inside, writable=True)
        assert (tmp_path / "old").read_bytes() == b"old"

    def test_unneeded_blobs_are_collected_after_the_grace_time(self, artifacts: ArtifactStore) -> None:
        """Not those that a tree needs, and not those that somebody has just asked for."""
        needed, unneeded, fresh = (artifacts.put("w", text) for text in (b"needed", b"unneeded", b"fresh"))
        for blob in (needed, unneeded, fresh):
            os.utime(artifacts.path("w", blob.digest), (1, 1))
        assert artifacts.has("w", fresh.digest)
        collected = artifacts.collect("w", {needed.digest})
        assert (collected.files, collected.size_bytes) == (1, len(b"unneeded"))
        assert [artifacts.has("w", blob.digest) for blob in (needed, unneeded, fresh)] == [True, False, True]

    def test_what_an_interrupted_upload_left_is_collected(self, artifacts: ArtifactStore) -> None:
        """The temporary file of a server that was killed."""
        writer = artifacts.writer("w")
        writer.write(b"half")
        assert artifacts.collect("w", set()).files == 0
        assert artifacts.collect("w", set(), grace_s=-60).files == 1
        writer.abort()

    def test_deleting_a_workspace_frees_its_folder_and_no_other(self, artifacts: ArtifactStore) -> None:
        """The bytes go at once; a new workspace of the name starts empty."""
        blob = artifacts.put("w", b"x")
        artifacts.put("other", b"x")
        artifacts.delete_workspace("w")
        assert not artifacts.folder("w").exists()
        assert [path.name for path in artifacts.folder("w").parent.iterdir()] == ["other"]
        assert artifacts.has("other", blob.digest)
        artifacts.delete_workspace("w")
        assert artifacts.put("w", b"x") == blob
