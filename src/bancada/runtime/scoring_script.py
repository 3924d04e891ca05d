"""The user's scoring script: found, loaded, initialised, and asked how it wants its input. Not for HTTP.

What is copied from Azure's inference server, so that scripts behave alike: the path that is searched, `main`
as the default module, driver scripts (`driver_module`), and what `run()` may look like. Standard library
only, Python 3.8+.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from types import ModuleType, TracebackType
from typing import Any, Callable, Dict, List, Optional, Sequence

from . import azureml_compat
from .scoring_settings import ScoringSettings

__all__ = ["ScoringScript", "ScriptFailed", "describe_failure", "load_script", "wait_for_debugger"]

# The name under which Azure's server loads the script; pickles made inside a script refer to it.
ENTRY_MODULE = "entry_module"


class ScriptFailed(Exception):
    """The script cannot serve: it cannot be imported, `init()` raised, or `run()` has a wrong form."""

    def __init__(self, message: str, file: Optional[str] = None, line: Optional[int] = None, text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.traceback = text

    def document(self) -> Dict[str, Any]:
        """Return what `failure.json` holds."""
        return {"file": self.file, "line": self.line, "message": self.message, "traceback": self.traceback}


class ScoringScript:
    """A loaded script whose `run()` was looked at.

    style: "text" (undecorated: one text), "named" (@input_schema: values by name) or "raw" (@rawhttp: the
    request).
    """

    def __init__(self, module: ModuleType, run_module: ModuleType, root: str) -> None:
        self.module = module
        self.root = root
        self.run: Callable[..., Any] = run_module.run
        self._init: Callable[[], Any] = module.init
        file = getattr(run_module, "__file__", None)
        parameters = _parameters(self.run, file, root)
        self.wants_headers = any(one.name == "request_headers" for one in parameters)
        self.parameters = [one for one in parameters if one.name != "request_headers"]
        if not self.parameters:
            raise _badly_formed("run() must take one argument for the input data.", self.run, file, root)
        self.style = self._style(file)

    def _style(self, file: Optional[str]) -> str:
        decorated = is_schema_decorated(self.run)
        if azureml_compat.raw_requested():
            if decorated:
                text = "run() cannot have both @rawhttp and @input_schema; remove one of them."
                raise _badly_formed(text, self.run, file, self.root)
            return "raw"
        return "named" if decorated else "text"

    @property
    def namespaces(self) -> List[Dict[str, Any]]:
        """The globals of the entry script and, behind a driver script, of the script that it drives."""
        inner = getattr(self.module, "driver_module", None)
        return [vars(self.module)] + ([vars(inner)] if isinstance(inner, ModuleType) else [])

    def begin(self, served: Sequence[Any] = ()) -> None:
        """Let a program of ours do what comes after `init()`, when the estimators' settings are final.

        `served` are the models that exact equivalents serve.
        """
        begin = getattr(self.module, "begin", None)
        if self.is_ours and callable(begin):
            begin(served)

    def examples(self) -> List[Any]:
        """Inputs of the model that are known to be good; only a program of ours knows some."""
        return list(self.module.examples()) if self.is_ours else []

    @property
    def is_ours(self) -> bool:
        """Whether it is no user's script but a program of this package."""
        return self.module.__name__.partition(".")[0] == __name__.partition(".")[0]

    def prepare(self, texts: Sequence[str]) -> None:
        """Hand over several requests' texts at once, ahead of `run()` for each. Only where `largest_batch` is > 1."""
        self.module.prepare(list(texts))

    @property
    def largest_batch(self) -> int:
        """How many requests it takes at a time; 1 for every user's script."""
        return int(self.module.largest_batch()) if self.is_ours else 1

    def init(self) -> None:
        """Call the user's `init()`. Raises ScriptFailed with the place in the user's code."""
        try:
            self._init()
        except BaseException as reason:  # also SystemExit: a script that exits in init() cannot serve
            raise describe_failure(reason, self.root) from reason


def load_script(settings: ScoringSettings) -> ScoringScript:
    """Import the entry script as Azure's server does and look at its `run()`.

    Raises ScriptFailed.
    """
    if settings.program:
        return _load_program(settings)
    _extend_path(settings)
    azureml_compat.install()
    module = _import_entry(settings)
    for name in ("init", "run"):
        if not callable(getattr(module, name, None)):
            text = "The scoring script has no function `%s()`; it must define init() and run(data)." % name
            raise ScriptFailed(text, file=_shown(getattr(module, "__file__", None), settings.app_root))
    inner = getattr(module, "driver_module", None)
    driven = isinstance(inner, ModuleType) and callable(getattr(inner, "run", None))
    return ScoringScript(module, inner if driven and inner is not None else module, settings.app_root)


