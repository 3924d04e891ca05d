"""What all entities share: one class for YAML, REST, store and SDK, and the ways in and out of it.

Three ways in, by how much the text is trusted:
- `Entity(...)` and assignment: Python code. Types are checked, unknown names refused, required fields may be
  missing for now.
- `parse(...)`: a user's text (YAML, REST). Everything is checked, all problems at once, with paths and lines.
- `from_stored(...)`: our own documents. Unknown keys are ignored, older documents are upgraded first.
One way out: `entity.document()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bancada.core.exceptions import as_azure
from bancada.domain.display import as_html, as_text, without_empty
from bancada.domain.fields import READ_ONLY, LocalPath, Needed, members, plain
from bancada.domain.problems import branch_of, join_path, line_of, problems_of, show
from bancada.errors import BancadaError, Internal, Invalid, Problem

__all__ = [
    "SPEC_VERSION",
    "Entity",
    "adapter",
    "as_mapping",
    "check",
    "from_stored",
    "local_paths",
    "map_paths",
    "needed",
    "parse",
    "to_stored",
]

T = TypeVar("T")

SPEC_VERSION = 1
"""Version of the stored form; raised, with an upgrader, when a field is renamed or changes its meaning."""

UPGRADERS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""spec_version -> function that lifts a document of that version to the next one."""

# pydantic runs the model's own before-validator with all its values when one of them is assigned.
_IS_ASSIGNING: ContextVar[bool] = ContextVar("bancada_is_assigning", default=False)

CrossProblem = tuple[tuple[str | int, ...], str]
"""Path and message of a problem that spans several fields."""


class Entity(BaseModel):
    """Base of every entity: a mutable value that validates on assignment and refuses unknown names."""

    model_config = ConfigDict(
        extra="forbid",
        validate_assignment=True,
        defer_build=True,
        protected_namespaces=(),
        use_enum_values=True,
    )
    # Fields that Azure's constructor also takes by position, in order.
    positional: ClassVar[tuple[str, ...]] = ()

    if not TYPE_CHECKING:  # type checkers see the signature that the fields make

        def __init__(self, /, *values: Any, **named: Any) -> None:
            """Make the entity. Raises Invalid with all problems."""
            names = type(self).positional
            if len(values) > len(names):
                raise TypeError(f"{type(self).__name__} takes {len(names)} positional values, {len(values)} were given")
            try:
                super().__init__(**dict(zip(names, values, strict=False)), **named)
            except ValidationError as reason:
                raise _misuse(self, reason) from None

        # Without this mark pydantic calls __init__ for nested entities and loses `extra` and the context.
        __init__.__pydantic_base_init__ = True

        def __setattr__(self, name: str, value: Any) -> None:
            """Set a field; None puts back its default. Raises Invalid."""
            info = type(self).__pydantic_fields__.get(name)
            if value is None and info is not None and not info.is_required():
                value = info.get_default(call_default_factory=True)
            token = _IS_ASSIGNING.set(info is not None)
            try:
                super().__setattr__(name, value)
            except ValidationError as reason:
                raise _misuse(self, reason) from None
            finally:
                _IS_ASSIGNING.reset(token)

    @model_validator(mode="before")
    @classmethod
    def _tidy(cls, data: Any) -> Any:
        """Treat null as not given, drop `$schema`, bring Azure's other spellings in line."""
        if _IS_ASSIGNING.get():
            _IS_ASSIGNING.set(False)  # only this call is the assignment's; entities inside the new value are tidied
            return data
        if not isinstance(data, Mapping):
            return data
        given = cast("Mapping[str, Any]", data)
        return cls.normalise({key: value for key, value in given.items() if value is not None and key != "$schema"})

    @classmethod
    def normalise(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Return the given fields in the entity's own spelling. Overridden where Azure has two."""
        return given

    @classmethod
    def cross_check(cls, fields: Mapping[str, Any]) -> Iterable[CrossProblem]:
        """Yield problems that span fields; `fields` may be raw text or checked values, whole or not."""
        del fields
        return ()

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say in the JSON schema, too, what a text must hold."""
        schema = handler(core)
        target = handler.resolve_ref_schema(schema)
        fields = cls.__pydantic_fields__.items()
        extra = [name for name, info in fields if any(isinstance(mark, Needed) for mark in info.metadata)]
        if extra:
            target["required"] = [*target.get("required", []), *extra]
        return schema

    def document(self, *, read_only: bool = True) -> dict[str, Any]:
        """Return the JSON document, without None; `read_only=False` leaves out what the server sets."""
        hidden = None if read_only else set(self.read_only_fields())
        return self.model_dump(mode="json", exclude_none=True, exclude=hidden)

    @classmethod
    def read_only_fields(cls) -> list[str]:
        """Return the names of the fields that only the server sets."""
        return [name for name, info in cls.__pydantic_fields__.items() if info.json_schema_extra == READ_ONLY]

    def shown(self) -> dict[str, Any]:
        """Return what a user is shown: the document without its empty parts."""
        return without_empty(self.document())

    def links(self) -> dict[str, str]:
        """Return addresses that a notebook shows as links, by label."""
        return {}

    def __str__(self) -> str:
        return as_text(self.shown())

    def __repr__(self) -> str:
        return f"{type(self).__name__}\n{as_text(self.shown(), 1)}"

    def _repr_html_(self) -> str:
        return as_html(type(self).__name__, self.shown(), self.links())


def _misuse(entity: Entity, reason: ValidationError) -> BancadaError:
    # Python code makes entities; there `except AzureError` catches what is wrong with them, as it does with Azure's.
    return as_azure(Invalid.of(problems_of(reason, type(entity)), source=type(entity).__name__))


@lru_cache(maxsize=128)
def adapter(kind: Any) -> TypeAdapter[Any]:
    """Return the (cached) validator of an entity class or of a union such as `Job`."""
    return TypeAdapter(kind)


def parse(
    kind: Any,
    document: Any,
    lines: Mapping[str, int] | None = None,
    source: str | None = None,
) -> Any:
    """Return the entity that a user's text describes. `kind` is an entity class or a union such as `Job`.

    lines maps paths (`trial.environment`, `values[2]`) to line numbers; source names the file.
    Raises Invalid with all problems at once.
    """
    if not isinstance(document, Mapping):
        raise Invalid.of([Problem("", f"expected a mapping (`name: value`), found {show(document)}.")], source=source)
    fields = cast("Mapping[str, Any]", document)
    problems: list[Problem] = []
    entity: Any = None
    try:
        entity = adapter(kind).validate_python(fields, context={"text": True})
    except ValidationError as reason:
        problems = problems_of(reason, kind, lines)
    chosen = _class_for(kind, fields)
    checked = fields if entity is None else as_mapping(entity)
    own = [
        Problem(join_path(path), message, line_of(path, lines))
        for path, message in (chosen.cross_check(checked) if chosen else ())
    ]
    # What the entity says of a place itself, knowing the other fields, is the better word on it.
    places = {one.path for one in own}
    problems = [*(one for one in problems if one.path not in places), *own]
    if problems:
        raise Invalid.of(sorted(problems, key=lambda problem: problem.line or 0), source=source)
    return entity


def _class_for(kind: Any, fields: Mapping[str, Any]) -> type[Entity] | None:
    model: Any = branch_of(kind, fields)
    return model if isinstance(model, type) and issubclass(model, Entity) else None


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return the fields of an entity or of raw text; empty when it is neither."""
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, (Entity, Mapping)) else {}


