"""Field types and marks that entities are made of: words in any case, names, paths, unions, needed fields.

Not for entities themselves (`base.py` and the modules named after the things).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

__all__ = [
    "ANY_CASE",
    "NEEDED",
    "PLAIN_NAME",
    "READ_ONLY",
    "TAG",
    "WRITE_ONLY",
    "AnyCase",
    "AssetName",
    "AssetVersion",
    "Code",
    "ContentPath",
    "JsonMap",
    "Literals",
    "LocalPath",
    "ModelName",
    "NameRule",
    "Needed",
    "OneOf",
    "TextFilePath",
    "TextMap",
    "fold",
    "following",
    "known_word",
    "members",
    "name_like",
    "plain",
    "type_words",
]

READ_ONLY: dict[str, Any] = {"readOnly": True}
"""`json_schema_extra` of a field that the server sets; what a user sends there is ignored."""

WRITE_ONLY: dict[str, Any] = {"writeOnly": True}
"""`json_schema_extra` of a secret: taken from a user, never given back."""

TAG = "¦"
"""First character of the tags that unions leave in pydantic's error locations; users never see them."""


def fold(word: str) -> str:
    """Return the form in which closed words are compared: `MedianStopping` equals `median_stopping`."""
    return re.sub(r"[\s_-]", "", word).lower()


def known_word(value: Any, words: Sequence[str]) -> Any:
    """Return the word's own spelling when it is one of `words` in any case; anything else as it is."""
    text = value.value if isinstance(value, Enum) else value
    own = {fold(word): word for word in words}
    return own.get(fold(text), text) if isinstance(text, str) else text


@dataclass(frozen=True)
class AnyCase:
    """Accept a Literal's words in any case and spelling (camel, snake), as Azure does; keep its own."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        words = {fold(str(word)): word for word in get_args(source)}

        def to_own_spelling(value: Any) -> Any:
            word = value.value if isinstance(value, Enum) else value
            return words.get(fold(word), word) if isinstance(word, str) else word

        return core_schema.no_info_before_validator_function(to_own_spelling, handler(source))


ANY_CASE = AnyCase()


@dataclass(frozen=True)
class Needed:
    """Mark a field that a user's text (YAML, REST) must give, while Python code may set it later.

    The field has a default of None (or an empty one) and `validate_default=True`.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(_require_in_text, handler(source))


def _require_in_text(value: Any, info: core_schema.ValidationInfo) -> Any:
    context = cast("dict[str, Any]", info.context or {})
    if context.get("text") and (value is None or value == ""):
        raise PydanticCustomError("missing", "Field required")
    return value


NEEDED = Needed()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number_to_text(value: Any) -> Any:
    return str(value) if _is_number(value) else value


def _path_to_text(value: Any) -> Any:
    return str(value) if isinstance(value, PurePath) else value


def _values_to_text(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    items = cast("Mapping[Any, Any]", value)
    return {str(key): str(one) if isinstance(one, (bool, int, float)) else one for key, one in items.items()}


TextMap = Annotated[dict[str, str], BeforeValidator(_values_to_text)]
"""Text to text; numbers and booleans become their text, as Azure's tags, properties and variables do."""

JsonMap = dict[str, Any]
"""A JSON object that is carried, not interpreted. Any, because its content is the user's or Azure's."""


@dataclass(frozen=True)
class NameRule:
    """What names of a kind have to be: a pattern, and in words what it demands."""

    pattern: str
    words: str

    def problem(self, name: str) -> str | None:
        """Return what is wrong with a name, with the nearest right one where there is one; None for a right name."""
        compiled = re.compile(self.pattern, re.ASCII)
        if compiled.fullmatch(name):
            return None
        rule, near = self.words, _nearest_name(name, compiled)
        return f"`{name}` is not a valid name: {rule}.{near}"


def name_like(pattern: str, rule: str) -> BeforeValidator:
    """Return a validator for names; `rule` says in words what the pattern demands.

    A name that breaks it is answered with the nearest one that does not, where there is one.
    """
    return following(NameRule(pattern, rule))


def following(rule: NameRule, *, at_least: NameRule | None = None) -> BeforeValidator:
    """Return a validator for names that follow a rule.

    at_least: what is demanded here, where names from before the rule are used on; what breaks it is told the rule.
    Whoever knows which names are there then holds the new ones to the rule.
    """
    demanded = at_least or rule

    def check(value: Any, info: core_schema.ValidationInfo) -> Any:
        text = _number_to_text(value)
        # What is stored came in by other doors too: MLflow's clients name models with fewer rules.
        is_stored = "stored" in cast("dict[str, Any]", info.context or {})
        if isinstance(text, str) and not is_stored and demanded.problem(text):
            raise PydanticCustomError("name", "{problem}", {"problem": rule.problem(text)})
        return text

    return BeforeValidator(check)


def _nearest_name(name: str, rule: re.Pattern[str]) -> str:
    """Return a hint at a valid name that says the same, or nothing: letters lose their accents, the rest gives way."""
    letters = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    for allowed, between in (("A-Za-z0-9_.-", "-"), ("A-Za-z0-9-", "-"), ("A-Za-z0-9_", "_")):
        near = re.sub(f"[^{allowed}]+", between, letters).strip("-_.")
        if rule.fullmatch(near):
            return f" Use `{near}`, for example."
    return ""


# Azure's rule for its jobs and assets. Its curated environments and its page have names with dots.
PLAIN_NAME = NameRule(
    r"[A-Za-z0-9][\w.-]{0,254}",
    "letters, digits, `_`, `-` and `.`, starting with a letter or digit, 255 at most",
)
# What addresses and references can say.
FREE_NAME = NameRule(
    r"(?!\.\.?\Z)[^\s/:@\x00-\x1f][^/:@\x00-\x1f]{0,254}",
    "up to 255 characters, none of them `/`, `:` or `@`, no space at the start, and not just dots",
)

# Assets that are there from before Azure's rule may have further versions: `Asset.new_name_problem` is for new names.
AssetName = Annotated[str, following(PLAIN_NAME, at_least=FREE_NAME)]
# A registered model is MLflow's, too: what MLflow's clients may call one can be shown, changed and deployed here.
ModelName = Annotated[str, following(FREE_NAME)]
AssetVersion = Annotated[
    str,
    name_like(
        r"[A-Za-z0-9][\w.+\-]{0,254}",
        "letters, digits, `.`, `_`, `+` and `-`, starting with a letter or digit, 255 at most",
    ),
]


@dataclass(frozen=True)
class LocalPath:
    """Mark a text that may name a file or folder of the user's machine; `base.map_paths` finds these fields.

    role: `code` (a folder whose ignore files count), `content` (a file or folder, uploaded as it is) or
    `text` (a small file whose content takes the path's place, such as a conda file).
    """

    role: Literal["code", "content", "text"]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_path_to_text, handler(source))


