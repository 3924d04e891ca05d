"""What differs between two jobs, and how much of it is told."""

from __future__ import annotations

import hashlib

from bancada.engine import difference as module
from bancada.engine.difference import Side, difference


def side(files=None, *, spec=None, params=None, packages=None, inputs=None):
    files = files or {}
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    return Side(spec or {}, params or {}, digests, packages or {}, files.get, inputs or {})


def test_each_setting_that_differs_is_told_with_the_sides_that_have_it():
    before = side(
        spec={"command": "a", "limits": {"timeout": 5}, "tags": {"x": "1"}, "name": "j1", "code": "azureml:a"}
    )
    after = side(
        spec={"command": "a", "limits": {"timeout": 6}, "compute": "c", "tags": {}, "name": "j2", "code": "azureml:b"}
    )
    assert difference(before, after)["spec"] == [
        {"path": "compute", "to": "c"},
        {"path": "limits.timeout", "from": 5, "to": 6},
        {"path": "tags.x", "from": "1"},
    ]


def test_params_inputs_and_packages_are_told():
    before = side(params={"lr": "1", "n": "2"}, packages={"mlflow": "2.22", "old": "1"}, inputs={"d": "azureml:d:1"})
    after = side(params={"lr": "1", "n": "3"}, packages={"mlflow": "3.1", "new": "2"}, inputs={"d": "azureml:d:2"})
    found = difference(before, after)
    assert found["params"] == [{"path": "n", "from": "2", "to": "3"}]
    assert found["inputs"] == [{"path": "d", "from": "azureml:d:1", "to": "azureml:d:2"}]
    assert found["packages"] == [
        {"name": "mlflow", "from": "2.22", "to": "3.1"},
        {"name": "new", "to": "2"},
        {"name": "old", "from": "1"},
    ]


def test_changed_texts_come_with_their_diff_and_other_files_without():
    before = side({"a.py": b"x = 1\ny = 2\n", "same": b"s", "gone.py": b"g\n", "image": b"\0\1", "latin": b"\xe9"})
    after = side({"a.py": b"x = 1\ny = 3", "same": b"s", "new.py": b"n\n", "image": b"\0\2", "latin": b"\xe8"})
    found = {one["path"]: one for one in difference(before, after)["code"]}
    assert {path: one["change"] for path, one in found.items()} == {
        "a.py": "changed",
        "gone.py": "removed",
        "image": "changed",
        "latin": "changed",
        "new.py": "added",
    }
    assert found["a.py"]["diff"] == (
        "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n x = 1\n-y = 2\n+y = 3\n\\ No newline at end of file\n"
    )
    assert found["new.py"]["diff"].endswith("+n\n")
    assert "diff" not in found["image"]
    assert "diff" not in found["latin"]


def test_a_diff_that_nobody_reads_is_cut():
    before, after = side({"a": b""}), side({"a": b"line\n" * (module.MOST_DIFF_LINES + 50)})
    lines = difference(before, after)["code"][0]["diff"].splitlines()
    assert len(lines) == module.MOST_DIFF_LINES + 1
    assert lines[-1] == "… and more"


def test_the_same_job_differs_in_nothing():
    one = side({"a": b"1"}, spec={"command": "a"}, params={"a": "1"}, packages={"b": "1"}, inputs={"c": 1})
    assert difference(one, one) == {"spec": [], "params": [], "inputs": [], "code": [], "packages": []}
