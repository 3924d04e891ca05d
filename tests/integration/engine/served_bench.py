"""A platform with a real gateway beside it, and requests to its endpoint `sums`."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from engine_bench import PATIENCE_S, WORKSPACE, Bench


@contextmanager
def gateway_of(bench: Bench) -> Generator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bancada.faces.scoring", "--home", str(bench.home), "--port", "0"]
    )
    record = bench.home / "gateway" / "gateway.json"
    bench.core.addresses.gateway = bench.until(
        lambda: json.loads(record.read_text()) if record.exists() else {}, lambda found: "url" in found
    )["url"]
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def settle(bench: Bench, name: str, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
    return bench.until(
        lambda: bench.platform.deployments.get_deployment(WORKSPACE, "sums", name).body,
        lambda found: found["provisioning_state"] in ("Succeeded", "Failed"),
        timeout_s,
    )


def ask_raw(bench: Bench, body: Any, **headers: str) -> tuple[int, Any, Any]:
    key = bench.platform.endpoints.keys(WORKSPACE, "sums")["primaryKey"]
    uri = bench.platform.endpoints.get_endpoint(WORKSPACE, "sums").body["scoring_uri"]
    sent = {"Content-Type": "application/json", "Authorization": f"Bearer {key}", **headers}
    request = urllib.request.Request(uri, json.dumps(body).encode(), sent)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.loads(error.read())
