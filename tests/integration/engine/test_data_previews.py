"""Files, previews and profiles of data assets, made from uploads as a page makes them."""

from __future__ import annotations

import contextlib
import gzip
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_bench import PATIENCE_S, WORKSPACE, Bench

from bancada.engine.data_files import TableOptions
from bancada.engine.profiles import FAILURE_S
from bancada.engine.tables import TableProcesses
from bancada.errors import Conflict, Invalid, NotFound
from bancada.ids import FixedClock
from bancada.learning.table_file import HEAD_BYTES

CSV = "age;price;when\n30;1,5;2024-01-01\n41;2,5;2024-02-01\n;3,0;2024-03-01\n"


def make(bench: Bench, files: dict[str, bytes | str], name: str = "d", kind: str | None = None, path: str = "") -> None:
    tree = bench.upload_bytes({key: one.encode() if isinstance(one, str) else one for key, one in files.items()})
    is_file = kind in (None, "uri_file") and len(files) == 1
    where = f"{tree}/{next(iter(files))}" if is_file else f"{tree}{path}"
    doc = {"name": name, "path": where, "type": kind or ("uri_file" if is_file else "uri_folder")}
    bench.platform.assets.create(WORKSPACE, "data", doc, "owner")


def preview(bench: Bench, path: str | None = None, rows: int = 50, name: str = "d", **options: Any) -> Any:
    return bench.platform.previews.preview(WORKSPACE, name, "1", path, rows, TableOptions(**options))


def profile(bench: Bench, path: str | None = None, target: str | None = None, name: str = "d") -> Any:
    return bench.until(
        lambda: bench.platform.profiles.profile(WORKSPACE, name, "1", path, target, TableOptions()),
        lambda found: found["state"] != "computing",
    )


def test_a_table_shows_its_first_rows_and_how_it_is_written(bench: Bench):
    make(bench, {"t.csv": CSV.encode("utf-16")})
    found = preview(bench, rows=2)
    assert found["form"] == "table"
    assert [one["name"] for one in found["columns"]] == ["age", "price", "when"]
    assert [one["type"] for one in found["columns"]] == ["integer", "number", "date"]
    assert found["rows"] == [["30", "1,5", "2024-01-01"], ["41", "2,5", "2024-02-01"]]
    assert (found["rows_total"], found["truncated"], found["path"]) == (3, True, "t.csv")
    assert (found["delimiter"], found["decimal"], found["encoding"]) == (";", ",", "utf-16")
    assert preview(bench, header=False)["rows"][0] == ["age", "price", "when"]


def test_of_a_large_file_only_the_head_is_read(bench: Bench):
    lines = "".join(f"{at},{'x' * 90}\n" for at in range(40_000))
    make(bench, {"t.csv": f"id,text\n{lines}"})
    found = preview(bench, rows=1000)
    assert len(lines) > 3 * HEAD_BYTES
    assert (len(found["rows"]), found["truncated"]) == (1000, True)
    assert "rows_total" not in found


def test_a_broken_table_shows_what_came_before_and_why_not_more(bench: Bench):
    make(bench, {"t.jsonl": '{"a": 1}\n{"a": 2}\nnonsense\n'})
    with pytest.raises(Invalid, match="line 3"):
        preview(bench)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n3\n4,5,6\n", "Row 2 has not as many cells (1) as there are columns (2); rows like it: 2."),
        ('a,b\n1,2\n3,"4\n5,6\n', "A quote is opened and never closed"),
        ("", "The file is empty."),
    ],
)
def test_what_is_odd_in_a_table_is_told(bench: Bench, text: str, told: str):
    make(bench, {"t.csv": text})
    assert told in preview(bench)["note"]


def test_of_lines_in_quotes_nothing_is_told(bench: Bench):
    make(bench, {"t.csv": 'a,b\n1,"two\nlines, and a ""word"""\n'})
    assert "note" not in preview(bench)


@pytest.mark.parametrize(("name", "form"), [("t.csv", "{}\n"), ("t.jsonl", "{{{}}}\n")])
def test_many_columns_over_many_short_rows_cost_no_more_than_is_shown(bench: Bench, name: str, form: str):
    # A table of this text would have 20,000 × 100,000 cells.
    names = ",".join(f'"k{at}":1' if name == "t.jsonl" else f"k{at}" for at in range(20_000))
    rows = 100_000
    make(bench, {name: form.format(names) + form.format("" if name == "t.jsonl" else "1") * rows})
    found = preview(bench, rows=1000)
    assert (len(found["columns"]), len(found["rows"]), found["truncated"]) == (1000, 1000, True)
    assert "1000 of 20000 columns" in found["note"]
    assert found.get("rows_total") == (rows if name == "t.csv" else None)


def test_wide_encodings_without_their_mark_are_read(bench: Bench):
    make(bench, {"t.csv": CSV.encode("utf-16-be"), "plain.csv": CSV, "wide.csv": CSV.encode("utf-32-le")})
    assert preview(bench, "t.csv", encoding="utf-16")["encoding"] == "utf-16-be"
    assert preview(bench, "wide.csv", encoding="utf-32")["rows"][0] == ["30", "1,5", "2024-01-01"]
    assert preview(bench, "plain.csv", encoding="utf-16")["form"] == "table"