Code = Annotated[str, LocalPath("code")]
ContentPath = Annotated[str, LocalPath("content")]
TextFilePath = Annotated[str, LocalPath("text")]

Literals = bool | int | float | str
"""What a job's literal input may be."""

_SCALARS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
_MAPPING, _LIST = "a mapping", "a list"


@dataclass(frozen=True)
class OneOf:
    """Annotate a union so that the value's shape picks the branch, and errors never speak of branches.

    Entities with a closed `type` are picked by it (`default` when it is absent); any other entity or dict
    takes mappings; texts, numbers and booleans take themselves. `label` names the choice in messages.
    """

    label: str = "type"
    default: str | None = None
    by_type: bool = True

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        branches = [one for one in members(source) if one is not NoneType]
        choices: dict[Any, CoreSchema] = {}
        for branch in branches:
            for tag in self.tags(branch):
                choices[TAG + tag] = handler.generate_schema(branch)

        def pick(value: Any) -> str | None:
            return self._pick(value, branches, choices)

        return core_schema.tagged_union_schema(choices, pick)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say `anyOf`: a whole number is also a number, which `oneOf` would refuse."""
        schema = handler(core)
        schema.pop("discriminator", None)
        if "oneOf" in schema:
            schema["anyOf"] = schema.pop("oneOf")
        return schema

    def tags(self, branch: Any) -> list[str]:
        """Return the tags under which a branch is reached."""
        bare = plain(branch)
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            words = type_words(bare) if self.by_type else []
            return words or [_MAPPING]
        if bare in _SCALARS:
            return [_SCALARS[bare]]
        if get_origin(bare) is Literal:
            return [_SCALARS[str]]
        return [_LIST if get_origin(bare) is list else _MAPPING]

    def _pick(self, value: Any, branches: list[Any], choices: Mapping[Any, Any]) -> str | None:
        if isinstance(value, BaseModel):
            fits = [one for one in branches if isinstance(plain(one), type) and isinstance(value, plain(one))]
            return TAG + self.tags(fits[0])[0] if fits else TAG + type(value).__name__
        if isinstance(value, Mapping):
            return self._pick_mapping(value, choices)  # pyright: ignore[reportUnknownArgumentType]
        tag = TAG + _shape(value)
        if tag == TAG + _SCALARS[int] and tag not in choices:
            return TAG + _SCALARS[float]
        return tag

    def _pick_mapping(self, value: Mapping[Any, Any], choices: Mapping[Any, Any]) -> str | None:
        word = value.get("type")
        folded = {fold(str(tag)): str(tag) for tag in choices}
        # A branch that takes any mapping gets what no closed `type` asks for.
        rest = TAG + _MAPPING if TAG + _MAPPING in choices else None
        if word is None:
            return rest or (TAG + self.default if self.default else None)
        return folded.get(fold(TAG + str(word)), rest or TAG + str(word))


def _shape(value: Any) -> str:
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return _SCALARS[kind]
    if isinstance(value, PurePath):
        return _SCALARS[str]
    return _LIST if isinstance(value, (list, tuple)) else "null" if value is None else type(value).__name__


def members(union: Any) -> tuple[Any, ...]:
    """Return the branches of a union; an annotation that is no union is its own only branch."""
    return get_args(union) if get_origin(union) in (Union, UnionType) else (union,)


def plain(annotation: Any) -> Any:
    """Return an annotation without its `Annotated` shell."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def type_words(model: type[BaseModel]) -> list[str]:
    """Return the words that an entity's `type` field accepts; empty when it is not closed."""
    info = model.__pydantic_fields__.get("type")
    annotation = plain(info.annotation) if info else None
    if get_origin(annotation) is not Literal:
        return []
    return [str(word) for word in get_args(annotation)]
