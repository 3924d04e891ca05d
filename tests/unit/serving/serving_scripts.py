"""Loads scoring scripts into the test's own process, and takes their traces away afterwards."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from bancada.runtime.scoring_contract import Answer, Contract, Query
from bancada.runtime.scoring_script import load_script
from bancada.runtime.scoring_settings import read_settings

__all__ = ["Loaded"]


class Loaded:
    """A script behind the contract, without sockets."""

    def __init__(self, folder: Path, source: str, **variables: str) -> None:
        (folder / "score.py").write_text(textwrap.dedent(source))
        environ = {"AML_APP_ROOT": str(folder), "AZUREML_ENTRY_SCRIPT": "score.py", **variables}
        self.settings = read_settings(environ)
        self.script = load_script(self.settings)
        self.script.init()
        self.contract = Contract(self.script, self.settings)

    def ask(
        self,
        body: bytes | str = b"",
        *,
        method: str = "POST",
        path: str = "/score",
        query: str = "",
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
        **facts: Any,
    ) -> Answer:
        """Send one request through the contract; JSON is the content type unless told otherwise."""
        fields = headers if isinstance(headers, list) else list((headers or {}).items())
        if not any(name == "content-type" for name, _ in fields):
            fields = [("content-type", "application/json"), *fields]
        data = body.encode() if isinstance(body, str) else body
        return self.contract.answer(Query(method, path, query, fields, data, **facts))
