"""The JSON forms of requests to MLflow models."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bancada.runtime.mlflow_forms import BadInput, Values, parse_request, wrap


def parsed(body: Any) -> Any:
    return parse_request(json.dumps(body))


TABLE = Values("rows", [[1, "a"], [2, "b"]], ["n", "t"])
RECORDS = [{"n": 1, "t": "a"}, {"n": 2, "t": "b"}]
SPLIT = {"columns": ["n", "t"], "data": [[1, "a"], [2, "b"]]}


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ({"input_data": SPLIT}, TABLE),
        ({"input_data": {**SPLIT, "index": [4, 5]}}, Values("rows", TABLE.data, TABLE.columns, [4, 5])),
        ({"input_data": RECORDS}, TABLE),
        ({"input_data": [[1, 2]]}, Values("array", [[1, 2]])),
        ({"input_data": {"data": [[1, 2]]}}, Values("array", [[1, 2]])),
        ({"input_data": {"n": [1, 2]}}, Values("arrays", {"n": [1, 2]})),
        ({"input_data": {"columns": ["image"], "data": ["aGk="]}}, Values("rows", [["aGk="]], ["image"])),
        ({"dataframe_split": SPLIT}, TABLE),
        ({"dataframe_records": RECORDS}, TABLE),
        ({"instances": RECORDS}, TABLE),
        ({"instances": [1.5, 2.5]}, Values("array", [1.5, 2.5])),
        ({"inputs": {"n": [1], "t": ["a"]}}, Values("arrays", {"n": [1], "t": ["a"]})),
        ({"inputs": [[[1]]]}, Values("array", [[[1]]])),
        ({"Inputs": {"data": RECORDS}}, TABLE),
        ({"dataframe_records": [{"a": 1}, {"b": 2}]}, Values("rows", [[1, None], [None, 2]], ["a", "b"])),
    ],
)
def test_each_form_becomes_the_same_values(body: Any, values: Values):
    assert parsed(body).values == values


def test_parameters_and_the_method_come_beside_the_data():
    asked = parsed({"Inputs": {"data": RECORDS}, "GlobalParameters": {"method": "predict_proba"}})
    assert (asked.method, asked.params) == ("predict_proba", {})
    assert parsed({"Inputs": {"data": RECORDS}, "GlobalParameters": 0.0}).params == {}
    asked = parsed({"input_data": RECORDS, "params": {"top_k": 3, "method": "own"}})
    assert (asked.method, asked.params) == ("", {"top_k": 3, "method": "own"})
    asked = parsed({"input_data": RECORDS, "params": {"method": "predict", "predict_method": "predict_proba"}})
    assert (asked.method, asked.params) == ("predict", {})
    asked = parsed({"input_data": RECORDS, "params": {"method": None, "predict_method": "predict_proba"}})
    assert (asked.method, asked.params) == ("predict_proba", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "no object"),
        ("{}", "It has nothing"),
        ('{"data": 1}', "It has `data`"),
        ('{"inputs": [1], "instances": [1]}', "send only one"),
        ('{"inputs": [1], "parms": {}}', "found `parms`"),
        ('{"inputs": 3}', "`inputs` must be"),
        ('{"input_data": [{"a": 1}, 2]}', "mixes"),
        ('{"input_data": {"columns": ["a", "b"], "data": [[1]]}}', r"data\[0\]` has 1 values; there are 2"),
        ('{"input_data": {"columns": ["a", "b"], "data": [1]}}', r"data\[0\]` has int"),
        ('{"input_data": {"columns": ["a"], "data": [[1]], "index": [1, 2]}}', "one entry for each of the 1 rows"),
        ('{"input_data": {"colums": ["a"], "data": [[1]]}}', "found `colums`"),
        ('{"dataframe_records": [[1]]}', "list of objects"),
        ('{"Inputs": [1]}', "`Inputs` must be"),
        ('{"inputs": [1], "params": 3}', "`params` must be"),
    ],
)
def test_what_has_no_form_is_refused_with_what_to_send(text: str, said: str):
    with pytest.raises(BadInput, match=said):
        parse_request(text)


def test_answers_have_the_form_of_the_request():
    assert wrap("input_data", [1]) == [1]
    assert wrap("dataframe_split", [1]) == {"predictions": [1]}
    assert wrap("Inputs", [1]) == {"Results": [1]}
