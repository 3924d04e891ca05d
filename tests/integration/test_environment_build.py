"""Environments built by uv from an index on this machine: once, whole or not at all, and with clear errors."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from package_index import LocalIndex

from bancada.errors import (
    EnvironmentFailed,
    EnvironmentUnsolvable,
    EnvironmentUnsupported,
    FolderUnusable,
    Invalid,
    StorageFull,
    error_from_document,
)
from bancada.executors import solver, warming
from bancada.executors.build import main, order_document
from bancada.executors.environments import BuildOptions, BuiltEnvironment, EnvironmentRequest, build, find
from bancada.executors.interpreters import Interpreter, installed, minor_text

pytestmark = pytest.mark.slow

PATIENCE_S = 180.0
OWN = minor_text(sys.version_info[:2])
# A Python that is nowhere, and the nearest one that is: tests of what happens without the asked one.
MISSING = "3.29"


class World:
    """An index, an empty cache, and what a build said."""

    def __init__(self, folder: Path, index: LocalIndex) -> None:
        self.folder, self.index, self.cache = folder, index, folder / "cache"
        self.options = BuildOptions(index=index.address, download_python=False)
        self.said: list[str] = []

    def request(self, *packages: str, python: str = OWN, **more: Any) -> EnvironmentRequest:
        conda = {"dependencies": [f"python={python}", "pip", {"pip": list(packages)}]}
        return EnvironmentRequest("env", "1", conda=conda, **more)

    def build(self, request: EnvironmentRequest, options: BuildOptions | None = None) -> BuiltEnvironment:
        return build(request, self.cache, self.said.append, options or self.options)

    def find(self, request: EnvironmentRequest) -> BuiltEnvironment | None:
        return find(request, self.cache)

    def start(self, request: EnvironmentRequest, name: str = "build") -> subprocess.Popen[str]:
        """Start a build as the engine does, as the leader of its own process group."""
        order = order_document(request, self.cache, index=self.index.address, download_python=False)
        (self.folder / f"{name}.json").write_text(json.dumps(order), encoding="utf-8")
        files = [str(self.folder / f"{name}.json"), str(self.folder / f"{name}-result.json")]
        return subprocess.Popen(
            [sys.executable, "-m", "bancada.executors.build", *files],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def result(self, name: str = "build") -> dict[str, Any]:
        return json.loads((self.folder / f"{name}-result.json").read_text(encoding="utf-8"))

    def begun(self) -> list[Path]:
        """The environments' folders, finished or not."""
        return [one for one in (self.cache / "envs").glob("[0-9a-f]*") if one.is_dir()]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.delenv("UV_CACHE_DIR", raising=False)
    index = LocalIndex()
    yield World(tmp_path, index)
    index.close()


def wait_for(what: Callable[[], Any], message: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if answer := what():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"waited in vain: {message}")


