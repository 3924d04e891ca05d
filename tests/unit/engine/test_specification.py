"""The texts of a job submit the same job again: YAML, lines for a shell, a script of the SDK."""

from __future__ import annotations

import io
import subprocess
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bancada.domain.base import from_stored, parse
from bancada.domain.jobs import Job
from bancada.engine.specification import specification
from bancada.ml import load_job

COMMAND = {
    "type": "command",
    "display_name": "1e-4",
    "description": "two\nlines: with # marks",
    "experiment_name": "010",
    "command": "python train.py --data ${{inputs.data}} --lr ${{inputs.lr}} --out ${{outputs.model}}\n",
    "code": "azureml:trees/abc",
    "environment": "azureml:sklearn:3",
    "environment_variables": {
        "A": "yes",
        "B": "1:30",
        "C": "1e5",
        "D": ".inf",
        "E": "",
        "PYTHONPATH": "./src",
        "N": "~",
    },
    "inputs": {
        "data": {"type": "uri_file", "path": "azureml:heart:1", "mode": "ro_mount"},
        "lr": 1e-05,
        "flag": True,
        "text": "no",
        "number": "12",
        "literal": {"type": "integer", "value": 3},
    },
    "outputs": {"model": {"type": "uri_folder", "name": "made"}, "plain": {"type": "uri_file"}},
    "compute": "azureml:cpu-cluster",
    "limits": {"timeout": 60},
    "resources": {"instance_count": 1, "shm_size": "2g"},
    "queue_settings": {"job_tier": "spot", "priority": "high"},
    "distribution": {"type": "pytorch", "process_count_per_instance": 2},
    "tags": {"team": "blue", "n": "1"},
    "properties": {"p": "q"},
}
INLINE = {
    "type": "command",
    "command": "echo 'it''s' \"$HOME\"",
    "environment": {
        "name": "mine",
        "image": "mcr.microsoft.com/x:latest",
        "conda_file": {"name": "m", "channels": ["conda-forge"], "dependencies": ["python=3.10", {"pip": ["mlflow"]}]},
    },
    "identity": {"type": "user_identity"},
    "limits": {"type": "command", "timeout": 5},
    "resources": {"instance_count": 1, "properties": {"x": {"y": [1, 2.5, None]}}},
}
SWEEP = {
    "type": "sweep",
    "display_name": "a sweep",
    "trial": {
        "command": "python a.py --n ${{search_space.n}} --lr ${{search_space.lr}} --d ${{inputs.d}}",
        "code": "azureml:trees/abc",
        "environment": "azureml:sklearn:3",
        "environment_variables": {"OMP_NUM_THREADS": "1"},
        "resources": {"instance_count": 1},
    },
    "inputs": {"d": {"type": "uri_folder", "path": "azureml://datastores/workspaceblobstore/paths/x"}},
    "outputs": {"o": {"type": "uri_folder"}},
    "search_space": {
        "n": {
            "type": "choice",
            "values": [1, 2.5, "three", True, {"deep": {"type": "uniform", "min_value": 0, "max_value": 1}}],
        },
        "lr": {"type": "loguniform", "min_value": -6.5, "max_value": -1},
        "q": {"type": "qnormal", "mu": 1, "sigma": 2.0, "q": 0.5},
        "r": {"type": "randint", "upper": 9},
    },
    "sampling_algorithm": {"type": "random", "rule": "sobol", "seed": 7, "logbase": "e"},
    "objective": {"goal": "maximize", "primary_metric": "Score"},
    "limits": {"max_total_trials": 8, "max_concurrent_trials": 2, "timeout": 600, "trial_timeout": 60},
    "early_termination": {"type": "bandit", "slack_factor": 0.1, "evaluation_interval": 1, "delay_evaluation": 5},
    "compute": "azureml:c",
}
ODD_SWEEP = {
    "type": "sweep",
    "trial": {
        "command": "python a.py --n ${{inputs.n}}",
        "environment": "azureml:e@latest",
        "queue_settings": {"priority": "low"},
    },
    "inputs": {"n": 3},
    "search_space": {"n": {"type": "choice", "values": [1, 2]}},
    "sampling_algorithm": "grid",
    "objective": {"goal": "minimize", "primary_metric": "loss"},
    "limits": {"type": "sweep", "max_total_trials": 2},
    "resources": {"instance_count": 1},
    "early_termination": {"type": "median_stopping", "delay_evaluation": 2},
    "queue_settings": {"job_tier": "spot"},
}
TRUNCATED = {
    **ODD_SWEEP,
    "sampling_algorithm": {"type": "bayesian", "seed": 3},
    "early_termination": {"type": "truncation_selection", "truncation_percentage": 20, "evaluation_interval": 2},
}
AUTOML = {
    "type": "automl",
    "task": "regression",
    "experiment_name": "bike",
    "compute": "azureml:cpu",
    "target_column_name": "rentals",
    "primary_metric": "normalized_root_mean_squared_error",
    "training_data": {"type": "mltable", "path": "azureml:bike:1"},
    "test_data": {"type": "uri_file", "path": "azureml://datastores/workspaceblobstore/paths/test.csv"},
    "validation_data_size": 0.1,
    "n_cross_validations": 5,
    "limits": {"max_trials": 3, "timeout_minutes": 15, "exit_score": 0.085},
    "training": {"allowed_training_algorithms": ["RandomForest", "LightGBM"], "enable_stack_ensemble": False},
    "featurization": {
        "mode": "custom",
        "column_name_and_types": {"day": "Categorical"},
        "transformer_params": {"imputer": [{"fields": ["temp"], "parameters": {"strategy": "median"}}]},
    },
    "environment_variables": {"A": "1"},
    "tags": {"team": "blue"},
}
JOBS = {
    "automl": AUTOML,
    "command": COMMAND,
    "inline": INLINE,
    "sweep": SWEEP,
    "odd sweep": ODD_SWEEP,
    "truncated": TRUNCATED,
}


