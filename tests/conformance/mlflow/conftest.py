"""Real MLflow clients in environments of their own, against our face on a real port, or against any server.

Variables: BANCADA_TEST_MLFLOW_CLIENTS names the clients that run, with commas, or `all` (by default those of
`BY_DEFAULT`); BANCADA_TEST_MLFLOW_URL (and MLFLOW_TRACKING_TOKEN) name a server to test instead of ours;
BANCADA_TEST_MLFLOW_OWN=1 starts MLflow's own, to prove the suite itself. Environments are kept in BANCADA_CACHE.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlflow_server import Server, start_server

from ports import free_port

HERE = Path(__file__).parent
# The newest MLflow when this was written; a full one and a skinny one must have the same.
NEWEST = "3.17.2"
# What scripts train with. `xgboost-cpu` is xgboost without 300 MB for other people's graphics cards.
_BOOSTING = ("lightgbm>=4.5,<5", "psutil")
_TRAINING = ("scikit-learn>=1.5,<1.8", "pandas<3", "matplotlib", "xgboost-cpu>=3,<4", *_BOOSTING)
_OLD_TRAINING = ("scikit-learn>=1.5,<1.7", "pandas<3", "matplotlib", "xgboost-cpu>=2.1,<3", *_BOOSTING)
# What each client's environment is made of. One line a client: every test runs with every one that is wanted.
CLIENTS: Mapping[str, tuple[str, ...]] = {
    "2.22": ("mlflow==2.22.4", *_OLD_TRAINING, "setuptools<81"),
    "2.22-skinny": ("mlflow-skinny==2.22.4", "psutil", "setuptools<81"),
    "3.13": ("mlflow==3.13.0", *_TRAINING),
    "3.13-skinny": ("mlflow-skinny==3.13.0", "psutil"),
    "newest": (f"mlflow=={NEWEST}", *_TRAINING),
    "newest-skinny": (f"mlflow-skinny=={NEWEST}", "psutil"),
}
# The oldest and the newest dialect; the others differ from them less than these two do from each other. A skinny
# client costs seconds.
BY_DEFAULT = ("2.22", "newest", "newest-skinny")
# Scripts of a client that has only the protocol, no data frames and no models.
SKINNY_SCRIPTS = ("tracking.py", "search.py", "registry.py", "in_parts.py", "system_metrics.py")


def wanted_clients() -> list[str]:
    """Return the clients that this run is for."""
    named = os.environ.get("BANCADA_TEST_MLFLOW_CLIENTS", "").replace(" ", "")
    names = list(CLIENTS) if named == "all" else [one for one in named.split(",") if one] or list(BY_DEFAULT)
    unknown = sorted(set(names) - set(CLIENTS))
    assert not unknown, f"BANCADA_TEST_MLFLOW_CLIENTS: unknown {unknown}; there are {list(CLIENTS)}"
    return names


def environment(name: str) -> Path:
    """Return the interpreter of a client's environment, built when needed."""
    import uv

    cache = Path(os.environ.get("BANCADA_CACHE") or Path.home() / ".cache" / "bancada")
    folder = cache / "test-clients" / f"{name}-{sys.version_info[0]}.{sys.version_info[1]}"
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    if ready.exists() and ready.read_text() == "\n".join(CLIENTS[name]):
        return python
    variables = {**os.environ, "UV_CACHE_DIR": str(cache / "uv")}
    commands = [
        [uv.find_uv_bin(), "venv", "--clear", "--python", sys.executable, str(folder)],
        [uv.find_uv_bin(), "pip", "install", "--python", str(python), *CLIENTS[name]],
    ]
    for command in commands:
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no MLflow client {name} here: {done.stderr[-300:]}")
    ready.write_text("\n".join(CLIENTS[name]))
    return python


@dataclass(frozen=True)
class Client:
    """One client and its interpreter."""

    name: str
    python: Path

    @property
    def is_skinny(self) -> bool:
        """Whether it has the protocol only."""
        return self.name.endswith("-skinny")


@pytest.fixture(scope="session", params=wanted_clients())
def client(request: pytest.FixtureRequest) -> Client:
    """Each wanted client in turn."""
    return Client(request.param, environment(request.param))


@pytest.fixture(scope="session")
def client_python(client: Client) -> Path:
    """The interpreter of each client that can train."""
    if client.is_skinny:
        pytest.skip("a skinny client has no models")
    return client.python


def start_own(python: Path, home: Path) -> tuple[subprocess.Popen[Any], Server]:
    """Start MLflow's own server."""
    port = free_port()
    home.mkdir(parents=True)
    command = [str(python), "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--artifacts-destination", str(home / "files")]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1).close()
            return process, Server(url, "")
        except OSError:
            time.sleep(0.2)
    raise AssertionError("MLflow's server did not start")


@pytest.fixture(scope="session")
def newest_python() -> Path:
    """The interpreter of the newest client, whose dialect ours is."""
    return environment("newest")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server under test."""
    named = os.environ.get("BANCADA_TEST_MLFLOW_URL")
    if named:
        yield Server(named, os.environ.get("MLFLOW_TRACKING_TOKEN", ""))
        return
    home = tmp_path_factory.mktemp("mlflow") / "home"
    own = bool(os.environ.get("BANCADA_TEST_MLFLOW_OWN"))
    process, started = start_own(environment("newest"), home) if own else start_server(home)
    yield started
    process.terminate()
    process.wait(120)
    if process.stdout is not None:
        process.stdout.close()


@pytest.fixture
def run_script(server: Server, client: Client, tmp_path: Path) -> Callable[..., str]:
    """Run a script of `scripts/` with a client; return what it printed. Its failure is the test's."""

    def run(name: str, **variables: str) -> str:
        if client.is_skinny and name not in SKINNY_SCRIPTS:
            pytest.skip("a skinny client has no models")
        own = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "PYTHONPATH"))}
        given = {
            "MLFLOW_TRACKING_URI": server.url,
            "MLFLOW_TRACKING_TOKEN": server.token,
            # Three spawned interpreters for each model, which prove nothing about the server.
            "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "0",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
            "GIT_PYTHON_REFRESH": "quiet",
            "MPLBACKEND": "agg",
        }
        environ = {**own, **{key: value for key, value in {**given, **variables}.items() if value}}
        command = [str(client.python), str(HERE / "scripts" / name)]
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    return run
