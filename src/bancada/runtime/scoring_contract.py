"""One request to one answer, as Azure's inference server gives it: routes, inputs, status codes, headers.

Nothing here knows sockets or processes. The one difference on purpose: a POST whose content type is not JSON
reaches an undecorated `run()` with its real body, where Azure's server hands it an empty text. Standard
library only, 3.8+.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import logging
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, cast

from . import azureml_compat
from .rawhttp import parse_query
from .scoring_cors import Cors
from .scoring_script import ScoringScript
from .scoring_settings import ScoringSettings
from .scoring_swagger import Swagger, UnknownVersion

__all__ = ["Answer", "Contract", "Query", "ScoringTimeout"]

Pairs = List[Tuple[str, str]]

# Longer ids are refused with 431, as upstream does.
_ID_LIMIT = 100
# HTTP has no body beside these.
_BODILESS = (204, 304)
# After the gateway's own deadline, so that its answer (408) always comes before ours.
_DEADLINE_GRACE_MS = 50.0

_SCRIPT_ERROR = "The scoring script's run() raised an exception. The deployment's log has the traceback%s."
_SERVER_ERROR = "The request could not be turned into an answer. The deployment's log has the reason%s."
_LOGS = ": `bancada online-deployment get-logs -n %s -e %s`"
_JSON, _HTML = ("content-type", "application/json"), ("content-type", "text/html; charset=utf-8")
_OK, _FAILED = ("x-ms-run-function-failed", "False"), ("x-ms-run-function-failed", "True")

logger = logging.getLogger("azmlinfsrv")


class Query(NamedTuple):
    """A request as it came; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Pairs
    body: bytes
    timeout_ms: Optional[float] = None  # what is left of the caller's patience; None: only our own limit counts


@dataclass
class Answer:
    """What goes back. With `stream` the body is its parts, sent as they come."""

    status: int
    headers: Pairs
    body: bytes = b""
    stream: Optional[Iterator[bytes]] = None
    close: Optional[Callable[[], Any]] = None  # called once the stream was sent or given up
    ends_process: Optional[int] = field(default=None)  # the script asked to exit with this code


class ScoringTimeout(TimeoutError):
    """`run()` took too long; raised inside it by the alarm."""


