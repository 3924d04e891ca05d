"""What the files of a registered MLflow model say: its environment, its example, its columns. Not for loading models.

Everything is read from the artifact store; no model is loaded, and no code of it runs, in the server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bancada.domain.yaml_source import load_yaml
from bancada.engine.core import Core
from bancada.engine.documents import part
from bancada.errors import Invalid, Problem
from bancada.executors.environments import EnvironmentRequest
from bancada.store import trees
from bancada.store.registry import artifact_root
from bancada.store.trees import Entry

__all__ = ["MlflowModel", "read_mlflow_model"]

# These flavors need MLflow's client only: the whole of it is 250 MB and seconds of imports more.
_LIGHT = ("mlflow.sklearn", "mlflow.lightgbm", "mlflow.xgboost", "mlflow.catboost")
_MLFLOW = re.compile(r"^mlflow\s*(?P<version>(?:[<>=!~].*)?)$", re.IGNORECASE)
_ANY_MLFLOW = re.compile(r"^mlflow(-skinny)?\b", re.IGNORECASE)
_NAME = re.compile(r"^[A-Za-z0-9_.-]+")
_SAMPLE_ROWS = 3
_LARGEST_BYTES = 4 << 20  # an example larger than this is none for a page or a terminal
_ZEROS: dict[str, Any] = {"integer": 0, "long": 0, "float": 0.0, "double": 0.0, "boolean": False}


@dataclass(frozen=True)
class MlflowModel:
    """One model's `MLmodel` and how its other files are read: a name, beside it, gives text or None."""

    name: str
    version: str
    document: dict[str, Any]
    read: Callable[[str], str | None]

    @property
    def flavors(self) -> dict[str, Any]:
        """The ways in which it can be loaded."""
        return part(self.document, "flavors")

    def environment(self) -> dict[str, Any]:
        """Return the builder's request for the model's own environment.

        MLflow's whole package is replaced by its client where the flavor needs no more. Raises Invalid.
        """
        conda = self._conda()
        lines: tuple[str, ...] | None = None
        if conda is None:
            found = self.read("requirements.txt") or ""
            lines = tuple(self._with_client([one for one in found.splitlines() if one.strip()]))
            conda = {"name": "mlflow-env", "dependencies": [self._python(), "pip"]}
        request = EnvironmentRequest(
            name=f"{self.name}-model", version=self.version, conda=conda, requirements=lines, image=None
        )
        return request.document()

    def _conda(self) -> dict[str, Any] | None:
        text = self.read("conda.yaml")
        if text is None:
            return None
        conda = _yaml_object(text, f"conda.yaml of model `{self.name}`")
        items: list[Any] = list(conda.get("dependencies") or [])
        by_pip = [part({"item": one}, "item") for one in items]
        lines = [str(line) for one in by_pip for line in cast("list[Any]", one.get("pip") or [])]
        rest = [one for one, inner in zip(items, by_pip, strict=True) if "pip" not in inner]
        by_conda = any(_ANY_MLFLOW.match(str(one)) for one in rest)
        return {**conda, "dependencies": [*rest, {"pip": lines if by_conda else self._with_client(lines)}]}

    def _python(self) -> str:
        version = str(part(self.flavors, "python_function").get("python_version") or "")
        return f"python={version}" if version else "python>=3.10"

    def _with_client(self, lines: Sequence[str]) -> list[str]:
        """Return a pip list that has what `mlflow.pyfunc` needs."""
        found = list(lines)
        version = str(self.document.get("mlflow_version") or "")
        if not any(_ANY_MLFLOW.match(one) for one in found):
            return [*found, f"mlflow-skinny=={version}" if version else "mlflow-skinny", *_missing(found)]
        if part(self.flavors, "python_function").get("loader_module") not in _LIGHT:
            return found
        whole = [_MLFLOW.match(one.strip()) for one in found]
        light = [f"mlflow-skinny{one['version']}" if one else line for line, one in zip(found, whole, strict=True)]
        return [*light, *(_missing(found) if any(whole) else [])]

    def sample(self) -> dict[str, Any] | None:
        """Return the body of a request that the model takes: its input example, else zeros by its signature."""
        example = self._example()
        if example is not None:
            return example
        columns = self.columns()
        if not columns:
            return None
        row = [_ZEROS.get(kind, "") for _, kind in columns]
        return {"input_data": {"columns": [name for name, _ in columns], "index": [0], "data": [row]}}

    def _example(self) -> dict[str, Any] | None:
        info = part(self.document, "saved_input_example_info")
        names = [info.get("serving_input_path"), info.get("artifact_path")]
        for name in [str(one) for one in names if one]:
            document = _json_object(self.read(name))
            split = part(document, "dataframe_split") or document
            if isinstance(split.get("data"), list) and isinstance(split.get("columns"), list):
                rows: list[Any] = cast("list[Any]", split["data"])[:_SAMPLE_ROWS]
                return {"input_data": {"columns": split["columns"], "index": list(range(len(rows))), "data": rows}}
            if document and set(document) <= {"inputs", "instances", "params"}:
                return document
        return None

    def columns(self) -> list[tuple[str, str]]:
        """Return names and MLflow types of the signature's columns; empty when it has none."""
        try:
            found: Any = json.loads(str(part(self.document, "signature").get("inputs") or "[]"))
        except ValueError:
            return []
        specs = [part({"spec": one}, "spec") for one in cast("list[Any]", found)]
        named = [one for one in specs if "name" in one and one.get("type") != "tensor"]
        return [(str(one["name"]), str(one["type"])) for one in named]


def read_mlflow_model(core: Core, workspace: str, name: str, version: str) -> MlflowModel | None:
    """Return what a model version's files say when it is MLflow's: one with an `MLmodel`. Raises Invalid."""
    entries = core.db.read(lambda tx: trees.walk(tx, workspace, artifact_root(name, version)))
    found = [one for one in entries if one.path.rpartition("/")[2] == "MLmodel"]
    if not found:
        return None
    top = min(found, key=lambda one: (one.path.count("/"), one.path))
    base = top.path.removesuffix("MLmodel")
    files: dict[str, Entry] = {one.path: one for one in entries}

    def read(path: str) -> str | None:
        entry = files.get(base + path)
        if entry is None or entry.size > _LARGEST_BYTES:
            return None
        return core.artifacts.path(workspace, entry.digest).read_text(encoding="utf-8", errors="replace")

    document = _yaml_object(read("MLmodel") or "", f"MLmodel of `{name}`, version {version}")
    return MlflowModel(name, version, document, read)


def _missing(lines: Sequence[str]) -> list[str]:
    """What mlflow brings along, its client does not, and `pyfunc` imports."""
    there = {found[0].lower() for found in (_NAME.match(one.strip()) for one in lines) if found}
    return [one for one in ("numpy", "pandas") if one not in there]


def _yaml_object(text: str, what: str) -> dict[str, Any]:
    try:
        found, _ = load_yaml(text)
    except Invalid as reason:
        raise Invalid.of([Problem("model", f"{what} is no YAML: {reason.message}")]) from reason
    if not isinstance(found, dict):
        raise Invalid.of([Problem("model", f"{what} is no YAML object.")])
    return cast("dict[str, Any]", found)


def _json_object(text: str | None) -> dict[str, Any]:
    try:
        found: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
