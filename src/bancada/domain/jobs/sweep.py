"""Sweeps: many trials of one command over a search space, the best of which is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from bancada.domain.base import CrossProblem, Entity, as_mapping
from bancada.domain.fields import ANY_CASE, NEEDED, READ_ONLY, JsonMap, OneOf, known_word
from bancada.domain.jobs.base import BaseJob
from bancada.domain.jobs.command import ParameterizedCommand, check_command
from bancada.domain.jobs.search_space import SearchSpace, check_search_space
from bancada.domain.shared import JobResourceConfiguration, QueueSettings
from bancada.errors import closest

__all__ = [
    "BanditPolicy",
    "BayesianSamplingAlgorithm",
    "EarlyTerminationPolicy",
    "Goal",
    "GridSamplingAlgorithm",
    "MedianStoppingPolicy",
    "NamedSamplingAlgorithm",
    "Objective",
    "RandomSamplingAlgorithm",
    "SamplingAlgorithm",
    "SweepJob",
    "SweepJobLimits",
    "TruncationSelectionPolicy",
]

Goal = Literal["maximize", "minimize"]


class RandomSamplingAlgorithm(Entity):
    """Independent points; with rule `sobol` a quasi-random sequence."""

    type: Annotated[Literal["random"], ANY_CASE] = Field(default="random")
    rule: Annotated[Literal["random", "sobol"], ANY_CASE] | None = Field(default=None)
    seed: int | None = Field(default=None)
    logbase: Annotated[int | float | str, OneOf("base")] | None = Field(default=None)


class GridSamplingAlgorithm(Entity):
    """Every combination; the search space has only choices."""

    type: Annotated[Literal["grid"], ANY_CASE] = Field(default="grid")


class BayesianSamplingAlgorithm(Entity):
    """Points chosen by what earlier trials showed. seed is ours: same seed and history, same points."""

    type: Annotated[Literal["bayesian"], ANY_CASE] = Field(default="bayesian")
    seed: int | None = Field(default=None)


SAMPLING_WORDS = ("random", "grid", "bayesian")


def sampler_name(word: Any) -> Any:
    """Return one of our words in its own spelling, any other name as it is; only the server can know that one.

    Raises PydanticCustomError for what is nearly one of ours: a slip of the pen, said at once.
    """
    name = known_word(word, SAMPLING_WORDS)
    near = closest(name, SAMPLING_WORDS, cutoff=0.75) if isinstance(name, str) and name not in SAMPLING_WORDS else []
    if near:
        text = "`{word}` is no sampling algorithm; the nearest is `{near}`"
        raise PydanticCustomError("sampler", text, {"word": name, "near": near[0]})
    return name


SamplerName = Annotated[str, Field(min_length=1), BeforeValidator(sampler_name)]


class NamedSamplingAlgorithm(Entity):
    """A sampler of an installed package, by its entry point's name in the group `bancada.samplers`."""

    type: SamplerName
    seed: int | None = Field(default=None)
    # Ours to carry, the sampler's to read.
    settings: JsonMap | None = Field(default=None)


SamplingAlgorithm = RandomSamplingAlgorithm | GridSamplingAlgorithm | BayesianSamplingAlgorithm | NamedSamplingAlgorithm
SamplingChoice = Annotated[
    RandomSamplingAlgorithm | GridSamplingAlgorithm | BayesianSamplingAlgorithm | NamedSamplingAlgorithm | SamplerName,
    OneOf("sampling algorithm"),
]


class Policy(Entity):
    """Base of the stopping rules; intervals count logged values of the primary metric."""

    delay_evaluation: int = Field(default=0, ge=0)
    evaluation_interval: int = Field(default=0, ge=0)


class BanditPolicy(Policy):
    """Stop trials that fall behind the best one by more than the slack."""

    type: Annotated[Literal["bandit"], ANY_CASE] = Field(default="bandit")
    slack_amount: float = Field(default=0, ge=0)
    slack_factor: float = Field(default=0, ge=0)


class MedianStoppingPolicy(Policy):
    """Stop trials whose best value is worse than the median of the running averages."""

    type: Annotated[Literal["median_stopping"], ANY_CASE] = Field(default="median_stopping")
    evaluation_interval: int = Field(default=1, ge=0)


class TruncationSelectionPolicy(Policy):
    """Stop the worst `truncation_percentage` of trials at each interval."""

    type: Annotated[Literal["truncation_selection"], ANY_CASE] = Field(default="truncation_selection")
    truncation_percentage: int = Field(default=0, ge=0, le=99)


EarlyTerminationPolicy = Annotated[
    BanditPolicy | MedianStoppingPolicy | TruncationSelectionPolicy, OneOf("early termination policy")
]


class Objective(Entity):
    """What the sweep is after: the best value of a metric that the trials log."""

    positional = ("goal", "primary_metric")

    goal: Annotated[Goal, ANY_CASE]
    primary_metric: Annotated[str, NEEDED] = Field(default="", validate_default=True)