class _Refused(Exception):
    """The request has no form that the script can take."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Contract:
    """Answers requests with one script, one at a time, in the main thread."""

    def __init__(self, script: ScoringScript, settings: ScoringSettings) -> None:
        self._script = script
        self._settings = settings
        self._version = [("x-ms-server-version", settings.server_version)] if settings.server_version else []
        self._cors = Cors(settings.cors_origins) if settings.cors_origins else None
        self._swagger = Swagger(script, settings)
        self._alarm = _Alarm()
        self._first = script.parameters[0].name
        # Without a deployment, as when the server runs by itself, there is no command.
        self._logs = _LOGS % (settings.deployment, settings.service_name) if settings.deployment else ""

    def answer(self, query: Query) -> Answer:
        """Answer one request; never raises what the script raises."""
        headers = _joined(query.headers)
        ids, refused = _request_ids(headers)
        answer = refused or self._safely(query, headers)
        answer.headers.extend(self._version)
        answer.headers.extend(ids)
        if "traceid" in headers:
            answer.headers.append(("traceid", headers["traceid"]))
        if self._cors is not None:
            answer.headers.extend(self._cors.fields(query.method, headers))
        return answer

    @property
    def largest_batch(self) -> int:
        """How many requests may be answered together; see `prepare`."""
        return self._script.largest_batch

    def prepare(self, queries: Sequence[Query]) -> None:
        """Score what can be scored of several requests by one call; `answer` for each of them then is quick.

        Whatever fails here fails again, and is answered, in `answer`.
        """
        texts: List[str] = []
        for query in queries:
            if query.path == "/score" and query.method == "POST":
                with contextlib.suppress(_Refused):
                    texts.append(_text(query))
        limit_ms = max([query.timeout_ms or 0.0 for query in queries], default=0.0) or self._settings.scoring_timeout_ms
        try:
            self._alarm.call(self._script.prepare, {"texts": texts}, limit_ms + _DEADLINE_GRACE_MS)
        except Exception as reason:  # the model's code: each request gets its own answer in a moment
            logger.error("Several requests could not be scored together", exc_info=reason)

    def _safely(self, query: Query, headers: Dict[str, str]) -> Answer:
        try:
            return self._route(query, headers)
        except Exception as reason:  # at a request's edge: one request's fault must not end the replica
            logger.error("The request could not be answered", exc_info=reason)
            return _error(500, _SERVER_ERROR % self._logs)

    def _route(self, query: Query, headers: Dict[str, str]) -> Answer:
        if query.path == "/score":
            return self._score(query, headers)
        if query.path not in ("/", "/swagger.json"):
            return _error(404, "There is no `%s` here. Use /score, /swagger.json or /." % query.path)
        if query.method == "OPTIONS":
            return Answer(200, [_HTML, ("allow", "GET, HEAD, OPTIONS")])
        if query.method not in ("GET", "HEAD"):
            return _error(405, "%s is not allowed on %s; use GET." % (query.method, query.path))
        if query.path == "/":
            return Answer(200, [_HTML], b"Healthy")
        return self._describe(query)

    def _describe(self, query: Query) -> Answer:
        versions = [value for name, value in parse_query(query.query) if name == "version"]
        try:
            document = self._swagger.document(versions[0] if versions else "2")
        except UnknownVersion as reason:
            return _error(404, str(reason))
        return Answer(200, [_JSON, _OK], json.dumps(document).encode("utf-8"))

    def _score(self, query: Query, headers: Dict[str, str]) -> Answer:
        raw = self._script.style == "raw"
        if not raw and query.method == "OPTIONS":
            return Answer(200, [_HTML, _OK])
        if query.method not in ("GET", "POST") and not (raw and query.method in ("OPTIONS", "HEAD")):
            return _error(405, "%s is not allowed on /score; use POST or GET." % query.method)
        try:
            if raw:
                return self._score_raw(query)
            values = self._named(query, headers) if self._script.style == "named" else {self._first: _text(query)}
        except _Refused as refused:
            return _error(refused.status, refused.message)
        return self._run(values, query)

    def _score_raw(self, query: Query) -> Answer:
        shown = [(_title(name), value) for name, value in query.headers]
        request, context = azureml_compat.raw_request(query.method, query.path, query.query, shown, query.body)
        if context is None:
            return self._run({self._first: request}, query)
        with context:
            return self._run({self._first: request}, query)

    def _named(self, query: Query, headers: Dict[str, str]) -> Dict[str, Any]:
        body = _parameters(query.query) if query.method == "GET" else _object(query, headers)
        values: Dict[str, Any] = {}
        for parameter in self._script.parameters:
            value = body.get(parameter.name, parameter.default)
            if value is inspect.Parameter.empty:
                raise _Refused(400, "The input has no value for `%s`, which run() needs." % parameter.name)
            values[parameter.name] = value
        return values

    def _run(self, values: Dict[str, Any], query: Query) -> Answer:
        if self._script.wants_headers:
            values["request_headers"] = {_title(name): value for name, value in _joined(query.headers).items()}
        limit_ms = self._settings.scoring_timeout_ms
        if query.timeout_ms is not None:
            limit_ms = min(limit_ms, max(1.0, query.timeout_ms) + _DEADLINE_GRACE_MS)
        try:
            result, elapsed_ms = self._alarm.call(self._script.run, values, limit_ms)
        except ScoringTimeout as reason:
            logger.error("run() was stopped after %d ms", limit_ms, exc_info=reason)
            return _error(500, "Scoring timeout after %d ms" % limit_ms, failed=True)
        except Exception as reason:  # whatever the script raises is answered and logged, never ours to die of
            logger.error("run() raised an exception", exc_info=reason)
            return _error(500, _SCRIPT_ERROR % self._logs, failed=True)
        except BaseException as reason:  # SystemExit and its like end the process, but not without an answer
            logger.error("run() asked to end the process", exc_info=reason)
            answer = _error(500, _SCRIPT_ERROR % self._logs, failed=True)
            code: Any = getattr(reason, "code", None)
            answer.ends_process = code if isinstance(code, int) else 1
            return answer
        try:
            return _result(result, elapsed_ms)
        except Exception as reason:  # json.dumps calls the script's own objects
            logger.error("run() gave a result that has no JSON form", exc_info=reason)
            return _error(500, _SERVER_ERROR % self._logs)


class _Alarm:
    """Calls a function with a time limit. SIGALRM interrupts Python code at once, C code at its end."""

    def __init__(self) -> None:
        self._running = False
        self._handler = self._ring  # one object, so that it can be compared
        self._usable = threading.current_thread() is threading.main_thread()

    def call(self, function: Callable[..., Any], values: Dict[str, Any], limit_ms: float) -> Tuple[Any, float]:
        """Return the result and its milliseconds. Raises ScoringTimeout, and what the function raises."""
        if not self._usable:
            started = time.perf_counter()
            return function(**values), (time.perf_counter() - started) * 1e3
        if signal.getsignal(signal.SIGALRM) is not self._handler:  # scripts use the alarm too
            signal.signal(signal.SIGALRM, self._handler)
        signal.setitimer(signal.ITIMER_REAL, limit_ms / 1e3)
        try:
            self._running = True
            started = time.perf_counter()
            result = function(**values)
            elapsed_ms = (time.perf_counter() - started) * 1e3
            self._running = False
            return result, elapsed_ms
        finally:
            self._running = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, number: int, frame: Any) -> None:
        if self._running:
            raise ScoringTimeout


def _result(result: Any, elapsed_ms: float) -> Answer:
    took = ("x-ms-run-fn-exec-ms", "%.3f" % elapsed_ms)
    if azureml_compat.is_response(result):
        return _from_response(result, took)
    text = json.dumps({} if result is None else result)
    return Answer(200, [_JSON, _OK, took], text.encode("utf-8"))


def _from_response(response: Any, took: Tuple[str, str]) -> Answer:
    if response.status_code >= 500:
        response.headers["x-ms-run-function-failed"] = "True"
    headers = [(str(name).lower(), str(value)) for name, value in response.headers.items()] + [took]
    if response.status_code in _BODILESS:
        headers = [one for one in headers if response.status_code != 304 or one[0] != "content-type"]
        return Answer(response.status_code, headers)
    if response.is_streamed or getattr(response, "direct_passthrough", False):
        parts = response.response if getattr(response, "direct_passthrough", False) else response.iter_encoded()
        return Answer(response.status_code, headers, stream=iter(parts), close=response.close)
    return Answer(response.status_code, headers, response.get_data())


def _error(status: int, message: str, failed: bool = False) -> Answer:
    return Answer(status, [_JSON, _FAILED if failed else _OK], json.dumps({"message": message}).encode("utf-8"))


def _text(query: Query) -> str:
    if query.method == "GET":
        return json.dumps(_parameters(query.query))
    try:
        return str(query.body, "utf-8")
    except UnicodeDecodeError as reason:
        raise _Refused(400, "The body is not UTF-8: %s. Send it as UTF-8." % reason) from None


def _object(query: Query, headers: Dict[str, str]) -> Dict[str, Any]:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise _Refused(415, "The content type is `%s`; send Content-Type: application/json." % kind)
    if not query.body:
        raise _Refused(400, "The body is empty; send a JSON object with run()'s parameters.")
    try:
        document: Any = json.loads(query.body)
    except ValueError as reason:
        raise _Refused(400, "The body is not JSON: %s" % reason) from None
    if not isinstance(document, dict):
        raise _Refused(400, 'The body is JSON but no object; send {"parameter": value, …}.')
    return cast("Dict[str, Any]", document)


def _parameters(query: str) -> Dict[str, Any]:
    """Parse a query: each value as JSON if it is JSON, else as text; a repeated name becomes a list."""
    values: Dict[str, List[Any]] = {}
    for name, text in parse_query(query):
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        values.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _request_ids(headers: Dict[str, str]) -> Tuple[Pairs, Optional[Answer]]:
    request_id = headers.get("x-request-id")
    if request_id is None:
        import uuid  # costs a start; the gateway always sends an id

        request_id = str(uuid.uuid4())
    if len(request_id) > _ID_LIMIT:
        return [], _error(431, "x-request-id has more than %d characters; send a shorter one." % _ID_LIMIT)
    client = headers.get("x-ms-client-request-id", "")
    legacy = headers.get("x-ms-request-id", "")
    if legacy:
        logger.warning("The header x-ms-request-id is old; send x-ms-client-request-id.")
        client = client or legacy
    else:
        legacy = client or request_id
    if len(legacy) > _ID_LIMIT or len(client) > _ID_LIMIT:
        text = "x-ms-request-id and x-ms-client-request-id may have %d characters; send shorter ones." % _ID_LIMIT
        return [("x-request-id", request_id)], _error(431, text)
    ids = [("x-request-id", request_id), ("x-ms-request-id", legacy), ("x-ms-client-request-id", client)]
    return [one for one in ids if one[1]], None


def _joined(pairs: Pairs) -> Dict[str, str]:
    headers: Dict[str, str] = {}
    for name, value in pairs:
        headers[name] = headers[name] + "," + value if name in headers else value
    return headers


def _title(name: str) -> str:
    """Spell a header name as scripts on Azure see it: `Content-Type`."""
    return "-".join(part.capitalize() for part in name.split("-"))
