"""A replica as a process: how it starts, fails to start, answers, ends; on every interpreter that there is."""

from __future__ import annotations

import functools
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from serving_world import PATIENCE_S, SOURCE, Replica, ServingWorld, wait_for

from bancada.executors.interpreters import installed
from bancada.runtime.frames import read_frame, write_frame

DOUBLE = """
    import json

    def init():
        global factor
        factor = 2

    def run(raw):
        return [factor * value for value in json.loads(raw)]
"""


@functools.cache
def interpreters() -> dict[int, str]:
    """Return one interpreter of this machine for each minor version of Python 3."""
    found = {one.minor[1]: str(one.path) for one in installed(Path("no-cache"))}
    return {**found, sys.version_info[1]: sys.executable}


class Peer:
    """What the gateway is to a replica."""

    def __init__(self, replica: Replica) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(str(replica.socket))
        self.hello = self.read()[0]

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def read(self) -> tuple[dict[str, Any], bytes]:
        frame = read_frame(self.socket)
        assert frame is not None
        return frame

    def send(self, body: bytes = b"[1, 2]", number: int = 1, **fields: Any) -> None:
        header = {"id": number, "method": "POST", "path": "/score", "query": "", "headers": [], **fields}
        write_frame(self.socket, header, body)

    def ask(self, body: bytes = b"[1, 2]", **fields: Any) -> tuple[int, dict[str, str], bytes]:
        self.send(body, **fields)
        header, answer = self.read()
        return header["status"], dict(header["headers"]), answer


@pytest.mark.parametrize("minor", range(8, 16))
def test_answers_on_every_python(world: ServingWorld, minor: int) -> None:
    if minor not in interpreters():
        pytest.skip(f"no Python 3.{minor} on this machine")
    replica = world.replica(DOUBLE, interpreter=interpreters()[minor])
    with Peer(replica) as peer:
        assert peer.hello["hello"] == 1
        status, headers, body = peer.ask()
    assert (status, body) == (200, b"[2, 4]")
    assert headers["x-ms-run-function-failed"] == "False"
    assert replica.terminate() == 0
    assert not replica.socket.exists()


def test_two_requests_on_one_connection_are_answered_in_order(world: ServingWorld) -> None:
    with Peer(world.replica(DOUBLE)) as peer:
        peer.send(b"[1]", number=7)
        peer.send(b"[2]", number=8)
        assert [peer.read()[0]["id"] for _ in range(2)] == [7, 8]


def test_large_bodies_go_both_ways(world: ServingWorld) -> None:
    replica = world.replica("def init():\n    pass\n\ndef run(raw):\n    return raw\n")
    text = "x" * 3_000_000
    with Peer(replica) as peer:
        status, _, body = peer.ask(text.encode())
    assert (status, body) == (200, f'"{text}"'.encode())


def test_nothing_of_ours_is_on_the_scripts_path(world: ServingWorld) -> None:
    source = """
        import importlib.util, sys
        def init():
            pass
        def run(raw):
            ours = ("frames", "wire", "scoring", "rawhttp")
            return [name for name in ours if importlib.util.find_spec(name)], sys.path[-2:]
    """
    with Peer(world.replica(source, AZUREML_SOURCE_DIRECTORY="inner")) as peer:
        ours, tail = json.loads(peer.ask()[2])
    assert ours == []
    assert tail[1] == tail[0] + "/inner"


def test_an_exception_in_init_is_told_with_file_and_line(world: ServingWorld) -> None:
    source = """
        def init():
            load("model.pkl")

        def load(name):
            raise FileNotFoundError(name)

        def run(raw):
            pass
    """
    replica = world.replica(source, wait=False)
    failure = replica.failure()
    assert (failure["file"], failure["line"]) == ("score.py", 6)
    assert failure["message"] == "FileNotFoundError: model.pkl"
    assert "in load" in failure["traceback"]
    assert "score.py:6: FileNotFoundError" in replica.log.read_text()
    assert not (replica.folder / "ready.json").exists()


