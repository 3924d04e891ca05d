"""Public means in `__all__`, and documented; no file and no function longer than a reader can hold."""

from __future__ import annotations

import ast
import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "bancada"
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 700, 80
# Executed by a line of a built environment, inside of another module's names: never imported.
NOT_IMPORTED = frozenset({"bancada.runtime.start"})


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def public(tree: ast.Module) -> list[str] | None:
    """Return the names in `__all__`; None when there is none."""
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(one, ast.Name) and one.id == "__all__" for one in targets):
            value = getattr(node, "value", None)
            return [str(name) for name in ast.literal_eval(value)] if isinstance(value, (ast.List, ast.Tuple)) else []
    return None


def undocumented(tree: ast.Module, names: list[str]) -> Iterator[str]:
    """Yield public functions, classes and their public methods without a docstring."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in tree.body:
        if not isinstance(node, kinds) or node.name not in names:
            continue
        if not ast.get_docstring(node):
            yield node.name
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                is_public = isinstance(method, kinds) and not method.name.startswith("_")
                if is_public and not ast.get_docstring(method) and not is_overload(method):
                    yield f"{node.name}.{method.name}"


def is_overload(node: ast.AST) -> bool:
    """Tell whether a function is only a signature for the type checker, or sets a documented property."""
    words = [ast.unparse(one) for one in getattr(node, "decorator_list", [])]
    return any(word.endswith(("overload", ".setter")) for word in words)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_module_says_what_it_is_for_and_what_is_public(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = public(tree)
    assert ast.get_docstring(tree), "no docstring"
    assert names is not None or name_of(path) in NOT_IMPORTED, "no __all__"
    assert list(undocumented(tree, names or [])) == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_file_and_functions_are_not_too_long(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    functions = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    sizes = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION} == {}


def with_examples() -> list[Path]:
    """Return the files whose docstrings have examples."""
    return [path for path in FILES if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", with_examples(), ids=name_of)
def test_examples_in_docstrings_run(path: Path) -> None:
    outcome = doctest.testmod(importlib.import_module(name_of(path)), optionflags=doctest.ELLIPSIS)
    assert outcome.attempted > 0
    assert outcome.failed == 0
