"""What a script is given and what becomes of its result: the inference server's contract, in one process."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving_scripts import Loaded

from bancada.runtime import scoring_contract
from bancada.runtime.scoring_script import ScriptFailed, wait_for_debugger
from bancada.runtime.scoring_settings import read_settings

Load = Callable[..., Loaded]

ECHO = """
    def init():
        pass
    def run(anything):
        return anything
"""
RESULT = """
    def init():
        pass
    def run(raw):
        return eval(raw)
"""


def fields(answer: scoring_contract.Answer) -> dict[str, str]:
    """Return the header fields by name."""
    return dict(answer.headers)


def message(answer: scoring_contract.Answer) -> str:
    """Return the text of an error; fails when the body has another form."""
    document = json.loads(answer.body)
    assert list(document) == ["message"]
    return document["message"]


def test_a_post_is_handed_over_as_text(load: Load) -> None:
    answer = load(ECHO).ask('{"data": "é"}')
    assert json.loads(answer.body) == '{"data": "é"}'
    assert fields(answer)["content-type"] == "application/json"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"])
def test_a_body_of_another_type_arrives_too(load: Load, kind: str) -> None:
    """On purpose unlike Azure's server, which hands over an empty text."""
    assert json.loads(load(ECHO).ask("a=1", headers={"content-type": kind}).body) == "a=1"


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("", {}),
        ("a=1&b=[1,2]&c=a&d=null", {"a": 1, "b": [1, 2], "c": "a", "d": None}),
        ("foo=bar1&foo=bar2&x=y", {"foo": ["bar1", "bar2"], "x": "y"}),
        ("a=%7B%22b%22%3A1%7D&e=", {"a": {"b": 1}, "e": ""}),
        ("a=x+y%20z", {"a": "x y z"}),
    ],
)
def test_a_get_becomes_json_text(load: Load, query: str, value: Any) -> None:
    answer = load(ECHO).ask(method="GET", query=query)
    assert json.loads(json.loads(answer.body)) == value


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("[1, 2.5]", b"[1, 2.5]"),
        ("'text'", b'"text"'),
        ("None", b"{}"),
        ("float('nan')", b"NaN"),
        ("[float('inf')]", b"[Infinity]"),
        ("'é'", b'"\\u00e9"'),
        ("{1: True}", b'{"1": true}'),
    ],
)
def test_results_are_written_as_json_dumps_writes_them(load: Load, expression: str, body: bytes) -> None:
    answer = load(RESULT).ask(expression)
    assert (answer.status, answer.body) == (200, body)
    assert fields(answer)["x-ms-run-function-failed"] == "False"


@pytest.mark.parametrize("expression", ["b'bytes'", "{1, 2}", "object()", "(a := [], a.append(a), a)[2]"])
def test_a_result_without_json_form_is_an_internal_error(load: Load, expression: str) -> None:
    answer = load(RESULT).ask(expression)
    assert answer.status == 500
    assert fields(answer)["x-ms-run-function-failed"] == "False"
    assert "log" in message(answer)


