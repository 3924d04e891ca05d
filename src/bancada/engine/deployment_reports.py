"""What can be asked about a deployment: its replicas' logs, a sample request, its metrics. Changes nothing."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bancada.domain.jobs.base import BUILD_LOG
from bancada.engine import router
from bancada.engine.builds import Builds
from bancada.engine.core import Core
from bancada.engine.deployment_rows import DEPLOYMENTS, ENDPOINTS, scale_bounds, wanted_replicas, workers_of
from bancada.engine.documents import part
from bancada.engine.locations import Locations
from bancada.engine.mlflow_models import read_mlflow_model
from bancada.engine.staging import last_lines
from bancada.errors import BancadaError, Conflict, Invalid, NotFound, Problem
from bancada.store import resources
from bancada.store.database import Tx
from bancada.store.resources import Row

__all__ = ["DeploymentReports", "LogPiece"]

# A file beside the scoring script that shows what it takes.
SAMPLE_FILES = ("sample_request.json", "sample-request.json")
# One answer of a followed log; the rest comes with the next.
LARGEST_PIECE = 256 << 10


@dataclass(frozen=True)
class LogPiece:
    """What replicas printed since the last look, and the cursor for the next one."""

    text: str
    cursor: str
    state: str  # of the deployment


class DeploymentReports:
    """Reads deployments of one home. Raises NotFound for an endpoint or deployment that is not there."""

    def __init__(self, core: Core, locations: Locations, builds: Builds) -> None:
        self._core = core
        self._locations = locations
        self._builds = builds

    def _row(self, workspace: str, endpoint: str, name: str) -> Row:
        def read(tx: Tx) -> Row:
            if resources.get(tx, workspace, ENDPOINTS, endpoint) is None:
                existing = [one.name for one in resources.all_of(tx, workspace, ENDPOINTS)]
                raise NotFound.of("endpoint", endpoint, existing=existing)
            row = resources.get(tx, workspace, DEPLOYMENTS, f"{endpoint}/{name}")
            if row is None:
                names = [one.name.partition("/") for one in resources.all_of(tx, workspace, DEPLOYMENTS)]
                existing = [one[2] for one in names if one[0] == endpoint]
                raise NotFound.of("deployment", name, existing=existing)
            return row

        return self._core.db.read(read)

    # Logs

    def logs(self, workspace: str, endpoint: str, name: str, lines: int, replica: str | None = None) -> LogPiece:
        """Return the last lines of each replica's log, newest replica last; while building, the build's."""
        row = self._row(workspace, endpoint, name)
        logs = self._logs(row, replica)
        # First where each ends now: what is written meanwhile is shown twice rather than never.
        ends = {launch: _size(path) for launch, path in logs.items()}
        parts = [(launch, "\n".join(last_lines(path, lines))) for launch, path in logs.items()]
        titled = len(parts) > 1 or BUILD_LOG in logs
        text = "\n".join(f"==> {launch} <==\n{text}" if titled else text for launch, text in parts)
        return LogPiece(f"{text}\n" if text else "", _cursor(ends, "" if titled else _only(ends)), row.state)

    def follow(self, workspace: str, endpoint: str, name: str, cursor: str, replica: str | None = None) -> LogPiece:
        """Return what was printed after a cursor, whichever replicas come and go. Raises Invalid for a wrong cursor."""
        row = self._row(workspace, endpoint, name)
        ends, last = _read_cursor(cursor)
        logs = self._logs(row, replica)
        pieces: list[str] = []
        for launch, path in logs.items():
            text, ends[launch] = _read_from(path, ends.get(launch, 0))
            if text:
                pieces.append(text if launch == last else f"==> {launch} <==\n{text}")
                last = launch
        gone = set(ends) - set(logs)
        return LogPiece(
            "".join(pieces), _cursor({key: at for key, at in ends.items() if key not in gone}, last), row.state
        )

    def _logs(self, row: Row, replica: str | None) -> dict[str, Path]:
        launches = [str(one["launch"]) for one in row.doc["$state"]["replicas"]]
        if replica is not None:
            found = [one for one in launches if one == replica or one.rpartition(".")[2] == replica]
            if not found:
                raise NotFound.of("replica", replica, existing=launches)
            launches = found
        if launches:
            return {one: self._core.paths.log(one) for one in launches}
        log = self._builds.log_path(row.doc["$state"]["environment"])
        return {BUILD_LOG: log} if log else {}

    # Sample request

    def sample(self, workspace: str, endpoint: str, name: str) -> dict[str, Any]:
        """Return the body of a request that the deployment takes.

        Of a script: `sample_request.json` in its code folder. Without a script: the model's input example. Raises
        NotFound when neither is there.
        """
        row = self._row(workspace, endpoint, name)
        found = self._beside_script(row) if row.doc.get("code_configuration") else self._of_model(row)
        if found is None:
            what = (
                f"Put `{SAMPLE_FILES[0]}` beside the scoring script."
                if row.doc.get("code_configuration")
                else "Log the model with an `input_example`, or with a signature."
            )
            raise NotFound(f"There is no sample request for deployment `{name}`. {what}", kind="sample", name=name)
        return found

    def _beside_script(self, row: Row) -> dict[str, Any] | None:
        code = part(row.doc, "code_configuration").get("code")
        try:
            entries = self._locations.files(row.workspace, str(code)).relative() if code else []
        except BancadaError:
            return None
        entry = next((one for name in SAMPLE_FILES for one in entries if one.path == name), None)
        if entry is None:
            return None
        try:
            found: Any = json.loads(self._core.artifacts.path(row.workspace, entry.digest).read_bytes())
        except ValueError as reason:
            raise Invalid.of([Problem(entry.path, f"is no JSON: {reason}")]) from reason
        return cast("dict[str, Any]", found) if isinstance(found, dict) else None

    def _of_model(self, row: Row) -> dict[str, Any] | None:
        model = part(row.doc["$state"], "model")
        found = read_mlflow_model(self._core, row.workspace, model["name"], model["version"]) if model else None
        return found.sample() if found is not None else None

    # Metrics

    def metrics(self, workspace: str, endpoint: str, name: str) -> dict[str, Any]:
        """Return counts and times of a deployment since the gateway started. Raises Conflict when it is down."""
        row = self._row(workspace, endpoint, name)
        state = router.gateway_state(self._core.paths.root, self._core.paths.sockets)
        if state is None:
            raise Conflict("The gateway does not answer; it has the metrics. The server starts it again in a moment.")
        key = (workspace, endpoint, name)
        seen = cast("list[dict[str, Any]]", state["deployments"])
        found = next((one for one in seen if _key(one) == key), dict[str, Any]())
        low, high = (one * workers_of(row.doc) for one in scale_bounds(row))
        scaled = part(row.doc, "scale_settings").get("type") == "target_utilization"
        replicas = {
            "wanted": wanted_replicas(row),
            "usable": int(found.get("replicas") or 0),
            **({"min": low, "max": high} if scaled else {}),
        }
        names = ("in_flight", "waiting", "retried", "replicas_lost", "mirrored")
        return {
            "endpoint": endpoint,
            "deployment": name,
            "requests": found.get("answers") or {},
            "latency": found.get("latency") or {},
            "queue": found.get("queue") or {},
            **{one: int(found.get(one) or 0) for one in names},
            "replicas": replicas,
        }


def _key(one: dict[str, Any]) -> tuple[str, str, str]:
    return str(one["workspace"]), str(one["endpoint"]), str(one["deployment"])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _only(ends: dict[str, int]) -> str:
    return next(iter(ends)) if len(ends) == 1 else ""


def _read_from(path: Path, start: int) -> tuple[str, int]:
    """Return whole lines from a place on, and where they end; a line without its end only when it is long."""
    try:
        with path.open("rb") as stream:
            stream.seek(start)
            data = stream.read(LARGEST_PIECE)
    except OSError:
        return "", start
    end = data.rfind(b"\n") + 1
    if not end and len(data) == LARGEST_PIECE:
        end = len(data)
    return data[:end].decode("utf-8", "replace"), start + end


def _cursor(ends: dict[str, int], last: str) -> str:
    text = json.dumps({"ends": ends, "last": last}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode("ascii")


def _read_cursor(cursor: str) -> tuple[dict[str, int], str]:
    if not cursor:
        return {}, ""
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        ends = {str(key): int(at) for key, at in dict(found["ends"]).items()}
        return ends, str(found["last"])
    except (ValueError, KeyError, TypeError, binascii.Error) as reason:
        raise Invalid.of([Problem("after", "is no cursor; send back the last answer's X-Next-Cursor.")]) from reason
