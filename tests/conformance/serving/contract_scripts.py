"""The scripts and requests that Azure's inference server and ours must answer alike, section by section.

Each script costs the start of two servers, so one takes as many requests as it can.
"""

from __future__ import annotations

from azure_pair import Case, Script

__all__ = ["SCRIPTS", "post"]

EVALUATE = """
    import collections, dataclasses, datetime, decimal, enum, http, json, os, sys
    import flask, numpy
    from azureml.contrib.services.aml_response import AMLResponse
    from azureml_inference_server_http.api.aml_response import AMLResponse as SameResponse

    class Colour(enum.Enum):
        RED = 1

    class Number(enum.IntEnum):
        ONE = 1

    class Text(str):
        pass

    @dataclasses.dataclass
    class Point:
        x: int = 1

    class Liar:
        def __str__(self):
            raise ValueError("no text")
        __repr__ = __str__

    def circle():
        made = []
        made.append(made)
        return made

    def nested(depth):
        made = []
        for _ in range(depth):
            made = [made]
        return made

    def fail(reason):
        raise reason

    def init():
        print("model in", os.environ.get("AZUREML_MODEL_DIR"))

    def run(anything):
        return eval(anything)
"""
ECHO = """
    def init():
        pass

    def run(data):
        return [type(data).__name__, len(data), data[:2000]]
"""
HEADERS = """
    def init():
        pass

    def run(request_headers, data):
        apart = ("Accept-Encoding", "Authorization", "Connection", "Host", "X-Request-Id")
        return [type(request_headers).__name__, {k: v for k, v in sorted(request_headers.items()) if k not in apart}]
"""
TWO = """
    def init():
        pass

    def run(first, second="unset", *, third=3):
        return [first, second, third]
"""
TWO_NEEDED = """
    def init():
        pass

    def run(first, second):
        return [first, second]
"""
SCHEMA = """
    import datetime
    import numpy as np, pandas as pd
    from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
    from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
    from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
    from inference_schema.schema_decorators import input_schema, output_schema

    def init():
        pass

    table = pd.DataFrame({"age": [63], "sex": ["m"], "pressure": [145.5]})

    @input_schema("rows", NumpyParameterType(np.array([[1.0, 2.0]])))
    @input_schema("name", StandardPythonParameterType("a name"))
    @input_schema("table", PandasParameterType(table))
    @input_schema("day", StandardPythonParameterType(datetime.date(2024, 2, 29)))
    @output_schema(StandardPythonParameterType({"sum": 1.0, "shape": [1], "name": "a", "types": ["int64"], "day": ""}))
    def run(rows, name="nobody", table=None, day=None, request_headers=None):
        return {
            "sum": float(rows.sum()), "shape": list(rows.shape), "name": name,
            "types": None if table is None else [str(kind) for kind in table.dtypes],
            "day": str(day), "headers": "X-Own" in request_headers,
        }
"""
# Swagger 2 has no arrays of several types: there the script has no description.
MIXED = """
    from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
    from inference_schema.schema_decorators import input_schema, output_schema

    def init():
        pass

    @input_schema("mixed", StandardPythonParameterType([1, "a", {"b": 2.5}]))
    @output_schema(StandardPythonParameterType([1]))
    def run(mixed):
        return len(mixed)
"""
RAW = """
    import json
    from {package}.aml_request import AMLRequest, rawhttp
    from {package}.aml_response import AMLResponse

    def init():
        pass

    @rawhttp
    def run(request, request_headers):
        seen = {{
            "method": request.method, "path": request.path, "args": request.args.to_dict(flat=False),
            "data": request.get_data(as_text=True), "own": request.headers.get("x-own-thing"),
            "json": request.get_json(silent=True), "kind": request.content_type, "mimetype": request.mimetype,
            "is json": request.is_json, "query": request.query_string.decode(), "full": request.full_path,
            "length": request.content_length, "form": request.form.to_dict(flat=False),
            "headers": request_headers.get("X-Own-Thing"),
        }}
        how = request.args.get("how", "json")
        status = request.args.get("status", 200, type=int)
        if how == "json":
            return AMLResponse(seen, status, {{"X-Many": "a, b"}}, json_str=True)
        if how == "text":
            return AMLResponse("plain", status)
        if how == "bytes":
            return AMLResponse(b"\\x00\\x01", status, {{"Content-Type": "image/png"}})
        if how == "none":
            return AMLResponse(None, 202)
        if how == "failed":
            return AMLResponse("no", status, {{}}, run_function_failed=True)
        if how == "own mark":
            return AMLResponse("no", status, {{"x-ms-run-function-failed": "perhaps"}})
        if how == "not json":
            return AMLResponse({{1, 2}}, 200, json_str=True)
        if how == "cookies":
            return AMLResponse("c", 200, {{"Set-Cookie": "a=1, b=2", "Cache-Control": "no-store"}})
        if how == "stream":
            return AMLResponse((part for part in ("one", b"two", "")), status)
        if how == "broken json":
            return request.get_json(force=True)
        if how == "exception":
            raise ValueError("no")
        return seen
"""
FLASK = """
    import flask, io
    from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp

    def init():
        pass

    @rawhttp
    def run(request):
        how = request.args.get("how")
        if how == "jsonify":
            return flask.jsonify(a=1, same=flask.request.args.get("how"))
        if how == "file":
            return flask.send_file(io.BytesIO(b"x" * 100_000), mimetype="image/png")
        if how == "abort":
            flask.abort(404)
        if how == "redirect":
            return flask.redirect("/elsewhere")
        if how == "tuple":
            return "made", 201
        if how == "upload":
            return {name: one.read().decode() for name, one in request.files.items()}
        whole = isinstance(request._get_current_object(), flask.Request)
        return [request.form.get("a"), request.values.get("b"), whole]
"""
TIMEOUT = """
    import time

    def init():
        pass

    def run(data):
        if data == "catch":
            try:
                time.sleep(5)
            except Exception as reason:
                return type(reason).__mro__[-4].__name__
        if data == "busy":
            while True:
                pass
        if data == "own":
            raise TimeoutError("the script's own")
        time.sleep(float(data))
        return "awake"
"""
DRIVER = """
    import inner as driver_module

    def init():
        driver_module.init()
        driver_module.driven = True

    def run(*whatever, **named):
        return "the driver's own run"
"""
DRIVEN = """
    import elsewhere
    from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
    from inference_schema.schema_decorators import input_schema

    driven = None

    def init():
        global driven
        driven = False

    @input_schema("count", StandardPythonParameterType(1))
    def run(count):
        return [driven, count, elsewhere.WHERE]
"""
OWN_DESCRIPTION = '{"mine": "%s"}'


