"""The wizard of automated ML, click by click: data made on the way, checks before the start, the job itself."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BOTH = pytest.mark.parametrize("language", ["en", "pt-BR"])
BIKE = Path(__file__).parents[3] / "examples" / "bike" / "data" / "bike.csv"
DONE_MS = 480_000  # the environment may have to be built first

WORDS = {
    "en": {
        "title": "Create an automated ML job",
        "next": "Next",
        "name": "Job name",
        "experiment": "Experiment name",
        "regression": "Regression",
        "new": "Create new",
        "make": "Create data asset",
        "target": "Target column",
        "useAll": "Use all supported models",
        "allowed": "Allowed models",
        "trials": "Max trials",
        "concurrent": "Max concurrent trials",
        "threshold": "Metric score threshold",
        "timeout": "Experiment timeout (minutes)",
        "validation": "Validation type",
        "share": "Percentage of validation data",
        "passed": "10 checks passed",
        "review": "Review",
        "submit": "Submit training job",
        "noNumber": "Not a number",
        "score": ("abc", "0.085"),
        "code": "CLI, SDK and YAML",
        "type": "Type of season",
        "preview": "The first 8 rows of 731",
    },
    "pt-BR": {
        "title": "Criar um job de ML automatizado",
        "next": "Avançar",
        "name": "Nome do job",
        "experiment": "Nome do experimento",
        "regression": "Regressão",
        "new": "Criar novo",
        "make": "Criar ativo de dados",
        "target": "Coluna de destino",
        "useAll": "Usar todos os modelos com suporte",
        "allowed": "Modelos permitidos",
        "trials": "Máximo de avaliações",
        "concurrent": "Máximo de avaliações simultâneas",
        "threshold": "Limite de pontuação da métrica",
        "timeout": "Tempo limite do experimento (minutos)",
        "validation": "Tipo de validação",
        "share": "Percentual de dados de validação",
        "passed": "10 verificações aprovadas",
        "review": "Revisão",
        "submit": "Enviar job de treinamento",
        "noNumber": "Não é um número",
        "score": ("0,0,8", "0,085"),
        "code": "CLI, SDK e YAML",
        "type": "Tipo de season",
        "preview": "As primeiras 8 linhas de 731",
    },
}


def choose_settings(studio, w):
    """Fill in the step of settings, with a mistake on the way."""
    page = studio.page
    page.locator("[aria-invalid=true]").first.wait_for()
    page.get_by_role("combobox", name=w["target"]).click()
    page.get_by_role("option", name="rentals").click()
    page.get_by_role("switch", name=w["useAll"]).click()
    page.get_by_label(w["allowed"], exact=True).and_(page.locator("input")).click()
    for model in ("RandomForest", "LightGBM"):
        page.get_by_role("option", name=model, exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_label(w["trials"], exact=True).fill("3")
    page.get_by_label(w["concurrent"], exact=True).fill("3")
    page.get_by_label(w["timeout"], exact=True).fill("15")
    wrong, right = w["score"]
    page.get_by_label(w["threshold"], exact=True).fill(wrong)
    studio.see(w["noNumber"])
    page.get_by_label(w["threshold"], exact=True).fill(right)
    page.get_by_label(w["validation"], exact=True).select_option("split")
    page.get_by_label(w["share"], exact=True).fill("10")


def assert_chosen(job):
    """The job is what was clicked together."""
    assert job["limits"] == {
        "enable_early_termination": True,
        "exit_score": 0.085,
        "max_concurrent_trials": 3,
        "max_trials": 3,
        "timeout_minutes": 15,
    }
    assert job["validation_data_size"] == 0.1
    assert job["training"]["allowed_training_algorithms"] == ["random_forest", "light_gbm"]
    assert job["featurization"]["column_name_and_types"] == {"season": "Categorical"}


@BOTH
def test_the_bike_lab_is_clicked_through_from_the_file_to_the_best_model(studio, language):
    w, page = WORDS[language], studio.page
    right = w["score"][1]
    name = f"bike-{language.lower()}"

    def picture(step):
        studio.check_accessibility()
        studio.screenshot(f"automl-{step}-{language}")

    def following():
        page.get_by_role("button", name=w["next"], exact=True).click()

    studio.go("jobs/create/automl")
    studio.heading(w["title"])
    picture("1-method")
    following()
    page.get_by_label(w["name"]).fill(name)
    page.get_by_role("combobox", name=w["experiment"]).fill("bike-rental")
    page.keyboard.press("Tab")
    picture("2-basics")
    following()

    # Data: made on the way.
    page.get_by_role("radio", name=w["regression"]).click()
    page.get_by_text(w["new"], exact=True).click()
    page.locator("input[type=file]").first.set_input_files(str(BIKE))
    studio.see(w["preview"])
    picture("3-data-new")
    page.get_by_role("button", name=w["make"]).click()
    page.get_by_label(w["type"]).wait_for()
    page.get_by_label(w["type"]).select_option("Categorical")
    picture("3-data")
    following()

    # Settings: what is wrong is said, and nothing is left before it is right.
    following()
    choose_settings(studio, w)
    studio.see(w["passed"])
    picture("4-settings")
    # What was chosen survives a reload, and the browser's way back leads to the step before.
    page.reload()
    page.get_by_label(w["threshold"], exact=True).and_(page.locator(f"[value='{right}']")).wait_for()
    page.go_back()
    page.get_by_label(w["type"]).wait_for()
    assert page.get_by_label(w["type"]).input_value() == "Categorical"
    page.go_forward()
    following()
    picture("5-compute")
    following()

    studio.see(w["passed"])
    page.get_by_role("button", name=w["code"]).click()
    studio.see("bancada job create --file job.yml")
    studio.screenshot(f"automl-6-code-{language}")
    page.keyboard.press("Escape")
    picture("6-review")
    page.get_by_role("button", name=w["submit"]).click()
    studio.heading(name)

    job = studio.api("GET", f"/api/v1/workspaces/default/jobs/{page.url.split('/jobs/')[1].split('?')[0]}")
    assert_chosen(job)
    if language != "en":  # the same job: once is enough
        studio.api("POST", f"/api/v1/workspaces/default/jobs/{job['name']}/cancel")
        return
    page.locator("[data-status=Completed]").first.wait_for(timeout=DONE_MS)
    done = studio.api("GET", f"/api/v1/workspaces/default/jobs/{job['name']}")
    assert done["properties"]["best_child_run_id"]
    assert done["results"]["best_value"] < 0.12
    # Run again with changes: the same choices, at the last step, without what the training wrote down.
    studio.go(f"jobs/create?from={job['name']}")
    studio.heading(w["title"])
    studio.see("season: Categorical")
    studio.see(right, exact=True)
    assert page.get_by_text("automl.best_score").count() == 0


def test_a_brazilian_file_becomes_a_table_whose_leak_is_seen_and_left_out(studio):
    rows = "".join(f"{at};{at % 8},5;{'abc'[at % 3]};{3 * (at % 8)}\n" for at in range(200))
    text = f"Relatório de maio\n\nid;peso;grupo;total\n{rows}".encode("latin-1")
    studio.go("jobs/create/automl?step=data&make=1")
    page = studio.page
    page.get_by_role("radio", name="Regression").click()
    page.locator("input[type=file]").first.set_input_files({"name": "maio.csv", "mimeType": "text/csv", "buffer": text})
    page.get_by_label("Skip rows").fill("2")
    page.get_by_role("columnheader", name="peso").wait_for()
    studio.see("Numbers with a decimal comma")
    studio.check_accessibility()
    studio.screenshot("automl-reading")
    page.get_by_role("button", name="Create data asset").click()
    # The same numbers in the asset: read with the comma, its title left out, the identifier told.
    page.get_by_label("Type of peso").wait_for()
    studio.see("will be left out")
    asset = studio.api("GET", "/api/v1/workspaces/default/data/maio/versions/1")
    assert asset["type"] == "mltable"
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("combobox", name="Target column").click()
    page.get_by_role("option", name="total").click()
    studio.see("Identifiers are left out: id.")
    studio.see("peso alone nearly gives the target away")
    studio.see("Time estimate")
    studio.check_accessibility()
    studio.screenshot("automl-checks")
    page.get_by_role("button", name="Leave out peso").click()
    page.get_by_text("peso alone nearly gives the target away").wait_for(state="detached")
    studio.see("Left out: id, peso.")


def test_the_wizard_begins_from_a_data_asset_and_refuses_what_cannot_be_learnt(studio):
    studio.go("data/create")
    text = "name,size,kind\n" + "".join(f"n{at},{at % 9},{'ab'[at % 2]}\n" for at in range(60))
    studio.page.locator("input[type=file]").first.set_input_files(
        {"name": "things.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    studio.page.get_by_label("Name", exact=True).and_(studio.page.locator("[value=things]")).wait_for()
    studio.page.get_by_role("button", name="Create", exact=True).click()
    studio.heading("things")
    studio.page.get_by_role("link", name="Train with automated ML").click()
    studio.heading("Create an automated ML job")
    studio.page.get_by_role("button", name="Task type & data").click()
    studio.page.get_by_label("Type of size").wait_for()
    studio.page.get_by_role("radio", name="Regression").click()
    studio.page.get_by_role("button", name="Next", exact=True).click()
    studio.page.get_by_role("combobox", name="Target column").click()
    studio.page.get_by_role("option", name="kind").click()
    studio.see("which is no number")
    studio.page.get_by_role("button", name="Review").click()
    submit = studio.page.get_by_role("button", name="Submit training job")
    submit.wait_for()
    assert submit.is_disabled()
    studio.screenshot("automl-refused")
