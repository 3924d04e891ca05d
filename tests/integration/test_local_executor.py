"""The local executor with real processes: starts, ends, stops, limits, leftovers, what cannot start."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from executor_world import BEAT, World, end, process_of, wait_for

from bancada.conformance.executor import ExecutorContract
from bancada.errors import LaunchFailed
from bancada.executors import Executor, Exit, Launch
from bancada.executors.commands import split_command
from bancada.executors.local import LocalExecutor
from bancada.runtime import proc


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, use_templates=False)
    yield world
    world.close()


class TestColdExecutor(ExecutorContract):
    @pytest.fixture
    def executor(self, tmp_path: Path) -> Iterator[Executor]:
        executor = LocalExecutor(tmp_path, use_templates=False)
        yield executor
        executor.close()


@pytest.mark.skipif(not proc.IS_LINUX, reason="templates are for Linux")
class TestWarmExecutor(ExecutorContract):
    warm = True

    @pytest.fixture
    def executor(self, tmp_path: Path) -> Iterator[Executor]:
        executor = LocalExecutor(tmp_path)
        executor.preheat(self.launch(tmp_path))
        yield executor
        executor.close()

    def wait(self, executor: Executor, launch: Launch) -> Exit:
        assert process_of(launch)["is_warm"]
        return super().wait(executor, launch)


def test_a_shell_command_runs_in_a_shell_with_the_environments_programs_first(world: World) -> None:
    ended, log = world.run(
        "", argv=None, shell="echo $X | tr a-z A-Z; command -v python; exit 7", variables={"X": "hi"}
    )
    assert ended.code == 7
    assert log.splitlines() == ["HI", str(world.interpreter.parent / "python")]


def test_the_folder_is_private_and_says_who_runs(world: World) -> None:
    launch = world.start(world.launch(BEAT, variables={"MLFLOW_TRACKING_TOKEN": "secret"}))
    world.wait_for_beat(launch)
    process = process_of(launch)
    user, keeper = proc.status_of(process["pid"]), proc.status_of(process["keeper_pid"])
    assert user is not None
    assert keeper is not None
    assert user.parent == keeper.pid
    assert (user.start, keeper.start) == (process["start"], process["keeper_start"])
    assert (user.session, keeper.session) == (user.pid, keeper.pid)
    assert stat.S_IMODE(launch.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in launch.folder.iterdir()} == {0o600}
    assert json.loads((launch.folder / "launch.json").read_text())["environment"]["MLFLOW_TRACKING_TOKEN"] == "secret"
    end(launch)
    world.wait(launch)
    assert {one.name for one in launch.folder.iterdir()} == {"lock", "launch.json", "process.json", "exit.json"}


def test_cpu_time_and_memory_are_those_of_all_descendants(world: World) -> None:
    source = """
    import subprocess, sys
    spin = "import time\\nwhile time.process_time() < 0.2: pass\\nx = bytearray(60_000_000)"
    subprocess.run([sys.executable, "-c", spin], check=True)
    """
    ended, _ = world.run(source)
    assert 0.2 <= ended.cpu_s < 5
    assert 60_000_000 <= ended.peak_rss_bytes < 300_000_000


def test_the_time_limit_ends_a_launch_and_says_so(world: World) -> None:
    # A loaded machine may need more than a moment to come to the script's first line.
    launch = world.start(world.launch(BEAT, timeout_s=3.5))
    world.wait_for_beat(launch)
    ended = world.wait(launch)
    assert (ended.code, ended.signal, ended.reason) == (None, 15, "timeout")
    assert 3.5 <= ended.ended_at - ended.started_at < 60
    assert world.log(launch) == "at work\n[bancada] The time limit of 3.5 s is over: ended.\n"
    world.assert_silent(launch)


def test_a_script_that_catches_sigterm_may_clean_up(world: World) -> None:
    source = f"""
import signal, sys
def clean_up(*_):
    print("cleaned up")
    sys.exit(5)
