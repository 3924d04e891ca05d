"""The registry without any model: names, versions, aliases, stages, tags, searches, paging; any client can do it."""

# Runs in the client's environment, where there is no pytest.
# ruff: noqa: PT017, PT018

import uuid

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

NAME = f"plain-{uuid.uuid4().hex[:8]}"
MAJOR = int(mlflow.__version__.split(".")[0])
client = MlflowClient()
mlflow.set_experiment(NAME)
with mlflow.start_run() as run:
    mlflow.log_text("weights", "model/weights.txt")
source = f"runs:/{run.info.run_id}/model"


def refused(code, call):
    try:
        call()
    except MlflowException as error:
        assert error.error_code == code, (error.error_code, code)
    else:
        raise AssertionError(f"{code} expected")


names = [f"{NAME}-{number:02}" for number in range(12)]
for number, name in enumerate(names):
    client.create_registered_model(name, tags={"team": "red" if number % 3 else "Blue"}, description=f"text {number}")
refused("RESOURCE_ALREADY_EXISTS", lambda: client.create_registered_model(names[0]))
for number in range(3):
    made = client.create_model_version(names[0], source, run.info.run_id, tags={"n": str(number)}, description="d")
    assert str(made.version) == str(number + 1) and made.status == "READY" and made.run_id == run.info.run_id
client.create_model_version(names[1], source, run.info.run_id)

seen, token = [], None
while True:
    page = client.search_registered_models(f"name LIKE '{NAME}%'", max_results=5, page_token=token)
    seen += [one.name for one in page]
    token = page.token
    if not token:
        break
assert seen == names, seen
found = client.search_registered_models(f"name ILIKE '{NAME.upper()}%' AND tags.team = 'Blue'")
assert [one.name for one in found] == names[::3], found
found = client.search_registered_models(f"name LIKE '{NAME}%' AND tags.team != 'Blue'", order_by=["name DESC"])
assert [one.name for one in found] == [one for one in reversed(names) if one not in names[::3]]
found = client.search_registered_models(f"name LIKE '{NAME}%'", order_by=["last_updated_timestamp DESC"])
assert [one.name for one in found][:2] == [names[1], names[0]]
assert [one.name for one in client.search_registered_models(f"name = '{names[2]}'")] == [names[2]]
(first,) = client.search_registered_models(f"name = '{names[0]}'")
assert [str(one.version) for one in first.latest_versions] == ["3"], first.latest_versions
refused("INVALID_PARAMETER_VALUE", lambda: client.search_registered_models("version = 'x'"))

found = client.search_model_versions(f"name = '{names[0]}'", order_by=["version_number DESC"])
assert [str(one.version) for one in found] == ["3", "2", "1"]
found = client.search_model_versions(f"run_id = '{run.info.run_id}' AND tags.n = '1'")
assert [(one.name, str(one.version)) for one in found] == [(names[0], "2")]
client.set_registered_model_alias(names[0], "champion", "2")
assert client.get_model_version(names[0], "2").aliases == ["champion"]
client.set_registered_model_alias(names[0], "champion", "3")
assert str(client.get_model_version_by_alias(names[0], "champion").version) == "3"
path = mlflow.artifacts.download_artifacts(f"models:/{names[0]}@champion")
with open(f"{path}/weights.txt") as file:
    assert file.read() == "weights"
client.delete_registered_model_alias(names[0], "champion")
refused("INVALID_PARAMETER_VALUE", lambda: client.get_model_version_by_alias(names[0], "champion"))
if MAJOR == 2:
    client.transition_model_version_stage(names[0], "1", "Staging")
    client.transition_model_version_stage(names[0], "2", "Staging", archive_existing_versions=True)
    assert client.get_model_version(names[0], "1").current_stage == "Archived"
client.delete_model_version(names[0], "3")
refused("RESOURCE_DOES_NOT_EXIST", lambda: client.get_model_version(names[0], "3"))
assert str(client.create_model_version(names[0], source, run.info.run_id).version) in ("3", "4")
client.delete_registered_model_tag(names[0], "team")
assert client.get_registered_model(names[0]).tags == {}
for name in names:
    client.delete_registered_model(name)
assert list(client.search_registered_models(f"name LIKE '{NAME}%'")) == []
print("ok", mlflow.__version__)
