"""Header fields: order, names, and what is read once."""

from __future__ import annotations

import pytest

from b2bua.sip.headers import COMPACT, Headers, canonical


@pytest.mark.parametrize(
    ("name", "full"),
    [*COMPACT.items(), ("V", "Via"), ("CALL-ID", "Call-ID"), ("cseq", "CSeq"), ("x-Foo", "x-Foo")],
)
def test_a_known_name_becomes_its_full_name(name: str, full: str) -> None:
    assert canonical(name) == full


def fields() -> Headers:
    return Headers([("v", "1"), ("X-Foo", "a, b"), ("VIA", "2, 3"), ("x-foo", "c")])


def test_fields_keep_their_order_and_have_full_names() -> None:
    assert [*fields()] == [("Via", "1"), ("X-Foo", "a, b"), ("Via", "2, 3"), ("x-foo", "c")]
    assert len(fields()) == 4


@pytest.mark.parametrize("name", ["X-Foo", "x-foo", "X-FOO"])
def test_names_are_blind_to_case(name: str) -> None:
    assert fields().get(name) == "a, b"
    assert fields().get_all(name) == ["a, b", "c"]
    assert fields().listed(name) == ["a", "b", "c"]
    assert name in fields()


def test_an_absent_field_is_none() -> None:
    assert fields().get("To") is None
    assert fields().get_all("To") == []
    assert fields().listed("To") == []
    assert "To" not in fields()


def test_set_puts_one_line_where_the_first_stood() -> None:
    headers = fields()
    headers.set("via", "9")
    headers.set("To", "t")
    assert [*headers] == [("Via", "9"), ("X-Foo", "a, b"), ("x-foo", "c"), ("To", "t")]


def test_set_first_leaves_the_other_lines() -> None:
    headers = fields()
    headers.set_first("Via", "9")
    assert headers.get_all("Via") == ["9", "2, 3"]
    with pytest.raises(KeyError):
        headers.set_first("To", "t")


def test_fields_are_added_before_behind_and_taken_away() -> None:
    headers = fields()
    headers.prepend("v", "0")
    headers.add("t", "t")
    headers.remove("X-FOO")
    assert [*headers] == [("Via", "0"), ("Via", "1"), ("Via", "2, 3"), ("To", "t")]


def test_a_copy_changes_on_its_own() -> None:
    headers = fields()
    other = headers.copy()
    assert other == headers
    other.remove("Via")
    assert other != headers
    assert "Via" in headers
    assert headers != [*headers]


def test_a_field_is_read_once_until_it_changes() -> None:
    headers, read = fields(), []

    def count(values: list[str]) -> int:
        read.append(values)
        return len(values)

    assert [headers.typed("Via", count) for _ in range(3)] == [2, 2, 2]
    headers.add("To", "t")
    assert headers.typed("Via", count) == 2
    assert len(read) == 1
    headers.prepend("v", "0")
    assert headers.typed("Via", count) == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda headers: headers.set("Via", "x"),
        lambda headers: headers.set_first("v", "x"),
        lambda headers: headers.remove("via"),
        lambda headers: headers.add("VIA", "x"),
    ],
)
def test_every_change_makes_the_field_be_read_again(change: object) -> None:
    headers = fields()
    headers.typed("Via", list)
    assert callable(change)
    change(headers)
    assert headers.typed("Via", list) == headers.get_all("Via")
