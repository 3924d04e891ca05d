"""MLflow's filter and order language as values: text → clauses and back. Knows no SQL (see `search.py`).

    filter    := clause ("AND" clause)*
    clause    := name operator value | name ["NOT"] "IN" "(" string ("," string)* ")" | name "IS" ["NOT"] "NULL"
    name      := [entity "."] key          entity: metrics, params, tags, attributes, datasets and their short forms
    key       := word ("." word)* | `any text` | "any text"
    value     := 'text' | "text" | number   (a list may end in a comma: Python's tuple of one prints so)
    order     := name ["ASC" | "DESC"]

Inside a quoted text the quote itself is written twice. Source: the documentation of `search_runs`; compared in
tests with `mlflow.utils.search_utils` of a real client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, cast

from bancada.errors import Invalid, closest

__all__ = [
    "EXPERIMENTS",
    "JOBS",
    "LOGGED_MODELS",
    "MODEL_VERSIONS",
    "MOST_CLAUSES",
    "MOST_ORDERS",
    "REGISTERED_MODELS",
    "RUNS",
    "Clause",
    "Entity",
    "Order",
    "Subject",
    "holds",
    "like_pattern",
    "parse_filter",
    "parse_order",
    "parse_orders",
    "print_filter",
    "print_order",
    "require_few_orders",
]

# SQLite takes expressions of a thousand levels.
MOST_CLAUSES = 500
# Each is up to two terms of a sort and a join. SQLite takes 64 joins; 3.40.1 crashes, and the server with it, where
# such a sort has more than 64 terms.
MOST_ORDERS = 16

Entity = Literal["metric", "parameter", "tag", "attribute", "dataset"]
Value = str | float | tuple[str, ...] | None

_NUMERIC = frozenset({"=", "!=", "<", "<=", ">", ">="})
_TEXT = frozenset({"=", "!=", "LIKE", "ILIKE"})
_LISTED = frozenset({"IN", "NOT IN"})
_PRESENCE = frozenset({"IS NULL", "IS NOT NULL"})

_ENTITIES: Mapping[str, Entity] = {
    "metric": "metric",
    "metrics": "metric",
    "parameter": "parameter",
    "parameters": "parameter",
    "param": "parameter",
    "params": "parameter",
    "tag": "tag",
    "tags": "tag",
    "attribute": "attribute",
    "attributes": "attribute",
    "attr": "attribute",
    "run": "attribute",
    "dataset": "dataset",
    "datasets": "dataset",
}
_PRINTED: Mapping[Entity, str] = {
    "metric": "metrics",
    "parameter": "params",
    "tag": "tags",
    "attribute": "attributes",
    "dataset": "datasets",
}


@dataclass(frozen=True)
class Clause:
    """One comparison. `value` is None exactly for IS NULL and IS NOT NULL, a tuple exactly for IN and NOT IN."""

    entity: Entity
    key: str
    operator: str
    value: Value


@dataclass(frozen=True)
class Order:
    """One key to order by."""

    entity: Entity
    key: str
    ascending: bool


@dataclass(frozen=True)
class Subject:
    """What a kind of thing can be searched by. Attribute names are MLflow's; `aliases` are its other spellings."""

    text: frozenset[str]
    numbers: frozenset[str]
    entities: Mapping[Entity, frozenset[str]] = field(default_factory=dict[Entity, frozenset[str]])
    listed: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    order_only: frozenset[str] = frozenset()
    # Numeric attributes whose value may stand in quotes: a version is a text wherever else it is named.
    quoted_numbers: frozenset[str] = frozenset()
    # Numeric attributes in seconds since the epoch that may be written as a date in quotes, '2026-11-28' or longer.
    times: frozenset[str] = frozenset()
    # Entities other than attributes that may stand in an order.
    orderable: frozenset[Entity] = frozenset()

    @property
    def attributes(self) -> frozenset[str]:
        """Every attribute name that a filter may use, aliases too."""
        return self.text | self.numbers | frozenset(self.aliases)


