"""From an environment reference (or an inline one) to what the builder is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from typing_extensions import TypedDict

from bancada.domain import references
from bancada.domain.references import AssetReference, BadReference, RegistryReference
from bancada.engine.documents import part
from bancada.engine.locations import find_version
from bancada.errors import Invalid, NotFound, NotSupported, Problem
from bancada.executors.curated import curated, curated_request
from bancada.executors.environments import EnvironmentRequest
from bancada.store.database import Tx

__all__ = ["CuratedEnvironment", "CuratedEnvironments", "curated_environments", "curated_row", "request_of", "resolve"]


def resolve(tx: Tx, workspace: str, environment: Any) -> tuple[Any, dict[str, Any]]:
    """Return (the environment with its version pinned, the builder's request) for a job's or deployment's field.

    Raises NotFound naming what exists, Invalid when the text is no reference.
    """
    if isinstance(environment, dict):
        inline = cast("dict[str, Any]", environment)
        return inline, request_of(inline).document()
    reference = _parsed(str(environment))
    request = curated_request(str(environment))
    if isinstance(reference, RegistryReference):
        if request is None:
            hint = "Registries hold only these."
            raise NotFound.of("environment", reference.name, existing=sorted(curated()), hint=hint)
        return str(environment), request.document()
    try:
        row = find_version(tx, workspace, "environments", reference)
    except NotFound:
        if request is None:
            raise
        return f"azureml:{request.name}:{request.version}", request.document()
    return f"azureml:{row.name}:{row.version}", request_of(row.doc).document()


class CuratedEnvironment(TypedDict):
    """An environment that comes with the platform: what to write in a job, and the packages that it names."""

    name: str
    version: str
    packages: list[str]


class CuratedEnvironments(TypedDict):
    """All of them, in the order of their names."""

    items: list[CuratedEnvironment]


def curated_environments() -> CuratedEnvironments:
    """Return the environments that come with the platform."""
    return {
        "items": [
            {"name": one.name, "version": one.version, "packages": _packages(one.conda)}
            for _, one in sorted(curated().items())
        ]
    }


def _packages(conda: Mapping[str, Any] | None) -> list[str]:
    listed = cast("list[Any]", (conda or {}).get("dependencies") or [])
    pip = next((cast("dict[str, Any]", one).get("pip") for one in listed if isinstance(one, dict)), None)
    return [str(one) for one in cast("list[Any]", pip or [])]


def curated_row(name: str) -> dict[str, Any] | None:
    """Return the document of a curated environment, or None when the name is none."""
    request = curated_request(name)
    if request is None:
        return None
    return {
        "name": request.name,
        "version": request.version,
        "id": f"azureml:{request.name}:{request.version}",
        "description": "Curated: comes with the platform.",
        "conda_file": request.conda,
    }


def request_of(doc: dict[str, Any]) -> EnvironmentRequest:
    """Return the builder's request for an environment's document."""
    if doc.get("build"):
        raise NotSupported(
            "`build` (a Docker context) needs Docker, which this platform does without. "
            "Use `conda_file`, or `image` with `conda_file`."
        )
    conda = doc.get("conda_file")
    if conda is not None and not isinstance(conda, dict):
        raise Invalid.of(
            [Problem("conda_file", "expected the file's content; clients read the file before they send it.")]
        )
    return EnvironmentRequest(
        name=str(doc.get("name") or "inline"),
        version=str(doc.get("version") or ""),
        conda=cast("dict[str, Any] | None", conda),
        requirements=None,
        image=doc.get("image"),
        strict_python=bool(doc.get("strict_python")) or _is_yes(part(doc, "tags").get("strict_python")),
    )


def _is_yes(tag: object) -> bool:
    return str(tag).lower() in ("1", "true", "yes")


def _parsed(text: str) -> AssetReference | RegistryReference:
    try:
        return references.parse_asset(text, "environment")
    except BadReference as reason:
        raise Invalid.of([Problem("environment", str(reason))]) from reason
