"""What a user gets wrong: each is one clear error that says what was found and what would be right, and no traceback.

Elsewhere: a port in use, a second `up`, a newer database, a wrong Host (`test_cli_platform`); an unknown key, a wrong
reference and a script that exits 3 through `--set` (`test_cli_work`); a broken `init()` (there, too).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bancada.home import FORMAT

JOB = """\
type: command
command: python train.py
code: ./src
environment: azureml:minimal@latest
"""
# Logs one metric over MLflow's protocol, as the client does, without having to be installed.
LOG_OTHER = """\
import json, os, urllib.request
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "accuracy", "value": 1.0, "timestamp": 1, "step": 0}
urllib.request.urlopen(urllib.request.Request(
    os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric",
    json.dumps(body).encode(),
    {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"},
))
"""
SWEEP = """\
type: sweep
trial:
  code: ./src
  command: python train.py ${{search_space.x}}
  environment: azureml:minimal@latest
search_space:
  x: {type: choice, values: [1, 2, 3, 4, 5, 6]}
sampling_algorithm: grid
objective: {goal: maximize, primary_metric: Score}
limits: {max_total_trials: 6, max_concurrent_trials: 1}
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def error(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one error of a command."""
    assert "Traceback" not in done.stderr + done.stdout
    starts = [match.start() for match in re.finditer(r"^ERROR", done.stderr, re.MULTILINE)]
    assert len(starts) == 1, done.stderr
    return done.stderr[starts[0] :]


def refused(platform: Any, folder: Path, code: int, *arguments: str) -> str:
    """Submit `job.yml` of a folder, see it refused with an exit code, and return the error."""
    done = platform.run("job", "create", "-f", "job.yml", *arguments, check=False, cwd=folder)
    assert done.returncode == code, done.stderr
    return error(done)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A job that would be right."""
    return write(tmp_path / "work", {"src/train.py": "print('hello')\n", "job.yml": JOB})


# -------------------------------------------------------------------------------- what is written in files


def test_yaml_with_unknown_key_wrong_type_and_missing_field_is_told_all_at_once_with_lines(running, folder):
    text = "type: command\ncode: ./src\nlimits:\n  timeout: soon\ncomand: python train.py\n"
    write(folder, {"job.yml": text})
    found = refused(running, folder, 2)
    assert re.search(r"job\.yml:5\b.*comand: unknown key\. Did you mean `command`\?", found), found
    assert re.search(r"job\.yml:4\b.*limits\.timeout: expected a whole number, found `soon`", found), found
    assert "environment: is required, but missing" in found


def test_yaml_that_is_none_is_told_with_its_line(running, folder):
    write(folder, {"job.yml": "type: command\n  command: [1\n"})
    assert re.search(r"job\.yml.*line 2|job\.yml:2", refused(running, folder, 2))


def test_yaml_that_is_no_text_is_told_with_its_line(running, folder):
    (folder / "job.yml").write_bytes(b"type: command\ncommand: caf\xe9\n")
    found = refused(running, folder, 2)
    assert "not text in UTF-8 (it has the byte 0xe9)" in found
    assert "job.yml:2" in found


def test_yaml_with_the_mark_of_windows_is_read(running, folder):
    (folder / "job.yml").write_bytes(b"\xef\xbb\xbf" + JOB.encode())
    running.run("job", "create", "-f", "job.yml", cwd=folder)


@pytest.mark.parametrize("text", [JOB.replace("./src", "/dev/zero"), JOB + "inputs: {d: {path: /dev/zero}}\n"])
def test_a_device_is_not_read_for_ever(running, folder, text):
    write(folder, {"job.yml": text})
    assert "`/dev/zero` is neither a file nor a folder" in refused(running, folder, 2)


def test_a_missing_asset_names_those_that_exist(running, folder):
    for name in ("heart-env", "lung-env"):
        running.run("environment", "create", "-n", name, "--image", "x")
    write(folder, {"job.yml": JOB.replace("minimal@latest", "hart-env:1")})
    found = refused(running, folder, 4)
    assert "There is no environment named `hart-env`. Did you mean `heart-env`?" in found


def test_a_missing_version_names_those_that_exist(running, folder):
    running.run("environment", "create", "-n", "versioned", "--image", "x")
    write(folder, {"job.yml": JOB.replace("minimal@latest", "versioned:3")})
    found = refused(running, folder, 4)
    assert "Environment `versioned` has no version 3 (it has 1)." in found
    assert "azureml:versioned@latest" in found


def test_an_expression_that_is_no_input_names_the_inputs(running, folder):
    write(folder, {"job.yml": JOB.replace("train.py", "train.py ${{inputs.x}}") + "inputs:\n  xs: 1\n"})
    found = refused(running, folder, 2)
    assert "${{inputs.x}}" in found
    assert "xs" in found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("scr", JOB.replace("./src", "./scr")),
        ("no.csv", JOB + "inputs:\n  d: {type: uri_file, path: ./no.csv}\n"),
    ],
)
def test_a_path_that_does_not_exist_is_named_in_full(running, folder, name, text):
    write(folder, {"job.yml": text})
    assert f"the path `./{name}` does not exist ({folder / name})" in refused(running, folder, 2)


