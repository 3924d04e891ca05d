"""A script that is forked from a template cannot tell: everything here gives the same cold and warm."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_world import World, process_of

from bancada.executors import Exit
from bancada.runtime import proc

pytestmark = pytest.mark.skipif(not proc.IS_LINUX, reason="templates are for Linux")

PRELOAD = ("logging", "multiprocessing", "tempfile", "random", "uuid", "concurrent.futures", "decimal", "email.parser")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("home"))
    yield world
    world.close()


def both(world: World, source: str, *arguments: str, **changes: object) -> tuple[Exit, str]:
    """Run a script cold and warm, check that exit and log are the same, and return them."""
    seen: list[tuple[Exit, str]] = []
    for warm in (False, True):
        launch = world.start(world.launch(source, *arguments, warm=warm, preload=PRELOAD, **changes))
        ended = world.wait(launch)
        assert process_of(launch)["is_warm"] is warm
        log = world.log(launch).replace(str(launch.cwd), "CODE").replace(launch.id, "ID")
        seen.append((ended, re.sub(r"0x[0-9a-f]+", "0x", log)))
    (cold, cold_log), (warm_exit, warm_log) = seen
    assert warm_log == cold_log
    assert (warm_exit.code, warm_exit.signal, warm_exit.reason) == (cold.code, cold.signal, cold.reason)
    return warm_exit, warm_log


def test_who_and_where_the_script_is(world: World) -> None:
    source = '''
    """Its own text."""
    import os, sys
    print(__name__, __file__, __doc__, __spec__, __package__, type(__loader__).__name__, __builtins__)
    print(sorted(globals()), sys.modules["__main__"].__dict__ is globals())
    print(sys.argv, sys.path, sys.executable, sys.prefix, sys.orig_argv)
    print(os.getcwd(), sorted(os.environ.items()))
    print(sys.flags, sys.warnoptions, sys.getrecursionlimit(), sys.dont_write_bytecode)
    '''
    _, log = both(world, source, "--x", "a b", "")
    assert log.startswith("__main__ CODE/script.py Its own text. None None SourceFileLoader <module 'builtins'")
    assert "['script.py', '--x', 'a b', ''] ['CODE'," in log


def test_what_the_system_gives_a_process(world: World) -> None:
    source = """
    import gc, locale, os, resource, signal, sys, threading
    print(sorted(os.listdir("/proc/self/fd"))[:-1], os.getsid(0) == os.getpid() == os.getpgid(0))
    print([(one, signal.getsignal(one)) for one in sorted(signal.Signals)])
    print(signal.pthread_sigmask(signal.SIG_BLOCK, []), os.umask(0), os.nice(0))
    print(resource.getrlimit(resource.RLIMIT_NOFILE))
    print(gc.isenabled(), gc.get_threshold(), gc.callbacks)
    print(threading.main_thread() is threading.current_thread(), threading.active_count(), sys.getswitchinterval())
    print(locale.getlocale(), sys.getfilesystemencoding(), sys.stdout.encoding, sys.stdout.errors, sys.stderr.errors)
    print(repr(sys.stdin.read()), sys.stdin.encoding, os.isatty(0), sys.stdout is sys.__stdout__)
    """
    _, log = both(world, source)
    assert log.startswith("['0', '1', '2'] True\n")


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("pass", 0),
        ("sys.exit()", 0),
        ("sys.exit(0)", 0),
        ("sys.exit(3)", 3),
        ("sys.exit(True)", 1),
        ("sys.exit(-1)", 255),
        ("sys.exit(256)", 0),
        ("sys.exit(2**70)", 255),
        ("sys.exit('the reason')", 1),
        ("sys.exit((1, 2))", 1),
        ("sys.exit(2.5)", 1),
        ("raise SystemExit", 0),
        ("exit(4)", 4),
        ("raise ValueError('no')", 1),
        ("os._exit(9)", 9),
        ("import nothing_like_it", 1),
    ],
)
def test_exit_codes(world: World, how: str, code: int) -> None:
    ended, _ = both(world, f"import os, sys\nprint('here', flush=True)\n{how}\n")
    assert (ended.code, ended.signal, ended.reason) == (code, None, "exited")


@pytest.mark.parametrize(
    ("how", "number"),
    [("os.abort()", 6), ("os.kill(os.getpid(), 9)", 9), ("raise KeyboardInterrupt", 2), ("os.kill(os.getpid(), 2)", 2)],
)
def test_deaths_by_signal(world: World, how: str, number: int) -> None:
    ended, _ = both(world, f"import atexit, os\natexit.register(print, 'bye')\nprint('here', flush=True)\n{how}\n")
    assert (ended.code, ended.signal, ended.reason) == (None, number, "killed")


@pytest.mark.parametrize(
    "source",
    [
        "def f(n):\n    if n: f(n - 1)\n    1 / 0\nf(3)",
        "def f(): g()\ndef g():\n    try: 1 / 0\n    except ZeroDivisionError as e: raise ValueError('x') from e\nf()",
        "try:\n    {}['a']\nexcept KeyError:\n    raise TypeError('during')",
        "import helper\nhelper.fail()",
        "print('never printed')\nif True\n  pass",
        "print('never printed')\n\tpass",
        "x = '\\udc80'\nprint(x)",
        "import sys\nsys.excepthook = lambda *a: print('mine', a[0], a[2] is not None)\nraise ValueError",
        "import sys\ndef hook(*a): raise KeyError('in hook')\nsys.excepthook = hook\nraise ValueError('first')",
        "import sys\nsys.stderr = None\nraise ValueError",
        "raise type('Odd', (Exception,), {'__str__': lambda s: 1 / 0})",
        "import warnings\nwarnings.warn('look here')\nwarnings.warn('deprecated', DeprecationWarning)",
    ],
)
def test_what_is_printed_about_errors(world: World, source: str) -> None:
    both(world, source, files={"helper.py": "def fail():\n    raise RuntimeError('from the helper')\n"})


def test_a_script_that_is_not_there(world: World) -> None:
    ended, log = both(world, "", argv=("python", "missing.py"))
    assert ended.code == 2
    assert "can't open file 'CODE/missing.py': [Errno 2] No such file or directory" in log


def test_scripts_in_folders_and_behind_links_import_their_neighbours(world: World) -> None:
    files = {
        "src/train.py": """
            import sys
            from pkg.deep import name
            import near
            print(name, near.name, sys.argv, sys.path[0])
            """,
        "src/near.py": "name = __name__",
        "src/pkg/__init__.py": "",
        "src/pkg/deep.py": "from . import other\nname = other.name",
        "src/pkg/other.py": "name = __name__",
    }
    _, log = both(world, "", argv=("python", "src/train.py", "1"), files=files)
    assert log == "pkg.other near ['src/train.py', '1'] CODE/src\n"
    for warm in (False, True):
        launch = world.launch("", warm=warm, preload=PRELOAD, files=files, argv=("python", "linked.py"))
        (launch.cwd / "linked.py").symlink_to("src/train.py")
        world.wait(world.start(launch))
        assert world.log(launch) == f"pkg.other near ['linked.py'] {launch.cwd}/src\n"


def test_what_happens_after_the_last_line(world: World) -> None:
    source = """
    import atexit, threading, time
    class Loud:
        def __init__(self, name): self.name = name
        def __del__(self): print("del", self.name)
    def late():
        time.sleep(0.1)
        print("thread done", atexit is not None, Loud.__name__)
    atexit.register(lambda: print("atexit", threading.active_count()))
    threading.Thread(target=late).start()
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    public, _private = Loud("public"), Loud("private")
    cycle = [Loud("in a cycle")]; cycle.append(cycle)
    print("last line")
    """
    _, log = both(world, source)
    assert log.splitlines()[:3] == ["last line", "thread done True Loud", "atexit 2"]


@pytest.mark.parametrize("warm", [False, True])
def test_a_file_that_nobody_closed_is_complete(world: World, warm: bool) -> None:
    source = """
    import email, gzip, helper
    left = open("left.txt", "w"); left.write("x" * 100)
    class Holder: pass
    Holder.file = open("held.txt", "wb"); Holder.file.write(b"y" * 100)
    packed = gzip.open("packed.gz", "wt"); packed.write("z" * 100)
    helper.keep(open("kept.txt", "w")).write("k" * 100)
    email.hidden = open("hidden.txt", "w"); email.hidden.write("h" * 100)
    """
    helper = "kept = []\ndef keep(file):\n    kept.append(file)\n    return file\n"
    launch = world.start(world.launch(source, warm=warm, preload=PRELOAD, files={"helper.py": helper}))
    world.wait(launch)
    assert process_of(launch)["is_warm"] is warm
    sizes = {one.name: one.stat().st_size for one in launch.cwd.glob("*.txt")}
    assert sizes == dict.fromkeys(["left.txt", "held.txt", "kept.txt", "hidden.txt"], 100)
    assert gzip.decompress((launch.cwd / "packed.gz").read_bytes()) == b"z" * 100


def test_multiprocessing_and_pickles_find_the_scripts_classes(world: World) -> None:
    source = """
    import multiprocessing, pickle, sys
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    class Thing:
        def __init__(self, value): self.value = value
    def double(thing): return Thing(thing.value * 2)
    if __name__ == "__main__":
        print(pickle.loads(pickle.dumps(Thing(4))).value, b"__main__" in pickle.dumps(Thing(4)))
        for method in ("fork", "spawn", "forkserver"):
            context = multiprocessing.get_context(method)
            with context.Pool(2) as pool:
                print(method, [one.value for one in pool.map(double, [Thing(1), Thing(2)])])
            with ProcessPoolExecutor(2, mp_context=context) as pool:
                print(method, [one.value for one in pool.map(double, [Thing(3), Thing(4)])])
            queue = context.Queue()
            process = context.Process(target=queue.put, args=(Thing(5),))
            process.start(); print(queue.get().value); process.join(); print(process.exitcode)
        with ThreadPoolExecutor(3) as pool:
            print([one.value for one in pool.map(double, [Thing(6)])])
        print(multiprocessing.current_process().name, multiprocessing.parent_process())
    """
    ended, log = both(world, source)
    assert ended.code == 0, log
    assert "spawn [2, 4]" in log


def test_programs_that_the_script_starts_get_its_environment(world: World) -> None:
    source = """
    import os, subprocess, sys
    os.environ["ADDED"] = "1"
    del os.environ["REMOVED"]
    code = "import os, signal; print(sorted(os.environ.items()), signal.getsignal(signal.SIGPIPE))"
    print(subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout.decode())
    print(subprocess.run("yes | head -1; echo $GIVEN", shell=True, stdout=subprocess.PIPE).stdout)
    """
    _, log = both(world, source, variables={"REMOVED": "x", "GIVEN": "here"})
    assert "b'y\\nhere\\n'" in log
    assert "('ADDED', '1')" in log
    assert "REMOVED" not in log


def test_logging_goes_to_the_log_in_order(world: World) -> None:
    source = """
    import logging, sys
    logging.basicConfig(level=logging.INFO)
    print("one"); logging.info("two"); print("three"); sys.stderr.write("four\\n"); print("five")
    """
    _, log = both(world, source)
    assert log == "one\nINFO:root:two\nthree\nfour\nfive\n"


def test_two_forks_draw_different_numbers(world: World) -> None:
    source = """
    import multiprocessing, random, tempfile, uuid
    key = bytes(multiprocessing.current_process().authkey)
    print(random.random(), uuid.uuid4(), uuid.uuid1(), tempfile.mktemp(), key.hex())
    """
    seen = [world.run(source, warm=True, preload=PRELOAD)[1].split() for _ in range(5)]
    assert all(len(set(column)) == 5 for column in zip(*seen, strict=True))


def test_temporary_files_go_where_the_launch_says(world: World, tmp_path: Path) -> None:
    _, log = both(world, "import tempfile; print(tempfile.gettempdir())", variables={"TMPDIR": str(tmp_path)})
    assert log == f"{tmp_path}\n"


def test_a_full_standard_output_is_an_error(world: World) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    source = "import os, sys\nos.dup2(os.open('/dev/full', os.O_WRONLY), 1)\nsys.stdout.write('x')\n"
    # Cold, unbuffered, the write itself fails; warm it is the flush at the end.
    assert world.run(source, warm=False)[0].code == 1
    assert world.run(source, warm=True, preload=PRELOAD)[0].code == 120


@pytest.mark.slow
@pytest.mark.parametrize("minor", range(8, 16))
def test_other_pythons(tmp_path: Path, minor: int) -> None:
    """The runtime runs in users' environments, whatever Python they have from 3.8 on."""
    interpreter = _interpreter(minor)
    if interpreter is None:
        pytest.skip(f"no Python 3.{minor} on this machine")
    world = World(tmp_path, interpreter)
    source = """
    import sys, threading, time
    print(sys.version_info[:2], __file__, sys.argv)
    threading.Thread(target=lambda: (time.sleep(1), print("thread"))).start()
    f = open("out", "w"); f.write("x" * 10)
    raise ValueError("end")
    """
    try:
        ended, log = both(world, source, "a")
        assert ended.code == 1
        assert log.startswith(f"(3, {minor}) ")
        assert [one.read_text() for one in tmp_path.glob("work/*/code/out")] == ["x" * 10] * 2
        assert (tmp_path / "logs" / "runtime.log").read_text() == ""
    finally:
        world.close()


def _interpreter(minor: int) -> Path | None:
    if sys.version_info[:2] == (3, minor):
        return Path(sys.executable)
    known = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
    found = shutil.which(f"python3.{minor}")
    for one in [*known, *([Path(found)] if found else [])]:
        asked = subprocess.run([one, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, check=False)
        if asked.stdout.strip() == str(minor).encode():
            return one
    return None
