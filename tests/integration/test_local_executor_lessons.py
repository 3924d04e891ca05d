"""What finished scripts teach a template, and what a Python that starts cold runs first."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from executor_world import World, wait_for

from bancada.executors.environments import write_start_line
from bancada.runtime import proc

pytestmark = pytest.mark.skipif(not proc.IS_LINUX, reason="templates are for Linux")

MODULES = {
    "school/__init__.py": "",
    "school/late.py": "print('late is imported')",
    "school/thread.py": "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
    "stranger.py": "print('stranger is imported')",
    "mlflow/__init__.py": "",
    "mlflow/utils/__init__.py": "",
    "mlflow/utils/requirements_utils.py": """
def _capture_imported_modules(model_uri, flavor, record_full_module=False, extra_env_vars=None):
    return ["mlflow's own"]
_MODULES_TO_PACKAGES = {}
""",
}


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root], check=True)
    (packages,) = root.glob("lib/python*/site-packages")
    for name, text in MODULES.items():
        (packages / name).parent.mkdir(exist_ok=True)
        (packages / name).write_text(text, encoding="utf-8")
    write_start_line(root / "bin" / "python")
    return root / "bin" / "python"


@pytest.fixture
def world(tmp_path: Path, interpreter: Path) -> Iterator[World]:
    made = World(tmp_path, interpreter)
    yield made
    made.close()


def run(world: World, source: str) -> tuple[bool, str]:
    launch = world.launch(source, warm=True, preload=("school",), environment_key="key")
    world.executor.preheat(launch)
    world.start(launch)
    world.wait(launch)
    process = proc.read_document(str(launch.folder / "process.json")) or {}
    return bool(process["is_warm"]), world.log(launch)


def lessons(world: World) -> dict[str, list[str]]:
    found = proc.read_document(str(world.home / "runtime" / "lessons" / "key.json"))
    return found or {"modules": [], "unbearable": []}


def test_modules_of_the_template_s_packages_are_imported_ahead_from_then_on(world: World) -> None:
    source = "import sys\nprint('school.late' in sys.modules)\nimport school.late, stranger"
    assert run(world, source) == (True, "False\nlate is imported\nstranger is imported\n")
    wait_for(lambda: lessons(world)["modules"] == ["school.late"])
    assert run(world, source) == (True, "True\nstranger is imported\n")
    assert lessons(world) == {"modules": ["school.late"], "unbearable": []}


def test_a_template_of_a_later_server_knows_them(world: World) -> None:
    run(world, "import school.late")
    wait_for(lambda: lessons(world)["modules"] == ["school.late"])
    world.executor.close()
    world.restart()
    assert run(world, "import sys\nprint('school.late' in sys.modules)") == (True, "True\n")


def test_a_module_that_spoils_a_template_is_never_imported_ahead_again(world: World) -> None:
    assert run(world, "import school.thread") == (True, "")
    wait_for(lambda: lessons(world)["unbearable"] == ["school.thread"])
    run(world, "print('the old template is gone')")
    for _ in range(2):
        was_warm, log = run(world, "import sys\nprint('school.thread' in sys.modules)\nimport school.thread")
        assert log == "False\n"
    assert was_warm
    assert lessons(world)["unbearable"] == ["school.thread"]


ASK = """
from mlflow.utils import requirements_utils
print(hasattr(requirements_utils._capture_imported_modules, "bancada_original"))
print(requirements_utils._capture_imported_modules("here", "a flavour of tomorrow"))
"""


@pytest.mark.parametrize("warm", [False, True])
def test_mlflow_s_question_is_answered_by_us_in_cold_and_warm_starts(world: World, warm: bool) -> None:
    launch = world.launch(ASK, warm=warm, preload=("school",), environment_key="key")
    if warm:
        world.executor.preheat(launch)
    world.start(launch)
    world.wait(launch)
    assert world.log(launch) == 'True\n["mlflow\'s own"]\n'


def test_a_shell_s_python_is_reached_too_and_other_starts_pay_nothing(world: World) -> None:
    launch = world.launch(ASK, argv=None, shell="python script.py && python -c 'import sys; print(len(sys.meta_path))'")
    world.start(launch)
    world.wait(launch)
    plain = subprocess.run(
        [str(world.interpreter), "-c", "import json, sys; print(json.dumps(len(sys.meta_path)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert world.log(launch).splitlines()[0] == "True"
    assert int(world.log(launch).splitlines()[2]) == json.loads(plain.stdout) + 1
