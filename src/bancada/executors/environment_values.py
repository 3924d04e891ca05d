"""The values around an environment: what is asked for, what was built, how to build. Not for building itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bancada.ids import content_hash

__all__ = ["BuildOptions", "BuiltEnvironment", "EnvironmentRequest"]

# Part of each request's digest: a new reading of the same conda file must not find what the old one built.
_READING = 1


@dataclass(frozen=True)
class EnvironmentRequest:
    """What an environment asset asks for. Two requests with the same content share what is built."""

    name: str
    version: str
    conda: Mapping[str, Any] | None = None  # the parsed conda file, as YAML gave it
    requirements: tuple[str, ...] | None = None  # lines of a pip list
    image: str | None = None  # noted only; a curated image's name stands for that curated environment
    strict_python: bool = False  # another minor version than the asked one is an error, not a warning
    built_as: str = ""  # key of an environment that has all of this; while it is there nothing is built

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        document: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "conda": dict(self.conda) if self.conda is not None else None,
            "requirements": list(self.requirements) if self.requirements is not None else None,
            "image": self.image,
            "strict_python": self.strict_python,
        }
        # Only where it is set: the digests of all other requests stay what they were.
        return {**document, "built_as": self.built_as} if self.built_as else document

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> EnvironmentRequest:
        """Read the JSON form."""
        lines = document.get("requirements")
        return cls(
            name=str(document.get("name") or "environment"),
            version=str(document.get("version") or "1"),
            conda=document.get("conda"),
            requirements=tuple(str(line) for line in lines) if lines is not None else None,
            image=document.get("image"),
            strict_python=bool(document.get("strict_python", False)),
            built_as=str(document.get("built_as") or ""),
        )

    @cached_property
    def digest(self) -> str:
        """The hash of the content, without name and version: known before anything is resolved."""
        content = {key: value for key, value in self.document().items() if key not in ("name", "version")}
        return content_hash([_READING, content])[:24]

    @property
    def subject(self) -> str:
        """How errors and progress lines call it."""
        return f"Environment `{self.name}:{self.version}`" if self.version else f"Environment `{self.name}`"


@dataclass(frozen=True)
class BuiltEnvironment:
    """A finished environment on this machine."""

    key: str  # the hash of lock, Python, platform and uv's major version
    root: Path
    interpreter: Path  # root/bin/python, not resolved: the link's place tells Python where it is
    python: str  # "3.11"
    warnings: tuple[str, ...]  # visible in each job's log: another Python, a module that cannot be imported
    packages: Mapping[str, str]  # canonical name → version
    preload: tuple[str, ...]  # modules that are worth importing ahead, in order; each was imported once

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        values = asdict(self) | {"root": str(self.root), "interpreter": str(self.interpreter)}
        return values | {"warnings": list(self.warnings), "preload": list(self.preload)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> BuiltEnvironment:
        """Read the JSON form."""
        return cls(
            key=str(document["key"]),
            root=Path(document["root"]),
            interpreter=Path(document["interpreter"]),
            python=str(document["python"]),
            warnings=tuple(document["warnings"]),
            packages=dict(document["packages"]),
            preload=tuple(document["preload"]),
        )


@dataclass(frozen=True)
class BuildOptions:
    """How to build, which changes nothing in what is asked for."""

    index: str = ""  # address of a package index; empty: as uv is configured on this machine
    download_python: bool = True  # a missing Python may be fetched, said aloud and bounded in time
    offline: bool = False  # only what is in the cache
