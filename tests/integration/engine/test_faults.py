"""Faults that must cost nobody a slot, a wake-up, a file or another job's result."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.engine import housekeeping
from bancada.engine.core import Core
from bancada.engine.locations import Locations
from bancada.engine.models import ModelFiles
from bancada.engine.paths import launch_name
from bancada.engine.worker import Worker
from bancada.errors import AlreadyExists, Invalid, NotFound, StorageFull
from bancada.store import queue, resources
from bancada.store.queue import Subject

SLEEPER = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"
SWEEP: dict[str, Any] = {
    "type": "sweep",
    "search_space": {"x": {"type": "choice", "values": [1, 2]}},
    "sampling_algorithm": "grid",
    "objective": {"goal": "maximize", "primary_metric": "Score"},
    "limits": {"max_total_trials": 2, "max_concurrent_trials": 1},
}


def sweep(bench: Bench, name: str) -> None:
    trial = {"command": "echo ${{search_space.x}}", "environment": "azureml:minimal@latest"}
    bench.platform.jobs.submit(WORKSPACE, {**SWEEP, "trial": trial}, "owner", name)


# -------------------------------------------------------------------------------- names that come again


def test_a_job_that_takes_a_deleted_jobs_name_runs_its_own_script(bench: Bench):
    token = "import os\nprint(os.environ['MLFLOW_TRACKING_TOKEN'])\n"
    bench.submit(token, name="again")
    assert bench.wait("again")["status"] == "Completed"
    first = bench.log("again").split()[-1]
    bench.platform.jobs.delete(WORKSPACE, "again", "owner")
    bench.submit(token + "raise SystemExit(3)\n", name="again")
    assert "exit code 3" in bench.wait("again")["error"]["message"]
    assert bench.log("again").split()[-1] != first, "a deleted job's token would open the new one"


def test_names_as_long_as_they_may_be_run(bench: Bench):
    for name in ("x" * 255, "y" + ".-_" * 84):
        bench.submit("print('ran')\n", name=name)
        assert bench.wait(name)["status"] == "Completed"


def test_launch_names_are_legal_and_tell_attempts_apart():
    names = [launch_name("w", "\u00fc" * 200 + end, number) for end in "ab" for number in ("1", "2")]
    assert len(set(names)) == 4
    assert all(len(name.encode()) <= 200 for name in names)
    assert launch_name("w", "job", "1") == "w.job.1"


def test_a_trials_name_cannot_be_taken_before_or_after_its_sweep(bench: Bench):
    bench.submit("pass\n", name="early_1")
    with pytest.raises(AlreadyExists, match="there is a job `early_1` already"):
        sweep(bench, "early")
    sweep(bench, "late")
    with pytest.raises(AlreadyExists, match="name of a trial of the sweep `late`"):
        bench.submit("pass\n", name="late_7")
    assert bench.wait("late")["status"] == "Failed"  # nothing was logged; it ended, and that is the point


def test_an_output_cannot_lead_out_of_its_folder(bench: Bench):
    with pytest.raises(Invalid, match=r"`\.\./\.\./x` is not a valid name"):
        bench.submit("pass\n", outputs={"../../x": {"type": "uri_folder"}})


def test_a_model_that_takes_a_deleted_versions_number_has_its_own_files(bench: Bench):
    models = ModelFiles(bench.core, Locations(bench.core))
    found: list[str] = []
    for text in ("one", "two"):
        path = bench.upload({"m/model.txt": text}) + "/m"
        bench.platform.assets.create(WORKSPACE, "models", {"path": path, "type": "custom_model"}, "owner", "m", "1")
        row = bench.core.db.read(lambda tx: resources.get(tx, WORKSPACE, "models", "m", "1"))
        assert row is not None
        found.append((models.folder(WORKSPACE, row) / "m" / "model.txt").read_text())
        bench.platform.assets.delete(WORKSPACE, "models", "m", "owner", "1")
    assert found == ["one", "two"]


# -------------------------------------------------------------------------------- uploads and datastores


def test_a_datastore_that_is_none_takes_nothing(bench: Bench):
    tree = bench.upload({"a.txt": "a"}).rpartition("/")[2]
    for name in ("..", "nothing", "x" * 5000):
        with pytest.raises(NotFound, match="There is no datastore named"):
            bench.platform.uploads.datastore_put(WORKSPACE, name, "blobs/x", tree)
        with pytest.raises(NotFound, match="There is no datastore named"):
            bench.platform.uploads.datastore_list(WORKSPACE, name, "")
    with pytest.raises(NotFound, match="There is no workspace named `ghost`"):
        bench.platform.uploads.put_blob("ghost", "a" * 64, [b"a"])
    assert not (bench.home / "workspaces" / "ghost").exists()


def test_an_upload_into_a_users_folder_does_not_follow_its_links(bench: Bench, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("precious")
    (tmp_path / "mine" / "link").symlink_to(tmp_path / "other")
    document = {"name": "mine", "type": "file", "path": str(tmp_path / "mine")}
    row = resources.Row(workspace=WORKSPACE, kind="datastores", name="mine", doc=document, created_at=0, updated_at=0)
    bench.core.db.write(lambda tx: resources.put(tx, row))
    tree = bench.upload({"a.txt": "new"}).rpartition("/")[2]
    bench.platform.uploads.datastore_put(WORKSPACE, "mine", "", tree)
    assert (tmp_path / "mine" / "a.txt").read_text() == "new"
    with pytest.raises(Invalid, match="through a link"):
        bench.platform.uploads.datastore_put(WORKSPACE, "mine", "link", tree)
    assert (tmp_path / "other" / "a.txt").read_text() == "precious"


# -------------------------------------------------------------------------------- slots and wake-ups


def test_a_waiting_job_gets_the_slot_that_was_offered_to_one_that_was_cancelled(one_core_bench: Bench):
    bench = one_core_bench
    first = bench.submit(SLEEPER)
    bench.wait(first, "Running")
    second, third = bench.submit("pass\n"), bench.submit("pass\n")
    for name in (second, third):
        bench.until(lambda name=name: bench.job(name), lambda found: found.get("status_reason"))
    # In one commit, so that the second one's turn comes after the slot was offered to it.
    bench.platform.jobs.cancel(WORKSPACE, second, "owner")
    bench.platform.jobs.cancel(WORKSPACE, first, "owner")
    assert bench.wait(third)["status"] == "Completed"


def test_a_full_disk_when_a_job_ends_costs_neither_its_outputs_nor_its_slot(
    one_core_bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    bench = one_core_bench
    monkeypatch.setattr("bancada.engine.NUDGE_S", 0.1)
    bench.reopen()
    put, full = bench.core.artifacts.put, threading.Event()
    full.set()

    def failing(workspace: str, source: Any, **more: Any) -> Any:
        if full.is_set() and isinstance(source, Path):
            full.clear()  # the second try succeeds
            raise StorageFull("The disk is full.")
        return put(workspace, source, **more)

    monkeypatch.setattr(bench.core.artifacts, "put", failing)
    name = bench.submit("open('outputs/m.txt', 'w').write('m')\n")
    assert bench.wait(name)["status"] == "Completed"
    assert not full.is_set()
    assert bench.platform.jobs.open_file(WORKSPACE, name, "outputs/m.txt").read_text() == "m"


def test_outputs_that_cannot_be_kept_fail_the_job_with_the_reason(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    put = bench.core.artifacts.put

    def failing(workspace: str, source: Any, **more: Any) -> Any:
        if isinstance(source, Path):  # what a job left; uploads come as bytes
            raise PermissionError("outputs/m.txt may not be read")
        return put(workspace, source, **more)

    monkeypatch.setattr(bench.core.artifacts, "put", failing)
    name = bench.submit("open('outputs/m.txt', 'w').write('m')\n")
    error = bench.wait(name)["error"]["message"]
    assert "what it left could not be kept: PermissionError: outputs/m.txt may not be read" in error
    # The slot is given back a moment after the state is written.
    bench.until(lambda: bench.platform.status()["ledger"]["in_use"], lambda in_use: in_use == 0)


def test_one_file_with_an_impossible_name_does_not_cost_the_others(bench: Bench):
    script = "open('outputs/good.txt', 'w').write('kept')\nopen('outputs/\\x01bad', 'w')\nopen(b'outputs/\\xff', 'w')\n"
    name = bench.submit(script)
    assert bench.wait(name)["status"] == "Completed"
    assert bench.platform.jobs.open_file(WORKSPACE, name, "outputs/good.txt").read_text() == "kept"
    assert bench.log(name).count("a file was not kept") == 2


def test_a_log_has_nothing_far_behind_its_end(bench: Bench):
    name = bench.submit("print('short')\n")
    bench.wait(name)
    data, following, status = bench.platform.jobs.log(WORKSPACE, name, "user_logs/std_log.txt", 2**53)
    assert (data, following, status) == (b"", 2**53, "Completed")


class Recorder:
    """Turns that only note that they were called."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def adopt(self) -> None:
        pass

    def nudge(self) -> None:
        pass

    def turn(self, subject: Subject) -> float | None:
        self.seen.append(subject.name)
        return None


