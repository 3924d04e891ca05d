"""Turn pydantic's errors into problems that a user can act on. Our own checks are `Entity.cross_check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError

from bancada.domain.fields import READ_ONLY, TAG, OneOf, fold, members, plain
from bancada.errors import MOST_PROBLEMS, Problem, closest

__all__ = ["branch_of", "join_path", "known_keys", "line_of", "problems_of", "show"]

_WORDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping (`name: value`)",
    "model_type": "a mapping (`name: value`)",
    "model_attributes_type": "a mapping (`name: value`)",
    "list_type": "a list",
    "datetime_type": "a date and time",
    "datetime_parsing": "a date and time",
    "datetime_from_date_parsing": "a date and time",
}


def join_path(parts: Iterable[str | int]) -> str:
    """Return a path as users read it: `trial.inputs.x`, `values[2]`. Union tags are left out."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not part.startswith(TAG):
            text += f".{part}" if text else part
    return text


def line_of(parts: Sequence[str | int], lines: Mapping[str, int] | None) -> int | None:
    """Return the line of a path, or of the nearest enclosing path that the text has."""
    if not lines:
        return None
    for end in range(len(parts), -1, -1):
        found = lines.get(join_path(parts[:end]))
        if found is not None:
            return found
    return None


def problems_of(error: ValidationError, root: Any, lines: Mapping[str, int] | None = None) -> list[Problem]:
    """Return the problems of a failed validation of `root` (an entity class or a union), in text order.

    All of them, or one more than `Invalid` tells: what is not told is not put into words, which takes long.
    """
    problems: dict[tuple[str, str], Problem] = {}
    for line, location, one in sorted(_places(error, lines), key=lambda place: place[0] or 0):
        path, message = join_path(location), _message(one, root)
        problems.setdefault((path, message), Problem(path, message, line))
        if len(problems) > MOST_PROBLEMS:
            break
    return list(problems.values())


def _places(
    error: ValidationError, lines: Mapping[str, int] | None
) -> Iterator[tuple[int | None, tuple[str | int, ...], Mapping[str, Any]]]:
    """Yield line, path and pydantic's own words of each error."""
    for one in error.errors(include_url=False):
        # pydantic's mark of "the key itself, not its value"; the key is in the place before it.
        location = tuple(part for part in one["loc"] if part != "[key]")
        yield line_of(location, lines), location, cast("Mapping[str, Any]", one)


def _message(one: Mapping[str, Any], root: Any) -> str:
    kind, context = str(one["type"]), cast("Mapping[str, Any]", one.get("ctx") or {})
    if kind == "missing":
        return "is required, but missing."
    if kind in ("extra_forbidden", "no_such_attribute"):
        return _unknown_key(str(one["loc"][-1]), known_keys(root, one["loc"][:-1]))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _wrong_branch(one, context, root)
    if kind == "literal_error":
        return _wrong_word(one["input"], _quoted(str(context.get("expected", ""))))
    if kind in _WORDS:
        return f"expected {_WORDS[kind]}, found {show(one['input'])}."
    text = str(one["msg"]).removeprefix("Value error, ")
    if kind in ("value_error", "name") or "`" in text:
        return text if text.endswith(".") else f"{text}."
    return f"{text[:1].lower()}{text[1:]}, found {show(one['input'])}."


def _quoted(expected: str) -> list[str]:
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",") if part.strip()]


def _unknown_key(key: str, known: Sequence[str]) -> str:
    near = closest(key, known)
    if near:
        return f"unknown key. Did you mean `{near[0]}`?"
    return "unknown key." + (f" Known here: {', '.join(known)}." if known else "")


def _wrong_word(value: Any, known: Sequence[str]) -> str:
    near = closest(str(value).lower(), known)
    text = f"found {show(value)}, expected one of: {', '.join(known)}."
    return text + (f" Did you mean `{near[0]}`?" if near else "")


