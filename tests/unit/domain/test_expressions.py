"""Expressions in commands: found, checked and replaced; optional blocks go when a value is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.domain.expressions import find, rename, substitute, undefined_names

NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
PLAIN = st.text(st.characters(exclude_characters="${}[]"), max_size=20)


@given(st.dictionaries(NAME, PLAIN, max_size=5), PLAIN)
def test_every_expression_is_replaced_and_nothing_else(values: dict[str, str], rest: str) -> None:
    command = rest + "".join(f" --{name} ${{{{inputs.{name}}}}}" for name in values)
    expected = rest + "".join(f" --{name} {value}" for name, value in values.items())
    assert substitute(command, {f"inputs.{name}": value for name, value in values.items()}) == expected


@given(PLAIN)
def test_a_text_without_expressions_stays(text: str) -> None:
    assert substitute(text, {}) == text
    assert find(text) == []


def test_spaces_inside_of_the_braces_do_not_matter() -> None:
    assert substitute("a ${{ inputs.x }} b", {"inputs.x": "1"}) == "a 1 b"


def test_a_value_that_looks_like_an_expression_is_not_replaced_again() -> None:
    assert substitute("${{inputs.x}}", {"inputs.x": "${{inputs.y}}", "inputs.y": "no"}) == "${{inputs.y}}"


def test_an_optional_block_stays_with_a_value_and_goes_without() -> None:
    command = "p --a ${{inputs.a}} $[[--b ${{inputs.b}}]] end"
    assert substitute(command, {"inputs.a": "1", "inputs.b": "2"}) == "p --a 1 --b 2 end"
    assert substitute(command, {"inputs.a": "1", "inputs.b": None}) == "p --a 1  end"


def test_a_missing_value_outside_of_a_block_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"inputs\.a"):
        substitute("${{inputs.a}}", {})


def test_find_tells_space_name_and_optional() -> None:
    found = find("${{inputs.a}} $[[ ${{outputs.b}} ]] ${{search_space.c}}")
    assert [(one.space, one.name, one.is_optional) for one in found] == [
        ("inputs", "a", False),
        ("outputs", "b", True),
        ("search_space", "c", False),
    ]


def test_rename_moves_only_the_named_inputs() -> None:
    text = rename("${{inputs.a}} ${{inputs.b}}", ["a"], "inputs", "search_space")
    assert text == "${{search_space.a}} ${{inputs.b}}"


def test_undefined_names_are_told_once_with_what_there_is() -> None:
    command = "${{inputs.x}} ${{inputs.x}} ${{outputs.o}} ${{input.a}}"
    assert list(undefined_names(command, ["a", "b"], [])) == [
        "`${{inputs.x}}` is no input; inputs: a, b.",
        "`${{outputs.o}}` is no output; there are no outputs.",
        "`${{input.a}}` is no expression; use `${{inputs.<name>}}`. Did you mean `${{inputs.a}}`?",
    ]


def test_a_near_name_is_suggested() -> None:
    assert list(undefined_names("${{inputs.trainng_data}}", ["training_data"])) == [
        "`${{inputs.trainng_data}}` is no input; inputs: training_data. Did you mean `training_data`?"
    ]


def test_values_of_the_search_space_stand_for_inputs_too() -> None:
    assert not list(undefined_names("${{inputs.a}} ${{search_space.a}}", [], [], ["a"]))
