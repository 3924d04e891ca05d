"""The environment variables that a user's process starts with. Not for settings: those are in `settings.py`.

This is the one other place that reads the server's own environment, because it is what must be scrubbed.
"""

from __future__ import annotations

import fnmatch
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bancada.executors import Launch

__all__ = ["TEMPLATE_EXTRAS", "environment_of", "read_at_import", "template_environment"]

# What a process of the user may know of the machine. Not among it, on purpose: everything of ours (BANCADA_*, tokens
# included), PYTHONDONTWRITEBYTECODE (it costs each start 3 s of compiling), thread counts meant for the server.
_HANDED_DOWN = (
    *("HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "XDG_*"),
    *("LD_LIBRARY_PATH", "DYLD_*", "CUDA_*", "NVIDIA_*", "ROCM_*", "HIP_*"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
# A build runs our own code and asks package indexes: it also gets how to reach both.
# PYENV_ROOT: where interpreters may lie. GIT_* and the agent: for requirements that lie in private repositories.
_HANDED_TO_BUILDS = ("UV_*", "PIP_*", "NETRC", "PYTHONPATH", "PYENV_ROOT", "GIT_*", "SSH_AUTH_SOCK")

_DEFAULTS = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    # Lines reach the log when they are printed, also from Pythons that the user's process starts.
    "PYTHONUNBUFFERED": "1",
    # Waiting OpenMP threads sleep instead of spinning: 3 to 6 times faster beside other work, and libgomp reads it
    # only while it is loaded.
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
    # A platform on one's own machine reports to nobody; and a job's code folder is a copy outside of any repository,
    # which need not be looked for. Both are read at import: set for all launches, so that all share one template.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}

# Variables that Python or a library reads once, at start or import: launches that differ in them cannot share a
# template. (MLflow and Azure's variables are read when they are used.)
_READ_AT_IMPORT = (
    *("PYTHON*", "LD_*", "DYLD_*", "GLIBC_TUNABLES", "MALLOC_*", "TZ", "LANG", "LANGUAGE", "LC_*", "HOME", "XDG_*"),
    *("OMP_*", "GOMP_*", "KMP_*", "MKL_*", "OPENBLAS_*", "GOTO_*", "BLIS_*", "VECLIB_*", "NUMEXPR_*", "NUMBA_*"),
    *("NPY_*", "NUMPY_*", "SCIPY_*", "SKLEARN_*", "PANDAS_*", "ARROW_*", "POLARS_*", "MPLBACKEND", "MPLCONFIGDIR"),
    *("CUDA_*", "NVIDIA_*", "ROCM_*", "HIP_*", "TORCH*", "PYTORCH_*", "TF_*", "XLA_*", "JAX_*", "KERAS_*"),
    *("SETUPTOOLS_*", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "GIT_PYTHON_*"),
)
# The child of a template sets its streams itself.
_NOT_FOR_TEMPLATES = frozenset({"PYTHONUNBUFFERED"})

# For the imports alone: nothing here reaches a launch. Telemetry starts a thread, and a template may have none.
TEMPLATE_EXTRAS: Mapping[str, str] = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "BANCADA_TEMPLATE": "1",
}


def environment_of(launch: Launch, server: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return all variables of a launch's process: the scrubbed base, then the launch's own.

    The environment's folder of programs goes first on PATH, also when the launch sets PATH.
    """
    server = os.environ if server is None else server
    patterns = _HANDED_DOWN + (_HANDED_TO_BUILDS if launch.kind == "build" else ())
    variables = {**_DEFAULTS, **_matching(server, patterns), **launch.variables}
    path = launch.variables.get("PATH") or _foreign_path(server.get("PATH", ""), launch.interpreter)
    variables["PATH"] = os.pathsep.join([str(launch.interpreter.parent), path or _DEFAULTS["PATH"]])
    variables["BANCADA_LAUNCH"] = launch.id
    return variables


def read_at_import(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that decide which template may serve."""
    return {
        name: value
        for name, value in sorted(_matching(environment, _READ_AT_IMPORT).items())
        if name not in _NOT_FOR_TEMPLATES
    }


def template_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a template for launches with this environment starts with."""
    shared = {**_matching(environment, _HANDED_DOWN), **read_at_import(environment)}
    return {**TEMPLATE_EXTRAS, "PATH": environment["PATH"], **shared}


def _matching(environment: Mapping[str, str], patterns: tuple[str, ...]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    }


def _foreign_path(path: str, interpreter: Path) -> str:
    # A server started from an activated environment must not lend its own `pip` to a user's shell.
    own = str(Path(sys.prefix) / "bin")
    keeps_own = interpreter.parent == Path(own) or sys.prefix == sys.base_prefix
    return os.pathsep.join(one for one in path.split(os.pathsep) if one and (keeps_own or one != own))