def wait_for_debugger(port: int) -> None:
    """Connect to the debugger that listens at a port of this machine, and wait until it is attached.

    Raises ScriptFailed when the environment has no debugpy, or nobody listens.
    """
    try:
        debugpy: Any = importlib.import_module("debugpy")
    except ImportError:
        text = "AZUREML_DEBUG_PORT is set, but debugpy is not in the environment. Add it, or unset the variable."
        raise ScriptFailed(text) from None
    try:
        debugpy.connect(port)
        debugpy.wait_for_client()
    except Exception as reason:
        text = "No debugger listens at port %d (AZUREML_DEBUG_PORT): %s"
        raise ScriptFailed(text % (port, reason)) from reason


# Programs of our own that stand where a script would.
_PROGRAMS = {"mlflow": ".mlflow_program"}


def _load_program(settings: ScoringSettings) -> ScoringScript:
    name = _PROGRAMS.get(settings.program)
    if name is None:
        text = "BANCADA_SCORING_PROGRAM is `%s`; there is only %s."
        raise ScriptFailed(text % (settings.program, ", ".join("`%s`" % one for one in _PROGRAMS)))
    module = importlib.import_module(name, __package__)
    return ScoringScript(module, module, settings.app_root)


def is_schema_decorated(function: Callable[..., Any]) -> bool:
    """Tell whether inference-schema decorates the function. It is only asked when the script imported it."""
    schema = sys.modules.get("inference_schema.schema_util")
    return bool(schema is not None and schema.is_schema_decorated(function))


def _extend_path(settings: ScoringSettings) -> None:
    sys.path.append(settings.app_root)
    if settings.source_dir:
        sys.path.append(os.path.join(settings.app_root, settings.source_dir))


def _import_entry(settings: ScoringSettings) -> ModuleType:
    root = settings.app_root
    path = os.path.join(root, settings.entry_script) if settings.entry_script else ""
    if path and not os.path.isfile(path):
        raise ScriptFailed(
            "There is no file `%s` in the code folder%s." % (settings.entry_script, _scripts_in(root)),
            file=settings.entry_script,
        )
    if not path and importlib.util.find_spec("main") is None:
        text = "No scoring script is named (AZUREML_ENTRY_SCRIPT) and there is no main.py%s."
        raise ScriptFailed(text % _scripts_in(root))
    try:
        return _import_file(path) if path else importlib.import_module("main")
    except BaseException as reason:  # also SystemExit: a script that exits while it is imported cannot serve
        raise describe_failure(reason, root) from reason


def _import_file(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(ENTRY_MODULE, path)
    if spec is None or spec.loader is None:
        raise ImportError("%s is not a Python file" % path)
    module = importlib.util.module_from_spec(spec)
    # Azure's server leaves it out; with it, pickling and dataclasses inside the script work too.
    sys.modules[ENTRY_MODULE] = module
    spec.loader.exec_module(module)
    return module


def _parameters(run: Callable[..., Any], file: Optional[str], root: str) -> Sequence[inspect.Parameter]:
    parameters = list(inspect.signature(run).parameters.values())
    allowed = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    if any(one.kind not in allowed for one in parameters):
        text = "run() cannot take positional-only arguments, *args or **kwargs; name each argument."
        raise _badly_formed(text, run, file, root)
    return parameters


def _badly_formed(message: str, run: Callable[..., Any], file: Optional[str], root: str) -> ScriptFailed:
    code = getattr(inspect.unwrap(run), "__code__", None)
    return ScriptFailed(message, file=_shown(file, root), line=code.co_firstlineno if code is not None else None)


def describe_failure(error: BaseException, root: str) -> ScriptFailed:
    """Say where in the user's code an exception came from: the deepest frame inside the code folder."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    message = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
    if isinstance(error, SyntaxError):
        return ScriptFailed(message, _shown(error.filename, root), error.lineno, text)
    file, line = _place(error.__traceback__, root)
    return ScriptFailed(message, file, line, text)


def _place(trace: Optional[TracebackType], root: str) -> "tuple[Optional[str], Optional[int]]":
    frames = traceback.extract_tb(trace)
    inside = os.path.join(os.path.realpath(root), "")
    own = [one for one in frames if os.path.realpath(one.filename).startswith(inside)]
    if not own:
        return None, None
    return _shown(own[-1].filename, root), own[-1].lineno


def _shown(file: Optional[str], root: str) -> Optional[str]:
    if not file:
        return None
    real, inside = os.path.realpath(file), os.path.join(os.path.realpath(root), "")
    return real[len(inside) :] if real.startswith(inside) else file


def _scripts_in(root: str) -> str:
    try:
        names = sorted(name for name in os.listdir(root) if name.endswith(".py"))
    except OSError:
        return "; the folder %s cannot be read" % root
    return " (it has %s)" % ", ".join(names[:10]) if names else " (it has no Python file at its top)"
