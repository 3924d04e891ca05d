"""Paths of artifacts: whatever is let through stays inside."""

from __future__ import annotations

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bancada.errors import Invalid
from bancada.store.trees import safe_path

LETTERS = st.one_of(st.sampled_from("./\\:ab\0\n~*é"), st.characters())


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "empty"),
        ("./.", "empty"),
        ("/a", "absolute"),
        ("//host/a", "absolute"),
        ("..", "goes up"),
        ("a/../b", "goes up"),
        ("..\\a", "back slash"),
        ("C:a", "drive letter"),
        ("c:/a", "drive letter"),
        ("a\0b", "control character"),
        ("a\x7f", "control character"),
        ("\ud800", "not valid text"),
        ("a/" + "é" * 128, "more than 255 bytes"),
    ],
)
def test_a_path_that_leads_out_is_refused_with_its_reason(path: str, problem: str) -> None:
    with pytest.raises(Invalid, match=problem):
        safe_path(path)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("a", "a"),
        ("./a//b/./c", "a/b/c"),
        ("a/", "a"),
        ("...", "..."),
        (".hidden/..b", ".hidden/..b"),
        ("ab:c", "ab:c"),
        ("mlruns/é ü/%2e%2e", "mlruns/é ü/%2e%2e"),
    ],
)
def test_a_path_has_one_form(path: str, form: str) -> None:
    assert safe_path(path) == form


@given(st.text(LETTERS, max_size=30))
@example("a/../../etc")
def test_what_is_let_through_stays_inside_its_folder(path: str) -> None:
    try:
        safe = safe_path(path)
    except Invalid as refused:
        refused.message.encode()
        return
    assert safe_path(safe) == safe
    joined = os.path.normpath(os.path.join("/inside/folder", safe))
    assert joined == f"/inside/folder/{safe}"
    assert "\\" not in safe
    assert "\0" not in safe