def test_an_archive_whose_bytes_were_changed_is_told_as_such(bench: Bench):
    packed = bytearray(gzip.compress(CSV.encode() * 1000))
    packed[30:60] = b"\xff" * 30
    make(bench, {"t.csv.gz": bytes(packed)})
    with pytest.raises(Invalid, match="no whole gzip"):
        preview(bench)
    late = bytearray(gzip.compress("\n".join(os.urandom(32).hex() for _ in range(60_000)).encode(), 1))
    late[-100_000:-99_000] = b"\xff" * 1000
    make(bench, {"u.csv.gz": bytes(late)}, name="late")
    assert "no whole gzip" in profile(bench, name="late")["error"]["message"]


@pytest.mark.parametrize(
    "text",
    [
        "paths: 5",
        "paths: {a: b}",
        "paths: [{file: t.csv}]\ntransformations: 5",
        "paths: [{file: " + "1" * 6000 + "}]",
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\npaths: [{file: *e},{file: *e}]",
    ],
)
def test_an_mltable_that_makes_no_sense_is_refused(bench: Bench, text: str):
    make(bench, {"MLTable": text, "t.csv": CSV}, kind="mltable")
    with pytest.raises(Invalid, match="MLTable"):
        preview(bench)


def test_images_texts_and_other_bytes_are_shown_as_what_they_are(bench: Bench):
    files = {"a.png": b"\x89PNG\r\n\x1a\n", "notes.txt": "olá\n", "model.pkl": b"\x80\x04\0\0", "deep/b.csv": "x\n1\n"}
    make(bench, files)
    assert (preview(bench, "a.png")["form"], preview(bench, "a.png")["media_type"]) == ("image", "image/png")
    assert preview(bench, "notes.txt")["text"] == "olá\n"
    assert "download" in preview(bench, "model.pkl")["note"]
    assert preview(bench, "deep/b.csv")["rows"] == [["1"]]
    listed = preview(bench)
    assert listed["form"] == "files"
    assert [one["path"] for one in listed["files"]] == ["a.png", "model.pkl", "notes.txt", "deep/b.csv"]


def test_files_are_listed_and_read_and_nothing_beside_them(bench: Bench, tmp_path: Path):
    make(bench, {"a.txt": "a", "b/c.txt": "cc"})
    found = bench.platform.data_files.list(WORKSPACE, "d", "1")
    assert found == {"items": [{"path": "a.txt", "size": 1}, {"path": "b/c.txt", "size": 2}], "truncated": False}
    assert bench.platform.data_files.find(WORKSPACE, "d", "1", "b/c.txt").read_text() == "cc"
    with pytest.raises(NotFound, match=r"b/c\.txt"):
        bench.platform.data_files.find(WORKSPACE, "d", "1", "c.txt")
    for path in ("../secret", "/etc/passwd", "b/../../../x"):
        with pytest.raises((Invalid, NotFound)):
            bench.platform.data_files.find(WORKSPACE, "d", "1", path)


def test_a_link_in_the_owners_own_folder_leads_nowhere(bench: Bench, tmp_path: Path):
    folder, secret = tmp_path / "mine", tmp_path / "secret.csv"
    folder.mkdir()
    secret.write_text("a,b\n1,2\n")
    (folder / "t.csv").write_text("a,b\n3,4\n")
    os.symlink(secret, folder / "link.csv")
    store = {"name": "mine", "type": "file", "path": str(folder)}
    bench.platform.assets.create(WORKSPACE, "datastores", store, "owner")
    doc = {"name": "d", "path": "azureml://datastores/mine/paths/", "type": "uri_folder"}
    bench.platform.assets.create(WORKSPACE, "data", doc, "owner")
    assert [one["path"] for one in bench.platform.data_files.list(WORKSPACE, "d", "1")["items"]] == ["t.csv"]
    with pytest.raises(NotFound):
        preview(bench, "link.csv")


def test_an_mltable_is_the_table_that_it_names(bench: Bench):
    mltable = "paths:\n  - pattern: ./*.txt\ntransformations:\n  - read_delimited:\n      delimiter: ';'\n"
    make(bench, {"MLTable": mltable, "a.txt": "x;y\n1;2\n", "b.txt": "x;y\n3;4\n", "c.csv": "z\n9\n"}, kind="mltable")
    found = preview(bench)
    assert (found["rows"], found["note"]) == ([["1", "2"]], "The first of 2 files is shown.")
    assert profile(bench)["rows"] == 2


def test_a_profile_is_computed_once_and_survives_a_restart(bench: Bench):
    make(bench, {"t.csv": "a,b\n" + "".join(f"{at % 30},{at % 30 * 2 + at % 3}\n" for at in range(200))})
    first = bench.platform.profiles.profile(WORKSPACE, "d", "1", None, "b", TableOptions())
    assert first["state"] == "computing"
    found = profile(bench, target="b")
    assert (found["state"], found["rows"], found["sampled"]) == ("ready", 200, False)
    assert found["columns"][0]["against_target"]["score"] > 0.9
    bench.reopen()
    again = bench.platform.profiles.profile(WORKSPACE, "d", "1", None, "b", TableOptions())
    assert again == found
    # The same bytes under another name were looked at already.
    make(bench, {"u.csv": "a,b\n" + "".join(f"{at % 30},{at % 30 * 2 + at % 3}\n" for at in range(200))}, "other")
    assert bench.platform.profiles.profile(WORKSPACE, "other", "1", None, "b", TableOptions()) == found