RUNS = Subject(
    text=frozenset({"run_id", "run_name", "user_id", "status", "artifact_uri"}),
    numbers=frozenset({"start_time", "end_time"}),
    entities={
        "metric": _NUMERIC,
        "parameter": _TEXT | _PRESENCE,
        "tag": _TEXT | _PRESENCE,
        "dataset": _TEXT | _LISTED,
    },
    listed=frozenset({"run_id"}),
    aliases={
        "created": "start_time",
        "Created": "start_time",
        "run name": "run_name",
        "Run name": "run_name",
        "Run Name": "run_name",
    },
    orderable=frozenset({"metric", "parameter", "tag"}),
)
EXPERIMENTS = Subject(
    text=frozenset({"name", "experiment_id"}),
    numbers=frozenset({"creation_time", "last_update_time"}),
    entities={"tag": _TEXT | _PRESENCE},
    listed=frozenset({"experiment_id"}),
)
REGISTERED_MODELS = Subject(
    text=frozenset({"name"}),
    numbers=frozenset(),
    entities={"tag": _TEXT},
    listed=frozenset({"name"}),
    order_only=frozenset({"timestamp", "creation_timestamp", "last_updated_timestamp"}),
)
MODEL_VERSIONS = Subject(
    text=frozenset({"name", "run_id", "source_path"}),
    numbers=frozenset({"version_number"}),
    quoted_numbers=frozenset({"version_number"}),
    entities={"tag": _TEXT},
    listed=frozenset({"name", "run_id"}),
    order_only=frozenset({"creation_timestamp", "last_updated_timestamp"}),
)
LOGGED_MODELS = Subject(
    text=frozenset({"name", "model_id", "model_type", "status", "source_run_id"}),
    numbers=frozenset({"creation_timestamp", "last_updated_timestamp"}),
    entities={"metric": _NUMERIC, "parameter": _TEXT, "tag": _TEXT},
    listed=frozenset({"name", "model_id", "model_type", "status", "source_run_id"}),
    aliases={
        "creation_timestamp_ms": "creation_timestamp",
        "creation_time": "creation_timestamp",
        "last_updated_timestamp_ms": "last_updated_timestamp",
        "last_updated_time": "last_updated_timestamp",
    },
    orderable=frozenset({"metric"}),
)

# Our own words; `duration` is in seconds.
JOBS = Subject(
    text=frozenset(
        {"name", "display_name", "status", "type", "experiment_name", "user", "description", "parent_job_name"}
    ),
    numbers=frozenset({"created_at", "started_at", "ended_at", "duration"}),
    entities={"metric": _NUMERIC, "parameter": _TEXT | _PRESENCE, "tag": _TEXT | _PRESENCE},
    listed=frozenset({"name", "status", "type", "experiment_name", "user"}),
    aliases={"run_id": "name", "run_name": "display_name", "user_id": "user"},
    times=frozenset({"created_at", "started_at", "ended_at"}),
    orderable=frozenset({"metric", "parameter", "tag"}),
)

