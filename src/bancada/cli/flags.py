"""How verbs are declared: the flags of `az`, shared by all, and the way from an answer to what is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

import click

from bancada.cli.render import OUTPUTS, show
from bancada.cli.session import Session
from bancada.errors import Invalid, Problem

__all__ = [
    "ManyValues",
    "Noun",
    "Verb",
    "WhenAsked",
    "assignments",
    "field_flags",
    "file_flag",
    "label_flag",
    "list_flags",
    "name_flag",
    "no_wait_flag",
    "platform_command",
    "session_command",
    "set_flag",
    "settings_flag",
    "version_flag",
    "yes_flag",
]

Wrapped = Callable[..., Any]


class ManyValues(click.Option):
    """An option that takes several words, as az's do: `--set a=1 b.c=2`."""

    def __init__(self, *names: Any, **named: Any) -> None:
        super().__init__(*names, **{"multiple": True, "metavar": "KEY=VALUE…", **named})


class Verb(click.Command):
    """A command whose `ManyValues` options take all words up to the next flag."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the flag before each of its words, which is the form that click reads."""
        many = {flag for one in self.params if isinstance(one, ManyValues) for flag in one.opts}
        return super().parse_args(ctx, spread(args, many))


def spread(args: Sequence[str], many: set[str]) -> list[str]:
    """Return `--set a b` as `--set a --set b`."""
    words: list[str] = []
    flag = ""
    fresh = False
    for one in args:
        if one in many:
            flag, fresh = one, True
            words.append(one)
        elif one.startswith("-") or not flag:
            flag = ""
            words.append(one)
        else:
            words.extend([one] if fresh else [flag, one])
            fresh = False
    return words


class Noun(click.Group):
    """A group of verbs; an unknown verb is answered with the nearest one."""

    command_class = Verb

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            from bancada.errors import closest

            near = closest(args[0], self.commands)
            known = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(self.commands)}."
            raise click.UsageError(f"`{self.name}` has no verb `{args[0]}`. {known}", ctx)
        return super().resolve_command(ctx, args)


# -------------------------------------------------------------------------------- flags that all verbs have


def settings_flag(*names: str, setting: str, help: str, **named: Any) -> Any:
    """Return a flag that overrides a setting. Its parameter is `set_<setting>`."""
    return click.option(*names, f"set_{setting}", default=None, help=help, **named)


@dataclass(frozen=True)
class WhenAsked:
    """The answer of a command that has told people in words already: shown where -o or --query asks for it."""

    document: Callable[[], Any]


def answer_flags() -> tuple[Any, ...]:
    """Return the flags about how an answer is shown."""
    return (
        click.option("-o", "--output", type=click.Choice(OUTPUTS), help="Form of the answer; json without it."),
        click.option("--query", metavar="JMESPATH", help="Show only what this JMESPath expression picks."),
    )


PLACE_FLAGS = (
    settings_flag("-w", "--workspace-name", setting="workspace", metavar="NAME", help="Workspace."),
    click.option("-g", "--resource-group", "ignored_group", metavar="NAME", expose_value=False, hidden=True),
    click.option("--subscription", "ignored_subscription", metavar="ID", expose_value=False, hidden=True),
)
COMMON_FLAGS = (
    settings_flag("--home", setting="home", metavar="FOLDER", help="Home of the platform.", type=click.Path()),
    click.option("--only-show-errors", "quiet", is_flag=True, help="No progress, no notes."),
    click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."),
)


def session_command(function: Wrapped, *, columns: Sequence[str] = ()) -> Wrapped:
    """Return the function that click calls: it makes the Session, calls `function`, and shows its answer."""

    @wraps(function)
    def run(**named: Any) -> None:
        output, query = named.pop("output", None), named.pop("query", None)
        overrides = {name[4:]: named.pop(name) for name in list(named) if name.startswith("set_")}
        is_asked = output not in (None, "none") or bool(query)
        session = Session(overrides, quiet=bool(named.pop("quiet", False)), answer_asked=is_asked)
        answer = function(session, **named)
        if isinstance(answer, WhenAsked):
            answer = answer.document() if is_asked else None
        if answer is not None or query is not None:
            show(answer, output or "json", query=query, columns=columns)

    return run


