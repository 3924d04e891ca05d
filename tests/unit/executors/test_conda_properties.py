"""Properties of the translation of conda files, against `packaging`, which reads pip's grammar independently."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement as Reference
from packaging.version import Version

from bancada.errors import EnvironmentUnsupported, Invalid
from bancada.executors.conda import translate
from bancada.executors.package_names import BROUGHT_ALONG, CUDA, FOREIGN, RENAMED
from bancada.executors.requirements import canonical_name

RESERVED = {*BROUGHT_ALONG, *CUDA, *FOREIGN, *RENAMED, "python", "pip"}
names = st.from_regex(r"[a-z][a-z0-9]{0,8}([-_.][a-z0-9]{1,6}){0,2}", fullmatch=True).filter(
    lambda name: name not in RESERVED and not name.startswith("r-")
)
releases = st.lists(st.integers(0, 2100), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
builds = st.sampled_from(["", "=py310h5f9d8c6_0", "=0"])
channels = st.sampled_from(["", "conda-forge::", "conda-forge/noarch::"])


def only(spec: str) -> Reference:
    (requirement,) = translate({"dependencies": [spec]}).requirements
    return Reference(requirement.text)


@given(names, releases, builds, channels)
def test_a_pin_accepts_the_pinned_release_whatever_its_channel_and_build(
    name: str, release: str, build: str, channel: str
) -> None:
    found = only(f"{channel}{name}={release}{build}")
    assert found.name == canonical_name(name)
    assert found.specifier.contains(Version(release))


@given(names, releases, releases)
def test_a_full_pin_accepts_nothing_else_and_a_short_one_every_patch(name: str, release: str, other: str) -> None:
    parts = release.split(".")
    specifier = only(f"{name}={release}").specifier
    if len(parts) >= 3:
        assert specifier.contains(Version(other)) == (Version(other) == Version(release))
    else:
        assert specifier.contains(Version(f"{release}.17"))
        assert not specifier.contains(Version(".".join([*parts[:-1], str(int(parts[-1]) + 1)])))


@given(names, releases, releases, st.sampled_from(["", " "]))
def test_a_range_means_the_same_in_both_words(name: str, low: str, high: str, blank: str) -> None:
    found = only(f"{name}{blank}>={blank}{low},{blank}<{blank}{high}")
    assert found.specifier == Reference(f"{name}>={low},<{high}").specifier


@given(names, st.lists(st.tuples(st.sampled_from(["==", ">=", "<=", "<", ">", "!="]), releases), max_size=3))
def test_a_pip_line_comes_through_unchanged_in_meaning(name: str, clauses: list[tuple[str, str]]) -> None:
    line = name + " , ".join(f" {operator} {release} " for operator, release in clauses)
    (requirement,) = translate({"dependencies": [{"pip": [line]}]}).requirements
    assert Reference(requirement.text).specifier == Reference(line).specifier
    assert canonical_name(Reference(requirement.text).name) == canonical_name(name)


@given(names, names, releases)
def test_translating_is_stable(name: str, other: str, release: str) -> None:
    """What comes out, put in as a pip list, comes out the same."""
    first = translate({"dependencies": [f"{name}={release}", {"pip": [f"{other}>={release}"]}]})
    texts = [one.text for one in first.requirements]
    again = translate({"dependencies": [{"pip": texts}]})
    assert [one.text for one in again.requirements] == texts


json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)
likely_text = st.text(alphabet="abz019.-_=<>!~,;:[]()@+|* '\"#/\\\n", max_size=24)


@given(st.lists(likely_text | json_values | st.builds(lambda one: {"pip": one}, st.lists(likely_text)), max_size=5))
def test_any_document_is_translated_or_refused_with_its_place(dependencies: list[Any]) -> None:
    try:
        found = translate({"dependencies": dependencies}).requirements
    except (Invalid, EnvironmentUnsupported) as error:
        refusal = error
    else:
        for one in found:
            if one.name and ";" not in one.text and "@" not in one.text and "--hash" not in one.text:
                Reference(one.text)
        return
    assert "dependencies[" in refusal.message
    if isinstance(refusal, Invalid):
        assert all(one.path and one.message for one in refusal.problems)
