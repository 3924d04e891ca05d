"""The trials of a sweep: live figures, charts, a table that the marked ranges filter, and more trials afterwards."""

from __future__ import annotations

import hashlib

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow
BOTH = pytest.mark.parametrize("language", ["en", "pt-BR"])
# Logs with nothing but the standard library: no environment has to be built.
TRAIN = """
import json, os, sys, urllib.request

depth, kind = float(sys.argv[1]), sys.argv[2]
if kind == "broken" and depth > 2:
    sys.exit("the kind is broken")
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "Score", "value": depth / 10, "timestamp": 1, "step": 0}
headers = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"}
address = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric"
urllib.request.urlopen(urllib.request.Request(address, json.dumps(body).encode(), headers)).close()
"""


@pytest.fixture
def sweep(studio):
    """A submitted sweep of four trials, over every combination of two parameters."""
    script = TRAIN.encode()
    digest = hashlib.sha256(script).hexdigest()
    listed = {"files": [{"path": "train.py", "digest": digest, "size": len(script)}]}
    link = studio.page.context.request
    base = f"{studio.base}/api/v1/workspaces/default"
    studio.api("POST", "/api/v1/workspaces/default/trees", listed)
    assert link.put(f"{base}/blobs/{digest}", data=script).ok
    tree = studio.api("POST", "/api/v1/workspaces/default/trees", listed)["tree"]
    body = {
        "type": "sweep",
        "display_name": "every-combination",
        "trial": {
            "code": f"azureml:trees/{tree}",
            "command": "python train.py ${{search_space.depth}} ${{search_space.kind}}",
            "environment": "azureml:minimal@latest",
        },
        "search_space": {
            "depth": {"type": "choice", "values": [2, 8]},
            "kind": {"type": "choice", "values": ["sound", "broken"]},
        },
        "sampling_algorithm": "grid",
        "objective": {"goal": "maximize", "primary_metric": "Score"},
        "limits": {"max_total_trials": 3, "max_concurrent_trials": 2},
    }
    return studio.api("POST", "/api/v1/workspaces/default/jobs", body)["name"]


def test_trials_come_in_by_themselves_and_more_are_added(studio, sweep):
    page = studio.page
    studio.go(f"jobs/{sweep}/trials")
    page.get_by_text("3 of 3", exact=True).first.wait_for(timeout=240_000)
    page.get_by_text("Best", exact=True).first.wait_for()
    page.get_by_role("button", name="Add trials").click()
    page.get_by_label("Trials in all").fill("4")
    studio.check_accessibility()
    page.get_by_role("dialog").get_by_role("button", name="Add trials").click()
    page.get_by_text("4 of 4", exact=True).first.wait_for(timeout=240_000)
    page.locator("[data-status=Failed]").first.wait_for()
    page.locator("figure canvas").nth(1).wait_for()
    studio.check_accessibility()
    studio.screenshot("sweep-trials")
    # What a link holds filters the table: the ranges of the axes, and the charts that are shown.
    studio.go(f"jobs/{sweep}/trials?brush=depth:5..9")
    studio.see("2 of 4 trials in the marked ranges")
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("grid", name="Trials").and_(page.locator("[aria-rowcount='5']")).wait_for()
    studio.at("brush", is_there=False)
    page.get_by_text("Scatter", exact=True).click()
    page.get_by_role("combobox", name="Colour").wait_for()
    studio.at("chart=scatter")
    page.get_by_text("3-D scatter", exact=True).click()
    page.get_by_role("application", name="3-D scatter: depth, kind and Score").locator("canvas").wait_for()
    studio.check_accessibility()
    studio.screenshot("sweep-3d-scatter")
    page.set_viewport_size({"width": 360, "height": 740})
    page.reload()
    page.get_by_role("application").locator("canvas").wait_for()
    page.get_by_role("combobox", name="X").evaluate("one => one.scrollIntoView({block: 'center'})")
    charts = page.get_by_role("radiogroup", name="Which chart")
    expect(charts.get_by_text("3-D scatter", exact=True)).to_be_in_viewport(ratio=1)
    studio.screenshot("sweep-3d-scatter-phone")
    page.set_viewport_size({"width": 1360, "height": 820})
    page.get_by_text("By parameter", exact=True).click()
    page.get_by_role("figure", name="Score by parameter").locator("canvas").first.wait_for()
    studio.screenshot("sweep-by-parameter")


@BOTH
@pytest.mark.parametrize("scheme", ["dark"])
def test_a_sweep_in_both_languages_and_in_the_dark(studio, sweep, language, scheme):
    studio.expected += [r"ERR_FAILED", r"Failed to load resource"]
    studio.page.route("**/assets/EChartDrawing-*.js", lambda route: route.abort())
    studio.page.route("**/assets/SweepTrials-*", lambda route: route.abort())
    studio.go(f"jobs/{sweep}/trials")
    again = {"en": "Try again", "pt-BR": "Tentar de novo"}[language]
    studio.page.get_by_role("button", name=again).wait_for()
    studio.page.unroute("**/assets/SweepTrials-*")
    studio.page.get_by_role("button", name=again).click()
    words = {"en": "Importance", "pt-BR": "Importância"}[language]
    studio.page.get_by_text({"en": "3 of 3", "pt-BR": "3 de 3"}[language], exact=True).first.wait_for(timeout=240_000)
    studio.see(words)
    # A tab that is asked for again comes with its style sheet.
    summary = {"en": "The sweep in numbers", "pt-BR": "A varredura em números"}[language]
    expect(studio.page.get_by_role("region", name=summary).locator("dl").first).to_have_css("display", "grid")
    # A chart that could not be fetched says so, and is asked for again.
    buttons = studio.page.get_by_role("figure").get_by_role("button", name=again)
    buttons.nth(1).wait_for()
    studio.check_accessibility()
    studio.screenshot(f"sweep-not-fetched-{language}")
    studio.page.unroute_all()
    for left in reversed(range(buttons.count())):
        buttons.first.click()
        expect(buttons).to_have_count(left)
    studio.page.locator("figure canvas").nth(1).wait_for()
    studio.check_accessibility()
    studio.screenshot(f"sweep-dark-{language}")
