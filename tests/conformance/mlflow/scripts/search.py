"""search_runs with the filter language, and the server's answers against the client's own evaluation of them."""

# Runs in the client's environment, where there is no pytest.
# ruff: noqa: PT017

import itertools
import uuid

import mlflow
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from mlflow.utils.search_utils import SearchUtils

client = MlflowClient()
experiment = client.create_experiment(f"search-{uuid.uuid4().hex[:8]}")
other = client.create_experiment(f"search-{uuid.uuid4().hex[:8]}")
for number in range(30):
    where = other if number % 10 == 9 else experiment
    run = client.create_run(where, start_time=1_700_000_000_000 + number // 2, run_name=f"run {number}")
    if number % 3:
        client.log_metric(run.info.run_id, "acc", (number * 7) % 11 / 10)
    if number % 4 == 0:
        client.log_metric(run.info.run_id, "my metric/x", -number)
    if number % 5 == 0:
        client.log_metric(run.info.run_id, "odd", float("nan") if number % 2 else 1e300)
    client.log_param(run.info.run_id, "depth", number % 4)
    if number % 2:
        client.set_tag(run.info.run_id, "team", "Red" if number % 3 else "blue_1")
    if number % 6 == 0:
        client.set_terminated(run.info.run_id, "FAILED" if number % 4 else "FINISHED")

everything = client.search_runs([experiment, other], run_view_type=ViewType.ALL, max_results=1000)
assert len(everything) == 30
FILTERS = [
    "",
    "metrics.acc > 0.5",
    "metrics.acc >= 0.5 and metrics.acc != 0.7",
    "metrics.`my metric/x` < -4",
    'metrics."my metric/x" <= -4',
    "params.depth = '3'",
    "params.depth != '3' AND tags.team LIKE 'R%'",
    "tags.team ILIKE 'r%'",
    "tags.team LIKE 'blue__'",
    "tags.mlflow.runName LIKE 'run 1%'",
    "attributes.run_name = 'run 7'",
    "attributes.status = 'FAILED'",
    "status != 'RUNNING'",
    "attributes.start_time > 1700000000007",
    f"attributes.run_id IN ('{everything[0].info.run_id}', '{everything[5].info.run_id}')",
    f"attributes.run_id NOT IN ('{everything[0].info.run_id}')",
    f"artifact_uri LIKE '%{everything[3].info.run_id}%'",
    "user_id = 'nobody'",
]
ORDERS = [
    [],
    ["metrics.acc DESC"],
    ["metrics.acc ASC", "params.depth DESC"],
    ["params.depth", "tags.team DESC"],
    ["attributes.start_time ASC"],
    ["metrics.`my metric/x`"],
    ["attributes.run_name DESC"],
]
for text, order in itertools.product(FILTERS, ORDERS):
    found = [one.info.run_id for one in client.search_runs([experiment, other], text, order_by=order, max_results=100)]
    # The client has the language in memory, written by others: that is what it means.
    expected = [one.info.run_id for one in SearchUtils.sort(SearchUtils.filter(everything, text), order)]
    assert found == expected, (text, order, found, expected)

seen = []
token = None
while True:
    page = client.search_runs(
        [experiment, other], "metrics.acc > 0.2", order_by=["metrics.acc"], max_results=4, page_token=token
    )
    seen += [one.info.run_id for one in page]
    token = page.token
    if not token:
        break
assert seen == [
    one.info.run_id for one in SearchUtils.sort(SearchUtils.filter(everything, "metrics.acc > 0.2"), ["metrics.acc"])
]
for bad in ("metrics.acc > 'x'", "params.depth > '3'", "foo.a = 'b'", "metrics.acc > 1 OR metrics.acc < 0", "acc = 3"):
    try:
        client.search_runs([experiment], bad)
    except MlflowException as error:
        assert error.error_code == "INVALID_PARAMETER_VALUE", (bad, error.error_code)
    else:
        raise AssertionError(bad)
print("ok", mlflow.__version__)
