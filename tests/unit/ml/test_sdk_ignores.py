"""Ignore files mean what gitignore means."""

from __future__ import annotations

from pathlib import Path

import pytest

from bancada.ml.ignores import IgnoreRules, rules_of


@pytest.mark.parametrize(
    ("lines", "path", "is_folder", "expected"),
    [
        (["*.csv"], "a.csv", False, True),
        (["*.csv"], "x/y/a.csv", False, True),
        (["/a.csv"], "x/a.csv", False, False),
        (["data/"], "data", True, True),
        (["data/"], "x/data", True, True),
        (["data/"], "data", False, False),
        (["x/data"], "y/x/data", True, False),
        (["**/data"], "y/x/data", True, True),
        (["a/**/b"], "a/x/y/b", False, True),
        (["a/**/b"], "a/b", False, True),
        (["a/**"], "a/x/y", False, True),
        (["*.csv", "!keep.csv"], "keep.csv", False, False),
        (["!keep.csv", "*.csv"], "keep.csv", False, True),
        (["# a", "", "  "], "# a", False, False),
        ([r"\#a"], "#a", False, True),
        (["a?.py"], "ab.py", False, True),
        (["a?.py"], "a/.py", False, False),
        (["[ab].py"], "b.py", False, True),
        (["[!ab].py"], "b.py", False, False),
        (["a.b"], "axb", False, False),
        (["x "], "x", False, True),
    ],
)
def test_a_line_ignores_what_it_names(lines: list[str], path: str, is_folder: bool, expected: bool) -> None:
    assert IgnoreRules.of(lines).is_ignored(path, is_folder=is_folder) is expected


def test_amlignore_goes_before_gitignore(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("a\n")
    assert rules_of(tmp_path).is_ignored("a", is_folder=False)
    (tmp_path / ".amlignore").write_text("b\n")
    assert not rules_of(tmp_path).is_ignored("a", is_folder=False)
    assert rules_of(tmp_path).is_ignored("b", is_folder=False)


def test_byte_code_and_git_never_go(tmp_path: Path) -> None:
    rules = rules_of(tmp_path)
    assert rules.is_ignored("x/__pycache__", is_folder=True)
    assert rules.is_ignored(".git", is_folder=True)