def test_a_profile_goes_with_its_workspace(bench: Bench):
    make(bench, {"t.csv": "a,b\n1,2\n"})
    assert profile(bench)["state"] == "ready"
    folder = bench.core.paths.workspace(WORKSPACE) / "profiles"
    assert list(folder.glob("*.json"))
    bench.platform.workspaces.delete(WORKSPACE, "owner")
    assert not folder.exists()


def test_a_profile_that_cannot_be_made_says_why(bench: Bench):
    make(bench, {"t.csv": "a,b\n1,2\n"})
    found = profile(bench, target="c")
    assert found["state"] == "failed"
    assert "c" in found["error"]["message"]
    make(bench, {"a.png": b"\x89PNG", "b.txt": "b"}, "pictures")
    with pytest.raises(Invalid, match="none that is a table; name the one that is meant"):
        profile(bench, name="pictures")


def test_a_profile_that_failed_is_tried_again_a_while_later(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    make(bench, {"t.csv": "a,b\n1,2\n"})
    clock = FixedClock()
    monkeypatch.setattr(bench.platform.profiles, "_core", replace(bench.core, clock=clock))
    (bench.core.paths.workspace(WORKSPACE) / "profiles").write_text("in the way")
    first = profile(bench)
    assert (first["state"], first["error"]["code"]) == ("failed", "internal")
    (bench.core.paths.workspace(WORKSPACE) / "profiles").unlink()
    assert profile(bench) == first, "not at once: a page that asks again and again would keep the machine busy"
    clock.advance(FAILURE_S + 1)
    found = bench.until(lambda: profile(bench), lambda one: one["state"] == "ready")
    assert found["rows"] == 1


def test_without_pyarrow_a_note_says_what_to_install(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    make(bench, {"t.parquet": b"PAR1"})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "bancada[parquet]" in preview(bench)["note"]


def test_parquet_is_shown_by_a_process_of_its_own(bench: Bench, tmp_path: Path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"a": [1, 2, None], "b": ["x", "y", "z"]}), tmp_path / "t.parquet")
    make(bench, {"t.parquet": (tmp_path / "t.parquet").read_bytes()})
    found = preview(bench, rows=2)
    assert (found["rows"], found["rows_total"], found["truncated"]) == ([["1", "x"], ["2", "y"]], 3, True)
    assert found["columns"][0] == {"name": "a", "type": "integer"}
    assert profile(bench)["columns"][0]["missing"] == 1


def test_many_who_look_at_parquet_at_once_start_one_process_at_a_time(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"a": [1, 2]}), tmp_path / "t.parquet")
    make(bench, {"t.parquet": (tmp_path / "t.parquet").read_bytes()})
    # The last one waits for five processes.
    monkeypatch.setattr("bancada.engine.preview.PARQUET_TIMEOUT_S", PATIENCE_S)
    most, is_over = 0, threading.Event()

    def count() -> None:
        nonlocal most
        while not is_over.wait(0.01):
            most = max(most, sum("bancada.learning.table_process" in words for words in commands_below(os.getpid())))

    counting = threading.Thread(target=count)
    counting.start()
    with ThreadPoolExecutor(6) as pool:
        looks = [pool.submit(preview, bench) for _ in range(6)]
        found = [one.result()["rows"] for one in looks]
    is_over.set()
    counting.join()
    assert found == [[["1"], ["2"]]] * 6
    assert most == 1


def test_a_look_that_gets_no_turn_is_told_to_ask_again(bench: Bench):
    processes = TableProcesses()
    held = processes._turns["head"]  # pyright: ignore[reportPrivateUsage]
    with held, pytest.raises(Conflict, match=r"had no turn within 0\.1 s"):
        processes.run({"what": "head"}, 0.1)


def commands_below(parent: int) -> Iterator[str]:
    """Yield the command lines of a process's children."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                yield (folder / "cmdline").read_text().replace("\0", " ")


def test_one_file_of_an_upload_and_then_all_of_it_are_two_whole_assets(bench: Bench):
    tree = bench.upload({"a.txt": "a", "b/c.txt": "cc"})
    one = {"name": "one", "path": f"{tree}/a.txt", "type": "uri_file"}
    bench.platform.assets.create(WORKSPACE, "data", one, "owner")
    bench.platform.assets.create(WORKSPACE, "data", {"name": "all", "path": tree, "type": "uri_folder"}, "owner")
    found = [one["path"] for one in bench.platform.data_files.list(WORKSPACE, "all", "1")["items"]]
    assert found == ["a.txt", "b/c.txt"]
    assert [one["path"] for one in bench.platform.data_files.list(WORKSPACE, "one", "1")["items"]] == ["a.txt"]
