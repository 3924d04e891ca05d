"""The `bancada` command: nouns and verbs of `az ml`, and the platform's own `up`, `down`, `status` and so on.

Only the table of names is loaded for `--help`; a noun's module is imported when it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

import click

__all__ = ["COMMANDS", "Entry", "main", "root"]


@dataclass(frozen=True)
class Entry:
    """One word after `bancada`: its section in the help, where it lives (`module:name`), and its sentence."""

    section: str
    target: str
    help: str


PLATFORM = "The platform"
WORK = "Azure ML"

COMMANDS: dict[str, Entry] = {
    "up": Entry(PLATFORM, "bancada.cli.up:up", "Start the platform."),
    "down": Entry(PLATFORM, "bancada.cli.down:down", "Stop the platform."),
    "status": Entry(PLATFORM, "bancada.cli.status:status", "Show whether it runs, and what runs on it."),
    "config": Entry(PLATFORM, "bancada.cli.config:config", "Show and change settings."),
    "logs": Entry(PLATFORM, "bancada.cli.logs:logs", "Show the log of the server or of the gateway."),
    "workspace": Entry(WORK, "bancada.cli.workspace:workspace", "Manage workspaces."),
    "job": Entry(WORK, "bancada.cli.job:job", "Submit, follow and manage jobs."),
    "data": Entry(WORK, "bancada.cli.assets:data", "Manage data assets."),
    "environment": Entry(WORK, "bancada.cli.assets:environment", "Manage environments."),
    "model": Entry(WORK, "bancada.cli.assets:model", "Manage registered models."),
    "compute": Entry(WORK, "bancada.cli.compute:compute", "Manage computes."),
    "datastore": Entry(WORK, "bancada.cli.datastore:datastore", "Manage datastores."),
    "online-endpoint": Entry(WORK, "bancada.cli.endpoint:endpoint", "Manage and invoke online endpoints."),
    "online-deployment": Entry(WORK, "bancada.cli.deployment:deployment", "Manage online deployments."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the words in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        return getattr(import_module(module), attribute)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown word is answered with the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from bancada.errors import closest

            near = closest(args[0], COMMANDS)
            hint = f" Did you mean `{near[0]}`?" if near else " See `bancada --help`."
            raise click.UsageError(f"There is no command `{args[0]}`.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections of the help from the table alone."""
        for section in (PLATFORM, WORK):
            with formatter.section(section):
                rows = [(name, entry.help) for name, entry in COMMANDS.items() if entry.section == section]
                formatter.write_dl(rows)


@click.command(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`bancada NOUN --help` and `bancada NOUN VERB --help` show more, with examples.",
)
@click.option("--version", "show_version", is_flag=True, help="Show the version.")
@click.pass_context
def root(ctx: click.Context, show_version: bool) -> None:
    """Bancada: Azure Machine Learning on your own machine."""
    if show_version:
        from bancada import __version__
        from bancada.cli import render

        render.raw(f"bancada {__version__}\n")
    elif ctx.invoked_subcommand is None:
        raise click.exceptions.NoArgsIsHelpError(ctx)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with an honest exit code."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(args))


def run(args: list[str]) -> int:
    """Run one command; return its exit code: 2 for wrong usage, 130 when interrupted, else the error's."""
    try:
        code = root.main(args, prog_name="bancada", standalone_mode=False)
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        return _quiet_pipe()
    except Exception as error:  # the program's edge: every failure is a clear line, none a traceback
        from bancada.cli import render

        return render.show_failure(error, debug=_debug(args))
    return code if isinstance(code, int) else 0


def _debug(args: list[str]) -> bool:
    if "--debug" in args:
        return True
    from bancada.settings import load_settings

    try:
        return load_settings().debug
    except Exception:  # the settings themselves may be what is wrong
        return False


def _quiet_pipe() -> int:
    # Who read our output is gone; the interpreter must not complain about it once more while it ends.
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141
