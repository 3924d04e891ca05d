"""What names and values of tracking may be: MLflow's own limits, checked where the client did not."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlparse

from bancada.domain.tracking import Metric, Param, Tag
from bancada.errors import Invalid

__all__ = [
    "check_alias",
    "check_artifact_location",
    "check_batch",
    "check_datasets",
    "check_experiment_name",
    "check_input_tags",
    "check_key",
    "check_metrics",
    "check_model_name",
    "check_registry_tag",
    "checked_params",
    "checked_tags",
    "page_size",
]

KEY_LENGTH = 250
PARAM_LENGTH = 6000
TAG_LENGTH = 8000
EXPERIMENT_NAME_LENGTH = 500
EXPERIMENT_TAG_LENGTH = 20_000
REGISTRY_TAG_LENGTH = 100_000
ALIAS_LENGTH = 255
BATCH_METRICS = 1000
BATCH_PARAMS = 100
BATCH_TAGS = 100
BATCH_ALL = 1000
DATASETS = 1000
INPUT_TAG_KEY_LENGTH, INPUT_TAG_LENGTH = 255, 500
# Data set fields and the lengths that MLflow's own tables hold.
DATASET_FIELDS: Mapping[str, int] = {
    "name": 500,
    "digest": 36,
    "source": 65_535,
    "schema": 1_048_575,
    "profile": 16_777_215,
}
_INT64 = 2**63

# Slashes, word characters, dots, dashes, spaces, colons.
_KEY = re.compile(r"[/\w.\- :]*")
_ALIAS = re.compile(r"[\w\-]*")
_VERSION_ALIAS = re.compile(r"[vV]\d+")


def check_key(key: str, path: str) -> None:
    """Raise Invalid unless `key` can name a metric, a param or a tag; `path` is its place in the request."""
    if _is_plain(key):
        return
    if not _KEY.fullmatch(key):
        raise _invalid(
            path,
            key,
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ),"
            " colon(:) and slashes (/).",
        )
    normal = posixpath.normpath(key)
    if normal != key or normal == "." or normal.startswith(("..", "/")):
        raise _invalid(
            path,
            key,
            "Names may be treated as files in certain cases, and must not resolve to other names when treated"
            f" as such. This name would resolve to '{normal}'",
        )
    if len(key) > KEY_LENGTH:
        raise Invalid(f"'{path}' exceeds the maximum length of {KEY_LENGTH} characters.")


def _is_plain(key: str) -> bool:
    # Nearly every key is a plain word.
    return key.isidentifier() and len(key) <= KEY_LENGTH


def _invalid(path: str, value: str, why: str) -> Invalid:
    return Invalid(f"Invalid value \"{value}\" for parameter '{path}' supplied: {why}")


def check_metrics(metrics: Sequence[Metric], path: str = "metrics") -> None:
    """Raise Invalid for a key, time or step that cannot be stored."""
    if all(0 <= one.timestamp < _INT64 and -_INT64 <= one.step < _INT64 for one in metrics) and all(
        _is_plain(key) for key in {one.key for one in metrics}
    ):
        return
    for number, one in enumerate(metrics):
        place = f"{path}[{number}]" if path else ""
        check_key(one.key, f"{place}.name" if place else "name")
        if not 0 <= one.timestamp < _INT64:
            raise Invalid(
                f"Invalid value {one.timestamp} for parameter '{place or 'timestamp'}' supplied: metric"
                f" '{one.key}' (value={one.value}). Timestamp must be a nonnegative long (64-bit integer)."
            )
        if not -_INT64 <= one.step < _INT64:
            raise Invalid(
                f"Invalid value {one.step} for parameter '{place or 'step'}' supplied: metric '{one.key}'."
                " Step must be a valid long (64-bit integer)."
            )


def checked_params(params: Sequence[Param], path: str = "params") -> list[Param]:
    """Return the params as they are stored: values are cut at 6,000 characters, as MLflow's server does.

    Raises Invalid for a bad key, or one that comes twice.
    """
    seen: set[str] = set()
    doubled: list[str] = []
    for number, one in enumerate(params):
        check_key(one.key, f"{path}[{number}].key" if path else "key")
        if one.key in seen:
            doubled.append(one.key)
        seen.add(one.key)
    if doubled:
        raise Invalid(
            f"Duplicate parameter keys have been submitted: {doubled}. Please ensure the request contains only"
            " one param value per param key."
        )
    return [Param(one.key, one.value[:PARAM_LENGTH]) for one in params]


def checked_tags(tags: Iterable[Tag], path: str = "tags") -> list[Tag]:
    """Return a run's tags as they are stored: values are cut at 8,000 characters, the last of a key wins."""
    last: dict[str, str] = {}
    for number, one in enumerate(tags):
        check_key(one.key, f"{path}[{number}].key" if path else "key")
        last[one.key] = one.value[:TAG_LENGTH]
    return [Tag(key, value) for key, value in last.items()]


