"""kill -9 of everything that can be killed, each time while the victim was at work."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_world import BEAT, PATIENCE_S, World, end, process_of, wait_for

from bancada.executors import Launch
from bancada.runtime import proc

pytestmark = pytest.mark.skipif(not proc.IS_LINUX, reason="reads /proc")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def template_of(launch: Launch) -> int:
    """Return the process that a launch's keeper was forked from."""
    keeper = proc.status_of(process_of(launch)["keeper_pid"])
    assert keeper is not None
    return keeper.parent


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def test_killing_the_template_costs_no_launch(world: World) -> None:
    launches = [world.start(world.launch(BEAT, warm=True)) for _ in range(3)]
    for launch in launches:
        world.wait_for_beat(launch)
        assert process_of(launch)["is_warm"]
    template = template_of(launches[0])
    assert "bancada_runtime.template" in command_of(template)
    assert {template_of(launch) for launch in launches} == {template}
    os.kill(template, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{template}").exists(), "the template is not reaped")
    for launch in launches:
        world.wait_for_beat(launch)
        assert world.executor.state(launch.folder) == ("running", None)

    cold = world.start(world.launch("print('cold')", warm=True))
    assert world.wait(cold).code == 0

    def is_warm_again() -> bool:
        after = world.start(world.launch(BEAT, warm=True))
        world.wait_for_beat(after)
        end(after)
        was_warm = process_of(after)["is_warm"] and template_of(after) != template
        world.wait(after)
        return was_warm

    wait_for(is_warm_again, "no new template was made")
    for code, launch in enumerate(launches):
        end(launch, code)
        assert world.wait(launch).code == code


@pytest.mark.parametrize("warm", [False, True])
def test_killing_the_keeper_loses_the_launch_and_ends_its_processes(world: World, warm: bool) -> None:
    source = f"""
import subprocess, sys
child = [sys.executable, "-c", "import script; script.beat('child')"]
if __name__ == "__main__":
    subprocess.Popen(child)
    if __import__("os").fork() == 0:
        import script
        script.beat("forked")
{BEAT}
"""
    launch = world.start(world.launch(source, warm=warm))
    names = ("beat", "child", "forked")
    for name in names:
        world.wait_for_beat(launch, name)
    over = threading.Event()
    world.executor.watch(launch.folder, lambda _: over.set())
    process = process_of(launch)
    assert process["is_warm"] is warm
    os.kill(process["keeper_pid"], signal.SIGKILL)
    assert over.wait(PATIENCE_S)
    for name in names:
        world.wait_for_beat(launch, name)  # nobody keeps them, and they go on

    state, ended = world.executor.state(launch.folder)
    assert state == "lost"
    assert ended is not None
    assert (ended.code, ended.signal, ended.reason) == (None, None, "lost")
    assert "died; what still ran of the launch has been ended" in ended.message
    world.assert_silent(launch, *names)
    assert world.executor.state(launch.folder) == ("lost", ended)
    world.restart()
    assert world.executor.state(launch.folder) == ("lost", ended)
    world.executor.start(launch)
    world.assert_silent(launch, *names)


def test_killing_keeper_and_process_still_ends_the_grandchildren(world: World) -> None:
    source = f"""
import subprocess, sys
if __name__ == "__main__":
    subprocess.Popen([sys.executable, "-c", "import script; script.beat('child')"])
{BEAT}
"""
    launch = world.start(world.launch(source))
    for name in ("beat", "child"):
        world.wait_for_beat(launch, name)
    process = process_of(launch)
    os.kill(process["keeper_pid"], signal.SIGKILL)
    wait_for(lambda: not proc.is_alive(process["keeper_pid"], process["keeper_start"]))
    os.kill(process["pid"], signal.SIGKILL)
    wait_for(lambda: not proc.is_alive(process["pid"], process["start"]))
    world.wait_for_beat(launch, "child")
    assert world.executor.state(launch.folder)[0] == "lost"
    world.assert_silent(launch, "beat", "child")


def test_a_process_that_has_the_number_of_a_dead_one_is_left_alone(world: World) -> None:
    """After a keeper's death only the very process that it kept is ended: number and start must agree."""
    launch = world.start(world.launch(BEAT))
    world.wait_for_beat(launch)
    process = process_of(launch)
    os.kill(process["keeper_pid"], signal.SIGKILL)
    os.kill(process["pid"], signal.SIGKILL)
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    try:
        wait_for(lambda: not proc.is_locked(str(launch.folder / "lock")))
        proc.write_document(str(launch.folder / "process.json"), {**process, "pid": stranger.pid})
        assert world.executor.state(launch.folder)[0] == "lost"
        assert stranger.poll() is None
    finally:
        stranger.communicate(b"\n")


@pytest.mark.parametrize("warm", [False, True])
def test_killing_the_user_s_process_is_an_exit_by_signal_9(world: World, warm: bool) -> None:
    launch = world.start(world.launch(BEAT, warm=warm))
    world.wait_for_beat(launch)
    os.kill(process_of(launch)["pid"], signal.SIGKILL)
    ended = world.wait(launch)
    assert (ended.code, ended.signal, ended.reason) == (None, 9, "killed")
    assert world.executor.state(launch.folder) == ("exited", ended)
    assert world.log(launch) == "at work\n"


SERVER = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from executor_world import BEAT, World
world = World(Path(sys.argv[1]))
cold = world.start(world.launch(BEAT, name="cold.1"))
warm = world.start(world.launch(BEAT, name="warm.1", warm=True))
world.executor.watch(cold.folder, print)
print("started", flush=True)
time.sleep(600)
"""


def test_killing_the_server_costs_no_launch(tmp_path: Path) -> None:
    words = [sys.executable, "-c", SERVER, str(tmp_path), str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"started\n"
        server.kill()
    world = World(tmp_path)
    try:
        cold, warm = (world.launch(BEAT, name=name) for name in ("cold.1", "warm.1"))
        template = template_of(warm)
        for launch in (cold, warm):
            world.wait_for_beat(launch)
            assert world.executor.state(launch.folder) == ("running", None)
        world.executor.start(cold)
        assert not process_of(cold)["is_warm"]
        assert process_of(warm)["is_warm"]

        # The next server forks from the template that the dead one made.
        again = world.launch(BEAT, name="again.1", warm=True)
        world.executor.start(again)
        assert template_of(again) == template

        for code, launch in enumerate((cold, warm, again)):
            over = threading.Event()
            world.executor.watch(launch.folder, lambda _, over=over: over.set())
            end(launch, code)
            assert over.wait(PATIENCE_S)
            state, ended = world.executor.state(launch.folder)
            assert state == "exited"
            assert ended is not None
            assert ended.code == code
    finally:
        world.close()
    assert not proc.is_alive(template, proc.start_of(template) or "")


def test_a_launch_that_ended_while_no_server_was_there_is_known(world: World) -> None:
    launch = world.start(world.launch(BEAT))
    world.wait_for_beat(launch)
    world.executor.close()
    end(launch, 5)
    wait_for(lambda: (launch.folder / "exit.json").exists())
    world.restart()
    state, ended = world.executor.state(launch.folder)
    assert state == "exited"
    assert ended is not None
    assert ended.code == 5


def test_a_launch_of_an_earlier_boot_is_lost(world: World) -> None:
    launch = world.start(world.launch(BEAT))
    world.wait_for_beat(launch)
    process = process_of(launch)
    os.kill(process["keeper_pid"], signal.SIGKILL)
    os.kill(process["pid"], signal.SIGKILL)
    wait_for(lambda: not proc.is_locked(str(launch.folder / "lock")))
    proc.write_document(str(launch.folder / "process.json"), {**process, "boot_id": "another"})
    state, ended = world.executor.state(launch.folder)
    assert state == "lost"
    assert ended is not None
    assert "started anew" in ended.message


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk_does_not_cost_the_exit(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "small", str(tmp_path)]
    if os.getuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    world = World(tmp_path, use_templates=False)
    try:
        launch = world.start(world.launch(BEAT))
        world.wait_for_beat(launch)
        with pytest.raises(OSError, match="No space left"):
            fill(tmp_path / "filler")
        os.kill(process_of(launch)["pid"], signal.SIGKILL)
        assert world.wait(launch).signal == 9
        assert world.executor.state(launch.folder)[0] == "exited"
    finally:
        (tmp_path / "filler").unlink(missing_ok=True)
        world.close()
        subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_keeper_whose_server_is_killed_before_it_says_what_for_goes_without_a_word() -> None:
    ours, theirs = socket.socketpair()
    words = [sys.executable, "-c", "import bancada.runtime.keeper as keeper; keeper.main()"]
    with theirs:
        process = subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ours.close()
    assert process.communicate(timeout=PATIENCE_S) == (b"", None)
    assert process.returncode == 0