_DATASET_KEYS = frozenset({"name", "digest", "context"})

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
    | (?P<name>[A-Za-z_][\w]*(?:\.(?:[\w/-]+|`(?:[^`]|``)*`|"(?:[^"]|"")*"))*|`(?:[^`]|``)+`)
    | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<operator><=|>=|!=|<>|=|<|>)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str

    @property
    def word(self) -> str:
        """The token as a keyword; quoted texts are none."""
        return self.text.upper() if self.kind == "name" else ""


@lru_cache(maxsize=128)
def parse_filter(text: str, subject_name: str) -> tuple[Clause, ...]:
    """Return the clauses of a filter, all of which must hold.

    `subject_name` is one of runs, jobs, experiments, registered_models, model_versions, logged_models.
    Raises Invalid, naming the clause and what would be right.
    """
    if not text.strip():
        return ()
    found = tuple(_Parser(text, _SUBJECTS[subject_name]).filter())
    if len(found) > MOST_CLAUSES:
        raise Invalid(f"The filter has {len(found)} clauses; {MOST_CLAUSES} are the most.")
    return found


@lru_cache(maxsize=128)
def parse_order(text: str, subject_name: str) -> Order:
    """Return one order clause. Raises Invalid."""
    return _Parser(text, _SUBJECTS[subject_name]).order()


def parse_orders(texts: Sequence[str], subject_name: str) -> list[Order]:
    """Return the order clauses of a search, most important first. Raises Invalid, also for more than MOST_ORDERS."""
    require_few_orders(texts)
    return [parse_order(one, subject_name) for one in texts]


def require_few_orders(asked: Sequence[object]) -> None:
    """Raise Invalid for more keys than a search is ordered by."""
    if len(asked) > MOST_ORDERS:
        raise Invalid(f"`order_by` has {len(asked)} keys; {MOST_ORDERS} are the most.")


def print_filter(clauses: Sequence[Clause]) -> str:
    """Return a text that parses to `clauses`."""
    return " AND ".join(_print_clause(one) for one in clauses)


def print_order(order: Order) -> str:
    """Return a text that parses to `order`."""
    return f"{_print_name(order.entity, order.key)} {'ASC' if order.ascending else 'DESC'}"


_SUBJECTS: Mapping[str, Subject] = {
    "runs": RUNS,
    "jobs": JOBS,
    "experiments": EXPERIMENTS,
    "registered_models": REGISTERED_MODELS,
    "model_versions": MODEL_VERSIONS,
    "logged_models": LOGGED_MODELS,
}


# -------------------------------------------------------------------------------- reading


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise Invalid(f"Invalid clause(s) in filter string: cannot read `{text[at:].strip()[:40]}`.")
        at = found.end()
        yield _Token(cast(str, found.lastgroup), cast(str, found[cast(str, found.lastgroup)]))


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str, subject: Subject) -> None:
        self._text = text
        self._subject = subject
        self._left = list(_tokens(text))
        self._left.reverse()

    def filter(self) -> Iterator[Clause]:
        yield self._clause()
        while self._left:
            token = self._left.pop()
            if token.word != "AND":
                raise Invalid(
                    f"Invalid clause(s) in filter string: '{token.text}'. Clauses are joined by AND only: "
                    f"`{self._text.strip()[:200]}`."
                )
            yield self._clause()

    def order(self) -> Order:
        token = self._next("a key to order by")
        if token.kind == "text":  # "metrics.`x`" as a whole may come quoted
            token = _Token("name", _unquote(token.text))
        entity, key = self._name(token, order=True)
        if entity != "attribute" and entity not in self._subject.orderable:
            raise Invalid(f"Invalid order_by entity: {entity}. Nothing is ordered by a {entity} here.")
        direction = self._left.pop().word if self._left else "ASC"
        if direction not in ("ASC", "DESC") or self._left:
            raise Invalid(
                f"Invalid order_by clause '{self._text}'. Expected `<key>` or `<key> ASC|DESC`, "
                "for example `metrics.accuracy DESC`."
            )
        return Order(entity, key, direction == "ASC")

    def _next(self, wanted: str) -> _Token:
        if not self._left:
            raise Invalid(f"Invalid comparison clause: `{self._text.strip()[:200]}` ends where {wanted} is expected.")
        return self._left.pop()

    def _clause(self) -> Clause:
        entity, key = self._name(self._next("a name"), order=False)
        operator = self._operator()
        self._check_operator(entity, key, operator)
        if operator in _PRESENCE:
            return Clause(entity, key, operator, None)
        if operator in _LISTED:
            return Clause(entity, key, operator, self._list(entity, key))
        return Clause(entity, key, operator, self._value(entity, key))

    def _operator(self) -> str:
        token = self._next("an operator")
        if token.kind == "operator":
            return "!=" if token.text == "<>" else token.text
        if token.word in ("LIKE", "ILIKE", "IN"):
            return token.word
        if token.word == "NOT" and self._peek() == "IN":
            self._left.pop()
            return "NOT IN"
        if token.word == "IS" and self._peek() == "NULL":
            self._left.pop()
            return "IS NULL"
        if token.word == "IS" and self._peek() == "NOT" and len(self._left) > 1 and self._left[-2].word == "NULL":
            del self._left[-2:]
            return "IS NOT NULL"
        raise Invalid(
            f"Invalid comparison clause: found `{token.text}` where an operator is expected "
            "(=, !=, <, <=, >, >=, LIKE, ILIKE, IN, NOT IN, IS NULL, IS NOT NULL)."
        )

    def _peek(self) -> str:
        return self._left[-1].word if self._left else ""

    def _check_operator(self, entity: Entity, key: str, operator: str) -> None:
        if entity != "attribute":
            allowed = self._subject.entities[entity]
        elif key in self._subject.numbers:
            allowed = _NUMERIC
        else:
            allowed = _TEXT | (_LISTED if key in self._subject.listed else frozenset[str]())
        if operator not in allowed:
            raise Invalid(f"Invalid comparator '{operator}' for {entity} '{key}', not one of {sorted(allowed)}.")

    def _list(self, entity: Entity, key: str) -> tuple[str, ...]:
        texts: list[str] = []
        mark = ","
        if self._next("a list").text != "(":
            raise Invalid(f"Expected a list of quoted strings for {entity} '{key}', for example ('a', 'b').")
        while mark == ",":
            token = self._next("a quoted string")
            if token.text == ")" and texts:
                return tuple(texts)
            if token.kind != "text":
                raise Invalid(
                    "While parsing a list in the query, expected a non-empty list of string values, "
                    f"but got `{token.text}` for {entity} '{key}'."
                )
            texts.append(_unquote(token.text))
            mark = self._next("`,` or `)`").text
        if mark != ")":
            raise Invalid(f"Expected `,` or `)` in the list for {entity} '{key}', found `{mark}`.")
        return tuple(texts)

    def _value(self, entity: Entity, key: str) -> Value:
        token = self._next("a value")
        is_number = entity == "metric" or (entity == "attribute" and key in self._subject.numbers)
        if is_number:
            if key in self._subject.times and token.kind == "text":
                return _seconds(key, _unquote(token.text))
            text = _unquote(token.text) if key in self._subject.quoted_numbers else token.text
            if not _NUMBER.fullmatch(text):
                what = "metric" if entity == "metric" else f"numeric attribute: {key}"
                raise Invalid(f"Expected numeric value type for {what}. Found {token.text}")
            return float(text)
        if token.kind != "text" and not (token.kind == "name" and token.text.startswith("`")):
            what = "attributes" if entity == "attribute" else entity
            raise Invalid(f"Expected a quoted string value for {what} (e.g. 'my-value'). Got value {token.text}")
        return _unquote(token.text)

    def _name(self, token: _Token, *, order: bool) -> tuple[Entity, str]:
        if token.kind != "name":
            raise Invalid(
                f"Invalid comparison clause. Expected a name such as `metrics.accuracy`, found `{token.text}`."
            )
        if token.text.startswith("`"):
            head, dot, rest = "attribute", ".", token.text
        else:
            head, dot, rest = token.text.partition(".")
        entity = self._entity(head) if dot else "attribute"
        key = _unquote(rest) if dot else head
        return (
            (entity, self._attribute(key, order=order)) if entity == "attribute" else (entity, self._key(entity, key))
        )

    def _entity(self, word: str) -> Entity:
        entity = _ENTITIES.get(word.strip("`"))
        known: set[str] = {"attribute", *self._subject.entities}
        if entity is None or entity not in known:
            near = closest(word, _ENTITIES)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise Invalid(f"Invalid entity type '{word}'. Valid values are {sorted(known)}.{hint}")
        return entity

    def _key(self, entity: Entity, key: str) -> str:
        if entity == "dataset" and key not in _DATASET_KEYS:
            raise Invalid(f"Invalid dataset key '{key}' specified. Valid keys are {sorted(_DATASET_KEYS)}")
        return key

    def _attribute(self, key: str, *, order: bool) -> str:
        known = self._subject.attributes | (self._subject.order_only if order else frozenset[str]())
        if key not in known:
            near = closest(key, known)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise Invalid(f"Invalid attribute key '{key}' specified. Valid keys are {sorted(known)}.{hint}")
        return self._subject.aliases.get(key, key)


