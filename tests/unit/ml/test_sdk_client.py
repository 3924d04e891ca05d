"""MLClient: where it finds its server, what it sends for each call, and what its errors are."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from rest_world import Asked, FakeServer, Reply, until

from bancada import errors
from bancada.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
    as_azure,
)
from bancada.core.polling import LROPoller
from bancada.domain.endpoint import ManagedOnlineEndpoint
from bancada.identity import AzureCliCredential, DefaultAzureCredential
from bancada.ml import MLClient, command
from bancada.ml.entities import (
    AmlCompute,
    AzureBlobDatastore,
    CodeConfiguration,
    Data,
    Environment,
    ManagedOnlineDeployment,
    Model,
    Workspace,
)
from bancada.settings import Settings


def test_the_positional_arguments_are_azures(settings: Settings) -> None:
    client = MLClient(DefaultAzureCredential(), "sub", "rg", "ws", settings=settings)
    assert (client.subscription_id, client.resource_group_name, client.workspace_name) == ("sub", "rg", "ws")


def test_a_config_file_is_found_above(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / ".azureml").mkdir(parents=True)
    (tmp_path / "a" / "b").mkdir()
    config = {"subscription_id": "s", "resource_group": "g", "workspace_name": "mine"}
    (tmp_path / "a" / ".azureml" / "config.json").write_text(json.dumps(config))
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert MLClient.from_config(DefaultAzureCredential(), settings=settings).workspace_name == "mine"
    with pytest.raises(ResourceNotFoundError, match="or in a folder above it"):
        MLClient.from_config(path=tmp_path, file_name="nope.json")


def test_making_a_client_talks_to_nobody_and_the_first_call_says_what_is_wrong(tmp_path: Path) -> None:
    client = MLClient(settings=Settings(home=tmp_path / "none"))
    with pytest.raises(ServiceRequestError, match=f"No Bancada is up in the home {tmp_path / 'none'}") as caught:
        client.jobs.get("a")
    assert isinstance(caught.value, errors.ServerUnreachable)
    assert "bancada up" in str(caught.value)


def test_a_stopped_server_is_told_at_once(server: FakeServer, client: MLClient) -> None:
    server.stop()
    server.record(stopped_at=1.0)
    with pytest.raises(errors.ServerUnreachable, match="bancada up"):
        client.jobs.get("a")
    server.start_again()


def test_a_server_that_comes_back_elsewhere_is_found_again(server: FakeServer, client: MLClient) -> None:
    server.documents["jobs/a"] = {"name": "a", "type": "command", "status": "Running"}
    assert client.jobs.get("a").status == "Running"
    server.stop()
    threading.Timer(0.3, server.start_again).start()
    assert client.jobs.get("a").status == "Running"


def test_a_broken_line_repeats_what_changes_nothing_twice(server: FakeServer, client: MLClient) -> None:
    server.break_next = 1
    job = client.create_or_update(command(command="a", environment="e:1"))
    assert job.status == "Queued"
    names = {one.path for one in server.requests("PUT", "/jobs/") + server.requests("broken PUT", "/jobs/")}
    assert len(names) == 1


def test_a_job_whose_answer_was_lost_is_submitted_once(server: FakeServer, client: MLClient) -> None:
    def taken(asked: Asked) -> Reply:
        if asked.method == "PUT" and "jobs/" in asked.path and not server.documents:
            server.documents[asked.path.removeprefix("/api/v1/workspaces/ws/")] = {
                **asked.json(), "status": "Running"
            }  # fmt: skip
        return FakeServer.keep(server, asked, asked.path.removeprefix("/api/v1/workspaces/ws/"))

    server.answer = taken
    assert client.create_or_update(command(command="a", environment="e:1")).status == "Running"


def test_a_post_that_may_have_been_taken_is_not_repeated(server: FakeServer, client: MLClient) -> None:
    server.break_next = 1
    with pytest.raises(ServiceResponseError):
        client.environments.create_or_update(Environment(name="e", image="i"))


def test_a_deletion_whose_answer_was_lost_is_done(server: FakeServer, client: MLClient) -> None:
    server.documents["computes/cpu"] = {"name": "cpu", "type": "amlcompute"}
    poller = client.compute.begin_delete("cpu")
    poller.wait()
    assert "computes/cpu" not in server.documents
    with pytest.raises(ResourceNotFoundError):
        client.compute.begin_delete("cpu")


def test_errors_are_azures_and_ours(server: FakeServer, client: MLClient) -> None:
    with pytest.raises(ResourceNotFoundError) as caught:
        client.environments.get("nope", version="1")
    assert isinstance(caught.value, errors.NotFound)
    assert caught.value.status_code == 404
    for ours, azures in (
        (errors.AlreadyExists, ResourceExistsError),
        (errors.Unauthenticated, ClientAuthenticationError),
        (errors.NotSupported, HttpResponseError),
        (errors.JobFailed, HttpResponseError),
        (errors.Invalid, HttpResponseError),
    ):
        error = as_azure(ours("text", a=1, error="e", response=2))
        assert isinstance(error, ours)
        assert isinstance(error, azures)
        assert (str(error), error.details["a"]) == ("text", 1)


def test_a_wrong_token_is_an_authentication_error(server: FakeServer, settings: Settings) -> None:
    (server.home / "token").write_text("other")
    with pytest.raises(ClientAuthenticationError):
        MLClient(settings=settings).workspaces.get()


def test_an_answer_that_is_no_json_is_told(server: FakeServer, client: MLClient) -> None:
    server.route("GET", "jobs/a", Reply(b"<html>busy</html>", 502))
    with pytest.raises(HttpResponseError, match="502: <html>busy") as caught:
        client.jobs.get("a")
    assert caught.value.status_code == 502


def test_credentials_give_the_owners_token(
    server: FakeServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANCADA_HOME", str(server.home))
    credential = AzureCliCredential(process_timeout=10)
    assert credential.get_token("https://management.azure.com/.default").token == "owner-token"


def test_assets_go_to_their_versions_or_the_next_one(server: FakeServer, client: MLClient) -> None:
    assert client.data.create_or_update(Data(name="d", path="https://h/a.csv", type="uri_file")).version == "1"
    assert client.data.create_or_update(Data(name="d", path="https://h/b.csv", type="uri_file")).version == "2"
    client.data.create_or_update(Data(name="d", version=7, path="https://h/c.csv", type="uri_file"))
    assert client.data.get("d", version=1).path == "https://h/a.csv"
    assert client.data.get(name="d", label="latest").version == "7"
    assert [one.version for one in client.data.list("d")] == ["7", "2", "1"]
    server.route("POST", "data/d/versions/1/archive", Reply())
    client.data.archive("d", version="1")


def test_a_name_that_is_there_gets_another_version_and_a_wrong_new_one_is_refused_before_files_are_sent(
    server: FakeServer, client: MLClient, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    asset = Data(name="my data", path=str(tmp_path / "t.csv"), type="uri_file")
    with pytest.raises(
        HttpResponseError, match=r"name: `my data` is not a valid name: .* Use `my-data`, for example\."
    ):
        client.data.create_or_update(asset)
    assert not server.blobs
    server.documents["data/my data/versions/1"] = {"name": "my data", "version": "1", "path": "https://h/a.csv"}
    assert client.data.create_or_update(asset).version == "2"


def test_lists_are_fetched_page_by_page(server: FakeServer, client: MLClient) -> None:
    for number in range(450):
        server.documents[f"jobs/j{number}"] = {"name": f"j{number}", "type": "command", "status": "Completed"}
    found = client.jobs.list()
    assert not server.asked
    assert next(found).name == "j449"
    assert len(server.asked) == 1
    assert len(list(found)) == 449
    assert len(server.requests("GET", "/jobs")) == 3


def test_a_plain_run_is_shown_as_what_all_jobs_have(server: FakeServer, client: MLClient) -> None:
    server.documents["jobs/r"] = {"name": "r", "type": "base", "status": "Completed", "trial": 3}
    assert client.jobs.get("r").status == "Completed"


def test_a_job_without_experiment_is_in_the_folders(
    server: FakeServer, client: MLClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "heart").mkdir()
    monkeypatch.chdir(tmp_path / "heart")
    job = client.jobs.create_or_update(command(command="a", environment="e:1"), compute="cpu", tags={"a": "b"})
    assert (job.experiment_name, job.compute, job.tags) == ("heart", "cpu", {"a": "b"})


def test_a_fetched_job_changes_only_its_description(server: FakeServer, client: MLClient) -> None:
    job = client.create_or_update(command(command="a", environment="e:1"))
    server.route(
        "PATCH", f"jobs/{job.name}", lambda asked: Reply({**server.documents[f"jobs/{job.name}"], **asked.json()})
    )
    job.display_name = "better"
    assert client.create_or_update(job).display_name == "better"
    with pytest.raises(ResourceExistsError):
        client.create_or_update(command(name=job.name, command="a", environment="e:1"))


def test_validation_returns_messages(client: MLClient) -> None:
    result = client.jobs.validate(command(command="a ${{inputs.x}}", environment="e:1"))
    assert not result.passed
    assert "command" in result.error_messages
    assert client.jobs.validate(command(command="a", environment="e:1")).passed


def test_computes_workspaces_and_datastores(server: FakeServer, client: MLClient) -> None:
    with pytest.raises(ResourceNotFoundError):
        client.compute.get("cpu")
    cluster = AmlCompute(
        name="cpu", type="amlcompute", size="STANDARD_DS3_V2", location="westeurope", min_instances=0,
        max_instances=4, idle_time_before_scale_down=180,
    )  # fmt: skip
    assert client.begin_create_or_update(cluster).result().max_instances == 4
    assert [one.name for one in client.compute.list()] == ["cpu"]
    workspace = client.workspaces.begin_create(Workspace(name="lab2", location="x", display_name="W")).result()
    assert workspace.name == "lab2"
    store = AzureBlobDatastore(name="d", account_name="a", container_name="c")
    assert client.create_or_update(store).name == "d"
    assert client.datastores.get("d") == client.datastores.get("d")
    deletion = client.workspaces.begin_delete(name="lab2", permanently_delete=True, delete_dependent_resources=False)
    assert deletion.result() is None
    assert deletion.status() == "Succeeded"


def test_what_belongs_elsewhere_is_refused_with_a_hint(client: MLClient) -> None:
    with pytest.raises(errors.Invalid, match="Use `begin_create_or_update` for it"):
        client.create_or_update(AmlCompute(name="cpu"))
    with pytest.raises(errors.Invalid, match="Use `create_or_update` for it"):
        client.begin_create_or_update(Model(name="m"))
    with pytest.raises(AttributeError, match="not there in this version"):
        _ = client.schedules  # pyright: ignore[reportUnknownVariableType, reportAttributeAccessIssue]


def endpoint_world(server: FakeServer) -> None:
    server.documents["online-endpoints/heart"] = {
        "name": "heart", "scoring_uri": f"{server.url}/score", "provisioning_state": "Succeeded",
    }  # fmt: skip
    server.route("POST", "online-endpoints/heart/keys", Reply({"primaryKey": "owner-token", "secondaryKey": "s"}))


def test_an_endpoint_is_invoked_with_its_key(server: FakeServer, client: MLClient, tmp_path: Path) -> None:
    endpoint_world(server)
    server.route(
        "POST",
        "/score",
        lambda asked: Reply({"got": asked.json(), "to": asked.headers.get("azureml-model-deployment")}),
    )
    (tmp_path / "request.json").write_text('{"data": [1]}')
    answer = client.online_endpoints.invoke("heart", request_file=tmp_path / "request.json", deployment_name="blue")
    assert json.loads(answer) == {"got": {"data": [1]}, "to": "blue"}
    assert json.loads(client.online_endpoints.invoke("heart", input_data={"data": []}))["to"] is None
    assert client.online_endpoints.get_keys("heart").secondary_key == "s"
    with pytest.raises(errors.Invalid, match="either"):
        client.online_endpoints.invoke("heart")


def test_an_endpoints_error_carries_its_status(server: FakeServer, client: MLClient) -> None:
    endpoint_world(server)
    server.route("POST", "/score", Reply(b"boom", 424, {"ms-azureml-model-error-statuscode": "500"}))
    with pytest.raises(HttpResponseError, match=r"answered 424 \(the scoring script answered 500\): boom") as caught:
        client.online_endpoints.invoke("heart", input_data="{}")
    assert caught.value.status_code == 424


def test_traffic_is_assigned_and_sent_without_what_the_server_sets(server: FakeServer, client: MLClient) -> None:
    endpoint_world(server)
    endpoint = client.online_endpoints.get("heart")
    endpoint.traffic = {"blue": 100}
    assert isinstance(client.begin_create_or_update(endpoint).result(), ManagedOnlineEndpoint)
    sent = server.requests("PUT", "/online-endpoints/heart")[0].json()
    assert sent["traffic"] == {"blue": 100}
    assert "scoring_uri" not in sent


def deployment() -> ManagedOnlineDeployment:
    return ManagedOnlineDeployment(
        name="blue", endpoint_name="heart", model="azureml:m:1", environment="azureml:e:1",
        code_configuration=CodeConfiguration("azureml:c:1", "score.py"), instance_type="S", instance_count=1,
    )  # fmt: skip


def test_a_deployment_is_awaited(server: FakeServer, client: MLClient) -> None:
    states = ["Creating", "Creating", "Succeeded"]

    def reply(asked: Asked) -> Reply:
        state = states.pop(0) if len(states) > 1 else states[0]
        return Reply({"name": "blue", "endpoint_name": "heart", "provisioning_state": state}, headers={"ETag": '"3"'})

    server.route("PUT", "online-endpoints/heart/deployments/blue", reply)
    server.route("GET", "online-endpoints/heart/deployments/blue", reply)
    poller = client.online_deployments.begin_create_or_update(deployment())
    assert poller.result().provisioning_state == "Succeeded"
    assert poller.done()
    polls = server.requests("GET", "deployments/blue")
    assert polls[-1].query["revision"] == "3"


def test_a_failed_deployment_raises_what_the_script_did(server: FakeServer, client: MLClient) -> None:
    error = errors.error_document(errors.DeploymentFailed("score.py, line 3: boom"))["error"]
    failed = {"name": "blue", "endpoint_name": "heart", "provisioning_state": "Failed", "error": error}
    server.route("PUT", "online-endpoints/heart/deployments/blue", Reply(failed))
    poller = client.begin_create_or_update(deployment())
    with pytest.raises(errors.DeploymentFailed, match="line 3: boom"):
        poller.result()
    assert poller.status() == "Failed"
    assert poller.done()


def test_pollers_tell_the_truth() -> None:
    go = threading.Event()
    seen: list[str] = []

    def run(say: object) -> int:
        go.wait(120)
        return 3

    poller: LROPoller[int] = LROPoller(run)
    poller.add_done_callback(lambda one: seen.append(one.status()))
    assert (poller.done(), poller.status()) == (False, "InProgress")
    poller.wait(0.05)
    assert not poller.done()
    with pytest.raises(TimeoutError):
        poller.result(0.05)
    go.set()
    assert (poller.result(), poller.done(), poller.status()) == (3, True, "Succeeded")
    until(lambda: seen == ["Succeeded"])
    poller.add_done_callback(lambda one: seen.append("late"))
    assert seen == ["Succeeded", "late"]
