"""Command jobs from submission to their end, in real processes."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.errors import AlreadyExists, Conflict, Invalid, NotFound
from bancada.store import jobs

SLEEPER = "import time, os\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"


def process_of(bench: Bench, name: str) -> int:
    """Return the pid that the sleeper prints first."""
    text = bench.until(lambda: bench.log(name), lambda found: found.endswith("\n"))
    return int(text.split()[-1])


def test_a_job_runs_with_its_inputs_and_keeps_its_outputs_and_log(bench: Bench):
    script = "import sys\nprint('got', sys.argv[1:])\nopen('outputs/model.txt', 'w').write('m')\n"
    command = "python a.py --x ${{inputs.x}} --flag ${{inputs.b}}"
    name = bench.submit(script, command=command, inputs={"x": 3, "b": True})
    body = bench.wait(name)
    assert body["status"] == "Completed"
    assert "got ['--x', '3', '--flag', 'True']" in bench.log(name)
    paths = [one["path"] for one in bench.platform.jobs.files(WORKSPACE, name, "")]
    assert paths == ["outputs/model.txt", "user_logs/std_log.txt"]
    assert bench.platform.jobs.open_file(WORKSPACE, name, "outputs/model.txt").read_text() == "m"


def test_named_outputs_are_folders_that_later_jobs_read(bench: Bench):
    first = bench.submit(
        "import sys\nopen(sys.argv[1] + '/part.txt', 'w').write('hello')\n",
        command="python a.py ${{outputs.out}}",
        outputs={"out": {"type": "uri_folder"}},
    )
    assert bench.wait(first)["status"] == "Completed"
    second = bench.submit(
        "import sys\nprint(open(sys.argv[1] + '/part.txt').read())\n",
        command="python a.py ${{inputs.data}}",
        inputs={"data": {"type": "uri_folder", "path": f"azureml://jobs/{first}/outputs/out/paths/"}},
    )
    assert bench.wait(second)["status"] == "Completed"
    assert "hello" in bench.log(second)


def test_a_failing_script_shows_its_last_lines(bench: Bench):
    name = bench.submit("print('before')\nraise ValueError('the reason')\n")
    error = bench.wait(name)["error"]
    assert "exit code 1" in error["message"]
    assert "ValueError: the reason" in error["message"]


def test_a_running_job_is_cancelled_with_its_process(bench: Bench):
    name = bench.submit(SLEEPER)
    pid = process_of(bench, name)
    bench.platform.jobs.cancel(WORKSPACE, name, "owner")
    assert bench.wait(name)["status"] == "Canceled"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(Conflict, match="Canceled already"):
        bench.platform.jobs.cancel(WORKSPACE, name, "owner")


def test_a_second_job_waits_with_position_and_reason_and_then_runs(one_core_bench: Bench):
    bench = one_core_bench
    first = bench.submit(SLEEPER)
    process_of(bench, first)
    second = bench.submit("print('done')\n")
    body = bench.until(lambda: bench.job(second), lambda found: "status_reason" in found)
    assert body["queue_position"] == 1
    assert "busy" in body["status_reason"]
    bench.platform.jobs.cancel(WORKSPACE, first, "owner")
    assert bench.wait(second)["status"] == "Completed"


def test_a_job_over_its_time_limit_is_ended(bench: Bench):
    name = bench.submit(SLEEPER, limits={"timeout": 1})
    body = bench.wait(name)
    assert body["status"] == "Failed"
    assert "longer than its limit of 1 s" in body["error"]["message"]


def test_a_job_killed_from_outside_fails_with_the_signal(bench: Bench):
    name = bench.submit(SLEEPER)
    os.kill(process_of(bench, name), signal.SIGKILL)
    body = bench.wait(name)
    assert body["status"] == "Failed"
    assert "signal 9" in body["error"]["message"]


def test_a_job_whose_keeper_is_killed_is_tried_again(bench: Bench, tmp_path: Path):
    marker = tmp_path / "tries"
    script = (
        f"import time\nopen({str(marker)!r}, 'a').write('x')\n"
        f"time.sleep(0 if len(open({str(marker)!r}).read()) > 1 else 600)\n"
    )
    name = bench.submit(script)
    bench.until(lambda: marker.exists() and marker.read_text(), lambda found: found == "x")
    record = bench.core.paths.launch(f"{WORKSPACE}.{name}.1") / "process.json"
    keeper = json.loads(record.read_text())["keeper_pid"]
    os.kill(keeper, signal.SIGKILL)
    body = bench.wait(name)
    assert body["status"] == "Completed"
    assert body["properties"]["attempt"] == "2"
    assert marker.read_text() == "xx"


def test_a_new_server_adopts_what_runs_and_starts_nothing_twice(bench: Bench, tmp_path: Path):
    marker, release = tmp_path / "tries", tmp_path / "go"
    script = (
        f"import time, os\nopen({str(marker)!r}, 'a').write('x')\n"
        f"while not os.path.exists({str(release)!r}): time.sleep(0.01)\nprint('went on')\n"
    )
    name = bench.submit(script)
    bench.until(lambda: marker.exists(), bool)
    bench.reopen()
    assert bench.wait(name, "Running")
    release.touch()
    assert bench.wait(name)["status"] == "Completed"
    assert marker.read_text() == "x"
    assert "went on" in bench.log(name)


def test_a_job_that_ended_while_no_server_was_there_is_collected(bench: Bench, tmp_path: Path):
    release = tmp_path / "go"
    script = (
        f"import time, os\nprint('began', flush=True)\n"
        f"while not os.path.exists({str(release)!r}): time.sleep(0.01)\nopen('outputs/late.txt', 'w').write('1')\n"
    )
    name = bench.submit(script)
    bench.until(lambda: bench.log(name), lambda text: "began" in text)
    bench.close()
    release.touch()
    folder = bench.core.paths.launch(f"{WORKSPACE}.{name}.1")
    bench.until(lambda: (folder / "exit.json").exists(), bool)
    bench.open()
    assert bench.wait(name)["status"] == "Completed"
    assert [one["path"] for one in bench.platform.jobs.files(WORKSPACE, name, "outputs")] == ["outputs/late.txt"]


def test_bad_submissions_say_what_is_wrong(bench: Bench):
    code = bench.upload({"a.py": "print(1)\n"})
    good = {"command": "python a.py", "code": code, "environment": "azureml:minimal@latest"}
    submit = bench.platform.jobs.submit
    nowhere = "azureml://datastores/workspaceblobstore/paths/nowhere"
    with pytest.raises(NotFound, match=r"no environment named `sklern-env`"):
        submit(WORKSPACE, {**good, "environment": "azureml:sklern-env:1"}, "owner")
    with pytest.raises(NotFound, match=r"no compute named `big`. There is: `local`"):
        submit(WORKSPACE, {**good, "compute": "azureml:big"}, "owner")
    with pytest.raises(NotFound, match=r"no workspace named `defualt`\. Did you mean `default`"):
        submit("defualt", good, "owner")
    with pytest.raises(Invalid, match=r"inputs\.data: .*nothing at `nowhere`"):
        submit(WORKSPACE, {**good, "inputs": {"data": {"type": "uri_file", "path": nowhere}}}, "owner")
    with pytest.raises(Invalid, match=r"is no input"):
        submit(WORKSPACE, {**good, "command": "python a.py ${{inputs.nope}}"}, "owner")
    with pytest.raises(Invalid, match="local path"):
        submit(WORKSPACE, {**good, "inputs": {"data": {"type": "uri_file", "path": "/etc/passwd"}}}, "owner")
    submit(WORKSPACE, {**good, "name": "taken"}, "owner")
    with pytest.raises(AlreadyExists, match="`taken` exists already"):
        submit(WORKSPACE, {**good, "name": "taken"}, "owner")


def test_a_conda_file_may_be_sent_as_its_text(bench: Bench):
    create = bench.platform.assets.create
    text = "name: e\ndependencies:\n  - python=3.11\n"
    made = create(WORKSPACE, "environments", {"name": "written", "conda_file": text}, "owner")
    assert made.body["conda_file"] == {"name": "e", "dependencies": ["python=3.11"]}
    with pytest.raises(Invalid, match="dependencies"):
        create(WORKSPACE, "environments", {"name": "listed", "conda_file": "- a\n- b\n"}, "owner")
    with pytest.raises(Invalid, match="not YAML"):
        create(WORKSPACE, "environments", {"name": "broken", "conda_file": "a: [\nb"}, "owner")


def test_a_missing_version_names_the_versions_that_exist(bench: Bench):
    for _ in range(2):
        content = {"dependencies": ["python=3.11", {"pip": [f"six=={_ + 15}"]}]}
        bench.platform.assets.create(
            WORKSPACE, "environments", {"name": "env", "image": "x", "conda_file": content}, "owner"
        )
    doc = {"command": "python a.py", "code": bench.upload({"a.py": ""}), "environment": "azureml:env:7"}
    with pytest.raises(NotFound, match=r"`env` has no version 7 \(it has 1, 2\)"):
        bench.platform.jobs.submit(WORKSPACE, doc, "owner")


def test_deleting_a_workspace_ends_its_jobs_and_frees_its_disk(bench: Bench):
    bench.platform.workspaces.put("other", {}, "owner")
    bench.platform.workspaces.put("other", {"description": "again"}, "owner")
    name = bench.submit(SLEEPER)
    pid = process_of(bench, name)
    bench.platform.workspaces.delete(WORKSPACE, "owner")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not bench.core.paths.workspace(WORKSPACE).exists()
    with pytest.raises(NotFound):
        bench.platform.jobs.get(WORKSPACE, name)
    assert [one.body["name"] for one in bench.platform.workspaces.list()] == ["other"]


def test_runs_that_a_killed_script_had_begun_are_ended_with_it(bench: Bench):
    name = bench.submit(SLEEPER)
    pid = process_of(bench, name)
    experiment = bench.core.db.read(lambda tx: jobs.get(tx, WORKSPACE, name).experiment_id)  # type: ignore[union-attr]
    nested = jobs.JobRow(WORKSPACE, "nested", None, None, "Running", experiment, "nested", 0.0, parent=name)
    bench.core.db.write(lambda tx: jobs.insert(tx, nested))
    os.kill(pid, signal.SIGKILL)
    bench.wait(name)
    assert bench.job("nested")["status"] == "Failed"


def test_a_writable_input_can_be_written_and_its_asset_stays(bench: Bench):
    first = bench.submit("open('outputs/x.txt', 'w').write('old')\n")
    assert bench.wait(first)["status"] == "Completed"
    path = f"azureml://jobs/{first}/outputs/artifacts/paths/outputs/"
    script = (
        "import os, pathlib, sys\nfile = pathlib.Path(sys.argv[1], 'x.txt')\n"
        "assert os.stat(file).st_mode & 0o200, 'read-only'\nfile.write_text('new')\n"
    )
    data = {"type": "uri_folder", "path": path, "mode": "rw_mount"}
    second = bench.submit(script, command="python a.py ${{inputs.data}}", inputs={"data": data})
    assert bench.wait(second)["status"] == "Completed"
    assert bench.platform.jobs.open_file(WORKSPACE, first, "outputs/x.txt").read_text() == "old"


def test_deleting_a_job_deletes_the_runs_below_its_runs(bench: Bench):
    name = bench.submit("print(1)\n")
    bench.wait(name)
    experiment = bench.core.db.read(lambda tx: jobs.get(tx, WORKSPACE, name).experiment_id)  # type: ignore[union-attr]
    for run, parent in (("child", name), ("grandchild", "child")):
        row = jobs.JobRow(WORKSPACE, run, None, None, "Completed", experiment, run, 0.0, parent=parent)
        bench.core.db.write(lambda tx, row=row: jobs.insert(tx, row))
    bench.platform.jobs.delete(WORKSPACE, name, "owner")
    left = bench.core.db.read(lambda tx: [jobs.get(tx, WORKSPACE, one) for one in (name, "child", "grandchild")])
    assert left == [None, None, None]


def test_an_upload_onto_a_folder_of_its_name_is_a_conflict(bench: Bench):
    put = bench.platform.uploads.datastore_put
    put(WORKSPACE, "workspaceblobstore", "in", bench.upload({"a/b.txt": "1"}).rpartition("/")[2])
    with pytest.raises(Conflict, match="is in the way"):
        put(WORKSPACE, "workspaceblobstore", "in", bench.upload({"a": "2"}).rpartition("/")[2])
    with pytest.raises(Conflict, match="is in the way"):
        put(WORKSPACE, "workspaceblobstore", "in/a/b.txt", bench.upload({"c": "3"}).rpartition("/")[2])


def test_a_workspace_name_is_checked_to_its_last_letter(bench: Bench):
    with pytest.raises(Invalid, match="not a valid name"):
        bench.platform.workspaces.put("lab\n", {}, "owner")


def test_a_registered_model_is_an_input_by_its_name(bench: Bench):
    tree = bench.upload({"m/weights.txt": "w"})
    bench.platform.assets.create(WORKSPACE, "models", {"name": "net", "path": f"{tree}/m"}, "owner")
    script = "import sys, os\nprint(open(os.path.join(sys.argv[1], 'weights.txt')).read())\n"
    model = {"type": "custom_model", "path": "azureml:net:1"}
    name = bench.submit(script, command="python a.py ${{inputs.model}}", inputs={"model": model})
    assert bench.wait(name)["status"] == "Completed"
    assert bench.log(name).split() == ["w"]


def test_data_of_another_workspace_is_not_read(bench: Bench):
    bench.platform.workspaces.put("other", {}, "owner")
    path = "azureml://subscriptions/s/resourcegroups/g/workspaces/other/datastores/workspaceblobstore/paths/x"
    with pytest.raises(Invalid, match="names another workspace"):
        bench.submit("", inputs={"data": {"type": "uri_folder", "path": path}})


def test_a_job_cannot_spoil_what_it_only_reads(bench: Bench):
    def asset(version: str) -> None:
        tree = bench.upload({"data.csv": "clean\n"})
        doc = {"name": "d", "version": version, "type": "uri_file", "path": f"{tree}/data.csv"}
        bench.platform.assets.create(WORKSPACE, "data", doc, "owner")

    def read(version: str, script: str) -> str:
        data = {"type": "uri_file", "path": f"azureml:d:{version}", "mode": "ro_mount"}
        name = bench.submit(script, command="python a.py ${{inputs.d}}", inputs={"d": data})
        bench.wait(name)
        return bench.log(name)

    asset("1")
    read("1", "import sys\nopen(sys.argv[1], 'a').write('spoilt')\n")
    asset("2")
    show = "import os, sys\nprint(open(sys.argv[1]).read())\n"
    data = {"type": "uri_file", "path": "azureml:d:1", "mode": "rw_mount"}
    mode = "import os, sys\nprint(bool(os.stat(sys.argv[1]).st_mode & 0o200))\n"
    own = bench.submit(mode, command="python a.py ${{inputs.d}}", inputs={"d": data})
    bench.wait(own)
    assert bench.log(own).split() == ["True"]
    assert read("1", show).split() == ["clean"]
    assert read("2", show).split() == ["clean"]


def test_what_one_machine_cannot_grant_is_said_on_the_job(bench: Bench):
    name = bench.submit("", resources={"instance_count": 4, "shm_size": "2g"}, distribution={"type": "pytorch"})
    body = bench.wait(name)
    assert body["status"] == "Completed"
    warning = body["properties"]["warning"]
    assert all(f"`{one}`" in warning for one in ("distribution", "resources.instance_count", "resources.shm_size"))
    assert "warning" not in bench.job(bench.submit("", resources={"instance_count": 1}))["properties"]


def test_a_folder_is_no_uri_file(bench: Bench):
    tree = bench.upload({"src/a.csv": "1"})
    doc = {"name": "d", "type": "uri_file", "path": f"{tree}/src"}
    with pytest.raises(Invalid, match="use `uri_folder`"):
        bench.platform.assets.create(WORKSPACE, "data", doc, "owner")
