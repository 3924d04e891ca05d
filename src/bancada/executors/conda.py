"""From a conda file to what pip understands. Not for plain pip lists (see `requirements`) and not for solving."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bancada.errors import EnvironmentUnsupported, Invalid, Problem, closest
from bancada.executors.interpreters import PythonWish
from bancada.executors.package_names import BROUGHT_ALONG, CUDA, FOREIGN, RENAMED
from bancada.executors.requirements import (
    Option,
    Requirement,
    Unsupported,
    canonical_name,
    is_name,
    parse_pip_line,
    valid_clause,
)

__all__ = ["CondaDocument", "Translation", "translate", "translate_pip_list"]

# A conda file as it was parsed from YAML: anything may stand in it.
CondaDocument = Mapping[str, Any]

_TOP_LEVEL = ("name", "channels", "dependencies", "prefix", "variables", "strict_python")
_ITEM = re.compile(r"^(?:[^\s:\[]+::?)?([A-Za-z0-9_][A-Za-z0-9._-]*)\s*(.*)$", re.DOTALL)
_BRACKET = re.compile(r"\[(.*)\]\s*$", re.DOTALL)
_CONDITION = re.compile(r"^(~=|!=|<=|>=|<|>|===?|=)(.*)$")


@dataclass(frozen=True)
class Translation:
    """What a conda file asks for in pip's words."""

    python: PythonWish = field(default_factory=PythonWish)
    requirements: tuple[Requirement, ...] = ()
    options: tuple[Option, ...] = ()
    notes: tuple[str, ...] = ()  # what was left out, and why


class _Collected:
    """What has been read so far; every problem is kept, so that all are told at once."""

    def __init__(self) -> None:
        self.python: PythonWish = PythonWish()
        self.requirements: list[Requirement] = []
        self.options: list[Option] = []
        self.notes: list[str] = []
        self.problems: list[Problem] = []
        self.unsupported: list[Problem] = []
        self.brought_along: list[str] = []
        self.strict = False

    def finish(self, source: str) -> Translation:
        if self.problems:
            raise Invalid.of([*self.problems, *self.unsupported], source=source)
        if self.unsupported:
            lines = "\n".join(f"{source}: {one.path}: {one.message}" for one in self.unsupported)
            raise EnvironmentUnsupported(lines, lines=[one.path for one in self.unsupported])
        if self.brought_along:
            self.notes.append(f"Left out, because wheels or the machine have it: {', '.join(self.brought_along)}.")
        wish = PythonWish(self.python.clauses, self.strict)
        return Translation(wish, tuple(self.requirements), tuple(self.options), tuple(self.notes))


def translate(document: CondaDocument, *, source: str = "conda_file") -> Translation:
    """Translate a conda file. Channels and builds are dropped, `=1.2` means `==1.2.*`, a full pin means `==`.

    Raises Invalid (all problems at once, each with its place) or EnvironmentUnsupported (names the lines).
    """
    collected = _Collected()
    _read_top_level(document, collected)
    dependencies: Any = document.get("dependencies")
    if not isinstance(dependencies, list):
        found = "nothing" if dependencies is None else f"a {type(dependencies).__name__}"
        collected.problems.append(Problem("dependencies", f"expected a list of packages, found {found}."))
        return collected.finish(source)
    items: list[Any] = dependencies  # pyright: ignore[reportUnknownVariableType]
    for index, item in enumerate(items):
        _read_dependency(item, f"dependencies[{index}]", collected)
    return collected.finish(source)


def translate_pip_list(lines: Iterable[str], *, source: str = "requirements") -> Translation:
    """Read a plain pip list into the same form. Raises as `translate` does."""
    collected = _Collected()
    for index, line in enumerate(lines):
        _read_pip_line(line, f"[{index}]", collected)
    return collected.finish(source)


def _read_top_level(document: CondaDocument, collected: _Collected) -> None:
    for key in document:
        if key not in _TOP_LEVEL:
            near = closest(str(key), _TOP_LEVEL)
            hint = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(_TOP_LEVEL)}."
            collected.problems.append(Problem(str(key), f"unknown key; {hint}"))
    if document.get("variables"):
        collected.notes.append("`variables` of a conda file are not set; use the job's environment_variables.")
    collected.strict = document.get("strict_python") is True


def _read_dependency(item: Any, path: str, collected: _Collected) -> None:
    if isinstance(item, str):
        _read_spec(item, path, collected)
    elif isinstance(item, Mapping):
        pairs: Mapping[Any, Any] = item  # pyright: ignore[reportUnknownVariableType]
        for key, value in pairs.items():
            _read_mapping(key, value, f"{path}.{key}", collected)
    else:
        collected.problems.append(Problem(path, f"`{item}` is not a package; expected text such as `numpy=1.26`."))


def _read_mapping(key: Any, value: Any, path: str, collected: _Collected) -> None:
    if key == "strict_python":
        collected.strict = collected.strict or value is True
    elif key == "pip" and (value is None or isinstance(value, list)):
        lines: list[Any] = value or []  # pyright: ignore[reportUnknownVariableType]
        for index, line in enumerate(lines):
            if isinstance(line, str):
                _read_pip_line(line, f"{path}[{index}]", collected)
            else:
                collected.problems.append(Problem(f"{path}[{index}]", f"`{line}` is not a requirement."))
    elif key == "pip":
        collected.problems.append(Problem(path, "expected a list of requirements under `pip:`."))
    else:
        collected.problems.append(Problem(path, f"only `pip:` may have a list; write `{key}={value}`."))


