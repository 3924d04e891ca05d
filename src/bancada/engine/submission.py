"""A job's way in: what is submitted is checked, its references are resolved, and it is committed with its turn."""

from __future__ import annotations

from functools import reduce
from typing import Any

from bancada import ids
from bancada.domain.base import parse
from bancada.domain.fields import fold
from bancada.domain.jobs import Job, SweepJob
from bancada.domain.jobs.automl import TABLES
from bancada.domain.jobs.automl_settings import ENGLISH, WITH_PARAMETERS
from bancada.engine.automl import environment_of
from bancada.engine.builds import Builds
from bancada.engine.core import Core
from bancada.engine.documents import part
from bancada.engine.environments import resolve
from bancada.engine.lineage import pin_inputs
from bancada.engine.locations import Locations
from bancada.engine.staging import own_variables
from bancada.errors import AlreadyExists, BancadaError, Invalid, NotFound, Problem
from bancada.learning.samplers import sampler_for
from bancada.store import events, experiments, jobs, queue, resources, tracking, workspaces
from bancada.store.database import Tx
from bancada.store.jobs import JobRow
from bancada.store.queue import Subject
from bancada.store.runs import NOTE_TAG, RUN_NAME_TAG

__all__ = ["Submission", "described", "require_workspace", "without_effect"]

USER_TAG = "mlflow.user"
# What stands in a job's place in our own addresses (`jobs/rows`): a job of that name could not be shown.
RESERVED_NAMES = ("rows", "columns", "compare", "draft", "create")
# Azure's wishes that are not granted here: path in the job, and the values that ask for nothing.
WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {
    "distribution": (),
    "identity": (),
    "services": (),
    "log_verbosity": ("not_set", "info"),
    "queue_settings.job_tier": (),
    "resources.docker_args": (),
    "resources.shm_size": (),
    "resources.instance_count": (1,),
    "limits.max_nodes": (1,),
    # A model has one thread, and models run side by side on all cores.
    "limits.max_cores_per_trial": (1, -1),
    "training.enable_dnn_training": (),
    "training.enable_onnx_compatible_models": (),
    "training.training_mode": ("auto", "non_distributed"),
    # Models lie on this machine.
    "training.ensemble_model_download_timeout_minutes": (),
    # A stack learns from predictions for rows that took no part in a fold's training: no rows are kept for it. Azure's
    # default is 0.2, and it stands in every job that has a word on its stack.
    "training.stack_ensemble_settings.stack_meta_learner_train_percentage": (0.2,),
    "featurization.enable_dnn_featurization": (),
    "featurization.dataset_language": ENGLISH,
}


class Submission:
    """Takes jobs in. Concurrency: any thread; of two jobs with one name the second is refused."""

    def __init__(self, core: Core, locations: Locations, builds: Builds) -> None:
        self._core = core
        self._locations = locations
        self._builds = builds

    def take(self, workspace: str, doc: dict[str, Any], who: str, name: str | None = None) -> JobRow:
        """Check a job, resolve its references, and commit it with its place in the queue.

        Raises Invalid with all problems at once, NotFound for a missing asset, AlreadyExists for a taken name.
        """
        self._core.db.read(lambda tx: require_workspace(tx, workspace))
        job = parse(Job, doc)
        if (name or doc.get("name")) in RESERVED_NAMES:
            text = f"`{name or doc.get('name')}` is a word of the address of jobs; choose another name."
            raise Invalid.of([Problem("name", text)])
        if isinstance(job, SweepJob):
            # Refused here what the sampler refuses (a grid over a nested distribution, a bad logbase): in a turn it
            # would be refused for ever.
            sampler_for(job.sampling, job.search_space or {})
        spec: dict[str, Any] = job.document(read_only=False)
        spec["type"] = job.type
        spec["name"] = name or doc.get("name") or ids.job_name()
        self._take_uploads(workspace, spec)
        row = self._core.db.write(lambda tx: self._insert(tx, workspace, spec, who))
        self._builds.preheat(row.state["environment"], own_variables(spec.get("trial") or spec))
        return row

    def _take_uploads(self, workspace: str, spec: dict[str, Any]) -> None:
        """Move uploaded inputs into the default datastore and see that every input exists."""
        problems: list[Problem] = []
        inputs = part(spec, "inputs")
        places = {f"inputs.{key}": part(inputs, key) for key in inputs} | {key: part(spec, key) for key in TABLES}
        for where, value in places.items():
            if not value.get("path"):
                continue
            try:
                value["path"] = self._locations.keep(workspace, str(value["path"]))
                self._check_input(workspace, value)
            except BancadaError as reason:
                problems.append(Problem(where, reason.message))
        code = (spec.get("trial") or spec).get("code")
        if code:
            try:
                self._locations.files(workspace, str(code))
            except BancadaError as reason:
                problems.append(Problem("code", reason.message))
        if problems:
            raise Invalid.of(problems)

    def _check_input(self, workspace: str, value: dict[str, Any]) -> None:
        path = str(value["path"])
        # A web address is fetched when the job starts: a slow or missing host must not hold the request.
        if path.startswith(("https://", "http://")) or value.get("mode") == "direct":
            return
        self._locations.local_path(workspace, path, value.get("type"))

    def _insert(self, tx: Tx, workspace: str, spec: dict[str, Any], who: str) -> JobRow:
        name = str(spec["name"])
        if jobs.get(tx, workspace, name) is not None:
            raise AlreadyExists(
                f"Job `{name}` exists already; a job is submitted once. Leave the name out to get a fresh one.",
                kind="job",
                name=name,
            )
        _refuse_trial_names(tx, workspace, spec)
        target = spec.get("trial") or spec
        _require_compute(tx, workspace, spec.get("compute") or target.get("compute"))
        request = _environment(tx, workspace, spec, target)
        self._builds.forget_failure(tx, request)
        pin_inputs(tx, workspace, spec)
        experiment = str(spec.get("experiment_name") or "Default")
        now = self._core.clock.now()
        row = JobRow(
            workspace=workspace,
            name=name,
            type=str(spec["type"]),
            spec=spec,
            status="Queued",
            experiment_id=experiments.ensure(tx, workspace, experiment),
            display_name=str(spec.get("display_name") or name),
            created_at=now,
            state={"environment": request, "seed": _seed(name)},
            properties={**without_effect(spec), **{str(k): str(v) for k, v in part(spec, "properties").items()}},
            user=who,
        )
        row = jobs.insert(tx, row)
        tags = {str(key): str(value) for key, value in part(spec, "tags").items()}
        tracking.set_tags(
            tx, workspace, name, {**tags, **described(spec), RUN_NAME_TAG: row.display_name, USER_TAG: who}
        )
        events.append(tx, workspace, "job", name, "Queued", who, {"type": row.type})
        queue.put(tx, Subject(workspace, "job", name), due_at=now)
        return row


