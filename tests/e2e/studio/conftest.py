"""A real browser before a real platform. Any error in the browser's console or failed request fails the test."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from bancada.cli.link import ServerLink

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is in the test extra")

HERE = Path(__file__).parent
ARTIFACTS = HERE / "artifacts"
AXE = HERE.parents[2] / "studio" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
SHOWN_S = 120.0  # patience, not a measure: a loaded machine is slow, and a test that waits in vain says so

Language = Literal["en", "pt-BR"]


# Not of the whole session: Playwright's event loop runs in this thread as long as the browser does, and the tests that
# come after could start none of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium: `BANCADA_TEST_CHROMIUM`, else the one on PATH. Without one: skipped, but not in CI."""
    named = os.environ.get("BANCADA_TEST_CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = f"no browser: {named or ', '.join(NAMES)} not found; install chromium or set BANCADA_TEST_CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)


@dataclass
class Studio:
    """One tab, logged in; `go` to a place, look with `page`, keep a picture with `screenshot`."""

    page: Any
    base: str
    platform: Any
    workspace: str = "default"
    problems: list[str] = field(default_factory=list)
    # Patterns of problems that a test makes on purpose.
    expected: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note whatever goes wrong in the browser."""
        self.page.on("console", lambda one: self._note(one.type in ("error", "warning"), f"console: {one.text}"))
        self.page.on("pageerror", lambda error: self._note(True, f"page error: {error}"))
        self.page.on("response", lambda one: self._note(one.status >= 400, f"{one.status} {one.url}"))
        self.page.on("requestfailed", lambda one: self._note(not _gone(one), f"failed: {one.url} {one.failure}"))

    def _note(self, is_problem: bool, text: str) -> None:
        if is_problem:
            self.problems.append(text)

    def go(self, path: str) -> None:
        """Go to an address below the workspace, or (with a leading slash) below the server."""
        address = path if path.startswith("/") else f"/workspaces/{self.workspace}/{path}"
        self.page.goto(self.base + address)

    def see(self, text: str, *, exact: bool = False) -> Any:
        """Wait until some text is on the page; return its first place."""
        found = self.page.get_by_text(text, exact=exact).first
        found.wait_for(timeout=SHOWN_S * 1000)
        return found

    def at(self, part: str, *, is_there: bool = True) -> None:
        """Wait until the address has a part, or has it no more: it follows a click a moment later."""
        self.page.wait_for_url(lambda url: (part in url) is is_there)

    def gone(self, name: str) -> None:
        """Wait until no link has this name."""
        self.page.get_by_role("link", name=name, exact=True).wait_for(state="detached")

    def wait_for_costs(self) -> None:
        """Wait until each workspace says what it costs: the answer about one that is deleted meanwhile is an error."""
        self.page.locator("dd").first.wait_for()
        self.page.wait_for_function("() => ![...document.querySelectorAll('dd')].some(one => one.textContent === '–')")

    def heading(self, text: str) -> None:
        """Wait for the page with this title."""
        self.page.get_by_role("heading", level=1, name=text).wait_for(timeout=SHOWN_S * 1000)

    def screenshot(self, name: str) -> Path:
        """Keep a picture of the tab for a person to look at."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        self.page.screenshot(path=str(path))
        return path

    def check_accessibility(self) -> None:
        """Run axe over the page; fail with what it found and where."""
        assert AXE.is_file(), "axe-core is missing: python studio/build.py --tests"
        # Not as a script element: the page's policy lets no foreign one run, and should.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        lines = [
            f"{one['id']} ({one['impact']}): {one['help']}\n    "
            + "\n    ".join(n["html"][:200] for n in one["nodes"][:4])
            for one in found["violations"]
        ]
        assert not lines, "\n".join(lines)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call the server as the owner, beside the browser."""
        return ServerLink.of(self.platform.home).call(method, path, body)

    def log_run(self, name: str) -> str:
        """Make a finished run as an MLflow client would; return its id. It is listed as a job."""
        base = f"/mlflow/{self.workspace}/api/2.0/mlflow/runs"
        run = self.api(
            "POST", f"{base}/create", {"experiment_id": "0", "run_name": name, "start_time": 1_750_000_000_000}
        )
        run_id = run["run"]["info"]["run_id"]
        self.api(
            "POST", f"{base}/log-metric", {"run_id": run_id, "key": "Score", "value": 0.75, "timestamp": 1, "step": 0}
        )
        done = {"run_id": run_id, "status": "FINISHED", "end_time": 1_750_000_004_000}
        self.api("POST", f"{base}/update", done)
        return str(run_id)

    def submit(self, command: str, **more: Any) -> str:
        """Submit a command job that needs no packages; return its name."""
        body = {"type": "command", "command": command, "environment": "azureml:minimal@latest", **more}
        return str(self.api("POST", f"/api/v1/workspaces/{self.workspace}/jobs", body)["name"])

    def unexpected(self) -> list[str]:
        """Return what went wrong and was not meant to."""
        return [one for one in self.problems if not any(re.search(pattern, one) for pattern in self.expected)]


def _gone(request: Any) -> bool:
    """Tell a request that the page itself gave up: a tab that goes elsewhere ends its stream and its questions."""
    return "ERR_ABORTED" in (request.failure or "")


@pytest.fixture
def language() -> Language:
    """Language of the browser; a test parametrizes it."""
    return "en"


@pytest.fixture
def scheme() -> Literal["light", "dark"]:
    """Colour scheme of the browser's system; a test parametrizes it."""
    return "light"


@pytest.fixture
def visitor(running: Any, browser: Any, language: Language, scheme: str) -> Iterator[Studio]:
    """A tab that has no session yet."""
    context = browser.new_context(
        viewport={"width": 1360, "height": 820},
        locale="en-US" if language == "en" else language,
        color_scheme=scheme,
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(SHOWN_S * 1000)
    link = ServerLink.of(running.home)
    made = Studio(context.new_page(), f"http://{link.host}:{link.port}", running)
    made.listen()
    yield made
    context.close()
    assert made.unexpected() == []


@pytest.fixture
def studio(visitor: Studio) -> Studio:
    """A tab that is logged in by the printed link."""
    visitor.page.goto(json.loads(visitor.platform.run("status", "-o", "json").stdout)["page_url"])
    visitor.page.get_by_role("navigation").wait_for(timeout=SHOWN_S * 1000)
    return visitor
