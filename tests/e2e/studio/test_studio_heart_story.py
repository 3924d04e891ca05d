"""The heart story in the page alone: upload, train, follow, register, deploy, ask, search, delete. No line of code.

What a person uploads is data and a training script, as from anywhere else; the page is all that is used after that.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
HEART = Path(__file__).parents[3] / "examples" / "heart" / "heart.csv"
BUILT_S = 600.0  # an environment may have to be built first, from an index that is slow
TRAIN = """
import argparse
import os
import time

import mlflow
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--data")
parser.add_argument("--depth", type=int, default=4)
given = parser.parse_args()
table = pd.read_csv(given.data)[["age", "trtbps", "chol", "thalachh", "output"]].astype(float)
train, test = table[:200], table[200:]
model = RandomForestClassifier(n_estimators=20, max_depth=given.depth, random_state=0)
model.fit(train.drop(columns="output"), train["output"])
score = model.score(test.drop(columns="output"), test["output"])
with mlflow.start_run():
    mlflow.log_param("depth", given.depth)
    mlflow.log_metric("Score", score)
    mlflow.sklearn.log_model(model, artifact_path="model", input_example=test.drop(columns="output")[:2])
print("score", score)
# The third trial of the sweep ends when the test has seen the others.
while os.environ["AZUREML_RUN_ID"].endswith("_2") and not os.path.exists("GO"):
    time.sleep(0.1)
"""
WORDS = {
    "en": {
        "create": "Create",
        "data": "Data",
        "command": "Command line",
        "environment": "Environment",
        "display": "Display name",
        "submit": "Submit",
        "path": "Path of data",
    },
    "pt-BR": {
        "create": "Criar",
        "data": "Dados",
        "command": "Linha de comando",
        "environment": "Ambiente",
        "display": "Nome de exibição",
        "submit": "Enviar",
        "path": "Caminho de data",
    },
}


def upload_heart(studio, words):
    """Make the data asset out of the file."""
    studio.go("data/create")
    studio.page.locator("input[type=file]").first.set_input_files(str(HEART))
    studio.page.locator("input[value=heart]").wait_for()
    studio.page.get_by_role("button", name=words["create"], exact=True).click()
    studio.heading("heart")


def train(studio, folder, words, name):
    """Create a job by the form and submit it."""
    page = studio.page
    studio.go("jobs/create")
    page.get_by_label(words["display"]).fill(name)
    page.locator("input[type=file][webkitdirectory]").set_input_files(str(folder))
    studio.see("train.py")
    page.get_by_role("button", name=words["data"], exact=True).click()
    page.get_by_role("textbox", name=words["path"]).or_(page.get_by_role("combobox", name=words["path"])).fill(
        "azureml:heart@latest"
    )
    page.get_by_label(words["command"]).fill("python train.py --data")
    page.get_by_role("button", name="${{inputs.data}}").click()
    page.get_by_label(words["environment"], exact=True).and_(page.locator("input")).fill("azureml:sklearn-1.5@latest")
    page.keyboard.press("Tab")
    studio.screenshot(f"story-create-{name}")
    page.get_by_role("button", name=words["submit"], exact=True).click()
    studio.heading(name)
    page.locator("[data-status=Completed]").first.wait_for(timeout=BUILT_S * 1000)
    return page.url.split("/jobs/")[1].split("/")[0].split("?")[0]


@pytest.fixture
def code(tmp_path):
    """A folder with the training script, as it lies on a person's machine."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(TRAIN.replace("GO", str(tmp_path / "go")), encoding="utf-8")
    return tmp_path / "src"


def test_heart_from_upload_to_answer_without_code(studio, code):
    page = studio.page
    upload_heart(studio, WORDS["en"])
    job = train(studio, code, WORDS["en"], "heart-forest")
    studio.see("Score")
    studio.screenshot("story-job")
    # The model, from the job's page.
    page.get_by_role("button", name="Register model").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of the model").fill("heart-model")
    dialog.get_by_role("button", name="Register").last.click()
    page.get_by_role("link", name="Open the model").click()
    studio.heading("heart-model")
    studio.screenshot("story-model")
    # The endpoint, from the model's page: without a script, for MLflow saved it.
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_label("Name of the endpoint").fill("heart-endpoint")
    page.get_by_role("dialog").get_by_role("button", name="Deploy", exact=True).click()
    test_it = page.get_by_role("link", name="Test it").or_(page.get_by_role("button", name="Test it"))
    test_it.wait_for(timeout=BUILT_S * 1000)
    studio.screenshot("story-deployed")
    test_it.click()
    # The request is the model's own example.
    page.locator(".cm-content").first.filter(has_text="thalachh").wait_for()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("status").filter(has_text="200").wait_for(timeout=240_000)
    studio.screenshot("story-answer")
    # A sweep of the same job, watched while it runs.
    watch_a_sweep(studio, job, code.parent / "go")
    # And the endpoint goes, by typing its name.
    studio.go("endpoints/heart-endpoint")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Delete the endpoint").click()
    page.get_by_label("Type heart-endpoint to confirm").fill("heart-endpoint")
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    # Its own page still asks for it while it goes.
    studio.expected.append(r"404")
    page.get_by_role("heading", level=1, name="Endpoints").wait_for(timeout=240_000)
    page.get_by_role("link", name="heart-endpoint", exact=True).wait_for(state="detached", timeout=240_000)


def watch_a_sweep(studio, job, go):
    """Make a sweep of a job in the form, and see its trials come in without loading anything again."""
    page = studio.page
    studio.go(f"jobs/create?from={job}")
    studio.heading("Run again with changes")
    page.get_by_role("radio", name="Sweep").click()
    page.get_by_label("Display name").fill("heart-sweep")
    page.get_by_role("button", name="Add a parameter").click()
    page.get_by_label("Name of the parameter").fill("depth")
    values = page.get_by_role("textbox", name="Values of depth").or_(
        page.get_by_role("combobox", name="Values of depth")
    )
    values.fill("2,4,8,")
    page.get_by_label("Command line").fill("python train.py --data ${{inputs.data}} --depth")
    page.get_by_role("button", name="${{search_space.depth}}").click()
    page.get_by_label("Primary metric").fill("Score")
    page.get_by_label("Trials, at most").fill("3")
    page.get_by_label("At once, at most").fill("1")
    studio.see("Nothing is missing")
    studio.screenshot("story-sweep-form")
    page.get_by_role("button", name="Submit").click()
    studio.heading("heart-sweep")
    page.get_by_role("tab", name="Trials").first.click()
    marked = page.evaluate("() => { window.__same = true; return true; }")
    assert marked
    # Each trial is a Python of its own, which a loaded machine starts slowly.
    page.get_by_text(re.compile("^[12] of 3$")).first.wait_for(timeout=BUILT_S * 1000)
    go.touch()
    page.get_by_text("3 of 3", exact=True).first.wait_for(timeout=BUILT_S * 1000)
    page.get_by_text("Best", exact=True).first.wait_for(timeout=240_000)
    assert page.evaluate("() => window.__same"), "the page was loaded again"
    studio.screenshot("story-sweep")


@pytest.mark.parametrize("language", ["pt-BR"])
def test_a_job_is_made_and_followed_in_portuguese(studio, code, language):
    words = WORDS[language]
    upload_heart(studio, words)
    train(studio, code, words, "floresta")
    studio.see("Concluído")
    studio.screenshot("story-job-pt-BR")
