"""Which addresses a mirror stands for, and what an environment's document asks of the builder."""

from __future__ import annotations

from pathlib import Path
from socket import gaierror

import pytest
import urllib3

from bancada.engine import locations
from bancada.engine.environments import request_of
from bancada.engine.locations import covers
from bancada.errors import NotFound


@pytest.mark.parametrize(
    ("prefix", "address", "is_covered"),
    [
        ("https://host/data", "https://host/data", True),
        ("https://host/data", "https://host/data/heart.csv", True),
        ("https://host/data/", "https://host/data/heart.csv", True),
        ("https://host/data", "https://host/database.csv", False),
        ("https://host/data", "https://host/dat", False),
    ],
)
def test_a_mirror_stands_for_what_lies_below_its_address(prefix: str, address: str, is_covered: bool):
    assert covers(prefix, address) is is_covered


def test_an_environment_may_insist_on_its_python():
    conda = {"dependencies": ["python=3.11"]}
    assert request_of({"name": "e", "conda_file": conda, "strict_python": True}).strict_python
    assert request_of({"name": "e", "conda_file": conda, "tags": {"strict_python": "true"}}).strict_python
    assert not request_of({"name": "e", "conda_file": conda}).strict_python


def test_an_address_that_gives_nothing_is_told_in_plain_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        pool = urllib3.HTTPConnectionPool("nowhere", 80)
        cause = urllib3.exceptions.NameResolutionError(
            "nowhere", urllib3.connection.HTTPConnection("nowhere"), gaierror()
        )
        raise urllib3.exceptions.MaxRetryError(pool, "/", cause)

    monkeypatch.setattr(urllib3.PoolManager, "request", refuse)
    with pytest.raises(NotFound, match=r"cannot be fetched: its server's name is not known here\. Without network"):
        locations._fetch("http://nowhere/data.csv", tmp_path / "file")
