"""The page speaks both languages whole: every text that it uses is there in each."""

from __future__ import annotations

import re
from pathlib import Path

import bancada.faces.page as page

SCRIPT = (page.FOLDER / "page.js").read_text(encoding="utf-8")
MARKUP = (page.FOLDER / "index.html").read_text(encoding="utf-8")


def texts_of(language: str) -> set[str]:
    block = re.search(rf'^  "?{re.escape(language)}"?: {{\n(.*?)^  }},', SCRIPT, re.M | re.S)[1]
    without_strings = re.sub(r'"[^"\n]*"|`[^`]*`', '""', block)
    return set(re.findall(r"(\w+): ", without_strings))


def test_both_languages_have_the_same_texts():
    assert texts_of("en") == texts_of("pt-BR")
    assert len(texts_of("en")) > 30


def test_every_text_that_is_used_exists():
    used = set(re.findall(r'data-text="(\w+)"', MARKUP)) | set(re.findall(r'\btext\("(\w+)"\)', SCRIPT))
    heads = re.findall(r"(?:table\(|HEADS = )(\[[^\]]*\])", SCRIPT)
    used |= {word for head in heads for word in re.findall(r'"(\w+)"', head)}
    assert used <= texts_of("en")
    assert len(used) > 25


def test_every_status_has_a_portuguese_word():
    from bancada.domain.lifecycle import STATUSES

    assert all(f"{status}: " in SCRIPT for status in STATUSES)


def test_what_the_server_says_never_becomes_markup():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", SCRIPT)


def test_addresses_of_jobs_are_understood_as_mlflow_prints_them():
    pattern = re.search(r"location\.hash\.match\(/(.+)/\)\?\.\[1\];\n}", SCRIPT)[1].replace("\\/", "/")
    assert re.match(pattern, "#/jobs/calm_fig_1")[1] == "calm_fig_1"
    assert re.match(pattern, "#/experiments/3/runs/calm_fig_1/artifacts")[1] == "calm_fig_1"
    assert re.match(pattern, "#/experiments/3") is None


def test_the_page_is_in_the_package():
    names = {path.name for path in Path(page.FOLDER).iterdir()}
    assert {"index.html", "page.js", "page.css", "icon.svg"} <= names
