"""Reading requests, limits of names and values, safe artifact paths, the table of errors and of routes."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bancada.errors
from bancada.domain.tracking import Metric, Param, Tag
from bancada.engine.tracking import limits
from bancada.engine.tracking.files import place_of
from bancada.errors import BancadaError, Invalid
from bancada.faces.mlflow.fields import Fields, body_fields, query_fields
from bancada.faces.mlflow.problems import BadRequest, EndpointNotFound, problem
from bancada.faces.mlflow.routes import ROUTES, find
from bancada.faces.mlflow.translate import batch_of, history_token, history_token_of


def body(value: object) -> Fields:
    return body_fields(json.dumps(value).encode(), "application/json; charset=utf-8")


# -------------------------------------------------------------------------------- fields


def test_int64_comes_as_number_or_text() -> None:
    fields = body({"a": 5, "b": "5", "c": 5.0, "d": -(2**63), "e": None, "f": ""})
    assert [fields.integer(name) for name in "abcdefg"] == [5, 5, 5, -(2**63), None, None, None]
    for bad in (True, 1.5, "x", [], {}):
        with pytest.raises(Invalid, match="Invalid value"):
            body({"a": bad}).integer("a")


def test_doubles_come_as_numbers_and_as_names_of_what_json_has_not() -> None:
    values = {"a": 1, "b": 1.5, "c": "2.5", "d": "Infinity", "e": "-Infinity", "f": "NaN"}
    fields = body(values)
    assert [fields.required_number(name) for name in "abcde"] == [1.0, 1.5, 2.5, math.inf, -math.inf]
    assert math.isnan(fields.required_number("f"))
    assert math.isnan(body_fields(b'{"a": NaN}', "application/json").required_number("a"))
    # As protobuf reads a flag.
    assert body({"a": True}).required_number("a") == 1.0
    for bad in ("x", [1]):
        with pytest.raises(Invalid):
            body({"a": bad}).required_number("a")
    with pytest.raises(Invalid, match="Missing value for required parameter 'a'"):
        body({}).required_number("a")


POINT = {"key": "a", "value": 0.5, "timestamp": 1, "step": 2}


def test_points_in_their_usual_form_are_read_as_any_others_are() -> None:
    fields = body({"metrics": [POINT, {**POINT, "key": "b c", "value": -1.0, "step": -3}]})
    plain = fields.plain_metrics("metrics")
    assert plain is not None
    assert batch_of("r", points=plain) == batch_of("r", fields.records("metrics"))
    assert body({}).plain_metrics("metrics") == []


@pytest.mark.parametrize(
    "odd",
    [
        {**POINT, "key": ""},
        {**POINT, "value": 1},
        {**POINT, "value": "NaN"},
        {**POINT, "timestamp": "1"},
        {**POINT, "step": True},
        {**POINT, "model_id": "m-1"},
        {"key": "a", "value": 0.5, "timestamp": 1},
        ["a", 0.5, 1, 2],
        "a",
        None,
    ],
)
def test_points_of_any_other_form_are_left_to_who_checks_them(odd: object) -> None:
    assert body({"metrics": [POINT, odd]}).plain_metrics("metrics") is None


def test_enums_come_as_names_and_as_numbers() -> None:
    names = {1: "ONE", 2: "TWO"}
    assert [body({"a": value}).enum("a", names) for value in ("ONE", 2, "2", None)] == ["ONE", "TWO", "TWO", None]
    for bad in ("THREE", 3, "9"):
        with pytest.raises(Invalid):
            body({"a": bad}).enum("a", names)


def test_an_empty_text_is_a_missing_one_and_old_clients_say_run_uuid() -> None:
    with pytest.raises(Invalid, match="Missing value for required parameter 'name'"):
        body({"name": ""}).required("name")
    assert body({"run_uuid": "r"}).run_id() == "r"
    with pytest.raises(Invalid, match="'run_id'"):
        body({}).run_id()


def test_a_query_does_not_tell_a_text_from_a_list_of_one() -> None:
    fields = query_fields(b"run_id=a&run_id=b&key=x%20y&n=5&empty=")
    assert fields.texts("run_id") == ["a", "b"]
    assert fields.text("run_id") == "b"
    assert (fields.text("key"), fields.integer("n"), fields.text("empty"), fields.texts("none")) == ("x y", 5, "", [])


def test_errors_name_the_place_of_a_nested_field() -> None:
    with pytest.raises(Invalid, match=r"'metrics\[1\].key'"):
        body({"metrics": [{"key": "a"}, {}]}).records("metrics")[1].required("key")


@pytest.mark.parametrize("text", [b"{", b"[1]", b"5", b'"x"', b"\xff\xfe", b"{'a': 1}"])
def test_a_body_that_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(BadRequest):
        body_fields(text, "application/json")


def test_other_content_types_are_refused_and_double_encoding_is_read() -> None:
    with pytest.raises(BadRequest, match="Content-Type"):
        body_fields(b"{}", "text/plain")
    assert body_fields(json.dumps('{"a": "x"}').encode(), "application/json").text("a") == "x"
    assert body_fields(b"", "").text("a") == ""


# -------------------------------------------------------------------------------- limits


def test_keys_are_what_mlflow_allows() -> None:
    for good in ("a", "a b", "a/b.c-d:e_1", "ünïcode", "x" * 250):
        limits.check_key(good, "key")
    for bad in ("", "a\n", "a,b", "../a", "/a", "a//b", ".", "a/../b", "x" * 251, "a%"):
        with pytest.raises(Invalid):
            limits.check_key(bad, "key")


def test_values_are_cut_where_mlflow_cuts_them() -> None:
    assert [len(one.value) for one in limits.checked_params([Param("a", "x" * 7000)])] == [6000]
    assert [len(one.value) for one in limits.checked_tags([Tag("a", "x" * 9000)])] == [8000]


def test_batches_have_limits_and_params_come_once() -> None:
    limits.check_batch(1000, 0, 0)
    limits.check_batch(800, 100, 100)
    for counts in ((1001, 0, 0), (0, 101, 0), (0, 0, 101), (900, 100, 1)):
        with pytest.raises(Invalid, match="at most"):
            limits.check_batch(*counts)
    with pytest.raises(Invalid, match="Duplicate parameter keys"):
        limits.checked_params([Param("a", "1"), Param("a", "1")])


def test_points_need_times_and_steps_that_fit_64_bits() -> None:
    limits.check_metrics([Metric("a", math.nan, 2**63 - 1, -(2**63))])
    for bad in (Metric("a", 1.0, -1), Metric("a", 1.0, 2**63), Metric("a", 1.0, 0, 2**63)):
        with pytest.raises(Invalid):
            limits.check_metrics([bad])


def test_aliases_cannot_be_taken_for_versions() -> None:
    limits.check_alias("champion")
    for bad in ("", "latest", "Latest", "v1", "V22", "a b", "x" * 256):
        with pytest.raises(Invalid):
            limits.check_alias(bad)


# -------------------------------------------------------------------------------- artifact paths


def test_places_of_the_proxy() -> None:
    assert place_of("runs/r1/artifacts/model/MLmodel").root == "runs/r1"
    assert place_of("runs/r1/artifacts/model/MLmodel").path == "model/MLmodel"
    assert place_of("runs/r1/artifacts").path == ""
    assert place_of("logged-models/m-1/artifacts/MLmodel").root == "logged-models/m-1"
    assert (place_of("models/forest/2/a/b").root, place_of("models/forest/2/a/b").path) == ("models/forest/2", "a/b")
    assert place_of("anything/else").kind == "files"


ESCAPES = [
    "runs/r1/artifacts/../../r2/artifacts/x",
    "../x",
    "runs/r1/artifacts/..",
    "..",
    "runs/r1/artifacts/%2e%2e/x",
    "runs/r1/artifacts/%252e%252e/x",
    "runs/r1/artifacts/..%2fx",
    "runs/r1/artifacts/a\\..\\b",
    "runs/r1/artifacts/C:\\x",
    "runs/r1/artifacts/a\x00b",
    "runs/r1/artifacts/a%00b/../../x",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_cannot_leave_its_run(path: str) -> None:
    with pytest.raises(Invalid):
        place_of(path)


@given(st.lists(st.sampled_from(["..", ".", "a", "%2e%2e", "", "b c", "%2E%2e%2f", "\\"]), max_size=6))
def test_no_path_below_a_run_leads_to_another_root(parts: list[str]) -> None:
    try:
        place = place_of("/".join(["runs/r1/artifacts", *parts]))
    except Invalid:
        return
    assert place.root == "runs/r1"
    assert ".." not in place.path.split("/")
    assert not place.path.startswith("/")


# -------------------------------------------------------------------------------- errors, tokens, routes


def test_every_error_of_ours_has_a_code_of_mlflow() -> None:
    kinds = [one for one in vars(bancada.errors).values() if isinstance(one, type) and issubclass(one, BancadaError)]
    retried = {408, 429, 502, 504}
    for kind in kinds:
        status, document = problem(kind("text"))
        assert re.fullmatch(r"[A-Z_]+", document["error_code"])
        assert document["message"] == "text"
        assert status not in retried
    assert problem(bancada.errors.AlreadyExists("x")) == (
        400,
        {"error_code": "RESOURCE_ALREADY_EXISTS", "message": "x"},
    )
    assert problem(EndpointNotFound("x"))[1]["error_code"] == "ENDPOINT_NOT_FOUND"


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**63 - 1), st.floats(allow_nan=False))
def test_a_page_token_names_its_point_exactly(step: int, timestamp: int, value: float) -> None:
    assert history_token_of(history_token(Metric("k", value, timestamp, step))) == Metric("", value, timestamp, step)


def test_a_foreign_page_token_is_refused() -> None:
    for bad in ("x", "eyJvZmZzZXQiOiAxfQ", "W10"):
        with pytest.raises(Invalid):
            history_token_of(bad)


def test_routes_find_names_in_paths() -> None:
    found = find("DELETE", "mlflow/logged-models/m-1/tags/a b/c")
    assert found is not None
    assert found[1] == {"model_id": "m-1", "tag_key": "a b/c"}
    found = find("DELETE", "mlflow-artifacts/artifacts/runs/r/artifacts/x")
    assert found is not None
    assert found[1] == {"path": "runs/r/artifacts/x"}
    assert find("GET", "mlflow/traces") is None
    assert find("PUT", "mlflow/runs/get") is None


def test_the_classic_endpoints_are_all_there() -> None:
    """The 69 of the protocol, but for the two that carry bytes, which the app answers itself."""
    reference = Path(__file__).with_name("endpoints.txt").read_text(encoding="utf-8").split("\n")
    wanted = {tuple(line.split()) for line in reference if line}
    named = {(method, path.replace("{*tag_key}", "{tag_key}")) for method, path in ROUTES}
    bytes_in_path = {("GET", "mlflow-artifacts/artifacts/{*path}"), ("PUT", "mlflow-artifacts/artifacts/{*path}")}
    assert wanted - named == bytes_in_path
    assert len(wanted) == 69