def check(entity: Entity, source: str | None = None) -> None:
    """Raise Invalid with all problems of an entity made in Python, as if it had been a text."""
    parse(type(entity), entity.document(), source=source)


def to_stored(entity: Entity) -> dict[str, Any]:
    """Return the stored form: the document with its spec_version."""
    return {"spec_version": SPEC_VERSION, **entity.document()}


def from_stored(kind: Any, document: Mapping[str, Any]) -> Any:
    """Return the entity of a stored document, upgraded to today's form; unknown keys are ignored.

    Raises Internal when the document is not one of ours.
    """
    current = dict(document)
    version = int(current.pop("spec_version", SPEC_VERSION))
    while version < SPEC_VERSION:
        current = UPGRADERS[version](current)
        version += 1
    try:
        return adapter(kind).validate_python(current, extra="ignore", context={"stored": True})
    except ValidationError as reason:
        found = "; ".join(f"{one.path}: {one.message}" for one in problems_of(reason, kind))
        raise Internal(f"A stored document cannot be read: {found}") from reason


def needed(value: T | None, what: str) -> T:
    """Return a value that `parse` has made sure of. Raises Internal when it is missing all the same."""
    if value is None:
        raise Internal(f"`{what}` is missing in a document that was checked.")
    return value


PathMapper = Callable[[str, LocalPath], Any]


def map_paths(entity: Entity, change: PathMapper) -> Entity:
    """Return a copy in which each field that may name a local path holds `change(text, mark)`.

    The mapper decides what is local (`references.is_local`); it sees every text in such fields.
    """
    copy = entity.model_copy()
    for name, info in type(entity).__pydantic_fields__.items():
        value = getattr(entity, name)
        mark = next((one for one in (*info.metadata, *_marks(info.annotation)) if isinstance(one, LocalPath)), None)
        changed = change(value, mark) if mark and isinstance(value, str) else _map_value(value, change)
        if changed is not value:
            setattr(copy, name, changed)
    return copy


def _map_value(value: Any, change: PathMapper) -> Any:
    if isinstance(value, Entity):
        return map_paths(value, change)
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        mapped = {key: _map_value(one, change) for key, one in items.items()}
        return mapped if any(mapped[key] is not items[key] for key in items) else items
    return value


def _marks(annotation: Any) -> Iterable[Any]:
    for one in members(plain(annotation)):
        yield from getattr(one, "__metadata__", ())
        if plain(one) is not one:
            yield from _marks(one)


def local_paths(entity: Entity) -> list[tuple[str, LocalPath]]:
    """Return the texts in fields that may name local paths, with their marks."""
    found: list[tuple[str, LocalPath]] = []

    def note(text: str, mark: LocalPath) -> Any:
        found.append((text, mark))
        return text

    map_paths(entity, note)
    return found
