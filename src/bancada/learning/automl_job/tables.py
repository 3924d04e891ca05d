"""Reads a table into a pandas DataFrame: an MLTable folder, a CSV, Parquet or JSON-lines file, or a folder of them.

Not for fetching: everything lies on this machine. Addresses inside an MLTable are replaced through `places`.
Source: the MLTable file format of Azure ML (paths, transformations), as far as plain tables need it.
"""

from __future__ import annotations

import codecs
import fnmatch
import gzip
import io
import json
import os
import re
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .conversions import TableError, as_list, converted, no_column
from .faults import broken_json, broken_text, check_kind, empty, longer_rows

__all__ = ["TableError", "addresses_of", "read_table"]

Frame = Any  # pandas has no types here
Step = tuple[str, Any]

_READERS = {
    ".csv": "read_delimited",
    ".tsv": "read_delimited",
    ".txt": "read_delimited",
    ".parquet": "read_parquet",
    ".pq": "read_parquet",
    ".jsonl": "read_json_lines",
    ".ndjson": "read_json_lines",
    ".json": "read_json_lines",
}
# How files in other encodings than UTF-8 may begin: what spreadsheets call Unicode text. The longer mark begins as the
# shorter one does.
_MARKED = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_ENCODINGS = {
    "utf8": "utf-8",
    "utf8bom": "utf-8-sig",
    "iso88591": "iso-8859-1",
    "latin1": "iso-8859-1",
    "ascii": "ascii",
    "utf16": "utf-16",
    "utf32": "utf-32",
    "windows1252": "cp1252",
}
# With these words headers are read from each file, or only from the first one, or from none.
_HEADERS = {
    "all_files_same_headers": "each",
    "all_files_different_headers": "each",
    "from_first_file": "first",
    "no_header": "none",
    "no_headers": "none",
}
_SNIFFED_BYTES = 65_536
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class _Source:
    """What to read: files in order, and the steps of an MLTable (none for plain files)."""

    files: Sequence[Path]
    steps: Sequence[Step]


def read_table(path: str | Path, places: Mapping[str, str] | None = None) -> Frame:
    """Return the table at a path.

    places: address in an MLTable (`https://…`, `azureml://…`) -> where it lies on this machine.
    Raises TableError saying what was found and what would be right.
    """
    source = _source(Path(path), places or {})
    if not source.files:
        raise TableError(f"There is no table file in {Path(path).name}: CSV, Parquet and JSON lines are read.")
    steps = list(source.steps)
    if not steps or not steps[0][0].startswith("read_"):
        steps.insert(0, (_reader_of(source.files), None))
    frame = _read(steps[0][0], steps[0][1], source.files)
    for name, value in steps[1:]:
        frame = _applied(frame, name, value)
    if not len(frame.columns) or not len(frame):
        raise TableError(f"The table {Path(path).name} has no rows: {len(frame)} rows, {len(frame.columns)} columns.")
    frame.columns = [str(one) for one in frame.columns]
    return frame


def addresses_of(mltable: str) -> list[str]:
    """Return the addresses (not the local paths) that an MLTable file's text names."""
    document = _document(mltable, "MLTable")
    named = [value for one in _entries(document) for value in one.values()]
    # Only texts: what aliases grow to is not written out to look for an address in it.
    return [one for one in named if isinstance(one, str) and "://" in one]


def _source(path: Path, places: Mapping[str, str]) -> _Source:
    if not path.exists():
        raise TableError(f"There is nothing at {path}.")
    described = path if path.name == "MLTable" else path / "MLTable"
    if described.is_file():
        document = _document(described.read_text(encoding="utf-8"), str(described.name))
        files = [file for one in _entries(document) for file in _named(one, described.parent, places)]
        return _Source(files, [_step(one) for one in as_list(document.get("transformations"))])
    if path.is_file():
        return _Source([path], ())
    return _Source(_tables_in(path), ())