def run(environment: BuiltEnvironment, code: str) -> str:
    return subprocess.run(
        [environment.interpreter, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


# --- built, found, shared


def test_an_environment_is_built_and_then_found(world: World) -> None:
    world.index.add("thing", "1.2", "VALUE = 7")
    request = world.request("thing==1.2")
    assert world.find(request) is None
    built = world.build(request)
    assert world.find(request) == built
    assert (built.python, built.packages["thing"], built.warnings) == (OWN, "1.2", ())
    assert built.root == world.cache / "envs" / built.key
    assert run(built, "import thing, sys; print(thing.VALUE, sys.prefix)") == f"7 {built.root}"
    assert any(line.startswith("Resolving") for line in world.said)
    assert any(line.startswith("Installing") for line in world.said)


def test_finding_takes_less_than_5_ms(world: World) -> None:
    request = world.request()
    world.build(request)
    times: list[float] = []
    for _ in range(21):
        started = time.perf_counter()
        assert world.find(EnvironmentRequest("env", "1", request.conda)) is not None
        times.append(time.perf_counter() - started)
    # The quickest: what the machine does meanwhile is no part of it.
    assert min(times) < 0.005


def test_a_package_is_imported_once_so_that_its_byte_code_is_there(world: World) -> None:
    world.index.add("thing", "1.0", "VALUE = 7")
    built = world.build(world.request("thing"))
    assert list(built.root.glob("lib/*/site-packages/thing/__pycache__/*.pyc"))


def test_slow_libraries_are_recorded_for_preloading(world: World) -> None:
    world.index.add("numpy", "1.0")
    world.index.add("lightgbm", "1.0", needs=["numpy"])
    assert world.build(world.request("lightgbm")).preload == ("numpy", "lightgbm")


def test_a_module_that_fails_to_import_is_a_warning_and_not_preloaded(world: World) -> None:
    world.index.add("numpy", "1.0")
    world.index.add("lightgbm", "1.0", "raise OSError('libgomp.so.1: cannot open shared object file')")
    built = world.build(world.request("numpy", "lightgbm"))
    assert built.preload == ("numpy",)
    assert built.warnings == (
        "`import lightgbm` fails in this environment (OSError: libgomp.so.1: cannot open shared object file).",
    )


def test_a_module_that_takes_the_interpreter_down_does_not_take_the_build_down(world: World) -> None:
    world.index.add("numpy", "1.0")
    world.index.add("xgboost", "1.0", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    built = world.build(world.request("numpy", "xgboost"))
    assert built.preload == ("numpy",)
    assert built.warnings == ("`import xgboost` fails in this environment (the interpreter crashed or hung).",)


def test_an_import_that_hangs_ends_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "_LIMIT_S", 1.0)
    world.index.add("xgboost", "1.0", "import time; time.sleep(600)")
    built = world.build(world.request("xgboost"))
    assert built.preload == ()
    assert "the interpreter crashed or hung" in built.warnings[0]


def test_two_requests_with_the_same_solution_share_an_environment(world: World) -> None:
    world.index.add("thing", "1.0")
    first = world.build(world.request("thing==1.0"))
    world.said.clear()
    assert world.build(world.request("thing>=1.0")).key == first.key
    assert not any(line.startswith("Installing") for line in world.said)


def test_a_new_release_changes_nothing_for_a_request_that_was_built(world: World) -> None:
    world.index.add("thing", "1.0")
    request = world.request("thing")
    first = world.build(request)
    world.index.add("thing", "2.0")
    assert world.build(request).key == first.key


def test_many_builders_at_once_build_once(world: World) -> None:
    go = world.folder / "go"
    source = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.02)\n"
    world.index.add("thing", "1.0", source)
    request = world.request("thing")
    builders = [world.start(request, f"build{number}") for number in range(6)]
    said = ["" for _ in builders]

    def listen(number: int) -> None:
        for line in builders[number].stdout or ():
            said[number] += line

    listeners = [threading.Thread(target=listen, args=(number,)) for number in range(len(builders))]
    for one in listeners:
        one.start()
    wait_for(lambda: any("Waiting for" in one for one in said), "a builder to meet another")
    go.touch()
    for one in listeners:
        one.join()
    for builder in builders:
        builder.communicate(timeout=PATIENCE_S)
    assert [builder.returncode for builder in builders] == [0] * 6
    assert len({world.result(f"build{number}")["environment"]["key"] for number in range(6)}) == 1
    assert sum("Installing" in one for one in said) == 1
    assert sum("Waiting for" in one for one in said) >= 1


def test_a_removed_python_means_a_new_build(world: World) -> None:
    request = world.request()
    built = world.build(request)
    built.interpreter.unlink()
    assert world.find(request) is None
    assert run(world.build(request), "print(1)") == "1"


# --- kills


def is_locked(cache: Path) -> bool:
    """Whether any process, an orphaned child too, still holds one of the lock files."""
    for path in (cache / "envs" / ".locks").glob("*.lock"):
        with path.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


@pytest.mark.parametrize("stage", ["downloading", "importing"])
def test_a_killed_builder_leaves_nothing_and_the_next_one_starts_over(world: World, stage: str) -> None:
    flag = world.folder / "importing"
    stuck_once = f"""
import pathlib, time
flag = pathlib.Path({str(flag)!r})
if not flag.exists():
    flag.touch()
    time.sleep(600)
"""
    world.index.add("thing", "1.0", stuck_once if stage == "importing" else "")
    world.index.held |= {"thing"} if stage == "downloading" else set()
    request = world.request("thing")
    builder = world.start(request)
    reached = {"importing": flag.exists, "downloading": lambda: world.index.has_been_asked_for("thing")}
    wait_for(reached[stage], f"the builder is {stage}")
    assert world.begun(), "the folder is there, so that the kill can leave it half-made"
    assert builder.poll() is None

    os.killpg(builder.pid, signal.SIGKILL)
    builder.communicate(timeout=PATIENCE_S)
    assert world.begun(), "it is half-made now"
    assert world.find(request) is None
    wait_for(lambda: not is_locked(world.cache), "no process is left that holds a lock")
    world.index.held.clear()
    built = world.build(request)
    assert world.find(request) == built
    assert run(built, "import thing; print(1)") == "1"
    assert world.begun() == [built.root]


def test_the_next_builder_waits_for_what_a_killed_one_left_running(world: World) -> None:
    """kill -9 of the builder alone: its child goes on writing, and must not write into the next one's folder."""
    flag, go = world.folder / "importing", world.folder / "go"
    source = f"""
import pathlib, time
pathlib.Path({str(flag)!r}).touch()
while not pathlib.Path({str(go)!r}).exists():
    time.sleep(0.02)
"""
    world.index.add("thing", "1.0", source)
    request = world.request("thing")
    builder = world.start(request)
    wait_for(flag.exists, "the builder's child is importing")
    builder.kill()
    builder.communicate(timeout=PATIENCE_S)
    assert world.find(request) is None
    assert is_locked(world.cache), "the orphan is alive and holds the lock"
    second = world.start(request, "second")
    assert second.stdout is not None
    said = ""
    while "Waiting for another build of environment" not in said:
        line = second.stdout.readline()
        assert line, said
        said += line
    go.touch()
    second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 0
    assert world.find(request) is not None


# --- another Python


def without(*missing: str) -> Callable[[Path], list[Interpreter]]:
    return lambda cache: [one for one in installed(cache) if minor_text(one.minor) not in missing]


def test_a_missing_python_is_replaced_by_the_nearest_with_a_visible_warning(world: World) -> None:
    built = world.build(world.request(python=MISSING))
    assert built.warnings[0].startswith(f"Python {MISSING} is asked for and not installed here; Python 3.")
    assert f"Warning: {built.warnings[0]}" in world.said


@pytest.mark.parametrize("place", ["request", "conda file"])
def test_strict_python_makes_a_missing_python_an_error(world: World, place: str) -> None:
    request = world.request(python=MISSING, strict_python=place == "request")
    if place == "conda file":
        request = EnvironmentRequest("env", "1", {**(request.conda or {}), "strict_python": True})
    with pytest.raises(EnvironmentUnsupported, match="which is not installed here"):
        world.build(request)


def test_a_fallback_is_looked_up_anew_once_a_python_may_have_come(world: World) -> None:
    request = world.request(python=MISSING)
    built = world.build(request)
    assert world.find(request) == built
    (world.cache / "python" / "cpython-3.29").mkdir(parents=True)
    assert world.find(request) is None
    assert world.build(request).key == built.key, "it was no Python after all"
    assert world.find(request) == built


def test_a_set_that_solves_on_no_installed_python_says_which_one_it_needs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solver, "installed", without("3.8", "3.9"))
    world.index.add("scikit-learn", "0.24.2", tag="cp38-cp38-any", uploaded="2021-04-28")
    world.index.wheels[-1].tag = f"cp38-cp38-{_platform()}"
    request = EnvironmentRequest("old", "1", {"dependencies": ["python=3.8", "scikit-learn=0.24.2"]})
    with pytest.raises(EnvironmentUnsolvable) as caught:
        world.build(request)
    assert "scikit-learn==0.24.2 has no wheel for Python 3." in caught.value.message
    assert "Python 3.8 is asked for." in caught.value.message
    assert "The packages solve on Python 3.8: install one of these." in caught.value.message
    assert caught.value.details["solves_on"] == ["3.8"]


