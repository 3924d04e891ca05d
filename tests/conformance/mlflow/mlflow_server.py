"""Runs the MLflow face alone on uvicorn: `python mlflow_server.py <home> [port] [database url]`. Prints its address.

For conformance tests, kill tests and benches: no worker, no jobs, the owner's token is `owner-token`.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from bancada.engine.authorize import Authorizer
from bancada.engine.tracking import Tracking
from bancada.errors import AlreadyExists
from bancada.faces.mlflow import mlflow_app
from bancada.ids import SystemClock
from bancada.store import workspaces
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database

TOKEN = "owner-token"
WORKSPACE = "ws"


@dataclass(frozen=True)
class Server:
    """A tracking server. `home` and `database`, its address, are ours only."""

    url: str
    token: str
    home: Path | None = None
    database: str = ""


def start_server(home: Path, port: int = 0, database: str = "") -> tuple[subprocess.Popen[str], Server]:
    """Start our face in a process of its own, on a SQLite file in its home by default; wait until it listens."""
    address = database or f"sqlite:///{home}/bancada.db"
    process = subprocess.Popen(
        [sys.executable, __file__, str(home), str(port), address],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url, "the server did not start"
    return process, Server(url, TOKEN, home, address)


def serve(home: Path, port: int, database_url: str) -> None:
    """Serve until the process is told to stop."""
    home.mkdir(parents=True, exist_ok=True)
    database = Database.open(database_url)
    database.migrate()
    with contextlib.suppress(AlreadyExists):
        database.write(lambda tx: workspaces.create(tx, {"name": WORKSPACE}))
    tracking = Tracking(database, ArtifactStore(home), SystemClock())
    app = mlflow_app(tracking, Authorizer(database, TOKEN))
    # An explicit protocol number makes asyncio set TCP_NODELAY.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mlflow/{WORKSPACE}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])
    database.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    address = sys.argv[3] if len(sys.argv) > 3 else f"sqlite:///{folder}/bancada.db"
    serve(folder, int(sys.argv[2]) if len(sys.argv) > 2 else 0, address)
