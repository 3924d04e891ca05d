"""Tables as AutoML jobs read them: MLTable, CSV, Parquet, JSON lines, folders."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bancada.learning.automl_job.tables import TableError, addresses_of, read_table

CSV = "a,b,when\n1,x,2024-01-31\n2,y,2024-02-01\n"


def mltable(folder: Path, text: str, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "MLTable").write_text("type: mltable\n" + text)
    for name, content in files.items():
        (folder / name.replace("_csv", ".csv")).write_text(content)
    return folder


def records(frame: Any) -> list[dict[str, Any]]:
    return frame.to_dict(orient="records")


def test_an_mltable_is_read_as_it_says(tmp_path: Path) -> None:
    text = """
paths:
  - file: ./t_csv
transformations:
  - read_delimited:
      delimiter: ';'
      encoding: latin1
      header: all_files_same_headers
  - keep_columns: [a, c]
  - convert_column_types:
      - columns: a
        column_type: string
"""
    folder = mltable(tmp_path / "t", text.replace("t_csv", "t.csv"))
    (folder / "t.csv").write_bytes("a;b;c\n1;2;São Paulo\n".encode("latin1"))
    assert records(read_table(folder)) == [{"a": "1", "c": "São Paulo"}]
    assert records(read_table(folder / "MLTable")) == [{"a": "1", "c": "São Paulo"}]


def test_an_mltable_without_transformations_goes_by_the_files_names(tmp_path: Path) -> None:
    folder = mltable(tmp_path / "t", "paths: [{file: ./t.csv}]", t_csv=CSV)
    assert list(read_table(folder).columns) == ["a", "b", "when"]


def test_patterns_and_folders_join_their_files_in_order(tmp_path: Path) -> None:
    folder = mltable(tmp_path / "t", "paths: [{pattern: './*.csv'}]", p1_csv="a\n1\n", p2_csv="a\n2\n")
    assert read_table(folder)["a"].tolist() == [1, 2]
    folder = mltable(tmp_path / "u", "paths: [{folder: ./}]", p1_csv="a\n1\n", p2_csv="a\n2\n")
    assert read_table(folder)["a"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("header", "columns", "rows"),
    [
        ("no_header", ["Column1", "Column2"], 4),
        ("from_first_file", ["a", "b"], 3),
        ("all_files_different_headers", ["a", "b"], 2),
    ],
)
def test_headers_are_where_the_mltable_says(tmp_path: Path, header: str, columns: list[str], rows: int) -> None:
    text = f"paths: [{{pattern: '*.csv'}}]\ntransformations: [{{read_delimited: {{header: {header}}}}}]"
    folder = mltable(tmp_path / "t", text, p1_csv="a,b\n1,2\n", p2_csv="a,b\n3,4\n")
    found = read_table(folder)
    assert list(found.columns) == columns
    assert len(found) == rows


def test_columns_become_the_types_that_are_asked(tmp_path: Path) -> None:
    text = """
paths: [{file: ./t.csv}]
transformations:
  - read_delimited: {delimiter: ','}
  - convert_column_types:
      - {columns: [n], column_type: float}
      - {columns: yes, column_type: {boolean: {true_values: [ja], false_values: [nein]}}}
      - {columns: when, column_type: {datetime: {formats: ['%d.%m.%Y', '%Y-%m-%d']}}}
