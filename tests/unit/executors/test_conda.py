"""The translation of conda files into pip's words: examples, and what must be said about the rest."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bancada.errors import EnvironmentUnsupported, Invalid
from bancada.executors.conda import translate, translate_pip_list


def lines(*dependencies: Any) -> list[str]:
    return [one.text for one in translate({"dependencies": list(dependencies)}).requirements]


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy=1", "numpy==1.*"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("scikit-learn=0.24.2", "scikit-learn==0.24.2"),
        ("numpy==1.26", "numpy==1.26"),
        ("numpy=1.26.4=py310h5f9d8c6_0", "numpy==1.26.4"),
        ("numpy==1.26.4=py310h5f9d8c6_0", "numpy==1.26.4"),
        ("numpy 1.26.4 py310h5f9d8c6_0", "numpy==1.26.4"),
        ("numpy 1.26.*", "numpy==1.26.*"),
        ("numpy >=1.21, <2", "numpy>=1.21,<2"),
        ("numpy>=1.21,<2.0a0", "numpy>=1.21,<2.0a0"),
        ("numpy != 1.25.0", "numpy!=1.25.0"),
        ("numpy~=1.21", "numpy~=1.21"),
        ("numpy=*", "numpy"),
        ("conda-forge::numpy=1.26", "numpy==1.26.*"),
        ("conda-forge/linux-64::numpy", "numpy"),
        ("numpy[version='>=1.21,<2',build=py310*]", "numpy>=1.21,<2"),
        ("NumPy = 1.26.4", "numpy==1.26.4"),
        ("scikit_learn", "scikit-learn"),
        ("pytables=3.8.0", "tables==3.8.0"),
        ("pytorch>=2", "torch>=2"),
        ("pip=20.2.4", "pip"),
        ("pytz=2021.1", "pytz==2021.1.*"),
        ("lightgbm=3.3.5.post1", "lightgbm==3.3.5.post1"),
    ],
)
def test_a_conda_line_becomes_a_pip_line(conda: str, pip: str) -> None:
    assert lines(conda) == [pip]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("mlflow== 1.26.1", "mlflow==1.26.1"),
        ("mlflow ==1.26.1  # the client", "mlflow==1.26.1"),
        ("Pandas [excel, parquet] >= 2 , < 3", "Pandas[excel,parquet]>=2,<3"),
        ("tomli; python_version < '3.11'", "tomli; python_version < '3.11'"),
        ("numpy (>=1.21)", "numpy>=1.21"),
        (
            "thing@ https://example.org/thing-1.0-py3-none-any.whl",
            "thing @ https://example.org/thing-1.0-py3-none-any.whl",
        ),
        ("git+https://example.org/thing.git@main", "git+https://example.org/thing.git@main"),
        ("torch==2.1.0+cpu", "torch==2.1.0+cpu"),
    ],
)
def test_a_line_of_a_pip_list_is_normalised(written: str, read: str) -> None:
    assert lines({"pip": [written]}) == [read]


def test_the_old_walkthrough_translates() -> None:
    text = """
        name: sklearn-env
        channels: [conda-forge, defaults]
        dependencies:
          - python=3.8
          - numpy=1.21.2
          - pip=21.2.4
          - scikit-learn=0.24.2
          - scipy=1.7.1
          - pandas>=1.1,<1.2
          - pip:
            - inference-schema[numpy-support]==1.3.0
            - mlflow== 1.26.1
    """
    translation = translate(yaml.safe_load(text))
    assert str(translation.python) == "3.8"
    assert translation.python.accepts((3, 8))
    assert not translation.python.accepts((3, 9))
    assert [one.text for one in translation.requirements] == [
        "numpy==1.21.2",
        "pip",
        "scikit-learn==0.24.2",
        "scipy==1.7.1",
        "pandas>=1.1,<1.2",
        "inference-schema[numpy-support]==1.3.0",
        "mlflow==1.26.1",
    ]
    assert translation.notes == ()


def test_indexes_are_kept_and_options_without_effect_are_dropped() -> None:
    written = ["--extra-index-url https://example.org/simple", "-i=https://example.org/root", "--pre", "--no-cache-dir"]
    translation = translate({"dependencies": [{"pip": [*written, "--trusted-host example.org", "numpy"]}]})
    assert [one.line for one in translation.options] == [
        "--extra-index-url https://example.org/simple",
        "--index-url https://example.org/root",
        "--pre",
    ]
    assert translation.notes == ("`--trusted-host` is ignored: certificates are always checked.",)


@pytest.mark.parametrize("line", ["-r requirements.txt", "-e .", "./wheels/a.whl", "a @ file:///tmp/a", "-c c.txt"])
def test_what_lies_on_the_authors_machine_is_refused_with_the_line(line: str) -> None:
    with pytest.raises(EnvironmentUnsupported) as caught:
        translate({"dependencies": ["python=3.10", {"pip": ["numpy", line]}]})
    assert f"dependencies[1].pip[1]: `{line}`" in caught.value.message


@pytest.mark.parametrize("spec", ["nodejs=16", "r-base=4.1", "r", "openmpi", "conda-forge::ffmpeg"])
def test_what_is_no_python_package_is_refused_with_the_line(spec: str) -> None:
    with pytest.raises(EnvironmentUnsupported) as caught:
        translate({"dependencies": ["numpy", spec]})
    assert f"dependencies[1]: `{spec}` cannot be installed" in caught.value.message


def test_what_wheels_bring_along_is_left_out_with_a_note() -> None:
    translation = translate({"dependencies": ["cudatoolkit=11.3", "libgcc-ng=11.2.0", "mkl", "pytorch"]})
    assert [one.text for one in translation.requirements] == ["torch"]
    assert any("cudatoolkit=11.3" in note for note in translation.notes)
    assert any("libgcc-ng, mkl" in note for note in translation.notes)


def test_all_problems_are_told_at_once_with_their_places() -> None:
    document = {
        "dependncies": [],
        "dependencies": ["numpy=1.2|1.3", 3.8, {"python": 3.8}, "numpy=one", {"pip": ["mlflow=1.26.1", "--frob"]}],
    }
    with pytest.raises(Invalid) as caught:
        translate(document, source="conda.yaml")
    found = {one.path: one.message for one in caught.value.problems}
    assert list(found) == [
        "dependncies",
        "dependencies[0]",
        "dependencies[1]",
        "dependencies[2].python",
        "dependencies[3]",
        "dependencies[4].pip[0]",
        "dependencies[4].pip[1]",
    ]
    assert "did you mean `dependencies`?" in found["dependncies"]
    assert "write `python=3.8`" in found["dependencies[2].python"]
    assert "did you mean `mlflow==1.26.1`?" in found["dependencies[4].pip[0]"]
    assert "conda.yaml: dependencies[0]" in caught.value.message


@pytest.mark.parametrize("document", [{}, {"dependencies": None}, {"dependencies": "numpy"}])
def test_a_file_without_a_list_of_dependencies_is_a_clear_error(document: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="expected a list of packages"):
        translate(document)


@pytest.mark.parametrize("place", ["top", "dependency"])
def test_strict_python_is_read(place: str) -> None:
    top = {"strict_python": True} if place == "top" else {}
    items = ["python=3.8"] if place == "top" else ["python=3.8", {"strict_python": True}]
    assert translate({**top, "dependencies": items}).python.strict


def test_python_2_is_refused() -> None:
    with pytest.raises(EnvironmentUnsupported, match="there is no such Python 3"):
        translate({"dependencies": ["python=2.7"]})


def test_a_plain_pip_list_is_read_the_same_way() -> None:
    translation = translate_pip_list(["# what we need", "", "numpy>=1.21", "mlflow== 1.26.1"])
    assert [one.text for one in translation.requirements] == ["numpy>=1.21", "mlflow==1.26.1"]
    assert translation.python.is_open
