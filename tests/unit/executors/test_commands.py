"""Which command lines are one plain `python file.py`, and that a shell would make the same words of them."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.executors.commands import split_command

PLAIN = [
    ("python train.py", ["python", "train.py"]),
    ("python3 train.py --x 1", ["python3", "train.py", "--x", "1"]),
    ("  python   src/train.py\t--rate=0.1 -n -5 \n", ["python", "src/train.py", "--rate=0.1", "-n", "-5"]),
    ("python train.py 'a b' \"c d\" e'f'\"g\"", ["python", "train.py", "a b", "c d", "efg"]),
    ("python train.py '' \"\"", ["python", "train.py", "", ""]),
    ("python train.py '$HOME && *'", ["python", "train.py", "$HOME && *"]),
    ("python train.py \\\n  --x 1 \\\n  --y 2", ["python", "train.py", "--x", "1", "--y", "2"]),
    ("python train.py --na\\\nme v", ["python", "train.py", "--name", "v"]),
    ("python train.py --path /mnt/da-ta_1/x,y:z@w%+^", ["python", "train.py", "--path", "/mnt/da-ta_1/x,y:z@w%+^"]),
    ("python train.py --wort Größe", ["python", "train.py", "--wort", "Größe"]),
]

FOR_A_SHELL = [
    "",
    "python",
    "python -m train",
    "python -u train.py",
    "python -c 'print(1)'",
    "python train",
    "bash train.py",
    "./train.py",
    "/usr/bin/python train.py",
    "A=1 python train.py",
    "python train.py $X",
    'python train.py "$X"',
    'python train.py "`date`"',
    'python train.py "a\\"b"',
    "python train.py a\\ b",
    "python train.py && echo",
    "python train.py; echo",
    "python train.py | tee log",
    "python train.py > log",
    "python train.py 2>&1",
    "python train.py < data",
    "python train.py *.csv",
    "python train.py file?.csv",
    "python train.py [ab]",
    "python train.py ~/data",
    "python train.py {a,b}",
    "python train.py # comment",
    "python train.py &",
    "python train.py (a)",
    "python train.py 'open",
    'python train.py "open',
    "python train.py\necho two",
    "python train.py !x",
    "pip install x && python train.py",
    "torchrun train.py",
    "mlflow run .",
]


@pytest.mark.parametrize(("line", "words"), PLAIN)
def test_a_plain_line_is_split_as_a_shell_would(line: str, words: list[str]) -> None:
    assert split_command(line) == words


@pytest.mark.parametrize("line", FOR_A_SHELL)
def test_everything_else_is_left_to_a_shell(line: str) -> None:
    assert split_command(line) is None


@given(st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=12)))
def test_quoted_arguments_come_back(arguments: list[str]) -> None:
    # `shlex.quote` writes a single quote as '"'"', which is plain for both.
    line = " ".join(["python", "train.py", *map(shlex.quote, arguments)])
    assert split_command(line) == ["python", "train.py", *arguments]


@given(st.text("ab'\"\\\n \t=-./,:$*&;", max_size=20))
def test_the_words_are_those_of_posix(tail: str) -> None:
    words = split_command("python t.py " + tail)
    if words is not None:
        # The standard library's splitter does not join lines after a backslash, shells do.
        assert words == shlex.split("python t.py " + tail.replace("\\\n", ""))