"""
    folder = mltable(
        tmp_path / "t", text.replace("yes,", "'yes',"), t_csv="n,yes,when\n1,ja,31.01.2024\n2,nein,2024-02-01\n"
    )
    found = read_table(folder)
    assert found["n"].tolist() == [1.0, 2.0]
    assert found["yes"].tolist() == [True, False]
    assert [str(one.date()) for one in found["when"]] == ["2024-01-31", "2024-02-01"]


def test_rows_can_be_skipped_taken_and_sampled(tmp_path: Path) -> None:
    body = "a\n" + "".join(f"{n}\n" for n in range(100))
    steps = "transformations: [{read_delimited: {}}, {skip: 10}, {take: 50}]"
    folder = mltable(tmp_path / "t", f"paths: [{{file: ./t.csv}}]\n{steps}", t_csv=body)
    assert read_table(folder)["a"].tolist() == list(range(10, 60))
    steps = "transformations: [{read_delimited: {}}, {take_random_sample: {probability: 0.2, seed: 1}}]"
    folder = mltable(tmp_path / "u", f"paths: [{{file: ./t.csv}}]\n{steps}", t_csv=body)
    assert len(read_table(folder)) == 20


def test_addresses_in_an_mltable_are_taken_from_their_places(tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text(CSV)
    text = "paths: [{file: 'https://x.org/t.csv'}, {file: ./own.csv}]"
    folder = mltable(tmp_path / "t", text, own_csv=CSV)
    assert addresses_of((folder / "MLTable").read_text()) == ["https://x.org/t.csv"]
    assert len(read_table(folder, {"https://x.org/t.csv": str(tmp_path / "there.csv")})) == 4
    with pytest.raises(TableError, match=r"https://x\.org/t\.csv.*could not be had"):
        read_table(folder)


def test_parquet_json_lines_and_packed_files_are_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    frame.to_json(tmp_path / "t.json", orient="records")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n1,x\n2,y\n"))
    for name in ("t.parquet", "t.jsonl", "t.json", "t.csv.gz"):
        assert records(read_table(tmp_path / name)) == records(frame), name


def test_lines_that_are_no_json_are_dropped_where_the_mltable_says(tmp_path: Path) -> None:
    text = "paths: [{file: ./t.csv}]\ntransformations: [{read_json_lines: {invalid_lines: drop}}]"
    folder = mltable(tmp_path / "t", text, t_csv='{"a": 1}\nnonsense\n{"a": 2}\n')
    assert read_table(folder)["a"].tolist() == [1, 2]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_plain_file_tells_its_separator(tmp_path: Path, separator: str) -> None:
    (tmp_path / "t.csv").write_text(CSV.replace(",", separator))
    assert list(read_table(tmp_path / "t.csv").columns) == ["a", "b", "when"]


def test_a_decimal_comma_is_understood_where_the_comma_does_not_separate(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("preço;nome\n1,5;x\n2,25;y\n", encoding="utf-8-sig")
    found = read_table(tmp_path / "t.csv")
    assert found["preço"].tolist() == [1.5, 2.25]


def test_text_of_spreadsheets_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("cidade,n\nSão Paulo,1\n".encode("cp1252"))
    assert read_table(tmp_path / "t.csv")["cidade"].tolist() == ["São Paulo"]


def test_a_folder_of_files_is_one_table(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "inner" / "b.csv").write_text("a\n2\n")
    (tmp_path / "notes.md").write_text("no table")
    assert read_table(tmp_path)["a"].tolist() == [1, 2]
    (tmp_path / "c.jsonl").write_text('{"a": 3}\n')
    with pytest.raises(TableError, match="mixes kinds of tables"):
        read_table(tmp_path)


def test_what_is_no_text_is_no_address() -> None:
    aliases = "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert addresses_of(f"a: &a [x]\n{aliases}paths: [{{file: *i}}, {{file: 5}}, https://x.org/t.csv]") == [
        "https://x.org/t.csv"
    ]


@pytest.mark.parametrize("text", ["x: !!timestamp z", "x: " + "1" * 5000, "x: !!bool z", "x: " + "[" * 3000])
def test_values_that_are_none_are_an_error_of_the_table(text: str) -> None:
    with pytest.raises(TableError, match="MLTable is no YAML"):
        addresses_of(f"paths: [a.csv]\n{text}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paths: [{file: ./none.csv}]", r"`./none.csv` in the MLTable does not exist; the folder has: MLTable, t.csv"),
        ("paths: [{file: ../t.csv}]", "leads out of the MLTable's folder"),
        ("paths: [{pattern: '*.parquet'}]", "No file fits"),
        ("paths: [{table: ./t.csv}]", "`table` in the MLTable's paths is not known"),
        ("transformations: []", "names no `paths`"),
        ("paths: [{file: ./t.csv}]\ntransformations: [{read_delta_lake: {}}]", "`read_delta_lake` is not read here"),
        ("paths: [{file: ./t.csv}]\ntransformations: [read_delimited, {melt: x}]", "`melt` is not known here"),
        ("paths: [{file: ./t.csv}]\ntransformations: [read_delimited, {drop_columns: z}]", "names `z`, which is no"),
        ("paths: [{file: ./t.csv}]\ntransformations: [read_delimited, {keep_columns: [aa]}]", "Did you mean `a`"),
        (
            "paths: [{file: ./t.csv}]\ntransformations: [read_delimited, {convert_column_types: "
            "[{columns: b, column_type: int}]}]",
            "Column `b` cannot become `int`",
        ),
        ("paths: [{file: ./t.csv}]\ntransformations: [{read_delimited: {encoding: klingon}}]", "is no encoding"),
        ("paths: [", "MLTable is no YAML"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_would_be_right(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_table(mltable(tmp_path / "t", text, t_csv=CSV))


def test_a_table_without_rows_is_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n")
    with pytest.raises(TableError, match="has no rows"):
        read_table(tmp_path / "t.csv")
    with pytest.raises(TableError, match="no table file"):
        read_table(mltable(tmp_path / "empty", "paths: [{folder: ./}]"))
    with pytest.raises(TableError, match="There is nothing at"):
        read_table(tmp_path / "none.csv")


def test_lines_above_the_header_and_a_decimal_comma_are_read_as_the_mltable_says(tmp_path: Path) -> None:
    text = """