def check_batch(metrics: int, params: int, tags: int) -> None:
    """Raise Invalid for a request with too many of anything."""
    counts = (
        ("metrics", metrics, BATCH_METRICS),
        ("params", params, BATCH_PARAMS),
        ("tags", tags, BATCH_TAGS),
        ("metrics, params, and tags", metrics + params + tags, BATCH_ALL),
    )
    for what, count, limit in counts:
        if count > limit:
            raise Invalid(
                f"A batch logging request can contain at most {limit} {what}. Got {count} {what}. Please split"
                f" up {what} across multiple requests and try again."
            )


def check_experiment_name(name: str) -> None:
    """Raise Invalid for an empty or too long name."""
    if not name.strip():
        raise Invalid(f"Invalid experiment name: '{name}'")
    if len(name) > EXPERIMENT_NAME_LENGTH:
        raise Invalid(f"'name' exceeds the maximum length of {EXPERIMENT_NAME_LENGTH} characters")


def check_artifact_location(location: str) -> None:
    """Raise Invalid for a place that runs' paths cannot be appended to."""
    if location.startswith("runs:"):
        raise Invalid(f"Artifact location cannot be a runs:/ URI. Given: '{location}'")
    parts = urlparse(location)
    if parts.fragment or parts.params:
        raise Invalid(f"'artifact_location' URL can't include fragments or params. Given: '{location}'")


def check_model_name(name: str, path: str = "name") -> None:
    """Raise Invalid for a name that cannot stand in `models:/<name>/<version>`."""
    if not name.strip():
        raise Invalid(f"Missing value for required parameter '{path}'.")
    if "/" in name or ":" in name:
        raise Invalid(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    if name in (".", ".."):
        raise _invalid(path, name, "Names must not resolve to other names when treated as files.")


def check_alias(alias: str) -> None:
    """Raise Invalid for an alias that could be taken for a version."""
    if not alias or not _ALIAS.fullmatch(alias):
        raise Invalid(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    if len(alias) > ALIAS_LENGTH:
        raise Invalid(f"'Registered model alias name' exceeds the maximum length of {ALIAS_LENGTH} characters")
    if alias.lower() == "latest":
        raise Invalid("'latest' alias name (case insensitive) is reserved.")
    if _VERSION_ALIAS.fullmatch(alias):
        raise Invalid(f"Version alias name '{alias}' is reserved.")


def check_registry_tag(key: str, value: str, *, limit: int = REGISTRY_TAG_LENGTH) -> None:
    """Raise Invalid for a tag of a registered model, a version or (with its own limit) an experiment."""
    check_key(key, "key")
    if len(value) > limit:
        raise Invalid(f"'value' exceeds the maximum length of {limit} characters")


def check_datasets(fields: Sequence[Mapping[str, str]]) -> None:
    """Raise Invalid for data sets (their fields by name) that are too many, too long or unnamed."""
    if len(fields) > DATASETS:
        raise Invalid(f"A request can log at most {DATASETS} data sets. Got {len(fields)}.")
    for number, one in enumerate(fields):
        for name in ("name", "digest", "source_type", "source"):
            if not one.get(name):
                raise Invalid(f"Missing value for required parameter 'datasets[{number}].dataset.{name}'.")
        for name, limit in DATASET_FIELDS.items():
            if len(one.get(name, "")) > limit:
                raise Invalid(f"'{name}' exceeds the maximum length of {limit} characters")


def check_input_tags(tags: Mapping[str, str]) -> None:
    """Raise Invalid for a tag of a data set's use that is too long."""
    for key, value in tags.items():
        for name, text, limit in (("key", key, INPUT_TAG_KEY_LENGTH), ("value", value, INPUT_TAG_LENGTH)):
            if len(text) > limit:
                raise Invalid(f"'{name}' exceeds the maximum length of {limit} characters")


def page_size(value: float | None, *, default: int, most: int) -> int:
    """Return how many results a page has. Raises Invalid outside of 1 to `most`."""
    if value is None:
        return default
    if math.isnan(value) or value < 1 or value > most:
        raise Invalid(
            f"Invalid value {value:g} for parameter 'max_results' supplied: it must be a positive integer, at"
            f" most {most}."
        )
    return int(value)
