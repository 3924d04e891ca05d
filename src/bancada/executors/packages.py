"""What an environment must hold, whatever it was written as: conda file, pip list, image. Not for solving it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bancada.executors.conda import Translation, translate, translate_pip_list
from bancada.executors.curated import MINIMAL, curated, curated_request
from bancada.executors.environment_values import EnvironmentRequest
from bancada.executors.interpreters import PythonWish
from bancada.executors.requirements import Requirement

__all__ = ["PackageSet", "package_set"]

# What conda puts beside every Python: scripts call pip, and old packages import pkg_resources.
_BESIDE_PYTHON = ("pip", "setuptools", "wheel")


@dataclass(frozen=True)
class PackageSet:
    """Everything that the solver needs to know."""

    python: PythonWish = field(default_factory=PythonWish)
    requirements: tuple[Requirement, ...] = ()
    options: tuple[str, ...] = ()  # lines of a requirements file: indexes, `--no-binary`
    prerelease: bool = False
    notes: tuple[str, ...] = ()  # what the user should see: what was left out or replaced

    @property
    def lines(self) -> tuple[str, ...]:
        """The requirements as lines of a requirements file."""
        return tuple(one.text for one in self.requirements)

    @property
    def imported(self) -> tuple[str, ...]:
        """The names whose modules jobs are likely to import."""
        return tuple(name for name in self.names if name not in _BESIDE_PYTHON)

    @property
    def names(self) -> tuple[str, ...]:
        """The canonical names of what is asked for directly."""
        return tuple(one.name for one in self.requirements if one.name)


def package_set(request: EnvironmentRequest) -> PackageSet:
    """Return what `request` asks for.

    A conda file or a pip list decides; the image beside it is only noted, since its own packages are not visible
    from a conda environment on Azure either. An image alone is the curated environment of that name, or `minimal`.

    Raises Invalid or EnvironmentUnsupported, which name the lines.
    """
    if request.conda is None and request.requirements is None:
        return _from_image(request)
    parts: list[Translation] = []
    if request.conda is not None:
        parts.append(translate(request.conda, source=f"{request.subject}, conda_file"))
    if request.requirements is not None:
        parts.append(translate_pip_list(request.requirements, source=f"{request.subject}, requirements"))
    return _merged(parts, request)


def _from_image(request: EnvironmentRequest) -> PackageSet:
    known = curated_request(request.image) if request.image else None
    packages = package_set(known or curated()[MINIMAL])
    if known is not None or not request.image:
        return packages
    note = (
        f"Image `{request.image}` is not used: environments are built on this machine, without containers. "
        f"Without a conda file there is only Python itself (the curated `{MINIMAL}`)."
    )
    return PackageSet(packages.python, packages.requirements, notes=(note,))


def _merged(parts: list[Translation], request: EnvironmentRequest) -> PackageSet:
    requirements = [one for part in parts for one in part.requirements]
    named = {one.name for one in requirements}
    beside = [Requirement(name, name) for name in _BESIDE_PYTHON if name not in named]
    options = [one for part in parts for one in part.options]
    wish = parts[0].python
    return PackageSet(
        python=PythonWish(wish.clauses, wish.strict or request.strict_python),
        requirements=tuple(dict.fromkeys([*requirements, *beside])),
        options=tuple(dict.fromkeys(one.line for one in options if one.name != "--pre")),
        prerelease=any(one.name == "--pre" for one in options),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )
