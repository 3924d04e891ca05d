"""The watch over processes, and the process table, also without the system calls of new Linuxes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from executor_world import PATIENCE_S, wait_for

from bancada.executors.watcher import Watcher
from bancada.runtime import proc

SLEEP = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]


@pytest.fixture(params=["pidfd", "polling"])
def watcher(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    if request.param == "polling":
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    elif not hasattr(os, "pidfd_open"):
        pytest.skip("needs pidfd_open")
    watcher = Watcher()
    yield watcher
    watcher.close()


def spawn() -> tuple[int, str]:
    """Return a process that `subprocess` does not reap."""
    pid = os.posix_spawn(SLEEP[0], SLEEP, os.environ)
    return pid, proc.start_of(pid) or ""


def test_each_end_is_noticed_once_and_reaped(watcher: Watcher) -> None:
    processes = [spawn() for _ in range(4)]
    ended: list[int] = []
    for pid, start in processes:
        watcher.watch(pid, start, lambda pid=pid: ended.append(pid))
        watcher.watch(pid, start, lambda pid=pid: ended.append(pid))
    for pid, _ in processes[1:]:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(ended) == 6)
    assert sorted(ended) == sorted([pid for pid, _ in processes[1:]] * 2)
    assert [proc.status_of(pid) for pid, _ in processes[1:]] == [None] * 3
    assert proc.is_alive(*processes[0])
    os.kill(processes[0][0], signal.SIGKILL)
    wait_for(lambda: len(ended) == 8)


def test_what_has_ended_before_is_noticed_too(watcher: Watcher) -> None:
    with subprocess.Popen(SLEEP) as gone:
        start = proc.start_of(gone.pid) or ""
        gone.kill()
    over = threading.Event()
    watcher.watch(gone.pid, start, over.set)
    assert over.wait(PATIENCE_S)


def test_another_process_of_the_same_number_counts_as_gone(watcher: Watcher) -> None:
    over = threading.Event()
    watcher.watch(os.getpid(), "not my start", over.set)
    assert over.wait(PATIENCE_S)


def test_a_callback_that_fails_ends_nothing(watcher: Watcher) -> None:
    def fail() -> None:
        raise RuntimeError("a callback's own trouble")

    over = threading.Event()
    watcher.watch(os.getpid(), "not my start", fail)
    watcher.watch(os.getpid(), "not my start", over.set)
    assert over.wait(PATIENCE_S)


def test_nothing_is_called_after_close(watcher: Watcher) -> None:
    pid, start = spawn()
    called: list[int] = []
    watcher.watch(pid, start, lambda: called.append(pid))
    watcher.close()
    watcher.watch(pid, start, lambda: called.append(pid))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    time.sleep(0.2)
    assert called == []


@pytest.mark.skipif(shutil.which("ps") is None, reason="needs ps")
def test_the_process_table_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS: `ps` tells the same, with coarser times."""
    with subprocess.Popen(SLEEP, start_new_session=True) as child:
        exact = proc.status_of(child.pid)
        monkeypatch.setattr(proc, "IS_LINUX", False)
        portable = proc.status_of(child.pid)
        assert exact is not None
        assert portable is not None
        assert portable[:4] == exact[:4]
        assert proc.is_alive(child.pid, portable.start)
        assert not proc.is_alive(child.pid, "Thu Jan  1 00:00:00 1970")
        assert proc.members_of(child.pid, portable.start) == [child.pid]
        assert proc.end_session(child.pid, portable.start)
        assert child.wait(PATIENCE_S) == -signal.SIGKILL
        assert proc.status_of(child.pid) is None
