"""Talks MLflow's protocol to the server that tracks the job: runs, metrics, tags, files. Standard library only.

The whole MLflow client takes two seconds to import and waits for each answer; a job of a minute has neither to give.
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

__all__ = ["Refused", "Tracking"]

# A job rides out half an hour without a server, as its MLflow client would.
PATIENCE_S = 1800.0
TIMEOUT_S = 60.0
_LONGEST_VALUE = 5000  # MLflow's bound for a tag's value
_MOST_AT_ONCE = 100
_LEFTMOST = "/api/2.0/mlflow"


class Refused(Exception):
    """The server will not take what was sent, however often; the message is its own."""


@dataclass(frozen=True)
class Tracking:
    """One server and the job whose run is written."""

    address: str
    token: str
    job: str
    experiment: str
    patience_s: float = PATIENCE_S

    @classmethod
    def of_this_job(cls, variables: Mapping[str, str] | None = None) -> Tracking:
        """Return the server that the job's variables name."""
        given = variables if variables is not None else os.environ
        return cls(
            given["MLFLOW_TRACKING_URI"].rstrip("/"),
            given.get("MLFLOW_TRACKING_TOKEN", ""),
            given["MLFLOW_RUN_ID"],
            given["MLFLOW_EXPERIMENT_ID"],
        )

    def create_child(self, name: str, tags: Mapping[str, str], start_s: float) -> str:
        """Make a run under the job; return its id."""
        body = {
            "experiment_id": self.experiment,
            "run_name": name,
            "start_time": int(start_s * 1000),
            "tags": _tags({**tags, "mlflow.parentRunId": self.job}),
        }
        answer = self._call("runs/create", body)
        return str(answer["run"]["info"]["run_id"])

    def log(
        self,
        run: str,
        *,
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        step: int = 0,
    ) -> None:
        """Log metrics, params and tags to a run; sending it again changes nothing."""
        now = int(time.time() * 1000)
        points = [
            {"key": key, "value": value, "timestamp": now, "step": step} for key, value in (metrics or {}).items()
        ]
        named = [{"key": key, "value": value[:_LONGEST_VALUE]} for key, value in (params or {}).items()]
        for start in range(0, max(1, len(named)), _MOST_AT_ONCE):
            body: dict[str, Any] = {"run_id": run, "params": named[start : start + _MOST_AT_ONCE]}
            if start == 0:
                body |= {"metrics": points, "tags": _tags(tags or {})}
            self._call("runs/log-batch", body)

    def end(self, run: str, status: str) -> None:
        """Say that a run has ended: FINISHED, FAILED or KILLED."""
        self._call("runs/update", {"run_id": run, "status": status, "end_time": int(time.time() * 1000)})

    def tags(self, run: str) -> dict[str, str]:
        """Return the tags of a run."""
        answer = self._call(f"runs/get?run_id={urllib.parse.quote(run)}", None)
        return {str(one["key"]): str(one["value"]) for one in answer["run"]["data"].get("tags", [])}

    def children(self) -> list[dict[str, Any]]:
        """Return the runs under the job, as MLflow's documents."""
        found: list[dict[str, Any]] = []
        page = ""
        while True:
            body = {
                "experiment_ids": [self.experiment],
                "filter": f"tags.`mlflow.parentRunId` = '{self.job}'",
                "max_results": 1000,
                "page_token": page,
            }
            answer = self._call("runs/search", body)
            found += cast("list[dict[str, Any]]", answer.get("runs", []))
            page = str(answer.get("next_page_token") or "")
            if not page:
                return found

    def upload(self, run: str, folder: Path, path: str = "") -> int:
        """Send a file, or a folder's files, to `path` among a run's artifacts; return how many."""
        files = [folder] if folder.is_file() else sorted(one for one in folder.rglob("*") if one.is_file())
        root = folder.parent if folder.is_file() else folder
        base = self._artifacts_of(run)
        for file in files:
            place = "/".join(part for part in (path, file.relative_to(root).as_posix()) if part)
            address = f"{base}/{urllib.parse.quote(place)}"
            self._send(address, file.read_bytes(), "PUT", "application/octet-stream")
        return len(files)

    def _artifacts_of(self, run: str) -> str:
        answer = self._call(f"runs/get?run_id={urllib.parse.quote(run)}", None)
        where = str(answer["run"]["info"]["artifact_uri"])
        rest = where.removeprefix("mlflow-artifacts:").lstrip("/")
        return f"{self.address}/api/2.0/mlflow-artifacts/artifacts/{rest}"

    def _call(self, route: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        answer = self._send(f"{self.address}{_LEFTMOST}/{route}", data, "GET" if body is None else "POST")
        return cast("dict[str, Any]", json.loads(answer or b"{}"))

    def _send(self, address: str, data: bytes | None, method: str, kind: str = "application/json") -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        deadline, pause = time.monotonic() + self.patience_s, 0.1
        while True:
            request = urllib.request.Request(address, data, headers, method=method)
            try:
                with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
                    return cast("bytes", answer.read())
            except urllib.error.HTTPError as reason:
                if reason.code < 500 and reason.code != 429:
                    raise Refused(_message(reason)) from reason
                last: Exception = reason
            except OSError as reason:
                last = reason
            if time.monotonic() > deadline:
                raise Refused(f"The server did not answer for {self.patience_s:.0f} s: {last}") from last
            time.sleep(pause)
            pause = min(5.0, pause * 2)


# The server is this machine's: a proxy of the user's network knows nothing of it.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _tags(tags: Mapping[str, str]) -> Sequence[dict[str, str]]:
    return [{"key": key, "value": value[:_LONGEST_VALUE]} for key, value in tags.items()]


def _message(reason: urllib.error.HTTPError) -> str:
    text = reason.read().decode("utf-8", "replace")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return f"{reason.code}: {text[:500]}"
