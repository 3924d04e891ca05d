"""Local paths reach the server once, by content; what leads out, or is not there, is one clear error."""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path

import pytest
from rest_world import FakeServer, Reply

from bancada.domain.io import Input
from bancada.errors import Invalid
from bancada.ml import MLClient, command
from bancada.ml import uploads as uploads_module
from bancada.ml.entities import Data, Environment, Model
from bancada.ml.uploads import read_conda, walk


def folder(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def paths(root: Path) -> list[str]:
    return [one.path for one in walk(root, uploads_module.rules_of(root))]


def test_a_code_folder_is_sent_once(server: FakeServer, client: MLClient, tmp_path: Path) -> None:
    source = folder(tmp_path / "src", train_py="print(1)", lib__a_py="1")
    (source / "lib" / "__pycache__").mkdir()
    (source / "lib" / "__pycache__" / "a.pyc").write_text("junk")
    for _ in range(2):
        client.create_or_update(command(command="a", environment="e:1", code=str(source)))
    assert sorted(server.blobs.values()) == [b"1", b"print(1)"]
    assert len(server.requests("PUT", "/blobs/")) == 2
    sent = server.requests("PUT", "/jobs/")[0].json()
    tree = sent["code"].removeprefix("azureml:trees/")
    assert [one["path"] for one in server.trees[tree]] == ["lib/a.py", "train.py"]
    assert server.trees[tree][0]["digest"] == hashlib.sha256(b"1").hexdigest()


def test_a_file_keeps_its_name_and_a_folder_too(server: FakeServer, client: MLClient, tmp_path: Path) -> None:
    (tmp_path / "heart.csv").write_text("a,b\n")
    folder(tmp_path / "my model", model__x="1")
    data = client.data.create_or_update(Data(name="heart", path=str(tmp_path / "heart.csv"), type="uri_file"))
    model = client.models.create_or_update(Model(name="m", path=tmp_path / "my model"))
    assert data.path is not None
    assert data.path.endswith("/heart.csv")
    assert model.path is not None
    assert model.path.endswith("/my model")
    tree = model.path.removeprefix("azureml:trees/").partition("/")[0]
    assert [one["path"] for one in server.trees[tree]] == ["my model/model/x"]


def test_a_name_that_is_not_utf8_is_refused_by_that_name(server: FakeServer, client: MLClient, tmp_path: Path) -> None:
    source = folder(tmp_path / "src", train_py="print(1)", été_py="1")
    with open(os.fsencode(source) + b"/caf\xe9.txt", "w") as file:
        file.write("x")
    for send in (
        lambda: client.create_or_update(command(command="a", environment="e:1", code=str(source))),
        lambda: client.data.create_or_update(Data(name="d", path=str(source), type="uri_folder")),
    ):
        with pytest.raises(Invalid, match=r"the name `(src/)?caf\\xe9\.txt` is not UTF-8\. Rename it") as refused:
            send()
        assert len(refused.value.problems) == 1
    assert not server.requests("POST", "/trees")
    (source / ".amlignore").write_text("caf*\n")
    client.create_or_update(command(command="a", environment="e:1", code=str(source)))
    assert len(server.requests("POST", "/trees")) > 0


def test_references_are_left_alone(server: FakeServer, client: MLClient) -> None:
    job = command(
        command="a",
        environment="e:1",
        code="azureml:code:1",
        inputs={"d": Input(path="azureml:heart:1", type="uri_file")},
    )
    client.create_or_update(job)
    assert not server.requests("POST", "/trees")


def test_a_path_that_does_not_exist_is_told_absolutely(client: MLClient, tmp_path: Path) -> None:
    missing = tmp_path / "a" / ".." / "nope"
    with pytest.raises(Invalid, match=rf"the path `{missing}` does not exist \({tmp_path / 'nope'}\)"):
        client.create_or_update(command(command="a", environment="e:1", code=str(missing)))


def test_a_registered_asset_without_its_scheme_is_hinted_at(client: MLClient) -> None:
    with pytest.raises(Invalid, match="For a registered asset write `azureml:heart:1`"):
        client.create_or_update(command(command="a", environment="e:1", inputs={"d": Input(path="heart:1")}))


def test_a_link_that_leads_out_of_a_code_folder_is_refused(tmp_path: Path) -> None:
    source = folder(tmp_path / "src", a_py="1")
    (tmp_path / "secret").write_text("s")
    (source / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(
        Invalid, match=rf"the link {source / 'link'} leads out of the code folder, to {tmp_path / 'secret'}"
    ):
        paths(source)
    (source / ".amlignore").write_text("link\n")
    assert paths(source) == ["a.py"]
    assert [one.path for one in walk(source, None)] == [".amlignore", "a.py", "link"]


def test_links_inside_are_followed_and_never_for_ever(tmp_path: Path) -> None:
    source = folder(tmp_path / "src", lib__a_py="1")
    (source / "same").symlink_to(source / "lib")
    (source / "lib" / "up").symlink_to(source)
    assert paths(source) == ["lib/a.py", "same/a.py"]


def test_a_broken_link_is_told(tmp_path: Path) -> None:
    source = folder(tmp_path / "src", a_py="1")
    (source / "link").symlink_to(source / "gone")
    with pytest.raises(Invalid, match="which does not exist"):
        paths(source)


def test_a_folder_without_files_is_told(client: MLClient, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    with pytest.raises(Invalid, match="has no files to send"):
        client.create_or_update(command(command="a", environment="e:1", code=str(tmp_path / "src")))


def test_a_large_code_folder_is_warned_of(client: MLClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = folder(tmp_path / "src", a_py="12345", big="1234567890")
    monkeypatch.setattr(uploads_module, "LARGE_CODE_BYTES", 12)
    job = command(command="a", environment="e:1", code=str(source))
    with pytest.warns(UserWarning, match=r"largest: `big`.*\.amlignore"):
        client.create_or_update(job)
    (source / ".amlignore").write_text("big\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.create_or_update(job)


def test_a_conda_file_is_read_here(server: FakeServer, client: MLClient, tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text("dependencies:\n- python=3.11\n- pip:\n  - mlflow== 1.26.1\n")
    client.environments.create_or_update(Environment(name="e", version=1, conda_file=tmp_path / "conda.yml"))
    sent = server.requests("PUT", "/environments/e/versions/1")[0].json()
    assert sent["conda_file"] == {"dependencies": ["python=3.11", {"pip": ["mlflow== 1.26.1"]}]}


def test_requirements_become_a_conda_file(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# c\nnumpy==1.2  # why\n\n-e git+https://h/x#egg=x\n")
    assert read_conda(tmp_path / "requirements.txt") == {
        "dependencies": ["pip", {"pip": ["numpy==1.2", "-e git+https://h/x#egg=x"]}]
    }


def test_a_conda_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text("- a\n")
    with pytest.raises(Invalid, match="expected a mapping with `dependencies`"):
        read_conda(tmp_path / "c.yml")
    (tmp_path / "c.yml").write_text("a: [\n")
    with pytest.raises(Invalid, match="is not YAML"):
        read_conda(tmp_path / "c.yml")


def test_nothing_is_sent_when_something_is_wrong(server: FakeServer, client: MLClient, tmp_path: Path) -> None:
    source = folder(tmp_path / "src", a_py="1")
    with pytest.raises(Invalid, match="no input"):
        client.create_or_update(command(command="a ${{inputs.x}}", environment="e:1", code=str(source)))
    assert not server.asked


def test_files_go_into_a_datastore(server: FakeServer, client: MLClient, tmp_path: Path) -> None:
    (tmp_path / "heart.csv").write_text("a\n")
    server.route("POST", "datastores/workspaceblobstore/paths/in/put", Reply({"path": "x"}))
    uri = client.datastores.upload(tmp_path / "heart.csv", path="in/put")
    assert uri == "azureml://datastores/workspaceblobstore/paths/in/put/heart.csv"
    assert list(server.requests("POST", "/paths/in/put")[0].json()) == ["tree"]
