"""From a YAML file and flags to an entity of the SDK, as az does: the file, then flags, then `--set`, then checks."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

from bancada.cli.flags import assignments
from bancada.errors import Invalid, NotFound, Problem

__all__ = ["changed", "load", "load_job", "overrides", "placed"]


def overrides(fields: Mapping[str, Any], changes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the SDK's `params_override`: flags first, `--set` on top; values are read as YAML scalars."""
    flags = [{name: value} for name, value in fields.items() if value is not None]
    return [*flags, *({name: scalar(value)} for name, value in assignments(changes).items())]


def scalar(text: str) -> Any:
    """Return what YAML makes of a word: `3` is a number, `true` a boolean, `[a, b]` a list. Else the word."""
    from bancada.ml.loaders import load_yaml

    try:
        return load_yaml(text)[0] if text.strip() else text
    except Invalid:
        return text


def load(loader: str, file: str | None, fields: Mapping[str, Any], changes: Sequence[str] = ()) -> Any:
    """Return the entity that a file and flags describe. `loader` is the SDK's function, as `load_model`.

    Raises NotFound for a missing file, Invalid with all problems and their lines.
    """
    from bancada import ml

    given = overrides(fields, changes)
    if file is None:
        if not given:
            raise Invalid.of([Problem("--file", "nothing was given; name a YAML file or set fields with flags.")])
        return getattr(ml, loader)(StringIO(""), params_override=given)
    if not Path(file).is_file():
        raise NotFound(f"There is no file `{file}`.{_near(file)}", kind="file", name=file)
    return getattr(ml, loader)(file, params_override=given)


@contextmanager
def placed(file: str | None) -> Generator[None]:
    """Give the problems that only the server can find the lines of the file that the entity came from."""
    try:
        yield
    except Invalid as reason:
        if file is None or reason.details.get("source") or not reason.problems:
            raise
        from bancada.ml.loaders import load_yaml
        from bancada.ml.texts import read_text

        lines = load_yaml(read_text(Path(file)))[1]
        found = [replace(one, line=one.line or lines.get(one.path)) for one in reason.problems]
        raise Invalid.of(found, source=file) from reason


def load_job(file: str, fields: Mapping[str, Any], changes: Sequence[str]) -> Any:
    """Return the job of a file. Raises Invalid with all problems, the local paths that do not exist among them."""
    if Path(file).is_file():
        from bancada.ml.loaders import check_job_file

        check_job_file(file, params_override=overrides(fields, changes))
    return load("load_job", file, fields, changes)


def _near(file: str) -> str:
    from bancada.errors import closest

    folder = Path(file).parent
    names = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    near = closest(Path(file).name, names)
    return f" Did you mean `{folder / near[0]}`?" if near else ""


def changed(document: Mapping[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """Return a document with `a.b=c` words applied; an empty value removes a field."""
    copy = _deep(document)
    for path, word in assignments(changes).items():
        _put(copy, path.split("."), scalar(word), path)
    return copy


def _deep(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _deep(one) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value


def _put(target: dict[str, Any], parts: Sequence[str], value: Any, path: str) -> None:
    head, *rest = parts
    if not rest:
        target[head] = value
        return
    inner = target.setdefault(head, {})
    if not isinstance(inner, dict):
        raise Invalid.of([Problem("--set", f"`{path}`: `{head}` is a value, not a mapping.")])
    _put(inner, rest, value, path)  # pyright: ignore[reportUnknownArgumentType]
