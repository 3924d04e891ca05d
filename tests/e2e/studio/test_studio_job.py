"""The page of one job: what it was, did, logged, printed and left; what may be done with it; both languages."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def test_a_failed_job_says_why_and_what_to_do(studio):
    name = studio.submit('python -c "import lightgbm_of_mine"', display_name="breaks")
    studio.go(f"jobs/{name}")
    studio.page.get_by_role("alert", name="The job failed").wait_for(timeout=240_000)
    studio.see("The package lightgbm_of_mine is not in the environment.")
    studio.see("ModuleNotFoundError")
    studio.see("Timeline")
    studio.check_accessibility()
    studio.screenshot("job-failed")
    studio.page.get_by_role("link", name="Whole log").click()
    studio.page.get_by_role("log").get_by_text("ModuleNotFoundError").wait_for()
    studio.page.get_by_role("tab", name="Environment").click()
    studio.see("Packages")
    studio.page.get_by_role("tab", name="YAML, CLI and SDK").click()
    studio.see("commandJob.schema.json")
    studio.check_accessibility()


def test_description_and_tags_are_changed_in_place(studio):
    name = studio.log_run("written-about")
    studio.go(f"jobs/{name}")
    studio.page.get_by_role("button", name="Edit").click()
    studio.page.get_by_role("textbox", name="Description").fill("A second try.")
    studio.page.get_by_role("button", name="Save").click()
    studio.page.get_by_text("A second try.", exact=True).wait_for()
    studio.page.get_by_role("button", name="Add a tag").click()
    studio.page.get_by_label("Tag", exact=True).fill("stage")
    studio.page.get_by_label("Value", exact=True).fill("draft")
    studio.page.get_by_role("button", name="Add", exact=True).click()
    studio.page.get_by_text("draft", exact=True).wait_for()
    studio.page.get_by_role("button", name="Remove the tag stage").click()
    studio.page.get_by_text("draft", exact=True).wait_for(state="detached")
    assert studio.api("GET", f"/api/v1/workspaces/default/jobs/{name}")["tags"] == {}


def test_a_job_is_renamed_and_then_deleted_from_its_page(studio):
    name = studio.log_run("first-name")
    studio.go(f"jobs/{name}")
    studio.page.get_by_role("button", name="More").click()
    studio.page.get_by_role("menuitem", name="Rename").click()
    studio.page.get_by_label("Name to show").fill("second name")
    studio.page.get_by_role("menu").wait_for(state="hidden")
    studio.check_accessibility()
    studio.screenshot("job-rename")
    studio.page.get_by_role("button", name="Save").click()
    studio.heading("second name")
    studio.page.get_by_role("button", name="More").click()
    studio.page.get_by_role("menuitem", name="Delete").click()
    # A request about what is gone would fail the test.
    studio.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    studio.heading("Jobs")
    studio.gone("second name")


def logged(studio, run_id, steps):
    """Log a curve of two metrics."""
    path = f"/mlflow/{studio.workspace}/api/2.0/mlflow/runs/log-batch"
    points = [
        {"key": key, "value": 1 / (step + 1 + at), "timestamp": 1_750_000_000_000 + step * 1000, "step": step}
        for step in steps
        for at, key in enumerate(("loss", "val/loss"))
    ]
    studio.api("POST", path, {"run_id": run_id, "metrics": points})


def test_charts_grow_while_metrics_come_and_their_choice_is_in_the_address(studio):
    name = studio.log_run("learns")
    logged(studio, name, range(20))
    studio.go(f"jobs/{name}/metrics")
    studio.page.get_by_role("figure", name="val/loss").locator("canvas").wait_for()
    studio.page.get_by_role("figure", name="loss", exact=True).get_by_role("button", name="As a table").click()
    studio.page.get_by_role("rowheader", name="19", exact=True).wait_for()
    studio.page.get_by_label("Live: everything shown is up to date").wait_for()
    logged(studio, name, range(20, 25))
    studio.page.get_by_role("rowheader", name="24", exact=True).wait_for()
    studio.check_accessibility()
    studio.screenshot("job-metrics")
    studio.page.get_by_role("checkbox", name="val/loss").uncheck()
    studio.page.get_by_text("Time since start").click()
    studio.page.get_by_role("switch", name="Log axis").check()
    for word in ("metrics=loss", "x=relative", "log=1"):
        studio.at(word)
    studio.page.reload()
    studio.page.get_by_role("figure", name="loss", exact=True).locator("canvas").wait_for()
    assert studio.page.get_by_role("figure", name="val/loss").count() == 0


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CAB+GTG8HSALfKY52fTcuYAAAAAElFTkSuQmCC"


def kept(studio, run_id, path, data):
    """Put a file among a run's artifacts, as an MLflow client does."""
    import urllib.request

    token = studio.platform.home.read_token()
    address = f"{studio.base}/mlflow/{studio.workspace}/api/2.0/mlflow-artifacts/artifacts"
    info = studio.api("GET", f"/mlflow/{studio.workspace}/api/2.0/mlflow/runs/get?run_id={run_id}")["run"]["info"]
    root = info["artifact_uri"].partition(":")[2].lstrip("/")
    request = urllib.request.Request(
        f"{address}/{root}/{path}", data=data, method="PUT", headers={"Authorization": f"Bearer {token}"}
    )
    urllib.request.urlopen(request).read()


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_pictures_tables_and_models_of_a_job(studio, language):
    import base64

    name = studio.log_run("draws")
    kept(studio, name, "plots/confusion_matrix.png", base64.b64decode(PIXEL))
    kept(studio, name, "scores.csv", b"name,score\nfirst,0.5\n")
    kept(studio, name, "forest/MLmodel", b"flavors: {}\n")
    kept(studio, name, "forest/model.pkl", b"x")
    words = {
        "en": ("Enlarge", "Register model", "Name of the model", "is registered", "Outputs and logs"),
        "pt-BR": ("Ampliar", "Registrar modelo", "Nome do modelo", "foi registrado", "Saídas e logs"),
    }[language]
    studio.go(f"jobs/{name}/images")
    studio.page.get_by_role("cell", name="first").wait_for()
    # One pixel, drawn as large as its card.
    small = studio.page.get_by_role("img", name="plots/confusion_matrix.png")
    small.wait_for()
    assert small.bounding_box()["height"] > 200
    studio.page.get_by_role("button", name=f"{words[0]} plots/confusion_matrix.png").click()
    studio.page.get_by_role("dialog").locator("img").wait_for()
    studio.check_accessibility()
    studio.screenshot(f"job-images-{language}")
    studio.page.keyboard.press("Escape")
    studio.page.get_by_role("button", name=words[1]).click()
    model = studio.page.get_by_label(words[2])
    assert model.input_value() == "forest"
    model.fill(f"forest-{language}")
    studio.check_accessibility()
    studio.screenshot(f"job-register-{language}")
    studio.page.get_by_role("dialog").get_by_role("button", name=words[1]).click()
    studio.see(words[3])
    made = studio.api("GET", f"/api/v1/workspaces/default/models/forest-{language}/versions/1")
    assert made["type"] == "mlflow_model"
    studio.page.get_by_role("tab", name=words[4]).click()
    studio.page.get_by_role("treeitem", name="scores.csv").click()
    studio.page.get_by_role("cell", name="0.5").wait_for()
    studio.screenshot(f"job-files-{language}")


def test_two_jobs_differ_in_what_they_ran(studio):
    names = [studio.submit(f"echo {word}", display_name=f"says-{word}") for word in ("yes", "no")]
    studio.go(f"jobs/{names[0]}")
    studio.page.get_by_role("button", name="More actions").click()
    studio.page.get_by_role("menuitem", name="Differences to another job").click()
    studio.page.get_by_label("Search jobs").fill("says-no")
    studio.page.get_by_role("dialog").get_by_role("button", name="says-no").click()
    studio.page.get_by_role("row", name="command echo yes echo no").wait_for()
    studio.check_accessibility()
    studio.screenshot("compare-difference")
