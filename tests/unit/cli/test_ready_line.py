"""The line by which a server in the background says that it is up."""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bancada import app
from bancada.errors import Internal, StorageFull


def run(monkeypatch: pytest.MonkeyPatch, serve: Callable[..., None]) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code and the lines that the starting command read."""
    reading, writing = os.pipe()
    monkeypatch.setattr(app, "serve", serve)
    monkeypatch.setattr("sys.stdin", io.StringIO("{}"))
    code = app.main(["--home", "/nowhere", "--ready-fd", str(writing)])
    with os.fdopen(reading) as news:
        return code, [json.loads(line) for line in news]


def test_a_server_that_fails_after_it_was_ready_writes_into_no_file_that_took_the_descriptor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    database = tmp_path / "bancada.db"
    database.write_text("everything that the user has")
    opened: list[int] = []

    def serve(_overrides: Mapping[str, Any], *, on_ready: Callable[[dict[str, Any]], None]) -> None:
        on_ready({"url": "http://127.0.0.1:1"})
        opened.append(os.open(database, os.O_RDWR))
        raise OSError("something went wrong hours later")

    code, lines = run(monkeypatch, serve)
    os.close(opened[0])  # still open: nobody closed it behind our back
    assert (code, lines) == (Internal.exit_code, [{"url": "http://127.0.0.1:1"}])
    assert database.read_text() == "everything that the user has"


def test_a_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch):
    def serve(_overrides: Mapping[str, Any], *, on_ready: Callable[[dict[str, Any]], None]) -> None:
        raise OSError("no room")

    code, lines = run(monkeypatch, serve)
    assert code == Internal.exit_code
    assert [line["error"]["message"] for line in lines] == ["The server could not start: OSError: no room"]


def test_a_full_disk_is_told_as_such(monkeypatch: pytest.MonkeyPatch):
    def serve(_overrides: Mapping[str, Any], *, on_ready: Callable[[dict[str, Any]], None]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    code, lines = run(monkeypatch, serve)
    assert code == StorageFull.exit_code
    assert [line["error"]["code"] for line in lines] == ["storage.full"]
