"""Texts that are no document of ours are refused with the reason, and cost no more than reading them."""

from __future__ import annotations

import pytest

from bancada.domain.yaml_source import LONGEST_PATH, load_yaml
from bancada.errors import Invalid


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: \x01", "#x0001"),
        ("a: !!timestamp 2020-01-01", "timestamp"),
        ("a: !!timestamp x", "timestamp"),
        ("a: !!binary aGVsbG8=", "binary"),
        ("a: !!set {b, c}", "set"),
        ("a: !!int abc", "`abc` is no int"),
        ("a: !!int ''", "is no int"),
        ("a: !!bool abc", "`abc` is no bool"),
        ("a: !!float abc", "`abc` is no float"),
        ("a: " + "1" * 5000, "is no int"),
        ("a: 0x" + "f" * 6000, "is no int"),
        ("a: !!python/object/apply:os.system [id]", "python"),
    ],
)
def test_values_that_json_has_not_are_refused_with_their_line(text: str, said: str):
    with pytest.raises(Invalid) as refused:
        load_yaml(f"first: 1\n{text}\n")
    (problem,) = refused.value.problems
    assert (said in problem.message, problem.line) == (True, 2)


def test_what_ordinary_tags_say_still_counts():
    assert load_yaml("a: !!str 1\nb: !!int '2'\nc: &x {d: 1}\ne: {<<: *x, f: 2020-01-01}")[0] == {
        "a": "1",
        "b": 2,
        "c": {"d": 1},
        "e": {"d": 1, "f": "2020-01-01"},
    }


def test_aliases_of_a_long_text_do_not_grow_without_bound():
    many = ",".join(["*a"] * 5000)
    with pytest.raises(Invalid, match="aliases grow"):
        load_yaml(f"a: &a '{'x' * 10_000}'\nb: [{many}]")


def test_a_long_text_is_no_alias():
    assert len(load_yaml(f"a: '{'x' * 12_000_000}'")[0]["a"]) == 12_000_000


def test_long_keys_are_not_told_again_for_each_value_below_them():
    with pytest.raises(Invalid) as refused:
        load_yaml(f"? {'k' * 50_000}\n: [{','.join(['1'] * 200)}]\nb: 1\n")
    assert [len(one.path) < LONGEST_PATH for one in refused.value.problems] == [True]
