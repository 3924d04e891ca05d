"""A package index on this machine with hand-made wheels, so that environments can be built without a network."""

from __future__ import annotations

import base64
import datetime
import hashlib
import http.server
import io
import json
import threading
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["LocalIndex"]


@dataclass
class Wheel:
    """One release of one package."""

    name: str
    version: str
    content: bytes
    metadata: bytes
    uploaded: datetime.datetime
    tag: str = "py3-none-any"

    @property
    def file(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}-{self.tag}.whl"


@dataclass
class LocalIndex:
    """Serves the simple JSON API. A package in `held` is asked for (see `asked`) but its file never comes."""

    wheels: list[Wheel] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    refuse: bool = False

    def __post_init__(self) -> None:
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                index.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Keep the tests' output clean."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        for name in ("pip", "setuptools", "wheel"):
            self.add(name, "1.0")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/simple"

    def close(self) -> None:
        self.held.clear()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def add(
        self,
        name: str,
        version: str,
        source: str = "",
        *,
        needs: Sequence[str] = (),
        uploaded: str = "2026-01-01",
        tag: str = "py3-none-any",
    ) -> None:
        """Offer a release whose one module has this source; a tag such as `cp38-cp38-any` fits that Python alone."""
        day = datetime.datetime.fromisoformat(uploaded).replace(tzinfo=datetime.UTC)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"Requires-Dist: {one}\n" for one in needs)
        content = _wheel(name, version, source, metadata, tag)
        self.wheels.append(Wheel(name, version, content, metadata.encode(), day, tag))

    def has_been_asked_for(self, name: str) -> bool:
        """Return whether a client has begun to fetch the file (not only the metadata) of a package."""
        return any(path.startswith(f"/files/{name}-") and path.endswith(".whl") for path in self.asked)

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Answer a request for a package's list of files, or for a file."""
        self.asked.append(request.path)
        parts = request.path.strip("/").split("/")
        if self.refuse:
            _send(request, 401, b"", "text/plain")
        elif parts[0] == "files":
            self._send_file(request, parts[1])
        else:
            self._send_list(request, parts[-1])

    def _send_file(self, request: http.server.BaseHTTPRequestHandler, file: str) -> None:
        wheel = next(one for one in self.wheels if one.file == file.removesuffix(".metadata"))
        if file.endswith(".metadata"):
            _send(request, 200, wheel.metadata, "text/plain")
            return
        while wheel.name in self.held:
            time.sleep(0.02)
        _send(request, 200, wheel.content, "application/octet-stream")

    def _send_list(self, request: http.server.BaseHTTPRequestHandler, name: str) -> None:
        files = [
            {
                "filename": one.file,
                "url": f"/files/{one.file}",
                "hashes": {"sha256": hashlib.sha256(one.content).hexdigest()},
                # The metadata alone, so that a resolve downloads no wheel.
                "core-metadata": {"sha256": hashlib.sha256(one.metadata).hexdigest()},
                "upload-time": one.uploaded.isoformat(),
            }
            for one in self.wheels
            if one.name == name
        ]
        body = json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()
        _send(request, 200 if files else 404, body, "application/vnd.pypi.simple.v1+json")


def _send(request: http.server.BaseHTTPRequestHandler, status: int, body: bytes, kind: str) -> None:
    try:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
    except OSError:
        request.close_connection = True  # the client was killed, as some tests want


def _wheel(name: str, version: str, source: str, metadata: str, tag: str) -> bytes:
    module = name.replace("-", "_")
    folder = f"{module}-{version}.dist-info"
    files: Mapping[str, str] = {
        f"{module}/__init__.py": source,
        f"{folder}/METADATA": metadata,
        f"{folder}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{folder}/top_level.txt": f"{module}\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in files.items())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in {**files, f"{folder}/RECORD": f"{record}{folder}/RECORD,,\n"}.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    return buffer.getvalue()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