def _seconds(key: str, text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as reason:
        raise Invalid(
            f"Expected a date such as '2026-11-28' or seconds since 1970 for {key}. Found '{text}'"
        ) from reason
    # One without a zone is meant as all our times are shown.
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _unquote(text: str) -> str:
    quote = text[:1]
    if len(text) >= 2 and quote in "'\"`" and text.endswith(quote):
        return text[1:-1].replace(quote * 2, quote)
    return text


# -------------------------------------------------------------------------------- deciding


def holds(clause: Clause, found: str | float | None) -> bool:
    """Decide a clause for the value that a thing has; None when it has none, which only IS NULL accepts."""
    if clause.operator in _PRESENCE:
        return (found is None) == (clause.operator == "IS NULL")
    if found is None:
        return False
    return _DECIDE[clause.operator](found, clause.value)


# The parser has made sure that both sides are of one type.
_DECIDE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda found, value: found == value,
    "!=": lambda found, value: found != value,
    "<": lambda found, value: found < value,
    "<=": lambda found, value: found <= value,
    ">": lambda found, value: found > value,
    ">=": lambda found, value: found >= value,
    "IN": lambda found, value: found in value,
    "NOT IN": lambda found, value: found not in value,
    "LIKE": lambda found, value: like_pattern(value).fullmatch(found) is not None,
    "ILIKE": lambda found, value: like_pattern(value.lower()).fullmatch(found.lower()) is not None,
}


@lru_cache(maxsize=256)
def like_pattern(text: str) -> re.Pattern[str]:
    """Return what LIKE means: `%` any text, `_` any one character, everything else itself."""
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(one) or re.escape(one) for one in text), re.DOTALL)


# -------------------------------------------------------------------------------- printing


def _print_clause(clause: Clause) -> str:
    name = _print_name(clause.entity, clause.key)
    if clause.value is None:
        return f"{name} {clause.operator}"
    if isinstance(clause.value, tuple):
        return f"{name} {clause.operator} ({', '.join(_print_text(one) for one in clause.value)})"
    value = _print_text(clause.value) if isinstance(clause.value, str) else repr(clause.value)
    return f"{name} {clause.operator} {value}"


def _print_name(entity: Entity, key: str) -> str:
    escaped = key.replace("`", "``")
    return f"{_PRINTED[entity]}.`{escaped}`"


def _print_text(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