signal.signal(signal.SIGTERM, clean_up)
{BEAT}
"""
    launch = world.start(world.launch(source))
    world.wait_for_beat(launch)
    world.executor.stop(launch.folder)
    ended = world.wait(launch)
    assert (ended.code, ended.signal, ended.reason) == (5, None, "stopped")
    assert world.log(launch) == "at work\ncleaned up\n[bancada] Ended on request.\n"


def test_a_script_that_ignores_sigterm_is_killed_after_the_grace(world: World) -> None:
    source = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{BEAT}"
    launch = world.start(world.launch(source))
    world.wait_for_beat(launch)
    told_at = time.time()
    world.executor.stop(launch.folder, 0.5)
    ended = world.wait(launch)
    assert (ended.signal, ended.reason) == (9, "stopped")
    assert ended.ended_at - told_at >= 0.5


def test_a_second_stop_may_be_less_patient(world: World) -> None:
    source = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{BEAT}"
    launch = world.start(world.launch(source))
    world.wait_for_beat(launch)
    world.executor.stop(launch.folder, 600)
    world.wait_for_beat(launch)
    world.executor.stop(launch.folder, 0)
    assert world.wait(launch).signal == 9


def test_a_keeper_that_is_told_to_end_by_the_system_ends_its_launch(world: World) -> None:
    """As when the machine shuts down: everybody gets SIGTERM, and the record says what became of the launch."""
    launch = world.start(world.launch(BEAT))
    world.wait_for_beat(launch)
    os.kill(process_of(launch)["keeper_pid"], signal.SIGTERM)
    ended = world.wait(launch)
    assert (ended.signal, ended.reason) == (15, "stopped")


def test_a_stopped_process_can_still_be_ended(world: World) -> None:
    source = f"import os, signal\nprint('frozen', flush=True)\nos.kill(os.getpid(), signal.SIGSTOP)\n{BEAT}"
    launch = world.start(world.launch(source))
    wait_for(lambda: "frozen" in world.log(launch))
    world.executor.stop(launch.folder, 60)
    assert world.wait(launch).signal == 15


GRANDCHILDREN = """
import os, subprocess, sys, time
work = "import script; script.beat(%r)"
if __name__ == "__main__":
    subprocess.Popen([sys.executable, "-c", work % "plain"])
    subprocess.Popen([sys.executable, "-c", work % "own_session"], start_new_session=True)
    if os.fork() == 0:  # a daemon: its parent is gone, its session its own
        os.setsid()
        if os.fork() == 0:
            beat("daemon")
        os._exit(0)
    while not all(os.path.exists(name) for name in ("plain", "own_session", "daemon")):
        time.sleep(0.005)
"""
BEATS = ("plain", "own_session", "daemon")


@pytest.mark.skipif(not proc.IS_LINUX, reason="only Linux hands orphans to their keeper")
def test_what_a_script_leaves_behind_is_ended(world: World) -> None:
    source = BEAT.split("if __name__")[0] + GRANDCHILDREN
    launch = world.start(world.launch(source))
    ended = world.wait(launch)
    assert all(world.beats(launch, name) for name in BEATS)  # each of them was at work
    assert (ended.code, ended.reason) == (0, "exited")
    world.assert_silent(launch, *BEATS)


@pytest.mark.skipif(not proc.IS_LINUX, reason="only Linux hands orphans to their keeper")
def test_stopping_ends_grandchildren_too(world: World) -> None:
    source = BEAT.split("if __name__")[0] + GRANDCHILDREN + "    beat('main')\n"
    launch = world.start(world.launch(source))
    for name in (*BEATS, "main"):
        world.wait_for_beat(launch, name)
    world.executor.stop(launch.folder, 0.2)
    assert world.wait(launch).reason == "stopped"
    world.assert_silent(launch, *BEATS, "main")


def test_the_log_is_complete_when_a_script_ends_abruptly(world: World) -> None:
    source = """
    import os, signal
    for number in range(2000):
        print("line", number)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    ended, log = world.run(source)
    assert (ended.code, ended.signal, ended.reason) == (None, 9, "killed")
    assert log.splitlines() == [f"line {number}" for number in range(2000)]


