"""Environments without building any: requests, curated names, which Python, old releases, uv's words, preloading."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from bancada.errors import (
    BancadaError,
    EnvironmentFailed,
    EnvironmentUnsolvable,
    EnvironmentUnsupported,
    Invalid,
    StorageFull,
)
from bancada.executors.build import order_document
from bancada.executors.curated import curated, curated_request
from bancada.executors.environment_values import BuiltEnvironment, EnvironmentRequest
from bancada.executors.interpreters import Interpreter, PythonWish, candidates
from bancada.executors.packages import package_set
from bancada.executors.reasons import explain, is_about_python
from bancada.executors.release_dates import general_date, needed_by, open_package_dates, release_dates
from bancada.executors.uv_process import mask_secrets
from bancada.executors.warming import preload_modules

UTC = datetime.UTC


def wish(spec: str, *, strict: bool = False) -> PythonWish:
    request = EnvironmentRequest("env", "1", conda={"dependencies": [f"python{spec}"]}, strict_python=strict)
    return package_set(request).python


def python(version: str) -> Interpreter:
    major, minor, patch = (int(part) for part in version.split("."))
    return Interpreter(Path(f"/opt/python{version}"), (major, minor, patch), version, "linux-x86_64")


# --- requests


def test_a_request_survives_json() -> None:
    request = EnvironmentRequest("env", "3", {"dependencies": ["numpy"]}, ("scipy",), "image:1", strict_python=True)
    assert EnvironmentRequest.from_document(request.document()) == request


def test_a_built_environment_survives_json() -> None:
    built = BuiltEnvironment("k", Path("/c/k"), Path("/c/k/bin/python"), "3.11", ("w",), {"numpy": "1"}, ("numpy",))
    assert BuiltEnvironment.from_document(built.document()) == built


def test_the_digest_is_that_of_the_content_alone() -> None:
    first = EnvironmentRequest("a", "1", {"dependencies": ["numpy"]})
    assert first.digest == EnvironmentRequest("b", "2", {"dependencies": ["numpy"]}).digest
    assert first.digest != EnvironmentRequest("a", "1", {"dependencies": ["scipy"]}).digest
    assert first.digest != EnvironmentRequest("a", "1", {"dependencies": ["numpy"]}, strict_python=True).digest


def test_an_order_holds_all_that_a_build_needs() -> None:
    request = EnvironmentRequest("a", "1", {"dependencies": ["numpy"]})
    order = order_document(request, Path("/cache"), index="https://example.org/simple", download_python=False)
    assert EnvironmentRequest.from_document(order["request"]) == request
    assert (order["cache"], order["index"], order["download_python"]) == ("/cache", "https://example.org/simple", False)


# --- what is asked for


def test_pip_and_what_conda_puts_beside_it_are_always_there() -> None:
    packages = package_set(EnvironmentRequest("env", "1", requirements=("numpy", "setuptools<60")))
    assert packages.lines == ("numpy", "setuptools<60", "pip", "wheel")
    assert packages.imported == ("numpy",)


def test_an_image_beside_a_conda_file_changes_nothing() -> None:
    conda = {"dependencies": ["python=3.10", "numpy"]}
    image = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"
    assert package_set(EnvironmentRequest("a", "1", conda, image=image)) == package_set(
        EnvironmentRequest("a", "1", conda)
    )


def test_an_image_alone_is_minimal_and_says_so() -> None:
    packages = package_set(EnvironmentRequest("a", "1", image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"))
    assert packages.requirements == package_set(curated()["minimal"]).requirements
    assert "is not used" in packages.notes[0]


def test_a_curated_image_alone_is_that_curated_environment() -> None:
    packages = package_set(EnvironmentRequest("a", "1", image="mcr.microsoft.com/azureml/curated/sklearn-1.5:22"))
    assert packages == package_set(curated()["sklearn-1.5"])


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("sklearn-1.5", "sklearn-1.5"),
        ("azureml:sklearn-1.5", "sklearn-1.5"),
        ("azureml:sklearn-1.5:12", "sklearn-1.5"),
        ("AzureML-sklearn-1.5-ubuntu20.04-py38-cpu@latest", "sklearn-1.5"),
        ("azureml:AzureML-sklearn-1.5:1", "sklearn-1.5"),
        ("azureml://registries/azureml/environments/sklearn-1.5/versions/7", "sklearn-1.5"),
        ("azureml://registries/azureml/environments/sklearn-1.5/labels/latest", "sklearn-1.5"),
        ("azureml://registries/azureml/environments/sklearn-1.5", "sklearn-1.5"),
        ("mcr.microsoft.com/azureml/curated/sklearn-1.5:22", "sklearn-1.5"),
        ("azureml:minimal@latest", "minimal"),
        ("AzureML-minimal-ubuntu20.04-py38-cpu-inference", "minimal"),
        ("minimal-py312-inference", "minimal"),
        ("azureml:AzureML-AutoML:1", "automl"),
        ("azureml://registries/azureml/environments/ai-ml-automl/labels/latest", "automl"),
    ],
)
def test_curated_environments_are_reached_by_azures_names(reference: str, name: str) -> None:
    assert curated_request(reference) == curated()[name]


@pytest.mark.parametrize(
    "reference", ["sklearn-1.50", "my-sklearn-1.5", "azureml:sklearn-env:1", "AzureML-sklearn-0.24", "minimalist", ""]
)
def test_other_names_are_not_curated(reference: str) -> None:
    assert curated_request(reference) is None


# --- which Python


def minors(found: PythonWish, *versions: str) -> list[str]:
    return [one.interpreter.version_text for one in candidates(found, [python(version) for version in versions])]


def test_the_asked_minor_version_is_taken_and_no_other() -> None:
    assert minors(wish("=3.10"), "3.9.1", "3.10.2", "3.10.13", "3.11.7") == ["3.10.13"]


def test_the_asked_patch_release_is_preferred_among_several() -> None:
    assert minors(wish("=3.10.2"), "3.10.2", "3.10.13") == ["3.10.2"]


def test_without_it_the_nearest_come_first_and_of_two_as_near_the_newer() -> None:
    assert minors(wish("=3.10"), "3.8.1", "3.9.1", "3.11.7", "3.13.0") == ["3.11.7", "3.9.1", "3.8.1", "3.13.0"]


def test_strict_python_leaves_nothing_else() -> None:
    assert minors(wish("=3.10", strict=True), "3.9.1", "3.11.7") == []


@pytest.mark.parametrize(
    ("spec", "yes", "no"),
    [
        ("=3.8", [(3, 8)], [(3, 9), (3, 7)]),
        ("=3.8.5", [(3, 8)], [(3, 9)]),
        ("==3.8.*", [(3, 8)], [(3, 9)]),
        (">=3.8", [(3, 8), (3, 14)], [(3, 7)]),
        (">=3.8.5,<3.11", [(3, 8), (3, 10)], [(3, 11), (3, 7)]),
        ("<3.11.4", [(3, 11), (3, 8)], [(3, 12)]),
        ("<=3.9", [(3, 9)], [(3, 10)]),
        (">3.9", [(3, 10)], [(3, 9)]),
        ("~=3.9", [(3, 9), (3, 12)], [(3, 8)]),
        ("~=3.9.2", [(3, 9)], [(3, 10)]),
        ("!=3.9.*", [(3, 8)], [(3, 9)]),
        ("=3", [(3, 8), (3, 13)], []),
        ("", [(3, 8), (3, 13)], []),
    ],
)
def test_condas_conditions_on_python(spec: str, yes: list[tuple[int, int]], no: list[tuple[int, int]]) -> None:
    asked = wish(spec)
    assert [minor for minor in yes if not asked.accepts(minor)] == []
    assert [minor for minor in no if asked.accepts(minor)] == []


# --- old releases


def test_a_release_is_as_old_as_its_first_wheel() -> None:
    day = datetime.datetime(2021, 4, 28, tzinfo=UTC)
    later = day + datetime.timedelta(days=90)
    lock = {
        "packages": [
            {
                "name": "Scikit_Learn",
                "sdist": {"upload-time": later},
                "wheels": [{"upload-time": later}, {"upload-time": day}],
            },
            {"name": "old-thing", "sdist": {"upload-time": later}},
            {"name": "private", "wheels": [{"url": "https://example.org"}]},
        ]
    }
    assert release_dates(lock) == {"scikit-learn": day, "old-thing": later}


def test_young_pins_imply_no_day() -> None:
    now = datetime.datetime(2026, 11, 1, tzinfo=UTC)
    assert general_date({}, now) is None
    assert general_date({"a": now - datetime.timedelta(days=3)}, now) is None
    assert general_date({"a": now - datetime.timedelta(days=400)}, now) == now - datetime.timedelta(days=370)


def test_what_an_older_pin_needs_is_as_old_as_that_pin() -> None:
    old, young = datetime.datetime(2021, 4, 28, tzinfo=UTC), datetime.datetime(2022, 5, 28, tzinfo=UTC)
    month = datetime.timedelta(days=30)
    answer = """