def _platform() -> str:
    import sysconfig

    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


# --- old files


def test_an_open_package_is_as_old_as_the_pinned_one_that_needs_it(world: World) -> None:
    world.index.add("old", "1.0", needs=["dep"], uploaded="2021-04-28")
    world.index.add("young", "1.0", needs=["dep", "other"], uploaded="2022-05-28")
    for name in ("dep", "other", "free"):
        for day, version in (("2020-01-01", "1.0"), ("2022-06-01", "2.0"), ("2025-01-01", "3.0")):
            world.index.add(name, version, uploaded=day)
    for name in ("pip", "setuptools", "wheel"):
        world.index.add(name, "0.9", uploaded="2020-01-01")
    built = world.build(world.request("old==1.0", "young==1.0", "free"))
    found = {name: built.packages[name] for name in ("dep", "other", "free")}
    assert found == {"dep": "1.0", "other": "2.0", "free": "2.0"}


def test_a_day_on_which_the_set_does_not_solve_gives_way(world: World) -> None:
    world.index.add("old", "1.0", uploaded="2021-04-28")
    world.index.add("free", "3.0", uploaded="2025-01-01")
    built = world.build(world.request("old==1.0", "free"))
    assert built.packages["free"] == "3.0"
    assert built.warnings[0].startswith("Packages without a version are the newest")


