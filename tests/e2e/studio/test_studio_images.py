"""Images in: dropped or chosen on an endpoint's Test tab, sent as Azure's image request, answered with classes."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PATIENCE_MS = 240_000  # for replicas on a loaded machine
# A model of brightness that needs no packages: it reads the pixels of grey PNGs whose rows are not filtered.
SCRIPT = """import base64, json, struct, zlib


def init():
    pass


def run(raw_data):
    return [judge(base64.b64decode(row[0])) for row in json.loads(raw_data)["input_data"]["data"]]


def judge(png):
    width, height = struct.unpack(">II", png[16:24])
    size = struct.unpack(">I", png[33:37])[0]
    rows = zlib.decompress(png[41 : 41 + size])
    pixels = b"".join(rows[1 + y * (width + 1) : (y + 1) * (width + 1)] for y in range(height))
    bright = round(sum(pixels) / len(pixels) / 255, 4)
    return {"probs": [bright, round(1 - bright, 4)], "labels": ["bright", "dark"]}
"""
DEPLOYMENT = """name: blue
endpoint_name: light-endpoint
model: azureml:light:1
environment: azureml:minimal@latest
code_configuration: {code: ./code, scoring_script: score.py}
instance_count: 1
"""


def png(shade: int, size: int = 16, *, level: int = 9) -> bytes:
    """Return a grey image as PNG bytes, lighter from left to right around a shade from 0 to 255."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    row = bytes([0, *(min(255, max(0, shade + (x * 60) // size - 30)) for x in range(size))])
    head = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * size, level)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture(scope="module")
def endpoint(running: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An endpoint for images, deployed from files."""
    folder: Path = tmp_path_factory.mktemp("light")
    (folder / "code").mkdir()
    (folder / "code" / "score.py").write_text(SCRIPT, encoding="utf-8")
    sample = {"input_data": {"columns": ["image"], "data": [[base64.b64encode(png(128)).decode()]]}}
    (folder / "code" / "sample_request.json").write_text(json.dumps(sample), encoding="utf-8")
    (folder / "model.txt").write_text("brightness", encoding="utf-8")
    (folder / "deployment.yml").write_text(DEPLOYMENT, encoding="utf-8")
    running.run("model", "create", "--name", "light", "--path", "model.txt", "--type", "custom_model", cwd=folder)
    running.run("online-endpoint", "create", "--name", "light-endpoint")
    running.run("online-deployment", "create", "-f", "deployment.yml", "--all-traffic", cwd=folder)
    return "light-endpoint"


def drop(studio: Any, target: Any, files: list[tuple[str, str, bytes]]) -> None:
    """Drop files (name, type, content) on a place, as from the system's file manager."""
    made = studio.page.evaluate_handle(
        """files => {
            const dropped = new DataTransfer();
            for (const [name, type, text] of files)
                dropped.items.add(new File([Uint8Array.from(atob(text), one => one.charCodeAt(0))], name, {type}));
            return dropped;
        }""",
        [[name, kind, base64.b64encode(content).decode()] for name, kind, content in files],
    )
    for event in ("dragenter", "dragover", "drop"):
        target.dispatch_event(event, {"dataTransfer": made})


def test_dropped_images_are_shown_sent_and_answered_with_their_classes(studio, endpoint):
    page = studio.page
    studio.go(f"endpoints/{endpoint}/test")
    # The sample's image is a picture at once.
    page.get_by_role("img", name="Image 1 of the request").wait_for(timeout=PATIENCE_MS)
    body = page.get_by_role("textbox", name="Body of the request")
    drop(studio, body, [("a.png", "image/png", png(235)), ("b.png", "image/png", png(40))])
    page.get_by_role("img", name="Image 2 of the request").wait_for()
    with page.expect_request("**/invoke*") as sent:
        page.get_by_role("button", name="Send").click()
    assert sent.value.post_data_json == {
        "input_data": {"columns": ["image"], "data": [[base64.b64encode(png(shade)).decode()] for shade in (235, 40)]}
    }
    judged = page.get_by_role("list", name="Class probabilities").get_by_role("listitem")
    judged.nth(1).wait_for(timeout=PATIENCE_MS)
    assert judged.nth(0).locator("strong").inner_text() == "bright"
    assert judged.nth(1).locator("strong").inner_text() == "dark"
    assert "%" in judged.nth(0).inner_text()
    # The raw answer is there as well.
    page.get_by_label("Answer").filter(has_text='"probs"').first.wait_for()
    widths = page.locator("img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert widths
    assert all(widths)
    studio.check_accessibility()
    studio.screenshot("endpoint-images")


@pytest.mark.parametrize("language", ["pt-BR"])
def test_a_large_image_is_cut_in_the_editor_alone(studio, endpoint):
    page = studio.page
    studio.go(f"endpoints/{endpoint}/test")
    large = png(200, 1600, level=0)
    assert len(large) > 2_000_000
    page.get_by_role("img", name="Imagem 1 da requisição").wait_for(timeout=PATIENCE_MS)
    chooser = page.locator("input[type=file][aria-label='De um arquivo']")
    chooser.set_input_files({"name": "scan.dcm", "mimeType": "", "buffer": b"\0" * 128 + b"DICM\2\0"})
    page.get_by_role("alert").filter(has_text="salve DICOM como PNG").wait_for()
    chooser.set_input_files({"name": "scan.png", "mimeType": "image/png", "buffer": large})
    whole = base64.b64encode(large).decode()
    page.locator(".cm-line").filter(has_text=f"({len(whole)} base64)").wait_for()
    assert page.get_by_role("alert").count() == 0
    with page.expect_request("**/invoke*") as sent:
        page.get_by_role("button", name="Enviar").click()
    assert sent.value.post_data_json["input_data"]["data"] == [[whole]]
    answered = page.get_by_role("list", name="Probabilidades das classes").get_by_role("listitem")
    answered.first.wait_for(timeout=PATIENCE_MS)
    assert answered.first.locator("strong").inner_text() == "bright"
    studio.check_accessibility()
    studio.screenshot("endpoint-image-large-pt")
