"""The bike lab, click by click: empty workspace, data, automated ML, best model, endpoint, answer, and no trace left.

Its pictures are those of docs/tutorials/bike-en.md and bike-pt.md: `scripts/bike_pictures.py` plays it and keeps them.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
EXAMPLE = Path(__file__).parents[3] / "examples" / "bike"
WORKSPACE, ENDPOINT = "bike-lab", "bike-rentals"
LONGEST_MS = 480_000  # the environment may have to be built first

WORDS = {
    "en": {
        "allowed": "Allowed models",
        "answer": "First answer",
        "automated": "Automated ML",
        "best": "Best model summary",
        "body": "Body of the request",
        "checked": "10 checks passed",
        "concurrent": "Max concurrent trials",
        "create": "Create",
        "createNew": "Create new",
        "dataName": "Name of the data asset",
        "delete": "Delete",
        "deleteEndpoint": "Delete the endpoint",
        "deleteWorkspace": f"Delete {WORKSPACE}",
        "deploy": "Deploy",
        "description": "Description",
        "endpointName": "Name of the endpoint",
        "endpoints": "Endpoints",
        "experiment": "Experiment name",
        "explain": "Explain best model",
        "explanations": "Explanations",
        "home": "Home",
        "importance": "Importance of the columns",
        "jobName": "Job name",
        "jobs": "Jobs",
        "makeData": "Create data asset",
        "method": "Train automatically",
        "metric": "Primary metric",
        "metrics": "Metrics",
        "model": "Name of the model",
        "models": "Models + child jobs",
        "more": "More",
        "name": "Name",
        "navigation": "Main navigation",
        "newWorkspace": "New workspace",
        "next": "Next",
        "none": "No jobs yet",
        "overview": "Overview",
        "predicted": "Predicted against true",
        "regression": "Regression",
        "residuals": "Residuals",
        "score": "0.085",
        "send": "Send",
        "share": "Percentage of validation data",
        "split": "Train-validation split",
        "submit": "Submit training job",
        "target": "Target column",
        "testIt": "Test it",
        "threshold": "Metric score threshold",
        "timeout": "Experiment timeout (minutes)",
        "title": "Create an automated ML job",
        "trials": "Max trials",
        "type": "Type {name} to confirm",
        "useAll": "Use all supported models",
        "validation": "Validation type",
        "what": "How many bicycles will casual riders rent?",
        "workspaces": "Workspaces",
    },
    "pt-BR": {
        "allowed": "Modelos permitidos",
        "answer": "Primeira resposta",
        "automated": "ML automatizado",
        "best": "Resumo do melhor modelo",
        "body": "Corpo da requisição",
        "checked": "10 verificações aprovadas",
        "concurrent": "Máximo de avaliações simultâneas",
        "create": "Criar",
        "createNew": "Criar novo",
        "dataName": "Nome do ativo de dados",
        "delete": "Excluir",
        "deleteEndpoint": "Excluir o endpoint",
        "deleteWorkspace": f"Excluir {WORKSPACE}",
        "deploy": "Implantar",
        "description": "Descrição",
        "endpointName": "Nome do endpoint",
        "endpoints": "Endpoints",
        "experiment": "Nome do experimento",
        "explain": "Explicar o melhor modelo",
        "explanations": "Explicações",
        "home": "Início",
        "importance": "Importância das colunas",
        "jobName": "Nome do job",
        "jobs": "Jobs",
        "makeData": "Criar ativo de dados",
        "method": "Treinar automaticamente",
        "metric": "Métrica primária",
        "metrics": "Métricas",
        "model": "Nome do modelo",
        "models": "Modelos + jobs filhos",
        "more": "Mais",
        "name": "Nome",
        "navigation": "Navegação principal",
        "newWorkspace": "Novo espaço de trabalho",
        "next": "Avançar",
        "none": "Ainda não há jobs",
        "overview": "Visão geral",
        "predicted": "Previsto e verdadeiro",
        "regression": "Regressão",
        "residuals": "Resíduos",
        "score": "0,085",
        "send": "Enviar",
        "share": "Percentual de dados de validação",
        "split": "Divisão de treinamento e validação",
        "submit": "Enviar job de treinamento",
        "target": "Coluna de destino",
        "testIt": "Testar",
        "threshold": "Limite de pontuação da métrica",
        "timeout": "Tempo limite do experimento (minutos)",
        "title": "Criar um job de ML automatizado",
        "trials": "Máximo de avaliações",
        "type": "Digite {name} para confirmar",
        "useAll": "Usar todos os modelos com suporte",
        "validation": "Tipo de validação",
        "what": "Quantas bicicletas os clientes avulsos vão alugar?",
        "workspaces": "Espaços de trabalho",
    },
}


@dataclass
class Lab:
    """A person who plays the lab in one language and takes a picture of each step."""

    studio: Any
    language: str
    taken: int = 0

    @property
    def page(self) -> Any:
        return self.studio.page

    def __getitem__(self, word: str) -> str:
        return WORDS[self.language][word]

    def picture(self, name: str, *, whole: bool = False, height: int = 680) -> None:
        """Look at the step: nothing hinders anybody, and it is kept as the tutorial's next picture."""
        if self.language == "en":  # once is enough: it is slow, and the same page
            self.studio.check_accessibility()
        if whole:
            height = self.page.evaluate("() => document.querySelector('main').scrollHeight + 48")
        self.page.set_viewport_size({"width": 1360, "height": height})
        # Charts are drawn, and rows taken in, a moment after their place has its size.
        self.page.wait_for_timeout(400)
        self.taken += 1
        self.studio.screenshot(f"bike-lab-{self.language[:2]}-{self.taken:02d}-{name}")
        self.page.set_viewport_size({"width": 1360, "height": 820})

    def button(self, word: str, within: Any = None) -> Any:
        return (within or self.page).get_by_role("button", name=self[word], exact=True)

    def field(self, word: str) -> Any:
        # What is needed has a star.
        label = re.compile(rf"^{re.escape(self[word])}(\s*\*)?$")
        return self.page.get_by_label(label).and_(self.page.locator("input, textarea, select"))

    def navigate(self, word: str) -> None:
        self.page.get_by_role("navigation", name=self["navigation"]).get_by_role("link", name=self[word]).click()

    def tab(self, word: str) -> None:
        self.page.get_by_role("tab", name=self[word]).click()

    def figure(self, word: str) -> None:
        self.page.get_by_role("figure", name=self[word]).locator("canvas").first.wait_for(timeout=LONGEST_MS)


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_the_bike_lab_from_an_empty_workspace_to_an_answer_and_back(studio, language, capsys):
    lab = Lab(studio, language)
    make_workspace(lab)
    describe_job(lab)
    choose_data(lab)
    choose_settings(lab)
    to_first_row = watch_models(lab)
    look_at_best_model(lab)
    to_answer = deploy(lab)
    ask(lab)
    clean_up(lab)
    with capsys.disabled():
        print(f"\n{language}: Create to first row {to_first_row:.1f} s, Deploy to first answer {to_answer:.1f} s")


