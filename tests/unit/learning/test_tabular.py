"""How a table is written is found out from its beginning."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bancada.errors import Invalid
from bancada.learning.tabular import TableFormat, column_names, find_encoding, read, sniff


def look(text: str, **given: object) -> TableFormat:
    return sniff(text.encode(), is_whole=True, **given)  # type: ignore[arg-type]


def rows(text: str, form: TableFormat) -> list[list[str]]:
    return list(read(io.StringIO(text, newline=""), form))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str):
    text = "\n".join(delimiter.join(row) for row in (["a", "b", "c"], ["1", "2", "x"], ["3", "4", "y"]))
    assert look(text).delimiter == delimiter
    assert look(text).names == ("a", "b", "c")


CELLS = st.text(st.sampled_from("abc 12;|\t\n\"'.-"), max_size=8)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8))
def test_what_the_csv_module_writes_is_read_again(table: list[list[str]]):
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(table)
    form = look(out.getvalue(), delimiter=",", header=False)
    assert rows(out.getvalue(), form) == table


def test_commas_inside_quotes_do_not_make_columns():
    text = 'name;place\n"Silva, Ana";"Rio, RJ"\n"Souza, Rui";"Poá, SP"\n'
    form = look(text)
    assert (form.delimiter, form.names) == (";", ("name", "place"))
    assert rows(text, form)[0] == ["Silva, Ana", "Rio, RJ"]


def test_line_feeds_inside_quotes_stay_in_their_cell():
    text = 'id,remark\n1,"two\nlines"\n2,one\n'
    form = look(text)
    assert form.multiline
    assert rows(text, form) == [["1", "two\nlines"], ["2", "one"]]


def test_a_decimal_comma_is_found_where_numbers_have_one():
    assert look("a;b\n1,5;2,25\n3,0;4\n").decimal == ","
    assert look("a;b\n1.5;2.25\n3.0;4\n").decimal == "."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age,sex\n63,m\n37,f\n", True),
        ("63,1\n37,0\n", False),
        (",age\n0,63\n1,37\n", True),
        ("red,small\nblue,small\nred,large\n", False),
        ("colour,size\nblue,small\nred,large\n", True),
        ("a,a\n1,2\n", False),
        ("name\n", True),
    ],
)
def test_the_header_is_found(text: str, expected: bool):
    assert look(text).header is expected


def test_what_the_user_says_is_not_asked_again():
    text = "a,b\nc,d\n"
    assert look(text, header=False).names == ("column_1", "column_2")
    assert look(text, delimiter=";").names == ("a,b",)
    with pytest.raises(Invalid, match="delimiter"):
        look(text, delimiter=";;")
    with pytest.raises(Invalid, match="no encoding"):
        look(text, encoding="rot13-of-klingon")


def test_names_are_never_empty_and_never_twice():
    assert column_names(["", "x", "x", " y "], 5) == ("Unnamed: 0", "x", "x.1", "y", "Unnamed: 4")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_is_found(encoding: str):
    text = "cidade;população\nSão Paulo;12,3\nBrasília;2,8\n"
    head = text.encode(encoding)
    form = sniff(head, is_whole=True)
    assert head.decode(find_encoding(head)).lstrip("\ufeff") == text
    assert form.names == ("cidade", "população")


def test_a_letter_that_is_cut_at_the_end_of_the_head_is_no_doubt():
    head = ("a,b\n" + "é" * 100).encode()[:-1]
    assert find_encoding(head) == "utf-8"


def test_bytes_that_windows_has_not_are_latin_all_the_same():
    assert find_encoding(b"a,b\n\x81\xe9,1\n") == "latin-1"


def test_the_last_row_of_a_cut_head_does_not_count():
    form = sniff(b"a,b\n1,2\n3,4\n5", is_whole=False)
    assert form.names == ("a", "b")


def test_json_lines_have_the_columns_of_their_objects():
    text = '{"a": 1, "b": null}\n\n{"b": true, "c": {"d": [1]}}\n'
    form = sniff(text.encode(), is_whole=True, form="json_lines")
    assert form.names == ("a", "b", "c")
    assert rows(text, form) == [["1", "", ""], ["", "true", '{"d": [1]}']]


def test_a_line_that_is_no_json_is_named():
    form = sniff(b'{"a": 1}\n', is_whole=True, form="json_lines")
    with pytest.raises(Invalid, match="line 2"):
        rows('{"a": 1}\n{"a": \n', form)


def test_a_quote_that_nobody_closes_is_named_and_not_read_for_ever():
    form = look("a,b\n1,2\n")
    text = 'a,b\n1,"' + "x" * (2 << 20)
    with pytest.raises(Invalid, match="quote"):
        rows(text, form)
