"""Answers MLflow's question "which modules does this model need?" in the process that asks. Nothing else of MLflow's.

MLflow saves a model's requirements by starting an interpreter, loading the model there and noting what is imported:
4 to 7 s of processor time for each model, three times in a script that uses autolog. Here the modules are read from
the model's pickle, and what those need in turn from the modules that are loaded: seconds become milliseconds. MLflow
itself turns modules into pinned packages, as always, from what is installed. It is only its function
`mlflow.utils.requirements_utils._capture_imported_modules` that is replaced, when it has the form that we know, and
only for flavours whose answer was compared with MLflow's own (`FLAVOURS`); whatever else is asked, or fails here, is
answered by MLflow's own way. Why so: docs/decisions/0003-requirements-inference.md.
"""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from .pickled_modules import modules_in_pickle

__all__ = ["FLAVOURS", "install", "prepare"]

_TARGET = "mlflow.utils.requirements_utils"
_FUNCTION = "_capture_imported_modules"
# What the function must begin with to be the one that we know (2.x and 3.x up to 3.13).
_PARAMETERS = ("model_uri", "flavor")
# Flavour → the modules without which nothing of it loads.
FLAVOURS: Mapping[str, Tuple[str, ...]] = {
    "sklearn": ("sklearn",),
    "lightgbm": ("lightgbm",),
    "xgboost": ("xgboost",),
}
# What MLflow's generic loader hands to every model.
_INTERFACE = ("numpy", "pandas")
_PINNED = ("numpy", "pandas", "scipy")
# A pickle of protocol 2 or later begins so; the newest protocol is 5.
_PICKLE = b"\x80"
_NEWEST_PROTOCOL = 5
_ZIP = b"PK"
_SKOPS_MODULE = re.compile(r'"__module__":\s*"([\w.]+)"')
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def install() -> None:
    """Replace MLflow's function in this process: now when its module is loaded, else when it gets loaded."""
    loaded = sys.modules.get(_TARGET)
    if loaded is not None:
        _replace(loaded)
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def prepare() -> None:
    """Find out ahead, in a template, what every fork would have to: who refers to whom, which package has what."""
    module = sys.modules.get(_TARGET)
    if module is None:
        return
    _REFERENCES.update()
    names = module.__dict__
    if "_init_modules_to_packages_map" not in names or not hasattr(names.get(_FUNCTION), "bancada_original"):
        return
    names["_init_modules_to_packages_map"]()
    providers = names["_MODULES_TO_PACKAGES"]
    for library in FLAVOURS.values():
        if library[0] in sys.modules:
            found = _REFERENCES.beside([*library, *_INTERFACE], providers)
            packages = {_normal(one) for package in found for one in providers.get(package, ())}
            names["_prune_packages"](packages)
            for package in packages:
                names["_get_installed_version"](package, None)


class _References:
    """Which other packages a package's modules refer to: what importing it has imported, read from what is loaded."""

    def __init__(self) -> None:
        self._packages: Dict[str, Set[str]] = {}
        self._seen: Set[str] = set()

    def update(self) -> None:
        """Look at the modules that were loaded since the last look."""
        for name in [one for one in list(sys.modules) if one not in self._seen]:
            self._seen.add(name)
            module = sys.modules.get(name)
            if isinstance(module, ModuleType):
                self._packages.setdefault(_top(name), set()).update(_referred(module))

    def beside(self, modules: Iterable[str], providers: Mapping[str, Sequence[str]]) -> Set[str]:
        """Return the top-level packages of `modules`, and those that these refer to and declare, as extras too.

        `providers` names the distributions of each package. What lies further down is what those require to be
        installed: MLflow leaves it out of a model's requirements.
        """
        self.update()
        named = {_top(name) for name in modules}
        found = set(named)
        for package in named:
            declared = {one for provider in providers.get(package, ()) for one in _declared(provider)}
            for other in self._packages.get(package, set()):
                if declared.intersection(_normal(one) for one in providers.get(other, ())):
                    found.add(other)
        return found


_REFERENCES = _References()


