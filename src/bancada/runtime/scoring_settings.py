"""The variables that a scoring replica reads, by the names that Azure's inference server gives them.

A value comes from the process's variables, else from the file that `AZUREML_CONFIG_FILE` names, else from a
`config.json` in the app root or beside the entry script, else the default. Standard library only, Python
3.8+.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, cast

__all__ = ["SERVER_VERSION", "ScoringSettings", "is_pattern", "read_settings"]

_CONTAINER_ROOT = "/var/azureml-app"
SERVER_VERSION = "bancada/1"
# An origin with one of these is a pattern, as Azure's server takes it.
_PATTERN_MARKS = frozenset("*\\]?$^[]()")


@dataclass(frozen=True)
class ScoringSettings:
    """What a replica runs with; read once, before the user's script is loaded."""

    app_root: str  # AML_APP_ROOT: where the code folder was staged
    source_dir: str  # AZUREML_SOURCE_DIRECTORY: a folder below app_root that is importable too; "" when unset
    entry_script: str  # AZUREML_ENTRY_SCRIPT: relative to app_root; "" means a module named `main`
    model_dir: str  # AZUREML_MODEL_DIR: only looked at to list it when init() fails
    scoring_timeout_ms: float  # SCORING_TIMEOUT_MS
    service_name: str
    service_version: str
    deployment: str  # AZUREML_DEPLOYMENT_NAME; "" when unset
    service_path_prefix: str
    log_level: str  # AZUREML_LOG_LEVEL
    cors_origins: List[str]  # AML_CORS_ORIGINS, split at commas; empty means no CORS headers
    server_version: str  # HTTP_X_MS_SERVER_VERSION; "" when SERVER_VERSION_LOG_RESPONSE_ENABLED is not true
    debug_port: int  # AZUREML_DEBUG_PORT: where a debugger waits for us; 0 when unset
    program: str  # BANCADA_SCORING_PROGRAM: `mlflow` in place of a user's script; "" for the script
    keep_original: bool  # BANCADA_KEEP_ORIGINAL: no exact equivalents in place of the script's models
    keep_n_jobs: bool  # BANCADA_KEEP_N_JOBS: leave the estimators' n_jobs as the script loaded them


def read_settings(environ: Mapping[str, str]) -> ScoringSettings:
    """Return the settings in force.

    Raises ValueError, with the variable's name, when a number is no number or the configuration file no JSON
    object.
    """
    values: Dict[str, Any] = dict(_read_config_file(environ))
    values.update(environ)

    def text(name: str, default: str = "") -> str:
        value = values.get(name)
        return default if value is None else str(value)

    return ScoringSettings(
        app_root=_app_root(text("AML_APP_ROOT")),
        source_dir=text("AZUREML_SOURCE_DIRECTORY"),
        entry_script=text("AZUREML_ENTRY_SCRIPT"),
        model_dir=text("AZUREML_MODEL_DIR"),
        scoring_timeout_ms=_milliseconds("SCORING_TIMEOUT_MS", text("SCORING_TIMEOUT_MS", "3600000")),
        service_name=text("SERVICE_NAME", "ML service"),
        service_version=text("SERVICE_VERSION", "1.0"),
        deployment=text("AZUREML_DEPLOYMENT_NAME"),
        service_path_prefix=text("SERVICE_PATH_PREFIX"),
        log_level=text("AZUREML_LOG_LEVEL", "INFO").upper(),
        cors_origins=_origins(text("AML_CORS_ORIGINS")),
        server_version=text("HTTP_X_MS_SERVER_VERSION", SERVER_VERSION if _names_server(text) else ""),
        debug_port=_port("AZUREML_DEBUG_PORT", text("AZUREML_DEBUG_PORT")),
        program=text("BANCADA_SCORING_PROGRAM"),
        keep_original=text("BANCADA_KEEP_ORIGINAL").lower() in ("1", "true", "yes"),
        keep_n_jobs=text("BANCADA_KEEP_N_JOBS").lower() in ("1", "true", "yes"),
    )


def _app_root(given: str) -> str:
    if given:
        return os.path.abspath(given)
    return _CONTAINER_ROOT if os.path.isdir(_CONTAINER_ROOT) else os.getcwd()


def is_pattern(origin: str) -> bool:
    """Tell whether an origin of AML_CORS_ORIGINS is a regular expression (or `*`), and not the origin itself."""
    return not _PATTERN_MARKS.isdisjoint(origin)


def _origins(given: str) -> List[str]:
    found = [one.strip() for one in given.split(",") if one.strip()]
    for origin in found:
        try:
            re.compile(origin if origin != "*" and is_pattern(origin) else "")
        except re.error as reason:
            text = "AML_CORS_ORIGINS has `%s`, which is no regular expression: %s."
            raise ValueError(text % (origin, reason)) from reason
    return found


def _names_server(text: Callable[[str, str], str]) -> bool:
    return text("SERVER_VERSION_LOG_RESPONSE_ENABLED", "true").lower() == "true"


def _port(name: str, text: str) -> int:
    if text and not (text.isdigit() and 0 < int(text) < 1 << 16):
        raise ValueError("%s is `%s`; it must be a port, 1 to 65535." % (name, text))
    return int(text or 0)


def _milliseconds(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if value <= 0:
        raise ValueError("%s is `%s`; it must be a number of milliseconds above 0." % (name, text))
    return value


def _read_config_file(environ: Mapping[str, str]) -> Mapping[str, Any]:
    path = _config_file(environ)
    if path is None:
        return {}
    with open(path, encoding="utf-8") as stream:
        try:
            document: Any = json.load(stream)
        except ValueError as reason:
            raise ValueError("%s is not JSON: %s" % (path, reason)) from reason
    if not isinstance(document, dict):
        raise ValueError("%s must hold one JSON object of variable names and values." % path)
    return cast("Dict[str, Any]", document)


def _config_file(environ: Mapping[str, str]) -> Optional[str]:
    root = _app_root(environ.get("AML_APP_ROOT", ""))
    beside = os.path.dirname(os.path.join(root, environ.get("AZUREML_ENTRY_SCRIPT", "")))
    candidates = [environ.get("AZUREML_CONFIG_FILE", "")]
    candidates += [os.path.join(folder, "config.json") for folder in (root, beside)]
    for path in candidates:
        if path and os.path.isfile(path) and os.path.getsize(path):
            return path
    return None
