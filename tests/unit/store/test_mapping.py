"""Documents and cursors go there and back; SQL is turned into PostgreSQL's form."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.errors import Invalid
from bancada.store import migrations
from bancada.store.mapping import cursor_from_text, cursor_to_text, document, json_text, key_from_cursor

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES))
def test_a_document_comes_back(value: dict[str, object]) -> None:
    text = json_text(value)
    assert document(text) == value
    # PostgreSQL takes neither in a text.
    assert "\0" not in text
    text.encode()


def test_a_document_keeps_nan() -> None:
    assert math.isnan(document(json_text({"a": math.nan}))["a"])


@given(VALUES)
def test_a_cursor_comes_back_and_fits_into_a_url(position: object) -> None:
    text = cursor_to_text(position)
    assert cursor_from_text(text) == position
    assert all(letter.isalnum() or letter in "-_" for letter in text)


@given(st.text())
def test_a_made_up_cursor_is_refused_or_harmless(text: str) -> None:
    with contextlib.suppress(Invalid):
        assert isinstance(key_from_cursor(text), int)


@pytest.mark.parametrize(
    ("sql", "numbered"),
    [
        ("SELECT 1", "SELECT 1"),
        ("a = ? AND b = ?", "a = $1 AND b = $2"),
        ("a = '?' AND b = ? AND c = 'it''s ?' AND d = ?", "a = '?' AND b = $1 AND c = 'it''s ?' AND d = $2"),
        ("LIKE ? ESCAPE '\\'", "LIKE $1 ESCAPE '\\'"),
    ],
)
def test_placeholders_are_numbered_outside_of_quotes(sql: str, numbered: str) -> None:
    postgres = pytest.importorskip("bancada.store.postgres", reason="needs the extra `postgres`", exc_type=Exception)
    assert postgres.numbered(sql) == numbered


def test_steps_are_numbered_without_gaps_and_have_both_forms() -> None:
    assert [step.version for step in migrations.steps()] == list(range(1, migrations.newest() + 1))
    for step in migrations.steps():
        sqlite, postgres = (list(migrations.statements(step.text, d)) for d in ("sqlite", "postgresql"))
        assert len(sqlite) == len(postgres) > 0
        assert not [statement for statement in [*sqlite, *postgres] if "$" in statement or "--" in statement]