ASSETS = [("data", "type: uri_file\nname: my däta!\npath: ./data.csv\n"), ("environment", "image: x\nname: my däta!\n")]


@pytest.mark.parametrize(("noun", "text"), ASSETS, ids=[noun for noun, _ in ASSETS])
def test_a_new_assets_name_is_refused_with_its_line_the_rule_and_a_better_one(running, folder, noun, text):
    write(folder, {"new.yml": text, "data.csv": "a\n1\n"})
    made = running.run(noun, "create", "-f", "new.yml", cwd=folder, check=False)
    assert made.returncode == 2
    rule = "letters, digits, `_`, `-` and `.`, starting with a letter or digit, 255 at most"
    assert f"new.yml:2: name: `my däta!` is not a valid name: {rule}. Use `my-data`, for example." in made.stderr
    assert running.run("data", "list", "--query", "[?name=='my däta!']").stdout.strip() == "[]"


def test_a_name_that_leads_out_of_its_folder_is_refused(running, folder):
    write(folder, {"job.yml": JOB + "outputs:\n  ../../out: {type: uri_folder}\n"})
    assert "`../../out` is not a valid name" in refused(running, folder, 2)


@pytest.mark.parametrize("depth", [60, 20_000])
def test_a_yaml_bomb_or_a_deep_nest_is_one_error_soon(running, folder, depth):
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    nest = "tags: {a: " + "[" * depth + "]" * depth + "}\n"
    for more in (bomb + "tags: {b: *a39}\n", nest):
        write(folder, {"job.yml": JOB + more})
        refused(running, folder, 2)


# -------------------------------------------------------------------------------- what scripts do


@pytest.mark.slow
def test_a_script_that_exits_1_shows_its_last_lines(running, folder):
    write(folder, {"src/train.py": "print('reading')\nraise SystemExit('the file has no column `output`')\n"})
    done = running.run("job", "create", "-f", "job.yml", "--stream", check=False, cwd=folder)
    assert done.returncode == 1
    found = error(done)
    assert "The script ended with exit code 1. Its last lines:" in found
    assert "the file has no column `output`" in found


@pytest.mark.slow
def test_a_primary_metric_that_is_never_logged_is_warned_of_and_ends_the_sweep_after_three(running, folder, eventually):
    write(folder, {"src/train.py": LOG_OTHER, "job.yml": SWEEP})
    name = running.json("job", "create", "-f", str(folder / "job.yml"), "-o", "json")["name"]

    def shown() -> dict[str, Any]:
        return running.json("job", "show", "-n", name, "-o", "json")

    warned = eventually(lambda: shown()["properties"].get("warning"))
    assert "completed without logging the primary metric `Score`" in warned
    assert "The trials logged: `accuracy`." in warned
    done = running.run("job", "stream", "-n", name, check=False)
    assert done.returncode == 1
    found = error(done)
    assert "3 trials in a row completed without logging the primary metric `Score`" in found
    assert "`accuracy`" in found
    assert len(running.json("job", "list", "--parent-job-name", name, "-o", "json")) in (3, 4)


CLASH = """\
import mlflow
mlflow.set_experiment("another one")
with mlflow.start_run():
    mlflow.log_metric("Score", 1)
"""


@pytest.mark.slow
def test_an_experiment_of_another_name_in_the_script_is_ignored_with_a_warning(running, folder):
    text = JOB.replace("minimal@latest", "sklearn-1.5@latest") + "experiment_name: mine\n"
    write(folder, {"src/train.py": CLASH, "job.yml": text})
    running.run("job", "create", "-f", "job.yml", "--stream", "-n", "clashing", cwd=folder)
    shown = running.json("job", "show", "-n", "clashing", "-o", "json")
    assert shown["experiment_name"] == "mine"
    assert "asked for experiment `another one`" in shown["properties"]["warning"]


# -------------------------------------------------------------------------------- code folders


def test_a_link_out_of_the_code_folder_is_refused_with_its_target(running, folder):
    write(folder, {"secret.txt": "private"})
    (folder / "src" / "data.txt").symlink_to(folder / "secret.txt")
    found = refused(running, folder, 2)
    assert str(folder / "src" / "data.txt") in found
    assert str(folder / "secret.txt") in found
    assert ".amlignore" in found


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 << 30)  # sparse: it takes no room