def described(doc: dict[str, Any]) -> dict[str, str]:
    """Return the tag under which MLflow's clients show, and a search finds, a description that is given."""
    return {NOTE_TAG: str(doc["description"])} if doc.get("description") is not None else {}


def without_effect(spec: dict[str, Any]) -> dict[str, str]:
    """Return a warning that names what a job asks for and does not get; nothing when there is none."""
    asked: list[str] = []
    for place in (spec, part(spec, "trial")):
        for path, idle in WITHOUT_EFFECT.items():
            *above, last = path.split(".")
            if _asks(reduce(part, above, place).get(last), idle):
                asked.append(f"`{path}`")
    asked += [f"`{path}`" for path in _overruled(spec)]
    if not asked:
        return {}
    named = ", ".join(dict.fromkeys(asked))
    how = "" if spec["type"] == "automl" else " The command runs once, as one process."
    return {"warning": f"Accepted without effect on this machine: {named}.{how}"}


def _overruled(spec: dict[str, Any]) -> list[str]:
    """Return what an AutoML job says and its own other words, or our transformers, leave without effect."""
    transformers = part(part(spec, "featurization"), "transformer_params")
    known = {fold(one) for one in WITH_PARAMETERS}
    found = [f"featurization.transformer_params.{name}" for name in transformers if fold(name) not in known]
    # These say which rows are held out.
    if spec.get("validation_data_size") and (spec.get("validation_data") or spec.get("cv_split_column_names")):
        found.append("validation_data_size")
    # A stack learns from what its members say of rows that they have not seen, which takes folds.
    if part(spec, "training").get("enable_stack_ensemble") and _has_one_hold_out(spec):
        found.append("training.enable_stack_ensemble")
    return found


def _has_one_hold_out(spec: dict[str, Any]) -> bool:
    """Tell whether an AutoML job asks for one set of rows to be held out; folds, or none of it, leave room for more."""
    if spec.get("validation_data") or len(spec.get("cv_split_column_names") or ()) == 1:
        return True
    return bool(spec.get("validation_data_size")) and not isinstance(spec.get("n_cross_validations"), int)


def _asks(value: Any, idle: tuple[Any, ...]) -> bool:
    """Tell whether a value asks for something: none does, nor do those of `idle`, in any case."""
    word = value.casefold() if isinstance(value, str) else value
    return value is True or word not in (None, {}, "", False, *idle)


def _environment(tx: Tx, workspace: str, spec: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    """Return the builder's request for a job's environment; a job that names one keeps its pinned version."""
    if spec["type"] == "automl":
        return resolve(tx, workspace, environment_of(spec))[1]
    target["environment"], request = resolve(tx, workspace, target["environment"])
    return request


def require_workspace(tx: Tx, workspace: str) -> None:
    """Raise NotFound for a workspace that is not there."""
    if workspaces.get(tx, workspace) is None:
        raise NotFound.of("workspace", workspace, existing=workspaces.names(tx))


def _refuse_trial_names(tx: Tx, workspace: str, spec: dict[str, Any]) -> None:
    """Keep `<sweep>_<number>` for the trials of that sweep: a job in a trial's place would hold it up for ever."""
    name = str(spec["name"])
    sweep, _, number = name.rpartition("_")
    above = jobs.get(tx, workspace, sweep) if number.isdigit() else None
    if above is not None and above.type == "sweep":
        text = f"`{name}` is the name of a trial of the sweep `{sweep}`; choose another one."
        raise AlreadyExists(text, kind="job", name=name)
    if spec["type"] != "sweep":
        return
    total = int(part(spec, "limits").get("max_total_trials") or 0)
    taken = (f"{name}_{index}" for index in range(total) if jobs.get(tx, workspace, f"{name}_{index}") is not None)
    found = next(taken, None)
    if found is not None:
        text = f"Trials of `{name}` would be named `{name}_0` and so on, but there is a job `{found}` already."
        raise AlreadyExists(f"{text} Choose another name, or leave it out.", kind="job", name=name)


def _require_compute(tx: Tx, workspace: str, compute: Any) -> None:
    name = str(compute or "local").removeprefix("azureml:")
    if name in ("local", "serverless") or resources.get(tx, workspace, "computes", name) is not None:
        return
    existing = [row.name for row in resources.all_of(tx, workspace, "computes")]
    raise NotFound.of("compute", name, existing=[*existing, "local"])


def _seed(name: str) -> int:
    # A sweep asked again for the same index answers the same: the seed is a function of the name.
    return int(ids.content_hash(name)[:8], 16)
