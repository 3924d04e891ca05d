"""The modules that Azure's scoring scripts import for raw HTTP, under both of their names.

`install()` puts them into `sys.modules`; Flask is imported only when a script asks for a class that is built
on it, and only if it is in the environment. Standard library only, Python 3.8+.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from types import ModuleType
from typing import Any, Callable, Dict, Mapping, TypeVar

from .rawhttp import RawRequest, RawResponse

__all__ = ["install", "is_response", "raw_request", "raw_requested", "rawhttp"]

_PACKAGE = "azureml_inference_server_http"
_NAMES = ("%s.api" % _PACKAGE, "azureml.contrib.services")
Function = TypeVar("Function", bound=Callable[..., Any])

_state: Dict[str, Any] = {"raw": False}
_classes: Dict[str, type] = {}


def rawhttp(function: Function) -> Function:
    """Mark `run()` to get the HTTP request itself. As on Azure, one use anywhere in the process counts."""
    _state["raw"] = True
    return function


def raw_requested() -> bool:
    """Tell whether the script used `@rawhttp`."""
    return bool(_state["raw"])


def install() -> None:
    """Make both import names work, ahead of packages of these names that the environment may have."""
    _state["raw"] = False
    for package in _NAMES:
        request = _module("%s.aml_request" % package, {"rawhttp": rawhttp}, ("AMLRequest",))
        response = _module("%s.aml_response" % package, {}, ("AMLResponse",))
        sys.modules[request.__name__] = request
        sys.modules[response.__name__] = response
    if _PACKAGE not in sys.modules and importlib.util.find_spec(_PACKAGE) is None:
        for name in (_PACKAGE, "%s.api" % _PACKAGE):
            parent = ModuleType(name, "Stands for the server's package, which is not in this environment.")
            parent.__path__ = []
            sys.modules[name] = parent


def raw_request(method: str, path: str, query: str, headers: Any, body: bytes) -> Any:
    """Return what `run(request)` gets, and the context to enter around the call (None without Flask).

    With Flask it is Flask's own request inside an application, so that `jsonify` and its like work too.
    """
    flask = flask_or_none()
    if flask is None:
        return RawRequest(method, path, query, headers, body), None
    context = _application(flask).request_context(_wsgi_environment(method, path, query, headers, body))
    return flask.request, context


def is_response(value: Any) -> bool:
    """Tell whether `run()` returned a whole response (ours or Flask's) and not a value for JSON."""
    if isinstance(value, RawResponse):
        return True
    flask = sys.modules.get("flask")
    return flask is not None and isinstance(value, getattr(flask, "Response", ()))


def flask_or_none() -> Any:
    """Import Flask if the environment has it."""
    if "flask" not in _state:
        try:
            _state["flask"] = importlib.import_module("flask")
        except ImportError:
            _state["flask"] = None
    return _state["flask"]


def _module(name: str, values: Mapping[str, Any], classes: "tuple[str, ...]") -> ModuleType:
    module = ModuleType(name, "Azure ML's interface for scoring scripts that work on raw HTTP.")

    def attribute(wanted: str) -> Any:
        if wanted not in classes:
            raise AttributeError("module %r has no attribute %r" % (name, wanted))
        return _class(wanted)

    vars(module).update(values, __getattr__=attribute, __all__=[*values, *classes], __package__=name.rpartition(".")[0])
    return module


def _class(name: str) -> type:
    if name not in _classes:
        flask = flask_or_none()
        if name == "AMLRequest":
            _classes[name] = flask.Request if flask else RawRequest  # itself, so that `isinstance` holds
        else:
            _classes[name] = _response_class(flask.Response if flask else RawResponse)
    return _classes[name]


def _response_class(base: Any) -> type:
    def init(
        self: Any, message: Any, status_code: int, response_headers: Any = None, json_str: bool = False,
        run_function_failed: bool = False,
    ) -> None:  # fmt: skip
        headers: Mapping[str, str] = response_headers or {}
        if message is None or json_str:
            text = json.dumps({} if message is None else message)
            base.__init__(self, text, status=status_code, mimetype="application/json")
        else:
            base.__init__(self, message, status=status_code)
            if "Content-Type" in headers:
                self.headers.remove("Content-Type")
        self.headers["x-ms-run-function-failed"] = str(bool(run_function_failed))
        for name, value in headers.items():
            for one in value.split(","):
                self.headers.add(name, one.strip())

    return type("AMLResponse", (base,), {"__init__": init, "__doc__": "The answer that a script writes itself."})


def _application(flask: Any) -> Any:
    if "application" not in _state:
        _state["application"] = flask.Flask("scoring")
    return _state["application"]


def _wsgi_environment(method: str, path: str, query: str, headers: Any, body: bytes) -> Dict[str, Any]:
    import io  # only for raw HTTP with Flask

    environ: Dict[str, Any] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors":
        sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }  # fmt: skip
    for name, value in headers:
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key
        environ[key] = "%s,%s" % (environ[key], value) if key in environ else value
    return environ