def test_an_exception_in_run_is_marked_and_keeps_its_secrets(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    loaded = load(RESULT)
    scoring_contract.logger.propagate = True
    answer = loaded.ask("1 / 0  # secret")
    assert answer.status == 500
    assert fields(answer)["x-ms-run-function-failed"] == "True"
    assert "secret" not in message(answer)
    assert "ZeroDivisionError" in caplog.text


def test_a_deployments_errors_name_the_command_that_shows_its_log(load: Load) -> None:
    loaded = load(RESULT, AZUREML_DEPLOYMENT_NAME="blue", SERVICE_NAME="heart")
    for expression in ("1 / 0", "object()"):
        assert message(loaded.ask(expression)).endswith(": `bancada online-deployment get-logs -n blue -e heart`.")


def test_the_time_that_run_took_is_told_in_plain_digits(load: Load) -> None:
    took = fields(load(ECHO).ask("1"))["x-ms-run-fn-exec-ms"]
    assert "e" not in took
    assert len(took.partition(".")[2]) == 3


def test_a_body_that_is_no_text_is_refused(load: Load) -> None:
    answer = load(ECHO).ask(b"\xff\xfe")
    assert answer.status == 400
    assert "UTF-8" in message(answer)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_are_not_allowed(load: Load, method: str) -> None:
    assert load(ECHO).ask(method=method).status == 405


def test_options_are_answered_without_the_script(load: Load) -> None:
    answer = load(ECHO).ask(method="OPTIONS")
    assert (answer.status, answer.body) == (200, b"")
    assert "access-control-allow-origin" not in fields(answer)


def test_cross_origin_requests_are_allowed_where_asked_for(load: Load) -> None:
    loaded = load(ECHO, AML_CORS_ORIGINS="https://a.example, https://b.example")
    preflight = {"origin": "https://b.example", "access-control-request-method": "POST"}
    found = fields(loaded.ask(method="OPTIONS", headers=preflight))
    assert found["access-control-allow-origin"] == "https://b.example"
    assert found["access-control-allow-methods"] == "GET, POST"
    assert "access-control-allow-origin" not in fields(loaded.ask("1", headers={"origin": "https://c.example"}))
    anybody = load(ECHO, AML_CORS_ORIGINS="*")
    assert fields(anybody.ask("1", headers={"origin": "x"}))["access-control-allow-origin"] == "x"
    assert fields(anybody.ask("1"))["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("AML_CORS_ORIGINS", "https://a.example,(.*", r"\(\.\*`, which is no regular expression"),
        ("AZUREML_DEBUG_PORT", "many", "must be a port"),
        ("SCORING_TIMEOUT_MS", "0", "milliseconds above 0"),
    ],
)
def test_a_variable_that_cannot_be_is_named(name: str, value: str, part: str) -> None:
    with pytest.raises(ValueError, match=f"{name}.*{part}"):
        read_settings({name: value})


def test_the_servers_name_can_be_another_or_left_out(load: Load) -> None:
    assert fields(load(ECHO).ask("1"))["x-ms-server-version"] == "bancada/1"
    named = load(ECHO, HTTP_X_MS_SERVER_VERSION="mine/2", SERVER_VERSION_LOG_RESPONSE_ENABLED="false")
    assert fields(named.ask("1"))["x-ms-server-version"] == "mine/2"
    assert "x-ms-server-version" not in fields(load(ECHO, SERVER_VERSION_LOG_RESPONSE_ENABLED="false").ask("1"))


def test_a_debugger_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    debugger = types.ModuleType("debugpy")
    done: list[object] = []
    vars(debugger).update(connect=done.append, wait_for_client=lambda: done.append("attached"))
    monkeypatch.setitem(sys.modules, "debugpy", debugger)
    wait_for_debugger(5678)
    assert done == [5678, "attached"]


def test_without_debugpy_the_port_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "debugpy", None)
    with pytest.raises(ScriptFailed, match="debugpy is not in the environment"):
        wait_for_debugger(5678)


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_none(load: Load, status: int) -> None:
    source = """
        from azureml_inference_server_http.api.aml_response import AMLResponse
        def init():
            pass
        def run(raw):
            return AMLResponse("not to be sent", int(raw))
    """
    answer = load(source).ask(str(status))
    assert (answer.status, answer.body) == (status, b"")


def test_the_other_paths(load: Load) -> None:
    loaded = load(ECHO)
    assert loaded.ask(method="GET", path="/").body == b"Healthy"
    assert loaded.ask(method="POST", path="/").status == 405
    assert loaded.ask(method="GET", path="/nothing").status == 404


