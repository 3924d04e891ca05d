"""What the gate says where it has nothing to try."""

from __future__ import annotations

import pytest

from bancada.runtime.exact_gate import use_exact_equivalents


@pytest.mark.parametrize(
    ("is_ours", "where"), [(False, "in the script's globals"), (True, "the MLflow model is no object")]
)
def test_without_a_known_model_the_reason_speaks_of_what_the_deployment_has(is_ours: bool, where: str) -> None:
    verdict = use_exact_equivalents([{"model": object()}], is_ours=is_ours)
    assert verdict.level == "L0"
    assert where in verdict.reason
