"""What one command works with: settings, the SDK's client, the home. Each is made when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bancada.cli.render import Progress, ask, beside_answer
from bancada.errors import Invalid

if TYPE_CHECKING:
    from bancada.home import Home
    from bancada.ml import MLClient
    from bancada.settings import Settings

__all__ = ["Session", "sure"]


@dataclass
class Session:
    """One run of one command. `overrides` are the settings that came as flags."""

    overrides: Mapping[str, Any]
    quiet: bool = False
    # -o or --query was given: stdout is for the answer alone.
    answer_asked: bool = False

    @cached_property
    def settings(self) -> Settings:
        """The settings in force."""
        from bancada.settings import load_settings

        return load_settings(self.overrides)

    @cached_property
    def home(self) -> Home:
        """The home in force."""
        from bancada.home import Home

        return Home(self.settings.home)

    @cached_property
    def client(self) -> MLClient:
        """The SDK's client for the workspace in force."""
        from bancada.ml import MLClient

        return MLClient.from_settings(self.settings)

    def progress(self, what: str) -> Progress:
        """Return a line about long work, silent when the user wants silence."""
        return Progress(what, quiet=self.quiet)

    def log(self) -> AbstractContextManager[object]:
        """Return a context that leads a log to where it harms no answer: stdout, stderr beside one, or nowhere."""
        return beside_answer(quiet=self.quiet) if self.answer_asked else nullcontext()


def sure(question: str, *, yes: bool) -> None:
    """Ask before something is lost. Raises KeyboardInterrupt on a no, Invalid without a terminal."""
    import sys

    if yes:
        return
    if not sys.stdin.isatty():
        raise Invalid(f"{question} Say so with --yes; there is no terminal to ask.")
    if ask(question, ("y", "n"), default="n") != "y":
        raise KeyboardInterrupt