def _read_pip_line(line: str, path: str, collected: _Collected) -> None:
    try:
        parsed = parse_pip_line(line)
    except Unsupported as reason:
        collected.unsupported.append(Problem(path, f"`{line.strip()}`: {reason}"))
    except ValueError as reason:
        collected.problems.append(Problem(path, f"`{line.strip()}`: {reason}"))
    else:
        if isinstance(parsed, Requirement):
            collected.requirements.append(parsed)
        elif parsed is not None:
            collected.options += [parsed] if parsed.name else []
            collected.notes += [parsed.note] if parsed.note else []


def _read_spec(spec: str, path: str, collected: _Collected) -> None:
    found = _ITEM.match(spec.strip())
    if not found:
        collected.problems.append(Problem(path, f"`{spec}` is not a package; expected, for example, `numpy=1.26`."))
        return
    name, rest = found[1].lower(), found[2].strip()
    if name.startswith("r-") or name in FOREIGN:
        reason = FOREIGN.get(name, FOREIGN["r"])
        collected.unsupported.append(Problem(path, f"`{spec.strip()}` cannot be installed: {reason}."))
    elif name in CUDA:
        collected.notes.append(f"`{spec.strip()}` is left out: wheels bring their own CUDA libraries.")
    elif name in BROUGHT_ALONG:
        collected.brought_along.append(name)
    else:
        _read_package(name, rest, spec, path, collected)


def _read_package(name: str, rest: str, spec: str, path: str, collected: _Collected) -> None:
    try:
        clauses = _clauses(rest)
    except ValueError as reason:
        collected.problems.append(Problem(path, f"`{spec.strip()}`: {reason}"))
        return
    if name == "python":
        _read_python(clauses, spec, path, collected)
        return
    known = canonical_name(RENAMED.get(name, name))
    if not is_name(known):
        collected.problems.append(Problem(path, f"`{name}` is not a package's name."))
        return
    if known == "pip":
        clauses = ()  # uv installs; which pip lies beside it changes nothing, an old one may not even start
    collected.requirements.append(Requirement(known, known + ",".join(clauses), clauses))


def _read_python(clauses: tuple[str, ...], spec: str, path: str, collected: _Collected) -> None:
    wish = PythonWish((*collected.python.clauses, *(_release(clause) for clause in clauses)))
    if not any(wish.accepts((3, minor)) for minor in range(40)):
        collected.unsupported.append(Problem(path, f"`{spec.strip()}`: there is no such Python 3."))
        return
    collected.python = wish


def _clauses(rest: str) -> tuple[str, ...]:
    """Return pip's conditions for what stands behind a name in conda's grammar."""
    bracket = _BRACKET.search(rest)
    if bracket:
        inner = dict(re.findall(r"(\w+)\s*=\s*['\"]?([^'\"\]]*)['\"]?", bracket[1]))
        rest = inner.get("version", rest[: bracket.start()])
    text = re.sub(r"\s*([<>=!~]+|,)\s*", r"\1", rest.strip())
    if "|" in text:
        raise ValueError("alternatives (`|`) have no counterpart in pip; name one version.")
    if not text or text == "*":
        return ()
    version = text.split()[0]  # what follows after a blank is a build
    if re.match(r"^=[^=]", version):
        return _checked(_fuzzy(version[1:].split("=")[0]))
    if version.startswith("==") and version.count("=") > 2:
        version = version.rsplit("=", 1)[0]
    return _checked(*(_condition(part) for part in version.split(",") if part))


def _condition(part: str) -> str:
    found = _CONDITION.match(part)
    if not found:
        return _fuzzy(part) if part.endswith("*") else f"=={part}"
    operator, version = found[1], found[2]
    if operator == "=":
        return _fuzzy(version)
    if operator not in ("==", "!=", "==="):
        version = version.removesuffix("*").removesuffix(".")
    elif version.endswith("*") and not version.endswith(".*"):
        version = f"{version[:-1].rstrip('.')}.*"
    return f"{operator}{version}"


def _fuzzy(version: str) -> str:
    """conda's `=1.2` is any 1.2; three numbers or more are a full pin, and users mean exactly that one."""
    if version == "*":
        return ""
    release = version.removesuffix("*").removesuffix(".")
    is_open = version.endswith("*") or re.fullmatch(r"\d+(\.\d+)?", release)
    return f"=={release}.*" if is_open else f"=={release}"


def _checked(*clauses: str) -> tuple[str, ...]:
    kept = tuple(clause for clause in clauses if clause)
    for clause in kept:
        if not valid_clause(clause):
            raise ValueError(f"`{clause}` is not a version condition. Expected, for example, `=1.2`, `>=1.2,<2`.")
    return kept


def _release(clause: str) -> tuple[str, tuple[int, ...]]:
    found = _CONDITION.match(clause)
    assert found is not None  # `_checked` has seen it
    numbers = [part for part in found[2].removesuffix(".*").split(".") if part.isdigit()]
    operator = "==" if found[1] == "===" else found[1]
    return operator, tuple(int(part) for part in numbers)
