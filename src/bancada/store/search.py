"""Search of runs, experiments, logged models and registered models: clauses and orders (see `filters.py`) become SQL.

Not for versions of registered models: they are found by name, and the engine decides them in memory.

What keeps a search cheap: runs are walked in the order of `jobs_by_start`, or, when a metric orders them, in the
order of `metrics_by_value`; both stop after one page. An index has that order inside one experiment only, so of several
each gives its own first page, and the page is made of these. Conditions on params and tags are looked up run by run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bancada.domain.lifecycle import FINAL, STATUSES, to_mlflow
from bancada.errors import Invalid
from bancada.store.conditions import Sql, compare, exists, keyed_condition, metric_value
from bancada.store.filters import Clause, Order
from bancada.store.mapping import cursor_from_text, cursor_to_text
from bancada.store.runs import PARENT_TAG, RUN_NAME_TAG
from bancada.store.transaction import Dialect, Tx, marks

__all__ = ["ModelOrder", "NamePage", "Page", "View", "experiments", "logged_models", "registered_models", "runs"]

# Which of the deleted and the living are wanted.
View = frozenset[int]

_START = "COALESCE(j.reported_start, j.started_at, j.created_at)"
_NATURAL = f"{_START} DESC, j.name"
# Below so many matches, a condition on a metric is what the search starts from.
_FEW_MATCHES = 2000
# Up to so many experiments are walked one by one. SQLite takes 500 parts in a compound.
_MOST_WALKS = 100


@dataclass(frozen=True)
class Page:
    """The database keys of one page in order, and the token of the next one."""

    keys: list[int]
    next_token: str | None


@dataclass(frozen=True)
class NamePage:
    """The names of one page in order, and the token of the next one."""

    names: list[str]
    next_token: str | None


@dataclass(frozen=True)
class ModelOrder:
    """How logged models are ordered: by an attribute, or by a metric on a data set ('' for any)."""

    field_name: str
    ascending: bool = True
    dataset_name: str = ""
    dataset_digest: str = ""


@dataclass(frozen=True)
class _Stage:
    """One part of a result: everything of an earlier stage comes before everything of a later one.

    `walks`, where there are any, are this stage for each experiment alone; `key` and `joined` then say how the rows
    that these found are read again.
    """

    source: Sql
    where: list[Sql]
    order: Sql
    columns: str = "j.id"
    walks: Sequence[_Stage] = ()
    key: str = "j.id"
    joined: Sequence[Sql] = ()


# -------------------------------------------------------------------------------- runs


def runs(
    tx: Tx,
    experiments: Sequence[int],
    clauses: Sequence[Clause],
    orders: Sequence[Order],
    *,
    view: View,
    limit: int,
    token: str | None = None,
) -> Page:
    """Return the runs of some experiments for which all clauses hold.

    Order: the given keys (NaN after all numbers, missing last, in both directions), then newest start, then name.
    Raises Invalid for a token that was not made here, or a key that is ordered by twice.
    """
    if not experiments:
        return Page([], None)
    _refuse_twice(orders)
    conditions = [
        Sql(f"j.deleted IN ({marks(len(view))})", list(view)),
        *(_run_condition(tx, experiments, one) for one in clauses),
    ]
    stages = _run_stages(experiments, conditions, orders)
    # Only the natural order and a metric's have an index to walk, and a few known rows are better looked up.
    is_walked = all(one.entity == "metric" for one in orders[:1]) and not any(one.is_narrow for one in conditions)
    if is_walked and 1 < len(experiments) <= _MOST_WALKS:
        alone = [_run_stages([one], conditions, orders) for one in experiments]
        stages = [replace(one, walks=walks) for one, *walks in zip(stages, *alone, strict=True)]
    return _page(tx, stages, limit, token)


def _refuse_twice(orders: Sequence[Order]) -> None:
    seen: set[tuple[str, str]] = set()
    for one in orders:
        if (one.entity, one.key) in seen:
            raise Invalid(f"`order_by` contains duplicate fields: {one.entity} '{one.key}'.")
        seen.add((one.entity, one.key))


def _run_stages(experiments: Sequence[int], conditions: list[Sql], orders: Sequence[Order]) -> list[_Stage]:
    is_narrow = any(one.is_narrow for one in conditions)
    # A sign keeps SQLite from walking the experiment's index where a few rows are known by their keys.
    sign = "+" if is_narrow else ""
    base = [Sql(f"{sign}j.experiment IN ({marks(len(experiments))})", list(experiments)), *conditions]
    first = orders[0] if orders else None
    if first is None or first.entity != "metric":
        joins, order = _order_terms(orders)
        return [_Stage(Sql("jobs j") + joins, base, order)]
    joins, rest = _order_terms(orders[1:])
    direction = "ASC" if first.ascending else "DESC"
    # CROSS JOIN: SQLite then walks the series in the index's order and stops after the page; or starts from few runs.
    source = Sql("jobs j CROSS JOIN metrics m" if is_narrow else "metrics m CROSS JOIN jobs j") + joins
    joined = [Sql("m.key = ?", [first.key]), Sql("j.id = m.run")]
    logged = [Sql(f"{sign}m.experiment IN ({marks(len(experiments))})", list(experiments)), *joined, *conditions]
    by_value = Sql(f"m.value {direction}, ") + rest
    missing = Sql("NOT EXISTS (SELECT 1 FROM metrics m WHERE m.run = j.id AND m.key = ?)", [first.key])
    return [
        _Stage(source, [Sql("m.is_nan = 0"), *logged], by_value, key="m.run", joined=joined),
        _Stage(source, [Sql("m.is_nan = 1"), *logged], rest, key="m.run", joined=joined),
        _Stage(Sql("jobs j") + joins, [*base, missing], rest),
    ]


def _order_terms(orders: Sequence[Order]) -> tuple[Sql, Sql]:
    """Return the joins that the keys need and the order itself, which always ends in the natural one."""
    joins, terms = Sql(""), Sql("")
    for number, one in enumerate(orders):
        direction = "ASC" if one.ascending else "DESC"
        column = _order_column(one)
        if column is not None:
            terms += Sql(f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, {column} {direction}, ")
            continue
        table = {"metric": "metrics", "parameter": "params", "tag": "tags"}[one.entity]
        name = f"o{number}"
        joins += Sql(f" LEFT JOIN {table} {name} ON {name}.run = j.id AND {name}.key = ?", [one.key])
        nan = f"WHEN {name}.is_nan = 1 THEN 1 " if one.entity == "metric" else ""
        terms += Sql(f"CASE WHEN {name}.value IS NULL THEN 2 {nan}ELSE 0 END, {name}.value {direction}, ")
    return joins, terms + Sql(_NATURAL)


def _order_column(order: Order) -> str | None:
    if order.entity == "attribute":
        return _RUN_COLUMNS[order.key]
    return _TAG_COLUMNS.get(order.key) if order.entity == "tag" else None


def _status_column() -> str:
    words = " ".join(f"WHEN '{status}' THEN '{to_mlflow(status)}'" for status in STATUSES)
    final = ", ".join(f"'{status}'" for status in sorted(FINAL))
    return (
        f"CASE WHEN j.type IS NOT NULL AND j.reported_status IS NOT NULL AND j.status NOT IN ({final})"
        f" THEN j.reported_status ELSE CASE j.status {words} END END"
    )


_ARTIFACT_URI = (
    "(SELECT CASE WHEN e.artifact_location = '' THEN 'mlflow-artifacts:/runs/' || j.name || '/artifacts'"
    " ELSE e.artifact_location || '/' || j.name || '/artifacts' END FROM experiments e WHERE e.id = j.experiment)"
)
# Attribute -> expression; times in ms, as the protocol has them.
_RUN_COLUMNS: Mapping[str, str] = {
    "run_id": "j.name",
    "run_name": "j.display_name",
    "user_id": "j.user_name",
    "status": _status_column(),
    "artifact_uri": _ARTIFACT_URI,
    "start_time": f"CAST(ROUND({_START} * 1000) AS BIGINT)",
    "end_time": "CAST(ROUND(j.ended_at * 1000) AS BIGINT)",
}
# Tags that are columns of the row (see `runs.py`); a parent that is not one of our runs is an ordinary tag.
_TAG_COLUMNS: Mapping[str, str] = {
    RUN_NAME_TAG: "j.display_name",
    PARENT_TAG: f"COALESCE(j.parent, (SELECT t.value FROM tags t WHERE t.run = j.id AND t.key = '{PARENT_TAG}'))",
}
_CONTEXT: Mapping[Dialect, str] = {
    "sqlite": """json_extract(r.tags, '$."mlflow.data.context"')""",
    "postgresql": "CAST(r.tags AS jsonb) ->> 'mlflow.data.context'",
}


def _run_condition(tx: Tx, experiments: Sequence[int], clause: Clause) -> Sql:
    if clause.entity == "attribute":
        return compare(_RUN_COLUMNS[clause.key], clause)
    if clause.entity == "tag" and clause.key in _TAG_COLUMNS:
        return compare(_TAG_COLUMNS[clause.key], clause)
    if clause.entity == "dataset":
        column = _CONTEXT[tx.dialect] if clause.key == "context" else f"d.{clause.key}"
        inner = compare(column, clause)
        return exists("run_datasets r JOIN datasets d ON d.id = r.dataset", Sql("r.run = j.id AND ") + inner)
    if clause.entity == "metric":
        return _metric_condition(tx, experiments, clause)
    table = "params" if clause.entity == "parameter" else "tags"
    return keyed_condition(f"{table} f", "f.run = j.id", clause)


def _metric_condition(tx: Tx, experiments: Sequence[int], clause: Clause) -> Sql:
    value = metric_value("f", clause)
    inside = Sql(f"f.experiment IN ({marks(len(experiments))}) AND f.key = ? AND ", [*experiments, clause.key])
    few = tx.execute(
        f"SELECT f.run FROM metrics f WHERE {(inside + value).text} LIMIT ?",
        [*inside.params, *value.params, _FEW_MATCHES + 1],
    )
    if len(few) <= _FEW_MATCHES:
        return Sql(f"j.id IN ({marks(len(few))})", [row[0] for row in few], is_narrow=True) if few else Sql("1 = 0")
    return exists("metrics f", Sql("f.run = j.id AND f.key = ? AND ", [clause.key]) + value)


# -------------------------------------------------------------------------------- pages


def _page(tx: Tx, stages: Sequence[_Stage], limit: int, token: str | None) -> Page:
    stage, offset = _position(token, len(stages))
    keys: list[int] = []
    while stage < len(stages):
        wanted = limit - len(keys)
        found = _fetch(tx, stages[stage], wanted + 1, offset)
        keys.extend(found[:wanted])
        if len(found) > wanted:
            return Page(keys, cursor_to_text([stage, offset + wanted]))
        stage, offset = stage + 1, 0
    return Page(keys, None)


def _position(token: str | None, stages: int) -> tuple[int, int]:
    if not token:
        return 0, 0
    position = cursor_from_text(token)
    match position:
        case [int(stage), int(offset)] if 0 <= stage < stages and offset >= 0:
            return stage, offset
        case _:
            raise Invalid(f"Invalid page token: `{token[:80]}` does not belong to this search.")


def _fetch(tx: Tx, stage: _Stage, limit: int, offset: int) -> list[int]:
    query = _query(stage, limit, offset)
    if stage.walks:
        # Whatever is on the page is among the first `offset + limit` of its own experiment.
        parts = [_query(one, offset + limit, 0) for one in stage.walks]
        union = " UNION ALL ".join(f"SELECT * FROM ({one.text}) w{at}" for at, one in enumerate(parts))
        candidates = Sql(f"{stage.key} IN ({union})", [value for one in parts for value in one.params])
        query = _query(replace(stage, where=[*stage.joined, candidates]), limit, offset)
    return [row[0] for row in tx.execute(query.text, query.params)]


def _query(stage: _Stage, limit: int, offset: int) -> Sql:
    where = Sql(" AND ".join(one.text for one in stage.where), [value for one in stage.where for value in one.params])
    return Sql(
        f"SELECT {stage.columns} FROM {stage.source.text} WHERE {where.text}"
        f" ORDER BY {stage.order.text} LIMIT ? OFFSET ?",
        [*stage.source.params, *where.params, *stage.order.params, limit, offset],
    )


# -------------------------------------------------------------------------------- experiments

_EXPERIMENT_COLUMNS: Mapping[str, str] = {
    "name": "e.name",
    "experiment_id": "e.experiment_id",
    "creation_time": "CAST(ROUND(e.created_at * 1000) AS BIGINT)",
    "last_update_time": "CAST(ROUND(e.updated_at * 1000) AS BIGINT)",
}


def experiments(
    tx: Tx,
    workspace: str,
    clauses: Sequence[Clause],
    orders: Sequence[Order],
    *,
    view: View,
    limit: int,
    token: str | None = None,
) -> Page:
    """Return the experiments for which all clauses hold; newest first unless ordered otherwise."""
    where = [
        Sql("e.workspace = ?", [workspace]),
        Sql(f"e.deleted IN ({marks(len(view))})", list(view)),
        *(_experiment_condition(one) for one in clauses),
    ]
    # Ids are given in growing order, so the key orders them as numbers.
    columns = {**_EXPERIMENT_COLUMNS, "experiment_id": "e.id"}
    terms = [f"{columns[one.key]} {'ASC' if one.ascending else 'DESC'}" for one in orders]
    if not orders:
        terms = ["e.created_at DESC"]
    order = Sql(", ".join([*terms, "e.id DESC" if orders else "e.id"]))
    return _page(tx, [_Stage(Sql("experiments e"), where, order, "e.id")], limit, token)


def _experiment_condition(clause: Clause) -> Sql:
    if clause.entity == "attribute":
        return compare(_EXPERIMENT_COLUMNS[clause.key], clause)
    return keyed_condition("experiment_tags f", "f.experiment = e.id", clause)


# -------------------------------------------------------------------------------- registered models

# A name comes from its own row, from its versions, or from both.
_NAMES = (
    "(SELECT name FROM registered_models WHERE workspace = ?"
    " UNION SELECT name FROM resources WHERE workspace = ? AND kind = 'models') n"
)
_DATED_NAMES = (
    "(SELECT u.name AS name, MIN(u.created_at) AS created_at, MAX(u.updated_at) AS updated_at FROM ("
    "SELECT name, created_at, updated_at FROM registered_models WHERE workspace = ?"
    " UNION ALL SELECT name, created_at, updated_at FROM resources WHERE workspace = ? AND kind = 'models'"
    ") u GROUP BY u.name) n"
)
_NAME_COLUMNS: Mapping[str, str] = {
    "name": "n.name",
    "timestamp": "n.updated_at",
    "last_updated_timestamp": "n.updated_at",
    "creation_timestamp": "n.created_at",
}


def registered_models(
    tx: Tx,
    workspace: str,
    clauses: Sequence[Clause],
    orders: Sequence[Order],
    *,
    missing_tags: Mapping[str, str],
    limit: int,
    token: str | None = None,
) -> NamePage:
    """Return the registered models for which all clauses hold, by name unless ordered otherwise.

    `missing_tags` are values that a name without such a tag counts as having.
    Raises Invalid for a token that was not made here, or a key that nothing is ordered by.
    """
    unknown = [one.key for one in orders if one.key not in _NAME_COLUMNS]
    if unknown:
        raise Invalid(f"Invalid order by key '{unknown[0]}' specified. Valid keys are {sorted(_NAME_COLUMNS)}")
    source = _NAMES if all(one.key == "name" for one in orders) else _DATED_NAMES
    where = [_name_condition(workspace, one, missing_tags) for one in clauses]
    terms = [f"{_NAME_COLUMNS[one.key]} {'ASC' if one.ascending else 'DESC'}" for one in orders]
    order = Sql(", ".join([*terms, "n.name"]))
    stage = _Stage(Sql(source, [workspace, workspace]), where or [Sql("1 = 1")], order, "n.name")
    _, offset = _position(token, 1)
    query = _query(stage, limit + 1, offset)
    found = [str(row[0]) for row in tx.execute(query.text, query.params)]
    return NamePage(found[:limit], cursor_to_text([0, offset + limit]) if len(found) > limit else None)


def _name_condition(workspace: str, clause: Clause, missing_tags: Mapping[str, str]) -> Sql:
    if clause.entity == "attribute":
        return compare(_NAME_COLUMNS[clause.key], clause)
    value = Sql(
        "COALESCE((SELECT f.value FROM model_tags f WHERE f.workspace = ? AND f.name = n.name AND f.version = ''"
        " AND f.key = ?), ?)",
        [workspace, clause.key, missing_tags.get(clause.key)],
    )
    compared = compare(value.text, clause)
    return Sql(compared.text, value.params + compared.params)


# -------------------------------------------------------------------------------- logged models

_MODEL_COLUMNS: Mapping[str, str] = {
    "name": "m.name",
    "model_id": "m.model_id",
    # What was not given is an empty text to MLflow, which differs from every other.
    "model_type": "COALESCE(m.model_type, '')",
    "status": "m.status",
    "source_run_id": "COALESCE(m.source_run_id, '')",
    "creation_timestamp": "CAST(ROUND(m.created_at * 1000) AS BIGINT)",
    "last_updated_timestamp": "CAST(ROUND(m.updated_at * 1000) AS BIGINT)",
}


def logged_models(
    tx: Tx,
    experiments: Sequence[int],
    clauses: Sequence[Clause],
    orders: Sequence[ModelOrder],
    *,
    datasets: Sequence[tuple[str, str]],
    limit: int,
    token: str | None = None,
) -> Page:
    """Return the logged models of some experiments for which all clauses hold; newest first.

    `datasets` are (name, digest or ''): metrics count only where they were measured on one of these; without a
    condition on a metric, a model needs any metric on one of them.
    """
    if not experiments:
        return Page([], None)
    on = _on_datasets(datasets)
    where = [
        Sql(f"m.experiment IN ({marks(len(experiments))})", list(experiments)),
        Sql("m.deleted = 0"),
        *(_model_condition(one, on) for one in clauses),
    ]
    if datasets and not any(one.entity == "metric" for one in clauses):
        where.append(exists("logged_model_metrics f", Sql("f.model = m.id") + on))
    order = Sql("")
    for one in orders:
        order += _model_order(one)
    order += Sql("m.created_at DESC, m.model_id")
    return _page(tx, [_Stage(Sql("logged_models m"), where, order, "m.id")], limit, token)


def _on_datasets(datasets: Sequence[tuple[str, str]]) -> Sql:
    if not datasets:
        return Sql("")
    pieces = [
        Sql("(f.dataset_name = ? AND f.dataset_digest = ?)", [name, digest])
        if digest
        else Sql("f.dataset_name = ?", [name])
        for name, digest in datasets
    ]
    text = " OR ".join(one.text for one in pieces)
    return Sql(f" AND ({text})", [value for one in pieces for value in one.params])


def _model_condition(clause: Clause, on: Sql) -> Sql:
    if clause.entity == "attribute":
        return compare(_MODEL_COLUMNS[clause.key], clause)
    if clause.entity == "metric":
        value = metric_value("f", clause)
        inner = Sql("f.model = m.id AND f.key = ? AND ", [clause.key]) + value + on
        return exists("logged_model_metrics f", inner)
    table = "logged_model_params" if clause.entity == "parameter" else "logged_model_tags"
    return keyed_condition(f"{table} f", "f.model = m.id", clause)


def _model_order(order: ModelOrder) -> Sql:
    direction = "ASC" if order.ascending else "DESC"
    if order.field_name in _MODEL_COLUMNS:
        column = _MODEL_COLUMNS[order.field_name]
        return Sql(f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, {column} {direction}, ")
    datasets = [(order.dataset_name, order.dataset_digest)] if order.dataset_name else []
    newest = (
        Sql(
            "(SELECT f.value FROM logged_model_metrics f WHERE f.model = m.id AND f.key = ? AND f.is_nan = 0",
            [order.field_name.removeprefix("metrics.")],
        )
        + _on_datasets(datasets)
        + Sql(" ORDER BY f.timestamp DESC, f.step DESC LIMIT 1)")
    )
    return Sql("CASE WHEN ") + newest + Sql(" IS NULL THEN 1 ELSE 0 END, ") + newest + Sql(f" {direction}, ")