paths: [{file: ./t.csv}]
transformations:
  - read_delimited: {delimiter: ';', skip_rows: 2, decimal: ','}
"""
    folder = mltable(tmp_path / "t", text, t_csv="Monthly report\n\npeso;name\n3,5;a\n4,25;b\n")
    assert records(read_table(folder)) == [{"peso": 3.5, "name": "a"}, {"peso": 4.25, "name": "b"}]
    (folder / "MLTable").write_text(text.replace("skip_rows: 2", "skip_rows: few"))
    with pytest.raises(TableError, match="no number of lines"):
        read_table(folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "empty.csv is empty."),
        ("blank.csv", b" \n\n", "blank.csv is empty."),
        ("empty.jsonl", b"\n", "empty.jsonl is empty."),
        ("empty.parquet", b"", "empty.parquet is empty."),
        ("x.xlsx", b"junk", "x.xlsx is an Excel file, which is not read here. Save its sheet as CSV or Parquet."),
        (
            "x.csv",
            b"PK\x03\x04\0\0",
            "x.csv is an Excel file or a zip archive. Save what is in it as CSV or Parquet.",
        ),
        ("x.csv", b"a,b\n1,\0\n", "x.csv is no text: it holds bytes that no text has."),
        (
            "x.csv",
            b"a,b\n1,2\n1,2,3\n",
            "x.csv: line 3 has 3 values, but the table has 2 columns. Put texts with `,` in quotes, or mend the line.",
        ),
        ("x.csv", b'a,b\n1,2\n3,"x\n4,5\n', "x.csv: a quote in line 3 is never closed. Close it, or take it out."),
        ("x.csv", b'a,b\n"x\ny\nz",2\n3,4\n5,6,7\n', "x.csv: line 6 has 3 values"),
        ("x.csv", b'a,b\n"x\ny\nz",2\n3,"x\n', "x.csv: a quote in line 5 is never closed."),
        ("x.csv", b"a,b\n1,2,5\n3,4,6\n", "x.csv: its rows have more values than its header has names. Name every"),
        ("x.csv.gz", b"a,b\n", "x.csv.gz is no whole gzip file: Not a gzipped file"),
        ("x.parquet", b"no parquet", "x.parquet is no whole Parquet file: "),
        ("x.jsonl", b'{"a":1}\n\n{"a"\n', "x.jsonl: line 3 is no JSON (Expecting ':' delimiter"),
        ("x.jsonl", b'{"a":1}\n[1]\n', "x.jsonl: line 2 is no JSON object; JSON lines have one a line."),
        ("x.jsonl", '{"a":"x\u2028y"}\n{"a":1}\n{"a":}\n'.encode(), "x.jsonl: line 3 is no JSON"),
        ("x.json", b'[{"a":1', "x.json is no JSON: Expecting"),
    ],
)
def test_a_file_that_is_no_table_is_told_in_plain_words(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError) as caught:
        read_table(tmp_path / name)
    assert str(caught.value).startswith(message)
    assert "C error" not in str(caught.value)


def test_lines_above_the_header_count_in_the_line_that_does_not_fit(tmp_path: Path) -> None:
    text = "paths: [{file: ./t.csv}]\ntransformations: [{read_delimited: {skip_rows: 2}}]"
    with pytest.raises(TableError, match=r"t\.csv: line 5 has 3 values"):
        read_table(mltable(tmp_path / "t", text, t_csv="Report\n\na,b\n1,2\n1,2,3\n"))


def test_the_unicode_text_of_spreadsheets_is_read(tmp_path: Path) -> None:
    for encoding in ("utf-16", "utf-32"):
        (tmp_path / "t.txt").write_text("a\tb\n1\tç\n", encoding=encoding)
        assert records(read_table(tmp_path / "t.txt")) == [{"a": 1, "b": "ç"}]
    text = "paths: [{file: ./t.csv}]\ntransformations: [{read_delimited: {encoding: utf-16-le}}]"
    folder = mltable(tmp_path / "t", text, t_csv="")
    (folder / "t.csv").write_text("a,b\n1,ç\n", encoding="utf-16-le")
    assert records(read_table(folder)) == [{"a": 1, "b": "ç"}]


def test_a_separator_of_lines_inside_of_a_text_ends_no_json_line(tmp_path: Path) -> None:
    text = "paths: [{file: ./t.jsonl}]\ntransformations: [{read_json_lines: {invalid_lines: drop}}]"
    folder = mltable(tmp_path / "t", text)
    (folder / "t.jsonl").write_text('{"a":"x\u2028y"}\n{"a":}\n', encoding="utf-8")
    assert records(read_table(folder)) == [{"a": "x\u2028y"}]
