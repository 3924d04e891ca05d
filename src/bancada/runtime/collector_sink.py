"""Takes what a script's `Collector`s (azureml-ai-monitoring) send, and writes it down.

That package posts each frame to a service on this machine; here it is a thread of the replica itself, on a free
port of the loopback address that it is told by AZUREML_MDC_PORT. So each replica has its own, and nothing has to
be kept apart. Standard library only, Python 3.8+.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Mapping, MutableMapping, Optional, Tuple, cast

from .collected import Collected, Collection, write

__all__ = ["CollectorSink", "start_sink"]

# What is still under way when the replica ends gets so long.
_FLUSH_S = 2.0
_PREFIX = "azureml.inference."
_LARGEST_BODY = 256 << 20

logger = logging.getLogger("azmlinfsrv")


def start_sink(environ: MutableMapping[str, str]) -> "Optional[CollectorSink]":
    """Start a sink when BANCADA_COLLECT names what to collect, and tell the collector's package of it; else None."""
    text = environ.get("BANCADA_COLLECT")
    if not text:
        return None
    sink = CollectorSink(json.loads(text))
    host, port = sink.address
    environ["AZUREML_MDC_HOST"], environ["AZUREML_MDC_PORT"] = host, str(port)
    for name in ("no_proxy", "NO_PROXY"):
        environ[name] = ",".join([one for one in (environ.get(name, ""), host) if one])
    return sink


class CollectorSink:
    """A small HTTP service: POST /modeldata/log takes one record.

    `settings` has source, instance, rolling and collections, a folder for each name.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._collections: Dict[str, Collection] = {
            str(name): Collection(
                str(name), str(folder), str(settings["source"]), str(settings["instance"]), str(settings["rolling"])
            )
            for name, folder in cast("Dict[str, str]", settings["collections"]).items()
        }
        self._lock = threading.Lock()
        self.taken = 0
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length <= _LARGEST_BODY else b""
                fields = {name.lower(): value for name, value in self.headers.items()}
                status, text = sink.take(self.path, fields, body)
                answer = text.encode("utf-8")
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the log belongs to the script."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="bancada-collector", daemon=True).start()

    @property
    def address(self) -> Tuple[str, int]:
        """Host and port."""
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def take(self, path: str, fields: Mapping[str, str], body: bytes) -> Tuple[int, str]:
        """Write one record; return status and text of the answer."""
        if path != "/modeldata/log":
            return 404, "There is only /modeldata/log."
        name = fields.get("ce-type", "")
        name = name[len(_PREFIX) :] if name.startswith(_PREFIX) else name
        collection = self._collections.get(name.lower())
        if collection is None:
            return 404, "The collection `%s` is not enabled." % name
        try:
            text: Optional[str] = body.decode("utf-8")
            data = json.loads(body) if fields.get("content-type", "").startswith("application/json") else text
        except ValueError as reason:
            return 400, "The content is no JSON: %s" % reason
        number = fields.get("ce-x-request-id", "")
        attributes = {
            "modelversion": fields.get("ce-model-version", "default"),
            "collectdatatype": fields.get("ce-collect-data-type", ""),
            "agent": fields.get("ce-agent", ""),
        }
        as_it_is = text if data is not text else None
        record = Collected(data, as_it_is, _time(fields.get("ce-time")), number, attributes)
        try:
            with self._lock:
                write(collection, record)
                self.taken += 1
        except OSError as reason:
            logger.error("Collected data could not be written: %s", reason)
            return 507, str(reason)
        return 200, "ok"

    def close(self) -> None:
        """Let the collector's package send what it holds, then end."""
        module: Any = sys.modules.get("azureml.ai.monitoring.init")
        if module is not None:
            flush = threading.Thread(target=module.teardown, kwargs={"wait_for_flush": True}, daemon=True)
            flush.start()
            flush.join(_FLUSH_S)
        self._server.shutdown()
        self._server.server_close()


def _time(text: Optional[str]) -> float:
    try:
        return float(text or "")
    except ValueError:
        return time.time()
