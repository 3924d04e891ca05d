"""Every setting of the platform: name, type, default, unit, sentence, variable. No other module reads the environment.

A value comes from a flag, else the `BANCADA_` variable, else `<home>/config.yml`, else the default;
`bancada config` shows each value and where it came from.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from bancada.errors import FolderUnusable, Invalid, Problem, StorageFull, closest, is_disk_full

__all__ = ["Settings", "SettingValue", "describe", "load_settings", "unusable", "usable_folder"]


def _setting(default: Any, sentence: str, unit: str = "") -> Any:
    return field(default=default, metadata={"sentence": sentence, "unit": unit})


@dataclass(frozen=True)
class Settings:
    """What a server, a client or a command runs with. Made once, at the edge, by `load_settings`."""

    home: Path = _setting(Path("~/.bancada"), "Folder with all state of one platform.")
    cache: Path = _setting(Path("~/.cache/bancada"), "Folder of built environments and uv's cache, shared by homes.")
    host: str = _setting("127.0.0.1", "Address that server and gateway listen on.")
    port: int = _setting(7280, "Port of the server; 0 picks a free one.")
    gateway_port: int = _setting(7281, "Port of the scoring gateway; 0 picks a free one.")
    database_url: str = _setting("", "Database; empty means SQLite in the home. Else postgresql://user@host/name.")
    url: str = _setting("", "Server that CLI and SDK talk to; empty means the one recorded in the home.")
    token: str = _setting("", "Token that CLI and SDK send; empty means the owner's, read from the home.")
    workspace: str = _setting("default", "Workspace used when none is named.")
    cores: float = _setting(0.0, "Processor cores that jobs may use together; 0 means all of the machine's.", "cores")
    templates: bool = _setting(True, "Start jobs from warm interpreters where that is safe (Linux only).")
    idle_template_s: float = _setting(600.0, "A warm interpreter unused for so long is stopped.", "seconds")
    job_retries: int = _setting(1, "How often an attempt whose process was lost with the machine is tried again.")
    stop_grace_s: float = _setting(5.0, "Time between the polite and the final signal to a cancelled job.", "seconds")
    shutdown_wait_s: float = _setting(10.0, "Longest time that stopping waits for open requests.", "seconds")
    max_upload_gib: float = _setting(64.0, "Largest single file that a client may upload.", "GiB")
    log_level: str = _setting("INFO", "Level of the server's log.")
    debug: bool = _setting(False, "Show the traceback of an error on the command line.")
    python_downloads: bool = _setting(True, "Let a build fetch a Python that is asked for and not installed.")
    uv_index: str = _setting("", "Package index for environments; empty means uv's own configuration.")


@dataclass(frozen=True)
class SettingValue:
    """One setting as `bancada config` shows it."""

    name: str
    value: str
    source: str
    variable: str
    unit: str
    sentence: str


def load_settings(overrides: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in force.

    Raises Invalid when a value has the wrong type or `config.yml` names an unknown setting.
    """
    return Settings(**{name: value for name, (value, _) in _resolve(overrides, environment).items()})