def make_workspace(lab: Lab) -> None:
    """From the list of workspaces to the empty home of a new one."""
    lab.studio.go("/workspaces")
    lab.studio.heading(lab["workspaces"])
    lab.button("newWorkspace").click()
    lab.field("name").fill(WORKSPACE)
    lab.field("description").fill(lab["what"])
    lab.picture("workspace", height=520)
    lab.button("create").click()
    lab.studio.heading(lab["home"])
    lab.navigate("jobs")
    lab.studio.see(lab["none"])
    lab.picture("jobs", height=520)


def describe_job(lab: Lab) -> None:
    """The wizard's first two steps."""
    lab.page.get_by_role("link", name=lab["automated"], exact=True).click()
    lab.studio.heading(lab["title"])
    assert lab.page.get_by_role("radio", name=lab["method"]).is_checked()
    lab.picture("method", height=520)
    lab.button("next").click()
    lab.field("jobName").fill("bike-automl")
    lab.field("experiment").fill("bike-rental")
    lab.page.keyboard.press("Tab")
    lab.field("description").fill(lab["what"])
    lab.picture("basics", height=520)
    lab.button("next").click()


def choose_data(lab: Lab) -> None:
    """The task, and a data asset made of the lab's file on the way."""
    page = lab.page
    page.get_by_role("radio", name=lab["regression"]).click()
    page.get_by_text(lab["createNew"], exact=True).click()
    page.locator("input[type=file]").first.set_input_files(str(EXAMPLE / "data" / "bike.csv"))
    page.get_by_role("columnheader", name="rentals").wait_for()
    lab.field("dataName").fill("bike-data")
    lab.picture("data-file", whole=True)
    lab.button("makeData").click()
    page.get_by_role("heading", name="bike-data:1").wait_for()
    page.get_by_role("cell", name="windspeed").wait_for()
    lab.picture("data", whole=True)
    lab.button("next").click()


def choose_settings(lab: Lab) -> None:
    """Target, metric, models, limits and validation as the lab says; compute stays open; all of it once more."""
    page = lab.page
    page.get_by_role("combobox", name=lab["target"]).click()
    page.get_by_role("option", name="rentals").click()
    assert lab.field("metric").input_value() == "normalized_root_mean_squared_error"
    assert page.get_by_role("switch", name=lab["explain"]).is_checked()
    page.get_by_role("switch", name=lab["useAll"]).click()
    lab.field("allowed").click()
    for model in ("RandomForest", "LightGBM"):
        page.get_by_role("option", name=model, exact=True).click()
    page.keyboard.press("Escape")
    for word, value in (("trials", "3"), ("concurrent", "3"), ("timeout", "15"), ("threshold", lab["score"])):
        lab.field(word).fill(value)
    lab.field("validation").select_option(label=lab["split"])
    lab.field("share").fill("10")
    lab.studio.see(lab["checked"])
    lab.picture("settings", whole=True)
    lab.button("next").click()
    lab.picture("compute", height=520)
    lab.button("next").click()
    lab.studio.see(lab["checked"])
    lab.picture("review", whole=True)


