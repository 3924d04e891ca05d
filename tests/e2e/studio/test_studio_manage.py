"""Home, environments, computes, datastores, workspaces: shown live, made and changed by clicks."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow
API = "/api/v1/workspaces/default"
SLEEP = 'python -c "import time; time.sleep(600)"'


def test_an_empty_workspace_teaches_and_home_fills_itself(studio):
    studio.go("home")
    studio.see("from data to an endpoint in four steps")
    studio.check_accessibility()
    studio.screenshot("home-first-run")
    cores = studio.api("GET", "/api/v1/status")["ledger"]["cores"]
    names = [studio.submit(SLEEP, display_name=f"sleeper-{at}") for at in range(cores + 1)]
    studio.page.get_by_text("1 job waits").wait_for(timeout=240_000)
    studio.see(f"All {cores} cores of the machine are busy" if cores > 1 else "only core is busy")
    studio.page.locator("[data-status=Running]").first.wait_for(timeout=240_000)
    studio.check_accessibility()
    studio.screenshot("home")
    for name in reversed(names):
        studio.api("POST", f"{API}/jobs/{name}/cancel")
    studio.page.locator("[data-status=Canceled]").nth(cores).wait_for(timeout=240_000)


@pytest.mark.parametrize(("language", "scheme"), [("pt-BR", "dark")])
def test_home_in_portuguese_and_dark(studio, language, scheme):
    studio.go("home")
    studio.heading("Início")
    studio.see("Jobs recentes")
    studio.check_accessibility()
    studio.screenshot("home-pt-dark")
    # On a phone too, nothing that the figures say is cut off.
    studio.page.set_viewport_size({"width": 360, "height": 740})
    cut = ".filter(one => one.clientWidth && one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
    assert studio.page.evaluate(f"() => [...document.querySelectorAll('main dd *')]{cut}") == []
    studio.screenshot("home-pt-phone")


def test_an_environment_is_made_of_requirements_and_says_how_it_stands(studio):
    studio.go("environments")
    studio.page.get_by_role("button", name="Create environment").click()
    dialog = studio.page.get_by_role("dialog")
    wanted = {"name": "requirements.txt", "mimeType": "text/plain", "buffer": b"numpy==2.3.5  # pinned\n"}
    dialog.locator("input[type=file]").set_input_files(wanted)
    dialog.get_by_label("Name").fill("numbers")
    studio.check_accessibility()
    studio.screenshot("environment-create")
    dialog.get_by_role("button", name="Create", exact=True).click()
    studio.heading("numbers")
    studio.see("numpy==2.3.5")
    studio.page.locator("[data-status=absent]").first.wait_for()
    studio.page.get_by_role("button", name="Build", exact=True).wait_for()
    studio.check_accessibility()
    studio.screenshot("environment")
    studio.page.get_by_role("tab", name="Packages").click()
    studio.see("Not built yet")


@pytest.mark.parametrize("language", ["pt-BR"])
def test_what_the_server_says_is_said_in_the_language_of_the_page(studio, language):
    studio.expected.append(r"40[049]")
    studio.go("models/never-made/1")
    studio.see("Não há modelo com o nome `never-made`")
    studio.screenshot("error-pt-BR")
    studio.go("jobs?filter=status+%3D")
    studio.see("acaba onde se espera")


def test_an_environment_is_deleted_without_asking_for_it_again(studio):
    body = {"conda_file": {"name": "short", "dependencies": ["python>=3.10"]}}
    studio.api("PUT", "/api/v1/workspaces/default/environments/short/versions/1", body)
    studio.go("environments/short/1")
    studio.heading("short")
    build = studio.page.get_by_role("button", name="Build", exact=True)
    built = studio.page.locator("[data-status=ready], [data-status=Completed]").first
    build.or_(built).first.wait_for()
    # An earlier run of the tests may have left it in the cache.
    if build.count():
        build.click()
    built.wait_for(timeout=240_000)
    studio.screenshot("environment-built")
    studio.page.get_by_role("button", name="More", exact=True).click()
    studio.page.get_by_role("menuitem", name="Delete").click()
    studio.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    studio.heading("Environments")
    studio.gone("short")


def test_a_compute_is_made_changed_and_deleted(studio):
    studio.go("compute")
    studio.page.get_by_role("button", name="Create compute").click()
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("small-cluster")
    dialog.get_by_role("button", name="Create", exact=True).click()
    studio.page.get_by_role("row").filter(has_text="small-cluster").get_by_text("0–2").wait_for()
    studio.page.get_by_role("button", name="Change small-cluster").click()
    dialog.get_by_label("Most instances").fill("5")
    dialog.get_by_role("button", name="Save").click()
    studio.page.get_by_role("row").filter(has_text="small-cluster").get_by_text("0–5").wait_for()
    studio.check_accessibility()
    studio.screenshot("compute")
    studio.page.get_by_role("button", name="Delete small-cluster").click()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    studio.see("No computes yet")


def test_a_datastore_of_a_folder_is_made_and_its_paths_are_shown(studio, tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "one.txt").write_text("1", encoding="utf-8")
    studio.go("datastores")
    studio.page.get_by_role("button", name="Create datastore").click()
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("scans")
    dialog.get_by_label("Folder of the server's machine").fill(str(tmp_path))
    dialog.get_by_role("button", name="Create", exact=True).click()
    studio.page.get_by_role("link", name="scans", exact=True).click()
    studio.see("scans/one.txt")
    studio.check_accessibility()
    studio.screenshot("datastore")


def test_workspaces_say_what_they_cost(studio):
    studio.go("/workspaces")
    studio.heading("Workspaces")
    studio.see("Computing time")
    studio.page.get_by_text("bytes").or_(studio.page.get_by_text("kB")).or_(
        studio.page.get_by_text("MB")
    ).first.wait_for()
    studio.check_accessibility()
    studio.screenshot("workspaces")


def test_the_palette_knows_commands(studio):
    studio.go("home")
    studio.heading("Home")
    studio.page.keyboard.press("Control+k")
    studio.page.get_by_role("combobox").fill("create a compute")
    studio.page.get_by_role("option", name="Create a compute").wait_for()
    studio.page.keyboard.press("Enter")
    studio.page.get_by_role("dialog").get_by_label("Name").wait_for()
    studio.heading("Compute")
