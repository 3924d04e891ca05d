"""The documentation is true where a machine can tell: links, code, commands, settings, errors, generated pages."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import yaml

from bancada import errors
from bancada.cli import COMMANDS, root
from bancada.domain.base import check, parse
from bancada.domain.jobs import Job
from bancada.domain.jobs.search_space import Uniform
from bancada.learning.samplers import Ask, sampler_for
from bancada.settings import describe

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")],
)
WRITTEN = [page for page in PAGES if "reference" not in page.parts]
FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the code blocks of a page in one of the languages."""
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [code for language, code in found if language in languages]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    broken = [one for one in targets if one and "://" not in one and not (page.parent / one).exists()]
    assert broken == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_python_in_the_documentation_compiles(page: Path) -> None:
    for code in blocks(page, "python"):
        indent = len(code) - len(code.lstrip(" "))
        ast.parse("\n".join(line[indent:] for line in code.splitlines()))


def test_sampler_of_the_how_to_works() -> None:
    page = ROOT / "docs" / "how-to" / "write-a-sampler.md"
    names: dict[str, Any] = {}
    exec(blocks(page, "python")[0], names)
    sampler = names["MiddleFirst"].of({"rate": Uniform(min_value=0, max_value=1)})
    assert sampler.next_point(Ask(seed=1, index=0)) == {"rate": 0.5}
    assert sampler.next_point(Ask(seed=1, index=1)) == sampler.next_point(Ask(seed=1, index=1))


def test_sweep_of_the_how_to_is_valid() -> None:
    (code,) = blocks(ROOT / "docs" / "how-to" / "search-hyperparameters.md", "python")
    names: dict[str, Any] = {}
    # What follows needs a server; tests/e2e has the same calls.
    exec(code.partition("sweep = ml_client.create_or_update(sweep)")[0], names)
    check(names["sweep"])
    assert names["sweep"].limits.max_total_trials == 30


def test_conditional_search_space_of_the_concept_is_valid() -> None:
    (text,) = blocks(ROOT / "docs" / "concepts" / "sweeps.md", "yaml")
    job = {
        "type": "sweep",
        "trial": {"command": "python a.py '${{search_space.model}}'", "environment": "azureml:minimal@latest"},
        "objective": {"goal": "maximize", "primary_metric": "score"},
        "limits": {"max_total_trials": 2},
        **yaml.safe_load(text),
    }
    sweep: Any = parse(Job, job)
    point = sampler_for("random", sweep.search_space).next_point(Ask(seed=1, index=0))
    assert point is not None
    assert point["model"]["kind"] in ("forest", "linear")


def commands_of(page: Path) -> list[list[str]]:
    """Return the words of each `bancada` command in the shell blocks and in-line code of a page."""
    text = page.read_text(encoding="utf-8")
    lines = [line for code in blocks(page, "bash", "sh") for line in code.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`(bancada [^`\n]+)`", FENCE.sub("", text))
    kept = [line.partition("#")[0].strip() for line in lines]
    return [shlex.split(line) for line in kept if line.startswith("bancada ") and "…" not in line]


@pytest.mark.parametrize("page", [*WRITTEN, ROOT / "examples" / "heart" / "run.sh"], ids=name_of)
def test_commands_in_the_documentation_exist(page: Path) -> None:
    if page.suffix == ".sh":
        text = page.read_text(encoding="utf-8")
        commands = [
            shlex.split(one) for one in re.findall(r"bancada [^)\n]+", text.replace("\\\n", " ")) if "`" not in one
        ]
    else:
        commands = commands_of(page)
    for words in commands:
        check_command(words[1:])


def check_command(words: list[str]) -> None:
    """Fail when a noun, a verb or a flag does not exist."""
    context = click.Context(root, info_name="bancada")
    command: click.Command = root
    rest = list(words)
    while isinstance(command, click.Group) and rest and rest[0][:1] != "-" and not rest[0].isupper():
        found = command.get_command(context, rest.pop(0))
        assert found is not None, f"no such command: {' '.join(words)}"
        command = found
    known = {flag for parameter in command.params for flag in [*parameter.opts, *parameter.secondary_opts]} | {"--help"}
    used = [word.split("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    assert [flag for flag in used if flag not in known] == [], " ".join(words)


def test_every_command_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"bancada {name}" not in page] == []


OWN_VARIABLES = frozenset(
    {"BANCADA_KEEP_N_JOBS", "BANCADA_KEEP_ORIGINAL", "BANCADA_LAUNCH", "BANCADA_START", "BANCADA_STUDIO"}
)


def test_every_setting_is_in_the_reference_and_every_variable_in_the_documentation_is_one() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    variables = {one.variable for one in describe()}
    assert [one for one in sorted(variables) if f"`{one}`" not in page] == []
    for written in WRITTEN:
        named = set(re.findall(r"\bBANCADA_[A-Z_]+\b", written.read_text(encoding="utf-8")))
        # Variables of the test suite, and those of jobs and deployments, are no settings of the platform.
        settings = {one for one in named if not one.startswith("BANCADA_TEST_") and one not in OWN_VARIABLES}
        assert settings <= variables, name_of(written)


def test_every_error_code_is_in_the_reference_and_in_the_tree() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    for name in errors.__all__:
        cls = getattr(errors, name)
        if isinstance(cls, type) and issubclass(cls, errors.BancadaError):
            assert f"`{name}`" in page
            assert f"{cls.code}`" in page
            assert name in (errors.__doc__ or "")


def load_script(name: str) -> ModuleType:
    """Import a file of scripts/."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_as_generating_them_again_makes_them(tmp_path: Path) -> None:
    generate = load_script("generate")
    generate.write(tmp_path)
    assert generate.differences(tmp_path) == []


def test_files_that_the_architecture_names_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = {one for one in re.findall(r"`([a-z_/]+/(?:[a-z_]+\.py)?)`", text) if not one.startswith(("docs", "tests"))}
    package = ROOT / "src" / "bancada"
    assert [one for one in sorted(named) if not (package / one).exists() and not (ROOT / one).exists()] == []
    assert len(text.splitlines()) <= 200


def test_decisions_say_what_they_are_about() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert records
    for record in records:
        text = record.read_text(encoding="utf-8").lower()
        missing = [word for word in ("context", "options", "decision", "reopen") if word not in text]
        assert missing == [], record.name


def test_walk_through_of_the_readme_is_short() -> None:
    (code,) = blocks(ROOT / "README.md", "python")
    assert len(code.splitlines()) <= 40
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 33