def watch_models(lab: Lab) -> float:
    """Send the job; return the seconds until the first model is on the leaderboard, which nobody refreshes."""
    page = lab.page
    clicked = time.monotonic()
    lab.button("submit").click()
    lab.studio.heading("bike-automl")
    lab.tab("models")
    rows = page.get_by_role("grid", name=lab["models"]).get_by_role("row").filter(has=page.get_by_role("link"))
    rows.first.wait_for(timeout=LONGEST_MS)
    waited = time.monotonic() - clicked
    page.evaluate("() => { window.__same = true; }")
    lab.picture("leaderboard", height=720)
    # The first model is often good enough for the threshold, and the last one.
    page.locator("h1 [data-status=Completed]").wait_for(timeout=LONGEST_MS)
    lab.tab("overview")
    page.get_by_role("heading", name=lab["best"]).wait_for(timeout=LONGEST_MS)
    assert page.evaluate("() => window.__same"), "the page was loaded again"
    lab.picture("best-model", height=560)
    return waited


def look_at_best_model(lab: Lab) -> None:
    """What the lab asks to look at: the charts of the best model and what it learnt from."""
    page = lab.page
    name = page.url.split("/jobs/")[1].split("?")[0].split("/")[0]
    job = lab.studio.api("GET", f"/api/v1/workspaces/{WORKSPACE}/jobs/{name}")
    assert job["results"]["best_value"] < 0.12
    limits = {"exit_score": 0.085, "max_concurrent_trials": 3, "max_trials": 3, "timeout_minutes": 15}
    assert limits.items() <= job["limits"].items()
    assert job["training"]["allowed_training_algorithms"] == ["random_forest", "light_gbm"]
    assert job["validation_data_size"] == 0.1
    lab.page.get_by_role("main").get_by_role(
        "link", name=re.compile("^(RandomForest|LightGBM|.*Ensemble)$")
    ).first.click()
    lab.tab("metrics")
    for word in ("predicted", "residuals"):
        lab.figure(word)
    lab.picture("metrics")
    lab.tab("explanations")
    lab.figure("importance")
    lab.picture("explanation", height=1000)


def deploy(lab: Lab) -> float:
    """Put the model behind an endpoint from its own page; return the seconds until it has answered."""
    page = lab.page
    page.get_by_role("tab").first.click()
    lab.button("deploy").click()
    lab.field("model").fill("bike-model")
    lab.field("endpointName").fill(ENDPOINT)
    lab.picture("deploy")
    clicked = time.monotonic()
    lab.button("deploy", page.get_by_role("dialog")).click()
    answer = page.get_by_role("dialog").get_by_role("region", name=lab["answer"])
    answer.get_by_text("200", exact=True).wait_for(timeout=LONGEST_MS)
    waited = time.monotonic() - clicked
    lab.picture("first-answer")
    page.get_by_role("dialog").get_by_role("link", name=lab["testIt"]).click()
    return waited


def ask(lab: Lab) -> None:
    """The lab's request on the Test tab."""
    page = lab.page
    lab.studio.heading(ENDPOINT)
    editor = page.get_by_role("textbox", name=lab["body"])
    editor.filter(has_text="season").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text((EXAMPLE / "request.json").read_text(encoding="utf-8"))
    page.keyboard.press("ControlOrMeta+Home")
    lab.button("send").click()
    answer = page.locator(".cm-content").last.filter(has_text=re.compile(r'"Results"'))
    answer.wait_for()
    (value,) = json.loads(answer.inner_text())["Results"]
    assert 250 <= value <= 650
    lab.picture("test", height=760)


def clean_up(lab: Lab) -> None:
    """Delete the endpoint, then the workspace, each by typing its name."""
    page = lab.page
    lab.button("more").click()
    page.get_by_role("menuitem", name=lab["deleteEndpoint"]).click()
    page.get_by_role("menu").wait_for(state="detached")
    page.get_by_label(lab["type"].format(name=ENDPOINT)).fill(ENDPOINT)
    lab.picture("delete-endpoint", height=560)
    lab.button("delete", page.get_by_role("dialog")).click()
    page.get_by_role("heading", level=1, name=lab["endpoints"]).wait_for(timeout=240_000)
    page.get_by_role("link", name=ENDPOINT, exact=True).wait_for(state="detached", timeout=240_000)
    lab.studio.go("/workspaces")
    lab.studio.wait_for_costs()
    lab.button("deleteWorkspace").click()
    page.get_by_label(lab["type"].format(name=WORKSPACE)).fill(WORKSPACE)
    lab.picture("delete-workspace", height=560)
    lab.button("delete", page.get_by_role("dialog")).click()
    page.get_by_role("link", name=WORKSPACE, exact=True).wait_for(state="detached", timeout=240_000)
    names = [one["name"] for one in lab.studio.api("GET", "/api/v1/workspaces")["items"]]
    assert WORKSPACE not in names
