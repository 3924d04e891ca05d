"""Make the README's pictures of the Studio again, from the real walk-through: `.venv/bin/python scripts/pictures.py`.

Starts a platform in a temporary home, runs the heart walk-through, opens its pages in Chromium and writes
docs/images/studio-*.png. Needs the `test` extra and a Chromium on PATH. Look at what it made.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1360, "height": 820}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


def cli(environment: dict[str, str], *words: str) -> Any:
    """Run a command of Bancada's; return its answer."""
    command = [sys.executable, "-m", "bancada.cli", *words, "-o", "json"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout.strip() else None


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory(prefix="bancada-pictures-") as home:
        environment = {**os.environ, "BANCADA_HOME": home}
        subprocess.run(
            [sys.executable, "-m", "bancada.cli", "up", "--detach", "--port", "0", "--gateway-port", "0"],
            env=environment,
            check=True,
        )
        try:
            walkthrough = ROOT / "examples" / "heart" / "walkthrough.py"
            subprocess.run([sys.executable, str(walkthrough), "--keep"], env=environment, check=True)
            take(environment)
        finally:
            subprocess.run(
                [sys.executable, "-m", "bancada.cli", "down", "--jobs", "cancel"], env=environment, check=True
            )


def take(environment: dict[str, str]) -> None:
    """Open the pages and keep a picture of each."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    status = cli(environment, "status")
    workspace = next(one["name"] for one in cli(environment, "workspace", "list") if one["name"] != "default")
    within = ("-w", workspace)
    sweep = next(one for one in cli(environment, "job", "list", *within) if one["type"] == "sweep")
    best = cli(environment, "job", "show", "-n", sweep["name"], *within)["properties"]["best_child_run_id"]
    endpoint = cli(environment, "online-endpoint", "list", *within)[0]["name"]
    base, at = status["url"].rstrip("/"), f"/workspaces/{workspace}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_context(viewport=SIZE, locale="en-US", color_scheme="light").new_page()
        page.goto(status["page_url"])
        page.get_by_role("heading", name="Home").wait_for()
        page.goto(f"{base}{at}/jobs/{sweep['name']}/trials")
        page.locator("figure canvas").nth(2).wait_for()
        keep(page, "studio-sweep", height=1240)
        page.goto(f"{base}{at}/jobs/{best}")
        page.get_by_role("heading", name="Timeline").wait_for()
        keep(page, "studio-job")
        page.goto(f"{base}{at}/endpoints/{endpoint}/test")
        page.get_by_role("button", name="Send").click()
        page.get_by_text("answered by").first.wait_for()
        keep(page, "studio-endpoint")
        page.get_by_role("button", name="Language").click()
        page.get_by_text("Português (Brasil)").click()
        page.emulate_media(color_scheme="dark")
        page.goto(f"{base}{at}/home")
        page.get_by_role("heading", name="Início").wait_for()
        keep(page, "studio-home-pt")
        browser.close()


def keep(page: Page, name: str, height: int = SIZE["height"]) -> None:
    """Write the picture once what moves has come to rest."""
    page.set_viewport_size({**SIZE, "height": height})
    page.wait_for_timeout(1500)
    page.screenshot(path=str(IMAGES / f"{name}.png"))
    page.set_viewport_size(SIZE)
    print(f"docs/images/{name}.png", flush=True)


if __name__ == "__main__":
    main()
