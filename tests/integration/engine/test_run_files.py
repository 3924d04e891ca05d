"""What a job left, with the models that MLflow 3 keeps beside its artifacts."""

from __future__ import annotations

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.engine.locations import Locations
from bancada.engine.uploads import tree_root
from bancada.errors import Invalid, NotFound
from bancada.store import logged_models, runs, tracking, trees
from bancada.store.database import Tx


def log_model(bench: Bench, run: str, model: str, name: str, content: str, now: float) -> None:
    tree = bench.upload({"MLmodel": content, "data/x.pkl": "x"}).removeprefix("azureml:trees/")

    def commit(tx: Tx) -> None:
        row = runs.find(tx, WORKSPACE, run)
        assert row is not None
        logged_models.create(
            tx,
            WORKSPACE,
            model_id=model,
            experiment=row.experiment,
            run=row.key,
            source_run_id=run,
            name=name,
            model_type=None,
            user_name="u",
            now=now,
        )
        trees.copy_tree(tx, WORKSPACE, tree_root(tree), "", logged_models.artifact_root(model))

    bench.core.db.write(commit)


def test_logged_models_are_among_a_jobs_files_and_hide_none_of_its_own(bench: Bench):
    name = bench.submit("import os\nos.makedirs('outputs/taken')\nopen('outputs/taken/own.txt', 'w').write('own')\n")
    bench.wait(name)
    log_model(bench, name, "m-1", "heart", "older", 1.0)
    log_model(bench, name, "m-2", "heart", "newer", 2.0)
    log_model(bench, name, "m-3", "outputs", "hidden", 3.0)
    jobs = bench.platform.jobs
    paths = [one["path"] for one in jobs.files(WORKSPACE, name, "")]
    assert {"heart/MLmodel", "heart/data/x.pkl", "outputs/taken/own.txt"} <= set(paths)
    assert len(paths) == len(set(paths))
    assert not any(path.startswith("outputs/") and "MLmodel" in path for path in paths)
    assert [one["path"] for one in jobs.files(WORKSPACE, name, "heart/data")] == ["heart/data/x.pkl"]
    assert jobs.open_file(WORKSPACE, name, "heart/MLmodel").read_text() == "newer"
    assert jobs.open_file(WORKSPACE, name, "outputs/taken/own.txt").read_text() == "own"
    with pytest.raises(NotFound):
        jobs.open_file(WORKSPACE, name, "outputs/MLmodel")
    with pytest.raises(NotFound, match=r"has: heart, outputs"):
        Locations(bench.core).files(WORKSPACE, f"azureml://jobs/{name}/outputs/artifacts/paths/nothing/")


def test_tables_are_marked_by_what_the_client_noted(bench: Bench):
    name = bench.submit("open('outputs/a.json', 'w').close()\n")
    bench.wait(name)

    def note(text: str) -> list[str]:
        bench.core.db.write(lambda tx: tracking.set_tags(tx, WORKSPACE, name, {runs.LOGGED_ARTIFACTS_TAG: text}))
        listed = bench.platform.jobs.files(WORKSPACE, name, "")
        assert all(one["digest"] for one in listed if one["path"].startswith("outputs/"))
        return [one["path"] for one in listed if one.get("is_table")]

    assert note('[{"path": "outputs/a.json", "type": "table"}, {"path": "b.json", "type": "other"}]') == [
        "outputs/a.json"
    ]
    assert [note(odd) for odd in ("no JSON", "{}", '[1, "a", {"type": "table"}]', "null")] == [[]] * 4


def test_a_folder_of_a_job_is_given_with_names_inside_of_it(bench: Bench):
    name = bench.submit("import os\nos.makedirs('outputs/m/data')\nopen('outputs/m/data/a.txt', 'w').write('a')\n")
    bench.wait(name)
    log_model(bench, name, "m-1", "heart", "of the model", 1.0)
    jobs = bench.platform.jobs

    def found(prefix: str) -> dict[str, str]:
        return {path: file.read_text() for path, file in jobs.stored_files(WORKSPACE, name, prefix)}

    assert found("outputs/m/") == {"data/a.txt": "a"}
    assert found("outputs/m/data/a.txt") == {"a.txt": "a"}
    assert found("heart") == {"MLmodel": "of the model", "data/x.pkl": "x"}
    assert {"outputs/m/data/a.txt", "heart/MLmodel"} <= set(found(""))
    with pytest.raises(NotFound, match="outputs/m"):
        found("outputs/n")
    for path in ("../x", "outputs/../../x", "/etc"):
        with pytest.raises(Invalid, match="no path inside a folder"):
            found(path)


def test_an_unknown_workspace_is_told_before_anything_is_stored(bench: Bench):
    with pytest.raises(NotFound, match="There is no workspace named `nope`"):
        bench.platform.uploads.missing("nope", [])
    with pytest.raises(NotFound, match="There is no workspace named `nope`"):
        bench.platform.uploads.put_blob("nope", "0" * 64, [b"x"])
    assert not (bench.home / "workspaces" / "nope").exists()
