"""The ladder is text: what stands where, for a call small enough to be drawn by hand."""

from __future__ import annotations

import re

import pytest

from demo.ladder import Arrow, Kind, Party, draw

PARTIES = (Party("alice"), Party("b2bua"), Party("bob", "busy"), Party("carol"))


def rungs(*arrows: Arrow, width: int = 64) -> list[str]:
    """Return the lines between the headings with the first rails and the last rails."""
    return draw(PARTIES, arrows, width=width).splitlines()[3:-1]


def test_a_small_call_is_drawn_as_one_draws_it_by_hand() -> None:
    drawn = draw(
        PARTIES,
        [
            Arrow(0.0, "alice", "b2bua", "INVITE"),
            Arrow(0.1, "b2bua", "carol", "INVITE"),
            Arrow(0.2, "carol", "b2bua", "200 OK", Kind.RESPONSE),
            Arrow(0.3, "b2bua", "alice", "tone", Kind.MEDIA, until=0.5),
            Arrow(0.4, "bob", "b2bua", "POST", Kind.HTTP),
            Arrow(1.5, "alice", "b2bua", "BYE"),
        ],
        width=64,
    )
    assert drawn.splitlines() == [
        "seconds alice            b2bua             bob             carol",
        "                                          busy",
        "          │                │                │                │",
        " 0.000    ├──── INVITE ───▶│                │                │",
        " 0.100    │                ├────────────────┼──── INVITE ───▶│",
        " 0.200    │                │◀───────────────┼──── 200 OK ────┤",
        " 0.300    ║◀════ tone ═════╡                │                │",
        " 0.400    ║                │◀┄┄┄┄ POST ┄┄┄┄┄┤                │",
        "          │                │                │                │",
        " 1.500    ├───── BYE ─────▶│                │                │",
        "          │                │                │                │",
    ]


def test_time_goes_down_the_page_in_whatever_order_arrows_come() -> None:
    later, sooner = Arrow(0.2, "alice", "b2bua", "ACK"), Arrow(0.1, "b2bua", "alice", "200 OK")
    assert [line.split()[0] for line in rungs(later, sooner)] == ["0.100", "0.200"]


def test_a_second_without_arrows_is_an_empty_rung() -> None:
    arrows = [Arrow(at, "alice", "b2bua", "INFO") for at in (0.0, 0.1, 1.1)]
    assert [bool(line.split("│")[0].strip()) for line in rungs(*arrows)] == [
        True,
        True,
        False,
        True,
    ]


def test_media_both_ways_has_two_heads_and_doubles_both_lines() -> None:
    talk = Arrow(0.0, "alice", "carol", "RTP", Kind.MEDIA, both=True, until=1.0)
    [first, second] = rungs(talk, Arrow(0.3, "b2bua", "bob", "INFO"))
    assert re.fullmatch(r" 0\.000 +║◀═+╪═+ RTP ═+▶║", first)
    assert [second[place] for place in (10, 27, 44, 61)] == ["║", "├", "│", "║"]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("until", [0.0, 9.0])
def test_every_stroke_crosses_every_line(kind: Kind, until: float) -> None:
    media = Arrow(0.0, "bob", "b2bua", "RTP", Kind.MEDIA, until=until)
    both = [Arrow(0.1, *ends, "x", kind) for ends in (("b2bua", "carol"), ("carol", "b2bua"))]
    for line in rungs(media, *both)[1:]:
        assert len(line) == 62
        assert line[44] in "│┼╪║╫╬"


@pytest.mark.parametrize("label", ["x" * 30, "x" * 200])
@pytest.mark.parametrize("target", ["alice", "bob", "carol"])
def test_a_long_label_spoils_neither_the_arrow_nor_the_width(label: str, target: str) -> None:
    for ends in (("b2bua", target), (target, "b2bua")):
        [line] = rungs(Arrow(0.0, *ends, label))
        assert len(line) <= 64
        assert re.fullmatch(r" 0\.000 +[│├]?.*[│◀▶├┤].* xxx+ .*[│◀▶┤]+ *[│ ]*", line)


def test_colour_is_added_and_nothing_else() -> None:
    arrows = [Arrow(0.0, "alice", "b2bua", "INVITE"), Arrow(0.1, "b2bua", "carol", "486")]
    painted = draw(PARTIES, arrows, colour=True)
    assert painted != draw(PARTIES, arrows)
    assert re.sub(r"\033\[\d+m", "", painted) == draw(PARTIES, arrows)


def test_nothing_is_wider_than_asked_for() -> None:
    assert (
        max(map(len, draw(PARTIES, [Arrow(0.0, "alice", "carol", "x" * 300)]).splitlines())) <= 120
    )