def stored(document):
    """Return a job as the store keeps it: checked, with a name."""
    job = parse(Job, document)
    return {**job.document(read_only=False), "name": "epic_queen_1", "type": job.type}


def content(job):
    """Return what a job says, without what it leaves empty."""
    document = job.document(read_only=False)
    return {key: value for key, value in document.items() if value not in ({}, None)}


def as_given(document):
    return content(from_stored(Job, document))


def run(script):
    """Run a script of the SDK; return what it submits."""
    submitted = []

    class Client:
        def __init__(self, credential, *, workspace_name):
            assert workspace_name == "my lab"
            self.jobs = SimpleNamespace(create_or_update=self.take)

        def take(self, job):
            submitted.append(job)
            return SimpleNamespace(name="made")

    code = script.replace("import MLClient, ", "import ").replace(", MLClient", "")
    assert code != script
    exec(compile(code, "job.py", "exec"), {"MLClient": Client, "print": lambda *_: None})
    [job] = submitted
    return job


@pytest.mark.parametrize("kind", JOBS)
def test_the_yaml_loads_to_the_same_job(kind):
    text = specification("lab", stored(JOBS[kind]))["yaml"]
    assert content(load_job(io.StringIO(text))) == as_given(JOBS[kind])
    assert "epic_queen_1" not in text


@pytest.mark.parametrize("kind", JOBS)
def test_the_script_submits_the_same_job(kind):
    job = run(specification("my lab", stored(JOBS[kind]))["sdk"])
    assert content(job) == as_given(JOBS[kind])


def test_the_lines_for_a_shell_give_the_command_line_that_yaml(tmp_path):
    text = specification("my lab", stored(COMMAND))["cli"]
    shell = f'bancada() {{ for one in "$@"; do echo "$one" >> told; done; }}\n{text}'
    subprocess.run(["bash", "-euc", shell], cwd=tmp_path, check=True)
    assert (tmp_path / "told").read_text().splitlines() == ["job", "create", "--file", "job.yml", "-w", "my lab"]
    assert content(load_job(tmp_path / "job.yml")) == as_given(COMMAND)


def test_a_line_that_would_end_the_yaml_early_does_not(tmp_path):
    document = {**INLINE, "command": "echo 1\nBANCADA_YAML\necho 2"}
    text = specification("lab", stored(document))["cli"]
    subprocess.run(["bash", "-euc", f"bancada() {{ :; }}\n{text}"], cwd=tmp_path, check=True)
    assert load_job(tmp_path / "job.yml").command == document["command"]


texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), min_size=1, max_size=30
) | st.sampled_from(
    ["null", "~", "on", "0x1F", "1_000", "-", "? a", "- b", "1.", ".5", "+.inf", "2020-01-01", "=", "<<"]
)
words = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=150, deadline=None)
@given(
    command=texts.map(lambda one: one.replace("${{", "").replace("$[[", "")).filter(bool),
    variables=st.dictionaries(words, texts, max_size=4),
    tags=st.dictionaries(texts, texts, max_size=3),
    inputs=st.dictionaries(words, numbers | st.booleans() | texts, max_size=4),
)
def test_any_text_survives_yaml_and_script(command, variables, tags, inputs):
    document = {
        "type": "command",
        "command": command,
        "environment": "azureml:e:1",
        "environment_variables": variables,
        "tags": tags,
        "inputs": inputs,
    }
    found = specification("my lab", stored(document))
    assert content(load_job(io.StringIO(found["yaml"]))) == as_given(document)
    assert content(run(found["sdk"])) == as_given(document)
