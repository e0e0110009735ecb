"""Where keys stand, against documents that write the same things in every way TOML has."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.app.toml_lines import KeyLines

DOCUMENT = '''\
title = "a # no comment, [no] table" # line 1
"quoted key" = 1

[sip] # a comment with ] and "
listen = [
  "udp:0.0.0.0:5060",
  # between
  "tcp:0.0.0.0:5060", ["deep",
     "deeper"],
]
text = """
line = 12
[not.a.table]
"""
t1 = 0.5
inline = { a = 1, b = [1,
   2] }
dotted.name = 3

[[numbers]]
number = "1"
[[numbers]]
number = '2'
[numbers.more]
x = 2026-11-22T20:27:05Z
[[numbers.parts]]
y = -1.5e3
[[numbers.parts]]
y = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 1),
        (("quoted key",), 2),
        (("sip",), 4),
        (("sip", "listen"), 5),
        (("sip", "listen", 0), 6),
        (("sip", "listen", 1), 8),
        (("sip", "listen", 2, 1), 9),
        (("sip", "text"), 11),
        (("sip", "t1"), 15),
        (("sip", "inline", "b"), 16),
        (("sip", "inline", "b", 1), 17),
        (("sip", "dotted", "name"), 18),
        (("numbers", 0, "number"), 21),
        (("numbers", 1), 22),
        (("numbers", 1, "number"), 23),
        (("numbers", 1, "more", "x"), 25),
        (("numbers", 1, "parts", 0, "y"), 27),
        (("numbers", 1, "parts", 1, "y"), 29),
    ],
    ids=str,
)
def test_each_key_is_found_on_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert KeyLines(DOCUMENT).line(path) == line


def test_what_is_missing_is_reported_where_it_should_stand() -> None:
    lines = KeyLines(DOCUMENT)
    assert lines.line(("numbers", 1, "router")) == 22
    assert lines.line(("media", "ports")) == 1


@given(st.text(alphabet="ab.=[]{}\"'\\#\n ,1", max_size=60))
def test_whatever_tomllib_reads_is_scanned_to_the_end(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert KeyLines(text).line(()) == 1