def _document(text: str, name: str) -> dict[str, Any]:
    import yaml  # comes with mlflow; the server's own is the same

    try:
        found: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as reason:
        # Beside its own errors it lets through those of a tag that does not fit its value, and of endless nesting.
        raise TableError(f"{name} is no YAML: {reason}.") from reason
    if not isinstance(found, dict):
        raise TableError(f"{name} has no `paths`; an MLTable is a YAML mapping with `paths` and `transformations`.")
    return cast("dict[str, Any]", found)


def _entries(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries: list[Any] = as_list(document.get("paths"))
    if not entries:
        raise TableError("The MLTable names no `paths`; write `paths: [{file: ./table.csv}]`.")
    return [cast("dict[str, Any]", one) if isinstance(one, dict) else {"file": one} for one in entries]


def _named(entry: Mapping[str, Any], folder: Path, places: Mapping[str, str]) -> list[Path]:
    kind, value = next(iter(entry.items()))
    if kind not in ("file", "folder", "pattern"):
        raise TableError(f"`{kind}` in the MLTable's paths is not known; use `file`, `folder` or `pattern`.")
    if not isinstance(value, str | int | float):
        raise TableError(f"`{kind}` in the MLTable's paths names no file; write a path.")
    text = str(value)
    if "://" in text:
        if text not in places:
            raise TableError(f"`{text}` in the MLTable could not be had on this machine.")
        here = Path(places[text])
        return [here] if here.is_file() else _tables_in(here)
    if kind == "pattern":
        return _matching(folder, text)
    here = Path(os.path.normpath(folder / text))
    if not here.is_relative_to(folder):
        raise TableError(f"`{text}` leads out of the MLTable's folder; only what lies in it belongs to the asset.")
    if not here.exists():
        raise TableError(f"`{text}` in the MLTable does not exist; the folder has: {_shown(folder)}.")
    return [here] if here.is_file() else _tables_in(here)


def _matching(folder: Path, pattern: str) -> list[Path]:
    plain = pattern.removeprefix("./").replace("**/", "*")
    names = sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
    found = [folder / one for one in names if fnmatch.fnmatch(one, plain) and one != "MLTable"]
    if not found:
        raise TableError(f"No file fits the MLTable's pattern `{pattern}`; the folder has: {_shown(folder)}.")
    return found


def _shown(folder: Path) -> str:
    names = sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _tables_in(folder: Path) -> list[Path]:
    return [one for one in sorted(folder.rglob("*")) if one.is_file() and _ending(one) in _READERS]


def _ending(file: Path) -> str:
    name = file.name.lower().removesuffix(".gz")
    return f".{name.rpartition('.')[2]}" if "." in name else ""


def _reader_of(files: Sequence[Path]) -> str:
    kinds = {_READERS.get(_ending(one), "read_delimited") for one in files}
    if len(kinds) > 1:
        raise TableError(f"The folder mixes kinds of tables ({', '.join(sorted(kinds))}); keep one kind in it.")
    return kinds.pop()


def _step(value: Any) -> Step:
    if isinstance(value, str):
        return value, None
    if isinstance(value, dict) and len(cast("dict[str, Any]", value)) == 1:
        return next(iter(cast("dict[str, Any]", value).items()))
    raise TableError(f"`{value}` is no transformation of an MLTable; each is one `name: settings`.")


def _read(reader: str, settings: Any, files: Sequence[Path]) -> Frame:
    import pandas as pd

    pandas: Any = pd
    options = cast("dict[str, Any]", settings if isinstance(settings, dict) else {})
    if reader not in _READ:
        known = ", ".join(f"`{name}`" for name in _READ)
        raise TableError(f"`{reader}` is not read here; an MLTable can say {known}.")
    frames: list[Frame] = []
    for number, file in enumerate(files):
        check_kind(file)
        try:
            frame = _READ[reader](pandas, file, options, number)
        except TableError:
            raise
        except Exception as reason:  # pandas raises what its parsers raise; the user needs the file's name
            raise TableError(f"{file.name} cannot be read ({reader}): {reason}") from reason
        if options.get("include_path_column"):
            frame["Path"] = file.name
        frames.append(frame)
    if len(frames) == 1:
        return frames[0]
    if _header(options) != "each" and len({len(one.columns) for one in frames}) == 1:
        for frame in frames[1:]:
            frame.columns = frames[0].columns
    return pandas.concat(frames, ignore_index=True)


def _header(options: Mapping[str, Any]) -> str:
    word = str(options.get("header") or "all_files_same_headers").lower()
    if word in ("true", "false"):
        return "each" if word == "true" else "none"
    if word not in _HEADERS:
        raise TableError(f"`header: {word}` is not known; use one of {', '.join(_HEADERS)}.")
    return _HEADERS[word]


def _delimited(pandas: Any, file: Path, options: Mapping[str, Any], number: int) -> Frame:
    header = _header(options)
    has_header = header == "each" or (header == "first" and number == 0)
    encoding = str(options.get("encoding") or "").lower()
    text = _text(file, _ENCODINGS.get(encoding.replace("-", "").replace("_", ""), encoding or None))
    skip = _skipped(options)
    if skip:
        text = text.split("\n", skip)[skip] if text.count("\n") >= skip else ""
    if not text.strip():
        raise empty(file)
    delimiter = str(options["delimiter"]) if options.get("delimiter") else _delimiter(text)
    is_comma = not options and _has_decimal_comma(text, delimiter)
    decimal = str(options.get("decimal") or ("," if is_comma else "."))
    try:
        found = _strictly(
            pandas,
            io.StringIO(text),
            sep=delimiter.encode().decode("unicode_escape") if delimiter.startswith("\\") else delimiter,
            header=0 if has_header else None,
            decimal=decimal,
            skipinitialspace=True,
            keep_default_na=not options.get("empty_as_string"),
            low_memory=False,
            dtype=str if options.get("infer_column_types") is False else None,
        )
    except pandas.errors.ParserWarning as reason:
        raise longer_rows(file) from reason
    except pandas.errors.ParserError as reason:
        fault = broken_text(file, text, str(reason), delimiter, skip)
        if fault is None:
            raise
        raise fault from reason
    if not has_header:
        found.columns = [f"Column{place + 1}" for place in range(len(found.columns))]
    return found


def _strictly(pandas: Any, text: io.StringIO, **options: Any) -> Frame:
    """Return the table of a text; raise where pandas would take values without a name for an index, or drop them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Length of header", pandas.errors.ParserWarning)
        return pandas.read_csv(text, index_col=False, **options)


def _skipped(options: Mapping[str, Any]) -> int:
    """Return how many lines stand above the table. Ours beside Azure's options, as `decimal` is."""
    said = options.get("skip_rows") or 0
    if not isinstance(said, int) or said < 0:
        raise TableError(f"`skip_rows: {said}` is no number of lines; use 0 or more.")
    return said


def _text(file: Path, encoding: str | None) -> str:
    data = _unpacked(file)
    encoding = encoding or next((name for mark, name in _MARKED.items() if data.startswith(mark)), None)
    try:
        is_wide = encoding is not None and codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    except LookupError:
        raise TableError(f"`{encoding}` is no encoding; use one of {', '.join(_ENCODINGS)}.") from None
    if b"\0" in data and not is_wide:
        raise TableError(
            f"{file.name} is no text: it holds bytes that no text has. CSV, Parquet and JSON lines are read."
        )
    try:
        return data.decode(encoding or "utf-8-sig")
    except UnicodeDecodeError as reason:
        if encoding:
            raise TableError(f"{file.name} is not {encoding} text: {reason}.") from reason
        return data.decode("cp1252", "replace")  # what spreadsheets write where it is not UTF-8


def _unpacked(file: Path) -> bytes:
    data = file.read_bytes()
    if not file.name.lower().endswith(".gz"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as reason:
        raise TableError(f"{file.name} is no whole gzip file: {reason}.") from reason


def _delimiter(text: str) -> str:
    """Return the separator that cuts the first lines into the same number of pieces, and into most."""
    lines = [one for one in text[:_SNIFFED_BYTES].splitlines()[:20] if one.strip()]
    counts = {one: [line.count(one) for line in lines] for one in _DELIMITERS}
    even = {one: found[0] for one, found in counts.items() if found and min(found) == max(found) > 0}
    some = even or {one: found[0] for one, found in counts.items() if found and found[0] > 0}
    return max(some, key=lambda one: some[one]) if some else ","


def _has_decimal_comma(text: str, delimiter: str) -> bool:
    """Tell whether numbers are written `3,14`: only where the comma is not what separates."""
    if delimiter == ",":
        return False
    head = text[:_SNIFFED_BYTES]
    return bool(re.search(r"(?:^|[;\t|\n])-?\d+,\d+(?:[;\t|\r\n]|$)", head)) and not re.search(
        r"[;\t|]-?\d+\.\d+", head
    )


def _parquet(pandas: Any, file: Path, options: Mapping[str, Any], number: int) -> Frame:
    del options, number
    try:
        return pandas.read_parquet(file)
    except (OSError, ValueError) as reason:
        raise TableError(f"{file.name} is no whole Parquet file: {reason}") from reason


def _json_lines(pandas: Any, file: Path, options: Mapping[str, Any], number: int) -> Frame:
    del number
    text = _text(file, None)
    if not text.strip():
        raise empty(file)
    is_list = text.lstrip().startswith("[")
    if not is_list and str(options.get("invalid_lines") or "error").lower() == "drop":
        text = "\n".join(line for line in text.split("\n") if _is_json(line))
    try:
        return pandas.read_json(io.StringIO(text), lines=not is_list)
    except (ValueError, TypeError, AttributeError) as reason:
        fault = broken_json(file, text)
        if fault is None:
            raise
        raise fault from reason


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


_READ: dict[str, Callable[[Any, Path, Mapping[str, Any], int], Frame]] = {
    "read_delimited": _delimited,
    "read_parquet": _parquet,
    "read_json_lines": _json_lines,
}


def _applied(frame: Frame, name: str, value: Any) -> Frame:
    if name not in _STEPS:
        known = ", ".join(f"`{one}`" for one in (*_READ, *_STEPS))
        raise TableError(f"The MLTable's transformation `{name}` is not known here; known are {known}.")
    return _STEPS[name](frame, value)


def _kept(frame: Frame, value: Any) -> Frame:
    return frame[_columns(frame, value, "keep_columns")]


def _dropped(frame: Frame, value: Any) -> Frame:
    return frame.drop(columns=_columns(frame, value, "drop_columns"))


def _columns(frame: Frame, value: Any, step: str) -> list[str]:
    wanted = [str(one) for one in as_list(value)]
    missing = [one for one in wanted if one not in frame.columns]
    if missing:
        raise no_column(step, missing[0], [str(one) for one in frame.columns])
    return wanted


def _sampled(frame: Frame, value: Any) -> Frame:
    settings = cast("dict[str, Any]", value if isinstance(value, dict) else {"probability": value})
    return frame.sample(frac=float(settings["probability"]), random_state=settings.get("seed")).sort_index()


_STEPS: dict[str, Callable[[Frame, Any], Frame]] = {
    "keep_columns": _kept,
    "drop_columns": _dropped,
    "convert_column_types": converted,
    "skip": lambda frame, value: frame.iloc[int(value) :],
    "take": lambda frame, value: frame.head(int(value)),
    "take_random_sample": _sampled,
}
