"""An AutoML job in the browser: its models as they come, one of them in all its tabs, and live from its page."""

from __future__ import annotations

import json
import random
import zipfile
from typing import Any

import pytest

pytestmark = pytest.mark.slow
# Building an environment for the first time downloads 250 MB.
LONGEST_MS = 480_000
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077 53de0000000c4944415478da6360f8cf0000030101 00"
    "c9fe92ef0000000049454e44ae426082".replace(" ", "")
)


def rows() -> list[str]:
    """A table of 240 days: what is rented depends on the season and on whether it is a work day."""
    dice = random.Random(1)
    found = ["season,workday,town,rentals,busy"]
    for _ in range(240):
        season, workday, town = dice.randint(1, 4), dice.randint(0, 1), dice.choice(["Recife", "Natal", "Belém"])
        rentals = 100 * season + (0 if workday else 150) + dice.randint(0, 60)
        found.append(f"{season},{workday},{town},{rentals},{'yes' if rentals > 330 else 'no'}")
    return found


def submit(running: Any, folder: Any, task: str, target: str, left_out: str, **more: Any) -> str:
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "days.csv").write_text("\n".join(rows()), encoding="utf-8")
    document = {
        "type": "automl",
        "task": task,
        "display_name": f"days-{task}",
        "target_column_name": target,
        "training_data": {"type": "uri_folder", "path": "./data"},
        "limits": {"timeout_minutes": 15, "max_trials": 2},
        "n_cross_validations": 3,
        "featurization": {"mode": "custom", "column_name_and_types": {left_out: "Ignore"}},
        **more,
    }
    (folder / "job.yml").write_text(json.dumps(document))
    return str(running.json("job", "create", "-f", str(folder / "job.yml"), "--query", "name"))


def figure(page: Any, name: str) -> Any:
    """Return a chart by its title, once it is drawn."""
    found = page.get_by_role("figure", name=name)
    found.locator("canvas").first.wait_for()
    return found


def tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def test_models_come_by_themselves_and_the_best_one_goes_live_from_its_page(studio, tmp_path):
    page = studio.page
    job = submit(studio.platform, tmp_path, "regression", "rentals", "busy")
    studio.go(f"jobs/{job}/models")
    # Each model appears once it is scored, nobody asks the page to look again.
    page.get_by_text("NativeGaps, LightGBM").first.wait_for(timeout=LONGEST_MS)
    page.get_by_text("Best", exact=True).wait_for()
    page.get_by_role("button", name="Root mean squared error", exact=True).wait_for()
    figure(page, "Normalized root mean squared error over models")
    tab(page, "Overview")
    page.get_by_role("heading", name="Best model summary").wait_for(timeout=LONGEST_MS)
    page.get_by_role("button", name="Deploy").wait_for()
    studio.check_accessibility()
    studio.screenshot("automl-overview")
    tab(page, "Data guardrails")
    studio.see("`busy`".strip("`"))
    page.get_by_role("group", name="Columns").get_by_text("Category").wait_for()
    studio.check_accessibility()
    studio.screenshot("automl-guardrails")
    tab(page, "Models + child jobs")
    page.locator("[data-status=Completed]").nth(1).wait_for()
    page.get_by_role("button", name="Duration", exact=True).click()
    studio.screenshot("automl-models")
    # The best model in all its tabs.
    page.get_by_role("grid", name="Models").get_by_role("row").filter(has_text="Best").get_by_role("link").click()
    page.get_by_role("tab", name="Explanations").wait_for()
    studio.screenshot("automl-model")
    tab(page, "Metrics")
    figure(page, "Predicted against true")
    figure(page, "Residuals")
    studio.screenshot("automl-metrics-regression")
    tab(page, "Explanations")
    figure(page, "Importance of the columns")
    page.get_by_role("group", name="Sample").get_by_role("button", name="3", exact=True).click()
    studio.see("One row: 3")
    studio.at("row=3")
    figure(page, "Share in the answer")
    studio.check_accessibility()
    studio.screenshot("automl-explanations")
    tab(page, "Data transformation")
    page.get_by_role("group", name="Data transformation").get_by_text("workday").wait_for()
    tab(page, "Generated code")
    page.get_by_text("Trains the model that AutoML chose").wait_for()
    tab(page, "Test results")
    studio.see("No test data")
    tab(page, "Model")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert "mlflow-model/MLmodel" in archive.namelist()
        assert archive.testzip() is None
    page.get_by_role("button", name="Deploy").click()
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_label("Name of the model").input_value() == "days-regression"
    dialog.get_by_role("button", name="Deploy").click()
    answer = dialog.get_by_role("region", name="First answer")
    answer.get_by_text("200", exact=True).wait_for(timeout=LONGEST_MS)
    studio.check_accessibility()
    studio.screenshot("automl-first-answer")
    dialog.get_by_role("link", name="Test it").click()
    studio.heading("days-regression-endpoint")
    page.get_by_text('"season"').wait_for()
    page.get_by_role("button", name="Send").click()
    page.get_by_text("200", exact=True).first.wait_for()
    studio.api("DELETE", "/api/v1/workspaces/default/online-endpoints/days-regression-endpoint")


