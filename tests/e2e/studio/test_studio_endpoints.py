"""A model from files to an endpoint that answers, by clicks alone; a script that is broken says where."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PATIENCE_MS = 240_000  # for replicas on a loaded machine
GOOD = """import json


def init():
    global factor
    factor = 2


def run(raw_data):
    print("asked")
    return [factor * one["x"] for one in json.loads(raw_data)["data"]]
"""


@pytest.fixture
def model(studio: Any) -> str:
    """A registered model whose one file is a text: what its script makes of it is its own affair."""
    studio.go("models")
    studio.heading("Models")
    studio.page.get_by_role("button", name="Register model").click()
    upload = {"name": "weights.txt", "mimeType": "text/plain", "buffer": b"factor: 2\n"}
    studio.page.locator("input[type=file][aria-label=Files]").set_input_files(upload)
    studio.see("All files are on the server.")
    dialog = studio.page.get_by_role("dialog")
    assert dialog.get_by_label("Name").input_value() == "weights"
    studio.screenshot("model-register")
    dialog.get_by_role("button", name="Register model").click()
    studio.heading("weights")
    studio.page.wait_for_url(re.compile("/models/weights/"))
    return "weights"


def write(studio: Any, editor: str, text: str) -> None:
    """Put a text into an editor as a person pastes it."""
    studio.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    studio.page.get_by_role("textbox", name=editor).click()
    studio.page.keyboard.press("Control+a")
    studio.page.keyboard.press("Control+v")


def test_a_model_is_registered_deployed_tested_and_deleted_by_clicks(studio, model):
    studio.page.get_by_role("tab", name="Files").click()
    studio.page.get_by_role("treeitem", name="weights.txt").click()
    studio.see("factor: 2")
    studio.page.get_by_role("button", name="Deploy").click()
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("Environment").fill("minimal@latest")
    studio.page.keyboard.press("Escape")
    studio.check_accessibility()
    studio.screenshot("deploy-form")

    # The script that the dialog proposes needs joblib, which this environment does not have.
    dialog.get_by_role("button", name="Deploy", exact=True).click()
    studio.page.get_by_text("score.py, line 5").wait_for(timeout=PATIENCE_MS)
    studio.see("No module named 'joblib'")
    studio.check_accessibility()
    studio.screenshot("deploy-failed")

    dialog.get_by_role("button", name="Change and try again").click()
    write(studio, "Scoring script", GOOD)
    studio.screenshot("deploy-script")
    dialog.get_by_role("button", name="Deploy", exact=True).click()
    studio.page.get_by_role("link", name="Test it").click(timeout=PATIENCE_MS)
    studio.heading("weights-endpoint")
    studio.see("This deployment shows no sample request")
    table = {"name": "rows.csv", "mimeType": "text/csv", "buffer": b"x\n21\n-1\n"}
    studio.page.locator("input[type=file][aria-label='From a file']").set_input_files(table)
    studio.page.locator(".cm-line").filter(has_text="21").wait_for()
    # Without a sample a table goes in MLflow's form, which this script does not know.
    studio.page.get_by_role("button", name="Send").click()
    studio.page.get_by_role("status").filter(has_text="424").wait_for()
    write(studio, "Body of the request", '{"data": [{"x": 21}]}')
    studio.page.get_by_role("button", name="Send").click()
    studio.page.get_by_role("status").filter(has_text="200").wait_for()
    studio.page.get_by_label("Answer").filter(has_text="42").first.wait_for()
    studio.see("The last tests")
    studio.check_accessibility()
    studio.screenshot("endpoint-test")
    look_around(studio)
    delete(studio)


def look_around(studio: Any) -> None:
    """Every other tab shows what it should, and no key that nobody asked for."""
    keys = studio.api("POST", "/api/v1/workspaces/default/online-endpoints/weights-endpoint/keys")
    studio.page.get_by_role("tab", name="Keys").click()
    show = studio.page.get_by_role("button", name="Show: Primary key")
    show.wait_for()
    assert keys["primaryKey"] not in studio.page.content()
    show.click()
    studio.see(keys["primaryKey"])
    assert keys["secondaryKey"] not in studio.page.content()
    studio.page.get_by_role("button", name="Hide: Primary key").click()
    show.wait_for()
    assert keys["primaryKey"] not in studio.page.content()
    studio.page.get_by_role("button", name="Regenerate: Secondary key").click()
    studio.screenshot("endpoint-regenerate")
    studio.page.get_by_role("dialog").get_by_role("button", name="Regenerate", exact=True).click()
    studio.see("There is a new key")
    fresh = studio.api("POST", "/api/v1/workspaces/default/online-endpoints/weights-endpoint/keys")
    assert fresh["primaryKey"] == keys["primaryKey"]
    assert fresh["secondaryKey"] != keys["secondaryKey"]
    studio.page.get_by_role("tab", name="Consume").click()
    studio.page.get_by_text("JavaScript", exact=True).click()
    studio.see("process.env.KEY")
    assert keys["primaryKey"] not in studio.page.content()
    studio.page.get_by_role("tab", name="Logs").click()
    studio.page.get_by_role("log").get_by_text("asked").first.wait_for()
    studio.page.get_by_role("tab", name="Metrics").click()
    studio.see("Requests per second")
    studio.check_accessibility()
    studio.screenshot("endpoint-metrics")
    studio.page.get_by_role("tab", name="Overview").click()
    studio.see("1 of 1 ready")
    studio.check_accessibility()
    studio.screenshot("endpoint")


def delete(studio: Any) -> None:
    """Take the traffic away, which lets the deployment be deleted; then the endpoint goes by its name."""
    studio.page.get_by_role("tab", name="Traffic").click()
    studio.page.get_by_role("button", name="No traffic").click()
    studio.page.get_by_role("button", name="Save the traffic").click()
    studio.see("The traffic is changed")
    studio.check_accessibility()
    studio.screenshot("endpoint-traffic")
    assert studio.api("GET", "/api/v1/workspaces/default/online-endpoints/weights-endpoint")["traffic"] == {"blue": 0}
    studio.page.get_by_role("button", name="More", exact=True).click()
    studio.page.get_by_role("menuitem", name="Delete the endpoint").click()
    studio.page.get_by_label("Type weights-endpoint to confirm").fill("weights-endpoint")
    studio.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    studio.heading("Endpoints")
    studio.see("No endpoints yet")


def test_a_version_is_described_archived_and_restored(studio):
    body = {"path": "azureml://datastores/workspaceblobstore/paths/none", "type": "custom_model"}
    files = [{"path": "a.txt", "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "size": 0}]
    tree = studio.api("POST", "/api/v1/workspaces/default/trees", {"files": files})
    if tree["missing"]:
        studio.page.request.put(f"{studio.base}/api/v1/workspaces/default/blobs/{files[0]['digest']}", data=b"")
        tree = studio.api("POST", "/api/v1/workspaces/default/trees", {"files": files})
    body["path"] = f"azureml:trees/{tree['tree']}"
    studio.api("POST", "/api/v1/workspaces/default/models/described", body)
    studio.go("models/described/1")
    studio.heading("described")
    studio.page.get_by_role("button", name="Edit description and tags").click()
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("Description").fill("what it is for")
    dialog.get_by_role("button", name="Add a tag").click()
    dialog.get_by_label("Key of tag 1").fill("team")
    dialog.get_by_label("Value of tag 1").fill("radiology")
    dialog.get_by_role("button", name="Save").click()
    studio.see("what it is for")
    studio.see("radiology")
    studio.check_accessibility()
    studio.screenshot("model")
    studio.page.get_by_role("button", name="More", exact=True).click()
    studio.page.get_by_role("menuitem", name="Archive this version").click()
    studio.see("This version is archived.")
    studio.page.get_by_role("button", name="More", exact=True).click()
    studio.page.get_by_role("menuitem", name="Restore this version").click()
    studio.page.get_by_text("This version is archived.").wait_for(state="detached")
