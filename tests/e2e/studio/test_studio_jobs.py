"""The list of jobs lives: what happens on the server is on the page without a refresh; the address keeps the view."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow
SPEAK = "python -c \"print('begun', flush=True); import time; time.sleep(600)\""


def test_a_new_job_appears_and_moves_on_by_itself(studio):
    studio.log_run("was-there")
    studio.go("jobs")
    studio.see("was-there")
    studio.page.get_by_label("Live: everything shown is up to date").wait_for()
    name = studio.submit(SPEAK, display_name="came-later")
    row = studio.page.get_by_role("row").filter(has_text="came-later")
    row.locator("[data-status=Running]").wait_for(timeout=240_000)
    studio.screenshot("jobs-live")
    studio.api("POST", f"/api/v1/workspaces/default/jobs/{name}/cancel")
    row.locator("[data-status=Canceled]").wait_for(timeout=240_000)


def test_a_log_is_followed_while_it_grows(studio):
    name = studio.submit(SPEAK, display_name="speaks")
    studio.go(f"jobs/{name}/logs")
    studio.page.get_by_role("log").get_by_text("begun").wait_for(timeout=240_000)
    studio.screenshot("job-log")
    studio.page.get_by_role("button", name="Cancel").click()
    studio.page.locator("[data-status=Canceled]").first.wait_for(timeout=240_000)
    studio.page.get_by_role("switch", name="Follow").wait_for(state="detached")


def test_words_filter_the_list_and_stay_in_the_address(studio):
    for name in ("blue-heron", "red-fox"):
        studio.log_run(name)
    studio.go("jobs?q=blue-heron")
    studio.see("blue-heron")
    assert studio.page.get_by_text("red-fox").count() == 0
    studio.page.get_by_label("Search names, experiments, tags …").fill("nothing fits this")
    studio.see("No job fits")
    studio.check_accessibility()
    studio.page.get_by_role("button", name="Clear the filters").click()
    studio.see("red-fox")
    studio.at("q=", is_there=False)


def test_columns_and_saved_views_survive_a_reload(studio):
    studio.log_run("any-run")
    studio.go("jobs")
    studio.see("any-run")
    studio.page.get_by_role("button", name="Columns").click()
    studio.page.get_by_label("Experiment", exact=True).uncheck()
    studio.page.get_by_role("textbox", name="Search", exact=True).fill("sco")
    studio.page.get_by_role("checkbox", name="Score").check()
    studio.check_accessibility()
    studio.screenshot("jobs-columns")
    studio.page.keyboard.press("Escape")
    studio.page.get_by_role("columnheader", name="Experiment").wait_for(state="detached")
    studio.page.get_by_role("gridcell", name="0.75").first.wait_for()
    studio.page.get_by_role("columnheader", name="Score").get_by_role("button").click()
    studio.at("sort=-metrics.Score")
    studio.page.get_by_role("button", name="Views").click()
    studio.page.get_by_label("Name of the view").fill("by score")
    studio.page.get_by_role("button", name="Save").click()
    studio.page.goto(studio.base + "/workspaces/default/jobs")
    studio.page.get_by_role("columnheader", name="Experiment").wait_for()
    studio.page.get_by_role("button", name="Views").click()
    studio.page.get_by_role("menuitem", name="by score").click()
    studio.page.get_by_role("columnheader", name="Experiment").wait_for(state="detached")
    studio.page.get_by_role("columnheader", name="Score").wait_for()


def nested(studio, parent, count):
    """Log runs below another one, as a search does."""
    base = f"/mlflow/{studio.workspace}/api/2.0/mlflow/runs"
    for number in range(count):
        tags = [{"key": "mlflow.parentRunId", "value": parent}]
        body = {"experiment_id": "0", "run_name": f"trial-{number}", "start_time": 1_750_000_000_000, "tags": tags}
        run_id = studio.api("POST", f"{base}/create", body)["run"]["info"]["run_id"]
        point = {"run_id": run_id, "key": "Score", "value": number / 10, "timestamp": 1, "step": 0}
        studio.api("POST", f"{base}/log-metric", point)
        studio.api("POST", f"{base}/log-parameter", {"run_id": run_id, "key": "depth", "value": str(number)})
        studio.api("POST", f"{base}/update", {"run_id": run_id, "status": "FINISHED", "end_time": 1_750_000_004_000})


def test_a_parent_opens_by_keyboard_and_stays_open_in_the_address(studio):
    parent = studio.log_run("the-parent")
    nested(studio, parent, 3)
    studio.go("jobs?q=the-parent")
    row = studio.page.get_by_role("row").filter(has_text="the-parent")
    row.wait_for()
    studio.page.get_by_role("treegrid").focus()
    studio.page.keyboard.press("ArrowRight")
    studio.see("trial-2")
    assert studio.page.get_by_role("row", name="trial-0").get_attribute("aria-level") == "2"
    studio.at(f"open={parent}")
    studio.page.reload()
    studio.see("trial-1")
    studio.check_accessibility()
    studio.screenshot("jobs-tree")
    studio.page.get_by_role("button", name="Hide what is below the-parent").click()
    studio.page.get_by_text("trial-1").wait_for(state="detached")


def test_a_filter_is_built_from_chips_or_written_and_its_mistakes_are_told(studio):
    studio.log_run("a-run")
    studio.go("jobs")
    studio.see("a-run")
    studio.page.get_by_role("button", name="Filter", exact=True).click()
    studio.page.get_by_label("Search fields, metrics, parameters, tags …").fill("scor")
    studio.page.get_by_role("button", name="Score").click()
    studio.page.get_by_label("Comparison").select_option(">=")
    studio.page.get_by_label("Value").fill("0.9")
    studio.page.get_by_role("button", name="Apply").click()
    studio.see("No job fits")
    studio.at("metrics.Score")
    studio.screenshot("jobs-filter")
    studio.page.get_by_role("button", name="As text").click()
    text = studio.page.get_by_label("Filter expression")
    assert text.input_value() == "metrics.Score >= 0.9"
    studio.expected.append(r"400")
    text.fill("metrics.Score >= 'x'")
    text.press("Enter")
    studio.page.locator("input[aria-invalid=true]").wait_for()
    told = studio.page.locator(f"[id='{text.get_attribute('aria-describedby').split()[0]}']").inner_text()
    assert "Score" in told or "'x'" in told
    studio.check_accessibility()
    studio.screenshot("jobs-filter-mistake")
    text.fill("metrics.Score >= 0.5 AND status = 'Completed'")
    text.press("Enter")
    studio.see("a-run")
    studio.page.get_by_role("button", name="As text").click()
    studio.page.get_by_role("button", name="Remove the filter Status: Completed").click()
    studio.page.get_by_role("button", name="Change the filter Score >= 0.5").wait_for()


def test_chosen_jobs_are_tagged_archived_and_deleted(studio):
    names = [studio.log_run(name) for name in ("bulk-one", "bulk-two")]
    studio.go("jobs?q=bulk-&cols=name,status,tags.team")
    for name in ("bulk-one", "bulk-two"):
        studio.page.get_by_label(f"Select {name}").check()
    studio.page.get_by_role("button", name="Tag", exact=True).click()
    studio.page.get_by_role("textbox", name="Tag").fill("team")
    studio.page.get_by_label("Value").fill("blue")
    studio.page.get_by_role("dialog").get_by_role("button", name="Tag", exact=True).click()
    studio.page.get_by_role("gridcell", name="blue").nth(1).wait_for()
    studio.page.get_by_label("Select bulk-one").check()
    studio.page.get_by_role("button", name="Archive", exact=True).click()
    studio.page.get_by_role("link", name="bulk-one").wait_for(state="detached")
    studio.go("jobs?q=bulk-&view=all")
    studio.see("bulk-one")
    studio.page.get_by_label("Select all loaded rows").check()
    studio.page.get_by_role("button", name="Delete", exact=True).click()
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_text("2 jobs, with their parameters, metrics, tags and logs").wait_for()
    studio.check_accessibility()
    studio.screenshot("jobs-delete")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    studio.see("No job fits")
    rows = studio.api("GET", "/api/v1/workspaces/default/jobs/rows?list_view_type=All&limit=1000")["items"]
    assert not {one["name"] for one in rows} & set(names)


def test_jobs_are_compared_side_by_side(studio):
    parent = studio.log_run("compared-parent")
    nested(studio, parent, 4)
    studio.go(f"jobs/{parent}/children")
    studio.see("trial-3")
    studio.page.get_by_label("Select all loaded rows").check()
    studio.page.get_by_role("button", name="Compare").click()
    studio.heading("Compare 4 jobs")
    studio.page.get_by_role("rowheader", name="depth").wait_for()
    studio.check_accessibility()
    studio.screenshot("compare")
    studio.page.get_by_role("switch", name="Only what differs").check()
    studio.page.get_by_role("rowheader", name="Experiment").wait_for(state="detached")
    studio.page.get_by_role("tab", name="Curves").click()
    studio.page.get_by_role("figure", name="Score").locator("canvas").wait_for()
    studio.screenshot("compare-curves")
    studio.page.get_by_role("tab", name="Relations").click()
    studio.page.locator("figure canvas").wait_for()
    studio.page.get_by_role("button", name="As a table").click()
    studio.page.get_by_role("cell", name="trial-3").wait_for()
    studio.check_accessibility()
    studio.screenshot("compare-relations")