def test_a_missing_interpreter_is_said_at_once_and_written_down(world: World) -> None:
    launch = world.launch("print('never')", interpreter=Path("/nowhere/bin/python"))
    with pytest.raises(LaunchFailed, match="/nowhere/bin/python cannot be run: No such file"):
        world.executor.start(launch)
    state, ended = world.executor.state(launch.folder)
    assert state == "exited"
    assert ended is not None
    assert (ended.code, ended.signal, ended.reason) == (None, None, "could_not_start")
    assert "/nowhere/bin/python" in ended.message
    world.executor.start(launch)  # it had its one start


def test_a_missing_working_folder_is_said_at_once(world: World) -> None:
    launch = world.launch("print('never')")
    with pytest.raises(LaunchFailed, match="No such file or directory: '/nowhere'"):
        world.executor.start(replace(launch, cwd=Path("/nowhere")))


def test_a_log_that_cannot_be_written_is_said_at_once(world: World) -> None:
    launch = world.launch("open('ran', 'w')")
    launch.log.mkdir(parents=True)
    with pytest.raises(LaunchFailed, match="Is a directory"):
        world.executor.start(launch)
    assert not (launch.cwd / "ran").exists()


def test_without_its_folder_a_launch_does_not_run(world: World) -> None:
    """The user's first line comes after the record of its process, so it never comes when that fails."""
    launch = world.launch("open('ran', 'w')")
    (world.home / "blocked").write_text("a file")
    with pytest.raises(LaunchFailed, match="blocked"):
        world.executor.start(replace(launch, folder=world.home / "blocked" / launch.id))
    assert not (launch.cwd / "ran").exists()


def test_the_server_s_environment_stays_with_the_server(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANCADA_TOKEN", "secret")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("ANYTHING", "else")
    source = """
    import os, sys
    names = {"BANCADA_TOKEN", "PYTHONDONTWRITEBYTECODE", "ANYTHING"}
    print(sorted(names & set(os.environ)), sys.flags.dont_write_bytecode)
    """
    assert world.run(source)[1] == "[] 0\n"


def test_no_descriptor_of_the_server_is_inherited(world: World, tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        _, log = world.run("import os; print(sorted(os.listdir('/dev/fd'))[:-1])")
    assert log == "['0', '1', '2']\n"


def test_launches_survive_the_close_of_their_executor(world: World) -> None:
    launch = world.start(world.launch(BEAT))
    world.executor.close()
    world.wait_for_beat(launch)
    world.restart()
    assert world.executor.state(launch.folder) == ("running", None)
    end(launch, 6)
    assert world.wait(launch).code == 6


def test_two_executors_start_a_launch_once(world: World) -> None:
    """A server that is replaced while it starts something leaves one process, whichever was first."""
    others = [LocalExecutor(world.home, use_templates=False) for _ in range(4)]
    launch = world.launch("open('starts', 'a').write('x')\n" + BEAT)
    threads = [threading.Thread(target=other.start, args=(launch,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.wait_for_beat(launch)
    end(launch)
    world.wait(launch)
    assert (launch.cwd / "starts").read_text() == "x"
    assert [one.name for one in (world.home / "launches").iterdir()] == [launch.id]
    for other in others:
        other.close()


def test_the_runtime_is_installed_once_for_each_version(world: World) -> None:
    LocalExecutor(world.home, use_templates=False).close()
    installed = [one for one in (world.home / "runtime").iterdir() if one.name != "lessons"]
    assert len(installed) == 1
    assert (installed[0] / "bancada_runtime" / "keeper.py").is_file()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    "line",
    [
        "python t.py --a 'x y' \"z\" a=b --c=d/e,f:g@h%i+j^k",
        "python t.py \\\n  --x 1 \\\n--y\\\n2",
        "python t.py '' \"\" 'a'\"b\"c '$HOME' 'a\\b' -- - --",
        "python t.py Größe 'na ïve' 日本",
    ],
)
def test_a_line_that_needs_no_shell_means_the_same_in_one(line: str) -> None:
    words = split_command(line)
    assert words is not None
    shown = subprocess.run(
        ["bash", "-c", f"python() {{ printf '%s\\0' python \"$@\"; }}; {line}"], capture_output=True, check=True
    )
    assert shown.stdout.decode().split("\0")[:-1] == words