@pytest.mark.parametrize("ignore", [".amlignore", ".gitignore"])
def test_a_huge_file_that_an_ignore_file_names_is_not_sent(running, folder, ignore):
    huge(folder / "src" / "weights.bin")
    write(folder, {f"src/{ignore}": "*.bin\n"})
    done = running.run("job", "create", "-f", "job.yml", "--query", "name", "-o", "tsv", cwd=folder)
    assert "GB" not in done.stderr
    assert running.run("job", "stream", "-n", done.stdout.strip()).returncode == 0


def test_a_huge_file_in_the_code_folder_is_warned_of_before_it_is_sent(running, folder):
    huge(folder / "src" / "weights.bin")
    process = running.start("job", "create", "-f", str(folder / "job.yml"))
    guard = threading.Timer(120, process.kill)
    guard.start()
    try:
        line = next(line for line in process.stderr if "GB" in line)
    finally:
        guard.cancel()
        process.kill()
        process.communicate()
    assert "holds 2.1 GB (largest: `weights.bin`, 2.1 GB)" in line
    assert ".amlignore" in line


# -------------------------------------------------------------------------------- requests and keys


def status_and_error(url: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, body, headers, method="POST")
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request, timeout=60)
    with raised.value as answer:
        return answer.code, json.loads(answer.read())["error"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"type: command", "is not JSON: Expecting value at line 1, column 1. It begins with `type: command`"),
        (b'{"type": "command",}', "is not JSON"),
        (b"[1]", "is a JSON array; expected an object"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b'{"type": "command", "command": "\\ud800", "environment": "minimal"}', "surrogate pair"),
        (b'{"type": "command", "command": "a\\u0000b"}', "command: the text has a NUL character or half"),
        (b'{"type": ' + b"9" * 5000 + b"}", "is not JSON: Exceeds the limit"),
    ],
)
def test_a_body_that_is_not_json_shows_where(running, body, text):
    server, token = running.home.server(), running.home.read_token()
    url = f"{server.url}/api/v1/workspaces/default/jobs"
    code, found = status_and_error(url, body, Authorization=f"Bearer {token}")
    assert (code, found["code"]) == (400, "invalid")
    assert text in found["message"]


def test_a_wrong_key_is_refused_by_server_and_gateway(running, folder):
    record = running.home.server()
    code, found = status_and_error(f"{record.url}/api/v1/workspaces", b"{}", Authorization="Bearer s3cr3t-guess")
    assert (code, found["code"]) == (401, "unauthenticated")
    write(folder, {"src/score.py": "def init(): pass\ndef run(raw): return 1\n"})
    running.run("online-endpoint", "create", "-n", "keyed")
    request = urllib.request.Request(
        f"{record.gateway_url}/endpoints/default/keyed/score", b"{}", {"Authorization": "Bearer s3cr3t-guess"}
    )
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request, timeout=60)
    with raised.value as answer:
        assert answer.code == 401
        assert b"s3cr3t-guess" not in answer.read()


# -------------------------------------------------------------------------------- homes and disks


def test_a_home_of_a_newer_version_is_one_sentence_and_stays_as_it_is(platform):
    platform.root.mkdir()
    marker = platform.root / "home.json"
    marker.write_text(json.dumps({"format": FORMAT + 1}))
    done = platform.run("up", "--detach", "--port", "0", "--gateway-port", "0", check=False)
    assert done.returncode == 3
    assert f"home format {FORMAT + 1}; this version reads up to {FORMAT}" in error(done)
    assert json.loads(marker.read_text()) == {"format": FORMAT + 1}
    assert platform.left() == {}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MiB of its own."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 65536)
            file.flush()
    return filler


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_the_server_stays_usable(
    small_disk: Path, folder: Path, platform: Any, eventually: Callable[..., Any]
):
    platform.root = small_disk / "home"
    platform.up()
    try:
        write(folder, {"src/big.txt": "x" * 3_000_000})
        go = folder / "go"
        waits = f"import os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.1)\n"
        write(folder, {"slow/train.py": waits + "open('outputs/m', 'w').write('m' * 300000)\n"})
        write(folder, {"slow.yml": JOB.replace("./src", "./slow")})
        name = platform.json("job", "create", "-f", str(folder / "slow.yml"), "-o", "json")["name"]

        def status(job: str) -> str:
            return platform.json("job", "show", "-n", job, "-o", "json")["status"]

        eventually(lambda: status(name) == "Running")
        filler = fill(small_disk)
        go.touch()
        found = refused(platform, folder, 3)
        assert "is full: make room, then try again" in found or "no room left" in found, found
        assert len(found.strip().splitlines()) == 1, found
        assert name in platform.run("job", "list").stdout, "reading goes on"
        assert "Bancada is up" in platform.run("status").stdout
        filler.unlink()
        # What ran when the disk was full has an end, and what comes now runs.
        eventually(lambda: status(name) in ("Completed", "Failed"))
        done = platform.run("job", "create", "-f", "job.yml", "--stream", cwd=folder)
        assert "hello" in done.stdout
    finally:
        platform.run("down", "--jobs", "cancel", check=False)