@pytest.mark.parametrize("language", ["pt-BR"])
@pytest.mark.parametrize("scheme", ["dark"])
def test_a_classification_in_portuguese_and_in_the_dark(studio, tmp_path, language, scheme):
    page = studio.page
    more = {"test_data_size": 0.2, "training": {"allowed_training_algorithms": ["LogisticRegression"]}}
    job = submit(studio.platform, tmp_path, "classification", "busy", "rentals", **more)
    studio.go(f"jobs/{job}")
    page.get_by_role("heading", name="Resumo do melhor modelo").wait_for(timeout=LONGEST_MS)
    page.get_by_role("link", name="Exibir explicação").click()
    figure(page, "Importância das colunas")
    studio.see("Linhas dos dados de teste, que não participaram do treino.")
    studio.check_accessibility()
    studio.screenshot("automl-explanations-pt")
    tab(page, "Métricas")
    for name in (
        "Matriz de confusão",
        "Curva ROC",
        "Precisão e recall",
        "Calibração",
        "Curva lift",
        "Ganhos acumulados",
    ):
        figure(page, name)
    page.get_by_text("Parcela da classe verdadeira").click()
    studio.at("matrix=share")
    studio.check_accessibility()
    studio.screenshot("automl-metrics-pt")
    tab(page, "Resultados do teste")
    page.get_by_role("columnheader", name="Dados de teste").wait_for()
    studio.go(f"jobs/{job}/guardrails")
    studio.see("Nada precisou ser feito.")
    studio.screenshot("automl-guardrails-pt")


def test_what_a_running_job_logs_for_the_eye_appears_without_a_refresh(studio):
    page, run = studio.page, studio.log_run("pictures")
    base = f"{studio.base}/mlflow/default/api/2.0"
    headers = {"Authorization": f"Bearer {(studio.platform.root / 'token').read_text().strip()}"}

    def put(path: str, content: bytes) -> None:
        address = f"{base}/mlflow-artifacts/artifacts/runs/{run}/artifacts/{path}"
        assert page.context.request.put(address, data=content, headers=headers).ok

    studio.go(f"jobs/{run}/images")
    studio.see("No images yet")
    put("images/face%2Bstep%2B4%2Btimestamp%2B1%2Ba.png", PIXEL)
    put("images/face%2Bstep%2B4%2Btimestamp%2B1%2Ba%2Bcompressed.webp", b"a small copy of it")
    page.get_by_text("face · step 4").wait_for()
    put("scores.json", json.dumps({"columns": ["text", "score"], "data": [["good", 0.9]]}).encode())
    note = json.dumps([{"path": "scores.json", "type": "table"}])
    studio.api(
        "POST",
        "/mlflow/default/api/2.0/mlflow/runs/set-tag",
        {"run_id": run, "key": "mlflow.loggedArtifacts", "value": note},
    )
    page.get_by_role("cell", name="good").wait_for()
    # A table that grew is another file of the same name.
    put("scores.json", json.dumps({"columns": ["text", "score"], "data": [["good", 0.9], ["bad", 0.1]]}).encode())
    page.get_by_role("cell", name="bad").wait_for()
    put("plot.html", b"<script>document.title = 'run'</script>")
    studio.see("An interactive figure.")
    studio.check_accessibility()
    studio.screenshot("logged-images")
