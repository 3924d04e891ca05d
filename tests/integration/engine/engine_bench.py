"""A platform without faces: real database, real processes, a real (minimal) environment."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from bancada.engine import Core, Platform
from bancada.engine.closing import end_work
from bancada.engine.paths import HomePaths
from bancada.engine.uploads import TreeFile
from bancada.executors.local import LocalExecutor
from bancada.ids import SystemClock, new_token
from bancada.settings import load_settings
from bancada.store.artifacts import ArtifactStore
from bancada.store.database import Database

WORKSPACE = "default"
OWNER_TOKEN = new_token()
# For the most loaded machine; a test that passes never waits for it.
PATIENCE_S = 150.0


class Bench:
    """A platform and the few things that every test of it does."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.home = home
        self.settings = load_settings({"home": str(home), **settings})
        self.open()

    def open(self) -> None:
        db = Database.open(f"sqlite:///{self.home}/bancada.db")
        db.migrate()
        executor = LocalExecutor(self.home, use_templates=True, idle_template_s=60)
        self.core = Core(
            db, ArtifactStore(self.home), executor, self.settings, SystemClock(), HomePaths(self.home), OWNER_TOKEN
        )
        self.platform = Platform(self.core)
        self.platform.workspaces.ensure(WORKSPACE)
        self.platform.start()

    def close(self) -> None:
        self.platform.close()
        self.core.db.close()

    def finish(self) -> None:
        """Stop the server's part and everything that it would leave running."""
        self.platform.stop_worker()
        end_work(self.core, "requeue")
        self.close()

    def reopen(self) -> None:
        """Stop the server's part and start another one over the same home; what runs goes on."""
        self.close()
        self.open()

    def upload(self, files: dict[str, str]) -> str:
        return self.upload_bytes({name: text.encode() for name, text in files.items()})

    def upload_bytes(self, found: dict[str, bytes]) -> str:
        tree_files = [TreeFile(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in found.items()]
        for data in found.values():
            self.platform.uploads.put_blob(WORKSPACE, hashlib.sha256(data).hexdigest(), [data])
        tree, missing = self.platform.uploads.missing(WORKSPACE, tree_files)
        assert not missing
        return f"azureml:trees/{tree}"

    def submit(self, script: str, **doc: Any) -> str:
        """Submit a command job that runs `script` as a.py in the minimal environment."""
        job = {
            "command": "python a.py",
            "code": self.upload({"a.py": script}),
            "environment": "azureml:minimal@latest",
            **doc,
        }
        return str(self.platform.jobs.submit(WORKSPACE, job, "owner").body["name"])

    def job(self, name: str) -> dict[str, Any]:
        return self.platform.jobs.get(WORKSPACE, name).body

    def wait(self, name: str, *statuses: str, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        wanted = statuses or ("Completed", "Failed", "Canceled")
        body = self.until(lambda: self.job(name), lambda found: found["status"] in wanted, timeout_s)
        print(name, body["status"], body.get("error"))  # shown when a test fails
        return body

    def until(self, look: Any, good: Any, timeout_s: float = PATIENCE_S) -> Any:
        deadline = time.monotonic() + timeout_s
        while True:
            found = look()
            if good(found):
                return found
            assert time.monotonic() < deadline, f"still {found}"
            time.sleep(0.01)

    def log(self, name: str) -> str:
        return self.platform.jobs.log(WORKSPACE, name, "user_logs/std_log.txt", 0)[0].decode()