scikit-learn==0.24.2 \\
    --hash=sha256:00
    # via -r asked.in
mlflow==1.26.1
    # via -r asked.in
scipy==1.8.1
    # via scikit-learn
numpy==1.22.4
    # via
    #   mlflow
    #   scipy
pandas[excel]==1.4.2
    # via
    #   -r asked.in
    #   mlflow[extras]
"""
    needed = needed_by(answer)
    assert needed["numpy"] == {"mlflow", "scipy"}
    assert needed["scikit-learn"] == set()
    found = open_package_dates({"scikit-learn": old, "mlflow": young}, needed, young + month)
    assert found == {"scipy": old + month, "numpy": old + month}


def test_packages_that_need_each_other_do_not_loop() -> None:
    old = datetime.datetime(2021, 4, 28, tzinfo=UTC)
    needed = {"a": {"pin", "b"}, "b": {"a"}, "pin": set[str]()}
    found = open_package_dates({"pin": old}, needed, None)
    assert found == {"a": old + datetime.timedelta(days=30), "b": old + datetime.timedelta(days=30)}


# --- uv's words

NO_WHEEL = """error: No solution found when resolving dependencies
  cause: Because scikit-learn==0.24.2 has no usable wheels and you require scikit-learn==0.24.2, we can conclude that your requirements are unsatisfiable.

