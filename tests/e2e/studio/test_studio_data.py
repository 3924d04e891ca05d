"""Data assets in the page: made by dropping a file, looked at, profiled against a target, deleted."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BOTH = pytest.mark.parametrize("language", ["en", "pt-BR"])
HEART = Path(__file__).parents[3] / "examples" / "heart" / "heart.csv"
# One transparent pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def send(studio, files):
    """Give files to the page's picker."""
    studio.page.locator("input[type=file]").first.set_input_files(files)


def test_a_file_becomes_an_asset_whose_rows_and_columns_are_shown(studio):
    studio.go("data")
    studio.see("No data yet")
    studio.check_accessibility()
    studio.page.get_by_role("link", name="Create a data asset").first.click()
    studio.heading("Create a data asset")
    send(studio, str(HEART))
    studio.page.get_by_label("Name", exact=True).and_(studio.page.locator("[value=heart]")).wait_for()
    studio.page.get_by_label("Description").fill("Heart attack data")
    studio.see("bancada data create --name heart")
    studio.check_accessibility()
    studio.screenshot("data-create")
    studio.page.get_by_role("button", name="Create", exact=True).click()
    studio.heading("heart")
    studio.see("azureml:heart:1")
    studio.check_accessibility()
    studio.screenshot("data-overview")
    studio.page.get_by_role("tab", name="Preview").click()
    studio.page.get_by_role("columnheader", name="thalachh").wait_for()
    studio.see("272 rows")
    studio.check_accessibility()
    studio.screenshot("data-preview")
    studio.page.get_by_role("tab", name="Files").click()
    studio.page.get_by_role("treeitem", name="heart.csv").click()
    studio.page.get_by_role("columnheader", name="thalachh").wait_for()
    studio.at("file=heart.csv")
    studio.go("data?q=hear")
    studio.page.get_by_role("link", name="heart", exact=True).wait_for()


@BOTH
def test_columns_are_profiled_against_a_target_that_the_address_holds(studio, language):
    text = "id,age,sick\n" + "".join(f"{one},{20 + one % 60},{int(one % 60 > 30)}\n" for one in range(400))
    studio.go("data/create")
    send(studio, {"name": f"made-{language.lower()}.csv", "mimeType": "text/csv", "buffer": text.encode()})
    create = {"en": "Create", "pt-BR": "Criar"}[language]
    studio.page.get_by_role("button", name=create, exact=True).click()
    name = f"made-{language.lower()}"
    studio.heading(name)
    studio.go(f"data/{name}/1/profile?target=sick&column=age")
    studio.see({"en": "Says about sick", "pt-BR": "Diz sobre sick"}[language])
    studio.see({"en": "Distribution of age", "pt-BR": "Distribuição de age"}[language])
    # Sorted by what they say about the target: the target itself has no score, `age` has one.
    row = studio.page.get_by_role("row").filter(has=studio.page.get_by_role("button", name="age"))
    assert float(row.locator("[title]").first.inner_text().replace(",", ".")) > 0.5
    studio.check_accessibility()
    studio.screenshot(f"data-profile-{language}")


def test_a_folder_of_pictures_is_shown_as_pictures(studio):
    pictures = [{"name": f"{one}.png", "mimeType": "image/png", "buffer": PIXEL + bytes([one])} for one in range(3)]
    studio.go("data/create")
    send(studio, pictures)
    studio.page.get_by_label("Name", exact=True).fill("pictures")
    studio.page.get_by_role("button", name="Create", exact=True).click()
    studio.heading("pictures")
    studio.page.get_by_role("tab", name="Preview").click()
    studio.page.get_by_role("img", name="2.png").wait_for()
    studio.screenshot("data-pictures")


def test_what_the_server_refuses_stands_at_its_field(studio):
    studio.expected.append(r"400")
    studio.go("data/create?source=address")
    studio.page.get_by_role("textbox", name="Address").fill("https://example.org/data.csv")
    studio.page.get_by_label("Name", exact=True).fill("a@b")
    studio.page.get_by_role("button", name="Create", exact=True).click()
    studio.see("is not a valid name")
    studio.page.get_by_label("Name", exact=True).fill("there")
    studio.page.get_by_role("button", name="Create", exact=True).click()
    studio.heading("there")


def drop(studio, place, path):
    """Drag a file from outside of the browser onto a place."""
    box = place.bounding_box()
    mouse = studio.page.context.new_cdp_session(studio.page)
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        mouse.send("Input.dispatchDragEvent", {"type": kind, "data": data, **at})


def test_a_dropped_file_is_read_as_the_reader_says_and_knows_its_jobs(studio, tmp_path):
    studio.go("data/create")
    (tmp_path / "dropped.csv").write_text("age|note\n41|a;b\n52|c;d\n", encoding="utf-8")
    drop(studio, studio.see("Drop files"), tmp_path / "dropped.csv")
    studio.page.get_by_label("Name", exact=True).and_(studio.page.locator("[value=dropped]")).wait_for()
    studio.page.get_by_role("button", name="Create", exact=True).click()
    studio.heading("dropped")
    studio.see("No job has read this version yet")
    studio.page.get_by_role("tab", name="Preview").click()
    studio.page.get_by_role("columnheader", name="note").wait_for()
    studio.page.get_by_label("Delimiter").select_option("semicolon")
    studio.page.get_by_role("columnheader", name="age|note").wait_for()
    studio.at("delimiter=semicolon")
    studio.page.get_by_label("First row").select_option("false")
    studio.page.get_by_role("gridcell", name="age|note").or_(
        studio.page.get_by_role("cell", name="age|note")
    ).wait_for()
    studio.check_accessibility()
    studio.screenshot("data-reading")
    inputs = {"table": {"type": "uri_file", "path": "azureml:dropped@latest"}}
    job = studio.submit("cat ${{inputs.table}}", inputs=inputs, display_name="a reader")
    studio.page.get_by_role("tab", name="Overview").click()
    studio.page.get_by_role("list", name="Used by").get_by_role("link", name="a reader").click()
    studio.heading("a reader")
    studio.see("dropped:1")
    assert studio.api("GET", f"/api/v1/workspaces/default/jobs/{job}")["inputs"]["table"]["path"] == "azureml:dropped:1"


def test_a_version_is_deleted_by_typing_its_name(studio):
    body = {"type": "uri_file", "path": "https://example.org/gone.csv"}
    studio.api("PUT", "/api/v1/workspaces/default/data/gone/versions/1", body)
    studio.go("data/gone/1")
    studio.heading("gone")
    studio.page.get_by_role("button", name="More").click()
    studio.page.get_by_role("menuitem", name="Delete").click()
    studio.page.get_by_label("Type gone to confirm").fill("gone")
    studio.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    studio.heading("Data")
    studio.gone("gone")