# --- errors


def test_an_unknown_package_is_answered_with_the_one_that_was_meant(world: World) -> None:
    with pytest.raises(EnvironmentUnsolvable, match=r"no package `scikit-lern`. Did you mean `scikit-learn`?"):
        world.build(world.request("scikit-lern"))


def test_an_impossible_pin_gives_the_solvers_reason(world: World) -> None:
    world.index.add("numpy", "1.0")
    world.index.add("numpy", "2.0")
    world.index.add("thing", "1.0", needs=["numpy>=2"])
    with pytest.raises(EnvironmentUnsolvable, match=r"thing depend on numpy>=2 and .* asks for numpy<2") as caught:
        world.build(world.request("thing==1.0", "numpy<2"))
    assert len(caught.value.message) < 500
    assert world.begun() == []


def test_no_network_is_said_plainly(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(EnvironmentFailed, match="the package index cannot be reached"):
        world.build(world.request("numpy"), BuildOptions(index="http://127.0.0.1:9/simple", download_python=False))


def test_what_is_in_the_cache_is_built_without_a_network(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.index.add("thing", "1.0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    world.build(world.request("thing==1.0"))
    world.index.close()
    built = world.build(world.request("thing>=1.0", "pip"))
    shutil.rmtree(built.root)
    built = world.build(world.request("thing>=0.5"))
    assert built.warnings[0].startswith("The package index cannot be reached")
    world.index.server.server_close()


def test_an_index_that_refuses_is_said_plainly(world: World) -> None:
    world.index.refuse = True
    with pytest.raises(EnvironmentFailed, match="refuses access"):
        world.build(world.request("numpy"))


def test_problems_of_the_conda_file_come_before_any_work(world: World) -> None:
    with pytest.raises(Invalid, match=r"dependencies\[0\]"):
        world.build(EnvironmentRequest("env", "1", {"dependencies": ["numpy=1|2"]}))
    assert world.said == []


def test_a_full_disk_is_said_plainly(world: World) -> None:
    """In a mount namespace of its own, where the cache is a file system of 1 MiB."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    world.index.add("thing", "1.0", f"VALUE = {'x' * 3_000_000!r}")
    world.cache.mkdir()
    order = order_document(world.request("thing"), world.cache, index=world.index.address, download_python=False)
    (world.folder / "ask.json").write_text(json.dumps(order), encoding="utf-8")
    command = f"mount -t tmpfs -o size=1m none {world.cache} && exec {sys.executable} -m bancada.executors.build "
    command += f"{world.folder}/ask.json {world.folder}/build-result.json"
    ended = subprocess.run(["unshare", "-m", "sh", "-c", command], capture_output=True, text=True)
    assert ended.returncode == 3, ended.stderr
    assert isinstance(error_from_document(world.result()), StorageFull)


def test_a_cache_that_cannot_be_written_is_said_plainly(world: World) -> None:
    world.cache.write_text("a file in its place")
    assert world.find(world.request("thing")) is None
    builder = world.start(world.request("thing"))
    builder.communicate(timeout=PATIENCE_S)
    refused = error_from_document(world.result())
    assert isinstance(refused, FolderUnusable)
    assert "there is a file in its place. Choose another folder with the variable BANCADA_CACHE" in refused.message


# --- the command


def test_the_command_reports_progress_and_the_environment(world: World) -> None:
    world.index.add("thing", "1.0")
    builder = world.start(world.request("thing"))
    said, _ = builder.communicate(timeout=PATIENCE_S)
    assert builder.returncode == 0
    assert "Resolving" in said
    assert "is ready" in said
    assert BuiltEnvironment.from_document(world.result()["environment"]) == world.find(world.request("thing"))


def test_the_command_reports_an_error_as_a_document(world: World) -> None:
    builder = world.start(world.request("scikit-lern"))
    said, _ = builder.communicate(timeout=PATIENCE_S)
    assert builder.returncode == 3
    assert "Error: " in said
    assert type(error_from_document(world.result())) is EnvironmentUnsolvable


def test_the_command_takes_a_bare_request_and_the_settings(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANCADA_CACHE", str(world.cache))
    monkeypatch.setenv("BANCADA_UV_INDEX", world.index.address)
    asked, result = world.folder / "ask.json", world.folder / "result.json"
    asked.write_text(json.dumps(world.request().document()), encoding="utf-8")
    assert main([str(asked), str(result)]) == 0
    assert "is ready" in capsys.readouterr().out
    assert world.find(world.request()) is not None
    assert main([]) == 2
