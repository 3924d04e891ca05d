"""The command line as a whole: every command explains itself, costs little, and fails in one clear way."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
import yaml

from bancada import cli
from bancada.cli import COMMANDS, root, run
from bancada.cli.session import Session
from bancada.cli.up import stop_with
from bancada.domain.kinds import KINDS
from bancada.home import FORMAT, Home

# The engine's own; nobody writes them by hand.
NO_NOUN = {"code"}


def every_command():
    context = click.Context(root, info_name="bancada")

    def walk(command, name, parent):
        here = click.Context(command, info_name=name, parent=parent)
        if not isinstance(command, click.Group):
            yield here.command_path, command
            return
        for child in command.list_commands(here):
            yield from walk(command.get_command(here, child), child, here)

    for name in root.list_commands(context):
        yield from walk(root.get_command(context, name), name, context)


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("BANCADA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BANCADA_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(("path", "command"), list(every_command()), ids=[path for path, _ in every_command()])
def test_every_command_has_a_help_and_an_example(path, command):
    assert (command.help or "").strip()
    assert path in (command.epilog or "")


def test_every_kind_has_its_noun():
    nouns = {kind.noun for kind in KINDS.values()} - NO_NOUN
    assert nouns <= set(COMMANDS)


@pytest.mark.parametrize("entry", list(COMMANDS.values()), ids=list(COMMANDS))
def test_the_table_and_the_commands_agree(entry):
    name = next(name for name, one in COMMANDS.items() if one is entry)
    assert root.get_command(click.Context(root), name).name == name


def test_help_loads_no_part_of_the_platform():
    code = (
        "import sys, bancada.cli as c\n"
        "try: c.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('yaml', 'pydantic', 'starlette', 'urllib3')])\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip().endswith("[]")


def test_help_costs_little():
    def used() -> float:
        found = resource.getrusage(resource.RUSAGE_CHILDREN)
        return found.ru_utime + found.ru_stime

    def cpu_s(*words: str) -> float:
        """Return the least of three: it leaves out what the machine's other work costs."""
        costs: list[float] = []
        for _ in range(3):
            began = used()
            subprocess.run([sys.executable, *words], capture_output=True, check=True)
            costs.append(used() - began)
        return min(costs)

    # 0.15 s is the promise; of a slow machine the start of Python itself tells how slow it is.
    assert cpu_s("-m", "bancada.cli", "--help") < max(0.15, 15 * cpu_s("-c", "pass"))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["staus"], "Did you mean `status`?"),
        (["job", "creat"], "Did you mean `create`?"),
        (["job", "show"], "Missing option '-n' / '--name'"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(capsys, arguments, text):
    assert run(arguments) == 2
    assert text in capsys.readouterr().err


def test_without_a_server_there_is_one_line_and_exit_code_7(capsys):
    assert run(["job", "list"]) == 7
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("ERROR (server.unreachable): No Bancada ")
    assert len(shown.err.strip().splitlines()) == 1


def test_a_missing_file_is_named_with_the_nearest_one(capsys, tmp_path):
    (tmp_path / "job.yml").write_text("type: command\n")
    assert run(["job", "create", "-f", str(tmp_path / "jobb.yml")]) == 4
    assert f"Did you mean `{tmp_path / 'job.yml'}`?" in capsys.readouterr().err


def test_all_problems_of_a_yaml_come_at_once_with_their_lines(capsys, tmp_path):
    path = tmp_path / "job.yml"
    path.write_text("type: command\ncomand: python x.py\nenvironment: 3\n")
    assert run(["job", "create", "-f", str(path)]) == 2
    shown = capsys.readouterr().err
    assert f"{path}:2: comand: unknown key. Did you mean `command`?" in shown
    assert f"{path}:3: environment" in shown


def test_a_traceback_is_shown_only_with_debug(capsys, monkeypatch):
    monkeypatch.setattr("bancada.cli.session.Session.settings", property(lambda self: 1 / 0))
    assert run(["job", "list"]) == 70
    assert "Traceback" not in capsys.readouterr().err
    assert run(["job", "list", "--debug"]) == 70
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("failure", "code", "text"),
    [
        (OSError(28, "No space left on device", "/x"), 3, "ERROR (storage.full): The disk has no room left: /x\n"),
        (PermissionError(13, "Permission denied", "/x"), 1, "ERROR: Permission denied: /x\n"),
    ],
)
def test_what_the_system_refuses_is_one_line(capsys, monkeypatch, failure, code, text):
    def fail(*_):
        raise failure

    monkeypatch.setattr("bancada.cli.session.Session.settings", property(fail))
    assert run(["job", "list"]) == code
    assert capsys.readouterr().err == text