class _Finder(MetaPathFinder):
    """Finds one module, as the import system would, to replace a function of it as soon as it is loaded."""

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """Return the module's ordinary place with our loader around it; None for every other module."""
        if fullname != _TARGET:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        """Leave it to the real loader."""
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, then replace the function."""
        self._inner.exec_module(module)
        _replace(module)


def _replace(module: ModuleType) -> None:
    original: Any = module.__dict__.get(_FUNCTION)
    if not isinstance(original, FunctionType) or hasattr(original, "bancada_original"):
        return
    import inspect  # only here, for it also runs before programs that never get so far

    if tuple(inspect.signature(original).parameters)[: len(_PARAMETERS)] != _PARAMETERS:
        return
    module.__dict__[_FUNCTION] = _answering(module, original)
    # What is installed does not change under a running script; MLflow reads it anew for each model.
    requires, version = module.__dict__.get("_iter_requires"), module.__dict__.get("_get_installed_version")
    if isinstance(requires, FunctionType) and isinstance(version, FunctionType):
        module.__dict__["_iter_requires"] = lru_cache(maxsize=None)(_listing(requires))
        module.__dict__["_get_installed_version"] = lru_cache(maxsize=None)(version)


def _listing(requires: Callable[[str], Iterable[str]]) -> Callable[[str], Tuple[str, ...]]:
    def listed(name: str) -> Tuple[str, ...]:
        found = tuple(requires(name))
        # MLflow pins what it requires itself even when another package requires it, too. So does a client that has
        # only `mlflow-skinny`: a pickle of numpy's arrays needs that very numpy, whoever saved it.
        return found if found or name != "mlflow" else _PINNED

    return listed


def _answering(module: ModuleType, original: Callable[..., List[str]]) -> Callable[..., List[str]]:
    def capture(model_uri: Any, flavor: Any, *rest: Any, **named: Any) -> List[str]:
        # Anything beyond the plain question (whole module names, variables for the process) is MLflow's own to do.
        if not any(rest) and not any(named.values()) and flavor in FLAVOURS:
            try:
                return _modules_of(str(model_uri), FLAVOURS[flavor], module.__dict__["_MODULES_TO_PACKAGES"])
            # What the files of a model hold, only their flavour knows; MLflow's own way must not be lost for it.
            except Exception as reason:
                sys.stderr.write("Requirements of %s are inferred by MLflow itself: %s\n" % (model_uri, reason))
        return original(model_uri, flavor, *rest, **named)

    capture.bancada_original = original  # type: ignore[attr-defined]
    return capture


def _modules_of(path: str, library: Sequence[str], providers: Mapping[str, Sequence[str]]) -> List[str]:
    named = {*library, *_INTERFACE}
    for file in _files(path):
        named |= _named_in(file)
    return sorted(one for one in _REFERENCES.beside(named, providers) if not one.startswith("_"))


def _files(path: str) -> List[str]:
    if not os.path.exists(path):
        raise ValueError("it is no path here")
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]


def _named_in(file: str) -> Set[str]:
    with open(file, "rb") as stream:
        head = stream.read(2)
        if head == _ZIP and file.endswith(".skops"):
            return _modules_in_skops(file)
        if head[:1] != _PICKLE or not head[1:] or head[1] > _NEWEST_PROTOCOL:
            if file.endswith((".pkl", ".pickle")):
                raise ValueError("%s is no pickle that can be read" % os.path.basename(file))
            return set()
        return modules_in_pickle(head + stream.read())


def _modules_in_skops(file: str) -> Set[str]:
    """Return the modules that a model in skops' format names: a zip file whose schema spells out every class."""
    import zipfile

    with zipfile.ZipFile(file) as archive:
        return set(_SKOPS_MODULE.findall(archive.read("schema.json").decode("utf-8")))


def _referred(module: ModuleType) -> Set[str]:
    """Return the top-level packages that a module's names come from. Looks only: nothing lazy gets loaded."""
    found: Set[str] = set()
    for value in list(module.__dict__.values()):
        if type(value) is ModuleType:
            found.add(_top(value.__name__))
        elif type(value) in (FunctionType, BuiltinFunctionType) or issubclass(type(value), type):
            home = getattr(value, "__module__", None)
            if isinstance(home, str):
                found.add(_top(home))
    return found


@lru_cache(maxsize=None)
def _declared(distribution: str) -> Set[str]:
    """Return the distributions that one declares to need, those of its extras among them."""
    from importlib import metadata

    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return set()
    return {_normal(found.group()) for found in map(_NAME.match, lines) if found is not None}


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _top(name: str) -> str:
    return name.partition(".")[0]
