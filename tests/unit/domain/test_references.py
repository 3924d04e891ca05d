"""The grammar of references: every form is read, printed back, and refused when malformed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.domain import references as r

WORD = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,12}", fullmatch=True)
PATH = st.lists(st.from_regex(r"[A-Za-z0-9_ .-]{1,8}", fullmatch=True), max_size=4).map("/".join)

ASSETS = st.one_of(
    st.builds(r.AssetReference, WORD, WORD),
    st.builds(lambda name, label: r.AssetReference(name, None, label), WORD, WORD),
    st.builds(r.AssetReference, WORD),
    st.builds(r.RegistryReference, WORD, st.just("environments"), WORD, WORD),
    st.builds(lambda *a: r.RegistryReference(*a[:3], None, a[3]), WORD, st.just("models"), WORD, WORD),
)
REFERENCES = st.one_of(
    ASSETS,
    st.builds(r.DatastorePath, WORD, PATH),
    st.builds(r.DatastorePath, WORD, PATH, WORD),
    st.builds(r.JobOutputPath, WORD, WORD, PATH),
    st.builds(r.RunPath, WORD, PATH),
    st.builds(r.ModelUri, WORD, WORD),
    st.builds(lambda n, a: r.ModelUri(n, None, a), WORD, WORD),
    st.builds(r.ModelUri, WORD),
    st.builds(r.TreeReference, st.from_regex(r"[0-9a-f]{64}", fullmatch=True), PATH),
    st.builds(r.WasbsReference, WORD, st.just("acc.blob.core.windows.net"), PATH),
    st.builds(r.UrlReference, PATH.map("https://host/".__add__)),
    st.builds(r.LocalReference, PATH.map("./".__add__)),
)


@given(REFERENCES)
def test_what_was_printed_is_read_back_as_the_same_value(reference: r.Reference) -> None:
    assert r.parse(str(reference)) == reference


@given(ASSETS)
def test_an_asset_is_read_where_only_assets_can_stand(
    reference: r.AssetReference | r.RegistryReference,
) -> None:
    assert r.parse_asset(str(reference)) == reference


@given(WORD, WORD)
def test_plain_names_are_assets_only_where_assets_can_stand(name: str, version: str) -> None:
    assert r.parse_asset(f"{name}:{version}") == r.AssetReference(name, version)
    assert r.parse_asset(f"{name}@{version}") == r.AssetReference(name, None, version)
    assert r.parse(f"{name}:{version}") == r.LocalReference(f"{name}:{version}")


ARM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("azureml:heart:1", r.AssetReference("heart", "1")),
        ("azureml:heart@latest", r.AssetReference("heart", None, "latest")),
        (f"azureml:{ARM}/environments/e/versions/3", r.AssetReference("e", "3")),
        (f"{ARM}/computes/cpu", r.AssetReference("cpu")),
        ("azureml://locations/westus/workspaces/w/models/m/versions/2", r.AssetReference("m", "2")),
        ("azureml://datastores/blob/paths/a/b.csv", r.DatastorePath("blob", "a/b.csv")),
        (
            "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/blob/paths/a",
            r.DatastorePath("blob", "a", "w"),
        ),
        ("azureml://jobs/j/outputs/artifacts/paths/m/", r.JobOutputPath("j", "artifacts", "m/")),
        ("azureml://jobs/j/outputs/default", r.JobOutputPath("j", "default", "")),
        ("azureml://jobs/j/outputs/artifacts/outputs/m", r.JobOutputPath("j", "artifacts", "outputs/m")),
        ("azureml://jobs/j/outputs/artifacts/outputs/m/", r.JobOutputPath("j", "artifacts", "outputs/m/")),
        (
            "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
            r.RegistryReference("azureml", "environments", "sklearn-1.5", None, "latest"),
        ),
        ("runs:/abc/model", r.RunPath("abc", "model")),
        ("models:/m/3", r.ModelUri("m", "3")),
        ("models:/m@champion", r.ModelUri("m", None, "champion")),
        ("models:/m-0123", r.ModelUri("m-0123")),
        (
            "wasbs://c@acc.blob.core.windows.net/p/q.csv",
            r.WasbsReference("c", "acc.blob.core.windows.net", "p/q.csv"),
        ),
        ("azureml:trees/0123456789abcdef/x.csv", r.TreeReference("0123456789abcdef", "x.csv")),
        ("file:///tmp/a%20b", r.LocalReference("/tmp/a b")),
        ("../data", r.LocalReference("../data")),
    ],
)
def test_each_form_is_read(text: str, expected: r.Reference) -> None:
    assert r.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["azureml:a:b:c", "azureml://nonsense/x", "azureml:", "runs:/", "wasbs://nowhere/p", "models:/a/b/c"],
)
def test_a_malformed_reference_is_refused_with_the_right_forms(text: str) -> None:
    with pytest.raises(r.BadReference, match="use `"):
        r.parse(text)


@pytest.mark.parametrize("text", ["./conda.yml", "a/b", "x@y@z", "", " a:1", "azureml://datastores/d/paths/p"])
def test_what_is_no_asset_is_refused_where_only_assets_can_stand(text: str) -> None:
    with pytest.raises(r.BadReference, match="names no environment"):
        r.parse_asset(text, "environment")


def test_local_paths_are_told_from_references() -> None:
    assert all(r.is_local(text) for text in ("./a", "/a/b", "a.csv", "file:///a", "name:1"))
    assert not any(r.is_local(text) for text in ("azureml:a:1", "https://h/a", "wasbs://c@h/a", "runs:/r/a"))


def test_the_storage_account_is_the_first_label_of_the_host() -> None:
    reference = r.parse("wasbs://c@acc.blob.core.windows.net/p")
    assert isinstance(reference, r.WasbsReference)
    assert reference.account == "acc"
