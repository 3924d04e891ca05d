"""Tables are read whole while they are small, else in honest pieces."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bancada.errors import Invalid
from bancada.learning import table_file
from bancada.learning.table_file import TableFiles, form_of, head_of
from bancada.learning.table_process import profile


def write(folder: Path, rows: int, name: str = "t.csv") -> Path:
    path = folder / name
    random.seed(11)
    lines = [f"{at},{random.gauss(50, 10):.4f},{random.choice('abc')}" for at in range(rows)]
    path.write_text("id,value,letter\n" + "\n".join(lines) + "\n")
    return path


def order(path: Path, **more: Any) -> dict[str, Any]:
    return {"files": [str(path)], "form": "delimited", **more}


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.CSV", "delimited"),
        ("a.tsv", "delimited"),
        ("a.csv.gz", "delimited"),
        ("a.jsonl", "json_lines"),
        ("a.parquet", "parquet"),
        ("a.parquet.gz", None),
        ("a.png", None),
        ("MLTable", None),
    ],
)
def test_the_name_says_whether_a_file_is_a_table(name: str, form: str | None):
    assert form_of(name) == form


def test_a_small_table_is_read_whole(tmp_path: Path):
    found = profile(order(write(tmp_path, 12_000)))
    assert (found["rows"], found["read"], found["sampled"]) == (12_000, "all", False)


def test_a_packed_table_is_read_as_what_is_in_it(tmp_path: Path):
    path = write(tmp_path, 500)
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    found = profile(order(packed))
    assert found["columns"] == profile(order(path))["columns"]
    packed.write_bytes(gzip.compress(path.read_bytes())[:-20])
    with pytest.raises(Invalid, match="gzip"):
        head_of(packed)


def test_a_large_table_is_read_in_pieces_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(tmp_path, 60_000)
    monkeypatch.setattr(table_file, "FULL_BYTES", 200_000)
    found = profile(order(path))
    assert (found["read"], found["sampled"], found["rows_estimated"]) == ("blocks", True, True)
    assert found["rows_read"] < 20_000
    assert found["rows"] == pytest.approx(60_000, rel=0.05)
    number = next(one for one in found["columns"] if one["name"] == "value")
    assert number["mean"] == pytest.approx(50, abs=1)
    # From everywhere: the running number reaches from the first rows to the last ones.
    reached = next(one for one in found["columns"] if one["name"] == "id")
    assert reached["type"] == "id"
    table = TableFiles([path], "delimited")
    ids = [int(row[0]) for chunk in table.chunks() for row in chunk]
    assert min(ids) < 1000
    assert max(ids) > 58_000
    assert len(set(ids)) == len(ids)


def test_a_large_table_with_line_feeds_in_cells_is_read_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "t.csv"
    path.write_text("id,text\n" + "".join(f'{at},"two\nlines"\n' for at in range(20_000)))
    monkeypatch.setattr(table_file, "FULL_BYTES", 100_000)
    found = profile(order(path))
    assert (found["read"], found["sampled"]) == ("head", True)
    assert 1000 < found["rows_read"] < 15_000
    assert found["columns"][1]["distinct"] == 1


def test_files_of_other_columns_are_no_one_table(tmp_path: Path):
    first, second = write(tmp_path, 5), tmp_path / "u.csv"
    second.write_text("id,other\n1,2\n")
    with pytest.raises(Invalid, match="other columns"):
        profile({"files": [str(first), str(second)], "form": "delimited"})


def test_several_files_are_one_table(tmp_path: Path):
    paths = [write(tmp_path, 300, name) for name in ("a.csv", "b.csv")]
    assert profile({"files": [str(one) for one in paths], "form": "delimited"})["rows"] == 600


def test_an_empty_file_is_refused(tmp_path: Path):
    (tmp_path / "e.csv").write_text("")
    with pytest.raises(Invalid, match="empty"):
        profile(order(tmp_path / "e.csv"))


def test_the_process_writes_its_answer_or_the_error(tmp_path: Path):
    path = write(tmp_path, 50)

    def run(asked: dict[str, Any]) -> dict[str, Any]:
        (tmp_path / "order.json").write_text(json.dumps(asked))
        words = [sys.executable, "-m", "bancada.learning.table_process"]
        subprocess.run([*words, str(tmp_path / "order.json"), str(tmp_path / "result.json")], check=True, timeout=300)
        return json.loads((tmp_path / "result.json").read_text())

    assert run(order(path, what="profile", target="value"))["rows"] == 50
    assert run(order(path, what="profile", target="valeu"))["error"]["code"].endswith("not_found")


def test_parquet_says_the_same_as_csv(tmp_path: Path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = write(tmp_path, 700)
    lines = [line.split(",") for line in path.read_text().splitlines()[1:]]
    columns = {
        "id": [int(line[0]) for line in lines],
        "value": [float(line[1]) for line in lines],
        "letter": [line[2] for line in lines],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet", row_group_size=100)
    by_parquet = profile({"files": [str(tmp_path / "t.parquet")], "form": "parquet"})
    by_csv = profile(order(path))
    assert (by_parquet["rows"], by_parquet["sampled"]) == (700, False)
    for one, other in zip(by_parquet["columns"], by_csv["columns"], strict=True):
        # Texts that are cut into other chunks: the last bit of a mean may differ.
        rounded = [{key: round(v, 9) if isinstance(v, float) else v for key, v in c.items()} for c in (one, other)]
        assert rounded[0] == rounded[1]


def test_lines_above_the_header_are_no_part_of_the_table(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text("A report; of May\n\nid;value\n" + "".join(f"{at};{at % 7}\n" for at in range(50)))
    found = profile({**order(path), "skip": 2})
    assert ([one["name"] for one in found["columns"]], found["rows"]) == (["id", "value"], 50)


def test_only_the_first_file_may_have_a_header(tmp_path: Path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("id,value\n1,2\n")
    second.write_text("3,4\n5,6\n")
    said = {"files": [str(first), str(second)], "form": "delimited", "one_header": True}
    assert profile(said)["rows"] == 3
