"""What becomes of jobs, builds and replicas when the platform goes down."""

from __future__ import annotations

import pytest
from engine_bench import Bench

from bancada.engine.closing import cancel_jobs, end_work, unfinished_jobs

SLEEP = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"
UNSOLVABLE = {"conda_file": {"dependencies": ["python", {"pip": ["bancada-no-such-package==99.1"]}]}}


def launches(bench: Bench) -> list[str]:
    return sorted(one.name for one in (bench.home / "launches").glob("*"))


def running(bench: Bench) -> list[str]:
    look, place = bench.core.executor.state, bench.core.paths.launch
    return [name for name in launches(bench) if look(place(name))[0] == "running"]


def go_down(bench: Bench, choice) -> None:
    bench.platform.stop_worker()
    end_work(bench.core, choice)
    bench.platform.close()
    bench.core.db.close()


def test_leave_keeps_a_job_running_for_the_next_server(bench: Bench):
    name = bench.submit(SLEEP)
    bench.wait(name, "Running")
    go_down(bench, "leave")
    assert running(bench) == [f"default.{name}.1"]
    bench.open()
    assert bench.wait(name, "Running")["status"] == "Running"
    assert cancel_jobs(bench.core, "owner") == []
    assert launches(bench) == [f"default.{name}.1"]


def test_requeue_starts_a_job_anew_however_often(bench: Bench):
    name = bench.submit(SLEEP)
    for attempt in (1, 2, 3):
        bench.until(lambda: bench.log(name), lambda text: "begun" in text)
        bench.wait(name, "Running")
        assert running(bench) == [f"default.{name}.{attempt}"]
        go_down(bench, "requeue")
        assert running(bench) == []
        bench.open()
        bench.until(lambda: launches(bench), lambda found, after=attempt + 1: f"default.{name}.{after}" in found)
    cancel_jobs(bench.core, "owner")
    assert bench.job(name)["status"] == "Canceled"


def test_cancel_ends_waiting_jobs_too(one_core_bench: Bench):
    bench = one_core_bench
    names = [bench.submit(SLEEP) for _ in range(3)]
    bench.wait(names[0], "Running")
    assert [row.name for row in unfinished_jobs(bench.core)] == names
    assert cancel_jobs(bench.core, "owner") == []
    assert unfinished_jobs(bench.core) == []
    assert [bench.job(name)["status"] for name in names] == ["Canceled"] * 3


@pytest.mark.slow
def test_a_build_that_was_called_off_is_begun_anew(bench: Bench):
    name = bench.submit("pass\n", environment=UNSOLVABLE)
    bench.until(lambda: running(bench), lambda found: any(one.startswith("build-") for one in found))
    go_down(bench, "requeue")
    assert running(bench) == []
    bench.open()
    body = bench.wait(name)
    assert body["status"] == "Failed"
    assert "bancada-no-such-package" in body["error"]["message"]
    assert [one.rpartition(".")[2] for one in launches(bench)] == ["1", "2"]


@pytest.mark.slow
def test_a_failed_build_is_tried_again_by_who_submits_again(bench: Bench):
    for tries in (1, 2):
        assert bench.wait(bench.submit("pass\n", environment=UNSOLVABLE))["status"] == "Failed"
        assert len(launches(bench)) == tries
