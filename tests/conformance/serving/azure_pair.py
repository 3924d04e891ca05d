"""Azure's inference server from PyPI and ours with one script, and how both are asked the same."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from serving_world import Answer, Replica, ServingWorld, call, wait_for

from bancada.engine.router import DeploymentRoutes
from bancada.runtime.frames import read_frame, write_frame
from ports import free_port

__all__ = ["Azure", "Case", "Pair", "Script", "azure_interpreter", "essence", "pair_of"]

# Pinned: the contract is what these versions do.
PACKAGES = [
    *("azureml-inference-server-http==1.5.1", "inference-schema==1.8", "flask-cors<7"),
    *("numpy<2.3", "pandas<2.4", "setuptools<80"),
]
# Fields of one connection, of the time, or of the endpoint layer, which Azure's server alone does not have.
APART = frozenset(
    "azureml-model-deployment connection content-length date keep-alive ms-azureml-model-error-reason "
    "ms-azureml-model-error-statuscode server transfer-encoding x-ms-run-fn-exec-ms x-ms-server-version".split()
)
IDS = ("x-request-id", "x-ms-request-id", "x-ms-client-request-id")


@dataclass(frozen=True)
class Case:
    """One request."""

    body: bytes | list[bytes] = b""  # a list is sent in chunks
    method: str = "POST"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    path: str = "score"

    def __str__(self) -> str:
        body = self.body if isinstance(self.body, bytes) else b"in chunks: " + b"".join(self.body)
        shown = [self.method, self.path, self.query, body[:30].decode("latin-1"), *self.headers.values()]
        return " ".join(part[:40] for part in shown if part)


@dataclass(frozen=True)
class Script:
    """A scoring script with the variables and the files beside it, and the requests that both are sent."""

    source: str
    cases: list[Case]
    variables: dict[str, str] = field(default_factory=dict[str, str])
    files: dict[str, str] = field(default_factory=dict[str, str])
    # Asked a second time in an environment without Flask, with the classes of our own.
    plain: bool = False
    words: tuple[str, ...] = ("--entry_script", "score.py")  # for Azure's command


def azure_interpreter(folder: Path) -> Path:
    """Return an interpreter with Azure's server: that of BANCADA_TEST_AZURE_PYTHON, else of a new environment."""
    given = os.environ.get("BANCADA_TEST_AZURE_PYTHON")
    if given:
        return Path(given)
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        pytest.skip("needs uv")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    made = subprocess.run([uv, "pip", "install", "-q", "--python", python, *PACKAGES], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"Azure's server cannot be installed here: {made.stderr[-300:]}")
    return python


class Azure:
    """Azure's server with one script, started but not waited for."""

    def __init__(self, python: Path, folder: Path, script: Script) -> None:
        code = folder / "azure"
        for name, text in {"score.py": script.source, **script.files}.items():
            (code / name).parent.mkdir(parents=True, exist_ok=True)
            (code / name).write_text(textwrap.dedent(text))
        port = free_port()
        environment = {"PATH": os.environ["PATH"], "AML_APP_ROOT": str(code), **script.variables}
        words = [python, "-m", "azureml_inference_server_http", *script.words, "--port", str(port)]
        self.log = folder / "azure.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(words, cwd=code, env=environment, stdout=log, stderr=log)
        self.url = f"http://127.0.0.1:{port}/"

    def wait_ready(self) -> None:
        """Wait until it answers."""
        wait_for(lambda: self.process.poll() is not None or self._is_up(), "Azure's server")
        assert self.process.poll() is None, self.log.read_text()

    def _is_up(self) -> bool:
        try:
            return call(self.url, method="GET", key=None).status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()


@dataclass
class Pair:
    """Both servers with one script."""

    azure: Azure
    ours: str
    replica: Replica
    world: ServingWorld

    def ask(self, case: Case) -> tuple[Answer, Answer]:
        """Return Azure's answer and ours, which comes through the gateway and is unwrapped."""
        ours = _ask(self.ours, case)
        if ours.status == 424:
            assert ours.headers["ms-azureml-model-error-reason"]
            ours = Answer(int(ours.headers["ms-azureml-model-error-statuscode"]), ours.headers, ours.body)
        return _ask(self.azure.url, case), ours

    def ask_behind_the_gateway(self, case: Case) -> tuple[Answer, Answer]:
        """Return Azure's answer and that of our replica itself: for what the gateway does not let through."""
        fields = {"content-type": "application/json", **{name.lower(): one for name, one in case.headers.items()}}
        header: dict[str, Any] = {"id": 1, "method": case.method, "path": f"/{case.path}", "query": case.query}
        header["headers"] = list(fields.items())
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(120)
            peer.connect(str(self.replica.socket))
            assert read_frame(peer) is not None  # its hello
            write_frame(peer, header, case.body if isinstance(case.body, bytes) else b"".join(case.body))
            frame = read_frame(peer)
        assert frame is not None
        return _ask(self.azure.url, case), Answer(frame[0]["status"], _joined(frame[0]["headers"]), frame[1])

    def close(self) -> None:
        """End both."""
        self.azure.stop()
        self.world.close()


def _ask(url: str, case: Case) -> Answer:
    query = f"?{case.query}" if case.query else ""
    body = case.body if isinstance(case.body, bytes) else iter(case.body)
    return call(f"{url}{case.path}{query}", body, method=case.method, headers=case.headers)  # type: ignore[arg-type]


def _joined(pairs: list[list[str]]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def pair_of(python: Path, folder: Path, script: Script) -> Pair:
    """Start both servers with a script; the slow one first."""
    folder.mkdir()
    azure = Azure(python, folder, script)
    world = ServingWorld(folder)
    replica = world.replica(script.source, interpreter=python, files=script.files, wait=False, **script.variables)
    gateway = world.gateway()
    replica.wait_ready()
    deployments = {"blue": DeploymentRoutes([replica.socket])}
    if script.plain:
        deployments["plain"] = DeploymentRoutes([world.replica(script.source, **script.variables).socket])
    world.publish(deployments, traffic={"blue": 100})
    azure.wait_ready()
    return Pair(azure, gateway.score_url().removesuffix("score"), replica, world)


def essence(answer: Answer) -> dict[str, Any]:
    """Return what must be the same of two answers: all but what is new each time, and the words of errors."""
    fields = {name: value for name, value in answer.headers.items() if name not in (*APART, *IDS)}
    # Made-up ids differ; given ones must come back.
    ids = {name: answer.headers.get(name) for name in IDS}
    fields |= {name: value if value and len(value) != 36 else str(bool(value)) for name, value in ids.items()}
    if "allow" in fields:
        fields["allow"] = ", ".join(sorted(one.strip() for one in fields["allow"].split(",")))
    found: dict[str, Any] = {"status": answer.status, **fields, "body": answer.body}
    found["timed"] = "x-ms-run-fn-exec-ms" in answer.headers
    if answer.status >= 400 and "json" in (answer.headers.get("content-type") or "") and answer.body:
        document = answer.value
        # Texts of errors are ours; that of a script's own error is not.
        found["body"] = ["message"] if list(document) == ["message"] else document
    return found
