"""Which version of an asset a job read, and which jobs read a version."""

from __future__ import annotations

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.engine.lineage import data_jobs
from bancada.errors import NotFound

READ = "import sys\nprint(open(sys.argv[1]).read())\n"


def put(bench: Bench, name: str, content: str) -> str:
    doc = {"name": name, "type": "uri_file", "path": bench.upload({"t.csv": content}) + "/t.csv"}
    return str(bench.platform.assets.create(WORKSPACE, "data", doc, "owner").body["version"])


def reader(bench: Bench, path: str, **doc: object) -> str:
    inputs = {"t": {"type": "uri_file", "path": path}}
    return bench.submit(READ, command="python a.py ${{inputs.t}}", inputs=inputs, **doc)


def input_of(bench: Bench, name: str) -> str:
    return str(bench.job(name)["inputs"]["t"]["path"])


def test_a_job_says_which_version_the_latest_one_was(bench: Bench):
    put(bench, "heart", "first")
    before = reader(bench, "azureml:heart@latest")
    put(bench, "heart", "second")
    after, exact = reader(bench, "azureml:heart@latest"), reader(bench, "azureml:heart:1")
    assert [input_of(bench, one) for one in (before, after, exact)] == [
        "azureml:heart:1",
        "azureml:heart:2",
        "azureml:heart:1",
    ]
    assert bench.wait(before)["status"] == bench.wait(after)["status"] == "Completed"
    assert "first" in bench.log(before)
    assert "second" in bench.log(after)


def test_a_version_knows_the_jobs_that_read_it_newest_first(bench: Bench):
    put(bench, "heart", "first")
    put(bench, "Heart", "another asset")
    one, two = reader(bench, "azureml:heart@latest"), reader(bench, "azureml:heart:1")
    other = reader(bench, "azureml:Heart:1")
    found = data_jobs(bench.core, WORKSPACE, "heart", "1")
    assert [job["name"] for job in found["used_by"]] == [two, one]
    assert not found["has_more"]
    assert "made_by" not in found
    assert [job["name"] for job in data_jobs(bench.core, WORKSPACE, "Heart", "1")["used_by"]] == [other]
    with pytest.raises(NotFound, match="has no version 9"):
        data_jobs(bench.core, WORKSPACE, "heart", "9")


def test_a_version_made_of_an_output_knows_its_job(bench: Bench):
    script = "import sys\nopen(sys.argv[1] + '/part.txt', 'w').write('hello')\n"
    maker = bench.submit(script, command="python a.py ${{outputs.out}}", outputs={"out": {"type": "uri_folder"}})
    assert bench.wait(maker)["status"] == "Completed"
    doc = {"name": "parts", "type": "uri_folder", "path": f"azureml://jobs/{maker}/outputs/out/paths/"}
    bench.platform.assets.create(WORKSPACE, "data", doc, "owner")
    assert data_jobs(bench.core, WORKSPACE, "parts", "1").get("made_by", {}).get("name") == maker
