"""The environments that come with the platform, as the page offers them."""

from __future__ import annotations

from bancada.engine.environments import curated_environments


def test_the_environments_that_come_with_the_platform_are_listed_with_their_packages():
    found = {one["name"]: one for one in curated_environments()["items"]}
    assert {"minimal", "sklearn-1.5"} <= set(found)
    assert found["minimal"]["packages"] == []
    assert any(one.startswith("scikit-learn") for one in found["sklearn-1.5"]["packages"])