def test_deleting_without_a_terminal_needs_yes(capsys):
    assert run(["model", "archive"]) == 2
    assert run(["workspace", "delete", "-n", "lab"]) == 2
    assert "--yes" in capsys.readouterr().err


def test_an_interrupt_is_130(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("bancada.cli.session.Session.settings", property(interrupted))
    assert run(["job", "list"]) == 130


def test_status_of_a_home_without_a_server(capsys):
    assert run(["status"]) == 3
    assert "is down" in capsys.readouterr().out
    assert run(["status", "-o", "json"]) == 3
    assert json.loads(capsys.readouterr().out)["state"] == "down"


def test_down_without_a_server_is_done(capsys):
    assert run(["down"]) == 0
    assert "No Bancada is up" in capsys.readouterr().err


def test_up_refuses_the_home_of_a_newer_version_in_one_sentence(capsys, tmp_path):
    home = Home(tmp_path / "home")
    home.prepare()
    (home.root / "home.json").write_text(json.dumps({"format": FORMAT + 1}))
    for arguments in (["up"], ["up", "--detach"]):
        assert run(arguments) == 3
        shown = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ERROR")]
        assert len(shown) == 1
        assert "was written by a newer Bancada" in shown[0]


def test_up_on_a_held_home_names_process_and_address(capsys, tmp_path):
    home = Home(tmp_path / "home")
    home.prepare()
    with home.held():
        assert run(["up"]) == 3
    assert "Bancada is already up in the home" in capsys.readouterr().err


def test_config_set_checks_before_it_writes(capsys, tmp_path):
    assert run(["config", "set", "port=none"]) == 2
    assert not (tmp_path / "home" / "config.yml").exists()
    assert run(["config", "set", "prt=1"]) == 2
    assert "Did you mean `port`?" in capsys.readouterr().err
    assert run(["config", "set", "port=8000", "workspace=lab"]) == 0
    assert yaml.safe_load((tmp_path / "home" / "config.yml").read_text()) == {"port": 8000, "workspace": "lab"}
    assert run(["config", "show", "-n", "port", "--query", "[value, source]", "-o", "tsv"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["8000", "config.yml"]
    assert run(["config", "unset", "-n", "workspace"]) == 0


def test_logs_without_a_log_says_so(capsys):
    assert run(["logs"]) == 4
    assert "There is no log" in capsys.readouterr().err


def test_logs_shows_the_last_lines(capsys, tmp_path):
    home = Home(tmp_path / "home")
    home.prepare()
    home.log_file.write_text("one\ntwo\nthree\n")
    assert run(["logs", "--lines", "2"]) == 0
    assert capsys.readouterr().out == "two\nthree\n"


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("bancada ")


def test_without_arguments_the_help_is_shown(capsys):
    assert run([]) == 2
    assert "The platform:" in capsys.readouterr().err + capsys.readouterr().out


def test_a_closed_pipe_is_no_error():
    code = f"{sys.executable} -m bancada.cli config show | head -c 10"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_only_render_prints():
    for path in Path(cli.__file__).parent.glob("*.py"):
        if path.name != "render.py":
            text = path.read_text()
            assert "print(" not in text, path
            assert "stdout.write" not in text, path


def test_all_missing_paths_of_a_job_are_told_with_the_rest(capsys, tmp_path):
    path = tmp_path / "job.yml"
    path.write_text("comand: python x.py\ncode: src\ninputs:\n  d: {type: uri_file, path: d.csv}\n")
    for verb in ("validate", "create"):
        assert run(["job", verb, "-f", str(path)]) == 2
        shown = capsys.readouterr().err
        assert f"{path}:1: comand: unknown key." in shown
        assert f"{path}:2: code: the path `src` does not exist ({tmp_path / 'src'})." in shown
        assert f"{path}:4: inputs.d.path: the path `d.csv` does not exist" in shown


class FakeJobs:
    def stream(self, name):
        print(f"log of {name}")

    def get(self, name):
        return {"name": name, "status": "Completed"}


@pytest.fixture
def a_job(monkeypatch):
    monkeypatch.setattr(Session, "client", SimpleNamespace(jobs=FakeJobs()))


def test_a_streamed_log_is_on_stdout_where_no_answer_is_asked_for(capsys, a_job):
    assert run(["job", "stream", "-n", "j"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("log of j\n", "")


@pytest.mark.parametrize(
    ("flags", "answer"),
    [
        (["-o", "json"], '{\n  "name": "j",\n  "status": "Completed"\n}\n'),
        (["-o", "yaml"], "name: j\nstatus: Completed\n"),
        (["--query", "name", "-o", "tsv"], "j\n"),
        (["--query", "status"], '"Completed"\n'),
    ],
)
def test_beside_an_answer_that_is_asked_for_the_log_is_on_stderr(capsys, a_job, flags, answer):
    assert run(["job", "stream", "-n", "j", *flags]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (answer, "log of j\n")
    assert run(["job", "stream", "-n", "j", *flags, "--only-show-errors"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (answer, "")


def test_an_empty_workspace_and_a_wrong_number_are_told_plainly(capsys):
    assert run(["job", "list", "-w", ""]) == 2
    assert "workspace: the name (from flag) is empty" in capsys.readouterr().err
    assert run(["config", "set", "port=many"]) == 2
    assert "`many` (from flag) is not a whole number." in capsys.readouterr().err


def test_the_way_to_stop_names_a_home_that_only_a_flag_named(tmp_path):
    assert stop_with(Session({})) == "bancada down"
    assert stop_with(Session({"home": str(tmp_path / "home")})) == "bancada down"
    assert stop_with(Session({"home": str(tmp_path / "my lab")})) == f"bancada down --home '{tmp_path / 'my lab'}'"


def test_setting_something_says_that_a_server_that_runs_keeps_the_old_value(capsys, monkeypatch):
    assert run(["config", "set", "cores=2"]) == 0
    assert "keeps its old settings" not in capsys.readouterr().err
    monkeypatch.setattr(Home, "is_up", property(lambda self: True))
    assert run(["config", "set", "cores=3"]) == 0
    assert "keeps its old settings until it is started again" in capsys.readouterr().err


def test_a_home_that_cannot_be_one_is_told_with_what_to_do(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    homes = {"file": "there is a file in its place", "file/x": "there is a file in the place of a folder above it"}
    for place, why in homes.items():
        for verb in (["up"], ["up", "--detach"]):
            assert run([*verb, "--home", str(tmp_path / place)]) == 3
            assert capsys.readouterr().err.splitlines()[-1] == (
                f"ERROR (folder.unusable): The home folder {tmp_path / place} cannot be used: {why}."
                " Choose another folder with --home, or with the variable BANCADA_HOME."
            )
        assert run(["status", "--home", str(tmp_path / place)]) == 3
        assert "is down" in capsys.readouterr().out


def test_a_config_file_that_is_not_yaml_is_told_with_its_line(capsys, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.yml").write_text("port: 7280\nworkspace: [\n")
    assert run(["up"]) == 2
    assert f"{tmp_path / 'home' / 'config.yml'}:3: this is not YAML" in capsys.readouterr().err


def test_a_config_file_that_is_not_text_is_told_so(capsys, tmp_path):
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "config.yml").write_bytes(b"cache: /caf\xe9\n")
    assert run(["up"]) == 2
    assert "config.yml: this is not YAML: it is not UTF-8 text" in capsys.readouterr().err


PLAIN = "letters, digits, `_`, `-` and `.`, starting with a letter or digit, 255 at most"
ENDPOINT = "up to 64 letters, digits and hyphens, starting with a letter and not ending with a hyphen"
NAMES = [
    ("job", ["-f", "job.yml"], PLAIN, "my-data"),
    ("compute", ["--type", "amlcompute"], "2 to 32 letters, digits and hyphens, starting with a letter", "my-data"),
    ("datastore", ["-f", "store.yml"], "letters, digits and underscores, 255 at most", "my_data"),
    ("online-endpoint", [], ENDPOINT, "my-data"),
    ("online-deployment", ["-f", "deployment.yml"], ENDPOINT, "my-data"),
    ("workspace", [], "2 to 63 letters, digits, hyphens and underscores, starting with a letter", "my-data"),
]


@pytest.mark.parametrize(("noun", "more", "rule", "near"), NAMES, ids=[one[0] for one in NAMES])
def test_a_name_that_azure_would_refuse_is_refused_with_the_rule_and_a_better_one(
    capsys, tmp_path, monkeypatch, noun, more, rule, near
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.yml").write_text("command: echo\nenvironment: azureml:e:1\n")
    (tmp_path / "store.yml").write_text("type: file\npath: .\n")
    (tmp_path / "deployment.yml").write_text("endpoint_name: heart\nmodel: azureml:m:1\n")
    assert run([noun, "create", *more, "--name", "my däta!"]) == 2
    said = capsys.readouterr().err
    assert f"name: `my däta!` is not a valid name: {rule}" in said
    assert f". Use `{near}`, for example." in said


def test_a_name_in_a_file_is_refused_with_its_line(capsys, tmp_path):
    (tmp_path / "job.yml").write_text("command: echo\nname: _mine\nenvironment: azureml:e:1\n")
    assert run(["job", "create", "-f", str(tmp_path / "job.yml")]) == 2
    assert f"{tmp_path / 'job.yml'}:2: name: `_mine` is not a valid name: {PLAIN}." in capsys.readouterr().err