def test_a_turn_whose_end_could_not_be_committed_is_taken_again(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.platform.stop_worker()
    monkeypatch.setattr("bancada.engine.worker.LEASE_S", 0.2)
    monkeypatch.setattr("bancada.engine.worker.FAULT_PAUSE_S", 0.05)
    done, failed = queue.done, threading.Event()

    def failing(tx: Any, claim: Any) -> bool:
        if not failed.is_set():
            failed.set()
            raise StorageFull("The disk is full.")
        return done(tx, claim)

    monkeypatch.setattr(queue, "done", failing)
    turns = Recorder()
    worker = Worker(bench.core, {"job": turns})
    bench.core.db.write(lambda tx: queue.put(tx, Subject(WORKSPACE, "job", "one")))
    worker.start()
    try:
        bench.until(lambda: turns.seen, lambda seen: len(seen) >= 2)
        bench.until(lambda: bench.core.db.read(queue.count), lambda left: left == 0)
    finally:
        worker.stop()
    assert failed.is_set()


# -------------------------------------------------------------------------------- what is cleared away


def age(folder: Path, seconds: float) -> None:
    os.utime(folder, (time.time() - seconds,) * 2)


def test_housekeeping_removes_old_launches_and_keeps_what_runs(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    over = [bench.submit("pass\n") for _ in range(3)]
    for name in over:
        bench.wait(name)
    runs = bench.submit(SLEEPER)
    bench.wait(runs, "Running")
    folders = {name: bench.core.paths.launch(f"{WORKSPACE}.{name}.1") for name in [*over, runs]}
    age(folders[over[0]], 2 * housekeeping.KEEP_S)
    age(folders[runs], 2 * housekeeping.KEEP_S)
    bench.platform.housekeeping.round()
    assert [folders[name].exists() for name in [*over, runs]] == [False, True, True, True]
    monkeypatch.setattr(housekeeping, "KEEP_LAUNCHES", 1)
    age(folders[over[1]], 100)
    bench.platform.housekeeping.round()
    assert [folders[name].exists() for name in [*over, runs]] == [False, False, True, True]
    assert bench.job(runs)["status"] == "Running"


def test_housekeeping_ends_a_launch_that_belongs_to_nothing(bench: Bench):
    name = bench.submit(SLEEPER)
    bench.wait(name, "Running")
    folder = bench.core.paths.launch(f"{WORKSPACE}.{name}.1")
    bench.platform.stop_worker()
    bench.core.db.write(lambda tx: tx.execute("DELETE FROM attempts WHERE job = ?", (name,)))
    bench.platform.housekeeping.round()
    bench.until(lambda: bench.core.executor.state(folder)[0], lambda state: state == "exited")


def test_housekeeping_frees_the_disk_of_what_no_tree_needs(bench: Bench):
    name = bench.submit("open('outputs/m.txt', 'w').write('only here')\n")
    bench.wait(name)
    kept = bench.platform.jobs.open_file(WORKSPACE, name, "outputs/m.txt")
    age(kept, 7200)
    bench.platform.housekeeping.round()
    assert kept.exists()
    bench.platform.jobs.delete(WORKSPACE, name, "owner")
    age(kept, 7200)
    bench.platform.housekeeping.round()
    assert not kept.exists()


def test_housekeeping_touches_nothing_when_the_database_knows_of_no_file(bench: Bench):
    """Another database over the same home, by mistake: every file would look like rubbish."""
    blob = bench.core.artifacts.put(WORKSPACE, b"of another database")
    path = bench.core.artifacts.path(WORKSPACE, blob.digest)
    age(path, 7200)
    bench.platform.housekeeping.round()
    assert path.exists()


def test_core_tokens_depend_on_the_time_of_submission(bench: Bench):
    core: Core = bench.core
    assert core.attempt_token("w.a.1", 1.0) == core.attempt_token("w.a.1", 1.0)
    others = {core.attempt_token("w.a.1", 2.0), core.attempt_token("w.a.2", 1.0)}
    assert len({core.attempt_token("w.a.1", 1.0), *others}) == 3