class SweepJobLimits(Entity):
    """Limits of a sweep; times in seconds."""

    type: Annotated[Literal["sweep"], ANY_CASE] | None = Field(default=None)
    max_total_trials: Annotated[int | None, NEEDED] = Field(default=None, validate_default=True, ge=1, le=1000)
    max_concurrent_trials: int | None = Field(default=None, ge=1, le=1000)
    timeout: int | None = Field(default=None, ge=1)
    trial_timeout: int | None = Field(default=None, ge=1)


class SweepJob(BaseJob):
    """A sweep. A search space's value stands for `${{search_space.x}}` and for an input of its name."""

    type: Annotated[Literal["sweep"], ANY_CASE] = Field(default="sweep")
    trial: Annotated[ParameterizedCommand | None, NEEDED] = Field(default=None, validate_default=True)
    search_space: Annotated[SearchSpace | None, NEEDED] = Field(default=None, validate_default=True)
    sampling_algorithm: SamplingChoice = Field(default="random")
    objective: Annotated[Objective | None, NEEDED] = Field(default=None, validate_default=True)
    limits: Annotated[SweepJobLimits | None, NEEDED] = Field(default=None, validate_default=True)
    early_termination: EarlyTerminationPolicy | None = Field(default=None)
    queue_settings: QueueSettings | None = Field(default=None)
    resources: JobResourceConfiguration | None = Field(default=None)
    # Ours, set by the server: what was found so far (best trial, values over trials, importance, counts, seconds).
    results: JsonMap | None = Field(default=None, json_schema_extra=READ_ONLY)

    @property
    def sampling(self) -> SamplingAlgorithm:
        """The sampling algorithm as its settings, also where only its name was given."""
        if not isinstance(self.sampling_algorithm, str):
            return self.sampling_algorithm
        chosen = _ALGORITHMS.get(self.sampling_algorithm)
        return chosen() if chosen else NamedSamplingAlgorithm(type=self.sampling_algorithm)

    def set_limits(
        self,
        *,
        max_concurrent_trials: int | None = None,
        max_total_trials: int | None = None,
        timeout: int | None = None,
        trial_timeout: int | None = None,
    ) -> None:
        """Set those limits that are given; the others stay."""
        given = {
            "max_concurrent_trials": max_concurrent_trials,
            "max_total_trials": max_total_trials,
            "timeout": timeout,
            "trial_timeout": trial_timeout,
        }
        before = self.limits or SweepJobLimits()
        self.limits = before.model_copy(update={name: value for name, value in given.items() if value is not None})

    def set_objective(self, *, goal: Goal | None = None, primary_metric: str | None = None) -> None:
        """Set the goal, the primary metric or both."""
        before = self.objective or Objective(goal="maximize")
        self.objective = Objective(goal=goal or before.goal, primary_metric=primary_metric or before.primary_metric)

    @classmethod
    def cross_check(cls, fields: Mapping[str, Any]) -> Iterable[CrossProblem]:
        """The trial's names exist, the search space fits the algorithm, the limits fit each other."""
        trial, space = fields.get("trial"), fields.get("search_space")
        plain_trial = dict(trial) if isinstance(trial, Entity) else trial
        for path, message in check_command(plain_trial, fields.get("inputs"), fields.get("outputs"), space):
            yield ("trial", *path), message
        if isinstance(space, Mapping):
            values = cast("Mapping[str, Any]", space)
            if not values:
                yield ("search_space",), "is empty; name at least one value to search."
            for path, message in check_search_space(values):
                yield ("search_space", *path), message
            yield from _check_grid(fields.get("sampling_algorithm"), values)
        yield from _check_limits(fields.get("limits"))


_ALGORITHMS: dict[
    str, type[RandomSamplingAlgorithm] | type[GridSamplingAlgorithm] | type[BayesianSamplingAlgorithm]
] = {
    "random": RandomSamplingAlgorithm,
    "grid": GridSamplingAlgorithm,
    "bayesian": BayesianSamplingAlgorithm,
}


def _type_of(value: Any) -> str:
    word: Any = value
    if isinstance(value, Entity):
        word = getattr(value, "type", "")
    elif isinstance(value, Mapping):
        word = cast("Mapping[str, Any]", value).get("type")
    return str(word or "").lower()


def _check_grid(algorithm: Any, space: Mapping[str, Any]) -> Iterable[CrossProblem]:
    if _type_of(algorithm) != "grid":
        return
    for name, value in space.items():
        if _type_of(value) not in ("choice", ""):
            yield (
                ("search_space", name),
                f"is `{_type_of(value)}`, but grid sampling needs every value to be a `choice`.",
            )


def _check_limits(limits: Any) -> Iterable[CrossProblem]:
    values = as_mapping(limits)
    total, side_by_side = values.get("max_total_trials"), values.get("max_concurrent_trials")
    if isinstance(total, int) and isinstance(side_by_side, int) and side_by_side > total:
        yield (
            ("limits", "max_concurrent_trials"),
            f"is {side_by_side}, more than `max_total_trials` ({total}).",
        )
