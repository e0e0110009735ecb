"""The pieces of SIP text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.sip.grammar import (
    SyntaxFault,
    find_param,
    is_token,
    quote,
    read_host,
    read_number,
    read_port,
    replace_param,
    split_list,
    undo_needless_escapes,
    unescape,
    unquote,
    write_host,
    write_params,
)


@pytest.mark.parametrize("text", ["INVITE", "RE%47IST%45R", "a-.!%*_+`'~0"])
def test_a_token_is_a_token(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize("text", ["", "a b", "a:b", "a\n", "é", "a\0"])
def test_anything_else_is_no_token(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("0068", 68), ("255", 255), ("0" * 9999, 0)]
)
def test_digits_are_a_number(text: str, number: int) -> None:
    assert read_number(text, 255) == number


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1.0", "256", "9" * 9999, "٣", "²", "1_0"])
def test_other_text_is_no_number(text: str) -> None:
    with pytest.raises(SyntaxFault):
        read_number(text, 255)


@pytest.mark.parametrize("text", ["0", "65536"])
def test_a_port_is_from_1_to_65535(text: str) -> None:
    assert (read_port("1"), read_port("65535")) == (1, 65535)
    with pytest.raises(SyntaxFault):
        read_port(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ["a"]),
        ("a, b ,c", ["a", "b", "c"]),
        ('"a,b" <sip:c,d>, e', ['"a,b" <sip:c,d>', "e"]),
        (r'"a\",b", c', [r'"a\",b"', "c"]),
        ('"open, b', ['"open, b']),
        ("<open, b", ["<open, b"]),
        ('x, "\\', ["x", '"\\']),
        (",", ["", ""]),
        ("", [""]),
    ],
)
def test_a_list_is_split_at_its_own_commas(text: str, parts: list[str]) -> None:
    assert split_list(text) == parts


@given(st.text())
def test_what_is_quoted_can_be_unquoted(text: str) -> None:
    assert unquote(quote(text)) == text
    assert split_list(f"{quote(text)}, b") == [quote(text), "b"]


@pytest.mark.parametrize("text", ["plain", '"', "", 'a"b"'])
def test_text_without_quotes_around_it_is_not_unquoted(text: str) -> None:
    assert unquote(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("%61b%63", "abc"),
        ("%2b%2B+", "%2B%2B+"),
        ("%2541", "%2541"),
        ("%25%34%31", "%2541"),
        ("%00%ff", "%00%FF"),
        ("plain", "plain"),
    ],
)
def test_only_needless_escapes_are_undone(text: str, kept: str) -> None:
    assert undo_needless_escapes(text) == kept
    assert undo_needless_escapes(kept) == kept


@pytest.mark.parametrize("text", ["%", "a%4", "%zz", "%+1", "%%41", "%4%41"])
def test_a_percent_sign_begins_an_escape(text: str) -> None:
    with pytest.raises(SyntaxFault):
        undo_needless_escapes(text)


def test_an_escaped_text_means_its_utf_8() -> None:
    assert unescape("%2B1%20%C3%BC%") == "+1 ü%"
    assert unescape("%FF") == "\N{REPLACEMENT CHARACTER}"
    assert unescape("plain") == "plain"


def test_a_parameter_is_found_by_name() -> None:
    params = (("lr", None), ("ttl", "1"), ("ttl", "2"))
    assert [find_param(params, name) for name in ("lr", "ttl", "x")] == ["", "1", None]


def test_a_replaced_parameter_keeps_its_place_and_stands_alone() -> None:
    params = (("a", "1"), ("b", "2"), ("a", "3"), ("c", None))
    assert replace_param(params, "a", "9") == (("a", "9"), ("b", "2"), ("c", None))
    assert replace_param(params, "d", None) == (*params, ("d", None))


def test_a_parameter_value_that_needs_quotes_gets_them() -> None:
    params = (("a", "x y"), ("b", '"x y"'), ("c", "[::1]:5"), ("d", None))
    assert write_params(params) == ';a="x y";b="x y";c=[::1]:5;d'


@pytest.mark.parametrize(
    ("text", "host"),
    [("Example.COM", "example.com"), ("[2001:DB8::1]", "2001:db8::1"), ("[::]", "::")],
)
def test_a_host_is_in_lower_case_and_without_brackets(text: str, host: str) -> None:
    assert read_host(text) == host
    assert write_host(host) == text.lower()


@pytest.mark.parametrize("text", ["[2001:db8:::1]", "[1:2:3:4:5:6:7:8:9]", "[192.0.2.1]", "[g::]"])
def test_brackets_hold_an_ipv6_address(text: str) -> None:
    with pytest.raises(SyntaxFault):
        read_host(text)