hint: Wheels are required for `scikit-learn` because building from source is disabled for `scikit-learn`"""  # noqa: E501
UNKNOWN = """error: No solution found when resolving dependencies
  cause: Because scikit-lern was not found in the package registry and you require scikit-lern, we can conclude that your requirements are unsatisfiable."""  # noqa: E501
CONFLICT = """error: No solution found when resolving dependencies
  cause: Because pandas==2.2.2 depends on numpy{python_full_version < '3.12'}>=1.23.2 and you require pandas==2.2.2, we can conclude that you require numpy>=1.23.2.
         And because you require numpy<1.20, we can conclude that your requirements are unsatisfiable."""  # noqa: E501
NEEDS_PYTHON = """error: No solution found when resolving dependencies
  cause: Because the current Python version (3.10.13) does not satisfy Python>=3.11 and numpy==2.4.0 depends on Python>=3.11, we can conclude that numpy==2.4.0 cannot be used.
         And because you require numpy==2.4.0, we can conclude that your requirements are unsatisfiable."""  # noqa: E501
NO_NETWORK = """error: Request failed after 3 retries in 10.3s
  cause: Failed to fetch: https://user:secret@example.org/simple/numpy/
  cause: error sending request for url (https://user:secret@example.org/simple/numpy/)
  cause: client error (Connect)
  cause: dns error"""
NO_ROOM = """error: Failed to download `numpy==2.4.6`
  cause: failed to write to file `numpy/random/mtrand.so`: No space left on device (os error 28)"""
NOT_BUILT = """error: Failed to build `fbprophet==0.6`
  cause: The build backend returned an error
         [stderr]
         Traceback (most recent call last):
           File "<string>", line 10, in <module>
         ModuleNotFoundError: No module named 'pkg_resources'

hint: This error likely indicates that `fbprophet@0.6` depends on `pkg_resources`"""
REFUSED = """error: Failed to fetch: `https://example.org/simple/numpy/`
  cause: HTTP status client error (401 Unauthorized) for url (https://example.org/simple/numpy/)"""
NOT_PARSED = """error: Couldn't parse requirement in `-` at position 0
  cause: no such comparison operator "====", must be one of ~= == != <= >= < > ===
         mlflow==== 1
               ^^^^^^"""


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (NO_WHEEL, EnvironmentUnsolvable, "scikit-learn==0.24.2 has no wheel for Python 3.11."),
        (UNKNOWN, EnvironmentUnsolvable, "no package `scikit-lern`. Did you mean `scikit-learn`?"),
        (CONFLICT, EnvironmentUnsolvable, "pandas==2.2.2 depends on numpy>=1.23.2 and"),
        (NEEDS_PYTHON, EnvironmentUnsolvable, "has no solution: numpy==2.4.0 needs Python>=3.11."),
        (NO_NETWORK, EnvironmentFailed, "the package index cannot be reached"),
        (NO_ROOM, StorageFull, "the disk has no room left"),
        (NOT_BUILT, EnvironmentUnsupported, "failed: ModuleNotFoundError: No module named 'pkg_resources'."),
        (REFUSED, EnvironmentFailed, "the package index refuses access"),
        (NOT_PARSED, Invalid, '`mlflow==== 1`: no such comparison operator "===="'),
        ("error: something new", EnvironmentFailed, "cannot be built: error: something new"),
    ],
)
def test_uvs_words_become_one_short_error(text: str, kind: type[BancadaError], message: str) -> None:
    error = explain(text, subject="Environment `env:1`", names=("scikit-lern",), python="3.11")
    assert type(error) is kind
    assert message in error.message
    assert "Environment `env:1`" in error.message
    assert len(error.message) < 600
    assert "secret" not in error.message + str(error.details)


def test_another_python_is_only_tried_where_it_can_help() -> None:
    assert [is_about_python(text) for text in (NO_WHEEL, NEEDS_PYTHON, NOT_BUILT)] == [True, True, True]
    assert not any(is_about_python(text) for text in (UNKNOWN, CONFLICT, NO_NETWORK, NO_ROOM, REFUSED))


def test_passwords_in_addresses_are_hidden() -> None:
    assert (
        mask_secrets("Updating https://me:pw@example.org/a.git (HEAD)")
        == "Updating https://***@example.org/a.git (HEAD)"
    )


# --- preloading


def test_only_installed_libraries_are_preloaded() -> None:
    assert preload_modules([]) == ()
    assert preload_modules(["numpy", "scikit-learn"])[:2] == ("numpy", "sklearn")
    assert "mlflow.sklearn" not in preload_modules(["mlflow"])
    assert "mlflow.sklearn" in preload_modules(["mlflow-skinny", "scikit-learn"])
    assert preload_modules(["mlflow", "mlflow-skinny"]) == ("mlflow",)
