"""Mirrors: folders of this machine that stand for addresses elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.engine.locations import Locations

HOST = "account.blob.core.windows.net"
ADDRESSES = (f"wasbs://box@{HOST}/a/b.csv", f"https://{HOST}/box/a/b.csv")


def mirror(bench: Bench, folder: Path, *keys: str) -> None:
    (folder / "box" / "a").mkdir(parents=True)
    (folder / "box" / "a" / "b.csv").write_text("1")
    table = dict.fromkeys(keys, str(folder))
    bench.platform.workspaces.put(WORKSPACE, {"name": WORKSPACE, "mirrors": table}, "owner")


@pytest.mark.parametrize("key", ["account", HOST])
def test_a_storage_account_is_mirrored_by_name_or_host(bench: Bench, tmp_path: Path, key: str):
    mirror(bench, tmp_path / "there", key)
    for address in ADDRESSES:
        assert Locations(bench.core).local_path(WORKSPACE, address).read_text() == "1"


def test_an_address_is_mirrored_by_its_beginning(bench: Bench, tmp_path: Path):
    folder = tmp_path / "there"
    mirror(bench, folder, f"https://{HOST}/")
    assert Locations(bench.core).local_path(WORKSPACE, ADDRESSES[1]) == folder / "box" / "a" / "b.csv"
