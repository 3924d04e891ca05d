"""System metrics: a thread of the client logs them while the run runs."""

import time
import uuid

import mlflow

mlflow.set_experiment(f"system-{uuid.uuid4().hex[:8]}")
mlflow.set_system_metrics_sampling_interval(0.2)
mlflow.set_system_metrics_samples_before_logging(1)
client = mlflow.MlflowClient()
with mlflow.start_run(log_system_metrics=True) as run:
    deadline = time.monotonic() + 120
    while len(client.get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")) < 2:
        assert time.monotonic() < deadline, "nothing is logged"
        time.sleep(0.5)
got = mlflow.get_run(run.info.run_id)
found = {key for key in got.data.metrics if key.startswith("system/")}
assert {"system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"} <= found, found
history = client.get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")
steps = [one.step for one in history]
assert len(steps) > 1, steps
assert steps == sorted(steps), steps
print("ok", mlflow.__version__)
