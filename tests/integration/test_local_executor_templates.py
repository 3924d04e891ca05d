"""Templates: when one is made, when one may not serve, what a fork of one must not inherit, when one goes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_world import BEAT, PATIENCE_S, World, end, process_of, wait_for

from bancada.executors import Launch
from bancada.runtime import proc, wire
from bancada.runtime.frames import pack_frame

pytestmark = pytest.mark.skipif(not proc.IS_LINUX, reason="templates are for Linux")

# Modules of the environment, to be imported ahead.
MODULES = {
    "has_handler.py": """
        import logging, sys
        log = logging.getLogger("early")
        log.addHandler(logging.StreamHandler(sys.stderr))
        print("printed by the import")
        """,
    "has_thread.py": "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
    "sets_variable.py": "import os\nos.environ['SET_BY_IMPORT'] = 'yes'\nos.environ['HOME'] = '/changed'",
    "raises.py": "raise RuntimeError('not here')",
    "exits.py": "import sys\nsys.exit('not with me')",
    "takes_signals.py": """
        import signal
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.signal(signal.SIGCHLD, print)
        """,
    "opens_file.py": "import tempfile\nfile = tempfile.TemporaryFile()",
    "is_slow.py": "import time\ntime.sleep(0.5)",
    "hangs.py": "import time\ntime.sleep(600)",
    "dies.py": "import os\nos.abort()",
    "matplotlib.py": "read_here = 'the rc file'",
    "unlucky.py": "name = 'of the environment'",
}


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root], check=True)
    (packages,) = root.glob("lib/python*/site-packages")
    for name, text in MODULES.items():
        lines = text.strip("\n").splitlines()
        (packages / name).write_text("\n".join(line.strip() for line in lines), encoding="utf-8")
    return root / "bin" / "python"


@pytest.fixture
def world(tmp_path: Path, interpreter: Path) -> Iterator[World]:
    world = World(tmp_path, interpreter)
    yield world
    world.close()


def is_warm(launch: Launch) -> bool:
    return process_of(launch)["is_warm"]


def run(world: World, source: str, **changes: object) -> tuple[bool, str]:
    """Run a launch that may be warm; return whether it was, and its log."""
    launch = world.start(world.launch(source, warm=True, **changes))
    world.wait(launch)
    return is_warm(launch), world.log(launch)


def templates(world: World) -> list[int]:
    """Return the templates of a home that are alive."""
    found: list[int] = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                command = Path(f"/proc/{name}/cmdline").read_bytes()
                comm = Path(f"/proc/{name}/comm").read_text().strip()
            except OSError:
                continue
            # The name in `ps` comes with the first line; before that, it may be any fork on its way.
            if comm == "bancada-warm" and str(world.home).encode() in command:
                found.append(int(name))
    return found


def test_the_first_launch_does_not_wait_for_a_template(world: World) -> None:
    first = world.launch("print('first')", warm=True, preload=("is_slow",))
    world.executor.start(first)
    assert not is_warm(first)  # had it waited, it would be
    second = world.launch("import sys; print('is_slow' in sys.modules)", warm=True, preload=("is_slow",))
    world.executor.start(second)
    assert is_warm(second)
    world.wait(second)
    assert world.log(second) == "True\n"
    assert len(templates(world)) == 1


def test_a_template_that_is_asked_for_again_stays_and_a_dead_one_comes_back(tmp_path: Path, interpreter: Path) -> None:
    world = World(tmp_path, interpreter, idle_template_s=4.0)
    try:
        launch = world.launch("print(1)", warm=True)
        world.executor.preheat(launch)
        first = wait_for(lambda: templates(world), "a template")
        until = time.monotonic() + 6.0
        while time.monotonic() < until:
            time.sleep(0.3)
            world.executor.preheat(launch)
        assert templates(world) == first
        wait_for(lambda: not templates(world), "its end, once nobody asks for it")
        world.executor.preheat(launch)
        again = wait_for(lambda: templates(world), "another template")
        assert again != first
    finally:
        world.close()


def test_launches_that_ask_for_no_template_get_none(world: World) -> None:
    world.executor.preheat(world.launch(warm=False))
    world.executor.preheat(world.launch(warm=True, argv=None, shell="python script.py"))
    world.executor.preheat(world.launch(warm=True, variables={"PYTHONPATH": "/somewhere"}))
    world.executor.preheat(world.launch(warm=True, kind="build", argv=None, shell="x"))
    launch = world.start(world.launch("print(1)", warm=True, variables={"PYTHONPATH": "/somewhere"}))
    assert not is_warm(launch)
    assert templates(world) == []


def test_a_handler_made_at_import_writes_to_the_launch_s_log(world: World) -> None:
    source = "import has_handler\nhas_handler.log.warning('through it')\nprint('after')"
    assert run(world, source, preload=("has_handler",)) == (True, "through it\nafter\n")
    assert (world.home / "logs" / "runtime.log").read_text() == "printed by the import\n"


def test_a_python_thread_after_the_imports_forbids_forks(world: World) -> None:
    assert run(world, "print('fine')", preload=("has_thread",)) == (False, "fine\n")
    assert run(world, "print('fine')", preload=("has_thread",)) == (False, "fine\n")
    assert templates(world) == []


@pytest.mark.parametrize("module", ["raises", "exits", "does_not_exist"])
def test_a_module_that_cannot_be_imported_is_left_out(world: World, module: str) -> None:
    source = "import sys\nprint('has_handler' in sys.modules, sys.argv[0])"
    assert run(world, source, preload=(module, "has_handler")) == (True, "True script.py\n")


def test_an_import_that_kills_the_interpreter_costs_only_the_warmth(world: World) -> None:
    assert run(world, "print('fine')", preload=("dies",)) == (False, "fine\n")
    assert run(world, "print('fine')", preload=("dies",)) == (False, "fine\n")


def test_variables_that_imports_set_are_there_as_after_a_cold_start(world: World) -> None:
    source = """
    import os
    names = ("SET_BY_IMPORT", "DO_NOT_TRACK", "BANCADA_TEMPLATE")
    print([os.environ.get(name) for name in names], os.environ["HOME"])
    """
    changes = {"variables": {"HOME": "/mine"}, "preload": ("sets_variable",)}
    assert run(world, source, **changes) == (True, "['yes', None, None] /mine\n")


def test_signals_and_descriptors_of_the_template_do_not_reach_the_script(world: World) -> None:
    source = """
    import os, signal
    print(signal.getsignal(signal.SIGTERM) == signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL)
    paths = [f"/proc/self/fd/{one}" for one in os.listdir("/proc/self/fd")]
    print([os.readlink(path) for path in paths if os.path.lexists(path)])
    print(os.waitpid(os.fork() or os._exit(3), 0)[1] >> 8)
    """
    was_warm, log = run(world, source, preload=("takes_signals", "opens_file"))
    assert was_warm
    assert log.splitlines()[0] == "True"
    assert "socket" not in log
    assert "pipe" not in log
    assert log.splitlines()[2] == "3"


@pytest.mark.parametrize(
    "files",
    [
        {"unlucky.py": "name = 'of the user'"},
        {"unlucky/__init__.py": "name = 'of the user'"},
    ],
)
def test_a_code_folder_that_shadows_an_imported_module_starts_cold(world: World, files: dict[str, str]) -> None:
    source = "import unlucky\nprint(unlucky.name)"
    assert run(world, source, preload=("unlucky",)) == (True, "of the environment\n")
    assert run(world, source, preload=("unlucky",), files=files) == (False, "of the user\n")


def test_a_plain_folder_shadows_nothing(world: World) -> None:
    source = "import unlucky\nprint(unlucky.name)"
    files = {"unlucky/data.csv": "", "logging/a.txt": "", "json": ""}
    assert run(world, source, preload=("unlucky",), files=files) == (True, "of the environment\n")


def test_a_file_that_an_import_reads_from_the_working_folder_starts_cold(world: World) -> None:
    assert run(world, "", preload=("matplotlib",))[0]
    assert not run(world, "", preload=("matplotlib",), files={"matplotlibrc": "backend: agg"})[0]
    assert run(world, "", preload=("unlucky",), files={"matplotlibrc": "x"}, environment_key="without")[0]


def test_variables_read_at_import_get_a_template_of_their_own(world: World) -> None:
    source = "import os\nprint(hash('a'), os.getppid())"
    seeded = {"PYTHONHASHSEED": "7"}
    expected = subprocess.run(
        [world.interpreter, "-c", "print(hash('a'))"], env=seeded, stdout=subprocess.PIPE, check=True, text=True
    ).stdout.strip()
    was_warm, log = run(world, source, variables=seeded)
    assert was_warm
    assert log.split()[0] == expected
    assert run(world, source)[0]
    assert len(templates(world)) == 2
    assert run(world, source, variables={**seeded, "MLFLOW_RUN_ID": "x"})[0]
    assert len(templates(world)) == 2


def test_each_environment_has_its_own_template(world: World) -> None:
    for key in ("one", "two", "one"):
        assert run(world, "", environment_key=key)[0]
    assert len(templates(world)) == 2


def test_only_so_many_templates_stay(world: World) -> None:
    for number in range(6):
        assert run(world, "", environment_key=f"e{number}")[0]
    wait_for(lambda: len(templates(world)) == 4)


def test_an_idle_template_goes_and_comes_back(tmp_path: Path, interpreter: Path) -> None:
    # Long enough for the launch to find it, whatever else the machine does.
    world = World(tmp_path, interpreter, idle_template_s=3.0)
    try:
        launch = world.start(world.launch(BEAT, warm=True))
        world.wait_for_beat(launch)
        assert is_warm(launch)
        wait_for(lambda: not templates(world))
        world.wait_for_beat(launch)  # its forks go on
        end(launch)
        assert world.wait(launch).code == 0
        wait_for(lambda: run(world, "")[0])
    finally:
        world.close()


def test_close_stops_templates_and_no_launch(world: World) -> None:
    launch = world.start(world.launch(BEAT, warm=True))
    world.wait_for_beat(launch)
    assert len(templates(world)) == 1
    world.executor.close()
    wait_for(lambda: not templates(world), "the end of the template")
    world.wait_for_beat(launch)
    end(launch)
    world.restart()
    assert world.wait(launch).code == 0


def test_close_also_stops_the_templates_of_a_server_that_was_killed(world: World) -> None:
    assert run(world, "")[0]
    (template,) = templates(world)
    world.restart()
    world.executor.close()
    wait_for(lambda: not templates(world), "the end of the template")
    assert not Path(f"/proc/{template}").exists() or proc.status_of(template).is_zombie  # type: ignore[union-attr]


@pytest.mark.parametrize("when", ["before it says what it wants", "while the imports go on"])
def test_a_template_whose_server_is_killed_meanwhile_goes_without_a_word(tmp_path: Path, when: str) -> None:
    path = tmp_path / "t.sock"
    path.write_text("the next server's own template listens here")
    ours, theirs = socket.socketpair()
    words = [sys.executable, "-c", "import bancada.runtime.template as template; template.main()"]
    with theirs:
        process = subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with ours:
        if when == "while the imports go on":
            setup = {"path": str(path), "preload": ["wave"], "idle_s": 60, "lessons": str(tmp_path / "lessons")}
            wire.send(ours, do="preload", **setup)
    assert process.communicate(timeout=PATIENCE_S) == (b"", None)
    assert process.returncode == 0
    assert path.read_text().startswith("the next server's")


def test_close_does_not_wait_for_an_interpreter_that_is_getting_warm(world: World) -> None:
    world.executor.preheat(world.launch(warm=True, preload=("hangs",)))
    wait_for(lambda: templates(world))
    world.executor.close()
    wait_for(lambda: not templates(world))


def test_a_template_that_hangs_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(world, "")[0]
    (template,) = templates(world)
    os.kill(template, signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr("bancada.executors.templates._ANSWER_S", 0.3)
        assert run(world, "print('cold')") == (False, "cold\n")
    wait_for(lambda: template not in templates(world))
    wait_for(lambda: run(world, "")[0])


def test_a_peer_of_another_version_is_refused(world: World) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(pack_frame({"protocol": 99, "do": "stop"}))
        with pytest.raises(wire.WireError, match="version 99, not 1"):
            wire.receive(theirs, 1)
        ours.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(wire.WireError, match="no message"):
            wire.receive(theirs, 1)


def test_forks_cost_little_memory(world: World) -> None:
    source = f"ballast = None\n{BEAT}"
    launch = world.start(world.launch(source, warm=True))
    world.wait_for_beat(launch)
    keeper = Path(f"/proc/{process_of(launch)['keeper_pid']}/smaps_rollup").read_text()
    private = sum(int(line.split()[1]) for line in keeper.splitlines() if line.startswith("Private_Dirty"))
    assert private < 6000, "kB that a keeper has for itself"
    end(launch)
    world.wait(launch)


NUMERIC = """
import numpy, os
import threadpoolctl
a = numpy.ones((400, 400))
assert (a @ a)[0, 0] == 400
libraries = [one for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]
print([one["num_threads"] for one in libraries], os.environ.get("OPENBLAS_NUM_THREADS"))
print(numpy.random.rand())
"""


def test_blas_has_all_cores_again_in_a_fork(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    pytest.importorskip("threadpoolctl")
    world = World(tmp_path)
    cores = len(os.sched_getaffinity(0))
    try:
        logs = [run(world, NUMERIC, preload=("numpy", "threadpoolctl")) for _ in range(2)]
        for was_warm, log in logs:
            assert was_warm
            assert log.splitlines()[0] == f"[{cores}] None"
        assert logs[0] != logs[1]  # numbers are drawn anew
        was_warm, log = run(world, NUMERIC, preload=("numpy",), variables={"OPENBLAS_NUM_THREADS": "1"})
        assert was_warm
        assert log.splitlines()[0] == "[1] 1"
    finally:
        world.close()