def verb(
    noun: click.Group,
    name: str,
    *flags: Any,
    examples: Sequence[str],
    columns: Sequence[str] = (),
    in_workspace: bool = True,
) -> Callable[[Wrapped], Wrapped]:
    """Add a verb to a noun. Its function gets a Session and returns what shall be shown (None: nothing).

    The first paragraph of the docstring is the help; `examples` are the lines below it.
    """

    def add(function: Wrapped) -> Wrapped:
        place = PLACE_FLAGS if in_workspace else PLACE_FLAGS[1:]
        command = session_command(function, columns=columns)
        for flag in reversed((*flags, *place, *answer_flags(), *COMMON_FLAGS)):
            command = flag(command)
        short = (function.__doc__ or "").partition("\n")[0]
        noun.command(name, epilog=epilog(examples), short_help=short)(command)
        return function

    return add


def platform_command(name: str, function: Wrapped, *flags: Any, examples: Sequence[str]) -> click.Command:
    """Return a command of the platform itself (`up`, `down` …), made of a function that gets a Session."""
    command = session_command(function)
    for flag in reversed((*flags, *COMMON_FLAGS)):
        command = flag(command)
    return click.command(name, cls=Verb, epilog=epilog(examples))(command)


def epilog(examples: Sequence[str]) -> str:
    """Return the examples as the last part of a help text."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples)


# -------------------------------------------------------------------------------- flags that some verbs have


# az's short forms of fields.
SHORT = {"path": ("-p",), "type": ("-t",), "image": ("-i",), "conda_file": ("-c",), "location": ("-l",)}


def name_flag(what: str, *, required: bool = True) -> Any:
    """Return `--name`."""
    return click.option("-n", "--name", required=required, metavar="NAME", help=f"Name of the {what}.")


def version_flag(help: str = "Version.") -> Any:
    """Return `--version`."""
    return click.option("-v", "--version", metavar="VERSION", help=help)


def label_flag() -> Any:
    """Return `--label`."""
    return click.option("-l", "--label", metavar="LABEL", help="Label instead of a version: `latest`.")


def file_flag(what: str, *, required: bool = False) -> Any:
    """Return `--file`."""
    return click.option(
        "-f", "--file", "file", required=required, type=click.Path(), help=f"YAML file with the {what}."
    )


def set_flag() -> Any:
    """Return `--set`."""
    return click.option(
        "--set", "changes", cls=ManyValues, help="Change fields of the YAML or of the thing: a.b=c d=e."
    )


def no_wait_flag() -> Any:
    """Return `--no-wait`."""
    return click.option("--no-wait", is_flag=True, help="Do not wait until it is done.")


def yes_flag() -> Any:
    """Return `--yes`."""
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def list_flags(*, archive: bool = True) -> tuple[Any, ...]:
    """Return the flags of `list` verbs."""
    count = click.option("-r", "--max-results", type=click.IntRange(1), help="Show so many at most.")
    if not archive:
        return (count,)
    return (
        count,
        click.option("--include-archived", is_flag=True, help="Archived ones, too."),
        click.option("--archived-only", is_flag=True, help="Only archived ones."),
    )


def field_flags(fields: Mapping[str, str]) -> tuple[Any, ...]:
    """Return flags that set fields of a new thing: `{"path": "Where the files are."}` → `--path`."""
    return tuple(
        click.option(*SHORT.get(name, ()), f"--{name.replace('_', '-')}", f"field_{name}", help=text)
        for name, text in fields.items()
    )


def assignments(words: Sequence[str], flag: str = "--set") -> dict[str, str]:
    """Return `a.b=c` words as a mapping. Raises Invalid for a word without `=`."""
    found: dict[str, str] = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator or not name.strip():
            raise Invalid.of([Problem(flag, f"`{word}` is no assignment; write name=value.")])
        found[name.strip()] = value
    return found


def take_fields(named: dict[str, Any]) -> dict[str, Any]:
    """Remove the values of `field_flags` from a verb's arguments; return those that were given."""
    fields = {name[6:]: named.pop(name) for name in list(named) if name.startswith("field_")}
    return {name: value for name, value in fields.items() if value is not None}


def view_type(include_archived: bool, archived_only: bool) -> str:
    """Return Azure's word for which items a list shows."""
    if archived_only:
        return "ArchivedOnly"
    return "All" if include_archived else "ActiveOnly"


def first(items: Any, count: int | None) -> list[Any]:
    """Return at most `count` items of an iterable, as documents."""
    from itertools import islice

    return [document(one) for one in islice(items, count)]


def document(entity: Any) -> Any:
    """Return what is shown of an SDK object."""
    return cast("dict[str, Any]", entity.shown()) if hasattr(entity, "shown") else entity
