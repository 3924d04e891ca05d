"""Scripts that take the HTTP request themselves, with and without Flask's classes."""

from __future__ import annotations

import importlib
import json
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest
from serving_scripts import Loaded

from bancada.runtime import azureml_compat
from bancada.runtime.rawhttp import Headers, RawRequest, RawResponse
from bancada.runtime.scoring_script import ScriptFailed

Load = Callable[..., Loaded]

RAW = """
    from {package}.aml_request import AMLRequest, rawhttp
    from {package}.aml_response import AMLResponse
    def init():
        pass
    @rawhttp
    def run(request):
        assert isinstance(request, AMLRequest)
        seen = {{"method": request.method, "path": request.path, "args": dict(request.args),
            "all": request.args.getlist("a"), "kind": request.headers.get("CONTENT-TYPE"),
            "data": request.get_data(as_text=True), "length": len(request.data)}}
        return AMLResponse(seen, 200, {{"X-Many": "a, b"}}, json_str=True)
"""
PACKAGES = ["azureml_inference_server_http.api", "azureml.contrib.services"]


@pytest.fixture(autouse=True)
def _without_flask(monkeypatch: pytest.MonkeyPatch) -> None:
    # What these tests are about is our own classes, also where Flask is installed.
    monkeypatch.setitem(azureml_compat._state, "flask", None)  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(azureml_compat, "_classes", {})


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_the_request_is_handed_over_for_every_method(load: Load, package: str, method: str) -> None:
    answer = load(RAW.format(package=package)).ask(b"body", method=method, query="a=1&a=2")
    assert answer.status == 200
    seen = json.loads(answer.body)
    assert seen == {
        "method": method,
        "path": "/score",
        "args": {"a": "1"},
        "all": ["1", "2"],
        "kind": "application/json",
        "data": "body",
        "length": 4,
    }
    assert [value for name, value in answer.headers if name == "x-many"] == ["a", "b"]
    assert ("x-ms-run-function-failed", "False") in answer.headers


def test_star_imports_and_module_imports_work(load: Load) -> None:
    source = """
        from azureml.contrib.services.aml_request import *
        import azureml_inference_server_http.api.aml_response as answers
        from azureml_inference_server_http.api import aml_request
        def init():
            pass
        @rawhttp
        def run(request):
            return answers.AMLResponse(str(aml_request.rawhttp is rawhttp), 200)
    """
    assert load(source).ask().body == b"True"


def test_real_packages_of_that_name_do_not_hide_ours(load: Load, tmp_path: Any) -> None:
    package = tmp_path / "azureml_inference_server_http" / "api"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").touch()
    (package / "aml_request.py").write_text("raise ImportError('the real one needs Flask')")
    sys.path.insert(0, str(tmp_path))
    answer = load(RAW.format(package=PACKAGES[0])).ask()
    assert answer.status == 200
    assert importlib.import_module("azureml_inference_server_http").__file__ is not None


@pytest.mark.parametrize(("status", "failed"), [(200, "False"), (404, "False"), (500, "True"), (503, "True")])
def test_a_response_of_500_or_more_counts_as_failed(load: Load, status: int, failed: str) -> None:
    source = f"""
        from azureml.contrib.services.aml_request import rawhttp
        from azureml.contrib.services.aml_response import AMLResponse
        def init():
            pass
        @rawhttp
        def run(request):
            return AMLResponse(b"bytes", {status}, {{"Content-Type": "image/png", "Content-Length": "3"}})
    """
    answer = load(source).ask()
    assert (answer.status, answer.body) == (status, b"bytes")
    assert [value for name, value in answer.headers if name == "x-ms-run-function-failed"] == [failed]
    assert [value for name, value in answer.headers if name == "content-type"] == ["image/png"]


def test_a_plain_value_from_a_raw_script_is_json(load: Load) -> None:
    source = """
        from azureml.contrib.services.aml_request import rawhttp
        def init():
            pass
        @rawhttp
        def run(request):
            return [len(request.data)]
    """
    assert load(source).ask(b"1234").body == b"[4]"


def test_rawhttp_and_input_schema_exclude_each_other(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = types.ModuleType("inference_schema.schema_util")
    vars(schema).update(is_schema_decorated=lambda function: True)
    monkeypatch.setitem(sys.modules, "inference_schema.schema_util", schema)
    with pytest.raises(ScriptFailed, match="both @rawhttp and @input_schema"):
        load(RAW.format(package=PACKAGES[0]))


def test_the_request_has_flasks_attributes() -> None:
    given = [("Content-Type", "application/json"), ("Host", "a:1"), ("Content-Length", "3")]
    request = RawRequest("POST", "/score", "n=3&n=4", given, b"[1]")
    assert request.get_json() == request.json == [1]
    assert request.args.get("n", type=int) == 3
    assert request.args.get("m", 5, type=int) == 5
    assert request.args.to_dict(flat=False) == {"n": ["3", "4"]}
    assert request.full_path == "/score?n=3&n=4"
    assert request.url == "http://a:1/score?n=3&n=4"
    assert request.base_url == "http://a:1/score"
    assert (request.mimetype, request.content_length, request.is_json) == ("application/json", 3, True)
    assert request.stream.read() == b"[1]"
    broken = RawRequest("POST", data=b"{", headers=[("Content-Type", "application/json")])
    assert broken.get_json(silent=True) is None
    with pytest.raises(ValueError, match="Expecting"):
        broken.get_json()
    form = RawRequest("POST", data=b"a=1", headers=[("Content-Type", "application/x-www-form-urlencoded")])
    assert form.form == form.values == {"a": "1"}
    with pytest.raises(ValueError, match="content type"):
        form.get_json()
    assert form.get_json(force=True, silent=True) is None


def test_headers_match_in_any_case_and_refuse_line_breaks() -> None:
    headers = Headers([("A", "1"), ("a", "2")])
    assert headers["a"] == "1"
    assert headers.getlist("A") == ["1", "2"]
    headers["A"] = "3"
    assert headers.items() == [("A", "3")]
    assert "b" not in headers
    with pytest.raises(ValueError, match="line breaks"):
        headers.add("x", "1\r\nSet-Cookie: a")
    with pytest.raises(ValueError, match="line breaks"):
        Headers([("x", "1\r\nSet-Cookie: a")])
    with pytest.raises(KeyError):
        headers["b"]


def test_a_response_is_whole_or_streamed() -> None:
    assert RawResponse("text").data == b"text"
    assert RawResponse(["a", b"b"]).get_data(as_text=True) == "ab"
    streamed = RawResponse(part for part in ("a", "b"))
    assert streamed.is_streamed
    assert b"".join(streamed.iter_encoded()) == b"ab"
    with pytest.raises(RuntimeError, match="streamed"):
        _ = streamed.data
    streamed.close()
    assert RawResponse("x", headers={"Content-Type": "a/b"}).headers.items() == [("Content-Type", "a/b")]
    assert RawResponse("x").headers["content-type"] == "text/html; charset=utf-8"
