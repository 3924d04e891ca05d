"""The Studio against MLflow's own page, in the same browser on the same runs: `python bench/studio.py [--no-mlflow]`.

10,000 runs with 50 metrics each are on both sides, written straight into the databases. Each measure opens a fresh
browser context (nothing cached) and waits for what a person waits for; the sides take turns, so that a busy machine
slows both alike, and figures are medians of the rounds. CPU time of the page, requests and bytes say what a load of
the machine does not change. Ours also get a sweep of 1,000 trials, a metric of 100,000 points, a log of 50,000 lines
and 60 metrics a second. The goals are limits: the exit code is 1 when one is missed.
Needs Chromium (`BANCADA_TEST_CHROMIUM`, else the one on PATH) and
Playwright; MLflow is installed into an environment of its own, once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lab import bancada, report, row, status, uv_environment
from playwright.sync_api import Page, sync_playwright
from studio_rows import Client, measure
from studio_world import LINES, POINTS, TRIALS, fill_log, fill_sweep
from tracking_servers import Subject, bancada_server, fill_history, fill_runs, mlflow_server

__all__ = ["main"]

NEWEST = "mlflow==3.17.2"
METRICS = 50
COMPARED = 200
LONG = "long"  # the metric of many points
LIVE_A_SECOND = 60
LIVE_S = 10.0
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
PATIENCE_MS = 90_000
GOALS_MS = {"rows on screen": 1000.0, "filter on the server": 100.0}
GOAL_TIMES = 10.0
GOAL_KB = 210.0
# Long tasks since the page began, and the frames that it drew: what a person feels as a freeze.
WATCH = """() => {
  window.__long = []; window.__frames = [];
  new PerformanceObserver(list => list.getEntries().forEach(one => window.__long.push(one.duration)))
    .observe({type: 'longtask'});
  const tick = at => { window.__frames.push(at); requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""


# First paint, number of requests, bytes of code and bytes of everything that came, each as it was sent.
LOADED = """() => {
  const came = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  const bytes = of => of.reduce((sum, one) => sum + one.encodedBodySize, 0);
  const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
  return [paint, came.length, bytes(came.filter(one => /\\.(js|css)(\\?|$)/.test(one.name))), bytes(came)];
}"""
# The chart of one metric with its line drawn: coloured points on our canvas (axes are grey); in theirs, of bars but for
# this metric, a plot of many points whose line is there (drawn by WebGL or as SVG; the legend's lines are elsewhere).
DRAWN = """key => [...document.querySelectorAll('figure')].some(one => {
  const canvas = one.querySelector('.uplot canvas');
  if (!canvas?.width || ![...one.querySelectorAll('.u-label')].some(label => label.textContent === key)) return false;
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let coloured = 0;
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue] = data.subarray(at, at + 3);
    if (data[at + 3] > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) coloured += 1;
  }
  return coloured > 500;
})"""

THEIR_DRAWN = """() => [...document.querySelectorAll('.js-plotly-plot')].some(one =>
  (one.data ?? []).some(trace => (trace.x?.length ?? 0) > 100) && (one.querySelector('.gl-container canvas')
    || [...one.querySelectorAll('.scatterlayer path.js-line')].some(line => line.getAttribute('d')?.length > 20)))
"""


@dataclass
class Figures:
    """What was measured, by its name."""

    ours: dict[str, float] = field(default_factory=dict[str, float])
    theirs: dict[str, float] = field(default_factory=dict[str, float])

    def show(self) -> list[str]:
        """Print the table; return the goals that were missed."""
        row("", "bancada", "mlflow", "times", "goal", widths=(44, 12, 12, 10, 14))
        missed: list[str] = []
        for name, ours in self.ours.items():
            theirs = self.theirs.get(name)
            times = theirs / ours if theirs is not None and ours else None
            goal = self._goal(name, ours, times)
            if goal.startswith("MISSED"):
                missed.append(name)
            row(
                name,
                ours,
                "" if theirs is None else theirs,
                "" if times is None else f"{times:.1f}x",
                goal,
                widths=(44, 12, 12, 10, 14),
            )
        return missed

    def _goal(self, name: str, ours: float, times: float | None) -> str:
        limit = GOALS_MS.get(name.removesuffix(" ms")) or (GOAL_KB if name.startswith("first screen") else None)
        if limit is None:
            return ""
        if ours > limit:
            return f"MISSED ({limit:.0f})"
        if name.startswith("rows on screen") and times is not None and times < GOAL_TIMES:
            return f"MISSED ({GOAL_TIMES:g}x)"
        return "met"


# -------------------------------------------------------------------------------- the browser


@contextlib.contextmanager
def browser() -> Generator[Any]:
    """Run a headless Chromium."""
    named = os.environ.get("BANCADA_TEST_CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise SystemExit("No browser: install chromium, or name one in BANCADA_TEST_CHROMIUM.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield started
        started.close()


class Visitor:
    """Opens pages of one server in fresh contexts, logged in where that is needed."""

    def __init__(self, started: Any, subject: Subject, home: Path | None) -> None:
        self._started = started
        self._home = home
        self.subject = subject
        self.base = subject.url.split("/mlflow/")[0] if subject.is_ours else subject.url
        self._cookies: list[Any] = []

    @contextlib.contextmanager
    def tab(self) -> Generator[Page]:
        """Yield a tab without a cache."""
        context = self._started.new_context(viewport={"width": 1360, "height": 820}, locale="en-US")
        context.set_default_timeout(PATIENCE_MS)
        if self._home is not None:
            if not self._cookies:
                self._cookies = self._enter(context)
            context.add_cookies(self._cookies)
        page = context.new_page()
        page.add_init_script(f"({WATCH})()")
        try:
            yield page
        finally:
            context.close()

    def _enter(self, context: Any) -> list[Any]:
        page = context.new_page()
        page.goto(str(status(self._home or Path())["page_url"]))
        page.get_by_role("navigation").wait_for()
        page.close()
        return context.cookies()

    def go(self, page: Page, path: str) -> float:
        """Go to an address; return when it began."""
        begun = time.perf_counter()
        page.goto(f"{self.base}{path}", wait_until="commit")
        return begun


def since(begun: float) -> float:
    """Return the milliseconds since a moment."""
    return (time.perf_counter() - begun) * 1000


def median(rounds: int, once: Callable[[], float]) -> float:
    """Return the median of some rounds."""
    return statistics.median(once() for _ in range(rounds))


# -------------------------------------------------------------------------------- what both have


@dataclass(frozen=True)
class Places:
    """Addresses and marks of one server's pages, for the same runs."""

    rows: str
    row: str
    run: str
    run_mark: str
    compare: str
    compare_mark: str
    chart: str
    # JavaScript of the metric's name: whether its chart is on screen.
    drawn: str
    search: str
    needle: str


@dataclass(frozen=True)
class Side:
    """One of the pages that are compared, and where on it what is."""

    visitor: Visitor
    places: Places


def ours_at(workspace: str, runs: Sequence[str], count: int) -> Places:
    """Return the Studio's places."""
    base = f"/workspaces/{workspace}/jobs"
    return Places(
        rows=base,
        row=f"[role=gridcell] >> text=run {count - 1}",
        run=f"{base}/{runs[0]}",
        run_mark=f"h1 >> text=run {count - 1}",
        compare=f"{base}/compare?names={','.join(runs[:COMPARED])}",
        compare_mark="[role=rowheader], [role=gridcell], td",
        chart=f"{base}/{runs[0]}/metrics?metrics={LONG}",
        drawn=DRAWN,
        search="Search names, experiments, tags …",
        needle=f"run {count // 2}",
    )


def theirs_at(experiment: str, runs: Sequence[str], count: int) -> Places:
    """Return the places of MLflow's page."""
    listed = quote(json.dumps(list(runs[:COMPARED])))
    return Places(
        rows=f"/#/experiments/{experiment}/runs",
        row=f"text=run {count - 1}",
        run=f"/#/experiments/{experiment}/runs/{runs[0]}",
        run_mark=f"text=run {count - 1}",
        compare=f"/#/compare-runs?runs={listed}&experiments={quote(json.dumps([experiment]))}",
        compare_mark=f"text=Comparing {COMPARED} Runs",
        chart=f"/#/experiments/{experiment}/runs/{runs[0]}/model-metrics",
        drawn=THEIR_DRAWN,
        search="searchFilter",
        needle=f"attributes.run_name = 'run {count // 2}'",
    )


def first_rows(side: Side) -> dict[str, float]:
    """Return first paint, rows on screen and what they took, for one cold visit."""
    visitor, places = side.visitor, side.places
    with visitor.tab() as page:
        counted = page.context.new_cdp_session(page)
        counted.send("Performance.enable", {"timeDomain": "threadTicks"})
        begun = visitor.go(page, places.rows)
        page.locator(places.row).first.wait_for()
        took = since(begun)
        used = {one["name"]: one["value"] * 1000 for one in counted.send("Performance.getMetrics")["metrics"]}
        paint, requests, code, whole = page.evaluate(LOADED)
    return {
        "rows on screen ms": took,
        "first paint ms": paint,
        "page's CPU until rows ms": used["TaskDuration"],
        "of that scripts ms": used["ScriptDuration"],
        "requests until rows": requests,
        "first screen kB (JS and CSS as sent)": code / 1000,
        "all kB until rows": whole / 1000,
    }


def filter_rows(side: Side) -> float:
    """Return the time from the last key to the one row that fits."""
    visitor, places = side.visitor, side.places
    with visitor.tab() as page:
        visitor.go(page, places.rows)
        page.locator(places.row).first.wait_for()
        if visitor.subject.is_ours:
            box = page.get_by_label(places.search)
            mark = f"[role=gridcell] >> text={places.needle}"
            box.click()
            begun = time.perf_counter()
            box.fill(places.needle)
        else:
            # Its box is not on the page before everything else is; its address filters as well.
            mark = f"text={places.needle.split(chr(39))[1]}"
            begun = time.perf_counter()
            page.evaluate(
                "hash => { location.hash = hash; }", f"{places.rows[1:]}?{places.search}={quote(places.needle)}"
            )
        page.locator(mark).first.wait_for()
        page.locator(places.row).first.wait_for(state="detached")
        return since(begun)


def seen(visitor: Visitor, path: str, mark: str) -> float:
    """Return the time from a cold visit to a mark."""
    with visitor.tab() as page:
        begun = visitor.go(page, path)
        page.locator(mark).first.wait_for()
        return since(begun)


def chart_seen(side: Side) -> float:
    """Return the time from a cold visit to the drawn chart of the long metric."""
    with side.visitor.tab() as page:
        begun = side.visitor.go(page, side.places.chart)
        page.wait_for_function(side.places.drawn, arg=LONG, timeout=PATIENCE_MS)
        return since(begun)


MEASURES: Mapping[str, Callable[[Side], dict[str, float] | float]] = {
    "rows": first_rows,
    "filter to result ms": filter_rows,
    "open a job ms": lambda side: seen(side.visitor, side.places.run, side.places.run_mark),
    f"compare {COMPARED} runs ms": lambda side: seen(side.visitor, side.places.compare, side.places.compare_mark),
    f"chart of {POINTS:,} points ms": chart_seen,
}


def in_turns(sides: Sequence[Side], rounds: int) -> list[dict[str, float]]:
    """Return what was measured of each side; in each round each side has its turn."""
    found: list[dict[str, list[float]]] = [{} for _ in sides]
    for name, once in MEASURES.items():
        failed: set[int] = set()
        for at in [at for _ in range(rounds) for at in range(len(sides)) if at not in failed]:
            try:
                figures = once(sides[at]) if at not in failed else {}
            except Exception as reason:  # a page that does not do it at all is said to, and the others are measured
                failed.add(at)
                print(f"{sides[at].visitor.subject.name}: {name}: {str(reason).splitlines()[0]}", flush=True)
                continue
            for key, value in (figures if isinstance(figures, dict) else {name: figures}).items():
                found[at].setdefault(key, []).append(value)
        print(f"{name}: done at a load of {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return [{key: statistics.median(values) for key, values in one.items()} for one in found]


# -------------------------------------------------------------------------------- what only ours has


def ours_alone(visitor: Visitor, rounds: int) -> dict[str, float]:
    """Measure the sweep, the log, the server's filter, and a page that metrics stream into."""
    home = visitor.subject.database.parent
    client = Client(home)
    sweep = fill_sweep(home, client.workspace)
    speaker = fill_log(home, lambda *words: bancada(*words, home=home))
    base = f"/workspaces/{client.workspace}/jobs"
    asked = {"limit": 200, "filter": "metrics.m1 > 0.5 AND metrics.m2 < 0.5", "columns": "metrics.m0,metrics.m1"}
    return {
        "filter on the server ms": measure(client, lambda one: one.ask("GET", "jobs/rows", asked))[0],
        f"sweep of {TRIALS:,} trials: table and charts ms": median(
            rounds, lambda: sweep_seen(visitor, f"{base}/{sweep}/trials")
        ),
        f"sweep of {TRIALS:,} trials: order by a column ms": median(
            rounds, lambda: sweep_sorted(visitor, f"{base}/{sweep}/trials")
        ),
        f"log of {LINES:,} lines: its end ms": median(
            rounds, lambda: seen(visitor, f"{base}/{speaker}/logs", f"text=line {LINES - 1} of")
        ),
        **live(visitor, client),
    }


def sweep_seen(visitor: Visitor, path: str) -> float:
    """Return the time to the rows and the drawn parallel coordinates of a sweep."""
    drawn = "() => document.querySelectorAll('figure canvas').length >= 3 && document.querySelector('[role=gridcell]')"
    with visitor.tab() as page:
        begun = visitor.go(page, path)
        page.wait_for_function(drawn, timeout=PATIENCE_MS)
        return since(begun)


def sweep_sorted(visitor: Visitor, path: str) -> float:
    """Return the time from a click on a column's head to the new order."""
    with visitor.tab() as page:
        visitor.go(page, path)
        head = page.get_by_role("columnheader", name="Trial", exact=False).first.get_by_role("button").first
        head.click()
        page.locator("[role=columnheader][aria-sort]").first.wait_for()
        first = page.locator("[role=gridcell]").first.inner_text()
        begun = time.perf_counter()
        head.click()
        page.wait_for_function("before => document.querySelector('[role=gridcell]')?.innerText !== before", arg=first)
        return since(begun)


def live(visitor: Visitor, client: Client) -> dict[str, float]:
    """Return how a page holds out while metrics stream into the run that it shows."""
    made = client.send(
        "POST",
        f"/mlflow/{client.workspace}/api/2.0/mlflow/runs/create",
        body={"experiment_id": "0", "start_time": 1, "run_name": "live"},
    )
    run = str(json.loads(made)["run"]["info"]["run_id"])
    with visitor.tab() as page:
        stop = threading.Event()
        sent: list[int] = [0]
        thread = threading.Thread(target=_speak, args=(visitor, client, run, stop, sent), daemon=True)
        thread.start()
        visitor.go(page, f"/workspaces/{client.workspace}/jobs/{run}/metrics")
        page.locator(".uplot canvas").first.wait_for()
        page.wait_for_timeout(2000)
        page.evaluate("() => { window.__long = []; window.__frames = []; }")
        before = sent[0]
        page.wait_for_timeout(LIVE_S * 1000)
        long = page.evaluate("() => window.__long")
        frames = page.evaluate("() => window.__frames")
        rate = (sent[0] - before) / LIVE_S
        stop.set()
        thread.join(10)
    gaps = sorted(after - at for at, after in pairwise(frames))
    return {
        "live: metrics a second": rate,
        "live: longest task ms": max(long, default=0.0),
        "live: blocked of each second ms": sum(max(0.0, one - 50) for one in long) / LIVE_S,
        "live: frame, 95th percentile ms": gaps[int(len(gaps) * 0.95)] if gaps else 0.0,
    }


def _speak(visitor: Visitor, client: Client, run: str, stop: threading.Event, sent: list[int]) -> None:
    """Log metrics at the asked pace: twelve at a time, as a training loop does."""
    address = f"{visitor.base}/mlflow/{client.workspace}/api/2.0/mlflow/runs/log-batch"
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
    step, begun = 0, time.monotonic()
    while not stop.is_set():
        points = [
            {
                "key": f"live{one}",
                "value": (step * (one + 1)) % 97 / 97,
                "timestamp": int(time.time() * 1000),
                "step": step,
            }
            for one in range(12)
        ]
        body = json.dumps({"run_id": run, "metrics": points}).encode()
        urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=30).close()
        sent[0] += 12
        step += 1
        stop.wait(max(0.0, begun + step * 12 / LIVE_A_SECOND - time.monotonic()))


# -------------------------------------------------------------------------------- the run


def newest_runs(subject: Subject, experiment: str) -> list[str]:
    """Return the newest runs of an experiment, newest first."""
    headers = {
        "Content-Type": "application/json",
        **({"Authorization": f"Bearer {subject.token}"} if subject.token else {}),
    }
    body = json.dumps(
        {"experiment_ids": [experiment], "max_results": COMPARED, "order_by": ["attributes.start_time DESC"]}
    )
    request = urllib.request.Request(f"{subject.url}/api/2.0/mlflow/runs/search", body.encode(), headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return [str(one["info"]["run_id"]) for one in json.load(answer)["runs"]]


@contextlib.contextmanager
def our_side(started: Any, count: int) -> Generator[Side]:
    """Fill a platform; yield its page."""
    with bancada_server() as subject:
        home = subject.database.parent
        runs = filled(subject, count)
        workspace = str(status(home)["default_workspace"])
        yield Side(Visitor(started, subject, home), ours_at(workspace, runs, count))


@contextlib.contextmanager
def their_side(started: Any, count: int) -> Generator[Side]:
    """Fill MLflow's server; yield its page."""
    bin_folder = uv_environment("mlflow-newest", (NEWEST,))
    with (
        tempfile.TemporaryDirectory(prefix="mlflow-studio-") as folder,
        mlflow_server(bin_folder, Path(folder) / "server", "--workers", "1") as subject,
    ):
        yield Side(Visitor(started, subject, None), theirs_at("0", filled(subject, count), count))


def filled(subject: Subject, count: int) -> list[str]:
    """Put the runs and the long metric into a server; return the newest runs."""
    fill_runs(subject, "0", count, METRICS)
    runs = newest_runs(subject, "0")
    fill_history(subject, runs[0], LONG, POINTS)
    return runs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-mlflow", action="store_true", help="measure only ours")
    parser.add_argument("--json", action="store_true", help="print the figures once more as JSON")
    asked = parser.parse_args()
    figures = Figures()
    with contextlib.ExitStack() as stack:
        started = stack.enter_context(browser())
        sides = [stack.enter_context(our_side(started, asked.jobs))]
        if not asked.no_mlflow:
            sides.append(stack.enter_context(their_side(started, asked.jobs)))
        figures.ours, *theirs = in_turns(sides, asked.rounds)
        figures.theirs = theirs[0] if theirs else {}
        figures.ours |= ours_alone(sides[0].visitor, asked.rounds)
    missed = figures.show()
    print("load of the machine:", *(f"{one:.1f}" for one in os.getloadavg()))
    if asked.json:
        report({"ours": figures.ours, "theirs": figures.theirs})
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
