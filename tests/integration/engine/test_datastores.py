"""Datastores of type `file`: the owner's own folders. What is asked of one never leaves it, be it through a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from engine_bench import WORKSPACE, Bench

from bancada.engine.locations import Locations
from bancada.errors import Invalid, NotFound

MINE = "azureml://datastores/mine/paths"


@pytest.fixture
def folder(bench: Bench, tmp_path: Path) -> Path:
    """The folder of the datastore `mine`: a file, a folder, and links that stay in it and that do not."""
    root, outside = tmp_path / "mine", tmp_path / "outside"
    for one in (root / "data", outside):
        one.mkdir(parents=True)
    (outside / "secret.txt").write_text("secret")
    (root / "kept.txt").write_text("kept")
    (root / "data" / "own.txt").write_text("own")
    (root / "data" / "near.txt").symlink_to(root / "kept.txt")
    (root / "far").symlink_to(outside)
    bench.platform.assets.create(WORKSPACE, "datastores", {"name": "mine", "type": "file", "path": str(root)}, "owner")
    return root


def test_a_path_that_a_link_leads_out_is_refused_and_says_what_to_do(bench: Bench, folder: Path):
    locations = Locations(bench.core)
    assert locations.local_path(WORKSPACE, f"{MINE}/data/near.txt").read_text() == "kept"
    for path in ("far", "far/secret.txt", "far/nothing"):
        with pytest.raises(Invalid, match=r"`far.*` leads out of the folder .*mine through a link.*type `file`"):
            locations.local_path(WORKSPACE, f"{MINE}/{path}")
    with pytest.raises(Invalid, match="through a link"):
        bench.platform.uploads.datastore_list(WORKSPACE, "mine", "far")
    (folder / "ring").symlink_to("ring")
    with pytest.raises(NotFound):
        locations.local_path(WORKSPACE, f"{MINE}/ring/x")


def test_the_datastores_own_folder_may_be_a_link(bench: Bench, folder: Path, tmp_path: Path):
    (tmp_path / "also").symlink_to(folder)
    document = {"name": "also", "type": "file", "path": str(tmp_path / "also")}
    bench.platform.assets.create(WORKSPACE, "datastores", document, "owner")
    path = "azureml://datastores/also/paths/data/near.txt"
    assert Locations(bench.core).local_path(WORKSPACE, path).read_text() == "kept"


def test_a_copy_holds_what_links_inside_lead_to_and_nothing_from_outside(bench: Bench, folder: Path, tmp_path: Path):
    (folder / "data" / "up").symlink_to(folder)
    (folder / "data" / "gone").symlink_to("nothing")
    locations = Locations(bench.core)
    locations.copy(WORKSPACE, f"{MINE}/data", tmp_path / "copy")
    found = {one.relative_to(tmp_path / "copy").as_posix() for one in (tmp_path / "copy").rglob("*")}
    assert found == {"own.txt", "near.txt"}
    assert not (tmp_path / "copy" / "near.txt").is_symlink()
    (folder / "data" / "away").symlink_to(tmp_path / "outside")
    with pytest.raises(Invalid, match="`data/away` leads out"):
        locations.copy(WORKSPACE, f"{MINE}/data", tmp_path / "again")
    assert not (tmp_path / "again" / "away").exists()


def test_a_model_takes_in_nothing_that_a_link_leads_to_outside(bench: Bench, folder: Path, tmp_path: Path):
    document = {"name": "m", "type": "custom_model", "path": f"{MINE}/data"}
    made = bench.platform.assets.create(WORKSPACE, "models", document, "owner")
    assert made.body["version"] == "1"
    (folder / "data" / "secret.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    with pytest.raises(Invalid, match=r"`data/secret\.txt` leads out"):
        bench.platform.assets.create(WORKSPACE, "models", document, "owner")


def test_a_mirror_does_not_lead_out_of_its_folder(bench: Bench, folder: Path):
    table = {"https://host/data/": str(folder)}
    bench.platform.workspaces.put(WORKSPACE, {"name": WORKSPACE, "mirrors": table}, "owner")
    locations = Locations(bench.core)
    assert locations.local_path(WORKSPACE, "https://host/data/kept.txt").read_text() == "kept"
    with pytest.raises(Invalid, match="through a link"):
        locations.local_path(WORKSPACE, "https://host/data/far/secret.txt")


def test_a_model_whose_file_has_no_text_as_name_is_refused_by_that_name(bench: Bench, folder: Path):
    with open(os.fsencode(folder / "data") + b"/caf\xe9.txt", "w"):
        pass
    document = {"name": "m", "type": "custom_model", "path": f"{MINE}/data"}
    with pytest.raises(Invalid, match=r"`data/caf\\udce9\.txt` is no path inside a folder: it is not valid text"):
        bench.platform.assets.create(WORKSPACE, "models", document, "owner")
