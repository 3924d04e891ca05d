"""Prepares what an attempt needs on disk, and collects what it left. Blocking work: runs on the worker's pool."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bancada.domain.expressions import substitute
from bancada.engine.automl import AutoMLFiles, as_command_spec
from bancada.engine.core import Core
from bancada.engine.documents import part
from bancada.engine.locations import Locations
from bancada.errors import Invalid
from bancada.executors import Launch
from bancada.executors.commands import split_command
from bancada.executors.environments import BuiltEnvironment
from bancada.store import trees
from bancada.store.jobs import JobRow
from bancada.store.trees import safe_path

__all__ = ["Collected", "Staging", "own_variables"]

# What a script printed last is what a user needs first; 20 lines hold a traceback's end.
LAST_LINES = 20
# A copy of so much takes about 0.1 s. Greater read-only inputs are protected from root by nothing but good manners.
ROOT_COPY_BYTES = 64 << 20


@dataclass(frozen=True)
class Collected:
    """What an attempt left: how many files became artifacts, and the last lines of its log."""

    files: int
    last_lines: tuple[str, ...]


class Staging:
    """Lays out `<home>/work/<launch>/` and turns it into a Launch; collects it afterwards.

    Concurrency: each launch id is staged by one thread at a time; different ones do not touch each other.
    """

    def __init__(self, core: Core, locations: Locations, automl: AutoMLFiles | None = None) -> None:
        self._core = core
        self._locations = locations
        self._automl = automl or AutoMLFiles(core, locations)

    def prepare(self, row: JobRow, launch_id: str, token: str, environment: BuiltEnvironment) -> Launch:
        """Return the Launch of an attempt, its folder laid out afresh.

        Raises BancadaError when an input cannot be had.
        """
        spec = row.spec or {}
        is_automl = row.type == "automl"
        if is_automl:
            spec = as_command_spec(spec)
        work = self._core.paths.work(launch_id)
        shutil.rmtree(work, ignore_errors=True)
        code = work / "code"
        code.mkdir(parents=True)
        (work / "user_logs").mkdir()
        self.materialise_code(row.workspace, spec.get("code"), code)
        values = self._inputs(row.workspace, spec, work)
        outputs = self._outputs(spec, work)
        for folder in ("outputs", "logs"):
            (code / folder).mkdir(exist_ok=True)
        if is_automl:
            self._automl.lay_out(row, code, values, outputs)
        _warn(self._core.paths.log(launch_id), environment)
        command = substitute(str(spec["command"]), _expressions(values, outputs))
        argv, shell = as_command(command)
        return Launch(
            id=launch_id,
            folder=self._core.paths.launch(launch_id),
            argv=argv,
            shell=shell,
            interpreter=environment.interpreter,
            environment_key=environment.key,
            cwd=code,
            variables=self._variables(row, spec, token, work, outputs),
            log=self._core.paths.log(launch_id),
            kind="command",
            timeout_s=_timeout(spec),
            warm=self._core.settings.templates,
            preload=environment.preload,
        )

    def materialise_code(self, workspace: str, reference: str | None, destination: Path) -> None:
        """Copy a code folder (an uploaded tree) to `destination`; None means no code."""
        if reference:
            self._locations.copy(workspace, reference, destination)

    def _inputs(self, workspace: str, spec: dict[str, Any], work: Path) -> dict[str, str | None]:
        values: dict[str, str | None] = {}
        inputs = part(spec, "inputs")
        for name, value in inputs.items():
            declared = part(inputs, name)
            if not declared:
                values[name] = _literal(value)
            elif declared.get("path"):
                values[name] = str(self._input_path(workspace, name, declared, work))
            else:
                # A declared input without a path: its default, or nothing when it is optional.
                literal = declared.get("default")
                values[name] = None if literal is None else _literal(literal)
        return values

    def _input_path(self, workspace: str, name: str, value: Mapping[str, Any], work: Path) -> Path | str:
        mode = str(value.get("mode") or "ro_mount")
        if mode == "direct":
            return str(value["path"])
        here = self._locations.local_path(workspace, str(value["path"]), value.get("type"))
        if mode in ("ro_mount", "eval_mount") and not _needs_copy(here):
            return here
        # The attempt's own copy: nothing it does reaches the asset. Not a copy of `here`, whose files are read-only
        # when they come from a tree.
        target = work / "inputs" / name
        self._locations.copy(workspace, str(value["path"]), target, value.get("type"))
        return target / here.name if here.is_file() else target

    def _outputs(self, spec: dict[str, Any], work: Path) -> dict[str, str]:
        paths: dict[str, str] = {}
        outputs = part(spec, "outputs")
        for name in outputs:
            folder = work / "outputs" / name
            folder.mkdir(parents=True)
            is_file = part(outputs, name).get("type") == "uri_file"
            paths[name] = str(folder / name) if is_file else str(folder)
        return paths

    def _variables(
        self, row: JobRow, spec: dict[str, Any], token: str, work: Path, outputs: dict[str, str]
    ) -> dict[str, str]:
        experiment = str((row.spec or {}).get("experiment_name") or "Default")
        variables = {
            "AZUREML_RUN_ID": row.name,
            "AZUREML_ROOT_RUN_ID": row.parent or row.name,
            "AZUREML_EXPERIMENT_NAME": experiment,
            "AZUREML_EXPERIMENT_ID": row.experiment_id,
            "AZUREML_ARM_WORKSPACE_NAME": row.workspace,
            "AZUREML_ARM_SUBSCRIPTION": "local",
            "AZUREML_ARM_RESOURCEGROUP": "local",
            "AZUREML_ARM_PROJECT_NAME": experiment,
            "MLFLOW_TRACKING_URI": self._core.addresses.tracking(row.workspace),
            "MLFLOW_TRACKING_TOKEN": token,
            "MLFLOW_RUN_ID": row.name,
            "MLFLOW_EXPERIMENT_ID": row.experiment_id,
            # A job rides out half an hour without a server.
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "30",
            "_MLFLOW_HTTP_REQUEST_MAX_RETRIES_LIMIT": "31",
            "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
            "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "1.0",
        }
        for name, path in outputs.items():
            variables[f"AZUREML_OUTPUT_{re.sub('[^A-Za-z0-9]', '_', name)}"] = path
        return {**variables, **own_variables(spec)}

    def collect(self, row: JobRow, launch_id: str) -> Collected:
        """Turn outputs, logs and printed lines into artifacts of the run. May be repeated after a crash."""
        work = self._core.paths.work(launch_id)
        found = [one for one in self._leftovers(row, work) if _is_storable(one[1], self._core.paths.log(launch_id))]
        store = self._core.artifacts
        blobs = [(root, path, store.put(row.workspace, file)) for root, path, file in found]

        def commit(tx: Any) -> None:
            for root, path, blob in blobs:
                trees.add(tx, row.workspace, root, path, blob)

        if blobs:
            self._core.db.write(commit)
        return Collected(len(blobs), last_lines(self._core.paths.log(launch_id)))

    def _leftovers(self, row: JobRow, work: Path) -> Iterator[tuple[str, str, Path]]:
        run = f"runs/{row.name}"
        for folder in ("outputs", "logs"):
            for path, file in _files(work / "code" / folder):
                yield run, f"{folder}/{path}", file
        for path, file in _files(work / "user_logs"):
            yield run, f"user_logs/{path}", file
        for name in part(row.spec, "outputs"):
            for path, file in _files(work / "outputs" / name):
                yield f"outputs/{row.name}/{name}", path, file

    def clean(self, launch_id: str) -> None:
        """Remove an attempt's working folder after its outputs are safe."""
        shutil.rmtree(self._core.paths.work(launch_id), ignore_errors=True)

    def clear_job(self, row: JobRow) -> None:
        """Remove what lies beside the attempts of a job that has ended."""
        if row.type == "automl":
            self._automl.clear(row.workspace, row.name)