def post(*bodies: str) -> list[Case]:
    """Return plain requests."""
    return [Case(body.encode()) for body in bodies]


RESULTS = [
    *post("[1, 2.5, None]", "'text'", "None", "float('nan')", "[float('-inf')]", "'é\\u2028'", "{}", "''", "0"),
    *post("{1: 'a', None: 'b'}", "(1, 2)", "True", "b'bytes'", "{1, 2}", "object()", "1e400", "10**400", "1e16"),
    *post("{'b': 1, 'a': 2}", "{True: 1, 2.5: 2}", "{(1, 2): 3}", "'\\ud800'", "'\\x00'", "-0.0", "'</script>'"),
    *post("Colour.RED", "Number.ONE", "Text('t')", "Point()", "collections.OrderedDict(a=1)", "decimal.Decimal('1')"),
    *post("datetime.date(2024, 1, 1)", "numpy.float64(1.5)", "numpy.int64(1)", "numpy.array([1])", "circle()"),
    *post("nested(500)", "nested(100000)", "(n for n in [1])", "print", "Ellipsis", "1j", "range(3)", "Liar()"),
    *post(
        "1 / 0", "undefined", "[][0]", "fail(Exception())", "fail(Liar)", "fail(OSError(2, 'x'))", "fail(MemoryError())"
    ),
    *post("fail(RecursionError())", "fail(StopIteration())", "fail(flask.abort(404))", "nested.cache_clear()"),
    *post("AMLResponse('text', 200)", "AMLResponse({'a': 1}, 201, json_str=True)", "SameResponse(None, 500)"),
    *post("flask.Response('own', status=503)", "flask.Response('own', headers={'X-Own': '1'})", "('made', 201)"),
    *post("AMLResponse('x', http.HTTPStatus.ACCEPTED)", "AMLResponse is SameResponse"),
    *post("sys.path[-1] == os.environ['AML_APP_ROOT']", "__name__", "os.getcwd() == os.environ['AML_APP_ROOT']"),
]
TEXTS = [
    *post('{"data": [1]}', "", "not json", "é", "\\u0000", "\ufeff[1]", " ", "[1]\n", "\x00"),
    Case(b"\xff\xfe"),
    Case(b"\xed\xa0\x80"),  # half of a pair, which is no UTF-8
    Case(b"x" * (3 << 20)),
    Case([b"in ", b"pieces"]),
    Case([]),
    Case(b"abc", headers={"Content-Type": "text/plain"}),
    Case(b"abc", headers={"Content-Type": ""}),
    Case(b"abc", headers={"Content-Type": "application/json; charset=utf-16"}),
    Case(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    Case(method="GET"),
    Case(method="GET", query="a=1&b=[1,2]&c=a&d=null"),
    Case(method="GET", query="foo=1&foo=x&foo="),
    Case(method="GET", query="a=%C3%A9+%2B&a%20b=%7B%7D"),
    Case(method="GET", query="a=%FF%zz&%FE=1"),
    Case(method="GET", query="a=1;b=2&&c&=d"),
    Case(method="GET", query="a=NaN&b=1e400&c=%22x&d=01"),
    Case(b"1", query="a=1"),
    Case(method="OPTIONS"),
    Case(method="HEAD"),
]
IDS = [
    Case(b"1", headers={"x-request-id": "mine"}),
    Case(b"1", headers={"X-Request-ID": "with é".encode().decode("latin-1")}),
    Case(b"1", headers={"x-ms-request-id": "old"}),
    Case(b"1", headers={"x-ms-client-request-id": "c"}),
    Case(b"1", headers={"x-ms-client-request-id": "c", "x-ms-request-id": "old"}),
    Case(b"1", headers={"x-request-id": "x" * 101}),
    Case(b"1", headers={"x-ms-request-id": "x" * 101}),
    Case(b"1", headers={"x-ms-client-request-id": "x" * 101}),
    Case(b"1", headers={"x-request-id": "x" * 100}),
    Case(b"1", headers={"x-ms-client-request-id": ""}),
    Case(b"1", headers={"TraceId": "t"}),
    Case(method="OPTIONS", headers={"x-request-id": "mine", "TraceId": "t"}),
    Case(method="GET", path="swagger.json", query="version=9", headers={"x-ms-client-request-id": "c"}),
    Case(method="OPTIONS", path="swagger.json"),
    Case(method="HEAD", path="swagger.json"),
]
ARGUMENTS = [
    *post('{"rows": [[1, 2], [3, 4]], "name": "me"}', '{"rows": [[1, 2]]}', '{"name": "me"}', "{}", "[]", "1"),
    *post("", "{", '{"rows": "no numbers"}', '{"rows": [[1]], "more": 1}', '{"rows": [[1, null]]}', "null", "NaN"),
    *post('{"rows": [[1, 2], [3]]}', '{"rows": null}', '{"rows": [[1]], "rows": [[2]]}', '{"rows": [["1", 2]]}'),
    *post('{"rows": [[1]], "name": 5}', '{"rows": [[1]], "name": null}', '{"rows": [[NaN, Infinity]]}'),
    *post('{"rows": [[1]], "table": [{"age": 1, "sex": "f", "pressure": 2}]}'),
    *post('{"rows": [[1]], "table": [{"age": "old", "sex": "f", "pressure": 2}]}'),
    *post('{"rows": [[1]], "table": [{"age": 1, "sex": null}]}', '{"rows": [[1]], "table": [{"other": 1}]}'),
    *post(
        '{"rows": [[1]], "table": []}', '{"rows": [[1]], "table": {"age": {"0": 1}}}', '{"rows": [[1]], "table": "t"}'
    ),
    *post('{"rows": [[1]], "day": "2024-02-30"}', '{"rows": [[1]], "day": "2024-02-28"}', '{"rows": [[1]], "day": 5}'),
    *post('\ufeff{"rows": [[1]]}', '{"rows": [[1]], "request_headers": {"X-Own": 1}}'),
    Case(b'{"rows": [[1]]}', headers={"X-Own": "1"}),
    Case('{"rows": [[1]]}'.encode("utf-16")),
    *(
        Case(b'{"rows": [[1]]}', headers={"Content-Type": kind})
        for kind in (
            *("text/plain", "", "application/problem+json", "APPLICATION/JSON", "application/json; charset=latin-1"),
            *("text/json", "application/jsonp", " application/json ;x=1", "application/x-www-form-urlencoded"),
        )
    ),
    Case(b"", headers={"Content-Type": "text/plain"}),
    Case(method="GET", query="rows=[[1,2]]&name=x"),
    Case(method="GET", query="name=x"),
    Case(method="GET", query="rows=[[1]]&rows=[[2]]"),
    Case(method="OPTIONS"),
]
RAW_CASES = [
    Case(b'{"a": 1}', query="x=1&x=2&y="),
    Case(b"not json"),
    Case(b"\xff\xfe", query="a=%FF"),
    Case(method="GET", query="a=1"),
    Case(method="OPTIONS"),
    Case(method="HEAD"),
    *(Case(b"1", query=f"status={status}") for status in (201, 204, 304, 404, 429, 500, 503, 599)),
    *(
        Case(b"1", query=f"how={how.replace(' ', '+')}")
        for how in ("text", "bytes", "none", "stream", "plain", "failed", "own mark", "not json", "cookies")
    ),
    *(Case(b"{", query=f"how={how}") for how in ("broken+json", "exception")),
    *(Case(b"1", query=f"how={how}&status=500") for how in ("text", "stream", "failed", "own+mark")),
    Case(b"1", query="how=stream&status=404"),
    Case(b"1", headers={"x-own-thing": "é".encode().decode("latin-1")}),
    Case([b'{"in": ', b'"pieces"}']),
    Case(b"a=1&b=2&a=3", headers={"Content-Type": "text/plain"}),
]
CORS = [
    Case(b"1", headers={"Origin": "https://a.example"}),
    Case(b"1", headers={"Origin": "https://A.example"}),
    Case(b"1", headers={"Origin": "https://c.example"}),
    Case(b"1", headers={"Origin": "https://x.d.example"}),
    Case(b"1", headers={"Origin": "null"}),
    Case(b"1"),
    Case(b"\xff", headers={"Origin": "https://a.example"}),
    Case(method="GET", path="swagger.json", query="version=9", headers={"Origin": "https://a.example"}),
    *(
        Case(
            method="OPTIONS",
            headers={
                "Origin": "https://b.example",
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": "x-b, Content-Type",
            },
        )
        for method in ("POST", "get", "DELETE")
    ),
    Case(method="OPTIONS", headers={"Origin": "https://b.example", "Access-Control-Request-Method": "POST"}),
    Case(method="OPTIONS", headers={"Origin": "https://z.example", "Access-Control-Request-Method": "POST"}),
    Case(method="OPTIONS", headers={"Origin": "https://b.example"}),
]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UPLOAD = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\ninside\r\n--b--\r\n'

SCRIPTS: dict[str, Script] = {
    "results": Script(EVALUATE, RESULTS),
    "text": Script(ECHO, [*TEXTS, *IDS]),
    "headers": Script(
        HEADERS,
        [
            Case(b"1", headers={"x-own-thing": "1", "x-twice": "a", "User-Agent": "me", "Accept": "*/*"}),
            Case(b"1", headers={"X_Own_Thing": "dropped?", "x-ms-client-request-id": "c", "COOKIE": "a=1; b=2"}),
            Case(b"1", headers={"x-empty": "", "x-latin": "é".encode().decode("latin-1"), "x-UPPER-lower": "M"}),
            Case(b"1", headers={"Authorization-Like": "Basic", "Content-Type": "text/plain"}),
            Case(method="GET", query="a=1"),
        ],
    ),
    "two arguments": Script(TWO, [*post("a", ""), Case(method="GET", query="second=1&third=2")]),
    "two needed arguments": Script(TWO_NEEDED, post("a")),
    "schema": Script(SCHEMA, ARGUMENTS, {"SERVICE_NAME": "heart", "SERVICE_VERSION": "3"}),
    "mixed": Script(MIXED, post('{"mixed": [1, "b"]}', '{"mixed": 1}'), {"SERVICE_PATH_PREFIX": "/api/v1/"}),
    "raw": Script(RAW.format(package="azureml_inference_server_http.api"), RAW_CASES, plain=True),
    "raw by its old name": Script(RAW.format(package="azureml.contrib.services"), [Case(b"[1]", query="a=1")]),
    "flask": Script(
        FLASK,
        [
            *(Case(b"1", query=f"how={how}") for how in ("jsonify", "file", "abort", "redirect", "tuple")),
            Case(b"a=1&b=2", headers=FORM),
            Case(UPLOAD, query="how=upload", headers={"Content-Type": "multipart/form-data; boundary=b"}),
        ],
    ),
    "timeout": Script(
        TIMEOUT, post("0", "5", "0.01", "nonsense", "catch", "busy", "own", "0"), {"SCORING_TIMEOUT_MS": "300"}
    ),
    "cors": Script(ECHO, CORS, {"AML_CORS_ORIGINS": r"https://a.example,https://b.example , https://.*\.d\.example"}),
    "cors for one": Script(ECHO, CORS[:6], {"AML_CORS_ORIGINS": "https://a.example"}),
    "cors for all": Script(ECHO, [*CORS[:6], CORS[8]], {"AML_CORS_ORIGINS": "*"}),
    "driver": Script(
        DRIVER,
        post('{"count": 2}', "{}"),
        {"AZUREML_SOURCE_DIRECTORY": "src"},
        {
            "inner.py": DRIVEN,
            "src/elsewhere.py": "WHERE = 'in the source directory'",
            "config.json": '{"SERVICE_NAME": "from the file", "SERVICE_VERSION": "7", "SCORING_TIMEOUT_MS": 1000}',
        },
    ),
    "own description": Script(
        ECHO,
        [],
        {},
        {
            "swagger.json": OWN_DESCRIPTION % "2",
            "swagger2.json": OWN_DESCRIPTION % "not this",
            "swagger3.json": OWN_DESCRIPTION % "3",
            "swagger3.1.json": OWN_DESCRIPTION % "3.1",
        },
    ),
}
