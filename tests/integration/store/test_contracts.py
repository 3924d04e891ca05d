"""Our own databases and artifact store keep the contracts that ship with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from bancada.conformance.artifacts import ArtifactContract
from bancada.conformance.store import DatabaseContract
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database


class TestDatabases(DatabaseContract):
    @pytest.fixture
    def database(self, request: pytest.FixtureRequest, database_url: str) -> Database:
        opened: Database = request.getfixturevalue("open_database")(database_url)
        opened.migrate()
        return opened


class TestArtifacts(ArtifactContract):
    @pytest.fixture
    def artifacts(self, tmp_path: Path) -> ArtifactStore:
        return ArtifactStore(tmp_path / "home")