def _expressions(inputs: Mapping[str, str | None], outputs: Mapping[str, str]) -> dict[str, str | None]:
    return {
        **{f"inputs.{name}": value for name, value in inputs.items()},
        **{f"outputs.{name}": value for name, value in outputs.items()},
    }


def _warn(log: Path, environment: BuiltEnvironment) -> None:
    # What the user did not ask for (another Python, say) stands at the head of each log that it may explain.
    if environment.warnings:
        lines = [f"[bancada] warning: {warning}\n" for warning in environment.warnings]
        log.write_text("".join(lines), encoding="utf-8")


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        # A link could lead anywhere on this machine: only real files are outputs.
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), path


def own_variables(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that a command's user set."""
    return {str(name): _literal(value) for name, value in part(spec, "environment_variables").items()}


def _is_storable(path: str, log: Path) -> bool:
    """Say whether a file can be an artifact; one that cannot is named in the log, and the others are kept."""
    try:
        safe_path(path)
    except Invalid as reason:
        with contextlib.suppress(OSError), log.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(f"[bancada] warning: a file was not kept: {reason.message}\n")
        return False
    return True


def _needs_copy(path: Path) -> bool:
    """Tell whether a read-only input must be copied: file modes do not stop root, whose small inputs are."""
    if os.geteuid() != 0:
        return False
    total = 0
    for file in [path] if path.is_file() else path.rglob("*"):
        total += file.stat().st_size if file.is_file() else 0
        if total > ROOT_COPY_BYTES:
            return False
    return True


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    return "" if value is None else str(value)


def _timeout(spec: dict[str, Any]) -> float | None:
    timeout = part(spec, "limits").get("timeout")
    return float(timeout) if timeout else None


def as_command(command: str) -> tuple[tuple[str, ...] | None, str | None]:
    """Return (argv, None) for one plain `python file.py args`, else (None, the line for a shell)."""
    line = " ".join(command.split("\n")) if "\n" in command and not _is_script(command) else command
    argv = split_command(line)
    return (tuple(argv), None) if argv else (None, command)


def _is_script(command: str) -> bool:
    # A folded command (backslash at the line's end) is one line; several lines without it are a script.
    lines = [line.rstrip() for line in command.strip().split("\n")]
    return any(not line.endswith("\\") for line in lines[:-1])


def last_lines(log: Path, count: int = LAST_LINES) -> tuple[str, ...]:
    """Return the last lines of a log, without reading all of it; empty when there is none."""
    if not log.is_file():
        return ()
    with log.open("rb") as stream:
        stream.seek(0, 2)
        stream.seek(max(0, stream.tell() - 16_384))
        text = stream.read().decode("utf-8", "replace")
    return tuple(line.rstrip() for line in text.splitlines()[-count:])