def _wrong_branch(one: Mapping[str, Any], context: Mapping[str, Any], root: Any) -> str:
    union = _union_at(root, one["loc"])
    label = union[1].label if union else "type"
    tags = _union_tags(union) if union else []
    value = one["input"]
    if not isinstance(value, Mapping):
        return f"expected {_choices(tags)}, found {show(value)}."
    words = [tag for tag in tags if " " not in tag and tag != "text"]
    if not words:
        return f"expected {_choices(tags)}, found a mapping."
    word = cast("Mapping[str, Any]", value).get("type")
    if word is None:
        return f"`type` is required, but missing; the {label} is one of: {', '.join(words)}."
    near = closest(str(word).lower(), words)
    text = f"`{word}` is no {label} of this version. Known: {', '.join(words)}."
    return text + (f" Did you mean `{near[0]}`?" if near else "")


def _choices(tags: Sequence[str]) -> str:
    shapes = [tag for tag in tags if " " in tag or tag == "text"]
    if len(shapes) < len(tags) or not shapes:  # types of entities are reached by a mapping
        shapes.insert(0, "a mapping (`name: value`)")
    if "a number" in shapes and "a whole number" in shapes:
        shapes.remove("a whole number")
    shapes = list(dict.fromkeys(shapes))
    return " or ".join([", ".join(shapes[:-1]), shapes[-1]] if len(shapes) > 1 else shapes)


def show(value: Any) -> str:
    """Return a found value for a message, shortened, with its kind where that is not plain."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"`{text if len(text) <= 80 else text[:77] + '...'}`"


def known_keys(root: Any, location: Sequence[str | int]) -> list[str]:
    """Return the keys that a user may give to the entity at a location; empty when no entity is there."""
    here = _walk(root, location)
    for one in members(plain(_optional(here))):
        model = plain(one)
        if isinstance(model, type) and issubclass(model, BaseModel):
            return [name for name, info in model.__pydantic_fields__.items() if info.json_schema_extra != READ_ONLY]
    return []


def _optional(annotation: Any) -> Any:
    rest = [one for one in members(annotation) if one is not type(None)]
    return rest[0] if len(rest) == 1 else annotation


def _walk(annotation: Any, location: Sequence[str | int]) -> Any:
    here = annotation
    for part in location:
        here = _step(_optional(here), part)
    return here


def _step(annotation: Any, part: str | int) -> Any:
    if isinstance(part, str) and part.startswith(TAG):
        union = _as_union(annotation)
        fits = [one for one in members(union[0]) if part[1:] in union[1].tags(one)] if union else []
        return fits[0] if fits else None
    here = plain(annotation)
    if isinstance(here, type) and issubclass(here, BaseModel):
        info = here.__pydantic_fields__.get(str(part))
        return _annotation_of(info) if info else None
    origin, arguments = get_origin(here), get_args(here)
    if origin is dict and len(arguments) == 2:
        return arguments[1]
    return arguments[0] if origin is list and arguments else None


def _annotation_of(info: Any) -> Any:
    # pydantic keeps a field's outer Annotated marks in `metadata`; here a union gets its OneOf back.
    marks = [mark for mark in info.metadata if isinstance(mark, OneOf)]
    return _Marked(info.annotation, marks[0]) if marks else info.annotation


class _Marked:
    """A union with its OneOf, where typing's own Annotated was taken apart by pydantic."""

    def __init__(self, union: Any, mark: OneOf) -> None:
        self.union, self.mark = union, mark


def _as_union(annotation: Any) -> tuple[Any, OneOf] | None:
    if isinstance(annotation, _Marked):
        return annotation.union, annotation.mark
    marks = [one for one in get_args(annotation)[1:] if isinstance(one, OneOf)]
    return (plain(annotation), marks[0]) if marks else None


def _union_at(root: Any, location: Sequence[str | int]) -> tuple[Any, OneOf] | None:
    return _as_union(_optional(_walk(root, location)))


def _union_tags(union: tuple[Any, OneOf]) -> list[str]:
    return [tag for one in members(union[0]) for tag in union[1].tags(one)]


def branch_of(root: Any, fields: Mapping[str, Any]) -> Any:
    """Return the entity class that a mapping is meant for: `root`, or the branch that its `type` picks."""
    union = _as_union(root)
    if not union:
        return root
    word = fold(str(fields.get("type") or union[1].default or ""))
    fits = [one for one in members(union[0]) if word in [fold(tag) for tag in union[1].tags(one)]]
    return plain(fits[0]) if fits else None
