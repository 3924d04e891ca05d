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
    row.locator("[data-status=Running]").wait_for(timeout=120_000)
    studio.screenshot("jobs-live")
    studio.api("POST", f"/api/v1/workspaces/default/jobs/{name}/cancel")
    row.locator("[data-status=Canceled]").wait_for(timeout=60_000)


def test_a_log_is_followed_while_it_grows(studio):
    name = studio.submit(SPEAK, display_name="speaks")
    studio.go(f"jobs/{name}/logs")
    studio.page.get_by_role("log").get_by_text("begun").wait_for(timeout=120_000)
    studio.screenshot("job-log")
    studio.page.get_by_role("button", name="Cancel").click()
    studio.page.locator("[data-status=Canceled]").first.wait_for(timeout=60_000)
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
    assert "q=" not in studio.page.url


def test_columns_and_saved_views_survive_a_reload(studio):
    studio.log_run("any-run")
    studio.go("jobs")
    studio.see("any-run")
    studio.page.get_by_role("button", name="Columns").click()
    studio.page.get_by_label("Experiment", exact=True).uncheck()
    studio.screenshot("jobs-columns")
    studio.page.keyboard.press("Escape")
    studio.page.get_by_role("columnheader", name="Experiment").wait_for(state="detached")
    studio.page.get_by_role("button", name="Views").click()
    studio.page.get_by_label("Name of the view").fill("without experiment")
    studio.page.get_by_role("button", name="Save").click()
    studio.page.goto(studio.base + "/workspaces/default/jobs")
    studio.page.get_by_role("columnheader", name="Experiment").wait_for()
    studio.page.get_by_role("button", name="Views").click()
    studio.page.get_by_role("menuitem", name="without experiment").click()
    studio.page.get_by_role("columnheader", name="Experiment").wait_for(state="detached")


def test_a_job_is_opened_by_keyboard_and_shows_what_it_logged(studio):
    studio.log_run("newest-run")
    studio.go("jobs?q=newest-run")
    studio.see("newest-run")
    studio.page.get_by_role("grid").focus()
    studio.page.keyboard.press("Enter")
    studio.heading("newest-run")
    studio.see("0.75")
    studio.check_accessibility()
    studio.screenshot("job")
    studio.page.get_by_role("tab", name="Outputs and logs").click()
    studio.see("Nothing has been printed yet.")
    assert studio.page.url.endswith("/logs")
    studio.check_accessibility()