def test_headers_come_in_a_parameter_of_that_name(load: Load) -> None:
    source = """
        def init():
            pass
        def run(raw, request_headers):
            return request_headers
    """
    given_fields = [("x-twice", "a"), ("x-twice", "b"), ("x-ms-request-id", "7")]
    seen = json.loads(load(source).ask("1", headers=given_fields).body)
    assert seen == {"Content-Type": "application/json", "X-Twice": "a,b", "X-Ms-Request-Id": "7"}


def test_ids_are_kept_made_and_bounded(load: Load) -> None:
    loaded = load(ECHO)
    assert fields(loaded.ask("1", headers={"x-request-id": "mine"}))["x-request-id"] == "mine"
    made = fields(loaded.ask("1"))
    assert len(made["x-request-id"]) == 36
    assert made["x-ms-request-id"] == made["x-request-id"]
    assert "x-ms-client-request-id" not in made
    client = fields(loaded.ask("1", headers={"x-ms-client-request-id": "c"}))
    assert (client["x-ms-client-request-id"], client["x-ms-request-id"]) == ("c", "c")
    legacy = fields(loaded.ask("1", headers={"x-ms-request-id": "old"}))
    assert (legacy["x-ms-client-request-id"], legacy["x-ms-request-id"]) == ("old", "old")
    for name in ("x-request-id", "x-ms-request-id", "x-ms-client-request-id"):
        answer = loaded.ask("1", headers={name: "x" * 101})
        assert answer.status == 431
        assert "100" in message(answer)
    assert fields(loaded.ask("1", headers={"traceid": "t"}))["traceid"] == "t"


def test_a_run_that_takes_too_long_is_interrupted(load: Load) -> None:
    source = """
        import time
        def init():
            pass
        def run(raw):
            time.sleep(100)
    """
    answer = load(source, SCORING_TIMEOUT_MS="50").ask("1")
    assert (answer.status, message(answer)) == (500, "Scoring timeout after 50 ms")
    assert fields(answer)["x-ms-run-function-failed"] == "True"


def test_a_scripts_own_timeout_error_is_its_own(load: Load) -> None:
    answer = load(RESULT).ask("(_ for _ in ()).throw(TimeoutError('mine'))")
    assert "exception" in message(answer)


def test_a_script_that_uses_the_alarm_itself_does_not_take_ours_away(load: Load) -> None:
    source = """
        import signal, time
        def init():
            pass
        def run(raw):
            if raw == "own":
                signal.signal(signal.SIGALRM, signal.SIG_IGN)
                return "ok"
            time.sleep(100)
    """
    loaded = load(source, SCORING_TIMEOUT_MS="1000")
    assert loaded.ask("own").status == 200
    assert loaded.ask("sleep").status == 500


def test_exit_in_run_is_answered_and_passed_on(load: Load) -> None:
    loaded = load(RESULT)
    assert loaded.ask("__import__('sys').exit(4)").ends_process == 4
    assert loaded.ask("__import__('sys').exit('text')").ends_process == 1
    assert loaded.ask("1").ends_process is None


@given(
    st.dictionaries(
        st.text(min_size=1), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())
    )
)
def test_json_values_survive_the_trip_through_a_query(values: dict[str, Any]) -> None:
    from urllib.parse import urlencode

    query = urlencode({name: json.dumps(value) for name, value in values.items()})
    assert scoring_contract._parameters(query) == values  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(("variable", "text"), [("SCORING_TIMEOUT_MS", "soon"), ("SCORING_TIMEOUT_MS", "0")])
def test_a_wrong_number_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ValueError, match=variable):
        read_settings({variable: text})


def test_a_configuration_file_gives_what_the_variables_leave_out(load: Load, tmp_path: Any) -> None:
    (tmp_path / "config.json").write_text('{"SCORING_TIMEOUT_MS": 1234, "SERVICE_NAME": "from the file"}')
    loaded = load(ECHO, SERVICE_NAME="from the variable")
    assert (loaded.settings.scoring_timeout_ms, loaded.settings.service_name) == (1234, "from the variable")
