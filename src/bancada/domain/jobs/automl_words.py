"""Which words an AutoML job may use: metrics and algorithms of its own task, types of columns, transformers.

What the engine would refuse before it looks at the data is refused here, before the job starts. Not for numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from bancada.domain.base import CrossProblem, as_mapping
from bancada.domain.fields import fold
from bancada.domain.jobs.automl_settings import (
    ALGORITHMS,
    COLUMN_TYPES,
    META_LEARNERS,
    METRICS,
    STRATEGIES,
    TRANSFORMERS,
    WITH_PARAMETERS,
)
from bancada.errors import closest

__all__ = ["check_words"]


def check_words(fields: Mapping[str, Any], task: str) -> Iterable[CrossProblem]:
    """Yield the words of a job that are none, or those of the other task."""
    yield from _check_word(fields, "primary_metric", METRICS, task, "metric")
    training = as_mapping(fields.get("training"))
    for path, message in _check_training(training, task):
        yield ("training", *path), message
    featurization = as_mapping(fields.get("featurization"))
    for path, message in (*_check_types(featurization), *_check_transformers(featurization)):
        yield ("featurization", *path), message


def _check_training(training: Mapping[str, Any], task: str) -> Iterable[CrossProblem]:
    for field in ("allowed_training_algorithms", "blocked_training_algorithms"):
        for path, message in _check_all(training.get(field), ALGORITHMS, task, "algorithm"):
            yield (field, *path), message
    stack = as_mapping(training.get("stack_ensemble_settings"))
    if fold(_text(stack.get("stack_meta_learner_type"))) != "none":  # Azure's word for an open choice
        for path, message in _check_word(stack, "stack_meta_learner_type", META_LEARNERS, task, "meta learner"):
            yield ("stack_ensemble_settings", *path), message
    allowed = _folded(training.get("allowed_training_algorithms")) or _folded(ALGORITHMS[task])
    if allowed <= _folded(training.get("blocked_training_algorithms")):
        yield ("blocked_training_algorithms",), "leaves no algorithm: every allowed one is blocked."


def _check_word(
    fields: Mapping[str, Any], field: str, table: Mapping[str, Sequence[str]], task: str, what: str
) -> Iterable[CrossProblem]:
    value = fields.get(field)
    for _, message in _check_all([value] if value is not None else None, table, task, what):
        yield (field,), message


def _check_all(values: Any, table: Mapping[str, Sequence[str]], task: str, what: str) -> Iterable[CrossProblem]:
    """Yield texts that are no words of the task; what is no text is pydantic's to refuse."""
    known = table[task]
    everywhere = {fold(word): word for words in table.values() for word in words}
    for index, value in enumerate(_listed(values)):
        if not _text(value) or fold(_text(value)) in _folded(known):
            continue
        word = everywhere.get(fold(_text(value)))
        hint = _near(_text(value), known) if word is None else _twin(word, known)
        yield (index,), f"`{word or value}` is no {what} of {task}; known: {', '.join(known)}.{hint}"


def _check_types(featurization: Mapping[str, Any]) -> Iterable[CrossProblem]:
    known = [one.lower() for one in COLUMN_TYPES]
    for column, kind in as_mapping(featurization.get("column_name_and_types")).items():
        if isinstance(kind, str) and kind.lower() not in known:
            text = f"`{kind}` is no type of a column; known: {', '.join(COLUMN_TYPES)}.{_near(kind, COLUMN_TYPES)}"
            yield ("column_name_and_types", column), text


def _check_transformers(featurization: Mapping[str, Any]) -> Iterable[CrossProblem]:
    for name, entries in as_mapping(featurization.get("transformer_params")).items():
        transformer = next((one for one in TRANSFORMERS if fold(one) == fold(str(name))), None)
        if transformer is None:
            text = f"is no transformer; known: {', '.join(TRANSFORMERS)}.{_near(str(name), TRANSFORMERS)}"
            yield ("transformer_params", name), text
            continue
        for index, entry in enumerate(_listed(entries)):
            for key, message in _check_parameters(transformer, as_mapping(as_mapping(entry).get("parameters"))):
                yield ("transformer_params", name, index, "parameters", key), message


def _check_parameters(transformer: str, given: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    known = WITH_PARAMETERS.get(transformer)
    for name, value in given.items():
        if known is not None and name not in known:
            yield name, f"is no parameter of {transformer}; known: {', '.join(known)}.{_near(str(name), known)}"
        elif transformer == "imputer" and name == "strategy" and value not in STRATEGIES:
            yield name, f"`{value}` is no strategy; known: {', '.join(STRATEGIES)}.{_near(str(value), STRATEGIES)}"


def _listed(values: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", values) if isinstance(values, list | tuple) else ()


def _text(value: Any) -> str:
    word = getattr(value, "value", value)
    return word if isinstance(word, str) else ""


def _folded(words: Any) -> set[str]:
    return {fold(_text(one)) for one in _listed(words)}


def _twin(word: str, known: Sequence[str]) -> str:
    """Return `xg_boost_classifier` for `xg_boost_regressor`: only a twin in the other task is worth a hint."""
    near = [one for one in closest(word, known) if one.split("_")[0] == word.split("_")[0]]
    return f" Did you mean `{near[0]}`?" if near else ""


def _near(word: str, known: Sequence[str]) -> str:
    own = {fold(one): one for one in known}
    near = closest(fold(word), own)
    return f" Did you mean `{own[near[0]]}`?" if near else ""
