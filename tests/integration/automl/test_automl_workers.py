"""Real workers: what crashes, hangs or eats memory is one error, and the next task is served."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from bancada.learning.automl.pool import Pool


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    with Pool(2, tmp_path_factory.mktemp("pool"), 400 * 2**20) as one:
        yield one


class Foreign:
    """Of a module that workers cannot import."""


def outcome(pool, key, seconds=180.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for done in pool.wait(0.5):
            if done.key == key:
                return done
    raise AssertionError(f"nothing came of {key}")


def test_a_value_comes_back(pool):
    pool.start("sum", partial(sum, [1, 2]), 60)
    assert outcome(pool, "sum").value == 3


def test_an_exception_comes_back_as_a_sentence(pool):
    pool.start("bad", partial(int, "x"), 60)
    assert "ValueError: invalid literal" in outcome(pool, "bad").error


def test_a_task_that_cannot_be_read_is_an_error_too(pool):
    pool.start("foreign", Foreign(), 60)
    assert "Error" in outcome(pool, "foreign").error


def test_a_crash_costs_one_task(pool):
    pool.start("crash", partial(os.abort), 60)
    pool.start("beside", partial(sum, [2, 2]), 60)
    assert "it crashed" in outcome(pool, "crash").error
    pool.start("after", partial(sum, [3, 3]), 60)
    assert outcome(pool, "after").value == 6


def test_a_hang_is_ended_after_its_limit(pool):
    pool.start("hang", partial(time.sleep, 1000), 0.5)
    assert "longer than its" in outcome(pool, "hang").error
    assert pool.idle == 2


def test_a_worker_that_eats_memory_is_refused_or_ended(pool):
    pool.start("eat", partial(bytearray, 900 * 2**20), 60)
    error = outcome(pool, "eat").error
    assert "memory" in error or "MB" in error
    pool.start("after", partial(sum, [3, 3]), 60)
    assert outcome(pool, "after").value == 6


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_all_processes_of_a_job_is_the_parents_alone(sent, tmp_path):
    program = (
        "import os, signal, sys; from functools import partial; from pathlib import Path\n"
        "from bancada.learning.automl.pool import Pool\n"
        "signal.signal(int(sys.argv[2]), lambda *_: None)\n"
        "with Pool(1, Path(sys.argv[1]), 2**30) as pool:\n"
        "    pool.start('first', partial(sum, [1, 2]), 60)\n"
        "    while not (done := pool.wait(1)): pass\n"
        "    pool.start('second', partial(__import__('time').sleep, 1), 60)\n"
        "    os.killpg(0, int(sys.argv[2]))\n"
        "    while not (done := pool.wait(1)): pass\n"
        "    print(done[0].error)\n"
    )
    words = [sys.executable, "-c", program, str(tmp_path), str(int(sent))]
    found = subprocess.run(words, capture_output=True, text=True, timeout=180, start_new_session=True, check=True)
    assert found.stdout.strip() == "None"


def test_a_stopped_task_says_nothing(pool):
    pool.start("stop", partial(time.sleep, 1000), 60)
    pool.wait(0.2)
    pool.stop("stop")
    assert pool.idle == 2
    assert [done.key for done in pool.wait(0.3)] == []


def test_workers_end_with_the_process_that_called(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from bancada.learning.automl.pool import Pool\n"
        "import os\n"
        "with Pool(1, Path(sys.argv[1]), 2**30) as pool:\n"
        "    pool.start('pid', os.getpid, 60)\n"
        "    while not (done := pool.wait(1)): pass\n"
        "    pool.start('hang', __import__('functools').partial(time.sleep, 1000), 600)\n"
        "    pool.wait(0.2)\n"
        "    print(done[0].value, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    worker = int(done.stdout)
    for _ in range(1200):
        if not _is_alive(worker):
            return
        time.sleep(0.1)
    raise AssertionError("the worker outlived its parent")


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