def test_an_error_in_an_imported_module_names_that_module(world: ServingWorld) -> None:
    files = {"lib/features.py": "import json\nvalue = json.nothing\n"}
    replica = world.replica("import lib.features\n", files=files, wait=False)
    failure = replica.failure()
    assert (failure["file"], failure["line"]) == ("lib/features.py", 2)


@pytest.mark.parametrize(
    ("source", "part", "line"),
    [
        ("def init(:\n    pass\n", "SyntaxError", 1),
        ("import not_installed_anywhere\n", "No module named 'not_installed_anywhere'", 1),
        ("def run(raw):\n    pass\n", "no function `init()`", None),
        ("def init():\n    pass\n", "no function `run()`", None),
        ("def init():\n    pass\n\ndef run():\n    pass\n", "one argument", 4),
        ("def init():\n    pass\n\ndef run(*rows):\n    pass\n", "*args", 4),
        ("import sys\ndef init():\n    sys.exit(0)\ndef run(raw):\n    pass\n", "SystemExit", 3),
        ("raise SystemExit('bye')\n", "SystemExit: bye", 1),
    ],
)
def test_a_script_that_cannot_serve_says_why(world: ServingWorld, source: str, part: str, line: int | None) -> None:
    failure = world.replica(source, wait=False).failure()
    assert part in failure["message"]
    assert (failure["file"], failure["line"]) == ("score.py", line)


def test_a_missing_script_names_what_there_is(world: ServingWorld) -> None:
    replica = world.replica(DOUBLE, wait=False, AZUREML_ENTRY_SCRIPT="scoring/run.py")
    failure = replica.failure()
    assert "`scoring/run.py`" in failure["message"]
    assert "score.py" in failure["message"]


def test_the_model_folder_is_listed_when_init_fails(world: ServingWorld, tmp_path: Path) -> None:
    (tmp_path / "model" / "forest").mkdir(parents=True)
    (tmp_path / "model" / "forest" / "model.pkl").touch()
    source = "def init():\n    raise OSError('no model')\n\ndef run(raw):\n    pass\n"
    replica = world.replica(source, wait=False, AZUREML_MODEL_DIR=str(tmp_path / "model"))
    replica.failure()
    assert "model.pkl" in replica.log.read_text()


def test_without_a_named_script_main_is_loaded(world: ServingWorld) -> None:
    replica = world.replica("", files={"main.py": DOUBLE}, AZUREML_ENTRY_SCRIPT="")
    with Peer(replica) as peer:
        assert peer.ask()[2] == b"[2, 4]"


def test_a_driver_script_hands_run_to_the_script_that_it_drives(world: ServingWorld) -> None:
    driver = """
        import inner as driver_module
        def init():
            driver_module.init()
        def run(raw):
            return "the driver's"
    """
    with Peer(world.replica(driver, files={"inner.py": DOUBLE})) as peer:
        assert peer.ask()[2] == b"[2, 4]"


def test_a_run_that_takes_too_long_is_interrupted_and_the_replica_serves_on(world: ServingWorld) -> None:
    source = """
        import json, time
        def init():
            pass
        def run(raw):
            time.sleep(json.loads(raw))
            return "slept"
    """
    with Peer(world.replica(source, SCORING_TIMEOUT_MS="2000")) as peer:
        status, headers, body = peer.ask(b"100")
        assert (status, headers["x-ms-run-function-failed"]) == (500, "True")
        assert b"Scoring timeout after 2000 ms" in body
        assert peer.ask(b"0.01")[0] == 200


def test_the_callers_deadline_interrupts_too(world: ServingWorld) -> None:
    source = "import time\ndef init():\n    pass\ndef run(raw):\n    time.sleep(100)\n"
    with Peer(world.replica(source)) as peer:
        started = time.monotonic()
        assert peer.ask(timeout_ms=100)[0] == 500
        assert time.monotonic() - started < 60


