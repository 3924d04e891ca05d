"""The page that creates jobs: a form and its YAML are one document, and what is wrong stands at its field and line."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow
BOTH = pytest.mark.parametrize("language", ["en", "pt-BR"])
SCRIPT = b"import sys\nprint('sum', sum(map(int, sys.argv[1:])))\n"
SPEAK = "python -c \"print('hello')\""


def yaml_of(studio):
    """Return the text of the YAML editor."""
    return studio.page.get_by_role("textbox", name="YAML of the job")


def has_in_yaml(studio, text):
    """Wait until the YAML says something."""
    yaml_of(studio).filter(has_text=text).wait_for()


def test_a_job_made_by_the_form_runs_and_its_yaml_follows(studio):
    studio.go("jobs/create")
    studio.heading("Create a job")
    page = studio.page
    page.get_by_label("Display name").fill("from-the-form")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "add.py", "mimeType": "text/x-python", "buffer": SCRIPT}
    )
    studio.see("add.py")
    page.get_by_role("button", name="Value", exact=True).click()
    page.get_by_label("Name of the input").fill("count")
    page.get_by_role("combobox", name="Type of count").click()
    page.get_by_role("option", name="integer").click()
    page.get_by_label("Value of count").fill("41")
    page.get_by_label("Command line").fill("python add.py 1")
    page.get_by_role("button", name="${{inputs.count}}").click()
    page.get_by_label("Environment", exact=True).and_(page.locator("input")).fill("azureml:minimal@latest")
    page.keyboard.press("Tab")
    has_in_yaml(studio, "count: 41")
    studio.see("Nothing is missing")
    studio.check_accessibility()
    studio.screenshot("create-command")
    page.get_by_text("Python", exact=True).click()
    studio.see("ml_client.jobs.create_or_update")
    page.get_by_role("button", name="Submit").click()
    studio.heading("from-the-form")
    page.locator("[data-status=Completed]").first.wait_for(timeout=240_000)
    page.get_by_role("tab", name="Outputs and logs").click()
    page.get_by_role("log").get_by_text("sum 42").wait_for()


def test_what_is_written_in_the_yaml_is_in_the_form(studio):
    studio.expected += [r"ERR_FAILED", r"Failed to load resource"]
    studio.page.route("**/assets/Editor-*.js", lambda route: route.abort())
    studio.go("jobs/create?kind=sweep")
    studio.see("Search space")
    # An editor that could not be fetched says so, and is asked for again.
    studio.page.unroute_all()
    studio.page.get_by_role("alert").get_by_role("button", name="Try again").click()
    editor = yaml_of(studio)
    editor.click()
    studio.page.keyboard.press("Control+a")
    studio.page.keyboard.insert_text(
        "type: sweep\ndisplay_name: from-the-yaml\ntrial:\n  command: python t.py ${{search_space.depth}}\n"
        "  environment: azureml:minimal@latest\nsearch_space:\n  depth:\n    type: quniform\n    min_value: 1\n"
        "    max_value: 9\n    q: 2\nobjective:\n  goal: minimize\n  primary_metric: loss\n"
        "limits:\n  max_total_trials: 7\n"
    )
    studio.page.locator("input[value='from-the-yaml']").wait_for()
    assert studio.page.get_by_role("combobox", name="Distribution of depth").input_value() == "quniform"
    assert studio.page.get_by_label("depth max_value").input_value() == "9"
    assert studio.page.get_by_label("Trials, at most").input_value() == "7"
    studio.check_accessibility()
    studio.screenshot("create-sweep")
    # And a mistake has its line.
    studio.page.keyboard.press("Control+a")
    studio.page.keyboard.insert_text(
        "type: command\ncommand: echo ${{inputs.nope}}\nenvironment: azureml:minimal@latest\n"
    )
    studio.page.locator(".cm-marked").filter(has_text="nope").wait_for()
    studio.see("command · line 2")
    # A reload keeps what was being written.
    studio.page.reload()
    has_in_yaml(studio, "inputs.nope")
    studio.page.get_by_role("button", name="Start over").click()


@BOTH
def test_nothing_is_submitted_while_something_is_missing(studio, language):
    studio.go("jobs/create")
    submit = {"en": "Submit", "pt-BR": "Enviar"}[language]
    studio.page.get_by_role("button", name=submit, exact=True).click()
    studio.page.locator("[aria-invalid=true]").first.wait_for()
    command = studio.page.get_by_label({"en": "Command line", "pt-BR": "Linha de comando"}[language])
    assert command.get_attribute("aria-invalid") == "true"
    studio.check_accessibility()
    studio.screenshot(f"create-missing-{language}")


def test_a_refusal_of_the_server_stands_at_its_field(studio):
    studio.expected.append(r"40[04]")
    studio.go("jobs/create")
    studio.page.get_by_label("Command line").fill(SPEAK)
    studio.page.get_by_label("Environment", exact=True).and_(studio.page.locator("input")).fill(
        "azureml:never-made@latest"
    )
    studio.see("Nothing is missing")
    studio.page.get_by_role("button", name="Submit").click()
    studio.see("no environment named `never-made`")
    studio.screenshot("create-refused")


def test_a_job_is_run_again_with_changes(studio):
    first = studio.submit(SPEAK, display_name="once", tags={"team": "blue"})
    studio.go(f"jobs/create?from={first}")
    studio.heading("Run again with changes")
    studio.see("Nothing is missing")
    studio.page.get_by_label("Display name").fill("once-more")
    studio.page.get_by_role("button", name="Submit").click()
    studio.heading("once-more")
    again = studio.page.url.rsplit("/", 1)[1]
    found = studio.api("GET", f"/api/v1/workspaces/default/jobs/{again}")
    assert (found["command"], found["tags"]["team"]) == (SPEAK, "blue")
    assert again != first


def test_an_environment_and_a_compute_are_made_on_the_way(studio):
    studio.go("jobs/create")
    page = studio.page
    page.get_by_role("button", name="New from a conda file").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("made-here")
    studio.screenshot("create-environment")
    studio.check_accessibility()
    dialog.get_by_role("button", name="Create").click()
    has_in_yaml(studio, "azureml:made-here@latest")
    made = studio.api("GET", "/api/v1/workspaces/default/environments/made-here/versions/1")
    assert made["conda_file"]["dependencies"][0] == "python=3.12"
    page.get_by_role("combobox", name="Compute", exact=True).click()
    page.get_by_role("option", name="New compute …").click()
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    has_in_yaml(studio, "azureml:cpu-cluster")