def describe(
    overrides: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> list[SettingValue]:
    """Return every setting with its value and where the value came from; secrets are masked."""
    resolved = _resolve(overrides, environment)
    return [
        SettingValue(
            name=one.name,
            value=_masked(one.name, str(resolved[one.name][0])),
            source=resolved[one.name][1],
            variable=_variable(one.name),
            unit=one.metadata["unit"],
            sentence=one.metadata["sentence"],
        )
        for one in fields(Settings)
    ]


def _masked(name: str, value: str) -> str:
    if name == "token" and value:
        return "(set)"
    return re.sub(r"(//[^:/@]*):[^@/]*@", r"\1:***@", value) if name == "database_url" else value


def _variable(name: str) -> str:
    return f"BANCADA_{name.upper()}"


def _resolve(overrides: Mapping[str, Any] | None, environment: Mapping[str, str] | None) -> dict[str, tuple[Any, str]]:
    environ = os.environ if environment is None else environment
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    home = given.get("home") or environ.get(_variable("home")) or Settings.home
    config = _read_config(Path(str(home)).expanduser() / "config.yml")
    types = get_type_hints(Settings)
    resolved: dict[str, tuple[Any, str]] = {}
    for one in fields(Settings):
        if one.name in given:
            value, source = given[one.name], "flag"
        elif environ.get(_variable(one.name)):
            value, source = environ[_variable(one.name)], _variable(one.name)
        elif one.name in config:
            value, source = config[one.name], "config.yml"
        else:
            value, source = one.default, "default"
        resolved[one.name] = (_convert(one.name, types[one.name], value, source), source)
    return resolved


def _read_config(path: Path) -> dict[str, Any]:
    try:
        # A server is told as much when it makes the home; a client that only looks needs no home.
        if not path.is_file():
            return {}
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as reason:
        raise unusable("home", path.parent, reason) from reason
    except yaml.MarkedYAMLError as reason:
        line = reason.problem_mark.line + 1 if reason.problem_mark else None
        raise Invalid.of([Problem("", f"this is not YAML: {reason.problem}.", line)], source=str(path)) from reason
    except (yaml.YAMLError, UnicodeDecodeError) as reason:  # of a character: it has no line
        text = "this is not YAML: it is not UTF-8 text, or has control characters."
        raise Invalid.of([Problem("", text)], source=str(path)) from reason
    known = [one.name for one in fields(Settings)]
    if not isinstance(document, dict):
        raise Invalid.of([Problem("", "expected `name: value` lines.")], source=str(path))
    items: dict[str, Any] = {str(name): value for name, value in document.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    unknown = [name for name in items if name not in known]
    if unknown:
        raise Invalid.of([Problem(name, _unknown(name, known)) for name in unknown], source=str(path))
    return items


def _unknown(name: str, known: list[str]) -> str:
    near = closest(name, known)
    return "unknown setting." + (f" Did you mean `{near[0]}`?" if near else f" Known: {', '.join(known)}.")


WAYS = {
    "home": "Choose another folder with --home, or with the variable BANCADA_HOME.",
    "cache": "Choose another folder with the variable BANCADA_CACHE, or with `bancada config set cache=FOLDER`.",
    "download": "Choose another folder with --download-path (in Python, download_path).",
}

# In words what the operating system says of a folder that is to be made, where its own mislead.
REASONS: dict[type[OSError], str] = {
    FileExistsError: "there is a file in its place",
    NotADirectoryError: "there is a file in the place of a folder above it",
    FileNotFoundError: "no folder can be made there",
}


def usable_folder(name: str, path: Path, mode: int = 0o777) -> None:
    """Make a folder that a setting (or a flag) names, and see that files can be written in it.

    A new one gets `mode` less the umask.     Raises FolderUnusable, with what to do about it, and StorageFull.
    """
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        # Permissions do not tell: the file system may be read-only, or the user the superuser.
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as reason:
        raise unusable(name, path, reason) from reason


def unusable(name: str, path: Path, reason: OSError) -> FolderUnusable | StorageFull:
    """Return the error about such a folder; `reason` is what the operating system said."""
    if is_disk_full(reason):
        return StorageFull(f"The disk of the {name} folder {path} has no room left. Make room, then try again.")
    why = REASONS.get(type(reason)) or (reason.strerror or str(reason)).lower()
    return FolderUnusable(f"The {name} folder {path} cannot be used: {why}. {WAYS[name]}", setting=name, path=str(path))


KIND_WORDS: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
}


def _convert(name: str, kind: type, value: Any, source: str) -> Any:
    if name == "workspace" and not str(value).strip():
        raise Invalid.of([Problem(name, f"the name (from {source}) is empty; name a workspace, or leave it out.")])
    try:
        if kind is Path:
            return Path(str(value)).expanduser().absolute()
        if kind is bool:
            return value if isinstance(value, bool) else _boolean(str(value))
        return kind(value)
    except (TypeError, ValueError) as reason:
        problem = Problem(name, f"`{value}` (from {source}) is not {KIND_WORDS[kind]}.")
        raise Invalid.of([problem]) from reason


def _boolean(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    return words[text.strip().lower()] if text.strip().lower() in words else bool(int(text))
