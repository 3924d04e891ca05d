"""A folder as a ZIP that is made while it is sent."""

from __future__ import annotations

import io
import os
import tracemalloc
from pathlib import Path
from zipfile import ZipFile

import pytest

from bancada.errors import NotFound
from bancada.faces.zip_stream import zip_pieces

LAB = "/api/v1/workspaces/lab"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    contents = {"m/MLmodel": b"flavors: {}", "m/data/empty": b"", "m/ação.bin": os.urandom(3_000_001)}
    for number, content in enumerate(contents.values()):
        (tmp_path / str(number)).write_bytes(content)
    return contents


def test_every_file_comes_out_as_it_went_in(files, tmp_path):
    pieces = zip_pieces((name, tmp_path / str(number)) for number, name in enumerate(files))
    with ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert {one: archive.read(one) for one in archive.namelist()} == files


def test_a_large_file_is_never_held_in_memory(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(200_000_000)
    tracemalloc.start()
    size = sum(len(piece) for piece in zip_pieces([("large", tmp_path / "large")]))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 200_000_000
    assert most < 10_000_000


def test_the_route_sends_a_folder_under_its_name(call, platform, files, tmp_path):
    inside = [(name.removeprefix("m/"), tmp_path / str(number)) for number, name in enumerate(files)]
    platform.answers["jobs.stored_files"] = inside
    answer = call("GET", f"{LAB}/jobs/one/files.zip?prefix=outputs/m/")
    assert answer.status == 200
    assert platform.calls[-1][1] == ("lab", "one", "outputs/m", None)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''m.zip"
    assert answer.headers["content-security-policy"] == "sandbox"
    with ZipFile(io.BytesIO(answer.body)) as archive:
        assert {one: archive.read(one) for one in archive.namelist()} == files


def test_what_is_not_there_is_told_before_anything_is_sent(call, platform):
    platform.answers["jobs.stored_files"] = NotFound.of("file", "outputs/x", existing=["outputs/m"])
    answer = call("GET", f"{LAB}/jobs/one/outputs/best/files.zip?prefix=outputs/x")
    assert answer.status == 404
    assert platform.calls[-1][1] == ("lab", "one", "outputs/x", "best")