def test_sigterm_lets_the_request_in_hand_finish(world: ServingWorld) -> None:
    source = """
        import pathlib, time
        def init():
            pass
        def run(raw):
            pathlib.Path("began").touch()
            time.sleep(1.5)
            return "done"
    """
    replica = world.replica(source)
    with Peer(replica) as peer:
        peer.send()
        wait_for((replica.folder.parent / "code" / "began").exists)
        replica.process.send_signal(signal.SIGTERM)
        header, body = peer.read()
        assert (header["status"], body) == (200, b'"done"')
        assert peer.read()[0] == {"bye": True}
    assert replica.process.wait(PATIENCE_S) == 0


def test_sigterm_is_seen_after_an_event_loop_ran_inside_run(world: ServingWorld) -> None:
    source = """
        import asyncio, signal
        def init():
            pass
        def run(raw):
            asyncio.run(asyncio.sleep(0))
            signal.set_wakeup_fd(-1)
            return "done"
    """
    replica = world.replica(source)
    with Peer(replica) as peer:
        peer.ask()
    assert replica.terminate() == 0


def test_exit_in_run_is_answered_and_ends_the_process(world: ServingWorld) -> None:
    replica = world.replica("def init():\n    pass\n\ndef run(raw):\n    raise SystemExit(7)\n")
    with Peer(replica) as peer:
        assert peer.ask()[0] == 500
    assert replica.process.wait(PATIENCE_S) == 7


def test_a_crash_closes_the_connection(world: ServingWorld) -> None:
    replica = world.replica("import os\ndef init():\n    pass\n\ndef run(raw):\n    os.kill(os.getpid(), 9)\n")
    with Peer(replica) as peer:
        peer.send()
        assert read_frame(peer.socket) is None
    assert replica.process.wait(PATIENCE_S) == -9


def test_prints_and_requests_are_in_the_log_at_once(world: ServingWorld) -> None:
    source = "def init():\n    print('loaded', 1)\n\ndef run(raw):\n    print('asked')\n    return 1\n"
    replica = world.replica(source)
    with Peer(replica) as peer:
        peer.ask(query="a=1")
        log = wait_for(lambda: "?a=1 200" in replica.log.read_text() and replica.log.read_text())
    assert "azmlinfsrv.print - loaded 1" in log
    assert "azmlinfsrv.print - asked" in log
    assert "azmlinfsrv - POST /score?a=1 200 " in log


def test_a_streamed_answer_comes_in_parts(world: ServingWorld) -> None:
    source = """
        from azureml_inference_server_http.api.aml_request import rawhttp
        from azureml_inference_server_http.api.aml_response import AMLResponse
        def init():
            pass
        @rawhttp
        def run(request):
            def parts():
                for word in ("one", "two"):
                    yield word
                if request.args.get("fail"):
                    raise RuntimeError("in the middle")
            return AMLResponse(parts(), 200, {"Content-Type": "text/plain"})
    """
    with Peer(world.replica(source)) as peer:
        peer.send()
        frames = [peer.read() for _ in range(4)]
        assert [header["body_type"] for header, _ in frames] == ["part", "part", "part", "end"]
        assert b"".join(body for _, body in frames) == b"onetwo"
        peer.send(query="fail=1")
        assert [peer.read()[0]["body_type"] for _ in range(4)][-1] == "abort"
        assert peer.ask(method="GET", path="/")[2] == b"Healthy"


def test_a_template_that_already_loaded_the_module_can_call_main(world: ServingWorld, tmp_path: Path) -> None:
    """`main()` is what a fork of a template calls: variables come as a mapping, not as the environment."""
    code = tmp_path / "forked"
    (code / "launch").mkdir(parents=True)
    (code / "score.py").write_text(
        "import os\ndef init():\n    raise OSError(os.environ['AML_APP_ROOT'])\ndef run(a):\n    pass\n"
    )
    program = (
        f"import sys; sys.path.insert(0, {str(SOURCE)!r}); from bancada.runtime import scoring; "
        f"sys.exit(scoring.main('/nowhere', {str(code / 'launch')!r}, "
        f"{{'AML_APP_ROOT': {str(code)!r}, 'AZUREML_ENTRY_SCRIPT': 'score.py'}}))"
    )
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert made.returncode == 3
    assert str(code) in (code / "launch" / "failure.json").read_text()
