"""Errors keep their class, code and data on the way over HTTP."""

from __future__ import annotations

import errno
import json

import pytest

from bancada import errors
from bancada.errors import Invalid, NotFound, Problem, error_document, error_from_document, is_disk_full


def classes(cls: type[errors.BancadaError] = errors.BancadaError) -> list[type[errors.BancadaError]]:
    return [
        cls,
        *(one for child in cls.__subclasses__() if child.__module__ == errors.__name__ for one in classes(child)),
    ]


@pytest.mark.parametrize("cls", classes())
def test_an_error_comes_back_as_the_same_class(cls: type[errors.BancadaError]):
    error = cls("what happened", kind="data asset", count=3)
    found = error_from_document(json.loads(json.dumps(error_document(error))))
    assert type(found) is cls
    assert (found.message, found.details, found.full_code) == (error.message, error.details, error.full_code)


def test_codes_are_one_word_for_each_class_and_have_no_spaces():
    codes = [cls.code for cls in classes()]
    assert len(codes) == len(set(codes))
    assert NotFound.of("data asset", "x").full_code == "data_asset.not_found"


def test_a_document_of_another_program_is_read_all_the_same():
    odd = {"error": {"code": "strange", "message": "m", "details": {"message": "inner", "code": 1}}}
    assert error_from_document(odd).details == {"message": "inner", "code": 1}
    assert "no message" in error_from_document({}).message


def test_not_found_names_the_nearest_or_what_there_is():
    assert "Did you mean `sklearn`?" in NotFound.of("environment", "sklern", existing=["sklearn", "torch"]).message
    assert "There is: `a`, `b`." in NotFound.of("model", "zzzz", existing=["a", "b"]).message
    text = NotFound.of("environment", "env", version="3", existing=["1", "2"]).message
    assert text == "Environment `env` has no version 3 (it has 1, 2)."


def test_invalid_keeps_all_its_problems():
    error = Invalid.of([Problem("a.b", "is wrong.", 3), Problem("", "is odd.")], source="job.yml")
    assert error.message == "job.yml:3: a.b: is wrong.\njob.yml: is odd."
    found = error_from_document(error_document(error))
    assert isinstance(found, Invalid)
    assert found.problems == error.problems


@pytest.mark.parametrize(("number", "is_full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EACCES, False)])
def test_a_full_disk_and_a_full_quota_are_one_thing(number: int, is_full: bool):
    assert is_disk_full(OSError(number, "x")) is is_full


def test_at_most_ten_versions_are_named_the_newest_ones():
    text = str(errors.NotFound.of("model", "m", version="99", existing=[str(one) for one in range(1, 60)]))
    assert text == "Model `m` has no version 99 (it has 50, 51, 52, 53, 54, 55, 56, 57, 58, 59 and 49 more)."
